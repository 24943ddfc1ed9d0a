"""A host that verifies signatures finds the same over the wire as in the plan, and no key gets into the log."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from simulator.keyring import KEYRING
from simulator.live.lab import LiveLab
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.plan.walk import PlanEngine
from simulator.policy import dkim
from simulator.policy.asking import Asking
from simulator.policy.attempt import Try
from simulator.policy.decision import Decision
from simulator.policy.moment import Moment
from simulator.topology import Lab
from simulator.trace import Log
from simulator.transport import Ask, submit
from simulator.world import World
from simulator.zone import Zone
from tests.live.tinyhost import START, TinyHost, a_lab, an_errand, target
from tests.policy.dkim.builders import KEY_NAME, signed


@dataclass(frozen=True)
class Verifier(TinyHost):
    """Takes every message and keeps with it what came out for its signature."""

    def content(
        self, session: Session, envelope: Envelope, message: Message, at: Moment, facts: Mapping[str, str]
    ) -> Asking[Decision]:
        found = yield from dkim.verify(message, at.keys, at.now)
        return Decision(Reply(250, "2.6.0", "Queued"), facts={"dkim": " ".join(one.reason for one in found)})


def a_verifying_lab(failing: str) -> Lab:
    lab = a_lab(TinyHost("east", "east.test", "mx.east.test"), Verifier("west", "west.test", "mx.west.test"))
    records = {**lab.zone.records, (KEY_NAME, "TXT"): ("dkim-key:contoso.com",)}
    return replace(lab, zone=Zone(records, {(KEY_NAME, "TXT"): failing} if failing else {}))


@pytest.mark.parametrize(
    ("failing", "found"), [("", "good"), ("servfail", "key-unavailable"), ("timeout", "key-unavailable")]
)
def test_plan_and_wire_find_the_same_and_tell_no_key(failing: str, found: str) -> None:
    lab, content = a_verifying_lab(failing), signed(now=START).content

    def handed_in(world: World) -> Generator[Ask, Any, Try]:
        errand = an_errand(world, content=content)
        return submit(world, errand, target(lab, "west"), person="Ann", server="west")

    async def live() -> World:
        world = World(lab, Log(START), keys=KEYRING)
        async with LiveLab(lab, start=START) as running:
            await running.begin(world)
            await running.submit(handed_in(world))
        return world

    planned, played = World(lab, Log(START), keys=KEYRING), asyncio.run(live())
    PlanEngine(planned, START).submit(handed_in(planned))
    assert planned.log.outline() == played.log.outline()
    for world in (planned, played):
        assert [found] == [event["facts"]["dkim"] for event in world.log.of("accepted")]
        told = json.dumps([event.as_json() for event in world.log])
        assert KEYRING.public("contoso.com")[-40:-8] not in told
        assert ("p=..." in told) == (not failing)
