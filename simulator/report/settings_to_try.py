"""The settings that decide whether a connector is used, and how a message would have them.

A table of the connector's own settings, of those of the one that won, of the accepted domain, of transport rules, and
the certificate that the sending server shows. Each option is one setting with the values to try; `whynot` tries them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from simulator.mail.address import AddressError, covers, parse_sender
from simulator.mail.path import folded
from simulator.played import Played
from simulator.source import NOWHERE, Node, Source

__all__ = ["FLAGS", "Change", "ConnectorObject", "connectors_of", "options", "winners"]

_OUTBOUND, _INBOUND = ("OutboundConnectors", "SendConnectors"), ("InboundConnectors", "ReceiveConnectors")
_NOBODY, _NO_HOST = "nobody.invalid", "192.0.0.170"  # RFC 6761 6.4; an address of RFC 7050 that no mail host has


# Settings that are true or false, and what they are when left out (CMD New-OutboundConnector, New-InboundConnector).
FLAGS = {
    "OutboundConnectors": {
        "Enabled": True, "AllAcceptedDomains": False, "IsTransportRuleScoped": False, "TestMode": False,
        "RouteAllMessagesViaOnPremises": False,
    },
    "InboundConnectors": {
        "Enabled": True, "RequireTls": True, "RestrictDomainsToIPAddresses": False, "RestrictDomainsToCertificate": False,
    },
    "SendConnectors": {"Enabled": True},
    "ReceiveConnectors": {"Enabled": True},
}  # fmt: skip
_LISTS = {
    "OutboundConnectors": {"RecipientDomains": "rcpt"},
    "InboundConnectors": {"SenderIPAddresses": "peer", "SenderDomains": "sender"},
    "SendConnectors": {"AddressSpaces": "rcpt"},
    "ReceiveConnectors": {"RemoteIPRanges": "peer"},
}
"""Lists that widen or narrow what a connector covers, and the fact about the message that they are compared with."""
_TYPES = ("OnPremises", "Partner")


@dataclass(frozen=True, slots=True)
class ConnectorObject:
    """A connector as it stands in the lab's tree."""

    server: str
    noun: str  # "OutboundConnectors", ...
    name: str
    node: Node
    at: Source

    @property
    def is_inbound(self) -> bool:
        return self.noun in _INBOUND

    @property
    def where(self) -> tuple[str, ...]:
        return ("servers", self.server, self.noun, self.name)


@dataclass(frozen=True, slots=True)
class Change:
    """One setting changed. `reads` is the setting as it would be, `now` as it is, `at` where it stands."""

    owner: str
    where: tuple[str, ...]
    node: Node
    reads: str
    now: str
    at: Source


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the message was at the connector's server."""

    rcpt: tuple[str, ...]  # domains
    sender: tuple[str, ...]
    peer: tuple[str, ...]  # addresses that connected
    names: tuple[str, ...]  # of the certificates they showed
    clients: tuple[str, ...]  # the lab's servers that connected


def connectors_of(tree: Node) -> list[ConnectorObject]:
    """Every connector of a lab, server by server."""
    found: list[ConnectorObject] = []
    servers = tree.get("servers")
    for server in servers.entries if servers else ():
        for noun in (*_OUTBOUND, *_INBOUND):
            held = server.node.get(noun)
            found += [
                ConnectorObject(server.key, noun, e.key, e.node, e.key_at) for e in (held.entries if held else ())
            ]
    return found


def winners(tree: Node, connector: ConnectorObject, base: Played) -> list[ConnectorObject]:
    """Other connectors of the same server and direction that the message used or matched."""
    names: set[str] = set()
    for event in base.of("attempt", "accepted", "refused", "kept", "bounced"):
        if event.host == connector.server:
            used = [event.get("inbound", "")] if connector.is_inbound else [event.get("connector", "")]
            if event.type in ("kept", "bounced") and not connector.is_inbound:
                used += event["connectors"]
            names.update(folded(name) for name in used if name)
    same = [c for c in connectors_of(tree) if c.server == connector.server and c.is_inbound == connector.is_inbound]
    return [c for c in same if folded(c.name) in names and c.name != connector.name]


