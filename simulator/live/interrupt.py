"""Ctrl-C between two callbacks of the event loop, never in the middle of one.

`asyncio.run` cancels from inside the signal handler, which Python may run between any two instructions: also after a
library saw that a future is not done, and before it sets the result. Then the loop prints a traceback on its way out.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["interrupted_between_callbacks"]


@contextmanager
def interrupted_between_callbacks() -> Iterator[None]:
    """The first Ctrl-C is handed to the loop; further ones, for a loop that does not come back, work at once."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield  # only the main thread hears signals, and a process may be told to ignore them
        return
    loop, told = asyncio.get_running_loop(), False

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal told
        if told:
            handler(number, frame)
        else:
            told = True
            loop.call_soon_threadsafe(handler, number, None)

    signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
