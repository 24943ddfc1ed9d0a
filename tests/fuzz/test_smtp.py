"""Octets at a listener: whatever comes, each reply is one, nothing breaks, and the next client is served.

The content reader is held against a reader that sees everything at once, for every way in which a network may cut octets.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.live.commands import Plea, announced, read_mail, read_rcpt
from simulator.live.connection import Limits
from simulator.live.data import Cut, Received, joined, read_chunk, read_content, stuffed
from simulator.live.lab import LiveLab
from simulator.live.login import read_response
from simulator.mail.reply import Reply
from simulator.policy.host import Submission
from tests.live.loops import in_loop
from tests.live.telnet import Telnet
from tests.live.tinyhost import START, TinyHost, a_lab, certificate

CORPUS = sorted((Path(__file__).parent / "corpus" / "smtp").iterdir())
KEYWORDS = ("SIZE 2000", "PIPELINING", "8BITMIME", "BINARYMIME", "CHUNKING", "SMTPUTF8", "DSN")
LAB = a_lab(
    TinyHost("west", "west.test", "mx.west.test", submission=Submission(tls=False), keyword_list=KEYWORDS),
    certificates={"west": certificate("mx.west.test")},
)
_REPLY = re.compile(rb"(?:[2-5]\d\d-[^\r\n]*\r\n)*[2-5]\d\d [^\r\n]*\r\n")

T = TypeVar("T")


def result(work: Coroutine[Any, Any, T]) -> T:
    """Of a coroutine that never has to wait: a loop for each of a thousand examples would take its time."""
    try:
        work.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    raise AssertionError("it waits for something")


# SMTP

LINES = (
    b"EHLO c.test", b"HELO c.test", b"MAIL FROM:<a@b.test>", b"MAIL FROM:<> SIZE=10 BODY=BINARYMIME", b"RCPT TO:<bob@west.test>",
    b"RCPT TO:<x>", b"DATA", b".", b"..", b"", b"RSET", b"NOOP", b"VRFY x", b"BDAT 0", b"BDAT 0 LAST", b"BDAT 5", b"BDAT 7 LAST",
    b"AUTH LOGIN", b"AUTH PLAIN AGFAd2VzdC50ZXN0AGxhYg==", b"*", b"YQ==", b"QUIT", b"HELP", b"\xff\xfe", b"\0", b"x" * 3000,
    b"MAIL FROM:<j\xc3\xb6@b.test> SMTPUTF8", b"Subject: x", b"GET / HTTP/1.1",
)  # fmt: skip


async def replies(live: LiveLab, octets: bytes, chance: Random) -> bytes:
    """What is answered to octets that come in pieces of any size."""
    async with Telnet(live, "west", greets=False, listens=False) as client:
        at = 0
        while at < len(octets):
            step = chance.choice((1, 3, 17, 400, 5000))
            client.send(octets[at : at + step])
            at += step
            await asyncio.sleep(0)
        with suppress(OSError):  # it may have hung up
            client.half_close()
        async with asyncio.timeout(10):
            return await client.everything()


async def survives(live: LiveLab, octets: bytes, chance: Random) -> None:
    said = await replies(live, octets, chance)
    rest = said
    while rest:
        match = _REPLY.match(rest)
        assert match, f"{octets!r} was answered {rest!r}"
        rest = rest[match.end() :]
    assert [] == live.crashes
    assert not [e for e in live.world.log.of("smtp.line") if "4.3.0" in e["line"]], f"{octets!r} broke the listener"


@pytest.mark.parametrize("file", CORPUS, ids=[file.name for file in CORPUS])
@in_loop
async def test_every_dialogue_of_the_corpus_is_survived(file: Path) -> None:
    async with LiveLab(LAB, start=START, limits=Limits(handshake=0.2)) as live:
        for seed in range(5):
            await survives(live, file.read_bytes(), Random(seed))


@in_loop
async def test_any_commands_in_any_order_are_survived() -> None:
    async with LiveLab(LAB, start=START, limits=Limits(errors=10**6)) as live:
        for seed in range(300):
            chance = Random(seed)
            ends = chance.choice((b"\r\n", b"\r\n", b"\n", b"\r"))
            octets = ends.join(chance.choice(LINES) for _ in range(chance.randint(1, 25))) + ends
            if chance.random() < 0.3:
                at = chance.randrange(len(octets))
                octets = octets[:at] + chance.randbytes(chance.randint(0, 9)) + octets[at + chance.randint(0, 9) :]
            await survives(live, octets, chance)
        assert live.world.log.of("accepted"), "some of them were mail"


@in_loop
async def test_any_octets_are_survived() -> None:
    async with LiveLab(LAB, start=START) as live:
        for seed in range(100):
            chance = Random(seed)
            await survives(live, chance.randbytes(chance.randint(1, 3000)), chance)


@settings(derandomize=True, max_examples=500)
@given(st.text(max_size=80), st.booleans())
def test_any_argument_of_mail_and_rcpt_is_an_address_or_a_reply(text: str, utf8: bool) -> None:
    for arg in (text, f"FROM:{text}", f"FROM:<{text}>", f"FROM:<a@b.test> {text}", f"FROM:<a@b.test> SIZE={text}"):
        read = announced(read_mail(arg), KEYWORDS)
        assert isinstance(read, Plea) or read.permanent
    for arg in (text, f"TO:{text}", f"TO:<{text}>", f"TO:<a@b.test> {text}", f"TO:<a@b.test> ORCPT={text}"):
        read = read_rcpt(arg, utf8=utf8)
        assert isinstance(read, Plea) or read.permanent


@settings(derandomize=True, max_examples=200)
@given(st.binary(max_size=60))
def test_any_answer_to_a_challenge_is_read_or_refused(line: bytes) -> None:
    read = read_response(line)
    assert 501 == (read.code if isinstance(read, Reply) else 501)


# content

PIECES = st.lists(
    st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"\r\n.", b"\r\n.\r\n", b"a", b"ab\0", b"\r\n..\r"]), max_size=14
)


def all_at_once(octets: bytes, limit: int | None) -> tuple[Received, bytes] | None:
    """What the reader must make of it: content and what is left, None where the end is missing."""
    whole = b"\r\n" + octets
    end = whole.find(b"\r\n.\r\n")
    if end < 0:
        return None
    raw, left = whole[2 : end + 2], whole[end + 5 :]
    if limit is not None and len(raw) > limit:
        return Received(None, len(raw)), left
    content = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n")[2:]
    return Received(content, len(content)), left


async def in_pieces(octets: bytes, cuts: list[int], limit: int | None) -> tuple[Received, bytes] | None:
    class Slowly:
        """Gives one piece at a time, as a network does."""

        def __init__(self) -> None:
            self._buffer = bytearray()
            self.left = [octets[a:b] for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), len(octets)], strict=True)]

        async def read(self, most: int) -> bytes:
            while self.left:
                piece = self.left.pop(0)
                if piece:
                    return piece
            return b""

    slowly = Slowly()
    try:
        got = await read_content(slowly, limit, lambda: None)  # type: ignore[arg-type]
    except Cut:
        return None
    return got, bytes(slowly._buffer) + b"".join(slowly.left)


@settings(derandomize=True, max_examples=600)
@given(PIECES, PIECES, st.lists(st.integers(0, 60), max_size=12), st.sampled_from([None, 0, 3, 10, 25]))
def test_content_is_the_same_however_the_network_cuts_it(
    before: list[bytes], after: list[bytes], cuts: list[int], limit: int | None
) -> None:
    octets = b"".join((*before, b"\r\n.\r\n" if len(after) % 2 else b"", *after))
    cuts = [min(cut, len(octets)) for cut in cuts]
    assert all_at_once(octets, limit) == result(in_pieces(octets, cuts, limit))


@settings(derandomize=True, max_examples=500)
@given(PIECES, st.lists(st.integers(0, 60), max_size=12))
def test_what_is_stuffed_is_read_back(pieces: list[bytes], cuts: list[int]) -> None:
    content = b"".join(pieces)
    wire = stuffed(content)
    whole = content if content.endswith(b"\r\n") or not content else content + b"\r\n"
    got = result(in_pieces(wire, [min(cut, len(wire)) for cut in cuts], None))
    assert (Received(whole, len(whole)), b"") == got


@settings(derandomize=True, max_examples=200)
@given(st.lists(st.binary(max_size=20), max_size=6), st.binary(max_size=20))
def test_chunks_are_counted_and_nothing_in_them_is_looked_at(chunks: list[bytes], behind: bytes) -> None:
    async def read() -> tuple[Received, bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(b"".join(chunks) + behind)
        reader.feed_eof()
        got = [await read_chunk(reader, len(chunk), True, lambda: None) for chunk in chunks]
        return joined(got), await reader.read()

    whole = b"".join(chunks)
    assert (Received(whole, len(whole)), behind) == asyncio.run(read())
