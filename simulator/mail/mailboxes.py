"""The addresses in a From, To or Cc field (RFC 5322 3.4): names, comments, quoted strings and groups around them.

    "Doe, Jane" <jane@a.example>, John (office) <john@b.example>, team: x@c.example, y@c.example;

A tolerant reader: what is no address is passed over.
"""

from __future__ import annotations

import re
from functools import lru_cache

from simulator.mail.address import Address, AddressError
from simulator.mail.message import Message

__all__ = ["author_of", "mailboxes"]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[()<>,;:]|[^"\\()<>,;:]+|["\\]')


@lru_cache(512)
def mailboxes(text: str) -> tuple[Address, ...]:
    """Every address, in order."""
    found: list[Address] = []
    for words in _entries(text):
        inside = re.search(r"<([^<>]*)>", words)
        spec = (inside[1] if inside else words).strip()
        try:
            found.append(Address.parse(spec.rpartition(":")[2] if inside else spec))  # <@relay:a@b>, RFC 5322 4.4
        except AddressError:
            continue
    return tuple(found)


def author_of(message: Message) -> Address | None:
    """The first address in From; None where there is not one that can be read."""
    return next((address for written in message.all("From") for address in mailboxes(written)), None)


def _entries(text: str) -> list[str]:
    """The list cut at its commas, without comments and the names of groups."""
    entries, now, depth, angle = [], "", 0, False
    for token in _TOKEN.findall(text):
        if token in "()":
            depth = max(0, depth + (1 if token == "(" else -1))
        elif depth:
            continue
        elif token in ",;" and not angle:
            entries.append(now)
            now = ""
        elif token == ":" and not angle:
            now = ""
        elif token.startswith('"') and len(token) > 1 and not angle and "@" in token:
            now += '""'  # a display name that looks like an address is none
        else:
            angle = token == "<" or (angle and token != ">")
            now += token
    return [*entries, now]
