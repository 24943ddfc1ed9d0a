"""Reads a report about the fate of a message (RFC 3464, RFC 6533), whoever wrote it.

    multipart/report
      text/plain                 words for people                       -> words
      message/delivery-status    fields of the message, an empty line,
                                 fields of one recipient, ...           -> reporting_mta ... recipients
      message/rfc822, or
      text/rfc822-headers        the message, or its header             -> returned

Reports are written by all kinds of programs and may come from anybody, so reading never fails: what is missing is empty,
what is odd is taken as it stands, and a message that is no report is None. At most 1,000 recipients and 1 MB of fields are
read. Nothing in a report is believed; this tells what it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from simulator.mail.message import Message
from simulator.mail.mime import Part, content_type, parts
from simulator.value import value

__all__ = ["ACTIONS", "RecipientReport", "Report", "read_report"]

ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")
"""What may become of a recipient (RFC 3464 2.3.3)."""

_STATUS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = {
    "message/rfc822": "full", "message/global": "full", "text/rfc822-headers": "headers", "message/global-headers": "headers",
}  # fmt: skip
_MOST_RECIPIENTS, _MOST_OCTETS, _MOST_FIELDS = 1000, 2**20, 100

Fields = Mapping[str, str]


@value
class RecipientReport:
    """What a report says of one recipient. Addresses and hosts are without their types (`rfc822;`, `dns;`)."""

    final: str = ""
    original: str = ""
    action: str = ""  # in lower case; "" or a word of its own where the report has no good one
    status: str = ""  # 5.1.1, without comments
    remote_mta: str = ""
    diagnostic: str = ""
    last_attempt: str = ""
    retry_until: str = ""
    fields: Fields = field(default_factory=dict)  # all of them, names in lower case


@value
class Report:
    """What a report says."""

    reporting_mta: str = ""
    envelope_id: str = ""
    arrival: str = ""
    received_from: str = ""
    recipients: tuple[RecipientReport, ...] = ()
    words: str = ""  # for people
    returned: str = ""  # how much of the message came back: full, headers or ""
    fields: Fields = field(default_factory=dict)


def read_report(message: Message) -> Report | None:
    """What a message reports, None where it is no report of deliveries."""
    if not content_type(message.get("Content-Type") or "").name.startswith("multipart/"):
        return None
    found = parts(message)
    status = next((part for part in found if part.type in _STATUS), None)
    if status is None:
        return None
    blocks = _blocks(_text(status))
    about = next(blocks, {})
    recipients = [_recipient(block) for block, _ in zip(blocks, range(_MOST_RECIPIENTS), strict=False)]
    if not recipients and "final-recipient" in about:  # the empty line between the two was forgotten
        recipients = [_recipient(about)]
    return Report(
        _untyped(about.get("reporting-mta", "")), about.get("original-envelope-id", ""), about.get("arrival-date", ""),
        _untyped(about.get("received-from-mta", "")), tuple(recipients), _words(found),
        next((_RETURNED[part.type] for part in found if part.type in _RETURNED), ""), about,
    )  # fmt: skip


def _words(found: Iterable[Part]) -> str:
    part = next((part for part in found if part.type in ("text/plain", "text/html")), None)
    return part.text.replace("\r\n", "\n").strip() if part else ""


def _text(part: Part) -> str:
    return part.content[:_MOST_OCTETS].decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


def _blocks(text: str) -> Iterator[dict[str, str]]:
    """Groups of fields with empty lines between them; names in lower case, continued lines joined, the first one counts."""
    block: dict[str, list[str]] = {}
    name = ""
    for line in text.split("\n"):
        if not line.strip():
            if block:
                yield {field: " ".join(lines) for field, lines in block.items()}
            block, name = {}, ""
        elif line[0] in " \t":
            if name:
                block[name].append(line.strip())
        else:
            name, colon, said = line.partition(":")
            name = name.strip().lower()
            if not colon or name in block or len(block) >= _MOST_FIELDS:
                name = ""
            else:
                block[name] = [said.strip()]
    if block:
        yield {field: " ".join(lines) for field, lines in block.items()}


def _recipient(block: Fields) -> RecipientReport:
    def said(name: str) -> str:
        return block.get(name, "")

    return RecipientReport(
        _address(said("final-recipient")), _address(said("original-recipient")), _first_word(said("action")).lower(),
        _first_word(said("status")), _untyped(said("remote-mta")), _untyped(said("diagnostic-code")),
        said("last-attempt-date"), said("will-retry-until"), block,
    )  # fmt: skip


def _untyped(text: str) -> str:
    """What stands behind `dns;`, `rfc822;`, `smtp;`."""
    kind, semicolon, rest = text.partition(";")
    return rest.strip() if semicolon and " " not in kind.strip() else text.strip()


def _address(text: str) -> str:
    return _untyped(text).removeprefix("<").removesuffix(">")


def _first_word(text: str) -> str:
    """Without a comment behind it: `5.1.1 (unknown)`, `failed (bounced)`."""
    return next(iter(text.replace("(", " (").split()), "").strip(";")
