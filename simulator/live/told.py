"""A running lab as plain data: servers with the places where clients connect, work that waits, events."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from simulator.queue import NEVER, Work
from simulator.trace import Event

if TYPE_CHECKING:
    from simulator.live.lab import LiveLab

__all__ = ["event_told", "server_told", "work_told"]


def server_told(live: LiveLab, name: str) -> dict[str, Any]:
    """A server: what it plays, and where clients reach each of its ports."""
    server, host = live.lab.servers[name], live.lab.hosts.get(name)
    ports = {}
    for (ip, port), desk in live.listeners.desks.items():
        found = live.network.endpoint(ip, port) if desk.server == name and ip == server.addresses[0] else None
        if found:
            ports[str(port)] = list(found)
    doors = {client: list(desk.endpoint) for (at, client), desk in live.listeners.doors.desks.items() if at == name}
    now = live.world.now
    return {
        "name": name, "product": host.product if host else "", "fqdn": server.fqdn, "addresses": list(server.addresses),
        "ports": ports, "doors": doors, "tls": server.certificate is not None, "runs_at": list(server.runs_at or ()),
        "down": live.world.down_until(name) is not None, "shut": live.world.faults.is_shut(name, now),
        "source": live.network.addresses.loopback_of(server.addresses[0]),
    }  # fmt: skip


def work_told(work: Work, now: datetime) -> dict[str, Any]:
    """Mail that waits: whose, where, for whom, and until when (null where nobody knows)."""
    return {
        "msg": work.msg, "host": work.host, "rcpts": [str(r) for r in work.copies], "attempts": work.attempts,
        "due": work.due.isoformat() if work.due != NEVER else None, "is_due": work.due <= now,
    }  # fmt: skip


def event_told(event: Event) -> dict[str, Any]:
    """An event as a line of the log, without the whole header of the message."""
    plain = event.as_json()
    plain.pop("headers", None)
    return plain
