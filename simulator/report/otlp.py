"""Messages as OpenTelemetry traces, in the file format of OTLP: a line of JSON for each flow.

    trace        one message, as it was handed in or written by a server
      deliver    the root: from the hand-over to the last fate, with the path of every copy
        NAME smtp receive   one hop: from the first word of the session to what became of the message there (server)
          route             one for each routing decision: its candidates are events
          NAME smtp send    an attempt at a target; the hop that it led to is its child (client)
    link         from a report to the message that it is about

Each server is a service, so a viewer draws the lab by itself. Ids are made of file, flow and message: the same in every
run. Times are mail time; within a hop it stands still, so a span may begin and end at one moment. What has no name in the
semantic conventions stands under `mailflow.`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from simulator import __version__
from simulator.mail.path import print_path
from simulator.report.story import full_name
from simulator.runner import FlowResult, RunResult
from simulator.topology import HOP_LATENCY
from simulator.trace import Event

__all__ = ["otlp_lines"]

_INTERNAL, _SERVER, _CLIENT = 1, 2, 3
_OK, _ERROR = 1, 2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BAD_ENDS = ("bounced", "refused")


def otlp_lines(result: RunResult) -> Iterator[str]:
    """One line for each flow in which anything was sent."""
    for scenario in result.scenarios:
        for flow in scenario.flows:
            if spans := _Flow(scenario.scenario.file, flow).spans():
                yield json.dumps(_request(spans), ensure_ascii=False, separators=(",", ":")) + "\n"


@dataclass
class _Span:
    service: str
    name: str
    kind: int
    trace: str
    id: str
    parent: str
    start: float  # seconds of mail time
    end: float
    attributes: dict[str, Any] = field(default_factory=dict)
    events: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)  # trace and span
    error: str = ""
    begin: datetime = _EPOCH

    def reach(self, t: float) -> None:
        self.start, self.end = min(self.start, t), max(self.end, t)


class _Flow:
    """The spans of one flow's log."""

    def __init__(self, file: str, flow: FlowResult) -> None:
        self._file, self._flow, self._played = file, flow, flow.played
        self._spans: dict[str, _Span] = {}
        self._hops: dict[tuple[str, int, str], _Span] = {}  # message, hop, host
        self._came_from: dict[tuple[str, int, str], str] = {}  # message, hop of the sender, server called -> span

    def spans(self) -> list[_Span]:
        for event in self._played.log:
            if event.msg:
                _READERS.get(event.type, _Flow._other)(self, event)
        self._finish()
        return list(self._spans.values())

    # ids

    def _trace(self, msg: str) -> str:
        flow = self._flow.flow
        name = "\0".join((self._file, flow.stage or "", flow.name, flow.at.file, str(flow.repeats), msg))
        return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()

    def _id(self, msg: str, what: str) -> str:
        return hashlib.blake2b(f"{self._trace(msg)} {what}".encode(), digest_size=8).hexdigest()

    def _new(self, event: Event, service: str, name: str, kind: int, what: str, parent: str) -> _Span:
        span = _Span(service, name, kind, self._trace(event.msg), self._id(event.msg, what), parent, event.t, event.t,
                     begin=self._played.log.begin)  # fmt: skip
        self._spans[span.id] = span
        return span

    # events

    def _root(self, event: Event) -> _Span:
        known = self._spans.get(self._id(event.msg, "root"))
        if known is None:
            known = self._new(event, event.host or "client", "deliver", _INTERNAL, "root", "")
            known.attributes["mailflow.message"] = event.msg
        known.reach(event.t)
        return known

    def _begun(self, event: Event) -> None:
        root = self._root(event)
        if event.type == "submitted":
            root.service = str(event["person"] or event["sender"])
            root.name = f"deliver {', '.join(event['rcpts'])}"
            root.attributes["mailflow.sender"] = event["sender"]
        else:
            root.service, root.name = event.host, f"report to {event['to']}"
            root.links.append((self._trace(event["about"]), self._id(event["about"], "root")))

    def _hop(self, event: Event, hop: int) -> _Span:
        key = (event.msg, hop, event.host)
        span = self._hops.get(key)
        if span is None:
            root = self._root(event)
            span = self._hops[key] = self._new(
                event, event.host, f"{event.host} smtp receive", _SERVER, f"hop {hop} {event.host}", root.id
            )
        span.reach(event.t)
        self._root(event)
        return span

    def _opened(self, event: Event) -> None:
        span = self._hop(event, event.hop)
        span.attributes["client.address"] = event["peer"]
        if event["client"]:
            span.attributes["mailflow.client"] = event["client"]

    def _secured(self, event: Event) -> None:
        span = self._hop(event, event.hop)
        span.attributes["tls.protocol.version"] = str(event["version"]).removeprefix("TLSv")
        if event["subject"]:
            span.attributes["tls.client.subject"] = f"CN={event['subject']}"

    def _accepted(self, event: Event) -> None:
        span = self._hop(event, event.hop)
        if event["own"]:
            span.kind, span.name = _INTERNAL, f"{event.host} writes"
        if event["message_id"]:
            span.attributes["messaging.message.id"] = event["message_id"]
            self._root(event).attributes["messaging.message.id"] = event["message_id"]
        if event["inbound"]:
            span.attributes["mailflow.connector.name"] = event["inbound"]

    def _decided(self, event: Event) -> None:
        parent = self._hop(event, event.hop)
        span = self._new(event, event.host, f"{event['step'].lower()}: {event['outcome']}", _INTERNAL,
                         f"event {event.seq}", parent.id)  # fmt: skip
        told = {"mailflow.step": event["step"], "mailflow.outcome": event["outcome"], "mailflow.says": event["says"],
                "mailflow.rule": event.because, "mailflow.at": str(event.at) if event.at else ""}  # fmt: skip
        span.attributes.update({k: v for k, v in told.items() if v})
        for candidate in event["candidates"]:
            told = {"mailflow.candidate": candidate["name"], "mailflow.chosen": candidate["chosen"],
                    "mailflow.reason": candidate["says"] or candidate["reason"], "mailflow.at": candidate["at"]}  # fmt: skip
            span.events.append((event.t, "candidate", told))

    def _attempted(self, event: Event) -> None:
        parent = self._hop(event, event.hop)
        span = self._new(
            event, event.host, f"{event.host} smtp send {event['to']}", _CLIENT, f"event {event.seq}", parent.id
        )
        span.start = max(parent.start, event.t - HOP_LATENCY.total_seconds())
        code, _, rest = str(event["reply"]).partition(" ")
        told = {
            "server.address": event["to"], "network.peer.address": event["address"],
            "mailflow.server": event["server"], "mailflow.connector.name": event["connector"],
            "mailflow.tls": event["grade"], "tls.protocol.version": str(event["tls"]).removeprefix("TLSv"),
            "smtp.response.code": int(code) if code.isdecimal() else 0, "mailflow.reply": rest and event["reply"],
        }  # fmt: skip
        span.attributes.update({k: v for k, v in told.items() if v})
        if event["stage"]:
            span.error = f"{event['stage']}: {event['says'] or event['reply'] or event['broken']}"
        else:
            self._came_from[event.msg, event.hop, event["server"]] = span.id

    def _refused(self, event: Event) -> None:
        span = self._hop(event, event.hop)
        span.error = f"{event['verb']}: {event['reply']}"
        span.events.append(
            (event.t, "refused", {"mailflow.reply": event["reply"], "mailflow.recipient": event["rcpt"]})
        )

    def _settled(self, event: Event) -> None:
        span = self._hop(event, event.hop)
        told = {"mailflow.recipient": event.get("rcpt", ""), "mailflow.reply": event.get("reply", "")}
        span.events.append((event.t, event.type, {k: v for k, v in told.items() if v}))
        if event.type == "bounced":
            span.error = str(event["reply"])

    def _struck(self, event: Event) -> None:
        told = {
            "mailflow.where": event["where"],
            "mailflow.says": event["says"],
            "mailflow.at": str(event.at) if event.at else "",
        }
        self._root(event).events.append((event.t, "fault", {k: v for k, v in told.items() if v}))

    def _other(self, event: Event) -> None:
        self._root(event)

    def _finish(self) -> None:
        for (msg, hop, host), span in self._hops.items():
            span.parent = self._came_from.get((msg, hop - 1, host), span.parent)
        for ending in (*self._played.endings, *self._played.reports):
            root = self._spans.get(self._id(ending.msg, "root"))
            if root is not None:
                root.attributes.setdefault("mailflow.path", []).append(print_path(ending.path))
                root.attributes.setdefault("mailflow.status", []).append(ending.status)
                if ending.status in _BAD_ENDS:
                    root.error = f"{ending.path.end.word} {ending.path.end.code}".strip()
        for span in self._spans.values():
            if not span.parent:
                told = {"mailflow.file": self._file, "mailflow.flow": full_name(self._flow), "messaging.system": "smtp"}
                span.attributes = {**told, **span.attributes}


