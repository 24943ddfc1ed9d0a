"""The event log: one append-only list from which every view is computed.

Both engines write the same events through the same code, so their outlines can be compared. An event says what
happened at a host to a message (`msg`) at a hop, by which rule (`because`) and which setting decided (`at`); its
own fields follow. `outline` leaves out what only a wire can know (ports, certificates' thumbprints, wall time).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from simulator.mail.message import Message
from simulator.policy.decision import Candidate, Step
from simulator.source import NOWHERE, Source
from simulator.value import value

__all__ = ["VOLATILE", "WIRE_ONLY", "Event", "Log"]

WIRE_ONLY = frozenset({"smtp.line", "dns.wire", "tls.certificate"})
"""Event types that only the live engine writes: what the wiretap kept."""

VOLATILE = frozenset({"port", "wall", "sha256"})
"""Fields of those events that are different in every run."""


@value
class Event:
    """One thing that happened. `t` is mail time in seconds since the flow began."""

    seq: int
    t: float
    host: str
    msg: str
    hop: int
    type: str
    because: str = ""
    at: Source = NOWHERE
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Any:
        found = self.fields[key]
        return _TOLD[key](found) if key in _TOLD else found

    def get(self, key: str, default: Any = None) -> Any:
        return self[key] if key in self.fields else default

    def as_json(self) -> dict[str, Any]:
        """As a line of `events.jsonl`; sources become file:line:column."""
        plain = {
            "seq": self.seq, "t": round(self.t, 6), "host": self.host, "msg": self.msg, "hop": self.hop,
            "type": self.type, "because": self.because, "at": str(self.at) if self.at else "",
        }  # fmt: skip
        return {**plain, **{k: _plain(self[k]) for k in self.fields}}


class Log:
    """Collects the events of one flow. `begin` is the mail time at which it started."""

    def __init__(self, begin: datetime) -> None:
        self.begin = begin
        self.events: list[Event] = []
        self._clock = (begin, 0.0)  # the mail time of the last event, and its `t`

    def add(
        self, type: str, *, now: datetime, host: str, msg: str = "", hop: int = 0, because: str = "",
        at: Source = NOWHERE, **fields: Any,
    ) -> Event:  # fmt: skip
        """Appends one event and returns it."""
        return self.write(type, now, host, msg, hop, fields, because, at)

    def write(
        self, type: str, now: datetime, host: str, msg: str, hop: int, fields: Mapping[str, Any], because: str = "",
        at: Source = NOWHERE,
    ) -> Event:  # fmt: skip
        """`add` for those who have the fields together already."""
        # Many events have the very same moment.
        if now is not self._clock[0]:
            self._clock = (now, (now - self.begin).total_seconds())
        event = Event(len(self.events) + 1, self._clock[1], host, msg, hop, type, because, at, fields)
        self.events.append(event)
        return event

    def steps(self, steps: tuple[Step, ...], *, now: datetime, host: str, msg: str, hop: int, rcpt: str = "") -> None:
        """One `decision` event per step, with every candidate; these become plain data when somebody reads them."""
        for step in steps:
            told = {
                "step": step.name, "outcome": step.outcome, "says": step.says, "rcpt": rcpt,
                "candidates": step.candidates,
            }  # fmt: skip
            self.write("decision", now, host, msg, hop, told, step.rule, step.at)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    def of(self, *types: str) -> list[Event]:
        """The events of these types, in order."""
        return [e for e in self.events if e.type in types]

    def outline(self) -> list[tuple[Any, ...]]:
        """What both engines must agree on."""
        return [
            (e.host, e.msg, e.hop, e.type, e.because, str(e.at), _frozen({k: e[k] for k in e.fields}))
            for e in self.events
            if e.type not in WIRE_ONLY
        ]


def _candidates(candidates: Iterable[Candidate | Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Candidates as the log shows them; those of a log that was read are so already."""
    return [
        dict(c) if isinstance(c, Mapping)
        else {"name": c.name, "chosen": c.chosen, "reason": c.reason, "says": c.says, "at": str(c.at) if c.at else ""}
        for c in candidates
    ]  # fmt: skip


def _headers(message: Message | list[str]) -> list[str]:
    """The header fields of a message, each on one line. Keys are new in every run: what was made with them is shortened."""
    if not isinstance(message, Message):
        return message
    return [_shortened(line) if "b=" in line else line for line in message.header_lines()]


_SIGNED = ("dkim-signature:", "arc-seal:", "arc-message-signature:")
_MADE = re.compile(r"([;\s]bh?=)[A-Za-z0-9+/=\s]+")  # also the digest: a report quotes a signature in its text
_QUOTED = re.compile(r"(\bheader\.b=)[A-Za-z0-9+/=]+")  # RFC 6008


def _shortened(line: str) -> str:
    made = _MADE if line.lower().startswith(_SIGNED) else _QUOTED
    return made.sub(r"\1...", line)


_TOLD: Mapping[str, Callable[[Any], Any]] = {"candidates": _candidates, "headers": _headers}
"""Fields that become plain data when somebody reads them: most logs are never read."""


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, frozenset)):
        return [_plain(v) for v in (sorted(value) if isinstance(value, frozenset) else value)]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(sorted((str(k), _frozen(v)) for k, v in value.items()))
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(v) for v in value)
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)
