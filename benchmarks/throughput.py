"""How many messages a listener takes: parallel clients, new and kept connections, small and large messages, all with STARTTLS.

The same client (aiosmtplib) speaks to a listener of the lab and to a stock aiosmtpd, one after the other in the same run; what
counts is the ratio of the CPU time that both sides together need for a message. The lab's listener reads what comes, asks its
host at each verb, checks SPF and DMARC of the sender over DNS, and writes a log; the stock one throws everything away.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiosmtplib
import trustme
from aiosmtpd.smtp import SMTP

from benchmarks.loads import chain
from simulator.keyring import KEYRING
from simulator.live.lab import LiveLab
from simulator.paths import balance
from simulator.runner import BEGIN
from simulator.trace import Log
from simulator.world import World

__all__ = ["PARALLEL", "SIZES", "Row", "longest_stall_ms", "rows", "throughput"]

PARALLEL = (1, 10, 50)
SIZES = {"1 KB": 2**10, "50 KB": 50 * 2**10, "1 MB": 2**20}
_LINE = b"Hello, this is one line of an ordinary message, as long as lines are.\r\n"
_HEAD = b"From: <ann@east.example>\r\nTo: <bob@west.example>\r\nSubject: benchmark\r\n\r\n"
_LEAST, _MOST_OCTETS = 20, 20 * 2**20
_LOOK = 0.001  # seconds between two looks at the clock


@dataclass(frozen=True)
class Row:
    """One line of the table. Times are milliseconds of CPU for a message, on both sides together."""

    parallel: int
    kept: bool
    size: str
    lab: float
    raw: float
    per_second: float  # messages that the lab takes, in wall time

    @property
    def ratio(self) -> float:
        return self.lab / self.raw


def rows() -> Iterator[Row]:
    """Every line of the table, each measured when it is asked for."""
    for size, octets in SIZES.items():
        for kept in (False, True):
            for parallel in PARALLEL:
                yield asyncio.run(throughput(parallel, kept=kept, size=size, octets=octets))


async def throughput(parallel: int, *, kept: bool, size: str, octets: int, count: int = 0) -> Row:
    """`parallel` clients share `count` messages; each sends all of its own over one connection, or over one each."""
    content = content_of(octets)
    count = count or max(_LEAST, parallel * 2, min(60, _MOST_OCTETS // octets))
    async with lab_listener() as (address, world, live):
        await _load(address, 2, 2, kept, content)  # certificates and caches
        cpu, wall = await _load(address, parallel, count, kept, content)
        await live.run()
        law = balance(world.log, ())
        if not law.holds or law.delivered != count + 2:
            raise RuntimeError(f"not everything arrived: {law}")
    async with raw_listener() as address:
        await _load(address, 2, 2, kept, content)
        raw, _ = await _load(address, parallel, count, kept, content)
    return Row(parallel, kept, size, cpu / count * 1000, raw / count * 1000, count / wall)


def content_of(octets: int) -> bytes:
    """A message of about that size."""
    return _HEAD + _LINE * max(1, (octets - len(_HEAD)) // len(_LINE))


async def _load(address: tuple[str, int], parallel: int, count: int, kept: bool, content: bytes) -> tuple[float, float]:
    """Seconds of CPU and of wall time."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    left = iter(range(count))

    async def client() -> None:
        smtp: aiosmtplib.SMTP | None = None
        for _ in left:
            smtp = smtp or await _connected(address, context)
            await smtp.sendmail("ann@east.example", ["bob@west.example"], content)
            if not kept:
                await smtp.quit()
                smtp = None
        if smtp:
            await smtp.quit()

    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(client() for _ in range(min(parallel, count))))
    return time.process_time() - cpu, time.perf_counter() - wall


async def _connected(address: tuple[str, int], context: ssl.SSLContext) -> aiosmtplib.SMTP:
    smtp = aiosmtplib.SMTP(
        hostname=address[0], port=address[1], start_tls=False, tls_context=context, local_hostname="client.example"
    )
    await smtp.connect()
    await smtp.ehlo()
    await smtp.starttls(server_hostname="mx.west.example")
    return smtp


@asynccontextmanager
async def lab_listener() -> AsyncIterator[tuple[tuple[str, int], World, LiveLab]]:
    """The last server of the chain, which has Bob's mailbox."""
    lab = chain()
    async with LiveLab(lab, start=BEGIN) as live:
        world = World(lab, Log(BEGIN), keys=KEYRING)
        await live.begin(world)
        yield live.endpoint("west"), world, live


class _Sink:
    async def handle_DATA(self, *_: object) -> str:
        return "250 2.6.0 queued"


@asynccontextmanager
async def raw_listener() -> AsyncIterator[tuple[str, int]]:
    """A stock aiosmtpd with a certificate."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA(key_type=trustme.KeyType.ECDSA).issue_cert("mx.west.example").configure_cert(context)
    loop, sink = asyncio.get_running_loop(), _Sink()
    server = await loop.create_server(
        lambda: SMTP(sink, hostname="mx.west.example", tls_context=context, loop=loop), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[:2]
    finally:
        server.close()


async def longest_stall_ms(octets: int) -> float:
    """How long the loop stands still at most while a message of that size comes in, in milliseconds of CPU."""
    content = content_of(octets)
    async with lab_listener() as (address, world, live):
        worst = 0.0

        async def watch() -> None:
            nonlocal worst
            before = time.process_time()
            while True:
                await asyncio.sleep(_LOOK)
                now = time.process_time()
                worst, before = max(worst, now - before), now

        reader, writer = await asyncio.open_connection(*address)
        watching = asyncio.create_task(watch())
        try:
            for line in (
                b"",
                b"EHLO client.example",
                b"MAIL FROM:<ann@east.example>",
                b"RCPT TO:<bob@west.example>",
                b"DATA",
            ):
                writer.write(line + b"\r\n" if line else b"")
                while (await reader.readline())[3:4] == b"-":
                    pass
            view = memoryview(content)
            for start in range(0, len(content), 2**16):
                writer.write(view[start : start + 2**16])
                await writer.drain()
            writer.write(b".\r\n")
            said = await reader.readline()
            await live.run()
            await asyncio.sleep(2 * _LOOK)  # for the last look
        finally:
            watching.cancel()
            writer.close()
        if not said.startswith(b"250"):
            raise RuntimeError(f"the message was not taken: {said!r}")
        assert world.mailboxes
    return worst * 1000
