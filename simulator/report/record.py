"""An event log together with what its readers must know of the lab: when mail time began, which servers there are.

As a file it is JSON lines: the first, `"type": "lab"`, says these things, the rest are the events. So a log that was
written can be read by itself, on another computer and later.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from simulator.policy.host import Traced
from simulator.source import NOWHERE, Source
from simulator.topology import Lab
from simulator.trace import VOLATILE, WIRE_ONLY, Event, Log
from simulator.value import value

__all__ = ["NoLog", "Record", "ServerTold", "event_line", "head_line", "record_text", "source_of"]

_OWN = ("seq", "t", "host", "msg", "hop", "type", "because", "at")


class NoLog(ValueError):
    """A file that is no event log."""


@value
class ServerTold:
    """A server as readers of a log know it. `trace`: it belongs to a service that has a message trace."""

    product: str
    fqdn: str
    addresses: tuple[str, ...]
    trace: bool


@value
class Record:
    """A log to be read: its events, and what they refer to."""

    lab: str
    begin: datetime
    servers: Mapping[str, ServerTold]
    people: Mapping[str, str]  # address -> name
    events: tuple[Event, ...]

    @classmethod
    def of(cls, lab: Lab, log: Log) -> Record:
        servers = {
            name: ServerTold(
                host.product,
                host.fqdn,
                lab.servers[name].addresses,
                isinstance(host, Traced) and host.has_message_trace,
            )
            for name, host in lab.hosts.items()
        }
        people = {str(box): p.name for p in reversed(list(lab.people.values())) for box, _ in p.mailboxes}
        return cls(lab.name, log.begin, servers, people, tuple(log))

    @classmethod
    def read(cls, text: str) -> Record:
        """From a file's text. Raises `NoLog`."""
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            plain = [json.loads(line) for line in lines]
            if not plain or plain[0]["type"] != "lab":
                raise NoLog("its first line does not say of which lab it is")
            told = plain[0]
            servers = {
                name: ServerTold(s["product"], s["fqdn"], tuple(s["addresses"]), bool(s["trace"]))
                for name, s in told["servers"].items()
            }
            events = tuple(_event(one) for one in plain[1:])
            return cls(told["lab"], datetime.fromisoformat(told["begin"]), servers, dict(told["people"]), events)
        except NoLog:
            raise
        except (ValueError, KeyError, TypeError, AttributeError) as bad:
            raise NoLog(f"it is not an event log ({type(bad).__name__}: {bad})") from None

    def when(self, event: Event) -> datetime:
        """Mail time of an event."""
        return self.begin + timedelta(seconds=event.t)

    def of_type(self, *types: str) -> list[Event]:
        return [e for e in self.events if e.type in types]

    @property
    def messages(self) -> tuple[str, ...]:
        """The ids of all messages, in the order in which they began."""
        return tuple(dict.fromkeys(e.msg for e in self.events if e.msg))


def record_text(lab: Lab, log: Log) -> str:
    """The file of a flow's log: the same in every run, so that two can be compared."""
    return "".join([head_line(lab, log), *map(event_line, log)])


def head_line(lab: Lab, log: Log) -> str:
    """The first line of a log's file."""
    record = Record.of(lab, log)
    servers = {
        name: {"product": s.product, "fqdn": s.fqdn, "addresses": list(s.addresses), "trace": s.trace}
        for name, s in record.servers.items()
    }
    head = {
        "seq": 0, "t": 0, "host": "", "msg": "", "hop": 0, "type": "lab", "because": "", "at": "",
        "schema": "mailflow/events/1", "lab": record.lab, "begin": record.begin.isoformat(), "servers": servers,
        "people": dict(record.people),
    }  # fmt: skip
    return json.dumps(head, ensure_ascii=False) + "\n"


def event_line(event: Event) -> str:
    """One event. What a wire event has of its own in each run (real ports, wall time, thumbprints) is left out."""
    plain = event.as_json()
    if event.type in WIRE_ONLY:
        plain = {k: v for k, v in plain.items() if k not in VOLATILE}
    return json.dumps(plain, ensure_ascii=False) + "\n"


def _event(plain: dict[str, Any]) -> Event:
    fields = {k: v for k, v in plain.items() if k not in _OWN}
    seq, t, hop = int(plain["seq"]), float(plain["t"]), int(plain["hop"])
    return Event(
        seq, t, plain["host"], plain["msg"], hop, plain["type"], plain["because"], source_of(plain["at"]), fields
    )


def source_of(text: str) -> Source:
    """A place that was written as file:line:column."""
    file, _, rest = text.rpartition(":")
    file, _, line = file.rpartition(":")
    return Source(file, int(line), int(rest)) if file and line.isdecimal() and rest.isdecimal() else NOWHERE
