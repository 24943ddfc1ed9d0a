"""Runs a test that is a coroutine, in a loop that complains about what was left open."""

from __future__ import annotations

import asyncio
import functools
import gc
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

__all__ = ["in_loop"]


def in_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """The test as a plain function. Any socket or transport that it does not close fails it."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            gc.freeze()  # what was there before is not looked through
            asyncio.run(test(*args, **kwargs))
            gc.collect()
            gc.unfreeze()
        left = [str(w.message) for w in caught if issubclass(w.category, ResourceWarning)]
        assert left == []

    return run
