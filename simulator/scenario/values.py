"""Small values as mail engineers write them: spans of time, sizes, addresses; and where a word stands in a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from simulator.scenario.compare import seconds
from simulator.source import Node, Source

__all__ = ["duration", "ip", "moment", "part", "size", "words"]

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(|b|bytes|kb|mb|gb)\Z", re.I)
_FACTOR = {"": 1, "b": 1, "bytes": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
_LARGEST = 1024**3  # octets of a message: far above any limit that a host here has
_LONGEST = 10_000 * 86400  # seconds: what a certificate's validity may need, and no overflow of dates
_WORD = re.compile(r"\S+")


def duration(text: str) -> timedelta:
    """`10m`, `22h30m`, `60d`, `2w`, `1y`, `1.5s`; a bare number counts seconds. Raises `ValueError`."""
    found = seconds(text)
    if found is None:
        raise ValueError(f"{text!r} is not a span of time; write 30s, 10m, 22h30m or 60d")
    if found > _LONGEST:
        raise ValueError(f"{text!r} is longer than {_LONGEST // 86400} days")
    return timedelta(seconds=found)


def size(text: str) -> int:
    """A number of octets: `200KB`, `25 MB`, `4096`; KB is 1024, as mail administrators count. Raises `ValueError`."""
    found = _SIZE.match(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a size; write 200KB, 25MB or a number of bytes")
    octets = float(found[1]) * _FACTOR[found[2].lower()]
    if octets > _LARGEST:
        raise ValueError(f"{text!r} is larger than {_LARGEST // 1024**3}GB")
    return int(octets)


def ip(text: str) -> str:
    """An IPv4 or IPv6 address in its one canonical spelling. Raises `ValueError`."""
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        raise ValueError(f"{text!r} is not an IP address") from None


def moment(text: str) -> datetime:
    """A date, or date and time, in UTC unless it says otherwise. Raises `ValueError`."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is not a date; write 2026-03-02 or 2026-03-02T09:30") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def part(node: Node, start: int, width: int) -> Source:
    """Where the characters `start` to `start + width` of a scalar stand in the file."""
    at = node.text_at
    return Source(at.file, at.line, at.column + start, max(1, width)) if at else at


def words(node: Node) -> Iterator[tuple[str, Source]]:
    """The words of a scalar, each with its place."""
    for found in _WORD.finditer(node.text):
        yield found.group(), part(node, found.start(), len(found.group()))
