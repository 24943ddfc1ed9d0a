"""A computer that gives no more sockets: a listener cannot accept, and only the event loop is told of it.

asyncio logs a traceback and tries again a second later, while the client waits for its banner until its patience ends: a
run would take that for a server that is silent. Here a run hears of it and ends with the true reason; servers that are kept
go on with the clients that they have, and say so in a line.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from typing import Any

__all__ = ["hear_of_scarcity"]

_log = logging.getLogger(__name__)
_SCARCE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


def hear_of_scarcity(loop: asyncio.AbstractEventLoop, crashes: list[Exception] | None) -> Callable[[], None]:
    """Every connection that could not be accepted becomes a crash, or a line of the log. Returns what ends that."""
    before = loop.get_exception_handler()
    has_struck = False

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal has_struck
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _SCARCE and "accept" in context.get("message", ""):
            has_struck = True
            if crashes is None:
                _log.error("a client could not be let in: %s", error.strerror)
            else:
                crashes.append(error)
        elif isinstance(error, ValueError) and "_start_serving" in context.get("message", ""):
            pass  # asyncio tries again at a listener that has been closed since
        elif before is not None:
            before(loop, context)
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)

    def stop() -> None:
        # asyncio's second try may come after the end, and would print a traceback
        if loop.get_exception_handler() is handle and not has_struck:
            loop.set_exception_handler(before)

    return stop
