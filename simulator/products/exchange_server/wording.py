"""What an Exchange server says, word by word.

Every text is a function of its facts. Refusals in the session and reports of unknown recipients have an older form too
(knob older_texts). Texts that no source quotes are marked `inferred`.

Sources: learn: NDRs in Exchange Server; learn: Fix NDR 5.4.6 through 5.4.20; support articles on queues; public bounces.
"""

from __future__ import annotations

from datetime import datetime

from simulator.mail.message import rfc5322_date
from simulator.mail.reply import Reply
from simulator.policy.rules import rule

__all__ = [
    "QUEUE_WORDS", "SESSION_WORDS", "authenticated", "banner", "cannot_send_as", "certificate_failed", "dns_failed", "expired",
    "header_too_large", "hop_count", "login_failed", "login_not_here", "mailbox_full", "message_delayed", "mx_loopback", "no_such_domain", "not_authenticated",
    "null_mx", "org_too_large", "primary_target", "queued", "recipient_ok", "relay_denied", "reserved_domain",
    "sender_not_authenticated", "sender_ok", "service_not_available", "starttls_required", "system_misconfigured", "too_large",
    "too_many_errors", "too_many_recipients", "unknown_recipient", "unreachable",
]  # fmt: skip

_TEST = "tests/products/exchange_server/test_wording.py"
SESSION_WORDS = rule(
    "EXS-WORDS-1", "Replies and reports have the texts that bounces and Microsoft's pages show", fidelity="observed",
    source="learn: NDRs and bounce messages in Exchange Server; public bounces", test=_TEST,
)  # fmt: skip
QUEUE_WORDS = rule(
    "EXS-WORDS-2", "A queue in retry shows 451 4.4.0 Primary target IP address responded with, or 454 4.7.5", fidelity="documented",
    source="support article: outbound messages are not sent on the Hub Transport or Edge server; forum threads for 4.7.5",
    test=_TEST,
)  # fmt: skip


# The session


def banner(host: str, now: datetime) -> Reply:
    return Reply(220, "", f"{host} Microsoft ESMTP MAIL Service ready at {rfc5322_date(now)}")


def service_not_available() -> Reply:
    return Reply(421, "4.3.2", "Service not available")


def too_many_errors() -> Reply:
    return Reply(421, "4.7.0", "Too many errors on this connection, closing transmission channel")  # recalled


def authenticated() -> Reply:
    return Reply(235, "2.7.0", "Authentication successful")


def login_failed() -> Reply:
    return Reply(535, "5.7.3", "Authentication unsuccessful")


def login_not_here() -> Reply:
    # inferred: Exchange's standard answer to AUTH where it is not announced.
    return Reply(504, "5.7.4", "Unrecognized authentication type")


def not_authenticated() -> Reply:
    return Reply(530, "5.7.1", "Client was not authenticated")


def starttls_required() -> Reply:
    return Reply(451, "5.7.3", "STARTTLS is required to send mail")


def sender_ok() -> Reply:
    return Reply(250, "2.1.0", "Sender OK")


def recipient_ok() -> Reply:
    return Reply(250, "2.1.5", "Recipient OK")


def too_many_recipients() -> Reply:
    return Reply(452, "4.5.3", "Too many recipients")  # recalled


def relay_denied(*, older: bool = False) -> Reply:
    if older:
        return Reply(550, "5.7.1", "Unable to relay")
    return Reply(550, "5.7.54", "SMTP; Unable to relay recipient in non-accepted domain")


def reserved_domain() -> Reply:
    # inferred: no source quotes the refusal of reserved and single-label domains.
    return Reply(501, "5.1.3", "Invalid address")


def cannot_send_as() -> Reply:
    return Reply(550, "5.7.60", "SMTP; Client does not have permissions to send as this sender")


def too_large() -> Reply:
    return Reply(552, "5.3.4", "Message size exceeds fixed maximum message size")


def header_too_large() -> Reply:
    return Reply(552, "5.3.4", "Header size exceeds fixed maximum size")


def hop_count() -> Reply:
    return Reply(554, "5.4.6", "Hop count exceeded - possible mail loop")


def queued(message_id: str, internal_id: int, host: str) -> Reply:
    return Reply(250, "2.6.0", f"{message_id} [InternalId={internal_id}, Hostname={host}] Queued mail for delivery")


# The categorizer


def unknown_recipient(*, older: bool = False) -> Reply:
    if older:
        return Reply(550, "5.1.1", "RESOLVER.ADR.ExRecipNotFound; not found")
    return Reply(550, "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup")


def sender_not_authenticated() -> Reply:
    return Reply(550, "5.7.1", "RESOLVER.RST.AuthRequired; authentication required")  # the words behind ; are recalled


def org_too_large() -> Reply:
    return Reply(550, "5.2.3", "RESOLVER.RST.SendSizeLimit.Org; message too large for this organization")


def unreachable() -> Reply:
    """inferred: the sentence is that of the Unreachable queue, which has no code."""
    return Reply(450, "4.4.0", "A matching connector cannot be found to route the external recipient")


def system_misconfigured() -> Reply:
    return Reply(550, "5.3.5", "System incorrectly configured")


# DNS


def mx_loopback() -> Reply:
    return Reply(554, "5.4.4", "SMTPSEND.DNS.MxLoopback")


def no_such_domain() -> Reply:
    return Reply(554, "5.4.4", "SMTPSEND.DNS.NonExistentDomain; nonexistent domain")


def null_mx(domain: str) -> Reply:
    # inferred: code of RFC 7505; what Exchange says is in no source.
    return Reply(556, "5.1.10", f"The domain {domain} does not accept mail (null MX)")


def dns_failed(error: str) -> Reply:
    return Reply(451, "4.4.0", f"DNS query failed. The error was: {error}")


# The queue


def primary_target(said: str, endpoint: str) -> Reply:
    """A host that could not be spoken with; `said` is its answer, or the server's own word for silence."""
    return Reply(
        451, "4.4.0",
        f'Primary target IP address responded with: "{said.removesuffix(".")}." Attempted failover to alternate host, but that did '
        "not succeed. Either there are no alternate hosts, or delivery failed to all alternate hosts. "
        f"The last endpoint attempted was {endpoint}",
    )  # fmt: skip


def certificate_failed(reason: str) -> Reply:
    return Reply(454, "4.7.5", f"Certificate validation failure, Reason:{reason}")


def message_delayed() -> Reply:
    """What a notice of delay quotes, whatever the queue shows (captured notices)."""
    return Reply(400, "4.4.7", "Message delayed")


def expired(last: Reply, *, newer: bool = False) -> Reply:
    """The lifetime is over; `last` is what the queue showed until then."""
    if newer:
        return Reply(550, "5.4.300", f"Message expired -> {last}")
    return Reply(550, "4.4.7", "QUEUE.Expired; Message expired")


def mailbox_full() -> Reply:
    """inferred: the code is that of the NDR page (5.2.2), the text is the one of the service, whose store it shares."""
    return Reply(554, "5.2.2", "mailbox full; STOREDRV.Deliver")
