"""Does a message come from the domain in its From, and what does that domain ask for if not (RFC 7489, DMARCbis).

    record of the author's domain, else of its organizational domain    none -> none, or bestguesspass
    SPF passed for an aligned domain, or DKIM did for one               -> pass
    otherwise                                                           -> fail, and the domain's policy:

| the record stands at         | the policy is | DMARCbis only                             |
| ---------------------------- | ------------- | ----------------------------------------- |
| the author's domain          | p             |                                           |
| its organizational domain    | sp, else p    | np, else sp, else p where it does not exist |

Aligned: relaxed, the same organizational domain; strict (`aspf=s`, `adkim=s`), the same domain. `pct` takes a failing
message out of the policy: reject becomes quarantine, quarantine none (7489 6.6.4); `t=y` does so for all (DMARCbis).

How the organizational domain is found is for the caller to say:

    organizational   one label below the public suffix (7489 3.2); the suffixes are the short table below, not the list that
                     browsers share, so a domain under a suffix that is not in it is taken for one label too few
    tree-walk        DNS is asked for records label by label upwards, eight questions at most; psd=n ends it, psd=y is the
                     suffix, otherwise the record with the fewest labels stands for the organization (DMARCbis 4.10)

`bestguesspass` is no result of the standard: no record was found, and the message would have passed with `p=none`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

from simulator.policy.asking import Asking
from simulator.policy.rules import rule
from simulator.value import value
from simulator.zone import Answer, Question

__all__ = ["ALIGNMENT", "DISCOVERY", "POLICY", "Discovery", "DmarcRecord", "DmarcVerdict", "judge", "organization"]

_TEST = "tests/policy/test_dmarc.py"
ALIGNMENT = rule(
    "DMARC-ALIGN", "A message passes DMARC if SPF or DKIM passed for a domain that is aligned with the one in From",
    fidelity="documented", source="RFC 7489 3.1 and 6.6.2", test=_TEST,
)  # fmt: skip
POLICY = rule(
    "DMARC-POLICY", "The policy is p at the author's domain, sp below the organizational one; pct takes its share out of it",
    fidelity="documented", source="RFC 7489 6.3, 6.6.3, 6.6.4", test=_TEST,
)  # fmt: skip
DISCOVERY = rule(
    "DMARC-DISCOVER", "The organizational domain follows from the public suffix, or from a walk up the DNS tree",
    fidelity="documented", source="RFC 7489 3.2 with a short table of suffixes; DMARCbis 4.10", test=_TEST,
)  # fmt: skip

Discovery = Literal["tree-walk", "organizational"]

_POLICIES = ("none", "quarantine", "reject")
_URI = re.compile(r"mailto:[^\s@,!]+@[^\s@,!]+", re.I)
_MOST_QUESTIONS = 8  # DMARCbis 4.10: as many as labels are looked at

_SECOND_LEVELS: Mapping[str, tuple[str, ...]] = {
    "uk": ("ac", "co", "gov", "ltd", "me", "net", "org", "plc", "sch"),
    "au": ("com", "edu", "gov", "net", "org"), "nz": ("co", "net", "org"), "za": ("co",), "in": ("co", "net", "org"),
    "jp": ("ac", "co", "go", "ne", "or"), "kr": ("co", "or"), "cn": ("com", "net", "org"), "tw": ("com",),
    "hk": ("com",), "sg": ("com",), "my": ("com",), "il": ("co",), "tr": ("com",), "at": ("ac", "co", "or"),
    "br": ("com", "gov", "net", "org"), "mx": ("com", "org"), "ar": ("com",), "pl": ("com",), "ua": ("com",),
    "com": ("onmicrosoft", "mail.onmicrosoft"),
}  # fmt: skip
"""Public suffixes of more than one label, by their last one. Every single label is a suffix too."""
_SUFFIXES = frozenset(f"{second}.{top}" for top, seconds in _SECOND_LEVELS.items() for second in seconds)


class Passed(Protocol):
    """What is asked of an SPF verdict and of a DKIM signature: its result, and the domain that it vouches for."""

    @property
    def result(self) -> str: ...
    @property
    def domain(self) -> str: ...


@value
class DmarcRecord:
    """A published policy. `domain` is where it stands."""

    domain: str
    p: str
    sp: str = ""
    np: str = ""
    adkim: str = "r"
    aspf: str = "r"
    pct: int = 100
    testing: bool = False  # t=y
    psd: str = "u"

    @classmethod
    def parse(cls, text: str, domain: str) -> DmarcRecord | None:
        """None where it is no DMARC record; one whose policy cannot be read has an empty `p`."""
        tags = _tags(text)
        if tags is None:
            return None
        p, sp, np = (tags.get(name, "").lower() for name in ("p", "sp", "np"))
        if p not in _POLICIES or (sp and sp not in _POLICIES):
            # RFC 7489 6.6.3: where reports are asked for, as if it were p=none
            p, sp = ("none", "") if _URI.search(tags.get("rua", "")) else ("", "")
        pct = tags.get("pct", "100")
        return cls(
            domain, p, sp, np if np in _POLICIES else "",
            adkim="s" if tags.get("adkim", "").lower() == "s" else "r",
            aspf="s" if tags.get("aspf", "").lower() == "s" else "r",
            pct=min(int(pct), 100) if pct.isascii() and pct.isdecimal() and len(pct) < 4 else 100,
            testing=tags.get("t", "").lower() == "y", psd=tags.get("psd", "u").lower(),
        )  # fmt: skip


@value
class DmarcVerdict:
    """`policy` is what the domain asks for, `disposition` what it comes to for this message; `domain` has the record.

    `aligned` are the domains that passed and agree with From: `spf:contoso.com`, `dkim:contoso.com`.
    """

    result: str  # pass, fail, none, bestguesspass, temperror, permerror
    policy: str = ""
    disposition: str = "none"
    domain: str = ""
    aligned: tuple[str, ...] = ()
    says: str = ""
    record: DmarcRecord | None = None

    @property
    def sampled_out(self) -> bool:
        """The message failed, and pct or t=y spared it the policy."""
        return self.result == "fail" and self.policy != self.disposition


def judge(
    author: str, spf: Passed, signatures: Iterable[Passed] = (), *, discovery: Discovery = "tree-walk", sample: int = 0
) -> Asking[DmarcVerdict]:
    """The verdict on a message from `author`, the domain in From. `sample` is drawn by the caller, 0 to 99, for pct."""
    walks = _Walks(discovery)
    found = yield from walks.at(author)
    if found is None:
        top = yield from walks.top(author)
        found = top if isinstance(top, Answer) else (yield from walks.at(top))
        if found is None and discovery == "tree-walk":
            found = walks.suffix_of(author)
    if isinstance(found, Answer):
        return DmarcVerdict("temperror", says=f"the DMARC record of {author} could not be had")
    if found is not None and not found.p:
        return DmarcVerdict(
            "permerror", domain=found.domain, says=f"the DMARC record of {found.domain} has no valid p", record=found
        )
    aligned, uncertain = yield from _aligned(author, found, spf, tuple(signatures), walks)
    if found is None:
        says = f"neither {author} nor its organization publishes DMARC"
        return DmarcVerdict("bestguesspass" if aligned else "none", aligned=aligned, says=says)
    policy = yield from _policy(found, author, discovery)
    if aligned:
        return DmarcVerdict("pass", policy, "none", found.domain, aligned, f"aligned: {', '.join(aligned)}", found)
    if uncertain:
        says = f"no aligned domain passed so far, and {uncertain}"
        return DmarcVerdict("temperror", policy, "none", found.domain, (), says, found)
    spared = found.testing if discovery == "tree-walk" else sample >= found.pct
    disposition = _lower(policy) if spared else policy
    says = f"no domain that passed is aligned with {author}; {found.domain} asks for {policy}"
    if spared:
        says += f", {'t=y' if found.testing else f'pct={found.pct}'} makes it {disposition}"
    return DmarcVerdict("fail", policy, disposition, found.domain, (), says, found)


def _lower(policy: str) -> str:
    return {"reject": "quarantine"}.get(policy, "none")


def _policy(record: DmarcRecord, author: str, discovery: Discovery) -> Asking[str]:
    if record.domain == author:
        return record.p
    if record.np and discovery == "tree-walk":  # RFC 8020: a name that is there has no NXDOMAIN
        answer = yield Question(author, "A")
        if answer.status == "nxdomain":
            return record.np
    return record.sp or record.p


def _aligned(
    author: str, record: DmarcRecord | None, spf: Passed, signatures: tuple[Passed, ...], walks: _Walks
) -> Asking[tuple[tuple[str, ...], str]]:
    """What passed and agrees with From, and what could not be found out."""
    aligned: list[str] = []
    uncertain = ""
    checked = [("spf", spf, record.aspf if record else "r"), *(("dkim", s, record.adkim if record else "r") for s in signatures)]  # fmt: skip
    for kind, one, mode in checked:
        domain = one.domain.lower().removesuffix(".")
        if one.result == "temperror":
            uncertain = uncertain or f"{kind} had a temporary error for {domain or 'its domain'}"
        if one.result != "pass" or not domain:
            continue
        same: bool | None = domain == author
        if not same and mode == "r":
            same = yield from walks.same(author, domain)
        if same is None:
            uncertain = uncertain or f"the organization of {domain} could not be found out"
        name = f"{kind}:{domain}"
        if same and name not in aligned:
            aligned.append(name)
    return tuple(aligned), uncertain


class _Walks:
    """Records and organizational domains as far as they were asked for. An `Answer` in place of a value: DNS failed."""

    def __init__(self, discovery: Discovery) -> None:
        self.discovery = discovery
        self._records: dict[str, DmarcRecord | Answer | None] = {}
        self._tops: dict[str, str | Answer] = {}

    def at(self, domain: str) -> Asking[DmarcRecord | Answer | None]:
        if domain not in self._records:
            answer = yield Question(f"_dmarc.{domain}", "TXT")
            self._records[domain] = answer if answer.failed else _only([DmarcRecord.parse(t, domain) for t in answer.records])  # fmt: skip
        return self._records[domain]

    def top(self, domain: str) -> Asking[str | Answer]:
        """The organizational domain."""
        if self.discovery == "organizational":
            return organization(domain)
        if domain not in self._tops:
            self._tops[domain] = yield from self._walk(domain)
        return self._tops[domain]

    def same(self, one: str, other: str) -> Asking[bool | None]:
        """Whether two domains are of one organization; None where DNS did not say."""
        if self.discovery == "tree-walk" and not _related(one, other):
            return False  # no record can make two trees one
        first = yield from self.top(one)
        second = yield from self.top(other)
        return None if isinstance(first, Answer) or isinstance(second, Answer) else first == second

    def suffix_of(self, domain: str) -> DmarcRecord | None:
        """The record of a public suffix that says so (psd=y), as far as a walk came by it."""
        seen = (self._records.get(name) for name in _upwards(domain)[1:])
        return next((r for r in seen if isinstance(r, DmarcRecord) and r.psd == "y"), None)

    def _walk(self, domain: str) -> Asking[str | Answer]:
        found: list[DmarcRecord] = []
        for name in _upwards(domain):
            record = yield from self.at(name)
            if isinstance(record, Answer):
                return record
            if record is None:
                continue
            found.append(record)
            if record.psd == "n":
                return name
            if record.psd == "y":
                return name if name == domain else _below(name, domain)
        return found[-1].domain if found else domain


def _upwards(domain: str) -> list[str]:
    """The names of a tree walk: the domain, then its ancestors, of long names the last seven labels at most."""
    labels = domain.split(".")
    start = 1 if len(labels) < _MOST_QUESTIONS else len(labels) - _MOST_QUESTIONS + 1
    return [domain, *(".".join(labels[cut:]) for cut in range(start, len(labels)))]


def _below(suffix: str, domain: str) -> str:
    """The ancestor of a domain that is one label longer than the suffix."""
    return ".".join(domain.split(".")[-(suffix.count(".") + 2) :])


def _related(one: str, other: str) -> bool:
    """Whether two names have more than the last label in common."""
    return one.split(".")[-2:] == other.split(".")[-2:]


def organization(domain: str) -> str:
    """The organizational domain by the table of suffixes: the public suffix and one label more (RFC 7489 3.2)."""
    labels = domain.split(".")
    suffix = next((n for n in range(min(3, len(labels)), 1, -1) if ".".join(labels[-n:]) in _SUFFIXES), 1)
    return ".".join(labels[-(suffix + 1) :])


def _only(records: list[DmarcRecord | None]) -> DmarcRecord | None:
    """RFC 7489 6.6.3: what is no DMARC record is left out; of several none counts."""
    found = [record for record in records if record is not None]
    return found[0] if len(found) == 1 else None


def _tags(text: str) -> Mapping[str, str] | None:
    """The tags of a record (RFC 7489 6.4), names in lower case; None where v=DMARC1 does not come first."""
    pairs = [part.partition("=") for part in text.split(";")]
    name, _, version = pairs[0]
    if name.strip().lower() != "v" or version.strip() != "DMARC1":
        return None
    tags: dict[str, str] = {}
    for name, equals, said in pairs[1:]:
        if equals:
            tags.setdefault(name.strip().lower(), said.strip())
    return tags
