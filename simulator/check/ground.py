"""A lab to look at, and the planner that says what would become of a message in it.

Every question is asked once: looking at a lab asks for the same mail again and again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from simulator.mail.address import Address, Sender
from simulator.plan.walk import PlanEngine
from simulator.played import Played
from simulator.policy.asking import Asking
from simulator.policy.signing import Keys
from simulator.products.registry import PRODUCTS
from simulator.scenario.handover import handovers
from simulator.scenario.lab import START
from simulator.scenario.model import Flow, Send
from simulator.source import NOWHERE, Node, Source
from simulator.topology import Lab, Person
from simulator.trace import Log
from simulator.transport import submit
from simulator.world import World
from simulator.zone import Zone

__all__ = ["MOST", "NOBODY", "Asked", "LabGround"]

T = TypeVar("T")
NOBODY = "nobody-mailflow-check"
"""The local part of an address that nobody has."""
MOST = 200
"""How many addresses beside people's mailboxes are asked for: a tenant may know ten thousand."""


class Asked:
    """One message that was planned: who sent it to whom, and what came of it."""

    def __init__(self, sender: Person, to: Address, played: Played) -> None:
        self.sender, self.to, self.played = sender, to, played

    @property
    def is_known(self) -> bool:
        return self.to.local != NOBODY

    @property
    def arrives(self) -> bool:
        """Whether a copy reached a mailbox."""
        return any(ending.status == "delivered" for ending in self.played.endings)


class LabGround:
    """One lab. `tree` is what it was built from, for places and edits."""

    def __init__(self, lab: Lab, tree: Node, *, start: datetime = START, keys: Keys) -> None:
        # What is planned to go wrong, or is switched off for a while, is no setting.
        self.lab = replace(lab, faults=())
        self.tree, self.start, self.keys = tree, start, keys
        self.passed_over = 0
        self._mail: dict[tuple[str, Address, datetime | None, bool], Played | None] = {}

    @cached_property
    def senders(self) -> tuple[Person, ...]:
        found: dict[tuple[str, str], Person] = {}
        for person in self.lab.people.values():
            found.setdefault((person.server, person.address.domain), person)
        return tuple(found.values())

    @cached_property
    def known(self) -> dict[Address, Source]:
        """Every address that somebody has or some server knows, and where it stands; `passed_over` counts what is too much."""
        found = {
            address: person.at
            for person in self.lab.people.values()
            for address, server in person.mailboxes
            if not self.lab.hosts[server].submission.direct  # a device sends, and has no mailbox
        }
        self.passed_over = 0
        most = len(found) + MOST
        for name, host in self.lab.hosts.items():
            for address, at in PRODUCTS[self.lab.servers[name].kind].known(host):
                if address not in found and len(found) >= most:
                    self.passed_over += 1
                else:
                    found.setdefault(address, at)
        return found

    @cached_property
    def domains(self) -> dict[str, Source]:
        """The domains that mail of this lab can be for: those of known addresses, and those whose MX leads to a server."""
        found: dict[str, Source] = {}
        for address, at in self.known.items():
            found.setdefault(address.domain, at)
        for name, type in self.lab.zone.records:
            if type == "MX" and "*" not in name and name not in found and self._leads_here(name):
                written = self.node("dns", name, "MX")
                if written is not None:
                    found[name] = written.at
        return found

    def _leads_here(self, domain: str) -> bool:
        hosts = (record.partition(" ")[2] for record in self.lab.zone.lookup(domain, "MX").records)
        return any(self.lab.server_at(ip) for host in hosts for ip in self.lab.zone.lookup(host, "A").records)

    @cached_property
    def asked(self) -> tuple[Asked, ...]:
        """Mail from everywhere to everybody, and to nobody in every domain."""
        return tuple(self._everything())

    def _everything(self) -> Iterator[Asked]:
        nobody = [Address.parse(f"{NOBODY}@{domain}") for domain in self.domains]
        for to in (*self.known, *nobody):
            for sender in self.senders:
                if sender.address != to and (played := self.mail(sender, to)):
                    yield Asked(sender, to, played)

    def mail(self, sender: Person, to: Address, *, at: datetime | None = None, null: bool = False) -> Played | None:
        key = (sender.name, to, at, null)
        if key not in self._mail:
            send = Send(sender.address, (to,), sender.name, server=sender.server, null_sender=null)
            self._mail[key] = self.play(send, at)
        return self._mail[key]

    def stranger(self, server: str, source: str, sender: Sender, to: Address) -> Played | None:
        return self.play(Send(sender, (to,), source=source, server=server, port=25, null_sender=sender is None))

    def play(self, send: Send, at: datetime | None = None) -> Played | None:
        """What becomes of a message up to the first attempts."""
        if self.lab.outsiders:
            return None  # nobody can plan what a server of somebody else does
        flow = Flow("check", NOWHERE, None, self.lab, self.tree, (send,), ())
        world = World(self.lab, Log(at or self.start), keys=self.keys)
        engine = PlanEngine(world, self.start)
        for handover in handovers(flow, world):
            journey = submit(world, handover.errand, handover.target, person=handover.person, server=handover.server)
            engine.submit(journey, handover.certificate)
        engine.run(first_attempts_only=True)
        return Played.read(world, "plan")

    def answering(self, asking: Asking[T]) -> T:
        answer: Any = None
        while True:
            try:
                question = asking.send(answer)
            except StopIteration as done:
                result: T = done.value
                return result
            answer = self._zone.lookup(question.name, question.type)

    @cached_property
    def _zone(self) -> Zone:
        return self.lab.zone.with_keys(self.keys)

    def node(self, *path: str) -> Node | None:
        found: Node | None = self.tree
        for key in path:
            found = found.get(key) if found is not None else None
        return found
