"""The lab's DNS on loopback: UDP and TCP on one port, answering from a `Zone` value for every name there is.

It answers couriers, programs from outside (`dig @127.0.0.1 -p PORT`), and nothing else on the computer asks it. The
addresses it gives out are the public ones of the lab file. What it is told to fail it fails: SERVFAIL is said, a
timeout is silence. The zone may be replaced while it runs; every query looks at the current one.

What it makes of a datagram or a message on TCP:

| what comes                                   | what goes back                          |
| -------------------------------------------- | --------------------------------------- |
| shorter than a header, or itself a response  | nothing                                 |
| cannot be read, or not exactly one question  | FORMERR                                 |
| another opcode than QUERY                    | NOTIMP                                  |
| another class than IN                        | REFUSED                                 |
| a question                                   | the zone's answer (`live/dnswire.py`)   |
| ... longer than the asker takes over UDP     | the same without records, TC set        |
| ... whose answer is planned to be truncated  | that, over UDP                          |
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self, cast

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass

from simulator.live.dnswire import PAYLOAD, answer_message, question_of, to_wire, truncated
from simulator.live.errors import LabError
from simulator.live.network import Endpoint, Network
from simulator.live.resolver import Resolver
from simulator.zone import Answer, Question, Zone

__all__ = ["Nameserver", "OnQuery"]

OnQuery = Callable[[Question, Answer, str], None]
"""Told of every question and its answer, and whether it came by "udp" or "tcp"."""

_HEADER = 12
_SMALLEST_UDP = 512  # RFC 1035 4.2.1: what an asker without EDNS takes
_LARGEST = 65535
_SHORT = 512  # octets of a query that is remembered with its response
_MOST = 2048  # of them


@dataclass(frozen=True, slots=True)
class _Response:
    """What a query comes to, whatever its id: the octets behind the id, None for silence."""

    octets: bytes | None
    question: Question | None = None  # None where the query was not understood
    answer: Answer | None = None


class Nameserver:
    """Serves `zone` between `start` and `close`, or within `async with`."""

    def __init__(self, zone: Zone, network: Network | None = None, *, on_query: OnQuery | None = None) -> None:
        self.zone = zone
        self.on_query = on_query
        self._network = network or Network()
        self._resolver: Resolver | None = None
        self._server: asyncio.Server | None = None
        self._datagrams: _Datagrams | None = None
        self._streams: set[_Stream] = set()
        self._endpoint: Endpoint | None = None

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens, for UDP and TCP alike."""
        if self._endpoint is None:
            raise LabError("the nameserver of this lab is not running")
        return self._endpoint

    async def start(self, port: int | None = None) -> None:
        """Begins to listen, on a free port unless one is asked for (`LabError` when it is taken)."""
        loop = asyncio.get_running_loop()
        stream, datagram = self._network.bind_pair(port)
        self._endpoint = datagram.getsockname()[:2]
        self._server = await loop.create_server(lambda: _Stream(self), sock=stream)
        _, self._datagrams = await loop.create_datagram_endpoint(lambda: _Datagrams(self, datagram), sock=datagram)
        self._resolver = await Resolver.open(self._network, self.endpoint, self._datagrams.serve)

    async def close(self) -> None:
        """Stops listening and hangs up; all sockets are closed on return."""
        self._endpoint = None
        if self._resolver:
            await self._resolver.close()
        if self._server:
            self._server.close()
        for stream in tuple(self._streams):
            await stream.hang_up()
        if self._datagrams:
            await self._datagrams.hang_up()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def ask(self, question: Question) -> Answer:
        """Asks it over the wire, as couriers do. Planned timeouts come back at once (see `live/resolver.py`)."""
        if self._resolver is None or self._endpoint is None:
            raise LabError("the nameserver of this lab is not running")
        return await self._resolver.ask(question)

    def respond(self, data: bytes, by: str, peer: Endpoint | None = None) -> bytes | None:
        """The octets to send back for those received, None for silence. Raises for nothing a stranger sends."""
        if len(data) < _HEADER or data[2] & 0x80:
            return None
        response = self._consider(data[2:], by)
        if self.on_query and response.question and response.answer:
            self.on_query(response.question, response.answer, by)
        if response.octets is not None:
            return data[:2] + response.octets
        if response.answer and self._resolver and peer == self._resolver.address:
            self._resolver.give_up(int.from_bytes(data[:2], "big"), response.answer)
        return None

    def _consider(self, octets: bytes, by: str) -> _Response:
        """`octets` are the query's behind its id."""
        asked = _read(octets) if len(octets) <= _SHORT else _read.__wrapped__(octets)
        if isinstance(asked, _Response):
            return asked
        query, question = asked
        answer = self.zone.lookup(question.name, question.type)
        if answer.status == "timeout":
            return _Response(None, question, answer)
        limit = max(_SMALLEST_UDP, min(query.payload, PAYLOAD)) if by == "udp" else _LARGEST
        cut = by == "udp" and self.zone.truncates(question)
        written = _written if len(octets) <= _SHORT else _written.__wrapped__
        return _Response(written(octets, answer, limit, cut), question, answer)


