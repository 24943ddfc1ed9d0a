"""What `mailflow trace` says: the rows of the message trace, the events at every server, and what was refused.

Date (UTC)           Sender           Recipient         Subject       Status     Connector            Id
2026-01-15 09:00:00  bob@contoso.com  john@contoso.com  Test message  Delivered  O365 to own servers  m-1

Message events
  +0.0 s  m365    Submit         by bob@contoso.com, 1223 bytes, Message-ID <m-1.7@contoso.com>
  +0.1 s  m365    Route          O365 to own servers: the only match is used (1 candidate)
  +0.1 s  m365    Send external  to mail.contoso.com [203.0.113.25], TLS 1.3, over "O365 to own servers": 250 OK
  +0.1 s  onprem  Receive        from m365 [40.92.10.1], TLS 1.3
  +0.1 s  onprem  Deliver        to john@contoso.com, Inbox
"""

from __future__ import annotations

from typing import Any

from simulator.report.hops import span
from simulator.report.message_trace import EVENTS, Detail, Refused, Row, details, next_hop, refusals, rows
from simulator.report.record import Record
from simulator.trace import Event

__all__ = ["data_text", "trace_json", "trace_text"]

_HEADS = ("Date (UTC)", "Sender", "Recipient", "Subject", "Status", "Connector", "Id")
_SUBJECT = 40  # characters shown of a subject


def trace_text(record: Record, msg: str = "") -> str:
    """Rows, events and refusals of one message, or of all."""
    found, refused = rows(record, msg), refusals(record, msg)
    lines = _table([_cells(row) for row in found]) if found else [_no_rows(record)]
    for name in [m for m in record.messages if msg in ("", m)]:
        told = _events(record, name)
        if told:
            lines += ["", f"Message events of {name}", *told]
    for one in dict.fromkeys(refused):
        lines += ["", *_refused(record, one)]
    return "\n".join(lines)


def trace_json(record: Record, msg: str = "") -> dict[str, Any]:
    """The same for programs, with the cmdlets' names; `events` are those of servers that have no trace."""
    traced = rows(record, msg)
    others = [row for row in rows(record, msg, everywhere=True) if row not in traced]
    return {
        "schema": "mailflow/trace/1",
        "lab": record.lab,
        "rows": [{**_row_json(row), "details": _details_json(record, row)} for row in traced],
        "elsewhere": [{**_row_json(row), "details": _details_json(record, row)} for row in others],
        "refused": [
            {"Date": one.when.isoformat(), "server": one.server, "client": one.client, "verb": one.verb,
             "recipient": one.recipient, "reply": one.reply, "id": one.msg}
            for one in refusals(record, msg)
        ],
    }  # fmt: skip


def data_text(record: Record, msg: str = "") -> str:
    """The Data column of every event at tenants of the service."""
    lines: list[str] = []
    for row in rows(record, msg):
        lines.append(f"{row.msg}  {row.RecipientAddress} at {row.server}, MessageTraceId {row.MessageTraceId}")
        lines += [f"  {d.Event:<9}{d.Data}" for d in details(record, row)]
    return "\n".join(lines)


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "Received": row.Received.isoformat(), "SenderAddress": row.SenderAddress,
        "RecipientAddress": row.RecipientAddress, "Subject": row.Subject, "Status": row.Status, "FromIP": row.FromIP,
        "ToIP": row.ToIP, "Size": row.Size, "MessageId": row.MessageId, "MessageTraceId": row.MessageTraceId,
        "Connector": row.Connector, "server": row.server, "id": row.msg,
    }  # fmt: skip


def _details_json(record: Record, row: Row) -> list[dict[str, Any]]:
    return [
        {"Date": d.Date.isoformat(), "Event": d.Event, "Action": d.Action, "Detail": d.Detail, "Data": d.Data,
         "MessageTraceId": d.MessageTraceId, "MessageId": d.MessageId}
        for d in details(record, row)
    ]  # fmt: skip


