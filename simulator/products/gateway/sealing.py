"""A gateway that seals: what it found out about a sender goes on with the message, however it changes it (ARC, RFC 8617).

    after the final dot   SPF at the client's address, every DKIM signature, DMARC, and the chain of ARC sets so far
    keeping               ... on top of everything it wrote and changed: ARC-Authentication-Results, -Message-Signature, -Seal

Whoever gets the message next may take the gateway's word for it, where it trusts that sealer. The key is found where DNS has
it: `arc._domainkey.DOMAIN`, with `dkim-key:DOMAIN` in a lab. Mail that goes out over the gateway is not sealed.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.mail.envelope import Envelope
from simulator.mail.mailboxes import author_of
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.policy import arc, dkim, dmarc, spf
from simulator.policy.asking import Asking
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.policy.signing import NO_KEYS

__all__ = ["SELECTOR", "found_out", "sealed"]

SEALS = rule(
    "GW-ARC-1", "With `seals as` what the gateway found of SPF, DKIM and DMARC is sealed on top of what it changed", fidelity="documented",
    source="RFC 8617 5.1; support.duocircle.com: the service seals as its own domain", test="tests/products/gateway/test_sealing.py",
)  # fmt: skip

SELECTOR = "arc"


def found_out(
    session: Session, envelope: Envelope, message: Message, fqdn: str, at: Moment
) -> Asking[Mapping[str, str]]:
    """Facts of a message from outside: `arc results`, as they are sealed, and `arc`, how the chain so far verified."""
    sent_by = yield from spf.check(session.peer, envelope.sender, session.helo, receiver=fqdn, now=at.now)
    signatures = yield from dkim.verify(message, at.keys, at.now)
    chain = yield from arc.verify(message, at.keys, at.now)
    author = author_of(message)
    told = "none"
    if author is not None:
        asked = yield from dmarc.judge(author.domain, sent_by, signatures, discovery="tree-walk", sample=0)
        told = "none" if asked.result == "bestguesspass" else asked.result
    who = "smtp.mailfrom" if sent_by.identity == "mailfrom" else "smtp.helo"
    lines = [
        f"spf={sent_by.result} {who}={sent_by.domain}".removesuffix(f" {who}="),
        *(f"dkim={one.result} header.d={one.domain}".removesuffix(" header.d=") for one in signatures),
        f"dmarc={told} header.from={author.domain}" if author else "dmarc=none",
    ]
    return {"arc": chain.result, "arc results": ";\n".join(lines)}


def sealed(message: Message, facts: Mapping[str, str], domain: str, fqdn: str, at: Moment) -> Message:
    """With one more ARC set on top, where something was found out and there are keys to seal with."""
    if at.keys is NO_KEYS or "arc results" not in facts:
        return message
    return arc.seal(
        message, domain=domain, selector=SELECTOR, owner=domain, keys=at.keys, now=at.now, authserv=fqdn,
        results=facts["arc results"], chain=facts["arc"],
    )  # fmt: skip
