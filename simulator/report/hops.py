"""The event log as hops: for every host that held the message, what it decided and what happened, line by line.

A block is one host's handling of one message. Its lines are the decisions of the log in the order in which they were
taken, with all candidates, and between them what came of them: connections, TLS, DNS answers, replies, the fate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.played import Played
from simulator.trace import Event

__all__ = ["Block", "Line", "blocks", "span"]


@dataclass(frozen=True, slots=True)
class Line:
    """One step of a hop. `candidates` are as in the log: name, chosen, reason, says, at."""

    step: str
    says: str
    at: str = ""
    rule: str = ""
    candidates: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """One host's handling of the message."""

    host: str
    lines: tuple[Line, ...]


def blocks(played: Played) -> list[Block]:
    """The hops of the messages that clients handed in, in the order in which they began."""
    mine = frozenset(played.messages)
    by_hop: dict[tuple[str, int, str], list[Event]] = {}
    submitted = {e.msg: e for e in played.log.of("submitted")}
    for event in played.log:
        if event.msg in mine and event.hop > 0:
            by_hop.setdefault((event.msg, event.hop, event.host), []).append(event)
    found: list[Block] = []
    for (msg, _, host), events in by_hop.items():
        told = _Told(played, submitted.get(msg))
        lines = [line for event in events for line in _line(event, told)]
        found.append(Block(host, tuple(_once(lines))))
    return [b for b in found if b.lines]


@dataclass(frozen=True, slots=True)
class _Told:
    """What a line may refer to beside its event."""

    played: Played
    began: Event | None

    def name(self, address: str) -> str:
        for person in self.played.lab.people.values():
            if any(str(mailbox) == address for mailbox, _ in person.mailboxes):
                return person.name
        return address


def _once(lines: Iterable[Line]) -> list[Line]:
    """Without what is said twice: recipients that travel together are decided one by one."""
    seen: set[tuple[str, str, str, str]] = set()
    kept: list[Line] = []
    for line in lines:
        key = (line.step, line.says, line.at, line.rule)
        if key not in seen:
            seen.add(key)
            kept.append(line)
    return kept


def _line(event: Event, told: _Told) -> list[Line]:
    if event.type == "decision":
        return [Line(event["step"], event["says"], _at(event), event.because, tuple(event["candidates"]))]
    if event.type not in _WRITERS:
        return []
    return [Line(step, says, _at(event) if placed else "") for step, says, placed in _WRITERS[event.type](event, told)]


def _at(event: Event) -> str:
    return str(event.at) if event.at else ""


Written = Iterable[tuple[str, str, bool]]  # step, sentence, whether the event's place belongs to it


def _connected(event: Event, told: _Told) -> Written:
    if told.began is not None and not event["client"]:
        who = told.began["person"] or event["peer"]
        yield "CONNECT", f"from {who} at {event['peer']}, port {event['port']}", False
    else:
        yield "CONNECT", f"from {event['client']} at {event['peer']}", False


def _secured(event: Event, told: _Told) -> Written:
    who = "no client certificate"
    if event["subject"]:
        flaw = f" ({event['flaw']})" if event["flaw"] else ""
        who = f"the client shows CN={event['subject']}, issued by {event['issuer']}{flaw}"
    yield "TLS", f"{event['version']}, {who}", False


def _accepted(event: Event, told: _Told) -> Written:
    inbound = f', by inbound connector "{event["inbound"]}"' if event["inbound"] else ""
    clear = "" if event["tls"] else ", in clear text"
    yield "ACCEPT", f"for {event['rcpt']}{inbound}{clear}", bool(inbound)


def _refused(event: Event, told: _Told) -> Written:
    yield "REFUSE", f"{event['rcpt']} at {event['verb']}: {event['reply']}", True


def _asked(event: Event, told: _Told) -> Written:
    if event["status"] == "nodata" and event["question"].endswith(" AAAA"):
        return  # no IPv6 address: hardly anybody has one, and the A record follows
    if event["status"] in ("nodata", "nxdomain") and event["question"].startswith("_mta-sts."):
        return  # no MTA-STS policy: hardly anybody has one either
    answer = ", ".join("; ".join(text.split("\n")) for text in event["answer"]) or event["status"]
    yield "DNS", f"{event['question']}: {answer}", False


def _unroutable(event: Event, told: _Told) -> Written:
    yield "DNS", event["says"], False


def _attempted(event: Event, told: _Told) -> Written:
    where = f"{event['to']} [{event['address']}]"
    if event["stage"]:
        how = event["says"] or event["reply"] or {"timeout": "no answer"}.get(event["broken"], event["broken"])
        yield "SEND", f"to {where} failed at {event['stage']}: {how}", True
        return
    shown = f", CN={event['subject']}" if event["subject"] else ""
    tls = "in clear text" if event["grade"] == "none" else f"TLS {event['grade']}{shown}"
    yield "SEND", f"to {where}, {tls}", False


def _delivered(event: Event, told: _Told) -> Written:
    folder = "" if event["folder"].casefold() == "inbox" else f" in {event['folder']}"
    yield "DELIVER", f"{told.name(event['mailbox'])}{folder}", False


def _kept(event: Event, told: _Told) -> Written:
    yield "QUEUE", f"{event['reply']}; next attempt {span(event['due_s'] - event.t)} later", True


_UNREPORTED = {
    "double-bounce": ": it is a report itself", "null-sender": ": the sender is <>", "not-wanted": ": NOTIFY asks for none",
}  # fmt: skip


def _bounced(event: Event, told: _Told) -> Written:
    why = _UNREPORTED.get(event.get("unreported", ""), "")
    report = f"; report to {told.name(event['to'])}" if event["report"] else f"; no report is written{why}"
    yield "RETURN", f"{event['reply']}{report}", False


def _reported(event: Event, told: _Told) -> Written:
    yield "REPORT", f"{event['rcpt']}: {event['action']}; report to {told.name(event['to'])}", False


def _expanded(event: Event, told: _Told) -> Written:
    yield "EXPAND", f"{event['rcpt']} to {', '.join(event['to'])} ({event['why']})", False


def _dropped(event: Event, told: _Told) -> Written:
    yield "DROP", event["why"], False


def _struck(event: Event, told: _Told) -> Written:
    times = f" (for the {_ordinal(event['nth'])} time)" if event["nth"] > 1 else ""
    yield "FAULT", f"{event['where']}: {event['says']}{times}", True


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _held(event: Event, told: _Told) -> Written:
    yield "HOLD", event["reason"], False


_WRITERS: Mapping[str, Callable[[Event, _Told], Written]] = {
    "session.open": _connected, "tls": _secured, "accepted": _accepted, "refused": _refused, "dns": _asked,
    "unroutable": _unroutable, "attempt": _attempted, "delivered": _delivered, "kept": _kept, "bounced": _bounced,
    "reported": _reported,
    "expanded": _expanded, "dropped": _dropped, "held": _held, "fault": _struck,
}  # fmt: skip


def span(seconds: float) -> str:
    """`24 h`, `15 min`, `30 s`."""
    for size, unit in ((86400 * 2, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / (86400 if unit == 'd' else size):.3g} {unit}"
    return f"{seconds:.3g} s"
