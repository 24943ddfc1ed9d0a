"""AUTH as far as a listener reads it: the mechanism, base64, and what is asked of whom when (RFC 4954, RFC 4616).

PLAIN brings user and password in one response, LOGIN asks for them one by one, XOAUTH2 brings user and token in one; each
may bring the first response along with the command. Whether they are right is the host's decision: a token is told to it as
XOAUTH2 writes it, `Bearer TOKEN`. XOAUTH2 is taken only where the host announces it, and a token that is wrong is refused at
once, without the challenge that explains why.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable

from simulator.mail.reply import Reply

__all__ = ["Challenge", "Credentials", "encoded", "read_credentials", "read_response"]

Credentials = tuple[str, str]
Challenge = Callable[[str], Awaitable[bytes | None]]
"""Asks the client and gives its answer; None when the client has been told already what was wrong with it."""

_USER, _PASSWORD = "Username:", "Password:"
_NO_BASE64 = Reply(501, "5.5.2", "Cannot decode base64")
_NO_CREDENTIALS = Reply(501, "5.5.2", "Cannot read credentials")
_TLS_FIRST = Reply(538, "5.7.11", "Encryption required for requested authentication mechanism")  # RFC 4954 6


async def read_credentials(
    arg: str, challenge: Challenge, *, in_clear: bool, tokens: bool = False
) -> Credentials | Reply | None:
    """User and password of `AUTH arg`, or the reply to give; None when it has been given.

    `in_clear` says that the host wants TLS first and there is none: nobody is asked for a password then. One that
    came along with the command is read nevertheless, for the host to refuse. `tokens` says that XOAUTH2 is announced.
    """
    words = arg.split()
    if not 1 <= len(words) <= 2:
        return Reply(501, "5.5.4", "Syntax: AUTH mechanism [initial-response]")
    mechanism, initial = words[0].upper(), (words[1] if words[1:] else None)
    if mechanism not in ("PLAIN", "LOGIN", *(("XOAUTH2",) if tokens else ())):
        return Reply(504, "5.5.4", "Unrecognized authentication type")
    if in_clear and (mechanism == "LOGIN" or initial is None):
        return _TLS_FIRST
    first = await challenge(_USER if mechanism == "LOGIN" else "") if initial is None else _decoded(initial)
    if first is None:
        return None if initial is None else _NO_BASE64
    if mechanism == "PLAIN":
        _, *parts = first.split(b"\0")  # the identity to act for is not looked at
    elif mechanism == "XOAUTH2":
        told = [part.partition(b"=") for part in first.split(b"\1")]  # user=NAME, auth=Bearer TOKEN
        parts = [value for key in (b"user", b"auth") for name, _, value in told if name == key]
    else:
        password = await challenge(_PASSWORD)
        if password is None:
            return None
        parts = [first, password]
    try:
        user, secret = (part.decode() for part in parts)
    except ValueError:  # not two parts, or no text
        return _NO_CREDENTIALS
    return user, secret


def encoded(text: str) -> bytes:
    """A challenge as it goes over the wire."""
    return base64.b64encode(text.encode())


def read_response(line: bytes) -> bytes | Reply:
    """What a client says to a challenge, or the reply to give; `*` is a change of mind (RFC 4954 4)."""
    if line == b"*":
        return Reply(501, "5.7.0", "Auth aborted")
    try:
        return base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        return _NO_BASE64


def _decoded(text: str) -> bytes | None:
    """Base64 as AUTH carries it; `=` stands for nothing (RFC 4954 4)."""
    try:
        return b"" if text == "=" else base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
