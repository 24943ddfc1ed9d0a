"""From events to delivery paths: what became of every copy of every message, and the way it went.

A copy's fate is its last word in the log (delivered, bounced, kept, dropped, held). Following its parents back to
the client that handed the message in gives the hops; the events themselves carry the connectors of each.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.mail.address import Address, parse_sender
from simulator.mail.path import End, Leg, Path
from simulator.topology import Lab
from simulator.trace import Event, Log

__all__ = ["Balance", "Copy", "Ending", "balance", "begun", "copies", "endings"]

_FATES = ("delivered", "dropped", "held", "bounced", "kept", "handed on", "expanded")


@dataclass(slots=True)
class Copy:
    """One recipient of one message at one host."""

    id: str
    event: Event  # "accepted" or "replaced"
    parent: str
    fate: Event | None = None
    children: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ending:
    """How one copy ended: the path, the message, who it was for, and the event that settled it."""

    path: Path
    msg: str
    rcpt: str
    event: Event
    status: str  # delivered, bounced, queued, dropped, held, refused
    copy: str = ""  # "" where a client's own session was refused


def begun(log: Iterable[Event]) -> frozenset[str]:
    """The messages that began in this log. Others may go on in it, where a flow carries on an earlier one's state."""
    return frozenset(
        e.msg for e in log
        if e.type in ("submitted", "written") or (e.type in ("accepted", "refused") and not e["parent"])
    )  # fmt: skip


def copies(log: Iterable[Event]) -> dict[str, Copy]:
    """Every copy of the messages that began in this log, by id, with its fate so far."""
    found: dict[str, Copy] = {}
    events = tuple(log)
    mine = begun(events)
    for event in events:
        if event.msg not in mine:
            continue
        if event.type in ("accepted", "replaced"):
            copy = found[event["copy"]] = Copy(event["copy"], event, event["parent"])
            if copy.parent in found:
                found[copy.parent].children.append(copy.id)
        elif event.type in _FATES and event["copy"] in found:
            found[event["copy"]].fate = event
    return found


def endings(log: Log, lab: Lab) -> list[Ending]:
    """The ending of every copy that went no further, in the order in which messages and copies began."""
    known = copies(log)
    starts = {e.msg: e for e in log if e.type in ("submitted", "written")}
    refusals = {e["parent"]: e for e in log if e.type == "refused" and e["parent"]}
    ends = [e for copy in known.values() if (e := _ending(copy, known, starts, refusals, lab))]
    ends += _clients(log, starts, lab)
    order: dict[tuple[str, str], int] = {}
    for event in log:
        for rcpt in event.get("rcpts", ()) if event.type == "submitted" else (event.get("rcpt", ""),):
            order.setdefault((event.msg, rcpt), len(order))
    return sorted(ends, key=lambda e: order[e.msg, e.rcpt])


def _ending(
    copy: Copy, known: dict[str, Copy], starts: dict[str, Event], refusals: dict[str, Event], lab: Lab
) -> Ending | None:
    fate, event = copy.fate, copy.event
    if fate and fate.type in ("handed on", "expanded"):
        return None
    legs = _legs(copy, known)
    start = _start(copy, known, starts, lab)
    meant = _name(_root(copy, known).event["rcpt"], lab)

    def ended(end: End, why: Event, status: str, *more: Leg) -> Ending:
        return Ending(
            Path(start, (*legs, *more), end), event.msg, _root(copy, known).event["rcpt"], why, status, copy.id
        )

    if fate is None:
        return ended(End("DEFERRED", "", meant), event, "queued")
    if fate.type == "delivered":
        return ended(End("delivered", "", _name(fate["mailbox"], lab, fate.host), fate["folder"]), fate, "delivered")
    if fate.type == "dropped":
        return ended(End("DROPPED", person=meant), fate, "dropped")
    if fate.type == "held":
        return ended(End("HELD", person=meant, reason=fate["reason"]), fate, "held")
    if fate.type == "kept":
        return ended(End("DEFERRED", fate["codes"], meant, attempted=tuple(fate["connectors"])), fate, "queued")
    if fate["refused"]:
        refusal = refusals.get(copy.id)
        if refusal is None:  # a host that is not ours refused: all there is is what it said
            leg = Leg(fate["by"], tuple(fate["connectors"]), bool(fate["connectors"]))
            word, code, why = ("LOOP" if fate["loop"] else "REJECTED"), fate["remote_codes"], fate
        else:
            leg = Leg(refusal.host, tuple(refusal["connectors"]), refusal["any_connectors"])
            word, code, why = ("LOOP" if refusal["loop"] or fate["loop"] else "REJECTED"), refusal["codes"], refusal
        return ended(End(word, code, meant), why, "bounced", leg)  # type: ignore[arg-type]
    to = _name(fate["to"], lab) if fate["to"] else ""
    if fate["loop"]:
        return ended(End("LOOP", fate["codes"], meant, to=to), fate, "bounced")
    return ended(End("NDR", fate["codes"], meant, to=to, attempted=tuple(fate["connectors"])), fate, "bounced")


