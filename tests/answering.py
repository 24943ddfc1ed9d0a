"""Carries out the questions of a decision, out of a zone in hand."""

from __future__ import annotations

from typing import Any, TypeVar

from simulator.policy.asking import Asking
from simulator.zone import Zone

__all__ = ["answered"]

T = TypeVar("T")


def answered(asking: Asking[T], zone: Zone | None = None) -> T:
    """What the decision comes to when DNS says what is in `zone` (nothing, unless given)."""
    zone = zone or Zone()
    answer: Any = None
    while True:
        try:
            question = asking.send(answer)
        except StopIteration as done:
            result: T = done.value
            return result
        answer = zone.lookup(question.name, question.type)
