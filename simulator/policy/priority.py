"""The order of things that have a priority, as Exchange's cmdlets keep it: 0 first, no two alike.

Something that is given a place which is taken pushes what is there, and all behind it, one further on. So of two with
the same number the one that was written later stands first; what has no number fills the places between, in its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

__all__ = ["in_order", "moved"]

T = TypeVar("T")


def in_order(things: Sequence[tuple[T, int | None]]) -> list[T]:
    """The things by priority."""
    placed = [(number, -turn, thing) for turn, (thing, number) in enumerate(things) if number is not None]
    taken: dict[int, T] = {}
    for number, _, thing in sorted(placed, key=lambda entry: entry[:2]):
        taken[max(number, max(taken, default=-1) + 1)] = thing
    free = iter([thing for thing, number in things if number is None])
    ordered: list[T] = []
    for place in range(len(things)):
        if place in taken:
            ordered.append(taken.pop(place))
            continue
        following = next(free, None)
        if following is None:
            break
        ordered.append(following)
    return [*ordered, *(taken[place] for place in sorted(taken)), *free]


def moved(ordered: Sequence[T], thing: T, place: int) -> list[T]:
    """The same order with one thing at another place (or put in there)."""
    others = [other for other in ordered if other != thing]
    return [*others[:place], thing, *others[place:]]
