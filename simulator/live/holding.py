"""Who holds mail time: a client from outside that is connected. Otherwise time would leap while somebody types.

    a client is in the middle of DATA, and a retry is due in 15 minutes
        auto       the retry waits until the client has hung up, or the listener has said 421 to it (idle timeout)
        virtual    the same in a run, but no longer than the client is silent for some real seconds: a program under test
                   may keep its connection open and wait for the very thing that is due

A connection of the lab's own clients holds nothing: its journey is under way, and nothing else is taken meanwhile.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from simulator.live.server import LabSMTP
from simulator.queue import NEVER

if TYPE_CHECKING:
    from simulator.live.lab import LiveLab

__all__ = ["SILENCE", "Holding"]

SILENCE = 5.0
"""Real seconds without an octet after which a client no longer holds the time of a run."""


class Holding:
    """The connections that hold the mail time of a lab."""

    def __init__(self, live: LiveLab) -> None:
        self.live = live

    @property
    def sessions(self) -> list[LabSMTP]:
        """Those of clients from outside, where mail time may jump at all."""
        mode = self.live.clock.mode
        if mode not in ("virtual", "auto"):
            return []
        still = self._now() - SILENCE if mode == "virtual" else 0.0
        return [s for s in self.live.sessions if s.is_from_outside and s.heard > still and not s.is_over.done()]

    def limit(self, until: datetime | None) -> datetime | None:
        """Up to when work may be taken: now, where time does not jump or is held. None for no limit."""
        now, mode = self.live.world.now, self.live.clock.mode
        if mode == "real" or (self.sessions and (mode == "virtual" or until is None)):
            return now if until is None or mode == "real" else min(now, until)
        return now if mode == "manual" and until is None else until  # who says until when moves the time himself

    async def let_go(self, until: datetime | None) -> bool:
        """In a run: waits until fewer hold the time that is up for what is due next. False where nobody does."""
        due = self.live.world.queue.next_due()
        comes = due is not None and due < NEVER and (until is None or due <= until)
        held = self.sessions if comes and self.live.clock.mode == "virtual" else []
        if held:
            silent = min(s.heard for s in held) + SILENCE - self._now()
            over = [s.is_over for s in held]
            await asyncio.wait(over, timeout=max(silent, 0.01), return_when=asyncio.FIRST_COMPLETED)
        return bool(held)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
