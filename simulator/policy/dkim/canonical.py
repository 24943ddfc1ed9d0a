"""The two canonical forms of header fields and bodies (RFC 6376 3.4), and which fields h= means (5.4.2).

| form    | header field                                             | body                                              |
| ------- | -------------------------------------------------------- | ------------------------------------------------- |
| simple  | as it is                                                 | as it is, empty lines at the end left out         |
| relaxed | name in lower case, unfolded, runs of blanks become one, | the same, runs of blanks become one and none ends |
|         | none at the ends and around the colon                    | a line; an empty body has nothing at all          |

A lone line feed ends a line as it does for whoever reads the message here; the canonical forms have CRLF. Everything is
linear in the size of the message, whatever is in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

__all__ = ["FORMS", "body_digest", "canonical_body", "canonical_field", "picked", "unsigned"]

FORMS = ("simple", "relaxed")
_BLANKS = b" \t"
_CRLF = b"\r\n"
_BLOCK = 2**16
_SHORT = 1024  # octets of a field that is remembered in its canonical form


def canonical_field(raw: bytes, form: str) -> bytes:
    """One header field with its line end. Signing, sealing and verifying ask for the same ones; long ones are made anew."""
    return _known_field(raw, form) if len(raw) <= _SHORT else _made_field(raw, form)


@lru_cache(4096)
def _known_field(raw: bytes, form: str) -> bytes:
    return _made_field(raw, form)


def _made_field(raw: bytes, form: str) -> bytes:
    raw = _with_crlf(raw)
    if not raw.endswith(_CRLF):
        raw += _CRLF
    if form == "simple":
        return raw
    name, _, value = raw.partition(b":")
    return name.strip(_BLANKS).lower() + b":" + _one_blank(value.replace(_CRLF, b"")).strip(b" ") + _CRLF


def canonical_body(rest: bytes, form: str) -> bytes:
    """The body. `rest` is what follows the header: the empty line and the body."""
    return b"".join(_blocks(rest, form))


def body_digest(rest: bytes, form: str, length: int | None = None) -> tuple[bytes, int]:
    """SHA-256 of the first `length` octets of the canonical body, and how many octets the whole has."""
    digest, size = hashlib.sha256(), 0
    for block in _blocks(rest, form):
        digest.update(block if length is None else block[: max(0, length - size)])
        size += len(block)
    return digest.digest(), size


def _blocks(rest: bytes, form: str) -> Iterator[bytes]:
    """The canonical body piece by piece: blocks of whole lines, so that a large body is not copied at every step.

    Empty lines are held back until a line with content follows.
    """
    begin, held, found = 0, 0, False
    while begin < len(rest):
        end = (rest.find(b"\n", begin + _BLOCK) + 1) or len(rest)
        block = _with_crlf(rest[begin:end])
        if begin == 0:
            block = block.removeprefix(_CRLF)
        if form == "relaxed":
            block = _one_blank(block).replace(b" \r\n", _CRLF)
            block = block.removesuffix(b" ") if end == len(rest) else block
        if content := _content_end(block):
            yield _CRLF * held + block[:content]
            found, held = True, 0
        held += block.count(_CRLF, content)
        begin = end
    if found or form == "simple":
        yield _CRLF


def _with_crlf(text: bytes) -> bytes:
    whole = text.count(b"\n") == text.count(_CRLF)
    return text if whole else text.replace(_CRLF, b"\n").replace(b"\n", _CRLF)


def _one_blank(text: bytes) -> bytes:
    """Every run of blanks as one space. Each pass halves the longest run, so there are few."""
    text = text.replace(b"\t", b" ")
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return text


def _content_end(body: bytes) -> int:
    """Where the last line that is not empty ends, without its CRLF. Line feeds stand only in CRLFs here."""
    end = len(body)
    while end:  # in blocks: to strip a large body would copy it
        block = body[max(0, end - _BLOCK) : end]
        content = len(block.rstrip(_CRLF))
        end -= len(block) - content
        if content:
            break
    tail = body[end:]
    if tail.endswith(b"\r"):
        return len(body)  # a carriage return alone is no line end
    return end + tail.rfind(b"\r\r") + 1


def unsigned(raw: bytes) -> bytes:
    """A signature field without the value of its b=, as it is hashed into itself (RFC 6376 3.7)."""
    name, colon, value = raw.partition(b":")
    parts = value.split(b";")
    for number, part in enumerate(parts):
        tag, equals, _ = part.partition(b"=")
        if equals and tag.strip(b" \t\r\n") == b"b":
            parts[number] = tag + equals
            break
    return name + colon + b";".join(parts)


def picked(fields: Sequence[tuple[str, bytes]], names: Sequence[str], *, without: int = -1) -> list[bytes]:
    """The fields that h= means: a name takes the lowest one that is left, and nothing where there is none.

    `names` are in lower case. `without` is the index of the signature itself, which no h= can mean.
    """
    wanted = set(names)
    left: dict[str, list[bytes]] = {name: [] for name in wanted}
    for index, (name, raw) in enumerate(fields):
        if index != without and (folded := name.lower()) in wanted:
            left[folded].append(raw)
    return [left[name].pop() for name in names if left[name]]
