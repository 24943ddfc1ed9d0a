"""What stands between the connections and the lab: who is calling, in which world, with which certificate.

A `ServerDesk` receives for one address and port of a server; a `SendingHost` is who a courier is in a handshake. Both
look everything up when it is needed, so a lab may change its hosts, zone and certificates while they stay.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from simulator.live.anycert import peer_facts
from simulator.live.network import BACKLOG, Endpoint, Network
from simulator.live.server import LabSMTP
from simulator.live.wiretap import Link, Wiretap
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.mail.tls import TlsFacts
from simulator.mishaps import connecting, shown_by
from simulator.reception import Reception
from simulator.topology import CertificateSpec
from simulator.world import Passage
from simulator.zone import Answer, Question

if TYPE_CHECKING:
    from simulator.live.lab import LiveLab

__all__ = ["SendingHost", "ServerDesk"]

_log = logging.getLogger(__name__)

SLOWEST = 30.0
"""Real seconds that a client from outside waits at most for a reply that a fault makes slow, where time is real."""


class ServerDesk:
    """The listener of one address and port of a server: what `server.Desk` asks for."""

    def __init__(self, live: LiveLab, server: str, port: int, *, counts_as: str = "") -> None:
        self.live, self.server, self.port = live, server, port
        self.counts_as = counts_as
        """The public address that every client here has; "" where it is told by where it comes from."""
        self.limits = live.limits
        self.sessions: set[LabSMTP] = set()
        self._listener: asyncio.Server | None = None
        self.endpoint: Endpoint = ("", 0)

    @property
    def wiretap(self) -> Wiretap:
        return self.live.wiretap

    async def open(self, network: Network, ip: str, real_port: int | None) -> None:
        loop = asyncio.get_running_loop()
        socket = network.door(real_port) if self.counts_as else network.bind(ip, self.port, real_port)
        self.endpoint = socket.getsockname()[:2]
        self._listener = await loop.create_server(lambda: LabSMTP(self, loop), sock=socket, backlog=BACKLOG)

    def close(self) -> None:
        if self._listener:
            self._listener.close()

    @property
    def is_open(self) -> bool:
        """Whether the listener is there for programs from outside."""
        return self._listener is not None and self._listener.is_serving()

    def shut_door(self, network: Network, ip: str) -> None:
        """Closes the listener. The lab's own clients still find it on the table, where faults say what they meet."""
        self.close()
        if not self.counts_as:
            network.attach(ip, self.port, self.endpoint)

    async def open_again(self, network: Network, ip: str) -> None:
        """Listens again where it did."""
        await self.open(network, ip, self.endpoint[1])

    def admit(self, session: LabSMTP, peername: tuple[Any, ...]) -> tuple[Reception, Link]:
        live = self.live
        live.tick()
        peer, passage = live.listeners.caller(session, peername)
        peer = self.counts_as or peer
        reception = Reception(live.world, Session(peer=peer, server=self.server, port=self.port), passage)
        return reception, Link(reception.number, self.server, peer, peername[1], passage)

    def shut(self, link: Link) -> str:
        return connecting(self.live.world, self.server, None) if link.passage is None else ""

    def is_kept(self) -> bool:
        return self.live.clock.mode != "virtual"

    async def pace(self, reception: Reception, link: Link) -> None:
        if self.live.clock.is_real and link.passage is None and (slow := reception.waited()):
            await asyncio.sleep(min(slow.total_seconds(), SLOWEST))

    def tick(self) -> None:
        self.live.tick()

    def certificate_context(self, reception: Reception) -> ssl.SSLContext:
        shown = reception.shakes_hands()
        assert shown is not None
        return self.live.server_context(self.server, shown)

    def gave_up(self, peername: tuple[Any, ...]) -> None:
        self.live.network.give_up((peername[0], peername[1]))

    def tls_facts(self, ssl_object: Any) -> tuple[TlsFacts, bytes]:
        return peer_facts(ssl_object, self.live.authorities), ssl_object.getpeercert(True) or b""

    async def carry(self, answering: Generator[Any, Any, Reply]) -> Reply:
        certificate = self.live.lab.servers[self.server].certificate
        reply: Reply = await self.live.drive(answering, certificate, host=self.server)
        return reply

    async def ask(self, question: Question, link: Link) -> Answer:
        return await self.live.ask(question, self.server, link.passage)

    def crashed(self, error: Exception, link: Link) -> None:
        _log.error("%s broke while it spoke with %s", self.server, link.peer, exc_info=error)
        if link.passage is not None:
            self.live.crashes.append(error)


class SendingHost:
    """A sending host, or a person's client, in a handshake: what `courier.Identity` asks for."""

    def __init__(self, live: LiveLab, host: str, certificate: CertificateSpec | None) -> None:
        self.live, self.host, self.certificate = live, host, certificate

    def client_context(self, *, own: bool = True, version: str = "", shows: object = None) -> ssl.SSLContext:
        first = shows if isinstance(shows, CertificateSpec) else self.certificate
        return self.live.client_context(shown_by(self.live.world, self.host, first) if own else None, version)

    def saw(self, ssl_object: Any, passage: object) -> TlsFacts:
        facts = self.live.published.known(peer_facts(ssl_object, self.live.authorities))
        if facts.certificate:
            der = ssl_object.getpeercert(True) or b""
            noted = passage if isinstance(passage, Passage) else None
            self.live.wiretap.certificate(self.host, "server", facts.certificate, der, noted)
        return facts
