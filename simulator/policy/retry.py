"""When mail that could not be handed on is tried again, and when its host gives up: a retry ladder as data.

Steps are the waits between attempts. After the last step a ladder either is at its end (a list that is used up) or
goes on with that step until the message expires. The last attempt of a ladder that expires is made at the expiry, so
the report to the sender is written exactly then.

    Ladder.minutes(15, 30, 60, 90)                                attempts at 0, 15, 45, 105, 195 minutes, then the end
    Ladder.minutes(30, 120, repeats=True, expires=days(5))        RFC 5321 4.5.4.1
    Ladder.growing(minutes(15), 1.5, most=hours(6), expires=days(4))
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from simulator.policy.settings import BadValue
from simulator.source import Node

__all__ = ["Ladder", "read_minutes"]

_MOST = 365 * 24 * 60


def read_minutes(node: Node) -> tuple[int, ...]:
    """The reader of a setting that is a list of waits in minutes."""
    words = [item.text.strip() for item in node.items]
    if not words or any(not word.isascii() or not word.isdecimal() or not int(word) for word in words):
        raise BadValue("a list of minutes is expected", "Write [15, 30, 60, 90].")
    if any(int(word) > _MOST for word in words):
        raise BadValue(f"no wait is longer than a year ({_MOST} minutes)")
    return tuple(map(int, words))


@dataclass(frozen=True, slots=True)
class Ladder:
    """Waits between attempts; `repeats` goes on with the last one; `expires` counts from the arrival."""

    steps: tuple[timedelta, ...]
    expires: timedelta | None = None
    repeats: bool = False

    def __post_init__(self) -> None:
        if any(step <= timedelta(0) for step in self.steps):
            raise ValueError("a wait between attempts must be longer than nothing")
        if self.repeats and not (self.steps and self.expires):
            raise ValueError("a ladder that goes on needs a step to repeat and an expiry")

    @classmethod
    def minutes(cls, *steps: int, expires: timedelta | None = None, repeats: bool = False) -> Self:
        """From waits in minutes, as administrators write them."""
        return cls(tuple(timedelta(minutes=step) for step in steps), expires, repeats)

    @classmethod
    def growing(cls, first: timedelta, factor: float, *, most: timedelta, expires: timedelta) -> Self:
        """Each wait `factor` times as long as the one before, up to `most`."""
        steps = [first]
        while factor > 1 and steps[-1] < most:
            steps.append(min(steps[-1] * factor, most))
        return cls(tuple(steps), expires, repeats=True)

    def due(self, attempts: int, first: datetime, now: datetime) -> datetime | None:
        """When the next attempt is due after `attempts` failed ones, the last at `now`; None to give up.

        `first` is when the message arrived.
        """
        if attempts <= len(self.steps):
            step = self.steps[attempts - 1]
        elif self.repeats:
            step = self.steps[-1]
        else:
            return None
        if self.expires is None:
            return now + step
        end = first + self.expires
        return min(now + step, end) if now < end else None

    def times(self, first: datetime) -> Iterator[datetime]:
        """All attempts of a message that never gets through, if attempts take no time."""
        attempts, at = 1, first
        yield at
        while due := self.due(attempts, first, at):
            attempts, at = attempts + 1, due
            yield at