def _cells(row: Row) -> tuple[str, ...]:
    return (
        f"{row.Received:%Y-%m-%d %H:%M:%S}", row.SenderAddress, row.RecipientAddress, row.Subject[:_SUBJECT],
        row.Status, row.Connector or "-", row.msg,
    )  # fmt: skip


def _table(cells: list[tuple[str, ...]]) -> list[str]:
    table = [_HEADS, *cells]
    wide = [max(len(line[n]) for line in table) for n in range(len(_HEADS))]
    return ["  ".join(f"{c:<{w}}" for c, w in zip(line, wide, strict=True)).rstrip() for line in table]


def _no_rows(record: Record) -> str:
    tenants = [name for name, server in record.servers.items() if server.trace]
    if not tenants:
        return "No server of this lab belongs to a service with a message trace."
    return f"No rows: {' and '.join(tenants)} accepted nothing."


# Events at every server


def _events(record: Record, msg: str) -> list[str]:
    by_seq = {e.seq: e for e in record.events}
    came_in = {
        e["parent"]: e.seq for e in reversed(record.of_type("accepted"))
    }  # at the next server, by the copy before
    found: dict[tuple[int, str], tuple[str, str, str]] = {}
    order: dict[tuple[int, str], float] = {}
    for row in rows(record, msg, everywhere=True):
        for detail in details(record, row):
            if detail.Event == "SEND":  # noted when it was over; people read it before the Receive that it led to
                order[detail.seq, detail.Event] = came_in.get(row.copies[-1], detail.seq) - 0.5
            found[detail.seq, detail.Event] = (detail.server, EVENTS[detail.Event], _says(by_seq[detail.seq], detail))
    taken = {(e.host, e.hop): e.seq for e in record.events if e.type == "accepted" and e.msg == msg}
    for event in record.events:
        is_route = event.type == "decision" and event.msg == msg and event["step"] == "CONNECTOR"
        if is_route and event.seq > taken.get((event.host, event.hop), event.seq):
            found[event.seq, "ROUTE"] = (event.host, "Route", _routed(event))
    if not found:
        return []
    hosts = max(len(host) for host, _, _ in found.values())
    begin = min(by_seq[seq].t for seq, _ in found)
    lines = [
        f"  {'+' + span(by_seq[seq].t - begin):<9}{host:<{hosts}}  {name:<14} {says}"
        for (seq, _), (host, name, says) in sorted(
            found.items(), key=lambda item: (order.get(item[0], item[0][0]), item[0])
        )
    ]
    return list(dict.fromkeys(lines))  # recipients that travel together come in once


def _routed(event: Event) -> str:
    count = len(event["candidates"])
    return f"{event['says']} ({count} candidate{'s' if count != 1 else ''})"


def _says(event: Event, detail: Detail) -> str:
    if detail.Event == "SUBMIT":
        return f"by {event['auth'] or event.host}, {event['size']} bytes, Message-ID {event['message_id'] or '(none)'}"
    if detail.Event == "RECEIVE":
        by = f', inbound connector "{event["inbound"]}"' if event["inbound"] else ""
        return f"from {event['client'] or event['sender']} [{event['peer']}], {_tls(event['tls'])}{by}"
    if detail.Event == "SEND":
        over = "".join(f', over "{connector}"' for connector in event["connectors"])
        return f"to {next_hop(event)}, {_tls(event['tls'])}{over}: {event['reply']}"
    if detail.Event == "DELIVER":
        return f"to {event['mailbox']}, {event['folder']}"
    if detail.Event == "FAIL":
        report = f"; report to {event['to']}" if event["report"] else "; no report is written"
        return f"{event['rcpt']}: {event['reply']}{report}"
    return detail.Detail


def _tls(version: str) -> str:
    return version.replace("TLSv", "TLS ") if version else "in clear text"


def _refused(record: Record, one: Refused) -> list[str]:
    lines = [f"Refused by {one.server} at {one.verb}, {one.recipient} of {one.msg}: {one.reply}"]
    if one.server in record.servers and record.servers[one.server].trace:
        lines.append(
            "  The service traces only what it accepted, so this stands in no message trace; ask the sending side."
        )
    return lines
