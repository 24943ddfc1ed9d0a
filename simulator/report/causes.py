"""What failed and why, in the form that every report of failures starts from.

One wrong setting is one cause, however many flows it breaks. A failure knows two places: where the expectation is written
(`at`), and the setting that decided against it (`setting`), which is where an author who has just changed it will look.
"""

from __future__ import annotations

from functools import cached_property

from simulator.report.record import source_of
from simulator.report.story import Culprit, cause_of, culprit, full_name, story
from simulator.runner import FlowResult, RunResult
from simulator.scenario.wire import Difference
from simulator.source import NOWHERE, Source

__all__ = ["Cause", "Failure", "causes", "failures"]

_LONGEST = 240  # characters of a headline


class Failure:
    """One flow that did not do what its file says."""

    def __init__(self, result: FlowResult, file: str) -> None:
        self.result, self.file = result, file
        self.name = full_name(result)

    @cached_property
    def first(self) -> Difference | None:
        """The difference that matters most: where a path parts, before what else was asserted."""
        paths = [d for d in self.result.differences if d.ending is not None]
        return next(iter([*paths, *self.result.differences]), None)

    @cached_property
    def culprit(self) -> Culprit | None:
        return culprit(self.first, self.result.played) if self.first else None

    @property
    def kind(self) -> str:
        """What was expected: path, tls, headers, agreement, ..."""
        return self.first.key.split()[0] if self.first else "path"

    @property
    def at(self) -> Source:
        """The words that did not hold, or else the flow."""
        return self.first.at if self.first and self.first.at else self.result.flow.at

    @property
    def setting(self) -> Source:
        """The setting that decided."""
        return source_of(self.culprit.at) if self.culprit else NOWHERE

    @property
    def rule(self) -> str:
        return self.culprit.rule if self.culprit else ""

    @cached_property
    def headline(self) -> str:
        """What went wrong and why, in one line."""
        told = self.first
        if told is None:
            return "failed"
        if told.ending is None or told.hop < 0:
            text = f"{told.key}: expected {told.expected}, got {told.got}"
        else:
            legs = told.ending.path.legs
            where = legs[min(told.hop, len(legs)) - 1].server if told.hop and legs else told.ending.path.start
            text = f"left the expected path at {where}"
            if self.culprit:
                elsewhere = f"{self.culprit.host}, " if self.culprit.host != where else ""
                text = f"{text}: {elsewhere}{self.culprit.says}"
        return " ".join(text.split())[:_LONGEST]


class Cause:
    """Failures that one setting brought about."""

    def __init__(self, failures: list[Failure]) -> None:
        self.failures = tuple(failures)

    @property
    def first(self) -> Failure:
        return self.failures[0]

    @cached_property
    def story(self) -> str:
        return story(self.first.result, [f.result for f in self.failures[1:]])


def failures(result: RunResult) -> list[Failure]:
    """Every failure, in the order of files and flows."""
    return [Failure(f, s.scenario.file) for s in result.scenarios for f in s.flows if f.status != "pass"]


def causes(result: RunResult) -> list[Cause]:
    """The failures, those with the same cause together."""
    by_cause: dict[tuple[str, ...], list[Failure]] = {}
    for number, failure in enumerate(failures(result)):
        by_cause.setdefault(cause_of(failure.result) or (str(number),), []).append(failure)
    return [Cause(together) for together in by_cause.values()]
