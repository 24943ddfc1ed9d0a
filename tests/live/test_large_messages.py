"""A large message on its way in: the other clients are answered meanwhile, and it costs little more than its octets."""

from __future__ import annotations

import asyncio
import socket
import tracemalloc

import pytest

from simulator.live.lab import LiveLab
from simulator.live.network import Endpoint
from tests.live.loops import in_loop
from tests.live.telnet import Telnet
from tests.live.tinyhost import START, TinyHost, a_lab

MB = 2**20
LINE = b"x" * 76 + b"\r\n"
ENVELOPE = b"HELO c.test\r\nMAIL FROM:<ann@east.test>\r\nRCPT TO:<bob@west.test>\r\n"


def fed(endpoint: Endpoint, octets: int, *, chunk: int = 0) -> bytes:
    """Hands in a message of so many octets, by DATA or in chunks, from a thread of its own; the last reply."""
    block = LINE * (MB // len(LINE))
    with socket.create_connection(endpoint, timeout=60) as client, client.makefile("rb") as replies:
        replies.readline()
        client.sendall(ENVELOPE if not chunk else ENVELOPE.replace(b"HELO", b"EHLO"))
        while (line := replies.readline())[:4] != b"250 ":
            assert line
        assert b"250" == replies.readline()[:3] == replies.readline()[:3]
        if not chunk:
            client.sendall(b"DATA\r\n")
            assert b"354" == replies.readline()[:3]
        sent = 0
        while sent < octets:
            if chunk:
                client.sendall(b"BDAT %d\r\n" % len(block))
            client.sendall(block)
            sent += len(block)
            if chunk:
                assert b"250" == replies.readline()[:3]
        client.sendall(b"BDAT 0 LAST\r\n" if chunk else b".\r\n")
        return replies.readline()


def large(size: int) -> LiveLab:
    return LiveLab(
        a_lab(TinyHost("west", "west.test", "mx.west.test", keyword_list=(f"SIZE {size}", "CHUNKING"))), start=START
    )


@pytest.mark.parametrize("chunk", [0, 1], ids=["DATA", "BDAT"])
@in_loop
async def test_other_clients_are_answered_while_a_large_message_comes(chunk: int) -> None:
    async with large(100 * MB) as live, Telnet(live, "west") as other:
        feeding = asyncio.create_task(asyncio.to_thread(fed, live.endpoint("west"), 40 * MB, chunk=chunk))
        answered = 0
        while not feeding.done():
            assert "250 2.0.0 OK" == await other.say("NOOP")
            answered += 1
        assert b"250 2.6.0 Queued\r\n" == await feeding
        assert answered > 40, "more often than once a megabyte"
        (work,) = live.world.queue
        assert 40 * MB - len(LINE) * 60 < work.held.message.size


@pytest.mark.parametrize("chunk", [0, 1], ids=["DATA", "BDAT"])
@in_loop
async def test_a_large_message_is_in_memory_three_times_at_most(chunk: int) -> None:
    """As it came, joined, and the body that the queue keeps."""
    async with large(100 * MB) as live:
        tracemalloc.start()
        try:
            await asyncio.to_thread(fed, live.endpoint("west"), 20 * MB, chunk=chunk)
            kept, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 3.2 * 20 * MB
        assert kept < 1.2 * 20 * MB


@pytest.mark.parametrize("chunk", [0, 1], ids=["DATA", "BDAT"])
@in_loop
async def test_a_message_that_is_too_large_is_not_kept_at_all(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.live.server.CLEMENCY", MB)
    async with large(MB) as live:
        tracemalloc.start()
        try:
            reply = await asyncio.to_thread(fed, live.endpoint("west"), 60 * MB, chunk=chunk)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert b"552 5.3.4" == reply[:9]
        assert peak < 12 * MB
