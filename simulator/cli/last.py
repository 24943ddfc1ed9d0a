"""The last log of a folder, `.mailflow/last/events.jsonl`: what `mailflow trace last` reads.

`run` leaves the log of its first flow that failed, or else of its last one; `trace` and `validate` what they played; `up`
what its servers did, in a file that begins anew when it has grown large. A folder that cannot be written has none.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from simulator.report.record import event_line, head_line, record_text
from simulator.topology import Lab
from simulator.trace import Log

__all__ = ["FILE", "Keeper", "remember"]

FILE = Path(".mailflow/last/events.jsonl")
_LARGEST = 16 * 2**20


def remember(lab: Lab, log: Log) -> None:
    """Keeps the log of what was played."""
    text = record_text(lab, log)
    if len(text) <= _LARGEST:
        _write(text, "w")


class Keeper:
    """Keeps the log of a lab that goes on."""

    def __init__(self, lab: Lab, log: Log) -> None:
        self._lab, self._log, self._told, self._size = lab, log, 0, 0

    def write(self) -> None:
        """Adds what is new."""
        new = self._log.events[self._told :]
        if not new:
            return
        self._told += len(new)
        text = "".join(map(event_line, new))
        begins = not self._size or self._size + len(text) > _LARGEST
        if begins:
            text, self._size = head_line(self._lab, self._log) + text, 0
        self._size += len(text)
        if not _write(text, "w" if begins else "a"):
            self._size = 0


def _write(text: str, mode: str) -> bool:
    """Whether it could be written. A convenience: who wants to be sure says --events."""
    try:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        with FILE.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError:  # half a log is worse than none
        with suppress(OSError):
            FILE.unlink(missing_ok=True)
        return False
    return True
