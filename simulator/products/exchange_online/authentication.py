"""What the service finds out about a sender at the end of DATA: SPF, DKIM, ARC, DMARC, what they come to, and the verdict.

    a mailbox's own mail, or counted as internal         nothing but its ARC chain is looked up      [filtering, lines 1 and 2]
    everything else
      source          which address counts              Enhanced Filtering                           [skip_listing]
      SPF             of MAIL FROM at that address, of its HELO name for the null sender
      DKIM, ARC       every signature; the chain
      DMARC           of the domain in From
      composite       pass, softpass, fail, none                                                     [composite]
      filter          SCL and what is done; under a policy of reject that is followed: 550 5.7.509   [filtering]

A domain's policy is followed (`HonorDmarcPolicy`) where the MX of the recipient's domain leads to the service, or Enhanced
Filtering knows the source: behind a gateway that nobody told the service about, everybody would fail (learn: Anti-phishing
policies). A domain without MX counts as one that leads here, and so does one whose MX cannot be had (inferred).

The results are facts of the message (`spf`, `dkim`, `dmarc`, `arc`, `compauth`, `scl`, `ip`, ...), which the headers are
written from and expectations compare.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from simulator.mail.address import Address
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.policy import arc, dkim, dmarc, spf
from simulator.policy.asking import Asking
from simulator.policy.decision import Candidate, Step
from simulator.policy.dkim.verifying import VERIFY
from simulator.policy.dmarc import DmarcVerdict
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.products.exchange_online.authors import author_of
from simulator.products.exchange_online.composite import EXPLICIT_FAILURES, Evidence, composite
from simulator.products.exchange_online.connectors import InboundConnector
from simulator.products.exchange_online.filtering import FilterVerdict, Suspect, filtered, internal
from simulator.products.exchange_online.firewall import through_firewall
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.identifiers import frontend
from simulator.products.exchange_online.selection import centralised
from simulator.products.exchange_online.skip_listing import origin
from simulator.products.exchange_online.trust import Trust
from simulator.products.service_names import EXCHANGE_ONLINE, reverse_name
from simulator.value import value
from simulator.zone import Question

__all__ = ["Findings", "examined"]

_TEST = "tests/products/exchange_online/test_authentication.py"
SPF = rule(
    "EXO-AUTH-4", "SPF is judged on MAIL FROM, on the HELO name for the null sender, at the address that counts as the source",
    fidelity="documented", source="learn: Email authentication in cloud organizations; RFC 7208 2.4", test=_TEST,
)  # fmt: skip
FOLLOWED = rule(
    "EXO-AUTH-5", "A domain's DMARC policy is followed where the recipient's MX leads to the service or Enhanced Filtering is on",
    fidelity="documented", source="learn: Anti-phishing policies, Spoof protection and sender DMARC policies", test=_TEST,
)  # fmt: skip
SEALER = rule(
    "EXO-AUTH-6", "The newest ARC seal counts if its domain is in ArcTrustedSealers, the chain passes, and it found DMARC passing",
    fidelity="documented", source="learn: Configure trusted ARC sealers; what the sealer must have found is inferred", test=_TEST,
)  # fmt: skip

_OURS = (f".{EXCHANGE_ONLINE.suffix}", ".mx.microsoft")
_MX = re.compile(r"\s*(\d+)\s+(\S+)", re.A)
_DMARC_FOUND = re.compile(r"\bdmarc=(\w+)[^;]*?(?:header\.from=([\w.-]+))?(?:;|\Z)", re.I)


@value
class Findings:
    """What was found out. `rejected`: the domain whose DMARC policy of reject is carried out; empty otherwise."""

    facts: Mapping[str, str]
    steps: tuple[Step, ...]
    rejected: str = ""


def examined(
    session: Session, envelope: Envelope, message: Message, tenant: Profile, connector: InboundConnector | None,
    facts: Mapping[str, str], at: Moment,
) -> Asking[Findings]:  # fmt: skip
    """Asks DNS about the sender. `facts` are those of RCPT; `connector` is the inbound one that the message matched."""
    cleaned = through_firewall(message, connector, frontend(tenant.name))
    trust = Trust.of(facts, cleaned, envelope.sender, tenant.domains, connector)
    author = author_of(message)
    outside = any(not tenant.domains.accepts(recipient.domain) for recipient in envelope.recipients)
    if trust.internal:
        verdict = internal(outside)
        chain = yield from arc.verify(message, at.keys, at.now)  # the seal of this pass goes on with it
        found = {**_internal_facts(session, author, trust, verdict), "arc": chain.result}
        return Findings(found, (verdict.step,))
    where, source_step = origin(
        session, message, envelope.recipients, connector, centralised=centralised(tenant) is not None
    )
    sent_by = yield from spf.check(where.ip, envelope.sender, where.helo, receiver=frontend(tenant.name), now=at.now)
    signatures = yield from dkim.verify(message, at.keys, at.now)
    chain = yield from arc.verify(message, at.keys, at.now)
    settings = tenant.settings
    asks = yield from _dmarc(author, sent_by, signatures, tenant, at)
    sealer = _trusted(chain, author, settings.ArcConfig.ArcTrustedSealers)
    enhanced = source_step is not None and source_step.outcome not in ("centralised", "not-for-them")
    checked = trust.direction == "Incoming" or enhanced or settings.knobs.spoof_check_on_connector_mail
    evidence = Evidence(
        author.domain if author else "", author is not None and tenant.domains.accepts(author.domain), sent_by.result,
        dkim.overall(signatures), asks, sealer, bypassed=not checked,
    )  # fmt: skip
    together = composite(evidence, settings.knobs)
    followed, followed_steps = False, tuple[Step, ...]()
    if together.reason in EXPLICIT_FAILURES:
        followed, followed_steps = yield from _followed(asks.domain, envelope.recipients, enhanced, tenant)
    suspect = Suspect(message, where.ip, author, sent_by.result, asks, together, followed)
    verdict = filtered(suspect, settings)
    pointer = yield from _pointer(where.ip)
    found = {
        "spf": sent_by.result, "spf domain": sent_by.domain, "spf identity": sent_by.identity,
        "dkim": dkim.overall(signatures), "dkim results": _dkim_results(signatures),
        "dmarc": asks.result, "dmarc action": _dmarc_action(asks, verdict), "dmarc record": _published(asks),
        "author": evidence.author, "arc": chain.result, "compauth": str(together), "ip": where.ip, "helo": where.helo,
        "ptr": pointer, "skipped": ", ".join(where.skipped), **_verdict_facts(verdict),
    }  # fmt: skip
    # The policies are for what comes in: what own servers send to outside is not put into anybody's Junk.
    leaves = trust.direction == "Originating" and outside
    found |= {"direction of mail": "OUT", "spam action": "Inbox"} if leaves else {"direction of mail": "INB"}
    steps = (
        *((source_step,) if source_step else ()), _spf_step(sent_by), *_signature_steps(signatures, chain, sealer),
        _dmarc_step(asks), together.step, *followed_steps, verdict.step,
    )  # fmt: skip
    return Findings(found, steps, asks.domain if verdict.action == "Reject" else "")


def _internal_facts(session: Session, author: Address | None, trust: Trust, verdict: FilterVerdict) -> dict[str, str]:
    hosted = trust.entity == "Hosted"
    return {
        "spf": "none", "dkim": "none", "dmarc": "none", "compauth": "none", "author": author.domain if author else "",
        # captured: what a mailbox submits has no connecting address
        "ip": "255.255.255.255" if hosted else session.peer, "helo": "" if hosted else session.helo,
        "direction of mail": "INT" if verdict.scl < 0 else "OUT", **_verdict_facts(verdict),
    }  # fmt: skip


def _verdict_facts(verdict: FilterVerdict) -> dict[str, str]:
    return {
        "scl": str(verdict.scl), "sfv": verdict.sfv, "cat": verdict.cat, "ipv": verdict.ipv, "sfty": verdict.sfty,
        "spam action": verdict.action, "spam reason": verdict.reason, "custom spam": verdict.custom,
    }  # fmt: skip


def _dmarc(
    author: Address | None, sent_by: spf.SpfVerdict, signatures: tuple[dkim.Signature, ...], tenant: Profile, at: Moment
) -> Asking[DmarcVerdict]:
    if author is None:
        return DmarcVerdict("none", says="there is no author whose domain could publish a policy")
    discovery: dmarc.Discovery = (
        "tree-walk" if tenant.settings.knobs.dmarc_discovery == "tree-walk" else "organizational"
    )
    return (
        yield from dmarc.judge(
            author.domain, sent_by, signatures, discovery=discovery, sample=at.draw("dmarc pct", 100)
        )
    )


def _trusted(chain: arc.ArcVerdict, author: Address | None, sealers: tuple[str, ...]) -> str:
    """The sealer that vouches for a message, empty where none does."""
    if chain.result != "pass" or author is None or not chain.sealers or chain.sealers[0] not in sealers:
        return ""
    found = _DMARC_FOUND.search(chain.results)
    if found is None or found[1].lower() not in ("pass", "bestguesspass"):
        return ""
    return chain.sealers[0] if not found[2] or found[2].lower() == author.domain else ""


def _followed(
    author: str, recipients: tuple[Address, ...], enhanced: bool, tenant: Profile
) -> Asking[tuple[bool, tuple[Step, ...]]]:
    """Whether the policy of a domain whose mail failed is followed here; DNS is asked only where it matters."""
    policy = tenant.settings.AntiPhishPolicy

    def step(followed: bool, outcome: str, says: str) -> tuple[bool, tuple[Step, ...]]:
        place = policy.at("HonorDmarcPolicy") or tenant.settings.place
        why = Candidate("HonorDmarcPolicy", followed, outcome, says, place)
        return followed, (Step("HONOR", FOLLOWED, outcome, says, (why,), place),)

    if not policy.HonorDmarcPolicy:
        return step(False, "off", f"HonorDmarcPolicy is off, so the policy of {author} is not followed")
    if enhanced:
        return step(
            True, "enhanced-filtering", f"Enhanced Filtering knows the source, so the policy of {author} is followed"
        )
    domain = recipients[0].domain
    answer = yield Question(domain, "MX")
    listed = [(int(m[1]), m[2].lower().removesuffix(".")) for record in answer.records if (m := _MX.match(record))]
    host = min(listed, default=(0, ""))[1]
    if host and not f".{host}".endswith(_OURS):
        says = f"the MX of {domain} is {host}, and no Enhanced Filtering knows what is behind it"
        return step(False, "mx-elsewhere", says)
    says = f"the MX of {domain} leads to the service" if host else f"{domain} has no MX that leads elsewhere"
    return step(True, "mx-here", says)


def _pointer(ip: str) -> Asking[str]:
    answer = yield Question(reverse_name(ip), "PTR")
    return answer.records[0].removesuffix(".") if answer.records else "InfoDomainNonexistent"  # captured word


_REASONS = {
    "body-hash": "body hash did not verify", "body-too-short": "body hash did not verify", "signature": "signature did not verify",
    "no-key": "no key for signature", "key-revoked": "no key for signature", "key-unavailable": "key query timeout",
    "expired": "signature expired",
}  # fmt: skip
"""How the service puts why a signature does not count; observed but for the last. Others are told in our own words."""


def _dkim_results(signatures: tuple[dkim.Signature, ...]) -> str:
    """As Authentication-Results has them."""
    if not signatures:
        return "dkim=none (message not signed) header.d=none"
    told: list[str] = []
    for one in signatures:
        word = {"pass": "pass", "temperror": "timeout"}.get(one.result, "fail")
        why = "signature was verified" if word == "pass" else _REASONS.get(one.reason, one.reason)
        told.append(f"dkim={word} ({why}) header.d={one.domain}")
    return ";".join(told)


def _published(asks: DmarcVerdict) -> str:
    if asks.record is None:
        return ""
    return f"p={asks.record.p} sp={asks.record.sp or asks.record.p} pct={asks.record.pct}"


def _dmarc_action(asks: DmarcVerdict, verdict: FilterVerdict) -> str:
    """The `action=` of Authentication-Results. oreject: the domain asks for reject, and something milder is done."""
    if asks.result != "fail" or asks.policy == "none":
        return "none"
    if asks.sampled_out:
        return f"pct.{asks.policy}"
    if asks.policy == "reject":
        return "reject" if verdict.action == "Reject" else "oreject"
    return "quarantine"


def _spf_step(found: spf.SpfVerdict) -> Step:
    passed = found.result == "pass"
    candidates = tuple(Candidate(line.strip(), passed, found.result, line) for line in found.steps)
    return Step("SPF", SPF, found.result, f"SPF {found.result}: {found.says}", candidates)


def _signature_steps(signatures: tuple[dkim.Signature, ...], chain: arc.ArcVerdict, sealer: str) -> tuple[Step, ...]:
    """Nothing is told of what is not there."""
    steps: list[Step] = []
    if signatures:
        candidates = tuple(
            Candidate(f"{s.domain} {s.selector}", s.result == "pass", s.reason or s.result, s.says) for s in signatures
        )
        says = "; ".join(f"{s.domain}: {s.says}" for s in signatures)
        steps.append(
            Step("DKIM", VERIFY, dkim.overall(signatures), f"DKIM {dkim.overall(signatures)}: {says}", candidates)
        )
    if chain.result != "none":
        why = Candidate(sealer or "ArcTrustedSealers", bool(sealer), "trusted" if sealer else "not-trusted", chain.says)
        steps.append(Step("ARC", SEALER, chain.result, f"ARC {chain.result}: {chain.says}", (why,)))
    return tuple(steps)


def _dmarc_step(asks: DmarcVerdict) -> Step:
    why = Candidate(asks.domain or "DMARC", asks.result in ("pass", "bestguesspass"), asks.result, asks.says)
    return Step("DMARC", dmarc.ALIGNMENT, asks.result, f"DMARC {asks.result}: {asks.says}", (why,))
