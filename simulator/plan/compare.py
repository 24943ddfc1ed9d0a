"""Whether the planned and the live outline of a flow agree, and where they part first."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

from simulator.trace import Log

__all__ = ["first_difference"]


def first_difference(planned: Log, live: Log) -> str:
    """Empty when both engines noted the same events; otherwise one line that names the first that differs."""
    for number, (plan, real) in enumerate(zip_longest(planned.outline(), live.outline()), 1):
        if plan != real:
            return f"event {number}: planned {_shown(plan, real)}; live {_shown(real, plan)}"
    return ""


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
