"""The Sender Verification Shield: a mark beside the sender that users see. It never changes a reply.

    X-Sim-SenderVerification: pass|fail|unknown ip=203.0.113.9 (spf=pass dkim=none dmarc=none)

    DMARC pass              pass        the mark condenses the three; how it weighs them is not documented
    DMARC fail              fail
    SPF or DKIM pass        pass
    SPF fail                fail
    otherwise               unknown

The address that is judged is the client's, unless it is on the list IP Bypass: then the Received fields are walked, the newest
first, to the first address that is not. Behind a gateway that nobody listed, every sender looks forged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address

from simulator.mail.envelope import Envelope
from simulator.mail.mailboxes import author_of
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.policy import dkim, dmarc, spf
from simulator.policy.asking import Asking
from simulator.policy.decision import Candidate, Step
from simulator.policy.moment import Moment
from simulator.policy.ranges import contains
from simulator.policy.rules import rule
from simulator.products.smartermail.settings import SmarterMailSettings

__all__ = ["MARK", "mark", "source", "verified"]

_TEST = "tests/products/smartermail/test_verification.py"
SHIELD = rule(
    "SM-SHIELD-1", "The sender's SPF, DKIM and DMARC become a mark beside the sender, and nothing else", fidelity="documented",
    source="SmarterTools KB a3592; how the three are weighed is inferred", test=_TEST,
)  # fmt: skip
BYPASS = rule(
    "SM-SHIELD-2", "Addresses on IP Bypass are passed over: the first one of the Received fields that is not listed is judged",
    fidelity="documented", source="SmarterTools KB a3592", test=_TEST,
)  # fmt: skip

MARK = "X-Sim-SenderVerification"
_FROM = re.compile(r"\Afrom\s+(\S+)\s+\([^()]*?\[?(?:IPv6:)?((?:\d+\.){3}\d+|[0-9a-f]*:[0-9a-f:.]+)\]?\)", re.I)


def source(session: Session, message: Message, settings: SmarterMailSettings) -> tuple[str, str, Step]:
    """The address and EHLO name that are judged, and how they were found."""
    candidates: list[Candidate] = []
    at = settings.at("ip_bypass")
    chain = [(session.peer, session.helo), *_hops(message)]
    for ip, helo in chain:
        listed = contains(settings.ip_bypass, ip)
        says = f"{ip} is {'' if listed else 'not '}on IP Bypass"
        candidates.append(Candidate(ip, not listed, "bypassed" if listed else "judged", says, at))
        if not listed:
            return ip, helo, Step("SOURCE", BYPASS, "judged", f"the sender is judged at {ip}", tuple(candidates), at)
    ip, helo = chain[-1]
    says = f"every address is on IP Bypass; the last one, {ip}, is judged"
    return ip, helo, Step("SOURCE", BYPASS, "all-bypassed", says, tuple(candidates), at)


def _hops(message: Message) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for field in message.all("Received"):
        seen = _FROM.search(field)
        try:
            found.append((str(ip_address(seen[2])), seen[1]) if seen else ("", ""))
        except ValueError:
            continue
    return [hop for hop in found if hop[0]]


def verified(
    session: Session, envelope: Envelope, message: Message, settings: SmarterMailSettings, fqdn: str, at: Moment
) -> Asking[tuple[Mapping[str, str], tuple[Step, ...]]]:
    """The facts of a message from outside, and the steps. Asks DNS."""
    ip, helo, where = source(session, message, settings)
    sent_by = yield from spf.check(ip, envelope.sender, helo, receiver=fqdn, now=at.now)
    signatures = yield from dkim.verify(message, at.keys, at.now)
    results = [s.result for s in signatures]
    signed = "pass" if "pass" in results else "fail" if results else "none"
    author = author_of(message)
    policy = "none"
    if author:
        found = yield from dmarc.judge(author.domain, sent_by, signatures, sample=at.draw("dmarc pct", 100))
        policy = "none" if found.result == "bestguesspass" else found.result
    facts = {"spf": sent_by.result, "dkim": signed, "dmarc": policy, "ip": ip}
    word = _word(facts)
    says = f"{word}: SPF {facts['spf']}, DKIM {facts['dkim']}, DMARC {facts['dmarc']} at {ip}"
    why = tuple(
        Candidate(key, facts[key] == "pass", facts[key], f"{key.upper()} {facts[key]}")
        for key in ("spf", "dkim", "dmarc")
    )
    return {**facts, "verification": word}, (where, Step("SENDER VERIFICATION", SHIELD, word, says, why))


def _word(facts: Mapping[str, str]) -> str:
    if facts["dmarc"] in ("pass", "fail"):
        return facts["dmarc"]
    if "pass" in (facts["spf"], facts["dkim"]):
        return "pass"
    return "fail" if facts["spf"] == "fail" else "unknown"


def mark(message: Message, facts: Mapping[str, str]) -> Message:
    """The message with the mark on top; one that a sender wrote is taken out."""
    message = message.without(lambda name: name == MARK.lower())
    if "verification" not in facts:
        return message
    told = " ".join(f"{key}={facts[key]}" for key in ("spf", "dkim", "dmarc"))
    return message.prepend(MARK, f"{facts['verification']} ip={facts['ip']} ({told})")
