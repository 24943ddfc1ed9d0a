"""Received fields read, whoever wrote them: from whom, by whom, with what, when (RFC 5321 4.4, and what is found in the wild).

    from HELO (NAME [ADDRESS]) by HOST (comment) with ESMTPS (version=TLS1_3, cipher=...) id ID for <rcpt>; date

Nothing here fails: what a line does not say is empty. Names and dates are what the writing host claims, and a line below
the first host that one trusts may be forged.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address

from simulator.mail.message import Message
from simulator.value import value

__all__ = ["Received", "embedded_header", "read_date", "received_lines", "the_header"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(
    r"(\d{1,2})[ -]([A-Za-z]{3})[a-z]*[ -](\d{4}|\d{2})\s+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?\s*([+-]\d{4})?"
)
_FROM = re.compile(r"^\s*from\s+(\S{1,300})(.*?)(?=\sby\s|\Z)", re.I | re.S)
_BY = re.compile(r"(?:^|\s)by\s+([^\s;]{1,300})", re.I)
_WITH = re.compile(r"\swith\s+([^\s;]+)", re.I)
_FOR = re.compile(r"\sfor\s+<?([^\s<>;]{1,320})>?", re.I)
_TLS = re.compile(r"\bTLS[ v]?1[._]([0-3])\b|\bversion=TLS1_([0-3])\b|\bTLSv1(?:[.]([0-3]))?\b", re.I)
_ADDRESS = re.compile(r"(?:IPv6:)?([0-9A-Fa-f:.]{3,45})(?:%\w+)?")
_HEADER_PART = re.compile(
    rb"^content-type:[ \t]*(?:message/rfc822|text/rfc822-headers)\b.*?\r?\n\r?\n", re.I | re.M | re.S
)
_MOST = 500  # lines that are read of one message


@value
class Received:
    """One field, unfolded. `name` is what the writing host found for the address."""

    line: str
    helo: str = ""
    name: str = ""
    address: str = ""
    by: str = ""
    protocol: str = ""
    tls: str = ""  # "TLS 1.3"; "TLS" where the version is not said
    rcpt: str = ""
    when: datetime | None = None


def received_lines(message: Message) -> tuple[Received, ...]:
    """In the order in which the message travelled: the oldest, which stands at the bottom, first."""
    return tuple(_read(line) for line in reversed(message.all("Received")[:_MOST]))


def the_header(octets: bytes) -> Message:
    """The message in octets as they are found: of a mailbox file, pasted, in UTF-16, with any line ends."""
    if octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
        octets = octets.decode("utf-16", "replace").encode("utf-8", "replace")
    octets = octets.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n \t")
    if octets[:5] in (b"From ", b">From"):
        octets = octets.partition(b"\n")[2]
    return Message.parse(octets.replace(b"\n", b"\r\n"))


def embedded_header(message: Message) -> Message | None:
    """The header of the message that a report is about, where it brings it."""
    kind = (message.get("Content-Type") or "").casefold()
    if not kind.startswith("multipart/report"):
        return None
    found = _HEADER_PART.search(message.rest)
    inner = Message.parse(message.rest[found.end() :]) if found else None
    return inner if inner and inner.fields else None


def read_date(text: str) -> datetime | None:
    """The time in a header's date, None where there is none."""
    match = _DATE.search(text)
    if match is None or match[2].casefold() not in _MONTHS:
        return None
    year = int(match[3]) + (2000 if len(match[3]) == 2 else 0)
    zone = UTC
    if match[8]:
        minutes = int(match[8][1:3]) * 60 + int(match[8][3:5])
        if minutes < 24 * 60:
            zone = timezone(timedelta(minutes=-minutes if match[8][0] == "-" else minutes))
    try:
        when = datetime(
            year, _MONTHS.index(match[2].casefold()) + 1, int(match[1]), int(match[4]), int(match[5]),
            min(int(match[6] or 0), 59), int((match[7] or "0").ljust(6, "0")), zone,
        )  # fmt: skip
        return when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _read(line: str) -> Received:
    body, _, date = line.rpartition(";")
    body = body or line
    sender, by = _FROM.search(body), _BY.search(body)
    helo, rest = (sender[1], sender[2]) if sender else ("", "")
    behind = body[by.end() :] if by else ""
    address = _address(rest) or _address(helo)
    names = re.findall(r"[\w-]+(?:\.[\w-]+)+", _ADDRESS.sub(" ", rest)) if rest else []
    protocol, rcpt = _WITH.search(behind), _FOR.search(behind)
    return Received(
        line, helo, next((n for n in names if not n.replace(".", "").isdigit()), ""), address, by[1] if by else "",
        protocol[1] if protocol else "", _tls(behind, protocol[1] if protocol else ""), rcpt[1] if rcpt else "",
        read_date(date),
    )  # fmt: skip


def _address(text: str) -> str:
    for match in _ADDRESS.finditer(text):
        try:
            return str(ip_address(match[1].rstrip(".:") if match[1].count(".") == 3 else match[1]))
        except ValueError:
            continue
    return ""


def _tls(text: str, protocol: str) -> str:
    match = _TLS.search(text)
    if match:
        return f"TLS 1.{next((g for g in match.groups() if g), '0')}"
    return "TLS" if protocol.upper().rstrip("A").endswith("SMTPS") or protocol.upper() == "HTTPS" else ""
