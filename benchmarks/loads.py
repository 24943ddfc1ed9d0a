"""Loads with a known end: many messages through three TLS hops, many sessions at a time on one listener.

Both count what went in, ask the conservation law what became of it, and measure what the process holds at the end.
`tests/load` plays them in small, `python -m benchmarks.load` at the size that the project promises.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import ssl
import sys
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulator.keyring import KEYRING
from simulator.live.connection import Limits
from simulator.live.lab import LiveLab
from simulator.mail.address import Address
from simulator.paths import Balance, balance
from simulator.policy.attempt import Target, Try
from simulator.policy.dialogue import Errand
from simulator.policy.tls import Demand, Level
from simulator.runner import BEGIN
from simulator.scenario.scenario import load_lab
from simulator.topology import Lab
from simulator.trace import Log
from simulator.transport import Ask, submit
from simulator.world import Passage, World

__all__ = ["HOPS", "Tally", "chain", "hand_in", "many_messages", "many_sessions", "more_files"]

CHAIN = """\
mailflow: 1
name: three TLS hops
people:
  Ann: ann@east.example at east
  Bob: bob@west.example at west
servers:
  east: {is: internet, fqdn: mx.east.example, ip: 198.51.100.7, cert: good}
  gateway: {is: gateway, fqdn: mx.filter.example, ip: 192.0.2.80, cert: good, routes: {west.example: mx.west.example}}
  west: {is: internet, fqdn: mx.west.example, ip: 203.0.113.25, cert: good}
dns:
  west.example: {MX: 10 mx.filter.example}
  east.example: {MX: 10 mx.east.example}
"""
HOPS = 3  # Ann's client to east, east to the gateway, the gateway to west
_SPARE = 200  # files beside the sockets of sessions


@dataclass(frozen=True)
class Tally:
    """What a load came to. Memory is resident, in MiB; `wall` and `cpu` are seconds."""

    handed_in: int
    balance: Balance
    encrypted: int  # sessions with TLS
    at_once: int  # sessions that were open together, the most
    wall: float
    cpu: float
    before: float
    settled: float  # with the log of everything that happened
    after: float  # when the lab is closed and its world forgotten
    files_left: int

    @property
    def accounted(self) -> bool:
        """Whether everything that was handed in was accepted and has come to its end."""
        law = self.balance
        return law.holds and law.accepted == law.delivered == self.handed_in

    @property
    def kept(self) -> float:
        """KiB of memory that stand for one message while its lab runs: its log, and what is in the mailbox."""
        return (self.settled - self.before) * 1024 / max(1, self.handed_in)


def chain(*, reuse: bool = False) -> Lab:
    """Three servers in a row, all with certificates; each message has connections of its own, or they share them."""
    lab, _ = load_lab(lambda _: CHAIN, "chain.yaml")
    return replace(lab, reuses_connections=reuse)


async def many_messages(count: int, *, batch: int = 50, octets: int = 1000, reuse: bool = False) -> Tally:
    """Ann hands in `count` messages, some at a time; each goes through three TLS hops."""
    lab = chain(reuse=reuse)
    async with _Measured() as measured:
        async with LiveLab(lab, start=BEGIN) as live:
            world = World(lab, Log(BEGIN), keys=KEYRING)
            await live.begin(world)
            for first in range(0, count, batch):
                for number in range(first, min(first + batch, count)):
                    await live.submit(hand_in(world, number, octets))
                await live.run()
            told = measured.read(world)
        del live, world
    return measured.tally(count, 1, told)


async def many_sessions(count: int, *, tls: bool = False) -> Tally:
    """As many clients from outside at one listener at the same time; each hands in a message when all have been greeted."""
    lab = chain()
    more_files(4 * count)
    async with _Measured() as measured:
        async with LiveLab(lab, start=BEGIN, mode="real", limits=_limits(count)) as live:
            world = World(lab, Log(BEGIN), keys=KEYRING)
            await live.begin(world)
            everybody = asyncio.Barrier(count + 1)
            clients = [asyncio.create_task(_client(live.endpoint("west"), n, everybody, tls)) for n in range(count)]
            all_there = asyncio.create_task(everybody.wait())
            await asyncio.wait((all_there, *clients), return_when=asyncio.FIRST_COMPLETED)
            at_once = len(live.sessions)
            if not all_there.done():  # one of them has failed before
                for task in (all_there, *clients):
                    task.cancel()
            await asyncio.gather(*clients)
            await live.run()
            told = measured.read(world)
        del live, world, clients
    return measured.tally(count, at_once, told)


def _limits(count: int) -> Limits:
    """Room for everybody, and time: so many handshakes at once take a busy computer longer than one may."""
    return Limits(connections=count, handshake=60)


async def _client(endpoint: tuple[str, int], number: int, everybody: asyncio.Barrier, tls: bool) -> None:
    reader, writer = await asyncio.open_connection(*endpoint)

    async def say(line: bytes, code: bytes) -> None:
        writer.write(line + b"\r\n")
        await _heard(reader, code)

    try:
        await _heard(reader, b"220")
        await say(b"EHLO client.example", b"250")
        if tls:
            await say(b"STARTTLS", b"220")
            await writer.start_tls(_trusting())
            await say(b"EHLO client.example", b"250")
        await say(b"MAIL FROM:<ann@east.example>", b"250")
        await everybody.wait()
        await say(b"RCPT TO:<bob@west.example>", b"250")
        await say(b"DATA", b"354")
        head = f"From: <ann@east.example>\r\nSubject: number {number}\r\nMessage-ID: <{number}@client.example>\r\n"
        await say(head.encode() + b"\r\nHello.\r\n.", b"250")
        await say(b"QUIT", b"221")
    finally:
        writer.close()


def _trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def _heard(reader: asyncio.StreamReader, code: bytes) -> None:
    while True:
        line = await reader.readline()
        if not line.startswith(code):
            raise ConnectionError(f"{code.decode()} was due, and {line!r} came")
        if line[3:4] == b" ":
            return


def hand_in(world: World, number: int, octets: int) -> Generator[Ask, Any, Try]:
    """Ann's client hands in a message of about so many octets."""
    errand = _errand(world, number, octets)
    return submit(world, errand, Target("mx.east.example", "198.51.100.7"), person="Ann", server="east")


