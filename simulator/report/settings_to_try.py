"""The settings that decide whether a connector is used, and how a message would have them.

A table of the connector's own settings, of those of the one that won, of accepted domains [domains_to_try], of transport
rules, and the certificate that the sending server shows. Each option is one setting with the values to try, the narrow
ones first; `whynot` tries them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

from simulator.mail.address import AddressError, covers, parse_sender
from simulator.mail.path import folded
from simulator.played import Played
from simulator.report.change import Change, ConnectorObject, Facts, inside
from simulator.report.domains_to_try import accepted_domains
from simulator.source import NOWHERE, Node

__all__ = ["FLAGS", "Change", "ConnectorObject", "connectors_of", "options", "winners"]

_NOUNS = ("OutboundConnectors", "SendConnectors", "InboundConnectors", "ReceiveConnectors")
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
_SWEEPING = ("AllAcceptedDomains", "RouteAllMessagesViaOnPremises")
_TYPES = ("OnPremises", "Partner")


def connectors_of(tree: Node) -> list[ConnectorObject]:
    """Every connector of a lab, server by server."""
    found: list[ConnectorObject] = []
    servers = tree.get("servers")
    for server in servers.entries if servers else ():
        for noun in _NOUNS:
            held = server.node.get(noun)
            found += [
                ConnectorObject(server.key, noun, e.key, e.node, e.key_at) for e in (held.entries if held else ())
            ]
    return found


def winners(tree: Node, connector: ConnectorObject, base: Played) -> list[ConnectorObject]:
    """Other connectors that the message used or matched in its place: of the same server and direction, and of the other
    tenants behind the same front door."""
    used: set[tuple[str, str]] = set()
    for event in base.of("attempt", "accepted", "refused", "kept", "bounced"):
        names = [event.get("inbound", "")] if connector.is_inbound else [event.get("connector", "")]
        if event.type in ("kept", "bounced") and not connector.is_inbound:
            names += event["connectors"]
        used.update((event.host, folded(name)) for name in names if name)
    rivals = [c for c in connectors_of(tree) if c.noun == connector.noun and c.where != connector.where]
    return [c for c in rivals if (c.server, folded(c.name)) in used and _rival(c, connector)]


def _rival(one: ConnectorObject, other: ConnectorObject) -> bool:
    return one.server == other.server or one.noun == "InboundConnectors"


def _facts(connector: ConnectorObject, base: Played) -> Facts:
    here = [e for e in base.log if e.msg in base.messages and e.host == connector.server]
    began = base.of("submitted")
    rcpt = [e["rcpt"] for e in here if e.get("rcpt")] or [r for e in began for r in e["rcpts"]]
    sessions = [e for e in here if e.type == "session.open"] or base.of("session.open")
    shown = [e for e in here if e.type == "tls"] or base.of("tls")
    names = [name for e in shown for name in e["names"]]
    return Facts(
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
    yield from _flags(connector, sweeping=False)
    yield from _widened(connector, facts)
    yield from _certificate_name(connector, facts)
    yield from _certificates(tree, connector, facts)
    yield from accepted_domains(tree, connector, facts)
    for winner in winners(tree, connector, base):
        yield [_flag(winner, "Enabled", False, True)]
        yield from _narrowed(winner, facts)
    yield from _rules(tree, connector)
    yield from _other_type(connector)
    yield from _flags(connector, sweeping=True)


def _flags(connector: ConnectorObject, *, sweeping: bool) -> Iterator[list[Change]]:
    """The switches; `sweeping` ones would bring the connector much other mail too."""
    for setting, default in FLAGS[connector.noun].items():
        if (setting in _SWEEPING) is not sweeping:
            continue
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


def _widened(connector: ConnectorObject, facts: Facts) -> Iterator[list[Change]]:
    for setting, fact in _LISTS[connector.noun].items():
        written = connector.node.get(setting)
        now = [n.text for n in written.items] if written else []
        for value in getattr(facts, fact):
            added = f"SMTP:{value};1" if setting == "AddressSpaces" else value
            if added not in now:
                yield [_change(connector, setting, [*now, added], f"{setting} with {value}", ", ".join(now))]


def _narrowed(winner: ConnectorObject, facts: Facts) -> Iterator[list[Change]]:
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


def _certificate_name(connector: ConnectorObject, facts: Facts) -> Iterator[list[Change]]:
    if connector.noun != "InboundConnectors":
        return
    setting = "TlsSenderCertificateName"
    written = connector.node.get(setting)
    now = written.text if written else ""
    wanted = _each([above for name in facts.names for above in _above(name)] + list(facts.names))
    yield [_change(connector, setting, name, f"{setting}: {name}", now) for name in wanted if name != now]


def _above(name: str) -> list[str]:
    """`*.sub.contoso.com` and `*.contoso.com` of host.sub.contoso.com: what a name in TlsSenderCertificateName may be."""
    labels = name.removeprefix("*.").split(".")
    return [f"*.{'.'.join(labels[cut:])}" for cut in range(1, len(labels) - 1)]


def _other_type(connector: ConnectorObject) -> Iterator[list[Change]]:
    written = connector.node.get("ConnectorType")
    now = written.text if written else "Partner"
    if connector.noun in ("OutboundConnectors", "InboundConnectors"):
        for other in _TYPES:
            if folded(other) != folded(now):
                yield [_change(connector, "ConnectorType", other, f"ConnectorType: {other}", now)]


def _rules(tree: Node, connector: ConnectorObject) -> Iterator[list[Change]]:
    """Transport rules send mail over a connector of their choice, or keep it from another."""
    held = inside(tree, ("servers", connector.server, "TransportRules"))
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


def _certificates(tree: Node, connector: ConnectorObject, facts: Facts) -> Iterator[list[Change]]:
    """The certificate that the sending server shows to an inbound connector."""
    asked = connector.node.get("TlsSenderCertificateName") if connector.is_inbound else None
    if asked is None or not asked.text:
        return
    name = asked.text.casefold()
    subject = f"mail.{name[2:]}" if name.startswith("*.") else name
    for server in facts.clients:
        held = inside(tree, ("servers", server))
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
