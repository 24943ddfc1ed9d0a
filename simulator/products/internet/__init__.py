"""The internet: one host that stands for everybody's mail servers, and does what the RFCs say."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.products.internet.host import Internet
from simulator.products.internet.settings import InternetSettings
from simulator.topology import Person, Server

__all__ = ["Internet", "InternetSettings", "build"]


def build(servers: Sequence[tuple[Server, InternetSettings]], people: Sequence[Person]) -> list[Internet]:
    """One host for each server, with the mailboxes that its people have there."""
    return [
        Internet(server, settings, [box for p in people for box, where in p.mailboxes if where == server.name])
        for server, settings in servers
    ]
