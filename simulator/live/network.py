"""The only place that dials or binds, and the reason that nothing gets out: it knows loopback and nothing else.

Listeners are bound with the public address and port of the lab file; the real ones are on loopback and, unless
somebody asks for a fixed port, free ones. Clients name the public address they come from and the one they want:

    connect("203.0.113.25", "40.92.10.1", 25)  ->  127.0.113.25:53112 calls 127.92.10.1:40017

Who calls is known by a registry keyed by the client socket, which is filled between `bind` and `connect`, so that
it is there before the listener can ask. It carries IPv6 and works where all sockets share 127.0.0.1. It also hands
the listener whatever the client wants to tell it in process (`note`), which no header on the wire has to carry.

Two ways not to get through are told apart at once, without waiting in real time: an address of a server that does
not listen there *refuses*, an address that no server owns is *silent*. A planned fault may have it either way for a
single connection, or *reset* it: `connect_in_vain` calls a port at which nobody listens, or one that hangs up at once.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from ipaddress import ip_address as _read_address
from typing import Any, TypeVar

from simulator.live.addresses import HOME, AddressPlan
from simulator.live.errors import LabError

__all__ = ["BACKLOG", "OUTSIDE", "RESET", "Caller", "Endpoint", "Network", "Refused", "Silent"]

Endpoint = tuple[str, int]
"""A loopback address and a real port."""

OUTSIDE = "192.0.2.1"
"""The public address of programs from outside, unless the lab says whom they count as (RFC 5737 documentation)."""

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time: closing sends a reset (on Windows two shorts, which this is not)."""

BACKLOG = 4096
"""Connections that may wait to be taken: clients of a load come all at once, and the system drops those beyond."""

_S = TypeVar("_S", bound=socket.socket)
_TRIES = 20
_MOST_UNASKED = 256


@lru_cache(1024)
def ip_address(text: str) -> IPv4Address | IPv6Address:
    """The same addresses are read for every connection."""
    return _read_address(text)


class Refused(ConnectionRefusedError):
    """The server is there and does not listen on that port."""


class Silent(TimeoutError):
    """No server owns that address: what a real client would learn by waiting."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is at the other end: its public address, and what a client of the lab gave along."""

    public_ip: str
    note: object = None
    outside: bool = False  # not a client of this lab


@dataclass(slots=True)
class _Entry:
    caller: Caller
    asked: bool = False
    closed: bool = False


