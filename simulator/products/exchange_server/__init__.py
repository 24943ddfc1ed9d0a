"""Exchange Server on premises (2013 to 2019, SE): Send and Receive connectors, accepted domains, a directory.

A message comes in, in this order:

    listener      CONNECT, EHLO, AUTH, MAIL, RCPT, and after the final dot sizes and hops
    receiving     which Receive connector a session is at, and what it may do there
    patience      when it hangs up on a client
    headers       what is stamped, stripped, promoted

and leaves:

    directory     whose an address is
    routing       mailbox, group, replaced address, Send connector
    selection     which Send connector
    certificates  which certificate is shown
    retry         what an attempt came to
    report        the non-delivery report

`settings`, `send_connectors`, `receive_connectors`, `knobs` are what a lab file says; `notation` how the cmdlets write it;
`wording` has all texts. One server is the whole organisation: two in a lab know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.products.exchange_server.host import ExchangeServer
from simulator.products.exchange_server.receive_connectors import ReceiveConnector
from simulator.products.exchange_server.send_connectors import SendConnector
from simulator.products.exchange_server.settings import ExchangeSettings
from simulator.topology import Person, Server

__all__ = ["ExchangeServer", "ExchangeSettings", "ReceiveConnector", "SendConnector", "build"]


def build(servers: Sequence[tuple[Server, ExchangeSettings]], people: Sequence[Person]) -> list[ExchangeServer]:
    """One host for each server, with the mailboxes that its people have there."""
    return [
        ExchangeServer(server, settings, [(box, p.at) for p in people for box, at in p.mailboxes if at == server.name])
        for server, settings in servers
    ]
