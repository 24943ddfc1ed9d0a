"""What goes wrong in a lab, as data: faults, each with where, what and when, and how often each has had its occasion.

| kind    | what goes wrong | how |
| ------- | --------------- | --- |
| down    | nobody gets through; a server that is down (`at`) does not send either | refused, silent, reset |
| reply   | the server says this (4xx or 5xx) at `verb` instead of what it would have said | |
| cut     | the connection ends before the server has seen `verb`, during it, or after it has acted: its reply is lost | before, during, after |
| strip   | EHLO does not announce a keyword | the keyword |
| cert    | the server's certificate has a defect, shown to clients and to servers | the defect |
| slow    | every reply, or those to `verb`, take mail time; longer than a client waits, and it has given up | |
| answer  | a DNS question is answered otherwise, or not at all | nxdomain, servfail, timeout, truncated, records, forged |
| full    | a mailbox or the disk takes no more | mailbox, disk |
| clock   | the server's clock is wrong | |

A fault has its occasion whenever its place and verb are met within its time. It strikes from the `nth` occasion on, at most
`times` times, and where `chance` is below 100 only when the draw says so. Draws follow from the seed, so both engines see
the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.source import NOWHERE, Source
from simulator.value import value

__all__ = ["KINDS", "VERBS", "CutOff", "Fault", "Faults", "Standing", "Strike"]

VERBS = ("CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "END")
"""The occasions of a session. END is the final dot."""

KINDS = ("down", "reply", "cut", "strip", "cert", "slow", "answer", "full", "clock")
_NONE = timedelta(0)


class CutOff(ConnectionError):
    """The listener says no more. `how` is what its client learns: reset, timeout or handshake."""

    def __init__(self, how: str) -> None:
        super().__init__(f"the connection is cut by a planned fault ({how})")
        self.how = how


@value
class Fault:
    """One thing that goes wrong. `text` is how it was written, on one line."""

    kind: str
    at: str = ""  # the server
    link: tuple[str, str] = ("", "")  # or the sessions that one server opens to another
    dns: tuple[str, str] = ("", "")  # or a question: name, type; type * for all
    how: str = ""
    verb: str = ""
    reply: Reply | None = None
    records: tuple[str, ...] = ()  # what an answer of records, old or forged, says
    mailboxes: frozenset[Address] = frozenset()  # of `full: mailbox`; none for all
    span: timedelta = _NONE  # how slow; how wrong a clock is
    nth: int = 1
    times: int | None = None
    begins: timedelta = _NONE  # after the flow began, or after the step that brought it
    lasts: timedelta | None = None
    chance: int = 100
    name: str = ""
    text: str = ""
    source: Source = field(default=NOWHERE)

    @property
    def server(self) -> str:
        """The server whose sessions, clock or store are meant."""
        return self.at or self.link[1]

    @property
    def where(self) -> str:
        if self.dns[0]:
            asker = f" asked by {self.at}" if self.at else ""
            return f"DNS {' '.join(self.dns)}{asker}"
        return self.at or " -> ".join(self.link)

    @property
    def says(self) -> str:
        """What is wrong, as part of a sentence."""
        return _SAYS[self.kind](self)

    def meets(self, server: str, client: str) -> bool:
        """Whether a session of `client` with `server` is its place."""
        if self.dns[0]:
            return False
        return server == self.at if self.at else (client, server) == self.link


def _cut(fault: Fault) -> str:
    lost = f": {fault.server} has acted, and its reply is lost" if fault.how == "after" else ""
    return f"the connection is cut {fault.how} {fault.verb}{lost}"


def _full(fault: Fault) -> str:
    whose = f" of {', '.join(sorted(map(str, fault.mailboxes)))}" if fault.mailboxes else ""
    return f"the mailbox{whose} is full" if fault.how == "mailbox" else "the disk is full"


def _answered(fault: Fault) -> str:
    return {
        "nxdomain": "the answer is that there is no such name",
        "servfail": "the DNS server fails",
        "timeout": "no DNS server answers",
        "truncated": "the answer over UDP is truncated",
    }.get(fault.how) or f"the answer is {', '.join(fault.records) or 'that there is no such record'}"


_SAYS: dict[str, Callable[[Fault], str]] = {
    "down": lambda f: "down, " + {"refused": "connections are refused", "silent": "nobody answers"}.get(
        f.how, "connections are reset"
    ),
    "reply": lambda f: f"the reply to {f.verb} is {f.reply}",
    "cut": _cut,
    "strip": lambda f: f"{f.how} is taken out of the answer to EHLO",
    "cert": lambda f: f"the certificate is {f.how}",
    "slow": lambda f: f"the reply{f' to {f.verb}' if f.verb else ''} takes {f.span.total_seconds():g} s",
    "answer": _answered,
    "full": _full,
    "clock": lambda f: f"the clock is {str(abs(f.span)).removesuffix(', 0:00:00')} {'fast' if f.span > _NONE else 'slow'}",
}  # fmt: skip


@value
class Strike:
    """A fault that strikes, and the how manieth time this is."""

    fault: Fault
    nth: int


@value
class Standing:
    """How it stands with a fault: since when it is there, when it ends (None for never), and what came of it so far."""

    fault: Fault
    since: datetime
    ends: datetime | None
    active: bool  # its time is now, and it has not struck as often as it may
    occasions: int
    strikes: int


@dataclass(slots=True)
class _Tally:
    since: datetime
    occasions: int = 0
    strikes: int = 0


class Faults:
    """The faults of a lab while mail moves: since when each holds, and how often it has had its occasion."""

    def __init__(self, faults: tuple[Fault, ...], now: datetime, seed: int = 0) -> None:
        self.seed = seed
        self._tallies = {fault: _Tally(now) for fault in faults}

    def __bool__(self) -> bool:
        return bool(self._tallies)

    def change(self, faults: tuple[Fault, ...], now: datetime) -> None:
        """From now on these; those that were there go on, the others are mended."""
        self._tallies = {fault: self._tallies.get(fault) or _Tally(now) for fault in faults}

    def carry_on(self, before: Faults) -> None:
        """Those that an earlier flow had too are as old as they were there."""
        self._tallies = {fault: before._tallies.get(fault) or tally for fault, tally in self._tallies.items()}

    def active(self, kind: str, now: datetime) -> Iterator[Fault]:
        """Those of a kind whose time it is."""
        for fault, tally in self._tallies.items():
            if fault.kind == kind and self._ends(fault, tally, now) is not None:
                yield fault

    def strike(self, kind: str, now: datetime, fits: Callable[[Fault], bool]) -> Strike | None:
        """An occasion: the first fault of the kind that strikes. All that fit count it."""
        found: Strike | None = None
        for fault in self.active(kind, now):
            if not fits(fault):
                continue
            tally = self._tallies[fault]
            tally.occasions += 1
            spent = fault.times is not None and tally.strikes >= fault.times
            if found or tally.occasions < fault.nth or spent or not self._drawn(fault, tally.occasions):
                continue
            tally.strikes += 1
            found = Strike(fault, tally.strikes)
        return found

    def standing(self, now: datetime) -> Iterator[Standing]:
        """How it stands with each, in their order."""
        for fault, tally in self._tallies.items():
            ends = tally.since + fault.begins + fault.lasts if fault.lasts is not None else None
            spent = fault.times is not None and tally.strikes >= fault.times
            is_on = not spent and self._ends(fault, tally, now) is not None
            yield Standing(fault, tally.since, ends, is_on, tally.occasions, tally.strikes)

    def is_shut(self, server: str, now: datetime) -> bool:
        """Whether nothing listens at a server: it is down, and connections to it are refused."""
        return any(f.at == server and f.how == "refused" and not _counted(f) for f in self.active("down", now))

    def down_until(self, server: str, now: datetime) -> datetime | None:
        """When a server that is down will be up again, `datetime.max` for never; None where it is up."""
        until: datetime | None = None
        for fault, tally in self._tallies.items():
            if fault.kind == "down" and fault.at == server and not _counted(fault):
                end = self._ends(fault, tally, now)
                until = max(until or end, end) if end is not None else until
        return until

    def skew(self, server: str, now: datetime) -> timedelta:
        """How wrong a server's clock is."""
        return sum((f.span for f in self.active("clock", now) if f.at == server), _NONE)

    def _ends(self, fault: Fault, tally: _Tally, now: datetime) -> datetime | None:
        """When its time is over; None where it is not its time."""
        begin = tally.since + fault.begins
        end = begin + fault.lasts if fault.lasts is not None else datetime.max.replace(tzinfo=now.tzinfo)
        return end if begin <= now < end else None

    def _drawn(self, fault: Fault, occasion: int) -> bool:
        if fault.chance >= 100:
            return True
        digest = hashlib.blake2b(f"{self.seed}:{fault.text}:{occasion}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % 100 < fault.chance


def _counted(fault: Fault) -> bool:
    """Whether it concerns single connections; then the server itself goes on."""
    return fault.nth > 1 or fault.times is not None or fault.chance < 100
