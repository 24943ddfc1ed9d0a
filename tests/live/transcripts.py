r"""Golden SMTP dialogues: one file each, read top to bottom, played against a listener of a lab.

    # what this dialogue proves                     (lines that begin with #; the first is the name of the test)
    --connect west:587--                            server and port; without it west, port 25
    S: 220 mx.west.test Tiny ready                  this line must come back
    C: EHLO client.test                             this line is sent, with CRLF
    S: 250-mx.west.test Hello *                     * stands for the rest of the line
    S~ 250-SIZE \d+                                 a regular expression for the whole line
    C= BDAT 3\r\na\r\n                              exact octets with Python's escapes, nothing added
    --tls--                                         the client does its side of the handshake
    --half-close--                                  the client sends its end of file and goes on reading
    --closed--                                      the server must have hung up

Lines to send that stand together go out together (pipelining); `C:` lines are UTF-8.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from simulator.live.lab import LiveLab
from tests.live.telnet import Telnet

__all__ = ["Transcript", "play", "read"]

_LINE = re.compile(r"(C:|C=|S:|S~)(?: (.*))?|--(connect \S+|tls|half-close|closed)--")


@dataclass(frozen=True)
class Transcript:
    """`turns` are (file line, mark, text); the mark is C:, C=, S:, S~ or a word between dashes."""

    proves: str
    server: str
    port: int
    turns: tuple[tuple[int, str, str], ...]


def read(path: Path) -> Transcript:
    """Raises `ValueError` with the line that cannot be read."""
    proves, server, port = "", "west", 25
    turns: list[tuple[int, str, str]] = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if not line.strip():
            continue
        if line.startswith("#"):
            proves = proves or line[1:].strip()
        elif (match := _LINE.fullmatch(line)) is None:
            raise ValueError(f"{path.name}:{number}: {line!r}")
        elif (match[3] or "").startswith("connect "):
            server, _, where = match[3].removeprefix("connect ").partition(":")
            port = int(where or port)
        else:
            turns.append((number, match[1] or match[3], match[2] or ""))
    return Transcript(proves, server, port, tuple(turns))


async def play(transcript: Transcript, live: LiveLab) -> list[str]:
    """The first difference, nothing where all went as written."""
    async with Telnet(live, transcript.server, transcript.port, listens=False) as client:
        for number, mark, text in transcript.turns:
            if mark in ("C:", "C="):
                client.send(_octets(mark, text))
            elif mark == "tls":
                await client.secure()
            elif mark == "half-close":
                client.half_close()
            elif mark == "closed":
                if not await client.is_cut_off():
                    return [f"line {number}: the connection is still open"]
            else:
                heard = await client.line()
                if not _fits(mark, text, heard):
                    return [f"line {number}: expected {text!r}, got {heard!r}"]
    return []


def _octets(mark: str, text: str) -> bytes:
    if mark == "C:":
        return f"{text}\r\n".encode()
    return text.encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")


def _fits(mark: str, text: str, heard: str) -> bool:
    if mark == "S~":
        return re.fullmatch(text, heard) is not None
    return heard.startswith(text[:-1]) if text.endswith("*") else heard == text
