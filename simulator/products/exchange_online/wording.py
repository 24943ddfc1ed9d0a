"""What Exchange Online says, word by word.

Every text is a function of its facts. `edge` texts are refusals in the session, and most end with `[host time trace-id]`;
`queue` texts are what a waiting message shows; `report` texts are the status of a non-delivery report. Texts that no
source quotes are marked `inferred`.

Sources: learn: Non-delivery reports in Exchange Online; learn: Mail flow intelligence; captured sessions and reports.
"""

from __future__ import annotations

from datetime import datetime

from simulator.mail.address import Address
from simulator.mail.message import rfc5322_date
from simulator.mail.reply import Reply
from simulator.policy.rules import rule
from simulator.products.exchange_online.security_wording import given_up

__all__ = [
    "EDGE_WORDS", "QUEUE_WORDS", "access_denied", "authenticated", "banner", "blocked_connector", "cannot_connect",
    "cannot_send_as", "certificate_failed", "closed_abruptly", "connection_lost", "connection_refused",
    "connection_timed_out", "direct_send", "dmarc_rejected", "dns_failed", "expired", "external_forwarding",
    "header_too_large", "hop_count", "invalid_characters", "ip_blocked", "last_attempt", "login_disabled",
    "login_failed", "login_not_here", "no_such_domain", "no_valid_from", "not_authenticated", "null_mx",
    "partner_refused", "queued", "recipient_ok", "rejected_by_rule", "relay_denied", "rules_loop", "sender_ok",
    "several_authors", "subject_mismatch", "too_large", "unknown_recipient", "wrapped",
]  # fmt: skip

_TEST = "tests/products/exchange_online/test_wording.py"
EDGE_WORDS = rule(
    "EXO-WORDS-1", "Refusals have the texts of the service and end with host, time and trace id", fidelity="documented",
    source="learn: Non-delivery reports in Exchange Online", test=_TEST,
)  # fmt: skip
QUEUE_WORDS = rule(
    "EXO-WORDS-2", "Deferrals name the last server and address that were tried", fidelity="observed",
    source="learn: Fix 450 4.4.317; captured reports", test=_TEST,
)  # fmt: skip


# Greetings and acceptance


def banner(host: str, now: datetime, session: str) -> Reply:
    return Reply(220, "", f"{host} Microsoft ESMTP MAIL Service ready at {rfc5322_date(now)} [{session}]")


def authenticated() -> Reply:
    return Reply(235, "2.7.0", "Authentication successful")


def sender_ok() -> Reply:
    return Reply(250, "2.1.0", "Sender OK")


def recipient_ok() -> Reply:
    return Reply(250, "2.1.5", "Recipient OK")


def queued(message_id: str, internal_id: int, host: str, size: int) -> Reply:
    """The acceptance. How long it took is part of the text; here it always takes a tenth of a second."""
    seconds = 0.1
    rate = size / 1024 / seconds
    where = f"[InternalId={internal_id}, Hostname={host}]"
    return Reply(
        250, "2.6.0", f"{message_id} {where} {size} bytes in {seconds:.3f}, {rate:.3f} KB/sec Queued mail for delivery"
    )


# Refusals at the edge


def relay_denied(suffix: str) -> Reply:
    return Reply(550, "5.7.64", f"TenantAttribution; Relay Access Denied {suffix}")


def partner_refused(suffix: str) -> Reply:
    text = (
        "TenantInboundAttribution; There is a partner connector configured that matched the message's recipient domain. "
        "The connector had either the RestrictDomainsToIPAddresses or RestrictDomainsToCertificate set"
    )
    return Reply(550, "5.7.51", f"{text} {suffix}")


def direct_send(suffix: str) -> Reply:
    text = "TenantInboundAttribution; Direct Send not allowed for this organization from unauthorized sources"
    return Reply(550, "5.7.68", f"{text} {suffix}")


def blocked_connector(suffix: str) -> Reply:
    return Reply(550, "5.7.711", f"Access denied, bad inbound connector. AS(2204) {suffix}")


def access_denied(suffix: str) -> Reply:
    """Directory-based edge blocking."""
    text = "Recipient address rejected: Access denied. For more information see https://aka.ms/EXOSmtpErrors"
    return Reply(550, "5.4.1", f"{text} {suffix}")


def hop_count(suffix: str) -> Reply:
    return Reply(554, "5.4.14", f"Hop count exceeded - possible mail loop ATTR34 {suffix}")


def dmarc_rejected(domain: str, suffix: str) -> Reply:
    text = (
        f"Access denied, sending domain [{domain}] does not pass DMARC verification and has a DMARC policy of reject."
    )
    return Reply(550, "5.7.509", f"{text} {suffix}")


def no_valid_from(suffix: str) -> Reply:
    text = "Access denied, message must be RFC 5322 section 3.6.2 compliant and include a valid From address"
    return Reply(550, "5.7.512", f"{text} {suffix}")


def several_authors(suffix: str) -> Reply:
    return Reply(550, "5.1.20", f"Multiple From addresses are not allowed without Sender address {suffix}")


def invalid_characters(suffix: str) -> Reply:
    return Reply(550, "5.6.11", f"Invalid characters {suffix}")


def ip_blocked(address: str, suffix: str) -> Reply:
    text = f"Service unavailable, Client host [{address}] blocked by recipient domain using Customer Block list (AS16012607)"
    return Reply(550, "5.7.513", f"{text} {suffix}")


def too_large() -> Reply:
    return Reply(552, "5.3.4", "Message size exceeds fixed maximum message size")


