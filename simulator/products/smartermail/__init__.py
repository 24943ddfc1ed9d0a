"""SmarterMail: a mail server whose domains may have the rest of their users elsewhere (split domains).

`directory` decides whose an address is, `relay` who may send through the server, `greylist` who must come back later,
`routing` where mail for others goes, `wording` what is said; `host` puts them together.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.products.smartermail.host import SmarterMail
from simulator.products.smartermail.settings import DomainSettings, SmarterMailSettings
from simulator.topology import Person, Server

__all__ = ["DomainSettings", "SmarterMail", "SmarterMailSettings", "build"]


def build(servers: Sequence[tuple[Server, SmarterMailSettings]], people: Sequence[Person]) -> list[SmarterMail]:
    """One host for each server, with the mailboxes that its people have there."""
    return [
        SmarterMail(server, settings, [box for p in people for box, where in p.mailboxes if where == server.name])
        for server, settings in servers
    ]
