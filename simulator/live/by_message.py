"""The events of a log that grows, by message: what became of one is known without reading all the others again."""

from __future__ import annotations

from simulator.paths import Ending, endings
from simulator.topology import Lab
from simulator.trace import Event, Log

__all__ = ["ByMessage"]


class ByMessage:
    """Reads on in a log whenever it is asked."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._events: dict[str, list[Event]] = {}
        self._read = 0
        self._new: dict[str, None] = {}

    def news(self) -> list[str]:
        """The messages to which something happened since this was asked last, in that order."""
        self._read_on()
        new, self._new = list(self._new), {}
        return new

    def endings(self, msg: str, lab: Lab) -> list[Ending]:
        """How every copy of a message stands."""
        self._read_on()
        mine = Log(self._log.begin)
        mine.events = self._events.get(msg, [])
        return endings(mine, lab)

    def _read_on(self) -> None:
        for event in self._log.events[self._read :]:
            if event.msg:
                self._events.setdefault(event.msg, []).append(event)
                self._new[event.msg] = None
        self._read = len(self._log.events)