_READERS: Mapping[str, Any] = {
    "submitted": _Flow._begun, "written": _Flow._begun, "session.open": _Flow._opened, "tls": _Flow._secured,
    "accepted": _Flow._accepted, "decision": _Flow._decided, "attempt": _Flow._attempted, "refused": _Flow._refused,
    "delivered": _Flow._settled, "kept": _Flow._settled, "bounced": _Flow._settled, "dropped": _Flow._settled,
    "held": _Flow._settled, "handed on": _Flow._settled, "expanded": _Flow._settled,
    "fault": _Flow._struck,
}  # fmt: skip


# The file format


def _request(spans: list[_Span]) -> dict[str, Any]:
    by_service: dict[str, list[_Span]] = {}
    for span in spans:
        by_service.setdefault(span.service, []).append(span)
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes({"service.name": service, "service.namespace": "mailflow"})},
                "scopeSpans": [
                    {"scope": {"name": "mailflow", "version": __version__}, "spans": [_span(s) for s in theirs]}
                ],
            }
            for service, theirs in by_service.items()
        ]
    }


def _span(span: _Span) -> dict[str, Any]:
    plain: dict[str, Any] = {"traceId": span.trace, "spanId": span.id}
    if span.parent:
        plain["parentSpanId"] = span.parent
    plain |= {
        "name": span.name, "kind": span.kind, "startTimeUnixNano": _nanos(span.begin, span.start),
        "endTimeUnixNano": _nanos(span.begin, span.end), "attributes": _attributes(span.attributes),
    }  # fmt: skip
    if span.events:
        plain["events"] = [
            {"timeUnixNano": _nanos(span.begin, t), "name": name, "attributes": _attributes(told)}
            for t, name, told in span.events
        ]
    if span.links:
        plain["links"] = [{"traceId": trace, "spanId": id} for trace, id in span.links]
    plain["status"] = {"code": _ERROR, "message": span.error} if span.error else {"code": _OK}
    return plain


def _attributes(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in told.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}  # 64-bit numbers are text in protobuf's JSON
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(v) for v in value]}}
    return {"stringValue": str(value)}


def _nanos(begin: datetime, t: float) -> str:
    whole = begin.astimezone(UTC) - _EPOCH
    return str((whole.days * 86400 + whole.seconds) * 10**9 + whole.microseconds * 1000 + round(t * 10**6) * 1000)