class Network:
    """All sockets of one lab. `addresses` are those its servers own, in the order of the lab file."""

    def __init__(self, addresses: Iterable[str] = (), *, plan: str = "auto", outside: str = OUTSIDE) -> None:
        owned = tuple(addresses)
        self.addresses = AddressPlan(owned, plan)
        self.outside = outside
        self._owned = {ip_address(address) for address in owned}
        self._endpoints: dict[tuple[Any, int], Endpoint] = {}
        self._callers: dict[Endpoint, _Entry] = {}
        self._unasked: deque[Endpoint] = deque()
        self._waiting_in_vain: set[Endpoint] = set()

    @property
    def plan(self) -> str:
        """`loopback-net` or `single`: what `auto` came to."""
        return self.addresses.plan

    def own(self, public_ip: str) -> None:
        """Notes that a server has this address: where it does not listen, it refuses."""
        self._owned.add(ip_address(public_ip))
        self.addresses.loopback_of(public_ip)

    # listening

    def bind(self, public_ip: str, port: int, fixed_real_port: int | None = None) -> socket.socket:
        """A listening socket that stands for `public_ip:port`; closing it takes it off the table."""
        self.own(public_ip)
        place = self.addresses.loopback_of(public_ip)
        listener = _listening(place, fixed_real_port)
        endpoint: Endpoint = listener.getsockname()[:2]
        self.attach(public_ip, port, endpoint)
        listener.on_close = lambda: self._ended(public_ip, port, endpoint)
        return listener

    def door(self, real_port: int | None = None) -> socket.socket:
        """A listening socket that stands for no address of its own: the lab's own clients do not find it."""
        return _listening(HOME, real_port)

    def attach(self, public_ip: str, port: int, endpoint: Endpoint) -> None:
        """Lets `public_ip:port` be a server that somebody else runs on this computer."""
        host, real_port = endpoint
        host = HOME if host == "localhost" else host
        _guard(host)
        self.own(public_ip)
        self._endpoints[ip_address(public_ip), port] = (host, real_port)

    def detach(self, public_ip: str, port: int) -> None:
        """From now on `public_ip:port` refuses."""
        self._endpoints.pop((ip_address(public_ip), port), None)

    def endpoint(self, public_ip: str, port: int) -> Endpoint | None:
        """Where `public_ip:port` really is; None where nothing listens."""
        return self._endpoints.get((ip_address(public_ip), port))

    def bind_pair(self, fixed_real_port: int | None = None) -> tuple[socket.socket, socket.socket]:
        """A TCP listener and a UDP socket with one port number, as DNS wants them."""
        for _ in range(_TRIES):
            stream = _bound(socket.socket(), HOME, fixed_real_port)
            stream.listen(BACKLOG)
            datagram = socket.socket(type=socket.SOCK_DGRAM)
            try:
                return stream, _bound(datagram, HOME, stream.getsockname()[1])
            except LabError:  # the number that was free for TCP is taken for UDP
                stream.close()
                if fixed_real_port:
                    raise
        raise LabError(f"no port of {HOME} is free for both UDP and TCP")

    # calling

    async def connect(
        self, source_public_ip: str, target_public_ip: str, port: int, note: object = None
    ) -> socket.socket:
        """A connected, non-blocking socket from one public address to another.

        Raises `Refused` or `Silent`, both at once. The listener finds `source_public_ip` and `note` with
        `caller_of`; closing the socket ends that.
        """
        endpoint = self.endpoint(target_public_ip, port)
        if endpoint is None:
            if ip_address(target_public_ip) in self._owned:
                raise Refused(errno.ECONNREFUSED, f"{target_public_ip} refuses port {port}")
            raise Silent(errno.ETIMEDOUT, f"{target_public_ip} does not answer")
        source = self.addresses.loopback_of(source_public_ip) if "." in endpoint[0] else "::1"
        client = _bound(_Socket(_family(source)), source, None)
        key: Endpoint = client.getsockname()[:2]
        self._callers[key] = entry = _Entry(Caller(source_public_ip, note))
        client.on_close = lambda: self._hung_up(key, entry)
        try:
            return await _connected(client, endpoint)
        except ConnectionRefusedError as failure:
            raise Refused(*failure.args) from None
        except TimeoutError as failure:
            raise Silent(*failure.args) from None

    async def connect_in_vain(self, source_public_ip: str, target_public_ip: str, how: str) -> socket.socket:
        """The same where a fault stands in between. `how` is refused, reset or timeout; a reset has a socket to it."""
        if how == "timeout":
            raise Silent(errno.ETIMEDOUT, f"{target_public_ip} does not answer")
        door = _bound(socket.socket(), self.addresses.loopback_of(target_public_ip), None)
        client: socket.socket | None = None
        try:
            if how == "reset":
                door.listen(1)
            client = _bound(socket.socket(), self.addresses.loopback_of(source_public_ip), None)
            connected = await _connected(client, door.getsockname()[:2])
            caller, _ = door.accept()
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            caller.close()
            return connected
        except ConnectionRefusedError as failure:
            raise Refused(*failure.args) from None
        finally:
            door.close()

    def give_up(self, caller: Endpoint) -> None:
        """The listener will not answer this caller: what a real client would learn by waiting."""
        self._waiting_in_vain.add(caller)

    def gave_up(self, caller: Endpoint) -> bool:
        """Whether that is so; asked once, when the connection is over."""
        told = caller in self._waiting_in_vain
        self._waiting_in_vain.discard(caller)
        return told

    async def dial(self, endpoint: Endpoint) -> socket.socket:
        """A connected, non-blocking socket to a real loopback endpoint, from nobody in particular."""
        return await _connected(socket.socket(_family(endpoint[0])), endpoint)

    async def dial_datagrams(self, endpoint: Endpoint) -> socket.socket:
        """The same for UDP."""
        return await _connected(socket.socket(_family(endpoint[0]), socket.SOCK_DGRAM), endpoint)

    def caller_of(self, peername: tuple[Any, ...]) -> Caller:
        """Who is behind a peer address, as a listener sees it.

        A program from outside is the lab host whose loopback address it came from, otherwise `outside`.
        """
        key: Endpoint = (peername[0], peername[1])
        entry = self._callers.get(key)
        if entry is not None:
            entry.asked = True
            if entry.closed:
                del self._callers[key]
            return entry.caller
        return Caller(self.addresses.public_of(key[0]) or self.outside, outside=True)

    def _ended(self, public_ip: str, port: int, endpoint: Endpoint) -> None:
        if self.endpoint(public_ip, port) == endpoint:  # and no successor has taken its place
            self.detach(public_ip, port)

    def _hung_up(self, key: Endpoint, entry: _Entry) -> None:
        # A client may be gone before the listener has accepted it; then its entry stays for that one question.
        if self._callers.get(key) is not entry:
            return
        if entry.asked:
            del self._callers[key]
            return
        entry.closed = True
        self._unasked.append(key)
        if len(self._unasked) > _MOST_UNASKED:
            old = self._unasked.popleft()
            if (left := self._callers.get(old)) and left.closed:
                del self._callers[old]


