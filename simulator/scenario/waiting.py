"""Mail time in steps: `wait: 10m`, and `later`, the changes that are made while mail waits.

    do:
      - fault: {at: onprem, down: 1h, name: outage}
      - wait: 10m                                     the queues are worked off for ten minutes, then the next step
      - fault: {remove: outage}
    later:
      - after: 30m                                    after the flow has begun
        do:
          - start: onprem

The steps of `later` are made in the order of their times, each on the lab as the ones before have left it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from simulator.scenario.errors import near_miss
from simulator.scenario.schema import LATER_WORDS
from simulator.scenario.values import duration
from simulator.source import Node, ProblemList, Source

__all__ = ["Moved", "Waited", "read_later", "read_wait"]

_FIX: Final = "Write  - {after: 10m, do: [...]}"


@dataclass(frozen=True, slots=True)
class Waited:
    """A step `wait`: the lab's tree meanwhile, and for how long."""

    tree: Node
    span: timedelta
    at: Source


@dataclass(frozen=True, slots=True)
class Moved:
    """The lab's tree from a time after the flow's beginning on."""

    after: timedelta
    tree: Node


def read_wait(step: Node, problems: ProblemList) -> timedelta | None:
    """How long a step waits; None where it is another step."""
    entry = step.entry("wait") if len(step.entries) == 1 else None
    return _span(entry.node, "wait", problems) if entry else None


Apply = Callable[[Node, Node | None, list[Waited]], Node]


def read_later(node: Node | None, tree: Node, apply: Apply, problems: ProblemList) -> list[Moved]:
    """The changes of a flow. `apply` carries out a list of steps, and collects the waits among them."""
    if node is None or node.is_null:
        return []
    if node.is_scalar:
        problems.error(node.at, "later is a list.", _FIX)
        return []
    timed: list[tuple[timedelta, Node]] = []
    for item in node.items:
        for entry in item.entries:
            if entry.key.casefold() not in LATER_WORDS:
                fix = near_miss(entry.key, LATER_WORDS).strip()
                problems.error(entry.key_at, f"unknown key {entry.key} in later.", fix)
        after, do = item.get("after"), item.get("do")
        if after is None or do is None:
            problems.error(item.at, "a later change says when and what.", _FIX)
        else:
            timed.append((_span(after, "after", problems), do))
    changes: list[Moved] = []
    for at, steps in sorted(timed, key=lambda one: one[0]):
        waits: list[Waited] = []
        tree = apply(tree, steps, waits)
        for wait in waits:
            changes.append(Moved(at, wait.tree))
            at += wait.span
        changes.append(Moved(at, tree))
    return sorted(changes, key=lambda change: change.after)


def _span(node: Node, word: str, problems: ProblemList) -> timedelta:
    try:
        return duration(node.text)
    except ValueError as bad:
        problems.error(node.at, f"{word}: {bad}.")
        return timedelta(0)
