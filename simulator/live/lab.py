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
from simulator.live.desk import SendingHost
from simulator.live.errors import LabError
from simulator.live.holding import Holding
from simulator.live.listeners import Listeners, addresses
from simulator.live.nameserver import Nameserver
from simulator.live.network import Endpoint, Network
from simulator.live.outages import follow_outages
from simulator.live.pki import Authorities
from simulator.live.published import Published
from simulator.live.scarcity import hear_of_scarcity
from simulator.live.server import LabSMTP
from simulator.live.wiretap import Wiretap
from simulator.mishaps import connecting, parks, zone_for
from simulator.outside import is_expecting
from simulator.policy.attempt import Try
from simulator.policy.dialogue import Connect, Leave, Resume
from simulator.queue import Work
from simulator.sharing import part
from simulator.topology import CertificateSpec, Lab
from simulator.trace import Log
from simulator.transport import Ask, process
from simulator.validation import Carry, Script, Validation
from simulator.world import Passage, World
from simulator.zone import Answer, Question

__all__ = ["LiveLab"]

OUTSIDE_PATIENCE = 5.0
"""Real seconds without a sign after which mail with a server that somebody else runs counts as queued there."""
_LOOK = 0.02  # real seconds between two looks for it


class LiveLab:
    """Servers on loopback. `start` is the lab's birth, from which certificates count their validity.

    `fixed_ports` gives real port numbers to (server, port) pairs, for people who connect from outside; without one
    every listener takes a free port. `mode` is the clock's: "virtual" for runs, another for servers that are kept. `first_door` is the port from which there
    are doors, where all share one address.
    """

    def __init__(
        self, lab: Lab, *, start: datetime, plan: str = "auto", seed: int = 0,
        fixed_ports: Mapping[tuple[str, int], int] | None = None, mode: str = "virtual", limits: Limits | None = None,
        patience: float = PATIENCE, first_door: int | None = None,
    ) -> None:  # fmt: skip
        self.lab, self.start, self.plan = lab, start, plan
        self.limits, self.patience = limits or Limits(), patience
        self.clock = Clock(start, mode)
        self.authorities = Authorities(sorted(lab.authorities))
        self.world = World(lab, Log(start), seed=seed, keys=KEYRING)
        self.wiretap = Wiretap(self.world, self.clock)
        self.crashes: list[Exception] = []
        """What broke in a listener; the client only heard 451. `drive` raises it when the client was the lab's."""
        self.fixed_ports, self.first_door = fixed_ports or {}, first_door
        self._network = Network(plan=plan)
        self.published = Published(lab, self.authorities, start)
        self._zone = self.published.zone.with_keys(KEYRING)  # what DNS says where nothing goes wrong
        self._nameserver = Nameserver(self._zone)
        self._asking = asyncio.Lock()
        self.listeners = Listeners(self)
        self.holding = Holding(self)
        self._server_contexts: dict[tuple[CertificateSpec, str], ssl.SSLContext] = {}
        self._standing: dict[int, Courier] = {}  # connections that hosts have left open
        self._client_contexts: dict[tuple[CertificateSpec | None, str], ssl.SSLContext] = {}

    # life

    async def __aenter__(self) -> LiveLab:
        self._stop_hearing = hear_of_scarcity(asyncio.get_running_loop(), None if self.clock.is_real else self.crashes)
        try:
            await self._nameserver.start()
            self._network = Network(addresses(self.lab), plan=self.plan)
            await self.listeners.open()
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
        await self._let_go()
        await self.listeners.close()
        await self._nameserver.close()
        self._stop_hearing()

    async def begin(self, world: World) -> None:
        """Plays another world from now on. Whoever is still connected is cut off: no state outlives a flow."""
        await self._let_go()
        await self.listeners.hang_up()
        self.world = world
        self.wiretap = Wiretap(world, self.clock)
        self.crashes.clear()
        if world.lab is not self.lab:
            await self.relab(world.lab)

    async def relab(self, lab: Lab) -> None:
        """Goes on with changed hosts, zone and certificates. Only listeners of changed addresses are restarted."""
        await self._let_go()
        moved = addresses(lab) != addresses(self.lab)
        self.lab = lab
        self.world.relab(lab)
        self.published = Published(lab, self.authorities, self.start)
        self._nameserver.zone = self._zone = self.published.zone.with_keys(KEYRING)
        if moved:  # an address that is no longer owned must fall silent, which only a new network knows
            await self.listeners.close()
            self._network = Network(addresses(lab), plan=self.plan)
        await self.listeners.open()

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
        return self.listeners.sessions

    # play

    async def run(self, *, until: datetime | None = None, first_attempts_only: bool = False, most: float = inf) -> None:
        """Works off the queue, or the `most` next of it; mail time jumps to what is due next, as far as the clock lets it."""
        world = self.world
        while (most := most - 1) >= 0:
            self.tick()
            limit = self.holding.limit(until)
            work = world.queue.take(until=limit, first_attempts_only=first_attempts_only)
            if work is None:
                await self._part(everybody=True)
                waits = not first_attempts_only and await self.holding.let_go(until)
                if not waits and not await self._hears_from_outside():
                    return
                continue
            world.now = max(world.now, work.due)
            if not parks(world, work):
                await self.drive(process(world, work), world.lab.servers[work.host].certificate, work=work)
            await self._part()

    async def _part(self, *, everybody: bool = False) -> None:
        """Ends what nobody needs any more of the connections that were left open."""
        if self.world.standing:
            await self.drive(part(self.world, everybody=everybody))

    async def _let_go(self) -> None:
        """Ends them without a word."""
        while self._standing:
            await self._standing.popitem()[1].close()

    async def drive(
        self, journey: Generator[Ask, Any, Any], certificate: CertificateSpec | None = None, *, work: Work | None = None,
        host: str = "",
    ) -> Any:  # fmt: skip
        """Carries out one journey; `certificate` is what its client shows. Returns what it returns.

        `work` is what it is about, or `host` whose it is, for the wiretap; neither for a person's client.
        """
        host = work.host if work else host
        identity = SendingHost(self, host, certificate)
        courier = self._courier(identity)
        told: Any = None
        try:
            while True:
                try:
                    ask = journey.send(told)
                except StopIteration as done:
                    return done.value
                if isinstance(ask, Question):
                    told = await self._ask(ask, host, work)
                elif isinstance(ask, Leave):
                    self._standing[ask.number], courier = courier, self._courier(identity)
                elif isinstance(ask, Resume):
                    await courier.close()
                    courier = self._standing.pop(ask.number)
                else:
                    told = await courier.perform(ask, await self._forbids(ask) if isinstance(ask, Connect) else "")
                if self.crashes:
                    raise self.crashes.pop()
        finally:
            await courier.close()
            journey.close()

    def _courier(self, identity: SendingHost) -> Courier:
        told = self.listeners
        return Courier(self._network, identity, patience=self.patience, hung_up=told.hung_up, carries=told.carries)

    async def _forbids(self, asked: Connect) -> str:
        """How a planned fault has a connection fail; "" where it may be made. Only listeners can be shut out."""
        if self.clock.mode != "virtual":
            await follow_outages(self)
        server = self.lab.server_at(asked.target.address)
        if server is None or not self._network.endpoint(asked.target.address, asked.port):
            return ""
        return connecting(self.world, server.name, asked.passage if isinstance(asked.passage, Passage) else None)

    async def _hears_from_outside(self) -> bool:
        """Waits, in real time, for mail that is with servers that somebody else runs. False where none came."""
        world, before, waited = self.world, self.world.queue.arrivals, 0.0
        while is_expecting(world) and waited < OUTSIDE_PATIENCE and self.clock.mode == "virtual":
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
        return await self._look_up(question, host, *((work.msg, work.hop) if work else ("", 0)))

    async def ask(self, question: Question, server: str, passage: Passage | None) -> Answer:
        """What a listening server asks about a message that comes in; `passage` is what a client of the lab gave along."""
        return await self._look_up(question, server, *((passage.msg, passage.hop + 1) if passage else ("", 0)))

    async def _look_up(self, question: Question, host: str, msg: str, hop: int) -> Answer:
        """Asks the nameserver, which answers as it is planned for this question."""
        async with self._asking:  # a client from outside may have a question at the same time
            zone = zone_for(self.world, self._zone, question, host, msg, hop)
            if self._nameserver.zone is not zone:
                self._nameserver.zone = zone
            answer = self.published.named(await self._nameserver.ask(question))
        self.wiretap.dns(host, question, answer, msg=msg, hop=hop)
        return answer

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
