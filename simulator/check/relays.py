"""Who relays for anybody: the relay matrix asks every listening server (`plan.relays`)."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.check.ground import LabGround
from simulator.findings import Finding, kind
from simulator.plan.relays import open_relays

__all__ = ["relays"]

OPEN = kind(
    "MF020", "error", "an open relay",
    about="Somebody who has no right to it sends mail to somebody elsewhere over this server: a client without login, one with a forged "
    "certificate, or another organisation's server. Open relays are found within hours, and land on block lists.",
    fix="Let only listed addresses and logged-in senders relay.",
    test="tests/check/test_relays.py",
)  # fmt: skip


def relays(ground: LabGround) -> Iterator[Finding]:
    """MF020. A probe is one session with the server, so it needs no plan of what servers of somebody else would do with mail."""
    for says in open_relays(ground.lab, ground.start, ground.keys):
        server = next(s for name, s in ground.lab.servers.items() if says.startswith(f"{name} relays for "))
        yield Finding(OPEN, server.at, says, OPEN.fix)
