"""Ctrl-C between two callbacks of the event loop, never in the middle of one, nor while the loop is made or unmade.

`asyncio.run` cancels from inside the signal handler, which Python may run between any two instructions: also after a
library saw that a future is not done and before it sets the result, and while the loop has half of its parts. Then a
traceback is printed on the way out. Here the first Ctrl-C is only remembered, and handed to the loop as soon as it can hear.
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
    """`asyncio.run(main())`; the first Ctrl-C cancels it and is raised when it has ended, a second one works at once."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        return asyncio.run(main())  # only the main thread hears signals, and a process may be told to ignore them
    heard = 0
    task: asyncio.Task[Any] | None = None
    loop: asyncio.AbstractEventLoop | None = None

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal heard
        heard += 1
        if heard > 1:
            before(number, frame)
        elif loop is not None and task is not None:
            loop.call_soon_threadsafe(task.cancel)

    async def listening() -> T:
        nonlocal loop, task
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if heard:
            raise asyncio.CancelledError
        return await main()

    signal.signal(signal.SIGINT, hear)
    try:
        result = asyncio.run(listening())
    except asyncio.CancelledError:
        if heard:
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.signal(signal.SIGINT, before)
    if heard:  # it came when there was nothing left to cancel
        raise KeyboardInterrupt
    return result
