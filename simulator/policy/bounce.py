"""Whether a sender may be told, and the report as a message (RFC 3461, RFC 3464).

A report goes to the envelope sender with the null sender, so that reports never answer reports (RFC 5321 4.5.5). It is a
multipart/report of three parts: words for people, fields for programs, and the message it is about or its header.

| the third part | when |
| --- | --- |
| message/rfc822 | RET=FULL, a failure, no more than 10 MB, lines as mail has them |
| text/rfc822-headers | otherwise (RFC 3461 4.3: a report of anything but a failure gives back the header alone) |
| message/global, message/global-headers | the same where the message came with SMTPUTF8 (RFC 6533) |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from simulator.mail.address import Address, sender_text
from simulator.mail.envelope import Parameters
from simulator.mail.message import Message, rfc5322_date
from simulator.mail.mime import encoded
from simulator.mail.notify import FAILURE, is_wanted, original_recipient, unxtext
from simulator.mail.reply import Reply
from simulator.policy.decision import Candidate, Step
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.rules import rule

__all__ = [
    "FULL_LIMIT", "NO_REPORT", "Failure", "asked_for", "header_lines", "may_report", "plain_report", "report_message", "silence",
    "status_of", "unreported",
]  # fmt: skip

_TEST = "tests/policy/test_bounce.py"
NO_REPORT = rule(
    "REPORT-NEVER", "No report for the null sender, nor where NOTIFY leaves failures out", fidelity="documented",
    source="RFC 5321 4.5.5, RFC 3461 4.1", test=_TEST,
)  # fmt: skip
RETURNS = rule(
    "REPORT-RET", "A report of failure gives back the whole message where RET=FULL asks for it and it is not large, else its header",
    fidelity="documented", source="RFC 3461 4.3 and 6.2; 10 MB: CMD Set-TransportConfig ExternalDsnMaxMessageAttachSize", test=_TEST,
)  # fmt: skip
UTF8 = rule(
    "REPORT-UTF8", "A report about mail that needed SMTPUTF8 has the types message/global and message/global-delivery-status",
    fidelity="documented", source="RFC 6533 4", test=_TEST,
)  # fmt: skip

_SILENT = {
    "double-bounce": "a report that cannot be delivered is dropped: no report about a report",
    "null-sender": "the null sender gets no report",
    "not-wanted": "the sender asked for no report of failure",
}

FULL_LIMIT = 10 * 2**20
"""Octets of the largest message that comes back whole."""

_HEADER_LIMIT = 2**18  # octets of a header that comes back; a larger one is cut between fields
_LONGEST_LINE = 998  # RFC 5322 2.1.1


def asked_for(held: Held, recipient: Address) -> Parameters:
    """What the sender asked of reports about a recipient, or about the address that it stands for."""
    told = held.recipient_parameters
    return told.get(recipient) or (told.get(held.original) if held.original else None) or {}


def unreported(held: Held, recipient: Address, about: str = FAILURE) -> str:
    """Why the sender is not told, as a slug; empty where the sender may be told."""
    if held.generated:
        return "double-bounce"
    if held.sender is None:
        return "null-sender"
    return "" if is_wanted(asked_for(held, recipient), about) else "not-wanted"


def silence(held: Held, recipient: Address) -> Step:
    """Why the sender is not told of a failure, for the log: nobody hears of a double bounce in any other way."""
    slug = unreported(held, recipient)
    notify = asked_for(held, recipient).get("NOTIFY") or ""
    candidates = (
        Candidate("sender", held.sender is not None, "<>" if held.sender is None else "address", f"the sender is {sender_text(held.sender)}"),
        Candidate("report", not held.generated, "a-report" if held.generated else "mail", "the message is a report of this host"
                  if held.generated else "the message is no report of this host"),
        Candidate("NOTIFY", is_wanted({"NOTIFY": notify}, FAILURE), "notify", f"NOTIFY is {notify or 'not given'}"),
    )  # fmt: skip
    return Step("REPORT", NO_REPORT, slug, _SILENT[slug], candidates)


def may_report(held: Held, recipient: Address, about: str = FAILURE) -> bool:
    """Whether the sender is to be told that this recipient failed, or with DELAY that it has to wait."""
    return not unreported(held, recipient, about)


def status_of(reply: Reply) -> str:
    """The Status field for a reply: its enhanced code, or the class alone where it has none (RFC 3463 3)."""
    return reply.enhanced or f"{'4' if reply.transient else '2' if reply.ok else '5'}.0.0"


@dataclass(frozen=True, slots=True)
class Failure:
    """What a report tells of one recipient."""

    recipient: Address
    reply: Reply  # the report's Status and, without `remote`, its Diagnostic-Code
    remote: Reply | None = None
    remote_host: str = ""
    until: datetime | None = None  # not failed but delayed: how long it will be tried
    succeeded: str = ""  # neither: delivered, relayed or expanded

    @property
    def action(self) -> str:
        """RFC 3464 2.3.3."""
        return self.succeeded or ("delayed" if self.until else "failed")


def report_message(
    held: Held, failure: Failure, *, fqdn: str, author: str, subject: str, lines: Sequence[str], at: Moment,
    headers: Sequence[tuple[str, str]] = (), received_from: str = "",
) -> Message:  # fmt: skip
    """The report that host `fqdn` writes; `author` is its From, `lines` what people read, `headers` are its own.

    `received_from` is who handed the message in, for hosts that tell it (RFC 3464 2.2.4).
    """
    utf8 = _needs_utf8(held, failure)
    mark = _mark(at)
    kind, back = _returned(held, failure, utf8)
    form = "global-delivery-status" if utf8 else "delivery-status"
    fields = _text(_fields(held, failure, fqdn, received_from, at.now))
    parts = [
        ("text/plain; charset=utf-8", [_text(lines).encode()]),
        (f"message/{form}", [fields.encode("utf-8" if utf8 else "ascii", "replace")]),
        (kind, back),
    ]
    boundary = f"=_report_{mark}"
    while any(boundary.encode() in piece for _, pieces in parts for piece in pieces):
        boundary += "_"
    out: list[bytes] = []
    for content_type, pieces in parts:
        plain = all(piece.isascii() for piece in pieces)
        encoding = "" if plain else "Content-Transfer-Encoding: 8bit\r\n"
        out += [f"\r\n--{boundary}\r\nContent-Type: {content_type}\r\n{encoding}\r\n".encode(), *pieces]
    out.append(f"\r\n--{boundary}--\r\n".encode())
    of_parts = ("Content-Type", f'multipart/report; report-type=delivery-status; boundary="{boundary}"')
    head = _head(held, fqdn, author, subject, at, mark, [*headers, ("MIME-Version", "1.0"), of_parts])
    return Message(head.fields, b"".join(out))


def plain_report(
    held: Held, *, fqdn: str, author: str, subject: str, lines: Sequence[str], at: Moment
) -> Message:  # fmt: skip
    """The report of a host that writes for people alone: its words and the header of the message, in plain text."""
    more = [("MIME-Version", "1.0"), ("Content-Type", "text/plain; charset=utf-8")]
    text = _text([*lines, *header_lines(held.message)]).encode()
    if not text.isascii():
        more.append(("Content-Transfer-Encoding", "8bit"))
    return Message(_head(held, fqdn, author, subject, at, _mark(at), more).fields, b"\r\n" + text)


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\r\n" for line in lines)


def _mark(at: Moment) -> str:
    """What tells the reports of one host apart."""
    return f"{at.now:%Y%m%d%H%M%S}.{at.turn('reports') + 1}"


def _head(
    held: Held, fqdn: str, author: str, subject: str, at: Moment, mark: str, more: Sequence[tuple[str, str]]
) -> Message:  # fmt: skip
    about = held.message.get("Message-ID")
    return Message((), b"").topped(
        ("From", author),
        ("To", f"<{held.sender}>"),
        ("Subject", encoded(_clean(subject))),
        ("Date", rfc5322_date(at.now)),
        ("Message-ID", f"<report.{mark}@{fqdn}>"),
        *([("In-Reply-To", _clean(about))] if about else []),
        ("Auto-Submitted", "auto-replied"),  # RFC 3834 5
        *more,
    )


def _clean(text: str) -> str:
    """Text for one line of a header."""
    return "".join(" " if c < " " or c == "\x7f" else c for c in text)


def _needs_utf8(held: Held, failure: Failure) -> bool:
    addresses = f"{held.sender}{failure.recipient}{held.original or ''}"
    return "SMTPUTF8" in held.parameters or not addresses.isascii()


def _returned(held: Held, failure: Failure, utf8: bool) -> tuple[str, list[bytes]]:
    """The third part: its type, and its octets in pieces, so that a large message is copied once."""
    message = held.message
    wanted = (held.parameters.get("RET") or "").upper() == "FULL" and failure.action == "failed"
    if wanted and message.size <= FULL_LIMIT and held.parameters.get("BODY", "") != "BINARYMIME":
        pieces = [raw for _, raw in message.fields] + [message.rest]
        if all(map(_is_plain, pieces)):
            return "message/global" if utf8 else "message/rfc822", pieces
    return (
        "message/global-headers" if utf8 else "text/rfc822-headers",
        [_text(header_lines(message)).encode("utf-8" if utf8 else "ascii", "replace")],
    )


def _is_plain(octets: bytes) -> bool:
    """Whether these are lines as mail has them: CRLF and nothing like it, not too long, no NUL (RFC 5322 2.1, 2.3)."""
    ends = octets.count(b"\r\n")
    if b"\x00" in octets or not ends == octets.count(b"\r") == octets.count(b"\n"):
        return False
    begin = 0
    while begin < len(octets):
        end = octets.find(b"\r\n", begin)
        end = len(octets) if end < 0 else end
        if end - begin > _LONGEST_LINE:
            return False
        begin = end + 2
    return True


def _fields(held: Held, failure: Failure, fqdn: str, received_from: str, now: datetime) -> list[str]:
    """RFC 3464 2.2 and 2.3: per message, then per recipient."""
    envelope_id = held.parameters.get("ENVID")
    orcpt = asked_for(held, failure.recipient).get("ORCPT")
    original = original_recipient(orcpt) if orcpt else _typed(held.original) if held.original else ""
    quoted = failure.remote or (failure.reply if not failure.succeeded else None)
    fields = [
        f"Reporting-MTA: dns; {fqdn}",
        f"Received-From-MTA: dns; {received_from}" if received_from else "",
        f"Original-Envelope-Id: {unxtext(envelope_id)}" if envelope_id else "",
        f"Arrival-Date: {rfc5322_date(held.arrived)}",
        "\n",
        f"Original-Recipient: {original}" if original else "",
        f"Final-Recipient: {_typed(failure.recipient).replace(';', '; ', 1)}",
        f"Action: {failure.action}",
        f"Status: {status_of(failure.reply)}",
        f"Remote-MTA: dns; {failure.remote_host}" if failure.remote and failure.remote_host else "",
        f"Diagnostic-Code: smtp; {quoted}" if quoted else "",
        f"Last-Attempt-Date: {rfc5322_date(now)}" if failure.remote_host or failure.until else "",
        f"Will-Retry-Until: {rfc5322_date(failure.until)}" if failure.until else "",
    ]
    return ["" if field == "\n" else _clean(field) for field in fields if field]


def _typed(address: Address) -> str:
    """An address with its type (RFC 3464 2.3.2, RFC 6533 3)."""
    text = str(address)
    return f"{'rfc822' if text.isascii() else 'utf-8'};{text}"


def header_lines(message: Message) -> list[str]:
    """The header of a message, line by line, as far as a report gives it back."""
    raw, octets = [], 0
    for _, field in message.fields:
        octets += len(field)
        if octets > _HEADER_LIMIT:
            break
        raw.append(field)
    text = b"".join(raw).replace(b"\x00", b"?").decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