class _Socket(socket.socket):
    """A socket that tells the network when it is closed."""

    on_close: Callable[[], None] | None = None

    def close(self) -> None:
        super().close()
        told, self.on_close = self.on_close, None
        if told:
            told()


def _listening(host: str, port: int | None) -> _Socket:
    """A socket that listens, and whose port can be had again when it is closed while a client is still connected."""
    listener = _bound(_Socket(), host, port)
    if os.name == "posix":  # after `bind`: before it, a free port might be one that somebody is still using
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.listen(BACKLOG)
    return listener


def _guard(host: str) -> None:
    try:
        inside = ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise LabError(f"{host} is not on this computer", "A lab talks to loopback addresses only.")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _bound(sock: _S, host: str, port: int | None) -> _S:
    """`sock`, bound; closed when that fails."""
    _guard(host)
    try:
        if port and os.name == "posix":
            # A fixed port must be free again as soon as its lab has ended. (On Windows the option means another thing.)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port or 0))
    except OSError as failure:
        sock.close()
        raise _explained(failure, host, port) from None
    except BaseException:
        sock.close()
        raise
    return sock


async def _connected(sock: socket.socket, endpoint: Endpoint) -> socket.socket:
    """`sock`, connected; closed when that fails."""
    try:
        _guard(endpoint[0])
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, endpoint)
    except BaseException:
        sock.close()
        raise
    return sock


def _explained(failure: OSError, host: str, port: int | None) -> LabError:
    if failure.errno == errno.EADDRNOTAVAIL:
        return LabError(f"{host} cannot be bound on this computer", "Use the address plan `single`.")
    if failure.errno == errno.EACCES:
        return LabError(f"port {port} on {host} needs root", "Choose a port from 1024 on.")
    if failure.errno == errno.EADDRINUSE and port:
        return LabError(
            f"port {port} on {host} is taken", "Stop the program that holds it, or let the lab choose a free port."
        )
    if failure.errno == errno.EADDRINUSE:
        return LabError(f"all ports of {host} are in use", "Reuse connections, or wait a minute.")
    return LabError(f"cannot bind {host} port {port or 0}: {failure.strerror or failure}")
