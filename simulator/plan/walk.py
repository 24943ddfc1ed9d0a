"""Walks a message through the hosts of a lab by asking their policies, without sockets, clock or certificates.

It carries out the same questions and actions that `transport` yields to the live engine: a DNS question is looked
up in the zone, a connection is a `Reception` of the other host, a handshake is computed from the two certificates
that the lab describes. So what it says would happen is what the code that really runs would decide.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from math import inf
from typing import Any, TypeVar

from simulator.faults import CutOff
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.mail.tls import Certificate, TlsFacts
from simulator.mishaps import connecting, parks, shown_by, zone_for
from simulator.policy.asking import Asking
from simulator.policy.attempt import Try
from simulator.policy.dialogue import (
    NO_EHLO,
    Broken,
    Connect,
    Data,
    Heard,
    Hello,
    Leave,
    Login,
    MailFrom,
    Quit,
    RcptTo,
    Reset,
    Resume,
    Said,
    Secured,
    StartTls,
)
from simulator.reception import Reception
from simulator.sharing import part
from simulator.topology import CertificateSpec, Lab, Server
from simulator.transport import Ask, process
from simulator.validation import Carry, Script, Validation
from simulator.world import Passage, World
from simulator.zone import Answer, Question

__all__ = ["PlanEngine"]

T = TypeVar("T")

_OPEN_PORTS = (25, 587)
_NOTHING = Said(Reply(250, "", ""))  # heard of what is not said on the wire
_VERSIONS = {"": "TLSv1.3", "1.0": "TLSv1", "1.1": "TLSv1.1", "1.2": "TLSv1.2", "1.3": "TLSv1.3"}


class PlanEngine:
    """Plays one world. `start` is the lab's birth, from which certificates count their validity."""

    def __init__(self, world: World, start: datetime) -> None:
        self.world, self.start = world, start
        self._zone = world.lab.zone.with_keys(world.keys)
        self.standing: dict[int, tuple[Reception | None, Server | None]] = {}  # connections that hosts have left open

    def run(self, *, until: datetime | None = None, first_attempts_only: bool = False, most: float = inf) -> None:
        """Works off the queue, or the `most` next of it; mail time jumps to when the next work is due."""
        world = self.world
        while (most := most - 1) >= 0:
            work = world.queue.take(until=until, first_attempts_only=first_attempts_only)
            if work is None:
                self._part(everybody=True)
                return
            world.now = max(world.now, work.due)
            if not parks(world, work):
                about = (work.host, work.msg, work.hop)
                self.drive(process(world, work), world.lab.servers[work.host].certificate, *about)
            self._part()

    def _part(self, *, everybody: bool = False) -> None:
        """Ends what nobody needs any more of the connections that were left open."""
        if self.world.standing:
            self.drive(part(self.world, everybody=everybody), None)

    def relab(self, lab: Lab) -> None:
        """Goes on in a changed lab."""
        self.standing.clear()
        self.world.relab(lab)
        self._zone = lab.zone.with_keys(self.world.keys)

    def drive(
        self, journey: Generator[Ask, Any, Any], certificate: CertificateSpec | None, host: str = "", msg: str = "",
        hop: int = 0,
    ) -> Any:  # fmt: skip
        """Carries out one journey of `host`; `certificate` is what its client shows when asked. Returns what it returns."""
        line = _Line(self, certificate, host)
        told: Answer | Heard | None = None
        while True:
            try:
                ask = journey.send(told)
            except StopIteration as done:
                return done.value
            told = self.look_up(ask, host, msg, hop) if isinstance(ask, Question) else line.carry(ask)

    def look_up(self, question: Question, host: str, msg: str, hop: int) -> Answer:
        """What DNS answers a host that asks about a message."""
        zone = zone_for(self.world, self._zone, question, host, msg, hop)
        return zone.lookup(question.name, question.type)

    def answering(self, asking: Asking[T], host: str, msg: str, hop: int) -> T:
        """What a decision of `host` comes to that asks DNS."""
        answer: Any = None
        while True:
            try:
                question = asking.send(answer)
            except StopIteration as done:
                result: T = done.value
                return result
            answer = self.look_up(question, host, msg, hop)

    def submit(self, journey: Generator[Ask, Any, Try], certificate: CertificateSpec | None = None) -> Try:
        """A person's client hands in a message."""
        result: Try = self.drive(journey, certificate)
        return result

    def play(self, script: Script) -> Validation:
        """Carries out a validation."""
        told: Any = None
        while True:
            try:
                ask = script.send(told)
            except StopIteration as done:
                result: Validation = done.value
                return result
            told = None
            if isinstance(ask, Carry):
                told = self.drive(ask.journey, self.world.lab.servers[ask.host].certificate, ask.host)
            else:
                self.run(first_attempts_only=True)