def _facts(connector: ConnectorObject, base: Played) -> _Facts:
    here = [e for e in base.log if e.msg in base.messages and e.host == connector.server]
    began = base.of("submitted")
    rcpt = [e["rcpt"] for e in here if e.get("rcpt")] or [r for e in began for r in e["rcpts"]]
    sessions = [e for e in here if e.type == "session.open"] or base.of("session.open")
    names = [name for e in here if e.type == "tls" for name in e["names"]]
    return _Facts(
        _domains(rcpt), _domains([e["sender"] for e in began]), _each(e["peer"] for e in sessions), _each(names),
        _each(e["client"] for e in sessions if e["client"]),
    )  # fmt: skip


def _domains(addresses: Iterable[str]) -> tuple[str, ...]:
    found: list[str] = []
    for text in addresses:
        try:
            address = parse_sender(text)
        except AddressError:
            continue
        if address:
            found.append(address.domain)
    return _each(found)


def _each(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


# The options


def options(tree: Node, connector: ConnectorObject, base: Played) -> Iterator[list[Change]]:
    """Setting by setting the values that may make the connector be used; of each the first that does is told."""
    facts = _facts(connector, base)
    yield from _flags(connector)
    yield from _widened(connector, facts)
    yield from _certificate_name(connector, facts)
    yield from _other_type(connector)
    for winner in winners(tree, connector, base):
        yield [_flag(winner, "Enabled", False, True)]
        yield from _narrowed(winner, facts)
    yield from _accepted_domains(tree, connector, facts)
    yield from _rules(tree, connector)
    yield from _certificates(tree, connector, facts)


def _flags(connector: ConnectorObject) -> Iterator[list[Change]]:
    for setting, default in FLAGS[connector.noun].items():
        written = connector.node.get(setting)
        now = default if written is None else written.text.casefold().strip("$") in ("true", "on", "yes")
        yield [_flag(connector, setting, not now, now)]


def _flag(connector: ConnectorObject, setting: str, value: bool, now: bool) -> Change:
    reads = f"{setting}: {'true' if value else 'false'}"
    return _change(connector, setting, value, reads, "true" if now else "false")


def _change(connector: ConnectorObject, setting: str, value: object, reads: str, now: str) -> Change:
    written = connector.node.get(setting)
    at = written.at if written else connector.at
    known = now if written else f"{now}, the default" if now else "not set"
    return Change(connector.name, (*connector.where, setting), Node.of(value, at), reads, known, at)


def _widened(connector: ConnectorObject, facts: _Facts) -> Iterator[list[Change]]:
    for setting, fact in _LISTS[connector.noun].items():
        written = connector.node.get(setting)
        now = [n.text for n in written.items] if written else []
        for value in getattr(facts, fact):
            added = f"SMTP:{value};1" if setting == "AddressSpaces" else value
            if added not in now:
                yield [_change(connector, setting, [*now, added], f"{setting} with {value}", ", ".join(now))]


def _narrowed(winner: ConnectorObject, facts: _Facts) -> Iterator[list[Change]]:
    for setting, fact in _LISTS[winner.noun].items():
        written = winner.node.get(setting)
        now = [n.text for n in written.items] if written else []
        for value in getattr(facts, fact):
            left = [text for text in now if not _lists(text, value)]
            if len(left) < len(now):
                filler = _NO_HOST if fact == "peer" else _NOBODY
                reads = f"{setting} did not cover {value}"
                yield [_change(winner, setting, left or [filler], reads, ", ".join(now))]
    if winner.noun == "OutboundConnectors" and winner.node.get("AllAcceptedDomains"):
        yield [_flag(winner, "AllAcceptedDomains", False, True)]
    if winner.node.get("TlsSenderCertificateName"):
        now_name = (winner.node.get("TlsSenderCertificateName") or Node.of("")).text
        reads = "TlsSenderCertificateName named another certificate"
        yield [_change(winner, "TlsSenderCertificateName", _NOBODY, reads, now_name)]


def _lists(text: str, value: str) -> bool:
    """Whether an entry as it is written (`*.contoso.com`, `smtp:*;1`, `203.0.113.0/24`) covers a fact."""
    pattern = text.casefold().removeprefix("smtp:").partition(";")[0]
    try:
        return ip_address(value) in ip_network(pattern, strict=False)
    except ValueError:
        return covers(pattern, value)


def _certificate_name(connector: ConnectorObject, facts: _Facts) -> Iterator[list[Change]]:
    if connector.noun != "InboundConnectors":
        return
    setting = "TlsSenderCertificateName"
    written = connector.node.get(setting)
    now = written.text if written else ""
    wanted = _each([f"*.{n.partition('.')[2]}" for n in facts.names if n.count(".") > 1] + list(facts.names))
    yield [_change(connector, setting, name, f"{setting}: {name}", now) for name in wanted if name != now]


def _other_type(connector: ConnectorObject) -> Iterator[list[Change]]:
    written = connector.node.get("ConnectorType")
    now = written.text if written else "Partner"
    if connector.noun in ("OutboundConnectors", "InboundConnectors"):
        for other in _TYPES:
            if folded(other) != folded(now):
                yield [_change(connector, "ConnectorType", other, f"ConnectorType: {other}", now)]


def _accepted_domains(tree: Node, connector: ConnectorObject, facts: _Facts) -> Iterator[list[Change]]:
    """A domain whose unknown recipients are refused is never routed on."""
    held = _get(tree, ("servers", connector.server, "AcceptedDomains"))
    for entry in held.entries if held else ():
        node = entry.node.get("DomainType") if entry.node.is_map else entry.node
        where = ("servers", connector.server, "AcceptedDomains", entry.key)
        if entry.key.casefold() in facts.rcpt and not (node and folded(node.text) == "internalrelay"):
            at = node.at if node else entry.key_at
            new = Node.of("InternalRelay", at)
            path = (*where, "DomainType") if entry.node.is_map else where
            now = node.text if node else "Authoritative, the default"
            yield [Change(entry.key, path, new, "DomainType: InternalRelay", now, at)]


def _rules(tree: Node, connector: ConnectorObject) -> Iterator[list[Change]]:
    """Transport rules send mail over a connector of their choice, or keep it from another."""
    held = _get(tree, ("servers", connector.server, "TransportRules"))
    for entry in held.entries if held else ():
        where = ("servers", connector.server, "TransportRules", entry.key)
        state = entry.node.get("State")
        off = state is not None and folded(state.text) == "disabled"
        word = "Enabled" if off else "Disabled"
        at = state.at if state else entry.key_at
        now = state.text if state else "Enabled, the default"
        yield [Change(entry.key, (*where, "State"), Node.of(word, at), f"State: {word}", now, at)]
        route = entry.node.get("RouteMessageOutboundConnector")
        if route is not None and not connector.is_inbound and folded(route.text) != folded(connector.name):
            new, reads = Node.of(connector.name, route.at), f"RouteMessageOutboundConnector: {connector.name}"
            yield [Change(entry.key, (*where, "RouteMessageOutboundConnector"), new, reads, route.text, route.at)]


def _certificates(tree: Node, connector: ConnectorObject, facts: _Facts) -> Iterator[list[Change]]:
    """The certificate that the sending server shows to an inbound connector."""
    asked = connector.node.get("TlsSenderCertificateName") if connector.is_inbound else None
    if asked is None or not asked.text:
        return
    name = asked.text.casefold()
    subject = f"mail.{name[2:]}" if name.startswith("*.") else name
    for server in facts.clients:
        held = _get(tree, ("servers", server))
        entry = held.entry("cert") if held else None
        at = entry.node.at if entry else held.at if held else NOWHERE
        now = _written(entry.node) if entry else "none"
        where = ("servers", server, "cert")
        named = Change(server, where, Node.of({"subject": subject}, at), f"cert: {{subject: {subject}}}", now, at)
        yield [Change(server, where, Node.of("good", at), "cert: good", now, at), named]


def _written(node: Node) -> str:
    if node.is_map:
        return "{" + ", ".join(f"{e.key}: {_written(e.node)}" for e in node.entries) + "}"
    return node.text if node.is_scalar else ", ".join(_written(n) for n in node.items)


def _get(tree: Node, where: Sequence[str]) -> Node | None:
    node: Node | None = tree
    for key in where:
        node = node.get(key) if node else None
    return node
