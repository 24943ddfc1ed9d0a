"""SPF: may this address send for this domain (RFC 7208), as a generator that asks DNS, with a line for every term.

    identity   the domain of MAIL FROM; the HELO name for the null sender
    record     the domain's one TXT record that begins with v=spf1
                 no domain name, no such name, no record -> none      two records, a mistake in it -> permerror
    terms      from left to right; the first that matches decides, by its + - ~ ?
                 all                       always
                 ip4 ip6                   the address is in the network
                 a mx                      an address of the name, or of its MX hosts, in the client's family
                 exists                    the name has an A record, whatever it says
                 ptr                       a name of the address, confirmed by its own address, ends in the name
                 include                   the other record passes; temperror and permerror end the check, none is permerror
    no match   redirect= decides as if its record were the domain's own; without one: neutral
    fail       exp= of the record that decided names the explanation

DNS that fails is temperror, but ptr, %{p} and exp= do without. The limits stand in `spf_lookup`.
"""

from __future__ import annotations

from datetime import datetime

from simulator.mail.address import Sender
from simulator.policy.asking import Asking
from simulator.policy.rules import rule
from simulator.policy.spf_lookup import Lookups, Met, no_answer
from simulator.policy.spf_macro import expand, is_explanation, is_name, letters, name_of
from simulator.policy.spf_record import Record, RecordError, Term, is_spf, parse_record
from simulator.value import value
from simulator.zone import Question

__all__ = ["EXPLAIN", "FIRST_MATCH", "IDENTITY", "INCLUDE", "MACROS", "REDIRECT", "SpfVerdict", "check"]

_SUITE = "tests/policy/test_rfc7208_suite.py"
IDENTITY = rule(
    "SPF-IDENTITY", "SPF asks the domain of MAIL FROM, for the null sender that of postmaster at the HELO name",
    fidelity="documented", source="RFC 7208 2.3, 2.4", test="tests/policy/test_spf.py",
)  # fmt: skip
FIRST_MATCH = rule(
    "SPF-TERMS", "The first term of an SPF record that matches decides; where none does and nothing redirects, neutral",
    fidelity="documented", source="RFC 7208 4.6.2, 4.7, 5", test=_SUITE,
)  # fmt: skip
INCLUDE = rule(
    "SPF-INCLUDE", "include matches when the other record passes; a domain without a record there is permerror",
    fidelity="documented", source="RFC 7208 5.2", test=_SUITE,
)  # fmt: skip
REDIRECT = rule(
    "SPF-REDIRECT", "redirect= decides when no term matches, with the exp= found there; no record there is permerror",
    fidelity="documented", source="RFC 7208 6.1", test=_SUITE,
)  # fmt: skip
MACROS = rule(
    "SPF-MACROS", "Macros in names are expanded; one with a local part beyond ASCII makes its term match nothing",
    fidelity="documented", source="RFC 7208 7; RFC 8616 4", test="tests/policy/test_spf_macro.py",
)  # fmt: skip
EXPLAIN = rule(
    "SPF-EXP", "On fail the one TXT record that exp= names explains; where anything is wrong with it, nothing does",
    fidelity="documented", source="RFC 7208 6.2", test=_SUITE,
)  # fmt: skip


@value
class SpfVerdict:
    """What SPF says about a sender, and why."""

    result: str  # pass fail softfail neutral none temperror permerror
    domain: str  # whose record was asked
    identity: str  # mailfrom or helo
    says: str  # one sentence for people: what decided
    steps: tuple[str, ...]  # one line per term, indented below its include or redirect
    explanation: str = ""  # of exp=, on fail


@value
class _Judged:
    """What a domain's record came to; `exp` is the domain-spec of an explanation, `domain` what %{d} means in it.

    `says` names the term of this record that decided and `root` the one that did in the end, below all includes.
    """

    result: str
    says: str
    root: str
    exp: str = ""
    domain: str = ""


def check(ip: str, sender: Sender, helo: str, *, receiver: str = "", now: datetime) -> Asking[SpfVerdict]:
    """`ip` is the SMTP client's address; `receiver` and `now` are for explanations. Yields questions."""
    domain = (sender.domain if sender else helo).lower().removesuffix(".")
    local = (sender.local if sender else "") or "postmaster"  # RFC 7208 4.3
    run = _Run(Lookups(ip), local, {"o": domain, "h": helo, "r": receiver or "unknown", "t": str(int(now.timestamp()))})
    found = yield from run.judge(domain, 0)
    explanation = (yield from run.explanation(found)) if found.exp else ""
    identity = "mailfrom" if sender else "helo"
    return SpfVerdict(found.result, domain, identity, found.says, tuple(run.steps), explanation)


