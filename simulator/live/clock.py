"""Mail time, and the only module that reads the machine's clock.

| mode | mail time |
| --- | --- |
| virtual | of a run: stands still while anything is going on, and jumps when the pump takes work that is due later |
| real | as fast as the clock on the wall, from the lab's start |
| auto | of kept servers: jumps to what is due next, and stands still while a client from outside is connected |
| manual | of kept servers: stands still until it is told to move |

Mail moves by itself in all of them; only what is due later has to wait for its time. Socket timeouts are always real.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

__all__ = ["MODES", "Clock"]

MODES = ("virtual", "real", "auto", "manual")


class Clock:
    """Tells mail time. `start` is aware UTC; `mode` is one of `MODES`."""

    def __init__(self, start: datetime, mode: str = "virtual") -> None:
        if mode not in MODES:
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
