"""What can be odd about an Exchange server, beside what any server has.

MF018   mail of its people that no Send connector is for: it waits in the Unreachable queue, and nobody gets an error for hours
MF026   a Receive connector that lets a whole network relay, where only devices were meant
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.findings import Finding, Ground, kind
from simulator.mail.address import Address
from simulator.products.exchange_server.host import ExchangeServer
from simulator.products.exchange_server.receive_connectors import ANY_RECIPIENT, ReceiveConnector
from simulator.products.exchange_server.selection import select
from simulator.source import Source

__all__ = ["findings", "known"]

_TEST = "tests/products/exchange_server/test_findings.py"
NO_WAY_OUT = kind(
    "MF018", "error", "no Send connector is for a domain that people write to",
    about="A new Exchange server has no Send connector: mail for everybody whom it does not have itself waits in its Unreachable queue. The "
    "sender is told of the delay after four hours, and gets the mail back after two days.",
    fix="Add a Send connector whose AddressSpaces cover the domain, such as *.",
    test=_TEST,
)  # fmt: skip
WIDE = kind(
    "MF026", "warning", "a Receive connector lets a whole network relay",
    about="Whoever connects from its RemoteIPRanges may send to everybody, as anybody: it has the right Ms-Exch-SMTP-Accept-Any-Recipient, or "
    "AuthMechanism ExternalAuthoritative. The ranges hold addresses at which no server of the lab is.",
    fix="List the addresses of the devices.",
    test=_TEST,
)  # fmt: skip

_FEW = 8


def findings(host: ExchangeServer, ground: Ground) -> Iterator[Finding]:
    yield from _no_way_out(host, ground)
    yield from _wide(host, ground)


def known(host: ExchangeServer) -> Iterator[tuple[Address, Source]]:
    """Remote mailboxes, mail users, contacts, groups."""
    for name, entry in host.settings.Recipients.items():
        yield Address.parse(name), entry.place


def _no_way_out(host: ExchangeServer, ground: Ground) -> Iterator[Finding]:
    """MF018, once for each domain, and only where somebody here could write to it."""
    if not any(person.server == host.name for person in ground.senders):
        return
    connectors = tuple(host.settings.SendConnectors.values())
    told: set[str] = set()
    for person in ground.lab.people.values():
        for to, _ in person.mailboxes:
            target = _where_to(host, to)
            if target is None or target.domain in told:
                continue
            told.add(target.domain)
            found = select(
                connectors, target.domain, 0, server=host.server, directory=host.directory,
                default_size=host.settings.knobs.send_connector_size,
            )  # fmt: skip
            if found.connector is None:
                says = f"mail from {host.name} to {target} finds no Send connector and waits in the Unreachable queue"
                yield Finding(NO_WAY_OUT, host.settings.at("SendConnectors"), says, NO_WAY_OUT.fix)


def _where_to(host: ExchangeServer, to: Address) -> Address | None:
    """The address by which mail for somebody leaves; None for mail that stays, or comes back at once."""
    entry = host.directory.find(to)
    if entry is None:
        stays = host.directory.is_authoritative(to.domain) and not host.settings.is_edge
        return None if stays else to
    if entry.kind == "mailbox":
        return to if host.settings.is_edge else None
    return host.directory.away(entry)


def _wide(host: ExchangeServer, ground: Ground) -> Iterator[Finding]:
    """MF026."""
    servers = {ip for server in ground.lab.servers.values() if server.name != host.name for ip in server.addresses}
    for connector in host.settings.ReceiveConnectors.values():
        if not connector.Enabled or not _relays_for_all(connector):
            continue
        for reach in connector.ranges:
            used = sum(ip in reach for ip in servers)
            if reach.width - used > _FEW:
                says = f"{connector.name} relays for {reach}: {reach.width} addresses, {used} of them those of servers of the lab"
                yield Finding(WIDE, connector.at("RemoteIPRanges"), says, WIDE.fix)


def _relays_for_all(connector: ReceiveConnector) -> bool:
    anonymous = ANY_RECIPIENT in connector.ExtendedRights and "AnonymousUsers" in connector.groups
    return anonymous or connector.externally_secured
