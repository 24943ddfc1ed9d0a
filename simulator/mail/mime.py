"""What people read in a message: decoded header text, and the parts of the body with their types and file names.

    encoded words     =?utf-8?Q?Gr=C3=BC=C3=9Fe?=  ->  Grüße                      (RFC 2047)
    parameters        name="a.txt", filename*=utf-8''a%20b.txt                    (RFC 2045, RFC 2231)
    parts             the leaves of the tree of a multipart message, decoded      (RFC 2045, RFC 2046)

Reading never fails: what is not as it should be is taken as it stands. Depth and number of parts have a limit, so that
a message made to be expensive is not. Nothing here changes a message.
"""

from __future__ import annotations

import base64
import binascii
import html
import quopri
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from simulator.mail.message import Message
from simulator.value import value

__all__ = ["ContentType", "Part", "content_type", "decoded", "encoded", "parts", "pieces"]

_WORD = re.compile(r"=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?\s]*)\?=")
_BETWEEN = re.compile(r"(\?=)\s+(?==\?)")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_HIDDEN, _SHOWN_AGAIN = re.compile(r"<(?:script|style)\b", re.I), re.compile(r"</(?:script|style)>", re.I)
_BOUNDARY_END = re.compile(rb"(--)?[ \t]*(?:\r?\n|\Z)")  # what may follow a boundary on its line
_DEEPEST, _MOST = 30, 250  # the service's own limits of nesting and parts
_SEARCHED = 64 * 2**20  # octets that are searched for boundaries; each level of nesting searches its own anew


def decoded(text: str) -> str:
    """Header text as people see it."""
    if "=?" not in text:
        return text
    return _WORD.sub(_word, _BETWEEN.sub(r"\1", text))


def encoded(text: str) -> str:
    """Text as it may stand in a header field: as it is where that is ASCII, else in encoded words (RFC 2047 2)."""
    if text.isascii():
        return text
    words: list[str] = []
    rest = text
    while rest:
        piece = rest[:15]  # an encoded word has at most 75 letters
        while len(piece.encode()) > 45:
            piece = piece[:-1]
        words.append(f"=?utf-8?B?{base64.b64encode(piece.encode()).decode()}?=")
        rest = rest[len(piece) :]
    return " ".join(words)


def _word(match: re.Match[str]) -> str:
    charset, form, content = match[1], match[2].upper(), match[3]
    if form == "Q":
        return _text(quopri.decodestring(content.replace("_", "=20").encode("utf-8", "replace")), charset)
    return _text(_from_base64(content.encode("ascii", "replace")), charset)


def _text(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):  # no such charset
        return content.decode("utf-8", "replace")


def _from_base64(content: bytes) -> bytes:
    only = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
    try:
        return base64.b64decode(only + b"=" * (-len(only) % 4))
    except binascii.Error:
        return content


@value
class ContentType:
    """A Content-Type or Content-Disposition: its word in lower case, and its parameters by lower-case name."""

    name: str
    parameters: Mapping[str, str]


@lru_cache(256)
def content_type(text: str) -> ContentType:
    """From a field's value; a continuation or an encoding of a parameter is undone (RFC 2231)."""
    name, _, _ = text.partition(";")
    found: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for match in _PARAMETER.finditer(text):
        key, said = match[1].lower(), match[2].strip()
        if said.startswith('"'):
            said = re.sub(r"\\(.)", r"\1", said[1:-1])
        base, star, number = key.partition("*")
        if not star:
            found[base] = decoded(said)
            continue
        order = number.rstrip("*")
        pieces.setdefault(base, []).append((int(order) if order.isdecimal() else 0, key.endswith("*"), said))
    for base, several in pieces.items():
        found[base] = _joined(sorted(several))
    return ContentType(name.strip().lower(), found)


def _joined(several: list[tuple[int, bool, str]]) -> str:
    charset, content = "", b""
    for number, encoded, said in several:
        if encoded and number == 0 and said.count("'") >= 2:
            charset, _, said = said.split("'", 2)
        content += unquote_to_bytes(said) if encoded else said.encode("utf-8", "replace")
    return _text(content, charset)


@value
class Part:
    """A leaf of the message. `content` is decoded from its transfer encoding."""

    type: str  # text/plain, application/pdf
    parameters: Mapping[str, str]
    name: str  # of the file, empty where there is none
    content: bytes

    @property
    def is_attachment(self) -> bool:
        """Whether it is shown as a file rather than read as the message."""
        return bool(self.name) or not self.type.startswith(("text/", "multipart/"))

    @property
    def text(self) -> str:
        """What is to be read; of HTML without the tags."""
        said = _text(self.content, self.parameters.get("charset", "utf-8"))
        return html.unescape(_without_tags(said)) if self.type == "text/html" else said


def _without_tags(text: str) -> str:
    """A blank for each tag, and for each script or style with what it holds. In one pass, however it is written."""
    found: list[str] = []
    position, closes = 0, True
    while (begin := text.find("<", position)) >= 0:
        shown = _SHOWN_AGAIN.search(text, begin) if closes and _HIDDEN.match(text, begin) else None
        closes = closes and (shown is not None or not _HIDDEN.match(text, begin))
        end = shown.end() if shown else text.find(">", begin) + 1
        if not end:
            break
        found += [text[position:begin], " "]
        position = end
    return "".join([*found, text[position:]])


def parts(message: Message) -> tuple[Part, ...]:
    """The leaves, in order; a message without parts is one, and so is what stands too deep in a large one."""
    return tuple(part for part, _ in zip(_leaves(message, 0, _Searched()), range(_MOST), strict=False))


@dataclass
class _Searched:
    """What looking for boundaries in one message has cost."""

    octets: int = 0


def _leaves(message: Message, depth: int, searched: _Searched) -> Iterator[Part]:
    kind = content_type(message.get("Content-Type") or "text/plain")
    boundary = kind.parameters.get("boundary", "")
    if kind.name.startswith("multipart/") and boundary and depth < _DEEPEST and searched.octets < _SEARCHED:
        searched.octets += len(message.rest)
        for begin, end in pieces(message.rest, boundary):
            yield from _leaves(Message.parse(message.rest[begin:end]), depth + 1, searched)
        return
    disposition = content_type(message.get("Content-Disposition") or "")
    name = disposition.parameters.get("filename") or kind.parameters.get("name", "")
    if disposition.name == "attachment" and not name:
        name = "unnamed"
    yield Part(kind.name or "text/plain", kind.parameters, name, _plain(message))


def pieces(rest: bytes, boundary: str) -> list[tuple[int, int]]:
    """Where the parts between the boundary lines of a multipart stand, from and to (RFC 2046 5.1.1)."""
    mark = b"--" + boundary.encode("utf-8", "replace")
    found: list[tuple[int, int]] = []
    begin, at = -1, -1
    while (at := rest.find(mark, at + 1)) >= 0:
        line = _BOUNDARY_END.match(rest, at + len(mark)) if at == 0 or rest[at - 1 : at] == b"\n" else None
        if line is None:
            continue
        if begin >= 0:
            end = at - 2 if rest[at - 2 : at] == b"\r\n" else max(0, at - 1)
            found.append((begin, max(begin, end)))
        if line[1]:
            return found
        begin, at = line.end(), line.end() - 1
    return [*found, (begin, len(rest))] if begin >= 0 else found


def _plain(message: Message) -> bytes:
    body = re.sub(rb"\A\r?\n", b"", message.rest)
    encoding = (message.get("Content-Transfer-Encoding") or "").strip().lower()
    if encoding == "base64":
        return _from_base64(body)
    return quopri.decodestring(body) if encoding == "quoted-printable" else body
