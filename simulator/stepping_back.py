"""Stepping back while mail is on the way: what becomes of every copy when a lab turns into an earlier one.

    for after in 0, 1, 2, ... hops, until the flow's mail is at rest before the step
        fresh state, the flow's messages are handed in, the next `after` pieces of work are done
        the lab becomes that of the earlier stage; what waits and what hosts remember stays
        everything is played to its end

Where several hosts hold mail at the moment of the step, each `after` is another moment. The verdict is the engine's that
counts; both must note the same events. A copy is lost where it does not end in a mailbox, and doubled where a mailbox gets
its message twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.live.lab import LiveLab
from simulator.mail.path import print_path
from simulator.plan.walk import PlanEngine
from simulator.played import Played
from simulator.scenario.handover import handovers
from simulator.scenario.model import Flow
from simulator.scenario.wire import Difference
from simulator.transport import submit
from simulator.world import World

__all__ = ["MOST_STEPS", "Stepped", "step_back_differences", "stepped_live", "stepped_plan", "worst"]

MOST_STEPS = 6
"""Moments that are tried: a message that waits would have one for every retry."""


@dataclass(frozen=True)
class Stepped:
    """One step back: after how much work, how it ended, and how long the mail that was on the way took from then."""

    after: int
    played: Played
    took: timedelta


def stepped_plan(flow: Flow, new_world: Callable[[], World], start: datetime) -> list[Stepped]:
    """Every step back, planned. `start` is the lab's birth, from which certificates count."""
    found: list[Stepped] = []
    assert flow.back is not None
    while len(found) < MOST_STEPS:
        world = new_world()
        engine = PlanEngine(world, start)
        for handover in handovers(flow, world):
            world.now = max(world.now, handover.at)
            journey = submit(world, handover.errand, handover.target, person=handover.person, server=handover.server)
            engine.submit(journey, handover.certificate)
        engine.run(most=len(found))
        if not len(world.queue):
            break
        begin = world.now
        engine.relab(flow.back.lab)
        engine.run()
        found.append(Stepped(len(found), Played.read(world, "plan"), world.now - begin))
    return found


async def stepped_live(flow: Flow, new_world: Callable[[], World], live: LiveLab) -> list[Stepped]:
    """Every step back, over real SMTP."""
    found: list[Stepped] = []
    assert flow.back is not None
    while len(found) < MOST_STEPS:
        world = new_world()
        await live.begin(world)
        for handover in handovers(flow, world):
            world.now = max(world.now, handover.at)
            journey = submit(world, handover.errand, handover.target, person=handover.person, server=handover.server)
            await live.submit(journey, handover.certificate)
        await live.run(most=len(found))
        if not len(world.queue):
            break
        begin = world.now
        await live.relab(flow.back.lab)
        await live.run()
        found.append(Stepped(len(found), Played.read(world, "live"), world.now - begin))
    return found


def step_back_differences(flow: Flow, stepped: Sequence[Stepped]) -> list[Difference]:
    """What the steps back did to the mail that was on the way."""
    if not stepped:
        return [Difference("rollback", flow.at, "mail on the way", "all of it was at rest before the step")]
    return [difference for step in stepped for difference in _differences(flow, step)]


def worst(flow: Flow, stepped: Sequence[Stepped]) -> Played | None:
    """The play to show: the first in which something went wrong, or the last."""
    bad = [s.played for s in stepped if _differences(flow, s)]
    return bad[0] if bad else stepped[-1].played if stepped else None


def _differences(flow: Flow, step: Stepped) -> list[Difference]:
    back, found = flow.back, list[Difference]()
    assert back is not None
    hops = f"{step.after} hop{'s' if step.after > 1 else ''}"
    when = f"stepping back to {back.stage} {f'after {hops}' if step.after else 'at once'}"
    lost, twice = list(_lost(step.played)), list(_twice(step.played))
    if len(lost) > back.lost:
        got = f"{len(lost)} lost {when}: {'; '.join(lost)}"
        found.append(Difference("rollback", flow.at, f"{back.lost} lost", got))
    if twice:
        found.append(Difference("rollback", flow.at, "no duplicates", f"{when}: {'; '.join(twice)}"))
    if back.within is not None and step.took > back.within:
        found.append(Difference("rollback", flow.at, f"within {back.within}", f"{step.took} {when}"))
    return found


def _lost(played: Played) -> Iterator[str]:
    for end in played.endings:
        if end.status != "delivered":
            yield f"{end.msg}: {print_path(end.path)}"
    for copy in played.balance.lost:
        yield f"copy {copy} has no fate"


def _twice(played: Played) -> Iterator[str]:
    got = [(e.msg, e["mailbox"]) for e in played.log.of("delivered")]
    for msg, mailbox in dict.fromkeys(got):
        if got.count((msg, mailbox)) > 1:
            yield f"{mailbox} got {msg} {got.count((msg, mailbox))} times"
