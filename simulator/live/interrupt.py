"""Ctrl-C, and SIGTERM, between two callbacks of the event loop, never in the middle of one, nor while the loop is made or unmade.

`asyncio.run` cancels from inside the signal handler, which Python may run between any two instructions: also after a
library saw that a future is not done and before it sets the result, and while the loop has half of its parts. Then a
traceback is printed on the way out. Here the first Ctrl-C is only remembered, and handed to the loop as soon as it can hear.
SIGTERM, which would end the process on the spot and leave its files behind, is treated the same.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, TypeVar

__all__ = ["run_interruptibly"]

T = TypeVar("T")


def run_interruptibly(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """`asyncio.run(main())`; the first Ctrl-C or SIGTERM cancels it and is raised when it has ended, a second one works at once."""
    if threading.current_thread() is not threading.main_thread():
        return asyncio.run(main())  # only the main thread hears signals
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # A process may be told to ignore Ctrl-C. SIGTERM that somebody else has taken is left to them.
    taken = [signal.SIGINT] if callable(before[signal.SIGINT]) else []
    taken += [signal.SIGTERM] if before[signal.SIGTERM] == signal.SIG_DFL else []
    heard = 0
    task: asyncio.Task[Any] | None = None
    loop: asyncio.AbstractEventLoop | None = None

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal heard
        heard += 1
        if heard > 1:
            _as_before(before[signal.Signals(number)], number, frame)
        elif loop is not None and task is not None:
            loop.call_soon_threadsafe(task.cancel)

    async def listening() -> T:
        nonlocal loop, task
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if heard:
            raise asyncio.CancelledError
        return await main()

    for number in taken:
        signal.signal(number, hear)
    try:
        result = asyncio.run(listening())
    except asyncio.CancelledError:
        if heard:
            raise KeyboardInterrupt from None
        raise
    finally:
        for number in taken:
            signal.signal(number, before[number])
    if heard:  # it came when there was nothing left to cancel
        raise KeyboardInterrupt
    return result


def _as_before(handler: Any, number: int, frame: FrameType | None) -> None:
    """What the signal would have done without us."""
    if callable(handler):
        handler(number, frame)
    else:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