class _Line:
    """The connection of one sending host: what the network and the other side would answer."""

    def __init__(self, engine: PlanEngine, certificate: CertificateSpec | None, host: str) -> None:
        self.engine, self.certificate, self.host = engine, certificate, host
        self.reception: Reception | None = None
        self.server: Server | None = None
        self.passage: Passage | None = None

    def carry(self, action: object) -> Heard:
        try:
            return self._carried(action)
        except CutOff as cut:
            self.reception = None
            return Broken(cut.how)

    def _carried(self, action: object) -> Heard:
        if isinstance(action, Connect):
            return self._connect(action)
        if isinstance(action, Resume):
            self.reception, self.server = self.engine.standing.pop(action.number)
            return _NOTHING
        reception = self.reception
        if reception is None:
            return Broken("reset")
        if isinstance(action, Leave):
            self.engine.standing[action.number] = (reception, self.server)
            self.reception = None
            return _NOTHING
        if isinstance(action, Quit):
            self.reception = None
            return Said(reception.quit())
        heard = _VERBS[type(action)](self, reception, action)
        if isinstance(heard, Said) and heard.reply.code == 421:
            self.reception = None  # RFC 5321 3.8: the listener closes the channel
        return heard

    def _connect(self, action: Connect) -> Heard:
        world = self.engine.world
        server = world.lab.server_at(action.target.address)
        self.reception = None
        if server is None:
            return Broken("timeout")  # an address that no server owns is silent
        host = world.lab.hosts.get(server.name)
        if host is None or host.submission.direct or server.name in world.lab.down:
            return Broken("refused")
        if action.port not in (*_OPEN_PORTS, host.submission.port):
            return Broken("refused")
        passage = action.passage if isinstance(action.passage, Passage) else None
        self.passage = passage
        if how := connecting(world, server.name, passage):
            return Broken(how)
        session = Session(peer=action.source, server=server.name, port=action.port)
        self.server, self.reception = server, Reception(world, session, passage)
        reply = self.reception.open()
        if not reply.ok:
            self.reception = None
        return Said(reply)

    def _hello(self, reception: Reception, asked: Hello) -> Heard:
        reply, keywords = reception.hello(asked.name)
        if reply.code in NO_EHLO:
            reply, keywords = reception.hello(asked.name, extended=False)[0], ()
        return Said(reply, keywords)

    def _mail(self, reception: Reception, asked: MailFrom) -> Heard:
        if isinstance(asked.passage, Passage):
            self.passage = reception.passage = asked.passage
        return Said(reception.mail(asked.sender, asked.parameters))

    def _reset(self, reception: Reception, asked: Reset) -> Heard:
        reception.reset()
        return Said(Reply(250, "2.0.0", "OK"))

    def _rcpt(self, reception: Reception, asked: RcptTo) -> Heard:
        host = reception.host.name
        msg, hop = (self.passage.msg, self.passage.hop + 1) if self.passage else ("", 0)
        shown = self.engine.world.lab.servers[host].certificate
        return Said(self.engine.drive(reception.rcpt(asked.recipient, asked.parameters), shown, host, msg, hop))

    def _data(self, reception: Reception, asked: Data) -> Heard:
        ready = reception.ready()
        if ready.code != 354:
            return Said(ready)
        reception.receives()
        msg, hop = (self.passage.msg, self.passage.hop + 1) if self.passage else ("", 0)
        return Said(self.engine.answering(reception.content(asked.content), reception.host.name, msg, hop))

    def _handshake(self, reception: Reception, asked: StartTls) -> Heard:
        server, start = self.server, self.engine.start
        if server is None or reception.certificate is None:
            return Said(Reply(502, "5.5.1", "STARTTLS is not offered"))
        ready = reception.starttls()
        if ready.code != 220:
            return Said(ready)
        shown = reception.shakes_hands()
        assert shown is not None
        if asked.version and asked.version < reception.host.minimum_tls:
            self.reception = None
            return Broken("handshake")
        first = asked.shows if isinstance(asked.shows, CertificateSpec) else self.certificate
        own = shown_by(self.engine.world, self.host, first) if asked.certificate else None
        version = _VERSIONS[asked.version]
        reception.secured(TlsFacts(version, "", _shown(own, start) if own else None))
        # A certificate that a fault has put in its place is none that DNS knows.
        holder = self.engine.world.lab.holder(server) if shown == server.certificate else ""
        return Secured(TlsFacts(version, "", _shown(shown, start, holder)))


@lru_cache(256)
def _shown(spec: CertificateSpec, start: datetime, holder: str = "") -> Certificate:
    """What a certificate tells, and the name that a lab's TLSA records have for it."""
    return replace(spec.facts(start), associations=frozenset({f"cert:{holder}"} if holder else ()))


_VERBS: dict[type, Callable[[_Line, Reception, Any], Heard]] = {
    Hello: _Line._hello,
    StartTls: _Line._handshake,
    Login: lambda _, reception, asked: Said(reception.login(asked.user, asked.password)),
    MailFrom: _Line._mail,
    RcptTo: _Line._rcpt,
    Data: _Line._data,
    Reset: _Line._reset,
}
