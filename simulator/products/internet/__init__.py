"""The internet: one host that stands for everybody's mail servers, and does what the RFCs say.

settings, values   what a lab file says; people may be called by name
access             who may hand in at all, and what single recipients are told
judging, verdict   what SPF, DKIM and DMARC find, and what is done about it
provider           what a large provider asks for beside that
forwards           mailboxes that send their mail on, with SRS or without
host               what it decides, in the order of an SMTP session
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.products.internet.host import Internet
from simulator.products.internet.settings import InternetSettings
from simulator.products.internet.values import Names
from simulator.topology import Person, Server

__all__ = ["Internet", "InternetSettings", "build"]


def build(servers: Sequence[tuple[Server, InternetSettings]], people: Sequence[Person]) -> list[Internet]:
    """One host for each server, with the mailboxes that its people have there."""
    names = Names.of(people)
    return [
        Internet(server, settings, [box for p in people for box, where in p.mailboxes if where == server.name], names)
        for server, settings in servers
    ]
