"""Single changes of a lab that may send a message another way, the likeliest first; `real_path` tries each of them.

| setting | tried as |
| --- | --- |
| a connector's switches | the other way round |
| DomainType of an accepted domain | Authoritative for InternalRelay, and back |
| SmartHosts of a connector, MX of a domain | the server that the message really went to |
| where a person's mailbox is | at that server |
| a setting of the server where the ways part | left out |
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.report.change import Change
from simulator.report.settings_to_try import FLAGS, connectors_of
from simulator.source import Node

__all__ = ["changes_to_try"]


def changes_to_try(tree: Node, server: str, parted: str = "") -> Iterator[Change]:
    """`server` is where the message really went from `parted` on, where the ways part; each is empty where it is unknown."""
    yield from _switches(tree)
    yield from _domains(tree)
    yield from _left_out(tree, parted)
    held = (tree.get("servers") or Node.of({})).get(server) if server else None
    if held is None:
        return
    if (fqdn := held.get("fqdn")) is not None:
        yield from _targets(tree, fqdn.text)
    yield from _mailboxes(tree, server)


def _switches(tree: Node) -> Iterator[Change]:
    for connector in connectors_of(tree):
        for setting, default in FLAGS[connector.noun].items():
            written = connector.node.get(setting)
            now = default if written is None else written.text.casefold().strip("$") in ("true", "on", "yes")
            word, other = ("true", "false") if now else ("false", "true")
            at = written.at if written else connector.at
            yield Change(
                connector.name, (*connector.where, setting), Node.of(not now, at), f"{setting}: {other}",
                word if written else f"{word}, the default", at,
            )  # fmt: skip


def _domains(tree: Node) -> Iterator[Change]:
    for server in (tree.get("servers") or Node.of({})).entries:
        for entry in (server.node.get("AcceptedDomains") or Node.of({})).entries:
            kind = entry.node.get("DomainType") if entry.node.is_map else entry.node
            now = kind.text if kind else "Authoritative"
            other = "InternalRelay" if now.casefold() == "authoritative" else "Authoritative"
            where = ("servers", server.key, "AcceptedDomains", entry.key)
            at = kind.at if kind else entry.key_at
            path = (*where, "DomainType") if entry.node.is_map else where
            yield Change(entry.key, path, Node.of(other, at), f"DomainType: {other}", now, at)


def _left_out(tree: Node, server: str) -> Iterator[Change]:
    """The product's own settings that are one value; what is written small is the simulator's."""
    held = (tree.get("servers") or Node.of({})).get(server) if server else None
    for entry in held.entries if held else ():
        if entry.node.is_scalar and not entry.node.is_null and not entry.key.islower():
            where = ("servers", server, entry.key)
            at = entry.node.at
            yield Change(server, where, Node.of(None, at), f"without {entry.key}", entry.node.text, at)


def _targets(tree: Node, fqdn: str) -> Iterator[Change]:
    for connector in connectors_of(tree):
        written = connector.node.get("SmartHosts")
        if written is not None:
            now = ", ".join(n.text for n in written.items)
            where = (*connector.where, "SmartHosts")
            yield Change(connector.name, where, Node.of([fqdn], written.at), f"SmartHosts: {fqdn}", now, written.at)
    for domain in (tree.get("dns") or Node.of({})).entries:
        mx = domain.node.get("MX")
        if mx is not None:
            now = ", ".join(n.text for n in mx.items)
            where = ("dns", domain.key, "MX")
            yield Change(f"DNS of {domain.key}", where, Node.of([f"0 {fqdn}"], mx.at), f"MX: 0 {fqdn}", now, mx.at)


def _mailboxes(tree: Node, server: str) -> Iterator[Change]:
    for person in (tree.get("people") or Node.of({})).entries:
        address, _, now = person.node.text.partition(" at ")
        if address and now.strip() and now.strip() != server:
            there = Node.of(f"{address} at {server}", person.node.at)
            yield Change(
                person.key, ("people", person.key), there, f"a mailbox at {server}", f"at {now}", person.node.at
            )