def header_too_large() -> Reply:
    return Reply(552, "5.3.4", "header size exceeds fixed maximum size")


# Submission


def not_authenticated(suffix: str) -> Reply:
    return Reply(530, "5.7.57", f"Client not authenticated to send mail {suffix}")


def cannot_send_as(suffix: str) -> Reply:
    return Reply(550, "5.7.60", f"SMTP; Client does not have permissions to send as this sender {suffix}")


def login_failed(suffix: str) -> Reply:
    return Reply(535, "5.7.3", f"Authentication unsuccessful {suffix}")


def login_disabled(whose: str, suffix: str) -> Reply:
    """`whose` is Tenant or Mailbox."""
    return Reply(
        535, "5.7.139", f"Authentication unsuccessful, SmtpClientAuthentication is disabled for the {whose}. {suffix}"
    )


def login_not_here() -> Reply:
    # inferred: Exchange's standard answer to AUTH where it is not announced.
    return Reply(504, "5.7.4", "Unrecognized authentication type")


# The directory


def unknown_recipient(address: Address) -> Reply:
    text = f"RESOLVER.ADR.RecipientNotFound; Recipient {address} not found by SMTP address lookup"
    return Reply(550, "5.1.10", text)


def external_forwarding() -> Reply:
    text = (
        "Access denied, Your organization does not allow external forwarding. "
        "Please contact your administrator for further assistance. AS(7550)"
    )
    return Reply(550, "5.7.520", text)


# Mail flow rules

REJECTED_BY_RULE = "Delivery not authorized, message refused"
"""The text of a rule that gives none (CMD New-TransportRule)."""


def rejected_by_rule(code: str, reason: str) -> Reply:
    """inferred: reports have the first sentence as status and the rule's own text among the words for people."""
    text = "TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy"
    return Reply(550, code, f"{text}; {' '.join(reason.split()) or REJECTED_BY_RULE}")


def rules_loop() -> Reply:
    text = "TRANSPORT.RULES.RejectMessage; Transport rules loop count exceeded and message rejected"
    return Reply(550, "5.7.128", text)


# Waiting


def last_attempt(host: str, address: str, security: str = "-1;-1") -> str:
    """Which server was tried last. `security` is the service's note on DANE and MTA-STS: neither was looked at."""
    if not address:
        return f"[LastAttemptedServerName={host}]"
    return f"[LastAttemptedServerName={host}] [LastAttemptedIP={address}:25] [SmtpSecurity={security}]"


def dns_failed(message: str, tail: str) -> Reply:
    return Reply(450, "4.4.312", f"DNS query failed [Message={message}] {tail}")


def connection_timed_out(tail: str) -> Reply:
    return Reply(450, "4.4.315", f"Connection timed out {tail}")


def connection_refused(tail: str) -> Reply:
    return Reply(450, "4.4.316", f"Connection refused [Message=Socket error code 10061] {tail}")


def cannot_connect(message: str, tail: str) -> Reply:
    return Reply(450, "4.4.317", f"Cannot connect to remote server [Message={message}] {tail}")


def closed_abruptly(tail: str) -> Reply:
    return Reply(450, "4.4.318", f"Connection was closed abruptly {tail}")


def certificate_failed(tail: str) -> Reply:
    return Reply(450, "4.7.320", f"Certificate validation failed {tail}")


_LOST = {
    "4.4.397": "Error communicating with target host.",
    "4.4.400": "Error communicating with frontend host or destination host.",
}


def connection_lost(code: str, tail: str) -> Reply:
    """A connection that broke off in the middle."""
    if code not in _LOST:
        return closed_abruptly(tail)
    return Reply(451, code, f"{_LOST[code]} -> 421 4.4.2 Connection dropped due to SocketError {tail}")


def subject_mismatch(expected: str, presented: str, thumbprint: str) -> str:
    return f"SubjectMismatch Expected Subject: {expected}. Presented Subject: CN={presented} Thumbprint: {thumbprint}"


# Given up


def no_such_domain(domain: str) -> Reply:
    return Reply(550, "5.4.310", f"DNS domain {domain} does not exist [Message=InfoDomainNonexistent]")


def null_mx(domain: str) -> Reply:
    # inferred: code of RFC 7505; what the service says is in no source.
    return Reply(556, "5.1.10", f"The domain {domain} does not accept mail (null MX)")


_EXPIRED = {
    "4.4.312": ("5.4.312", "DNS query failed"),
    "4.4.316": ("5.4.316", "connection refused"),
    "4.4.317": ("5.4.317", "cannot connect to remote server"),
}


def expired(last: Reply, code: str = "5.4.300") -> Reply:
    """The lifetime is over; `last` is what the queue showed until then. `code` is that of mail with no reason of its own."""
    if (own := given_up(last)) is not None:
        return own
    if last.enhanced not in _EXPIRED and code == "4.4.7":
        return Reply(550, code, "QUEUE.Expired; message expired")
    if last.enhanced not in _EXPIRED:
        return Reply(550, "5.4.300", f"Message expired -> {last}")
    code, words = _EXPIRED[last.enhanced]
    _, bracket, detail = last.text.partition("[Message=")
    return Reply(550, code, f"Message expired, {words}({_bracketed(detail) if bracket else last.text})")


def _bracketed(text: str) -> str:
    """What stands before the bracket that closes; brackets inside belong to it."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "[") - (character == "]")
        if depth < 0:
            return text[:position]
    return text


def wrapped(code: str, summary: str, remote: Reply) -> Reply:
    """A refusal of another server: the service's own code and summary, and the reply as it was."""
    return Reply(550, code, f"{summary} -> {remote}")
