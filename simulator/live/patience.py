"""How long a client waits for one reply after another: `asyncio.timeout` with one timer for a connection.

    patience = Patience()
    with patience.of(10): await the_reply()          # TimeoutError when none came in 10 real seconds
    patience.end()

`asyncio.timeout` makes a timer for every reply and takes it back, which costs a lab more than most replies do. Here the timer
of the first one runs out, sees that somebody waits for something newer, and is set again for that.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

__all__ = ["Patience"]


class Patience:
    """Belongs to one task at a time; waits do not stand within each other."""

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None
        self._until: float | None = None  # None while nobody waits
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._is_over = False

    def of(self, seconds: float) -> Patience:
        """The wait of the `with` that follows."""
        loop = asyncio.get_running_loop()
        self._until = loop.time() + seconds
        if self._timer is not None and self._timer.when() > self._until:  # it would look too late
            self.end()
        if self._timer is None:
            self._timer = loop.call_at(self._until, self._look)
        return self

    def end(self) -> None:
        """Takes the timer back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __enter__(self) -> None:
        self._task = asyncio.current_task()
        assert self._task is not None, "only a task can wait"
        self._cancelling, self._is_over = self._task.cancelling(), False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task, self._task, self._until = self._task, None, None
        if self._is_over and task is not None and task.uncancel() <= self._cancelling:
            if kind is asyncio.CancelledError:  # ours, and nobody else's
                raise TimeoutError from error

    def _look(self) -> None:
        self._timer = None
        if self._until is None or self._task is None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() < self._until:
            self._timer = loop.call_at(self._until, self._look)
            return
        self._is_over = True
        self._task.cancel()