def _clients(log: Log, starts: dict[str, Event], lab: Lab) -> list[Ending]:
    """What clients were refused: a client has no queue, so 4xx counts as well."""
    ends: list[Ending] = []
    told: set[tuple[str, str]] = set()
    for event in log:
        if event.type != "refused" or event["client"] or event["parent"]:
            continue
        if (event.msg, event["rcpt"]) in told:
            continue
        told.add((event.msg, event["rcpt"]))
        began = starts.get(event.msg)
        start = _person(began, lab) if began else _name(event["sender"], lab)
        leg = Leg(event.host, tuple(event["connectors"]), event["any_connectors"])
        end = End("LOOP" if event["loop"] else "REJECTED", event["codes"], _name(event["rcpt"], lab))
        ends.append(Ending(Path(start, (leg,), end), event.msg, event["rcpt"], event, "refused"))
    for event in log:
        began = starts.get(event.msg)
        if event.type == "client" and event["stage"] and began:
            for rcpt in began["rcpts"]:
                if (event.msg, rcpt) not in told and not _reached(log, event.msg):
                    end = End("REJECTED", "", _name(rcpt, lab))
                    path = Path(_person(began, lab), (Leg(event.host),), end)
                    ends.append(Ending(path, event.msg, rcpt, event, "refused"))
    return ends


def _reached(log: Log, msg: str) -> bool:
    return any(e.type == "accepted" and e.msg == msg for e in log)


def _root(copy: Copy, known: dict[str, Copy]) -> Copy:
    while copy.parent in known:
        copy = known[copy.parent]
    return copy


def _legs(copy: Copy, known: dict[str, Copy]) -> tuple[Leg, ...]:
    legs: list[Leg] = []
    at: Copy | None = copy
    while at is not None:
        event = at.event
        if event.type == "accepted" and not event["own"]:
            legs.append(Leg(event.host, tuple(event["connectors"]), event["any_connectors"]))
        at = known.get(at.parent)
    return tuple(reversed(legs))


def _start(copy: Copy, known: dict[str, Copy], starts: dict[str, Event], lab: Lab) -> str:
    root = _root(copy, known).event
    if root["own"]:
        return root.host
    began = starts.get(root.msg)
    return _person(began, lab) if began else _name(root["sender"], lab)


def _person(began: Event, lab: Lab) -> str:
    if began.type == "written":
        return began.host
    return str(began["person"]) or _name(began["sender"], lab)


def _name(address: str, lab: Lab, server: str = "") -> str:
    sender = parse_sender(address)
    return lab.person_of(sender, server) if isinstance(sender, Address) else "<>"


@dataclass(frozen=True, slots=True)
class Balance:
    """The conservation law per copy: accepted = delivered + bounced + queued + dropped (+ held)."""

    accepted: int
    delivered: int
    bounced: int
    queued: int
    dropped: int
    held: int
    lost: tuple[str, ...] = ()  # copies that have no fate and wait in no queue
    duplicated: int = 0  # copies that the next host took more than once; they count as accepted
    unexplained: tuple[str, ...] = ()  # those of them for which no cut connection is to blame

    @property
    def holds(self) -> bool:
        settled = self.delivered + self.bounced + self.queued + self.dropped + self.held
        return not self.lost and not self.unexplained and self.accepted == settled


def balance(log: Log, queued: Iterable[str]) -> Balance:
    """Counts the copies. Entered: what clients handed in or hosts wrote, and what expansion and duplication added."""
    known = copies(log)
    again, unexplained = _duplicates(log, known)
    waiting = frozenset(queued)
    counts = {"delivered": 0, "bounced": 0, "queued": 0, "dropped": 0, "held": 0}
    entered = sum(1 for c in known.values() if c.parent not in known) + again
    lost: list[str] = []
    for copy in known.values():
        kind = copy.fate.type if copy.fate else ""
        if kind == "expanded" and copy.fate:
            entered += len(copy.children) - 1  # one less where all its members have the message anyway
            if not copy.children and not copy.fate["merged"]:
                lost.append(copy.id)
        elif kind == "handed on":
            if not copy.children:
                lost.append(copy.id)
        elif copy.id in waiting:
            counts["queued"] += 1
        elif kind in counts:
            counts[kind] += 1
        else:
            lost.append(copy.id)
    return Balance(entered, lost=tuple(lost), duplicated=again, unexplained=unexplained, **counts)


def _duplicates(log: Log, known: dict[str, Copy]) -> tuple[int, tuple[str, ...]]:
    """How many copies were taken once too often, and which without a cut after the final dot (RFC 1047).

    The sender of such a copy never heard that it was taken: it sends the copy again, or returns it in the end.
    """
    cuts: dict[str, int] = {}
    for event in log.of("fault"):
        for copy in event["copies"]:
            cuts[copy] = cuts.get(copy, 0) + 1
    again, unexplained = 0, list[str]()
    for copy in known.values():
        kind = copy.fate.type if copy.fate else ""
        extra = 0 if kind == "expanded" else len(copy.children) - (kind == "handed on")
        again += max(0, extra)
        if extra > cuts.get(copy.id, 0):
            unexplained.append(copy.id)
    return again, tuple(unexplained)
