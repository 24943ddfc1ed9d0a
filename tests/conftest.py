"""What holds for every test: nothing is timed, so a busy machine fails none, and Ctrl-C reaches the programs that are started."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from hypothesis import settings

settings.register_profile("mailflow", deadline=None)
settings.load_profile("mailflow")


def _heard(number: int, then: Callable[[int, FrameType | None], Any]) -> None:
    """A signal that this process was told to ignore (in the background of a shell, by nohup) is not ignored by its children."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, then)


_heard(signal.SIGINT, signal.default_int_handler)
if sys.platform != "win32":
    _heard(signal.SIGHUP, lambda number, frame: None)
