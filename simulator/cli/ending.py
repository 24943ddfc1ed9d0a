"""Signals that end a program, as exceptions: whoever ends `mailflow` with SIGTERM gets what Ctrl-C gets, a clean end.

| signal | as | exit code |
| --- | --- | --- |
| SIGINT (Ctrl-C) | KeyboardInterrupt | 130 |
| SIGTERM (`kill`, a service manager, a container) | `Terminated` | 143 |
| SIGHUP (the terminal is gone) | `Terminated` | 129 |
| SIGBREAK (Ctrl-Break on Windows) | `Terminated` | 128 + its number |

128 plus the number is what a shell shows of a process that a signal has ended, so nothing changes for scripts.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

__all__ = ["Terminated", "ends_on_signals"]

_NAMES = ("SIGTERM", "SIGHUP", "SIGBREAK")


class Terminated(SystemExit):
    """Somebody has asked this process to end. The base is one that asyncio and click let pass."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)


class _Ends:
    """The handler; a loop that runs is ended between two callbacks first (`live.interrupt`)."""

    between_callbacks = True

    def __call__(self, number: int, frame: FrameType | None) -> NoReturn:
        raise Terminated(number)


@contextmanager
def ends_on_signals() -> Iterator[None]:
    """Within, these signals raise `Terminated`; those that this process was told to ignore (nohup) stay ignored."""
    taken: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                taken[number] = signal.signal(number, _Ends())
    try:
        yield
    finally:
        for number, before in taken.items():
            signal.signal(number, before)
