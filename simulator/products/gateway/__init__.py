"""A mail security gateway: it stands where the MX points, looks at what comes, and hands it to the host behind it.

    settings   what a lab file says: routes, who may send out over it, whom it takes mail for, what it finds
    host       what it decides, in the order of an SMTP session
    sealing    what it found out about a sender, sealed (ARC)
    scan       what it finds in a message: held, refused, stamped, a word before the subject

Vendors differ in everything but this; the texts are the simulator's own.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.products.gateway.host import Gateway
from simulator.products.gateway.settings import GatewaySettings
from simulator.topology import Person, Server

__all__ = ["Gateway", "GatewaySettings", "build"]


def build(servers: Sequence[tuple[Server, GatewaySettings]], people: Sequence[Person]) -> list[Gateway]:
    """One host for each. Nobody has a mailbox at a gateway."""
    return [Gateway(server, settings) for server, settings in servers]
