"""Whether a failure may be reported to the sender, and the report as a message (RFC 3461, RFC 3464).

A report goes to the envelope sender with the null sender, so that reports never answer reports (RFC 5321 4.5.5). It is a
multipart/report of three parts: words for people, fields for programs, and the header of the message it is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from simulator.mail.address import Address
from simulator.mail.message import Message, rfc5322_date
from simulator.mail.reply import Reply
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.rules import rule

__all__ = ["NO_REPORT", "Failure", "header_lines", "may_report", "report_message", "status_of"]

NO_REPORT = rule(
    "REPORT-NEVER", "No report for the null sender, nor where NOTIFY leaves failures out", fidelity="documented",
    source="RFC 5321 4.5.5, RFC 3461 4.1", test="tests/policy/test_bounce.py",
)  # fmt: skip


def may_report(held: Held, recipient: Address, about: str = "FAILURE") -> bool:
    """Whether the sender is to be told that this recipient failed, or with DELAY that it has to wait."""
    if held.sender is None or held.generated:
        return False
    told = held.recipient_parameters
    asked = told.get(recipient) or (told.get(held.original) if held.original else None) or {}
    notify = (asked.get("NOTIFY") or "FAILURE,DELAY").upper().split(",")
    return about in notify


def status_of(reply: Reply) -> str:
    """The Status field for a reply: its enhanced code, or the class alone where it has none (RFC 3463 3)."""
    return reply.enhanced or f"{'4' if reply.transient else '5'}.0.0"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a report tells of one recipient."""

    recipient: Address
    reply: Reply  # the report's Status and, without `remote`, its Diagnostic-Code
    remote: Reply | None = None
    remote_host: str = ""
    until: datetime | None = None  # not failed but delayed: how long it will be tried


def report_message(
    held: Held, failure: Failure, *, fqdn: str, author: str, subject: str, lines: Sequence[str], at: Moment,
    headers: Sequence[tuple[str, str]] = (), received_from: str = "",
) -> Message:  # fmt: skip
    """The report that host `fqdn` writes; `author` is its From, `lines` what people read, `headers` are its own.

    `received_from` is who handed the message in, for hosts that tell it (RFC 3464 2.2.4).
    """
    number = at.turn("reports") + 1
    mark = f"{at.now:%Y%m%d%H%M%S}.{number}"
    boundary = f"=_report_{mark}"
    head = [
        ("From", author),
        ("To", f"<{held.sender}>"),
        ("Subject", subject),
        ("Date", rfc5322_date(at.now)),
        ("Message-ID", f"<report.{mark}@{fqdn}>"),
        ("Auto-Submitted", "auto-replied"),  # RFC 3834 5
        *headers,
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/report; report-type=delivery-status; boundary="{boundary}"'),
    ]
    if about := held.message.get("Message-ID"):
        head.insert(5, ("In-Reply-To", about))
    parts = [
        ("text/plain; charset=utf-8", [*lines]),
        ("message/delivery-status", _fields(held, failure, fqdn, received_from)),
        ("text/rfc822-headers", header_lines(held.message)),
    ]
    out = [f"{name}: {value}" for name, value in head]
    for kind, text in parts:
        out += ["", f"--{boundary}", f"Content-Type: {kind}", "", *text]
    out += ["", f"--{boundary}--", ""]
    return Message.parse("\r\n".join(out).encode())


def _fields(held: Held, failure: Failure, fqdn: str, received_from: str) -> list[str]:
    """RFC 3464 2.2 and 2.3: per message, then per recipient."""
    quoted = failure.remote or failure.reply
    envelope_id = held.parameters.get("ENVID")
    asked = held.recipient_parameters.get(failure.recipient, {}).get("ORCPT")
    original = asked or (f"rfc822;{held.original}" if held.original else "")
    return [
        f"Reporting-MTA: dns; {fqdn}",
        *([f"Received-From-MTA: dns; {received_from}"] if received_from else []),
        *([f"Original-Envelope-Id: {envelope_id}"] if envelope_id else []),
        f"Arrival-Date: {rfc5322_date(held.arrived)}",
        "",
        *([f"Original-Recipient: {original}"] if original else []),
        f"Final-Recipient: rfc822; {failure.recipient}",
        f"Action: {'delayed' if failure.until else 'failed'}",
        f"Status: {status_of(failure.reply)}",
        *([f"Remote-MTA: dns; {failure.remote_host}"] if failure.remote and failure.remote_host else []),
        f"Diagnostic-Code: smtp; {quoted}",
        *([f"Will-Retry-Until: {rfc5322_date(failure.until)}"] if failure.until else []),
    ]


def header_lines(message: Message) -> list[str]:
    """The header of a message, line by line."""
    raw = b"".join(raw for _, raw in message.fields).decode("utf-8", "replace")
    return raw.replace("\r\n", "\n").removesuffix("\n").split("\n")
