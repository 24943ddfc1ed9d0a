"""A message that is followed: one line for each thing that happens to it, as it happens.

    m-16  Sun -> internet  250 2.0.0 Accepted, queued as 00000001
    m-16  internet -> m365  TLSv1.3
    m-16  m365 -[O365 to own servers]-> onprem  TLSv1.3, trusted
    m-16  delivered to John at onprem

It reads events as plain data, as a running lab tells them, so that it does not matter where the lab runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

__all__ = ["follow_lines", "waiting_lines"]

Told = Mapping[str, Any]


def follow_lines(events: Iterable[Told], people: Mapping[str, str]) -> list[str]:
    """The lines of these events. `people` gives names to addresses."""
    lines: list[str] = []
    for event in events:
        line = _LINES[event["type"]](event, people) if event["type"] in _LINES else ""
        told = f"{event['msg']}  {line}"
        if line and told not in lines[-1:]:
            lines.append(told)
    return lines


def waiting_lines(waiting: Iterable[Told], msg: str, people: Mapping[str, str]) -> list[str]:
    """What of a message waits, where, and until when."""
    lines = []
    for work in waiting:
        if work["msg"] == msg and not work["is_due"]:
            until = f"until {datetime.fromisoformat(work['due']):%Y-%m-%d %H:%M:%S}" if work["due"] else "for its host"
            names = ", ".join(_name(rcpt, people) for rcpt in work["rcpts"])
            attempts = f", {work['attempts']} attempt{'s' if work['attempts'] > 1 else ''} so far"
            lines.append(f"{msg}  waits at {work['host']} for {names} {until}{attempts}")
    return lines


def _name(address: str, people: Mapping[str, str]) -> str:
    return people.get(address, address)


def _link(names: Iterable[str]) -> str:
    found = " | ".join(names)
    return f"-[{found}]->" if found else "->"


def _submitted(event: Told, people: Mapping[str, str]) -> str:
    return f"{event['person']} -> {event['host']}  {event['size']} octets from {event['source']}"


def _client(event: Told, people: Mapping[str, str]) -> str:
    if not event["stage"]:
        return f"{event['host']} took it  {event['reply']}"
    return (
        f"{event['host']} did not take it, at {event['stage']}: {event['reply'] or event['broken'] or event['verdict']}"
    )


def _attempt(event: Told, people: Mapping[str, str]) -> str:
    to = event["server"] or f"{event['to']} [{event['address']}]"
    way = f"{event['host']} {_link([event['connector']] if event['connector'] else [])} {to}"
    if event["stage"]:
        why = event["reply"] or event["says"] or event["broken"]
        return f"{way}  failed at {event['stage']}: {why}"
    grade = f", {event['grade']}" if event["grade"] in ("trusted", "verified") else ""
    return f"{way}  {event['tls'] or 'no TLS'}{grade}"


def _delivered(event: Told, people: Mapping[str, str]) -> str:
    folder = "" if event["folder"] == "Inbox" else f" in {event['folder']}"
    return f"delivered to {_name(event['mailbox'], people)}{folder} at {event['host']}"


def _kept(event: Told, people: Mapping[str, str]) -> str:
    return f"{event['host']} keeps it for {_name(event['rcpt'], people)} and tries again: {event['reply']}"


def _bounced(event: Told, people: Mapping[str, str]) -> str:
    report = f"; {event['to']} gets a report, {event['report']}" if event["report"] else ""
    return f"{event['host']} returns it for {_name(event['rcpt'], people)}: {event['reply']}{report}"


_LINES: Mapping[str, Callable[[Told, Mapping[str, str]], str]] = {
    "submitted": _submitted,
    "client": _client,
    "attempt": _attempt,
    "delivered": _delivered,
    "kept": _kept,
    "bounced": _bounced,
    "unroutable": lambda e, _: f"{e['host']} finds no way: {e['says']}",
    "held": lambda e, p: f"{e['host']} holds it for {_name(e['rcpt'], p)}: {e['reason']}",
    "dropped": lambda e, p: f"{e['host']} drops it for {_name(e['rcpt'], p)}: {e['why']}",
    "expanded": lambda e, p: f"{e['host']} sends it to {', '.join(_name(a, p) for a in e['to'])} for {e['rcpt']}"
    if e["to"] else "",
    "fault": lambda e, _: f"fault: {e['where']} {e['says']}",
}  # fmt: skip
