"""A host changes a message, or whom it is for, while it has it; and asks DNS about a message before it takes it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from simulator.live.lab import LiveLab
from simulator.mail.address import Address
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.path import print_path
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.paths import balance, endings
from simulator.plan.walk import PlanEngine
from simulator.policy.asking import Asking
from simulator.policy.decision import Decision
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Revise, Routing
from simulator.topology import Lab
from simulator.transport import submit
from simulator.world import World
from simulator.zone import Question, Zone
from tests.live.tinyhost import START, TinyHost, a_lab, a_world, an_errand, target

AMY, JO = Address.parse("amy@west.test"), Address.parse("jo@west.test")
FAR = Address.parse("someone@east.test")


@dataclass(frozen=True)
class Clerk(TinyHost):
    """Marks every message once, and then does with the recipients what the test says."""

    instead: tuple[Address, ...] | None = None
    also: tuple[Address, ...] = ()

    def route(self, held: Held, recipient: Address, at: Moment) -> Routing:
        if held.facts.get("marked"):
            return super().route(held, recipient, at)
        marked = held.message.replaced("X-Marked", "yes")
        return Routing(Revise(marked, {"marked": "yes"}, self.instead, self.also))


def played(*to: str, instead: tuple[Address, ...] | None = None, also: tuple[Address, ...] = ()) -> World:
    clerk = Clerk("west", "west.test", "mx.west.test", instead=instead, also=also)
    lab = a_lab(TinyHost("east", "east.test", "mx.east.test"), clerk)
    world = a_world(lab)
    engine = PlanEngine(world, START)
    errand = an_errand(world, " ".join(to))
    engine.submit(submit(world, errand, target(lab, "east"), person="Ann", server="east"))
    engine.run()
    return world


@pytest.mark.parametrize(
    ("to", "instead", "also", "expected"),
    [
        (["bob@west.test"], None, (), ["Bob"]),
        (["bob@west.test"], (AMY,), (), ["amy@west.test"]),
        (["bob@west.test"], (AMY, JO), (), ["amy@west.test", "jo@west.test"]),
        (["bob@west.test"], None, (AMY,), ["Bob", "amy@west.test"]),
        (["bob@west.test", "jo@west.test"], None, (AMY,), ["Bob", "amy@west.test", "jo@west.test"]),
        (["bob@west.test", "amy@west.test"], None, (AMY,), ["Bob", "amy@west.test"]),
        (["bob@west.test", "jo@west.test"], (AMY,), (), ["amy@west.test"]),
        (["bob@west.test"], None, (FAR,), ["Bob", "east -> someone@east.test"]),
    ],
)
def test_every_recipient_of_a_revised_message_gets_it_once(
    to: list[str], instead: tuple[Address, ...] | None, also: tuple[Address, ...], expected: list[str]
) -> None:
    world = played(*to, instead=instead, also=also)
    assert [f"Ann -> east -> west -> {e}" for e in expected] == [
        print_path(e.path) for e in endings(world.log, world.lab)
    ]
    counted = balance(world.log, ())
    assert (counted.holds, counted.delivered) == (True, len(expected))
    assert all(d.message.get("X-Marked") == "yes" for d in world.mailboxes)


def test_recipients_that_are_revised_alike_travel_on_together() -> None:
    clerk = Clerk("west", "west.test", "mx.west.test", smart_host="mx.north.test")
    north = TinyHost("north", "north.test", "mx.north.test")
    lab = a_lab(TinyHost("east", "east.test", "mx.east.test", smart_host="mx.west.test"), clerk, north)
    world = a_world(lab)
    engine = PlanEngine(world, START)
    errand = an_errand(world, "a@north.test b@north.test")
    engine.submit(submit(world, errand, target(lab, "east"), person="Ann", server="east"))
    engine.run()
    sessions = [e for e in world.log.of("session.open") if e.host == "north"]
    assert (1, 2) == (len(sessions), len([e for e in world.log.of("delivered") if e.host == "north"]))


@dataclass(frozen=True)
class Asker(TinyHost):
    """Takes a message when DNS knows a word for its sender's domain."""

    def content(
        self, session: Session, envelope: Envelope, message: Message, at: Moment, facts: Mapping[str, str]
    ) -> Asking[Decision]:
        assert envelope.sender is not None
        answer = yield Question(envelope.sender.domain, "TXT")
        if answer.failed:
            return Decision(Reply(451, "4.4.3", "Try again"), facts={"spf": "temperror"})
        if not answer.ok:
            return Decision(Reply(550, "5.7.1", "Unknown sender"), facts={"spf": "none"})
        return Decision(Reply(250, "2.6.0", "Queued"), facts={"spf": answer.records[0]})


def asked(zone: Zone) -> tuple[Lab, World]:
    lab = a_lab(TinyHost("east", "east.test", "mx.east.test"), Asker("west", "west.test", "mx.west.test"))
    records = {**lab.zone.records, **zone.records}
    lab = replace(lab, zone=Zone(records, zone.failures))
    return lab, a_world(lab)


KNOWN = Zone.of([("east.test", "TXT", "friend")])


@pytest.mark.parametrize(
    ("zone", "type_", "expected"),
    [
        (KNOWN, "accepted", {"spf": "friend"}),
        (Zone(), "refused", {"spf": "none"}),
        (Zone(failures={("east.test", "TXT"): "servfail"}), "refused", {"spf": "temperror"}),
    ],
)
def test_what_a_host_finds_out_about_a_message_stays_with_it(zone: Zone, type_: str, expected: dict[str, str]) -> None:
    def outline(world: World) -> list[object]:
        return [e for e in world.log.outline() if e[3] not in ("tls", "session.open")]

    lab, planned = asked(zone)
    PlanEngine(planned, START).submit(
        submit(planned, an_errand(planned, "bob@west.test"), target(lab, "west"), person="Ann", server="west")
    )
    found = next(e for e in planned.log.of(type_) if e.host == "west")
    assert expected == {k: v for k, v in found["facts"].items() if k == "spf"}
    assert [("east.test TXT", found["facts"]["spf"])] == [
        (e["question"], {"ok": "friend", "nodata": "none", "servfail": "temperror"}[e["status"]])
        for e in planned.log.of("dns")
        if e.host == "west"
    ]

    async def live() -> World:
        _, world = asked(zone)
        async with LiveLab(lab, start=START) as running:
            await running.begin(world)
            errand = an_errand(world, "bob@west.test")
            await running.submit(submit(world, errand, target(lab, "west"), person="Ann", server="west"))
        return world

    assert outline(planned) == outline(asyncio.run(live()))
