"""Message trace: what Get-MessageTraceV2 and Get-MessageTraceDetailV2 would list, as a function of the event log.

A row is one recipient of one message at one tenant of the service, a group before its members. A message that passes a
tenant twice has rows for each pass. What a tenant refused at its edge has none: the service traces what it accepted.

| what became of the copy                     | Status         | last event |
| ------------------------------------------- | -------------- | ---------- |
| in the mailbox; handed on to another server | Delivered      | DELIVER; SEND |
| in the Junk folder                          | FilteredAsSpam | SPAM, DELIVER |
| a group that became its members             | Expanded       | EXPAND     |
| replaced by another recipient               | as that one    | REDIRECT, RESOLVE |
| returned to the sender; deleted by a rule   | Failed         | FAIL; DROP |
| waiting after an attempt                    | Pending        | DEFER      |
| not attempted yet                           | GettingStatus  | RECEIVE, SUBMIT |
| in quarantine                               | Quarantined    | SPAM       |

Beside the service's columns a row has the connectors at once, which the service shows in a late report only. The same
words serve for servers that have no such trace.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from simulator.report.record import Record
from simulator.report.trace_data import data
from simulator.trace import Event
from simulator.value import value

__all__ = ["EVENTS", "Detail", "Refused", "Row", "details", "next_hop", "refusals", "rows"]

EVENTS: Mapping[str, str] = {
    "RECEIVE": "Receive", "SUBMIT": "Submit", "SEND": "Send external", "DELIVER": "Deliver", "FAIL": "Fail",
    "DEFER": "Defer", "EXPAND": "Expand DL", "RESOLVE": "Resolved", "REDIRECT": "Redirect", "DROP": "Drop",
    "SPAM": "Spam", "TRANSFER": "Transfer",
}  # fmt: skip
"""Events by the cmdlet's name, and the admin centre's."""

_LONGEST_SUBJECT = 256
_FATES = ("delivered", "dropped", "held", "bounced", "kept", "handed on", "expanded")
_WHY = {"group": "EXPAND", "mail user": "RESOLVE", "substitute": "RESOLVE"}
_STATUS = {
    "handed on": "Delivered", "bounced": "Failed", "dropped": "Failed", "held": "Quarantined", "kept": "Pending",
}  # fmt: skip


@value
class Row:
    """One line of the trace. Field names are the cmdlet's; those in lower case are ours."""

    Received: datetime
    SenderAddress: str
    RecipientAddress: str
    Subject: str
    Status: str
    FromIP: str
    ToIP: str
    Size: int
    MessageId: str
    MessageTraceId: str
    Connector: str
    server: str
    msg: str
    hop: int
    copies: tuple[str, ...]  # the recipient's copy at this server, before it those that it replaced


@value
class Detail:
    """One event of a row."""

    Date: datetime
    Event: str
    Action: str
    Detail: str
    Data: str
    MessageTraceId: str
    MessageId: str
    server: str
    seq: int


@value
class Refused:
    """What a server refused in the SMTP session: it is in no trace."""

    when: datetime
    server: str
    client: str
    verb: str
    recipient: str
    reply: str
    msg: str


@value
class _Copy:
    """A copy at one server, its events there, and what it came from and became there."""

    event: Event
    root: Event  # "accepted"
    line: tuple[str, ...]  # ids from the accepted copy down to this one
    events: tuple[Event, ...]
    fate: Event | None
    children: tuple[str, ...]


def rows(record: Record, msg: str = "", *, everywhere: bool = False) -> tuple[Row, ...]:
    """The rows of all messages, or of one; `everywhere` also for servers that have no trace."""
    known = _copies(record)
    return tuple(
        _row(copy, known, record)
        for copy in known.values()
        if (everywhere or _traced(record, copy.event.host)) and msg in ("", copy.event.msg) and not _stays(copy, known)
    )


def details(record: Record, row: Row) -> tuple[Detail, ...]:
    """The events of a row in their order."""
    known = _copies(record)
    found: list[Detail] = []
    for number, name in enumerate(row.copies):
        copy = known[name]
        last = number == len(row.copies) - 1
        found += [_detail(record, row, copy, e, *told) for e in copy.events for told in _told(e, copy, last=last)]
    return tuple(sorted(found, key=lambda d: d.seq))


def refusals(record: Record, msg: str = "") -> tuple[Refused, ...]:
    """What was refused inside SMTP, at any server."""
    return tuple(
        Refused(record.when(e), e.host, e["client"], e["verb"], e["rcpt"], e["reply"], e.msg)
        for e in record.of_type("refused")
        if msg in ("", e.msg)
    )


def _traced(record: Record, server: str) -> bool:
    return server in record.servers and record.servers[server].trace


