"""Whether the planned and the live outline of a flow agree, and where they part first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from simulator.trace import WIRE_ONLY, Event, Log

__all__ = ["first_difference"]


def first_difference(planned: Log, live: Log) -> str:
    """Empty when both engines noted the same events; otherwise one line that names the first that differs."""
    if _are_alike(planned, live):
        return ""
    for number, (plan, real) in enumerate(zip_longest(planned.outline(), live.outline()), 1):
        if plan != real:
            return f"event {number}: planned {_shown(plan, real)}; live {_shown(real, plan)}"
    return ""


def _are_alike(planned: Log, live: Log) -> bool:
    """Whether the events are the same as they were noted: then they are when they are told, which costs far more.

    False says nothing yet: what was noted as a list here and as a tuple there is told the same way.
    """
    return all(a is not None and b is not None and _is_same(a, b) for a, b in zip_longest(_both(planned), _both(live)))


def _both(log: Log) -> Iterator[Event]:
    """The events that both engines note."""
    return (event for event in log.events if event.type not in WIRE_ONLY)


def _is_same(one: Event, other: Event) -> bool:
    return (
        (one.type, one.host, one.msg, one.hop, one.because) == (other.type, other.host, other.msg, other.hop, other.because)
        and one.at == other.at
        and one.fields == other.fields
    )  # fmt: skip


def _shown(event: tuple[Any, ...] | None, other: tuple[Any, ...] | None) -> str:
    if event is None:
        return "nothing more"
    host, msg, hop, kind, because, at, fields = event
    if other is not None and (kind, host) == (other[3], other[0]):
        theirs = dict(other[6])
        differing = [f"{k}={v!r}" for k, v in fields if theirs.get(k) != v]
        differing += [f"{n}={a!r}" for n, a, b in (("because", because, other[4]), ("at", at, other[5])) if a != b]
        if (msg, hop) != (other[1], other[2]):
            differing.append(f"{msg} hop {hop}")
        return f"{kind} at {host} {' '.join(differing)}".strip()
    return f"{kind} at {host} ({msg} hop {hop})"
