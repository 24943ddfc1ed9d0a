"""What the internet host says. Codes are those of RFC 3463, RFC 4954, RFC 7505 and RFC 7489; the texts are this simulator's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from simulator.mail.message import rfc5322_date
from simulator.mail.reply import Reply
from simulator.policy.relaying import Trouble
from simulator.policy.rules import rule

__all__ = ["TEXTS", "delay_text", "report_text", "say", "trouble_reply"]

WORDS = rule(
    "NET-WORDS-1", "Replies have the codes of the RFCs; their texts are the simulator's own", fidelity="inferred",
    source="RFC 3463, RFC 4954 6, RFC 7505 4.2", test="tests/products/internet/test_host.py",
)  # fmt: skip

TEXTS: Mapping[str, tuple[int, str, str]] = {
    "banner": (220, "", "{fqdn} ESMTP"),
    "logged-in": (235, "2.7.0", "Authentication succeeded"),
    "login-failed": (535, "5.7.8", "Authentication credentials invalid"),
    "login-needed": (530, "5.7.0", "Authentication required"),
    "sender": (250, "2.1.0", "Sender ok"),
    "recipient": (250, "2.1.5", "Recipient ok"),
    "accepted": (250, "2.0.0", "Accepted, queued as {id}"),
    "unknown": (550, "5.1.1", "<{address}>: no such user here"),
    "relay": (550, "5.7.1", "<{address}>: relaying denied"),
    "no-certificate": (550, "5.7.1", "A good client certificate for {name} is required"),
    "not-accepted": (550, "5.7.1", "Mail from {address} is not accepted here"),
    "not-known": (451, "4.7.1", "Whether {address} may send here could not be found out"),
    "later": (451, "4.7.1", "Come back in {seconds} seconds"),
    "dmarc": (550, "5.7.1", "Message refused: {domain} asks so with its DMARC policy"),
    "null-mx-sender": (550, "5.7.27", "The sender's domain {domain} takes no mail"),
    "loop": (554, "5.4.6", "Too many hops {count} ({limit} max)"),
    "expired": (554, "5.4.7", "Could not be delivered within {days} days: {says}"),
    "refused": (550, "5.0.0", "{says}"),
    "deferred": (450, "4.0.0", "{says}"),
    "closed": (450, "4.3.2", "{says}"),
    "unreachable": (450, "4.4.1", "{says}"),
    "lost": (450, "4.4.2", "{says}"),
    "tls": (450, "4.7.5", "{says}"),
    "servfail": (450, "4.4.3", "{says}"),
    "timeout": (450, "4.4.3", "{says}"),
    "nxdomain": (550, "5.1.2", "{says}"),
    "no-address": (550, "5.4.4", "{says}"),
    "null-mx": (556, "5.1.10", "{says}"),
    "self-mx": (554, "5.4.6", "{says}"),
}


def say(situation: str, **facts: object) -> Reply:
    """The reply for a situation."""
    code, enhanced, text = TEXTS[situation]
    return Reply(code, enhanced, text.format(**facts))


def trouble_reply(trouble: Trouble, gave_up: bool, days: int) -> Reply:
    """The queue's text while it waits, the report's reason once it gave up."""
    if gave_up and not trouble.permanent:
        return say("expired", days=days, says=trouble.says)
    if trouble.remote and trouble.remote.transient:
        return Reply(trouble.remote.code, trouble.remote.enhanced, trouble.says)
    return say(trouble.kind, says=trouble.says)


def delay_text(recipient: object, reply: Reply, until: datetime) -> list[str]:
    """What people read in a notice of delay."""
    says = f"It will be tried until {rfc5322_date(until)}; you need not send it again."
    return ["Your message is still waiting for:", "", f"    {recipient}", "", says, "", str(reply), ""]


def report_text(recipient: object, reply: Reply, remote: Reply | None, remote_host: str) -> list[str]:
    """What people read in a report."""
    said = f"{remote_host} said: {remote}" if remote and remote_host else str(remote or reply)
    return ["Your message could not be delivered to:", "", f"    {recipient}", "", said, ""]
