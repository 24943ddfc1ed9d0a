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

# A field with the lines that continue it. A line of nothing but blanks is none of them (RFC 5322 3.2.2).
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:[^\n]*\n?(?:[ \t](?=[^\n]*\S)[^\n]*\n?)*", re.A)
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def rfc5322_date(when: datetime) -> str:
    """RFC 5322 3.3 in English whatever the locale; `when` must be UTC."""
    clock = f"{when.hour:02}:{when.minute:02}:{when.second:02}"
    return f"{_DAYS[when.weekday()]}, {when.day} {_MONTHS[when.month - 1]} {when.year} {clock} +0000"


@dataclass(frozen=True)
class Message:
    """Header fields as raw octets (name, whole field with its line end) and the rest of the message."""

    fields: tuple[tuple[str, bytes], ...]
    rest: bytes  # the empty line and the body

    @classmethod
    def parse(cls, content: bytes) -> Message:
        """Reads fields until the first line that is neither field nor continuation."""
        fields: list[tuple[str, bytes]] = []
        position = 0
        while match := _FIELD.match(content, position):
            fields.append((match[1].decode("ascii"), match[0]))
            position = match.end()
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
        wanted = name.lower()
        return next((_value(raw) for found, raw in self.fields if found.lower() == wanted), None)

    def prepend(self, name: str, value: str) -> Message:
        """With a trace field on top; a line end in `value` becomes a fold."""
        return Message(((name, _field(name, value)), *self.fields), self.rest)

    def replaced(self, name: str, value: str) -> Message:
        """With exactly one field of that name, where the first one stood or else on top."""
        wanted, new = name.lower(), (name, _field(name, value))
        for where, (found, _) in enumerate(self.fields):
            if found.lower() == wanted:
                after = (f for f in self.fields[where + 1 :] if f[0].lower() != wanted)
                return Message((*self.fields[:where], new, *after), self.rest)
        return Message((new, *self.fields), self.rest)

    def without(self, unwanted: Callable[[str], bool]) -> Message:
        """Without the fields whose lower-case name `unwanted` picks."""
        return Message(tuple(f for f in self.fields if not unwanted(f[0].lower())), self.rest)

    @property
    def received_count(self) -> int:
        """The number of Received fields: what hop limits count (RFC 5321 6.3)."""
        return [name.lower() for name, _ in self.fields].count("received")


def _field(name: str, value: str) -> bytes:
    # An empty line would end the header: only lines with something on them are kept.
    lines = [part for line in value.replace("\r", "\n").split("\n") if (part := line.strip())]
    return (f"{name}: " + "\r\n ".join(lines) + "\r\n").encode()


def _value(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace").partition(":")[2]
    return _FOLD.sub("", text).strip()
