"""What happens from outside while a flow is played, in the order of mail time: waits, messages, changes of the lab.

    waits of the steps before it  ->  messages and later changes, by their times  ->  (the queues run on)

Whoever plays it works off the queues up to the time of each act and then does it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from simulator.scenario.handover import Handover, hand_over
from simulator.scenario.model import Flow, Send
from simulator.topology import Lab
from simulator.world import World

__all__ = ["Act", "Relab", "timeline"]


@dataclass(frozen=True, slots=True)
class Relab:
    """From now on the lab is this one. `idle`: nobody would see it where nothing waits any more."""

    at: datetime
    lab: Lab
    idle: bool = False


Act = Handover | Relab


def timeline(flow: Flow, world: World) -> Iterator[Act]:
    """The acts of a flow; a message is made when it is asked for, in the lab as it is then."""
    new = [pause for pause in flow.pauses if pause.at not in world.paused]
    for number, pause in enumerate(new):
        world.paused.add(pause.at)
        yield Relab(world.now, pause.lab)
        following = new[number + 1].lab if number + 1 < len(new) else flow.lab
        yield Relab(world.now + pause.span, following)
    begin = at = max(world.log.begin, world.now)
    acts: list[tuple[datetime, Send | Lab]] = [(begin + change.after, change.lab) for change in flow.later]
    for send in flow.send:
        at += send.after
        acts.append((at, send))
    end = flow.until_time(world.log.begin)
    for when, act in sorted(acts, key=lambda one: one[0]):
        if end is not None and when > end:
            return
        if isinstance(act, Send):
            yield hand_over(act, world, when)
        else:
            yield Relab(when, act, idle=when >= at and not flow.lab.outsiders)