def _errand(world: World, number: int, octets: int) -> Errand:
    line = b"Hello, this is one line of an ordinary message, as long as lines are.\r\n"
    head = f"From: <ann@east.example>\r\nTo: <bob@west.example>\r\nSubject: number {number}\r\nMessage-ID: <{number}@east.example>\r\n\r\n"
    content = head.encode() + line * max(1, (octets - len(head)) // len(line))
    ann, bob = Address("ann", "east.example"), Address("bob", "west.example")
    return Errand(
        "192.0.2.9", "desk.example", ann, (bob,), content, Demand(Level.ENCRYPTION), 587, login=(str(ann), "lab"),
        passage=Passage(world.new_message(), 0, ""),
    )  # fmt: skip


def more_files(count: int) -> None:
    """Lets this process have so many files, as far as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count + _SPARE:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + _SPARE), hard))


@dataclass(frozen=True)
class _Told:
    balance: Balance
    encrypted: int
    wall: float
    cpu: float
    settled: float


class _Measured:
    """Time, memory and files around a load."""

    async def __aenter__(self) -> _Measured:
        gc.collect()
        self._before, self._files = _resident(), _files()
        self._began, self._cpu = time.perf_counter(), time.process_time()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0)
        gc.collect()

    def read(self, world: World) -> _Told:
        wall, cpu = time.perf_counter() - self._began, time.process_time() - self._cpu
        queued = [copy for work in world.queue for copy in work.copies.values()]
        return _Told(balance(world.log, queued), len(world.log.of("tls")), wall, cpu, _resident())

    def tally(self, count: int, at_once: int, told: _Told) -> Tally:
        return Tally(
            count, told.balance, told.encrypted, at_once, told.wall, told.cpu, self._before, told.settled, _resident(),
            _files() - self._files,
        )  # fmt: skip


def _resident() -> float:
    """MiB of memory that the process has now; the most it ever had where the system does not say."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _files() -> int:
    """Open files of this process; 0 where the system does not say."""
    folder = Path("/proc/self/fd")
    return len(os.listdir(folder)) if folder.is_dir() else 0