# A run asks the same few questions over and over, and lab after lab gives the same answers: reading the ones and writing
# the others is most of the work. Both are functions of octets and values, so what they came to once holds for every zone.


@lru_cache(_MOST)
def _read(octets: bytes) -> _Response | tuple[dns.message.Message, Question]:
    """A query and what it asks, or the complaint about it."""
    try:
        query = dns.message.from_wire(bytes(2) + octets)
    except Exception:  # whatever the parser found, the asker has made a mistake
        return _complaint(octets, dns.rcode.FORMERR)
    if query.opcode() != dns.opcode.QUERY:
        return _complaint(octets, dns.rcode.NOTIMP)
    if len(query.question) != 1:
        return _complaint(octets, dns.rcode.FORMERR)
    if query.question[0].rdclass != dns.rdataclass.IN:
        return _complaint(octets, dns.rcode.REFUSED)
    return query, question_of(query)


@lru_cache(_MOST)
def _written(octets: bytes, answer: Answer, limit: int, cut: bool) -> bytes | None:
    """The response to a query, behind its id."""
    try:
        said = answer_message(dns.message.from_wire(bytes(2) + octets), answer)
        return (truncated(said, limit) if cut else to_wire(said, limit))[2:]
    except Exception:  # record data that is none: the lab's mistake, so SERVFAIL
        return _complaint(octets, dns.rcode.SERVFAIL).octets


def _complaint(octets: bytes, rcode: dns.rcode.Rcode) -> _Response:
    """A bare header: the asker's opcode and RD, marked as a response (RFC 1035 4.1.1)."""
    return _Response(bytes((0x80 | octets[0] & 0x79, int(rcode))) + bytes(8))


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, nameserver: Nameserver, own: socket.socket) -> None:
        self._nameserver, self._socket = nameserver, own
        self._closed = asyncio.get_running_loop().create_future()
        self._transport: asyncio.DatagramTransport

    def serve(self) -> bool:
        """Answers the next query that lies in the socket before the loop has seen it; False where there is none."""
        try:
            self.datagram_received(*self._socket.recvfrom(_LARGEST))
        except OSError:  # most often BlockingIOError; where the loop reads ahead (Windows) it is there first
            return False
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)  # by its methods; not by its class in 3.11

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        response = self._nameserver.respond(data, "udp", (addr[0], addr[1]))
        if response is not None:
            self._transport.sendto(response, addr)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set_result(None)

    async def hang_up(self) -> None:
        self._transport.abort()
        await self._closed


class _Stream(asyncio.Protocol):
    """Queries on one connection, each behind its length (RFC 1035 4.2.2); several may come at once."""

    def __init__(self, nameserver: Nameserver) -> None:
        self._nameserver = nameserver
        self._closed = asyncio.get_running_loop().create_future()
        self._received = bytearray()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._nameserver._streams.add(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while len(self._received) >= 2:
            end = 2 + int.from_bytes(self._received[:2], "big")
            if len(self._received) < end:
                return
            query = bytes(self._received[2:end])
            del self._received[:end]
            response = self._nameserver.respond(query, "tcp")
            if response is not None:
                self._transport.write(len(response).to_bytes(2, "big") + response)

    def connection_lost(self, exc: Exception | None) -> None:
        self._nameserver._streams.discard(self)
        self._closed.set_result(None)

    async def hang_up(self) -> None:
        self._transport.abort()
        await self._closed
