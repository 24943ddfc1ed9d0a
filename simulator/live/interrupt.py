"""Ctrl-C and SIGTERM between two callbacks of the event loop, never in the middle of one, nor while the loop is made or unmade.

`asyncio.run` cancels from inside the signal handler, which Python may run between any two instructions: also after a
library saw that a future is not done and before it sets the result, and while the loop has half of its parts. Then a
traceback is printed on the way out. Here the first signal is only remembered, and handed to the loop as soon as it can hear.

A signal that would end the process on the spot and leave its files behind is treated as Ctrl-C. One that is ignored stays
ignored, and one that somebody else has taken is left to them, unless their handler says `between_callbacks`: then it is
called when the loop has ended.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, TypeVar

__all__ = ["SIGNALS", "run_interruptibly"]

T = TypeVar("T")

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
"""What asks a program to end. SIGHUP is unknown to Windows, SIGBREAK (Ctrl-Break) to the others."""


def run_interruptibly(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """`asyncio.run(main())`; the first signal cancels it and is raised when it has ended, a second one works at once."""
    before: dict[int, Any] = {n: handler for n in SIGNALS if _is_ours(n, handler := signal.getsignal(n))}
    if threading.current_thread() is not threading.main_thread() or not before:
        return asyncio.run(main())  # only the main thread hears signals, and a process may be told to ignore them
    heard: list[int] = []
    task: asyncio.Task[Any] | None = None
    loop: asyncio.AbstractEventLoop | None = None

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        if len(heard) > 1:
            _as_before(before[number], number, frame)
        elif loop is not None and task is not None:
            loop.call_soon_threadsafe(task.cancel)

    async def listening() -> T:
        nonlocal loop, task
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if heard:
            raise asyncio.CancelledError
        return await main()

    def raise_what_was_heard() -> None:
        if callable(handler := before[heard[0]]):
            handler(heard[0], None)
        raise KeyboardInterrupt

    for number in before:
        signal.signal(number, hear)
    try:
        result = asyncio.run(listening())
    except asyncio.CancelledError:
        if not heard:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if heard:  # also where it came when there was nothing left to cancel
        raise_what_was_heard()
    return result


def _is_ours(number: int, handler: Any) -> bool:
    if number == signal.SIGINT:
        return callable(handler)
    return handler == signal.SIG_DFL or getattr(handler, "between_callbacks", False)


def _as_before(handler: Any, number: int, frame: FrameType | None) -> None:
    """What the signal would have done without us."""
    if callable(handler):
        handler(number, frame)
    else:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
