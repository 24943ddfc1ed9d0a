"""One message, planned: what becomes of mail from one person of a lab to another, to its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from simulator.keyring import KEYRING
from simulator.mail.address import Address
from simulator.plan.walk import PlanEngine
from simulator.played import Played
from simulator.scenario.handover import handovers
from simulator.scenario.model import Flow, Send
from simulator.source import NOWHERE, Node
from simulator.topology import Lab, Person
from simulator.trace import Log
from simulator.transport import submit
from simulator.world import World

__all__ = ["between_servers", "planned_message"]


def planned_message(lab: Lab, tree: Node, sends: tuple[Send, ...], begin: datetime) -> Played:
    """The messages of a flow, played by the rules alone until nothing is left to do."""
    flow = Flow("planned", NOWHERE, None, lab, tree, sends, ())
    world = World(lab, Log(begin), keys=KEYRING)
    engine = PlanEngine(world, begin)
    for handover in handovers(flow, world):
        engine.run(until=handover.at)
        world.now = max(world.now, handover.at)
        journey = submit(world, handover.errand, handover.target, person=handover.person, server=handover.server)
        engine.submit(journey, handover.certificate)
    engine.run()
    return Played.read(world, "plan")


def between_servers(lab: Lab) -> Iterator[tuple[Person, Person, Address]]:
    """The first person of every server, and the first of every other: who writes to whom."""
    first: dict[str, Person] = {}
    for person in lab.people.values():
        first.setdefault(person.server, person)
    for sender in first.values():
        for recipient in first.values():
            if sender is not recipient:
                yield sender, recipient, recipient.address
