"""A message as octets with a header that can be read and stamped without touching the rest.

Parsing never fails: bytes that are not mail are a message without header. Nothing is re-encoded, so a
message that is only passed on leaves with the octets it came with (RFC 5321 3.7.2) plus what was prepended.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

__all__ = ["Message", "rfc5322_date"]

_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:", re.A)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def rfc5322_date(when: datetime) -> str:
    """RFC 5322 3.3 in English whatever the locale; `when` must be UTC."""
    return f"{_DAYS[when.weekday()]}, {when.day} {_MONTHS[when.month - 1]} {when.year} {when:%H:%M:%S} +0000"


@dataclass(frozen=True)
class Message:
    """Header fields as raw octets (name, whole field with its line end) and the rest of the message."""

    fields: tuple[tuple[str, bytes], ...]
    rest: bytes  # the empty line and the body

    @classmethod
    def parse(cls, content: bytes) -> Message:
        """Reads fields until the first line that is neither field nor continuation."""
        fields: list[tuple[str, bytes]] = []
        position, size = 0, len(content)
        while position < size:
            end = content.find(b"\n", position) + 1 or size
            line = content[position:end]
            if line[:1] in b" \t" and fields and line.strip():
                name, raw = fields[-1]
                fields[-1] = (name, raw + line)
            elif match := _NAME.match(line):
                fields.append((match[1].decode("ascii"), line))
            else:
                break
            position = end
        return cls(tuple(fields), content[position:])

    @cached_property
    def content(self) -> bytes:
        """The octets to send."""
        return b"".join(raw for _, raw in self.fields) + self.rest

    @property
    def size(self) -> int:
        """Octets as RFC 1870 counts them."""
        return len(self.content)

    def all(self, name: str) -> list[str]:
        """The unfolded values of every field of that name, topmost first."""
        wanted = name.lower()
        return [_value(raw) for found, raw in self.fields if found.lower() == wanted]

    def get(self, name: str) -> str | None:
        """The topmost value, or None."""
        return next(iter(self.all(name)), None)

    def prepend(self, name: str, value: str) -> Message:
        """With a trace field on top; a line end in `value` becomes a fold."""
        return Message(((name, _field(name, value)), *self.fields), self.rest)

    def replaced(self, name: str, value: str) -> Message:
        """With exactly one field of that name, where the first one stood or else on top."""
        wanted = name.lower()
        where = next((i for i, (n, _) in enumerate(self.fields) if n.lower() == wanted), 0)
        kept = [(i, f) for i, f in enumerate(self.fields) if f[0].lower() != wanted]
        before = tuple(f for i, f in kept if i < where)
        after = tuple(f for i, f in kept if i >= where)
        return Message((*before, (name, _field(name, value)), *after), self.rest)

    def without(self, unwanted: Callable[[str], bool]) -> Message:
        """Without the fields whose lower-case name `unwanted` picks."""
        return Message(tuple(f for f in self.fields if not unwanted(f[0].lower())), self.rest)

    @property
    def received_count(self) -> int:
        """The number of Received fields: what hop limits count (RFC 5321 6.3)."""
        return sum(1 for name, _ in self.fields if name.lower() == "received")


def _field(name: str, value: str) -> bytes:
    # An empty line would end the header: only lines with something on them are kept.
    lines = [part for part in (line.strip() for line in re.split(r"[\r\n]+", value)) if part]
    return (f"{name}: " + "\r\n ".join(lines) + "\r\n").encode()


def _value(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace").partition(":")[2]
    return re.sub(r"\r?\n(?=[ \t])", "", text).strip()
