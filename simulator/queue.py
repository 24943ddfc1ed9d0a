"""What waits: messages in hosts' care, in the order in which they are due.

One queue serves all hosts of a lab. Equal due times keep the order in which the work came in, so a run is the same
every time. Times are mail time.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from simulator.mail.address import Address
from simulator.policy.host import Held
from simulator.value import value

__all__ = ["NEVER", "Queue", "Work"]

NEVER = datetime.max.replace(tzinfo=UTC)
"""When work is due whose host is off and nobody has said until when."""


@value
class Work:
    """A message at a host with the recipients that are to be routed and attempted together."""

    due: datetime
    host: str
    held: Held
    msg: str
    hop: int
    copies: Mapping[Address, str]  # recipient -> id of this copy
    attempts: int = 0  # made so far


@dataclass(slots=True)
class Queue:
    """Work by due time."""

    _heap: list[tuple[datetime, int, Work]] = field(default_factory=list)
    _count: int = 0

    @property
    def arrivals(self) -> int:
        """How often work was put here."""
        return self._count

    def put(self, work: Work) -> None:
        self._count += 1
        heapq.heappush(self._heap, (work.due, self._count, work))

    def has_due(self, host: str, now: datetime) -> bool:
        """Whether work of a host waits that may be done now."""
        return any(due <= now and work.host == host for due, _, work in self._heap)

    def next_due(self) -> datetime | None:
        return self._heap[0][0] if self._heap else None

    def take(self, *, until: datetime | None = None, first_attempts_only: bool = False) -> Work | None:
        """The next work; None when there is none left that may be done."""
        if first_attempts_only:
            fresh = [entry for entry in self._heap if not entry[2].attempts and entry[0] != NEVER]
            if not fresh:
                return None
            entry = min(fresh, key=lambda e: e[:2])
            self._heap.remove(entry)
            heapq.heapify(self._heap)
            return entry[2]
        first = self._heap[0][0] if self._heap else NEVER
        if first == NEVER or (until is not None and first > until):
            return None
        return heapq.heappop(self._heap)[2]

    def wake(self, now: datetime, back: Mapping[str, datetime] | None = None) -> None:
        """What is never due is due now: its host may be back. `back` are hosts that are, and until when their work lay."""
        known = back or {}
        self._heap = [
            (now, n, replace(w, due=now)) if at == NEVER or known.get(w.host) == at else (at, n, w)
            for at, n, w in self._heap
        ]
        heapq.heapify(self._heap)

    def __iter__(self) -> Iterator[Work]:
        return (work for _, _, work in sorted(self._heap, key=lambda e: e[:2]))

    def __len__(self) -> int:
        return len(self._heap)
