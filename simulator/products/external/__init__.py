"""A server that somebody else runs on this computer: a real Postfix, say. The lab speaks SMTP with it and follows the mail.

`settings` is what a lab file says of it; `host` stands for it where the engines ask for a host. What it decides is its
own affair, so only the live engine can play with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.products.external.host import External
from simulator.products.external.settings import ExternalSettings
from simulator.topology import Person, Server

__all__ = ["External", "ExternalSettings", "build"]


def build(servers: Sequence[tuple[Server, ExternalSettings]], people: Sequence[Person]) -> list[External]:
    """One stand-in for each. The people of a server have their mailboxes there."""
    return [
        External(server, frozenset(box for person in people for box, where in person.mailboxes if where == server.name))
        for server, _ in servers
    ]
