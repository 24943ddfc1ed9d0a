"""The commonest kind of step: one setting, address or connector was looked at, and decided."""

from __future__ import annotations

from simulator.policy.decision import Candidate, Step
from simulator.source import NOWHERE, Source

__all__ = ["single"]


def single(
    heading: str, rule: str, outcome: str, says: str, *, name: str, chosen: bool = True, reason: str = "",
    at: Source = NOWHERE,
) -> Step:  # fmt: skip
    """A step with the one candidate `name`. Its reason is the outcome unless it has one of its own."""
    return Step(heading, rule, outcome, says, (Candidate(name, chosen, reason or outcome, says, at),), at)