def _copies(record: Record) -> dict[str, _Copy]:
    starts: dict[str, Event] = {}
    of: dict[str, list[Event]] = {}
    children: dict[str, list[str]] = {}
    for event in record.events:
        name = event.get("copy", "")
        if event.type in ("accepted", "replaced"):
            starts[name] = event
            if event.type == "replaced":
                children.setdefault(event["parent"], []).append(name)
        if name:
            of.setdefault(name, []).append(event)
    found: dict[str, _Copy] = {}
    for name, event in starts.items():
        above = found.get(event["parent"]) if event.type == "replaced" else None
        if event.type == "replaced" and above is None:
            continue  # began in an earlier log
        line = (*(above.line if above else ()), name)
        fate = next((e for e in reversed(of[name]) if e.type in _FATES), None)
        root = above.root if above else event
        found[name] = _Copy(event, root, line, tuple(of[name]), fate, tuple(children.get(name, ())))
    return found


def _stays(copy: _Copy, known: Mapping[str, _Copy]) -> bool:
    """Whether a later copy at the same server is for the same recipient and tells its story (a mailbox that keeps one)."""
    return any(known[child].event["rcpt"] == copy.event["rcpt"] for child in copy.children)


def _row(copy: _Copy, known: Mapping[str, _Copy], record: Record) -> Row:
    root, fate = copy.root, copy.fate
    out = fate["connectors"] if fate and fate.type in ("handed on", "kept", "bounced") else []
    inbound = [root["inbound"]] if root["inbound"] else []
    own = bool(root["auth"]) or root["own"]
    return Row(
        record.when(root), root["sender"], copy.event["rcpt"], root["subject"][:_LONGEST_SUBJECT], _status(copy, known),
        "" if own else root["peer"], fate.get("address", "") if fate and fate.type == "handed on" else "", root["size"],
        root["message_id"], _trace_id(root), " | ".join((*inbound, *out)), root.host, root.msg, root.hop, copy.line,
    )  # fmt: skip


def _trace_id(root: Event) -> str:
    """One for each message and pass, the same in every run."""
    d = hashlib.blake2b(f"{root.host} {root.msg} {root.hop}".encode(), digest_size=16).hexdigest()
    return f"{d[:8]}-{d[8:12]}-4{d[13:16]}-a{d[17:20]}-{d[20:32]}"


def _status(copy: _Copy, known: Mapping[str, _Copy]) -> str:
    fate = copy.fate
    if fate is None:
        return "GettingStatus"
    if fate.type == "delivered":
        return "FilteredAsSpam" if fate["folder"].casefold().startswith("junk") else "Delivered"
    if fate.type != "expanded":
        return _STATUS[fate.type]
    if fate["why"] == "group" or not copy.children:  # without children: the recipient has the message by another name
        return "Expanded" if fate["why"] == "group" else "Delivered"
    return _status(known[copy.children[0]], known)


def _told(event: Event, copy: _Copy, *, last: bool) -> Iterable[tuple[str, str]]:
    """What an event of a copy is called in the trace, and its text. Only the last copy of a row tells what became of it."""
    kind = event.type
    if kind == "accepted":
        yield from _taken(event)
    elif kind == "expanded":
        name = _WHY.get(event["why"], "REDIRECT")
        to = ", ".join((*event["to"], *event["merged"]))
        words = {"EXPAND": "The message was expanded to", "RESOLVE": "The recipient was resolved to"}
        yield name, f"{words.get(name, 'The message was redirected to')} {to or 'nobody'}."
    elif kind == "handed on":
        if event["wire"] != event["rcpt"]:
            yield "RESOLVE", f"The recipient was resolved to {event['wire']}."
        yield "SEND", f"Message transferred to {next_hop(event)}: {event['reply']}"
    elif kind == "kept":
        yield "DEFER", f"The message was deferred. {event['reply']}"
    elif kind == "bounced":
        yield "FAIL", f"Reason: [{{LED={event['reply']}}};{{MSG={event['remote']}}};{{FQDN={event['by']}}}]"
    elif kind == "delivered":
        if event["folder"].casefold().startswith("junk"):
            yield "SPAM", "The message was identified as spam and went to the Junk Email folder."
        yield "DELIVER", "The message was successfully delivered."
    elif kind == "dropped":
        yield "DROP", f"The message was dropped: {event['why']}."
    elif kind == "held":
        yield "SPAM", f"The message was quarantined: {event['reason']}."


def next_hop(event: Event) -> str:
    """Where a message was handed on to; of a server that somebody else runs nobody knows whom it called."""
    return f"{event['to']} [{event['address']}]" if event["to"] else "another server"


def _taken(event: Event) -> Iterable[tuple[str, str]]:
    if event["auth"] or event["own"]:
        yield "SUBMIT", f"The message was submitted{' by ' + event['auth'] if event['auth'] else ''}."
    else:
        yield "RECEIVE", f"Message received by: {event.host}"


def _detail(record: Record, row: Row, copy: _Copy, event: Event, name: str, says: str) -> Detail:
    return Detail(
        record.when(event), name, "", says, data(record, name, event, copy.root), row.MessageTraceId, row.MessageId,
        event.host, event.seq,
    )  # fmt: skip
