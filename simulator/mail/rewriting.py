"""Changes the text that people read in a message, and leaves everything else as it is.

text part                 decoded, changed, and encoded again as it was; text that no longer fits as base64 in UTF-8
multipart/alternative     every text in it: they say the same thing
other multiparts          the first part; the rest are attachments
signed, encrypted         cannot be changed without breaking it
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from simulator.mail.message import Message
from simulator.mail.mime import content_type, parts, pieces

__all__ = ["rewritten", "wrapped"]

_DEEPEST = 30
_UNTOUCHABLE = ("multipart/signed", "multipart/encrypted")

Change = Callable[[str, str], str]
"""(text, type) -> text."""


def rewritten(message: Message, change: Change, depth: int = 0) -> Message | None:
    """The message with its text changed; None where there is none, or where it must not be touched."""
    kind = content_type(message.get("Content-Type") or "text/plain")
    if kind.name in _UNTOUCHABLE or depth > _DEEPEST:
        return None
    boundary = kind.parameters.get("boundary", "")
    if not kind.name.startswith("multipart/") or not boundary:
        return _changed(message, change)
    spans = pieces(message.rest, boundary)
    every = kind.name == "multipart/alternative"
    rest, shift, done = message.rest, 0, False
    for begin, end in spans if every else spans[:1]:
        made = rewritten(Message.parse(message.rest[begin:end]), change, depth + 1)
        if made is not None:
            rest = rest[: begin + shift] + made.content + rest[end + shift :]
            shift += len(made.content) - (end - begin)
            done = True
    return Message(message.fields, rest) if done else None


def _changed(message: Message, change: Change) -> Message | None:
    (part,) = parts(message)
    if part.is_attachment or part.type not in ("text/plain", "text/html"):
        return None
    charset = part.parameters.get("charset", "us-ascii")
    try:
        text = part.content.decode(charset)
    except (LookupError, UnicodeError):
        return None
    text = change(text, part.type)
    encoding = (message.get("Content-Transfer-Encoding") or "7bit").strip().lower()
    if encoding in ("7bit", "8bit", "binary"):
        try:
            octets = text.encode(charset)
            if octets.isascii() or encoding != "7bit":
                return Message(message.fields, b"\r\n" + octets)
        except (LookupError, UnicodeError):
            pass
    base = base64.encodebytes(text.encode()).replace(b"\n", b"\r\n")
    made = message.replaced("Content-Transfer-Encoding", "base64")
    made = made.replaced("Content-Type", f"{part.type}; charset=utf-8").replaced("MIME-Version", "1.0")
    return Message(made.fields, b"\r\n" + base)


def wrapped(message: Message, text: str) -> Message:
    """A new message that says `text` in HTML and has the old one attached; it keeps the old one's place in the header."""
    boundary = "=_wrapped"
    while boundary.encode() in message.content:
        boundary += "_"
    note = base64.encodebytes(text.encode()).replace(b"\n", b"\r\n")
    rest = (
        f"\r\n--{boundary}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
        + note + f"\r\n--{boundary}\r\nContent-Type: message/rfc822\r\n\r\n".encode() + message.content
        + f"\r\n--{boundary}--\r\n".encode()
    )  # fmt: skip
    outer = message.without(lambda name: bool(re.match(r"content-|mime-version\Z", name)))
    outer = outer.replaced("Content-Type", f'multipart/mixed; boundary="{boundary}"').replaced("MIME-Version", "1.0")
    return Message(outer.fields, rest)