class _Run:
    """One check: its lookups, what macros stand for, and the trace."""

    def __init__(self, lookups: Lookups, local: str, facts: dict[str, str]) -> None:
        self.lookups, self.local = lookups, local
        four, ip = lookups.bits == 32, lookups.ip
        self.facts = facts | {
            "s": f"{local}@{facts['o']}", "l": local,
            "c": str(ip), "v": "in-addr" if four else "ip6",
            "i": str(ip) if four else ".".join(ip.exploded.replace(":", "").upper()),
        }  # fmt: skip
        self.steps: list[str] = []

    def judge(self, domain: str, depth: int) -> Asking[_Judged]:
        """The result of a domain's record: check_host() of RFC 7208 4."""
        if "." not in domain or domain.startswith("[") or not is_name(domain):  # 4.3
            return _plain("none", f"{_shown(domain) or 'an empty name'} is no domain name that could have a record")
        answer = yield Question(domain, "TXT")
        if answer.failed:
            return _plain("temperror", no_answer(domain, "TXT", answer))
        texts = [text for text in answer.records if is_spf(text)]
        if not texts:
            return _plain(
                "none", f"{domain} {'does not exist' if answer.status == 'nxdomain' else 'has no SPF record'}"
            )
        if len(texts) > 1:
            return _plain("permerror", f"{domain} has {len(texts)} SPF records where one is allowed")
        record = parse_record(texts[0])
        if isinstance(record, RecordError):
            title = f"{_shown(record.term)} of {domain}"
            self._close(self._open(), depth, title, "permerror", record.says)
            return _plain("permerror", f"{title}: {record.says}")
        return (yield from self._evaluate(record, domain, depth))

    def _evaluate(self, record: Record, domain: str, depth: int) -> Asking[_Judged]:
        for text in record.ignored:
            self._close(self._open(), depth, f"{text} of {domain}", "ignored", "SPF gives it no meaning")
        for term in record.terms:
            line, title = self._open(), f"{term.text} of {domain}"
            met = yield from self._meets(term, domain, depth)
            matches = met.kind == "match"
            self._close(line, depth, title, f"matches ({term.result})" if matches else met.kind, met.why)
            if met.kind == "no match":
                continue
            says = title if term.name == "all" else f"{title} matches" if matches else title
            says += f": {met.why}" if met.why else ""
            root = met.why if term.name == "include" else says
            if matches:
                return _Judged(term.result, says, root, record.exp if term.result == "fail" else "", domain)
            return _Judged(met.kind, says, root)
        if not record.redirect:
            return _plain("neutral", f"no term of {domain} matches")
        return (yield from self._redirected(record.redirect, domain, depth))

    def _redirected(self, spec: str, domain: str, depth: int) -> Asking[_Judged]:
        line, title = self._open(), f"redirect={spec} of {domain}"
        target = self.lookups.count() or (yield from self._target(spec, domain))
        if isinstance(target, Met):
            found, why = _plain("permerror", f"{title}: {target.why}"), target.why
        else:
            there = yield from self.judge(target, depth + 1)
            result = "permerror" if there.result == "none" else there.result  # RFC 7208 6.1
            found, why = _Judged(result, f"{there.root} ({title})", there.root, there.exp, there.domain), ""
        self._close(line, depth, title, found.result, why)
        return found

    def _meets(self, term: Term, domain: str, depth: int) -> Asking[Met]:
        """Whether a term matches: RFC 7208 5."""
        if term.name == "all":
            return Met("match")
        if term.network is not None:
            return Met("match" if self.lookups.ip in term.network else "no match")
        target = self.lookups.count() or (yield from self._target(term.spec, domain))
        if isinstance(target, Met):
            return target
        if term.name == "include":
            return (yield from self._included(target, depth))
        if not is_name(target):  # RFC 7208 4.8 leaves this open; what cannot be asked is taken as not there
            return Met("no match", f"{_shown(target)} is no name that DNS can be asked for")
        if term.name == "exists":
            return (yield from self.lookups.exists(target))
        if term.name == "ptr":
            return (yield from self.lookups.pointed(target))
        prefix = term.prefix4 if self.lookups.bits == 32 else term.prefix6
        if term.name == "a":
            return (yield from self.lookups.addressed(target, prefix))
        return (yield from self.lookups.exchanged(target, prefix))

    def _included(self, target: str, depth: int) -> Asking[Met]:
        there = yield from self.judge(target, depth + 1)
        kinds = {"pass": "match", "temperror": "temperror", "permerror": "permerror", "none": "permerror"}
        return Met(kinds.get(there.result, "no match"), there.root)

    def explanation(self, found: _Judged) -> Asking[str]:
        """The text that exp= leads to; nothing where anything about it is wrong (RFC 7208 6.2)."""
        self.lookups.limited = False
        target = yield from self._target(found.exp, found.domain)
        if isinstance(target, Met) or not is_name(target):
            return ""
        answer = yield Question(target, "TXT")
        if len(answer.records) != 1 or not is_explanation(answer.records[0]):
            return ""
        text = yield from self._expanded(answer.records[0], found.domain)
        return "" if isinstance(text, Met) else text

    def _target(self, spec: str, domain: str) -> Asking[str | Met]:
        """The name that a domain-spec means, the domain where it is empty, or why it means none."""
        if not spec:
            return domain
        used = letters(spec)
        if not self.local.isascii() and used & {"s", "l"}:  # RFC 8616 4
            return Met("no match", f"the local part {_shown(self.local)} is not ASCII, no name can be made of it")
        if "p" in used and (over := self.lookups.count()):
            return over
        name = yield from self._expanded(spec, domain)
        return name if isinstance(name, Met) else name_of(name)

    def _expanded(self, text: str, domain: str) -> Asking[str | Met]:
        """The text with its macros replaced. The client's names are asked for only where %{p} wants one."""
        name = "unknown"
        if "p" in letters(text):
            names = yield from self.lookups.names()
            if isinstance(names, Met):
                return names
            # RFC 7208 7.3: the domain itself, else a name below it, else any.
            below = (n for n in names if n.endswith(f".{domain}"))
            name = domain if domain in names else next(below, names[0] if names else name)
        return expand(text, {**self.facts, "d": domain, "p": name})

    def _open(self) -> int:
        """A line of the trace, completed by `_close` when those below it are written."""
        self.steps.append("")
        return len(self.steps) - 1

    def _close(self, line: int, depth: int, title: str, came_to: str, why: str) -> None:
        self.steps[line] = f"{'  ' * depth}{title}: {came_to}" + (f", {why}" if why else "")


def _plain(result: str, says: str) -> _Judged:
    """For what no include lies below."""
    return _Judged(result, says, says)


def _shown(text: str) -> str:
    return text if text.isprintable() else ascii(text)
