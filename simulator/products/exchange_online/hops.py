"""The table of Message Hops in a non-delivery report, read from the Received fields, the first hop first.

    HOP  TIME (UTC)            FROM             TO               WITH  RELAY TIME
    1    1/15/2026 9:00:00 AM  pc.example       mx.contoso.com   SMTP  *
    2    1/15/2026 9:00:02 AM  mx.contoso.com   BN8NAM11FT058.…  SMTP  2 sec

Times are as the service prints them, in UTC; the relay time is the span since the hop before, `*` where it is not known.
What a field does not say stays empty, so a field of any form has its row (captured reports).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from simulator.mail.message import Message
from simulator.value import value

__all__ = ["hop_rows", "hop_time", "printed_time"]

_HEADINGS = ("HOP", "TIME (UTC)", "FROM", "TO", "WITH", "RELAY TIME")
_CLAUSE = re.compile(r"(?:^|\s)(from|by)\s+([^\s;()]+)|\s(with)\s+(.+?)\s*(?=\s(?:id|for|via)\s|$)", re.I)
_COMMENT = re.compile(r"\([^()]*\)")
_DATE = re.compile(r"(\d{1,2})\s+([A-Z][a-z]{2})\s+(\d{4})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([+-])?(\d{2})?(\d{2})?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@value
class _Hop:
    """What one Received field tells."""

    came_from: str
    by: str
    protocol: str
    at: datetime | None


def hop_rows(message: Message) -> list[str]:
    """The table, headings first, in columns."""
    rows = [_HEADINGS]
    before: datetime | None = None
    for number, field in enumerate(reversed(message.all("Received")), 1):
        hop = _read(field)
        time = printed_time(hop.at) if hop.at else ""
        rows.append((str(number), time, hop.came_from, hop.by, hop.protocol, _span(before, hop.at)))
        before = hop.at or before
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def hop_time(date: str) -> str:
    """A date of a header field as the service prints it; empty where it is none."""
    found = _moment(date)
    return printed_time(found) if found else ""


def printed_time(when: datetime) -> str:
    """`1/15/2026 9:00:00 AM`."""
    when = when.astimezone(UTC)
    hour = when.hour % 12 or 12
    return f"{when.month}/{when.day}/{when.year} {hour}:{when:%M:%S} {'AM' if when.hour < 12 else 'PM'}"


def _read(field: str) -> _Hop:
    trace, _, date = field.rpartition(";")
    told: dict[str, str] = {}
    for match in _CLAUSE.finditer(_COMMENT.sub(" ", trace or date)):
        told.setdefault((match[1] or match[3]).lower(), match[2] or match[4])
    return _Hop(told.get("from", ""), told.get("by", ""), told.get("with", ""), _moment(date) if trace else None)


def _moment(text: str) -> datetime | None:
    found = _DATE.search(text)
    if found is None or found[2] not in _MONTHS:
        return None
    day, month, year, hour, minute, second, sign, ahead, minutes = found.groups()
    try:
        local = datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC
        )
        offset = timedelta(hours=int(ahead or 0), minutes=int(minutes or 0))
        return local + offset if sign == "-" else local - offset
    except (ValueError, OverflowError):
        return None


def _span(before: datetime | None, now: datetime | None) -> str:
    if before is None or now is None:
        return "*"
    seconds = max(0, int((now - before).total_seconds()))
    return f"{seconds} sec" if seconds < 60 else f"{seconds // 60} min, {seconds % 60} sec"
