"""Mail time, and the only module that reads the machine's clock.

In a run mail time is virtual: it stands still while anything is going on and jumps when the pump takes work that is
due later. Kept servers (`mailflow up`) live in real time: mail time goes as fast as the clock on the wall, from the
lab's start. Socket timeouts are real in both.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

__all__ = ["Clock"]


class Clock:
    """Tells mail time. `start` is aware UTC; `mode` is "virtual" or "real"."""

    def __init__(self, start: datetime, mode: str = "virtual") -> None:
        if mode not in ("virtual", "real"):
            raise ValueError(f"there is no clock mode {mode!r}")
        self.start, self.mode = start, mode
        self._began = time.monotonic()

    @property
    def is_real(self) -> bool:
        return self.mode == "real"

    def wall(self) -> float:
        """Real seconds since the lab began; for the wiretap, never for a decision."""
        return time.monotonic() - self._began

    def at_least(self, now: datetime) -> datetime:
        """The mail time of something that happens now, when it was `now` before: it never runs backwards."""
        return max(now, self.start + timedelta(seconds=self.wall())) if self.is_real else now
