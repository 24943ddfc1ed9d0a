"""A message as octets with a header that can be read and stamped without touching the rest.

Parsing never fails: bytes that are not mail are a message without header. Nothing is re-encoded, so a
message that is only passed on leaves with the octets it came with (RFC 5321 3.7.2) plus what was prepended.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import compress

__all__ = ["Message", "rfc5322_date"]

# A field with the lines that continue it. A line of nothing but blanks is none of them (RFC 5322 3.2.2).
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:[^\n]*\n?(?:[ \t](?=[^\n]*\S)[^\n]*\n?)*", re.A)
_FOLD = re.compile(r"\r?\n(?=[ \t])")
_SHORT = 1024  # octets of a field that is remembered with its value
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(1024)
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

    @cached_property
    def size(self) -> int:
        """Octets as RFC 1870 counts them."""
        return sum([len(raw) for _, raw in self.fields]) + len(self.rest)

    def received(self) -> Message:
        """The message as a host reads it that gets these octets: `parse(self.content)`, without reading them again."""
        # Fields are read line by line and end where they ended before, unless the rest could be taken for more of them.
        if self.rest[:1] in (b" ", b"\t") or _FIELD.match(self.rest):
            return Message.parse(self.content)
        return self

    @cached_property
    def _names(self) -> list[str]:
        """The fields' names in lower case."""
        return [name.lower() for name, _ in self.fields]

    def all(self, name: str) -> list[str]:
        """The unfolded values of every field of that name, topmost first."""
        wanted = name.lower()
        if wanted not in self._names:
            return []
        return [_value(raw) for found, (_, raw) in zip(self._names, self.fields, strict=True) if found == wanted]

    def get(self, name: str) -> str | None:
        """The topmost value, or None."""
        wanted = name.lower()
        return _value(self.fields[self._names.index(wanted)][1]) if wanted in self._names else None

    def has(self, beginning: str) -> bool:
        """Whether there is a field whose name begins so."""
        wanted = beginning.lower()
        return any(name.startswith(wanted) for name in self._names)

    def prepend(self, name: str, value: str) -> Message:
        """With a trace field on top; a line end in `value` becomes a fold."""
        return self.topped((name, value))

    def topped(self, *written: tuple[str, str]) -> Message:
        """With several fields on top, in this order."""
        made = Message((*[(name, _field(name, value)) for name, value in written], *self.fields), self.rest)
        made.__dict__["_names"] = [*[name.lower() for name, _ in written], *self._names]
        return made

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
        stays = [not unwanted(name) for name in self._names]
        if all(stays):
            return self
        made = Message(tuple(compress(self.fields, stays)), self.rest)
        made.__dict__["_names"] = list(compress(self._names, stays))
        return made

    def header_lines(self) -> list[str]:
        """Every field unfolded, `Name: value`, topmost first."""
        return [f"{name}: {_value(raw)}" for name, raw in self.fields]

    def renamed(self, old: str, new: str) -> Message:
        """With another beginning of the field names that begin so."""
        if not self.has(old):
            return self
        fields: list[tuple[str, bytes]] = []
        beginning = old.lower()
        for name, raw in self.fields:
            if name.lower().startswith(beginning):
                now = new + name[len(old) :]
                fields.append((now, now.encode() + raw[len(name) :]))
            else:
                fields.append((name, raw))
        return Message(tuple(fields), self.rest)

    @property
    def received_count(self) -> int:
        """The number of Received fields: what hop limits count (RFC 5321 6.3)."""
        return self._names.count("received")


@lru_cache(1024)
def _field(name: str, value: str) -> bytes:
    # An empty line would end the header: only lines with something on them are kept.
    lines = [part for line in value.replace("\r", "\n").split("\n") if (part := line.strip())]
    return (f"{name}: " + "\r\n ".join(lines) + "\r\n").encode()


def _value(raw: bytes) -> str:
    """What a field says, unfolded. The same fields are read at every hop; long ones are not remembered."""
    return _known_value(raw) if len(raw) <= _SHORT else _read_value(raw)


@lru_cache(4096)
def _known_value(raw: bytes) -> str:
    return _read_value(raw)


def _read_value(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace").partition(":")[2]
    return _FOLD.sub("", text).strip()
