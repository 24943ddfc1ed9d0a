"""A lab that really runs: nameserver, listeners and couriers in one event loop, playing the world it is given.

    async with LiveLab(lab, start=start) as live:
        world = World(lab, Log(start))
        await live.begin(world)                      # fresh state; the sockets stay
        await live.submit(transport.submit(world, errand, target, person=..., server=...))
        await live.run()                             # until nothing waits

It offers what the plan engine offers, on the same `Reception` and the same journeys of `transport`, so the two can
be compared event by event. One journey is driven at a time, and the next thing happens only when the listener of a
closed connection is done with it: the same flow gives the same events every time. Clients from outside connect to
`endpoint` whenever they like; what they hand in waits for the next `run`.

Listeners are kept as long as servers and addresses stay the same. Hosts, zone and certificates are looked up when
they are needed, so `relab` after a step of a scenario costs next to nothing.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Generator, Mapping
from datetime import datetime
from math import inf
from types import TracebackType
from typing import Any

from simulator.keyring import KEYRING
from simulator.live.anycert import client_context, server_context
from simulator.live.clock import Clock
from simulator.live.connection import Limits
from simulator.live.courier import PATIENCE, Courier
from simulator.live.desk import SendingHost, ServerDesk
from simulator.live.errors import LabError
from simulator.live.nameserver import Nameserver
from simulator.live.network import Endpoint, Network
from simulator.live.pki import Authorities
from simulator.live.published import Published
from simulator.live.server import LabSMTP
from simulator.live.wiretap import Wiretap
from simulator.mishaps import connecting, parks, zone_for
from simulator.outside import is_expecting
from simulator.policy.attempt import Try
from simulator.policy.dialogue import Connect
from simulator.queue import Work
from simulator.topology import CertificateSpec, Lab, Server
from simulator.trace import Log
from simulator.transport import Ask, process
from simulator.validation import Carry, Script, Validation
from simulator.world import Passage, World
from simulator.zone import Answer, Question

__all__ = ["LiveLab"]

_PORTS = (25, 587)
OUTSIDE_PATIENCE = 5.0
"""Real seconds without a sign after which mail with a server that somebody else runs counts as queued there."""
_LOOK = 0.02  # real seconds between two looks for it
_LINGER = 1.0  # real seconds that a closed connection may take to end


class LiveLab:
    """Servers on loopback. `start` is the lab's birth, from which certificates count their validity.

    `fixed_ports` gives real port numbers to (server, port) pairs, for people who connect from outside; without one
    every listener takes a free port. `mode` is the clock's: "virtual" for runs, "real" for servers that are kept.
    """

    def __init__(
        self, lab: Lab, *, start: datetime, plan: str = "auto", seed: int = 0,
        fixed_ports: Mapping[tuple[str, int], int] | None = None, mode: str = "virtual", limits: Limits | None = None,
        patience: float = PATIENCE,
    ) -> None:  # fmt: skip
        self.lab, self.start, self.plan = lab, start, plan
        self.limits, self.patience = limits or Limits(), patience
        self.clock = Clock(start, mode)
        self.authorities = Authorities(sorted(lab.authorities))
        self.world = World(lab, Log(start), seed=seed, keys=KEYRING)
        self.wiretap = Wiretap(self.world, self.clock)
        self.crashes: list[Exception] = []
        """What broke in a listener; the client only heard 451. `drive` raises it when the client was the lab's."""
        self._fixed_ports = fixed_ports or {}
        self._network = Network(plan=plan)
        self.published = Published(lab, self.authorities, start)
        self._zone = self.published.zone.with_keys(KEYRING)  # what DNS says where nothing goes wrong
        self._nameserver = Nameserver(self._zone)
        self._desks: dict[tuple[str, int], ServerDesk] = {}
        self._callers: dict[Endpoint, LabSMTP] = {}
        self._server_contexts: dict[tuple[CertificateSpec, str], ssl.SSLContext] = {}
        self._client_contexts: dict[tuple[CertificateSpec | None, str], ssl.SSLContext] = {}

    # life

    async def __aenter__(self) -> LiveLab:
        try:
            await self._nameserver.start()
            self._network = Network(_addresses(self.lab), plan=self.plan)
            await self._listen()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hangs up on everybody and closes every socket. Nothing waits for a client."""
        await self._hang_up()
        await self._unlisten(list(self._desks))
        await self._nameserver.close()

    async def begin(self, world: World) -> None:
        """Plays another world from now on. Whoever is still connected is cut off: no state outlives a flow."""
        await self._hang_up()
        self.world = world
        self.wiretap = Wiretap(world, self.clock)
        self.crashes.clear()
        if world.lab is not self.lab:
            await self.relab(world.lab)

    async def relab(self, lab: Lab) -> None:
        """Goes on with changed hosts, zone and certificates. Only listeners of changed addresses are restarted."""
        moved = _addresses(lab) != _addresses(self.lab)
        self.lab = lab
        self.world.relab(lab)
        self.published = Published(lab, self.authorities, self.start)
        self._nameserver.zone = self._zone = self.published.zone.with_keys(KEYRING)
        if moved:  # an address that is no longer owned must fall silent, which only a new network knows
            await self._hang_up()
            await self._unlisten(list(self._desks))
            self._network = Network(_addresses(lab), plan=self.plan)
        await self._listen()

    def endpoint(self, server: str, port: int = 25) -> Endpoint:
        """Where a client from outside connects to reach this server's port."""
        found = self._network.endpoint(self.lab.servers[server].addresses[0], port)
        if found is None:
            raise LabError(f"{server} does not listen on port {port}")
        return found

    @property
    def nameserver(self) -> Nameserver:
        return self._nameserver

    @property
    def network(self) -> Network:
        return self._network

    @property
    def sessions(self) -> list[LabSMTP]:
        """The connections that are open now."""
        return [session for desk in self._desks.values() for session in desk.sessions]

    # play

    async def run(self, *, until: datetime | None = None, first_attempts_only: bool = False, most: float = inf) -> None:
        """Works off the queue, or the `most` next of it; mail time jumps to what is due next. Real time: what is due."""
        world = self.world
        while (most := most - 1) >= 0:
            self.tick()
            limit = world.now if self.clock.is_real else until
            work = world.queue.take(until=limit, first_attempts_only=first_attempts_only)
            if work is None:
                if not await self._hears_from_outside():
                    return
                continue
            world.now = max(world.now, work.due)
            if not parks(world, work):
                await self.drive(process(world, work), world.lab.servers[work.host].certificate, work=work)

    async def drive(
        self, journey: Generator[Ask, Any, Any], certificate: CertificateSpec | None = None, *, work: Work | None = None,
        host: str = "",
    ) -> Any:  # fmt: skip
        """Carries out one journey; `certificate` is what its client shows. Returns what it returns.

        `work` is what it is about, or `host` whose it is, for the wiretap; neither for a person's client.
        """
        host = work.host if work else host
        identity = SendingHost(self, host, certificate)
        courier = Courier(self._network, identity, patience=self.patience, hung_up=self._hung_up)
        told: Any = None
        try:
            while True:
                try:
                    ask = journey.send(told)
                except StopIteration as done:
                    return done.value
                if isinstance(ask, Question):
                    told = await self._ask(ask, host, work)
                else:
                    told = await courier.perform(ask, self._forbids(ask) if isinstance(ask, Connect) else "")
                if self.crashes:
                    raise self.crashes.pop()
        finally:
            await courier.close()
            journey.close()

    def _forbids(self, asked: Connect) -> str:
        """How a planned fault has a connection fail; "" where it may be made. Only listeners can be shut out."""
        server = self.lab.server_at(asked.target.address)
        if server is None or not self._network.endpoint(asked.target.address, asked.port):
            return ""
        return connecting(self.world, server.name, asked.passage if isinstance(asked.passage, Passage) else None)

    async def _hears_from_outside(self) -> bool:
        """Waits, in real time, for mail that is with servers that somebody else runs. False where none came."""
        world, before, waited = self.world, self.world.queue.arrivals, 0.0
        while is_expecting(world) and waited < OUTSIDE_PATIENCE and not self.clock.is_real:
            await asyncio.sleep(_LOOK)
            waited += _LOOK
            if world.queue.arrivals > before:
                return True
        return False

    async def submit(self, journey: Generator[Ask, Any, Try], certificate: CertificateSpec | None = None) -> Try:
        """A person's client hands in a message."""
        self.tick()
        result: Try = await self.drive(journey, certificate)
        return result

    async def play(self, script: Script) -> Validation:
        """Carries out a validation."""
        told: Any = None
        self.tick()
        while True:
            try:
                ask = script.send(told)
            except StopIteration as done:
                result: Validation = done.value
                return result
            told = None
            if isinstance(ask, Carry):
                told = await self.drive(ask.journey, self.world.lab.servers[ask.host].certificate, host=ask.host)
            else:
                await self.run(first_attempts_only=True)

    def tick(self) -> None:
        """Lets mail time catch up where it is real."""
        self.world.now = self.clock.at_least(self.world.now)

    async def _ask(self, question: Question, host: str, work: Work | None) -> Answer:
        msg, hop = (work.msg, work.hop) if work else ("", 0)
        answer = await self._look_up(question, host, msg, hop)
        self.wiretap.dns(host, question, answer, msg=msg, hop=hop)
        return answer

    async def ask(self, question: Question, server: str, passage: Passage | None) -> Answer:
        """What a listening server asks about a message that comes in; `passage` is what a client of the lab gave along."""
        msg, hop = (passage.msg, passage.hop + 1) if passage else ("", 0)
        answer = await self._look_up(question, server, msg, hop)
        self.wiretap.dns(server, question, answer, msg=msg, hop=hop)
        return answer

    async def _look_up(self, question: Question, host: str, msg: str, hop: int) -> Answer:
        """Asks the nameserver, which answers as it is planned for this question."""
        zone = zone_for(self.world, self._zone, question, host, msg, hop)
        if self._nameserver.zone is not zone:
            self._nameserver.zone = zone
        return self.published.named(await self._nameserver.ask(question))

    # certificates

    def server_context(self, server: str, spec: CertificateSpec) -> ssl.SSLContext:
        """What the listeners of a server show; made when the first client asks for it."""
        minimum = self.lab.hosts[server].minimum_tls
        if (spec, minimum) not in self._server_contexts:
            issued = self.authorities.issue(spec, self.start)
            self._server_contexts[spec, minimum] = server_context(issued, minimum=minimum)
        return self._server_contexts[spec, minimum]

    def client_context(self, spec: CertificateSpec | None, version: str = "") -> ssl.SSLContext:
        """What a client with this certificate, or with none, uses; `version` is the only one it speaks."""
        key = (spec, version)
        if key not in self._client_contexts:
            issued = self.authorities.issue(spec, self.start) if spec else None
            self._client_contexts[key] = client_context(issued, version)
        return self._client_contexts[key]

    # listeners

    async def _listen(self) -> None:
        """Opens the listeners that should be there, closes those that should not."""
        wanted = {
            (ip, port): server.name
            for server in self.lab.servers.values()
            if server.name in self.lab.hosts and server.name not in self.lab.down and not server.runs_at
            if not self.lab.hosts[server.name].submission.direct
            for ip in server.addresses
            if self.lab.server_at(ip) is server
            for port in dict.fromkeys((*_PORTS, self.lab.hosts[server.name].submission.port))
        }
        await self._unlisten([at for at, desk in self._desks.items() if wanted.get(at) != desk.server])
        for (ip, port), server in wanted.items():
            if (ip, port) not in self._desks:
                first = ip == self.lab.servers[server].addresses[0]
                self._desks[ip, port] = desk = ServerDesk(self, server, port)
                wanted_port = self._fixed_ports.get((server, port)) or dict(self.lab.servers[server].ports).get(port)
                await desk.open(self._network, ip, wanted_port if first else None)
        for outsider in map(self.lab.servers.__getitem__, self.lab.outsiders):
            for ip in outsider.addresses:
                self._attach(outsider, ip)

    def _attach(self, server: Server, ip: str) -> None:
        """A server that somebody else runs: only port 25 of it is known."""
        assert server.runs_at is not None
        if server.name in self.lab.down:
            self._network.detach(ip, 25)
        else:
            self._network.attach(ip, 25, server.runs_at)

    async def _unlisten(self, places: list[tuple[str, int]]) -> None:
        desks = [self._desks.pop(place) for place in places]
        for desk in desks:
            desk.close()
        await self._ended([s for desk in desks for s in desk.sessions])

    async def _hang_up(self) -> None:
        await self._ended(self.sessions)

    async def _ended(self, sessions: list[LabSMTP]) -> None:
        for session in sessions:
            session.abort()
        if sessions:
            await asyncio.wait([session.is_over for session in sessions], timeout=_LINGER)
            await asyncio.sleep(0)  # for the transports to notice

    async def _hung_up(self, here: Endpoint) -> None:
        """Waits until the listener is done with a connection that its client has closed."""
        session = self._callers.get(here)
        if session is not None and not session.is_over.done():
            await asyncio.wait([session.is_over], timeout=_LINGER)

    def caller(self, session: LabSMTP, peername: tuple[Any, ...]) -> tuple[str, Passage | None]:
        """Who is calling: the public address, and what a client of the lab gave along."""
        caller = self._network.caller_of(peername)
        here: Endpoint = (peername[0], peername[1])
        if not caller.outside:
            self._callers[here] = session
            session.is_over.add_done_callback(lambda _: self._callers.pop(here, None))
        return caller.public_ip, caller.note if isinstance(caller.note, Passage) else None


def _addresses(lab: Lab) -> tuple[str, ...]:
    servers: list[Server] = list(lab.servers.values())
    return tuple(dict.fromkeys(ip for server in servers for ip in server.addresses))
