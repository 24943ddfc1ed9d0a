"""Counting within a span of mail time that slides: how many messages or recipients there were in the last hour or day."""

from __future__ import annotations

from datetime import datetime, timedelta

from simulator.policy.moment import Moment

__all__ = ["Window"]


class Window:
    """What was counted under `key` since `span` ago. It lives in the host's memory, so a fresh flow begins at nothing."""

    def __init__(self, at: Moment, key: str, span: timedelta) -> None:
        self.now, self.begin = at.now, at.now - span
        self._counted: list[tuple[datetime, int]] = at.memory.setdefault(f"counted: {key}", [])

    def count(self) -> int:
        while self._counted and self._counted[0][0] <= self.begin:
            del self._counted[0]
        return sum(number for _, number in self._counted)

    def add(self, number: int = 1) -> None:
        self._counted.append((self.now, number))
