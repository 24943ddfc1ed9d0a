"""Accepted domains that decide whether a connector is used, and how a message would have them.

a domain whose unknown recipients are refused is never routed on       -> InternalRelay
a sender, or a name of a certificate, counts if its domain is accepted -> accepted here
AllAcceptedDomains is for domains on the list                          -> the recipient's domain accepted here
a domain of another tenant is that tenant's                            -> no longer accepted there
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from simulator.mail.path import folded
from simulator.report.change import Change, ConnectorObject, Facts, inside
from simulator.source import Node

__all__ = ["accepted_domains"]

_DOMAINS = "AcceptedDomains"


def accepted_domains(tree: Node, connector: ConnectorObject, facts: Facts) -> Iterator[list[Change]]:
    """One domain at a time."""
    held = inside(tree, ("servers", connector.server, _DOMAINS))
    if held is None:
        return
    yield from _relayed(held, connector, facts)
    here = {entry.key.casefold() for entry in held.entries}
    kind = "Authoritative" if connector.is_inbound else "InternalRelay"
    for domain in dict.fromkeys(_wanted(connector, facts, here)):
        if domain not in here:
            yield [_accepted(tree, connector.server, held, domain, kind)]


def _accepted(tree: Node, server: str, held: Node, domain: str, kind: str) -> Change:
    """The domain on the server's list; it belongs to one tenant, so another one gives it up."""
    reads, now = f"{_DOMAINS} with {domain}", ", ".join(entry.key for entry in held.entries)
    new = Node.of(kind, held.at)
    others = tree.get("servers") or Node.of({})
    for other in others.entries:
        theirs = other.node.get(_DOMAINS)
        if theirs and theirs.entry(domain):
            others = others.with_entry(other.key, other.node.with_entry(_DOMAINS, theirs.without(domain)))
            reads = f"{_DOMAINS} with {domain}, which {other.key} gives up"
    if reads.endswith(domain):
        return Change(server, ("servers", server, _DOMAINS, domain), new, reads, now, held.at)
    mine = others.get(server) or Node.of({})
    moved = others.with_entry(server, mine.with_entry(_DOMAINS, held.with_entry(domain, new)))
    return Change(server, ("servers",), moved, reads, now, held.at)


def _relayed(held: Node, connector: ConnectorObject, facts: Facts) -> Iterator[list[Change]]:
    for entry in held.entries:
        node = entry.node.get("DomainType") if entry.node.is_map else entry.node
        where = ("servers", connector.server, _DOMAINS, entry.key)
        if entry.key.casefold() in facts.rcpt and not (node and folded(node.text) == "internalrelay"):
            at = node.at if node else entry.key_at
            new = Node.of("InternalRelay", at)
            path = (*where, "DomainType") if entry.node.is_map else where
            now = node.text if node else "Authoritative, the default"
            yield [Change(entry.key, path, new, "DomainType: InternalRelay", now, at)]


def _wanted(connector: ConnectorObject, facts: Facts, here: Collection[str]) -> Iterator[str]:
    """Domains that would have to be accepted. Not those of recipients elsewhere: nobody gives up a domain for a route."""
    if connector.is_inbound:
        yield from facts.sender
        name = connector.node.get("TlsSenderCertificateName")
        if name and name.text:
            yield name.text.casefold().removeprefix("*.")
    else:
        yield from (domain for domain in facts.rcpt if any(domain.endswith(f".{own}") for own in here))
