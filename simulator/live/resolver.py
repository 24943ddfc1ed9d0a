"""How a courier asks DNS: one question over UDP, again over TCP where the answer was cut (RFC 7766 5).

All questions of a lab go through one socket and are told apart by their ids. An answer counts only with an id that
is waited for and the question that belongs to it; anything else is not looked at. dnspython's own resolver is not
used: it brings an HTTP client along, reads the machine's settings and waits by the wall clock.

A planned `timeout` is the exception to the wire. The question goes out like any other, and when the nameserver
decides to stay silent it says so in process (`give_up`), so that the courier has learned it without anybody waiting.
Real time is waited only for what was lost on the way, which loopback does not do unless a buffer is full.

What is sent over loopback has arrived when `sendto` returns. So instead of letting the loop go round twice for each
question, the resolver has the nameserver look into its socket (`serve`) and then looks into its own: the same octets
through the same sockets in a fifth of the time. Where they are not there yet, the loop brings them.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from itertools import count

import dns.exception
import dns.flags
import dns.message

from simulator.live.dnswire import query_message, read_answer
from simulator.live.network import Endpoint, Network
from simulator.zone import Answer, Question

__all__ = ["Resolver"]

_PATIENCE = 1.0  # real seconds before a question is repeated
_TRIES = 3
_IDS = 2**16
_LARGEST = 65535  # octets of a datagram
_REMEMBERED = 1024  # questions, and responses
_AT_ONCE = 32  # questions on the way; more would overflow the buffers of a socket and be lost


class Resolver:
    """Asks one nameserver. Open it with `await Resolver.open(network, endpoint)`, close it when done."""

    def __init__(self, network: Network, endpoint: Endpoint, serve: Callable[[], bool] | None = None) -> None:
        self._network, self._endpoint, self._serve = network, endpoint, serve
        self._waiting: dict[int, tuple[Question, asyncio.Future[Answer | None]]] = {}
        self._ids = count()
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._transport: asyncio.DatagramTransport | None = None
        self._socket: socket.socket | None = None
        self._closed: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, network: Network, endpoint: Endpoint, serve: Callable[[], bool] | None = None) -> Resolver:
        """A resolver with its socket. `serve` answers one question that has arrived at the nameserver, if there is one."""
        made = cls(network, endpoint, serve)
        loop = asyncio.get_running_loop()
        made._closed = loop.create_future()
        made._socket = await network.dial_datagrams(endpoint)
        made._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Ear(made._heard, made._closed), sock=made._socket
        )
        return made

    @property
    def address(self) -> Endpoint:
        """Where its questions come from."""
        assert self._transport is not None
        address: Endpoint = self._transport.get_extra_info("sockname")[:2]
        return address

    async def ask(self, question: Question) -> Answer:
        """The answer over the wire. What is no domain name does not exist."""
        async with self._room:
            id_ = next(n for n in (next(self._ids) % _IDS for _ in range(_IDS)) if n not in self._waiting)
            try:
                query = id_.to_bytes(2, "big") + _query(question)
            except dns.exception.DNSException:
                return Answer("nxdomain")
            return await self._ask_datagram(question, id_, query) or await self._ask_stream(question, query)

    async def _ask_datagram(self, question: Question, id_: int, query: bytes) -> Answer | None:
        """None where the answer was cut."""
        assert self._transport is not None, "not open"
        future: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._waiting[id_] = (question, future)
        try:
            for _ in range(_TRIES):
                self._transport.sendto(query)
                self._look(future)
                if future.done():
                    return future.result()
                await asyncio.wait((future,), timeout=_PATIENCE)
                if future.done():
                    return future.result()
            return Answer("timeout")
        finally:
            del self._waiting[id_]

    def _look(self, future: asyncio.Future[Answer | None]) -> None:
        """Takes what has arrived already, until it is the answer that is waited for or there is no more."""
        assert self._socket is not None, "not open"
        with suppress(OSError):  # most often BlockingIOError: nothing there
            while self._serve and not future.done() and self._serve():
                if not future.done():  # the nameserver may have given it up
                    self._heard(self._socket.recv(_LARGEST))

    def give_up(self, id_: int, answer: Answer) -> None:
        """The nameserver will not answer the question with this id."""
        waiting = self._waiting.get(id_)
        if waiting and not waiting[1].done():
            waiting[1].set_result(answer)

    async def close(self) -> None:
        """Closes the socket; open questions end as timeouts."""
        for _, future in self._waiting.values():
            if not future.done():
                future.set_result(Answer("timeout"))
        if self._transport and self._closed:
            self._transport.close()
            await self._closed

    def _heard(self, data: bytes) -> None:
        waiting = self._waiting.get(int.from_bytes(data[:2], "big"))
        if waiting is None or waiting[1].done():
            return
        try:
            answer = _understood(waiting[0], data[2:])
        except Exception:  # whatever the octets are, they are no answer
            return
        waiting[1].set_result(answer)

    async def _ask_stream(self, question: Question, query: bytes) -> Answer:
        try:
            async with asyncio.timeout(_PATIENCE * _TRIES):
                reader, writer = await asyncio.open_connection(sock=await self._network.dial(self._endpoint))
                try:
                    writer.write(len(query).to_bytes(2, "big") + query)
                    length = int.from_bytes(await reader.readexactly(2), "big")
                    response = await reader.readexactly(length)
                finally:
                    writer.close()
            answer = _understood(question, response[2:]) if response[:2] == query[:2] else None
        except _Stray:
            answer = None
        except (OSError, EOFError, dns.exception.DNSException):
            return Answer("timeout")
        return answer or Answer("servfail")


class _Stray(Exception):
    """A response to another question."""


# Ids apart, a question always gives the same octets, and the same octets the same answer. A run asks the same few
# questions over and over, and writing and reading them took a third of the time of a hop.


@lru_cache(_REMEMBERED)
def _query(question: Question) -> bytes:
    """The query without its id. Raises `DNSException` for text that cannot be a name."""
    return query_message(question, 0).to_wire()[2:]


@lru_cache(_REMEMBERED)
def _understood(question: Question, octets: bytes) -> Answer | None:
    """What a response without its id says about a question; None where it was cut. Raises where it is none."""
    response = dns.message.from_wire(bytes(2) + octets)
    if not query_message(question, 0).is_response(response):
        raise _Stray
    return None if response.flags & dns.flags.TC else read_answer(question, response)


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes], None], closed: asyncio.Future[None] | None) -> None:
        self._heard, self._closed = heard, closed

    def datagram_received(self, data: bytes, addr: tuple[object, ...]) -> None:
        self._heard(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._closed and not self._closed.done():
            self._closed.set_result(None)
