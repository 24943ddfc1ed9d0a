"""Inbound connectors: whom they let relay, and whom they should and do not."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.findings import Edit, Finding, Ground, kind, replaced
from simulator.mail.address import Address
from simulator.mail.session import Session
from simulator.mail.tls import TlsFacts
from simulator.products.exchange_online.connectors import InboundConnector
from simulator.products.exchange_online.forest import Inbound
from simulator.products.exchange_online.identity import Client, Proof, name_is_accepted, proof
from simulator.products.exchange_online.tenant import Tenant
from simulator.source import Source
from simulator.topology import Lab, Person
from simulator.value import value

__all__ = ["left_behind", "names", "relays", "reports", "wide_ranges"]

_TEST = "tests/products/exchange_online/findings/test_inbound.py"
WIDE = kind(
    "MF021", "warning", "SenderIPAddresses lists more than the servers that send",
    about="Whoever connects from a listed address and names a sender of an accepted domain may relay over the tenant. The network "
    "holds addresses at which no server of the lab is.",
    fix="List the addresses of the servers.",
    test=_TEST,
)  # fmt: skip
PARTNER_RELAYS = kind(
    "MF022", "error", "a Partner connector where mail is to be relayed",
    about="A Partner connector only restricts, it gives no right to relay. The organisation's own server behind it reaches mailboxes of "
    "the tenant, and is refused for everybody else: 550 5.7.64.",
    fix="Make it a connector of ConnectorType OnPremises.",
    test=_TEST,
)  # fmt: skip
NOT_ACCEPTED = kind(
    "MF023", "warning", "TlsSenderCertificateName is not an accepted domain",
    about="The name matches certificates, and proves nothing: to identify the tenant's own server it must be an accepted domain too "
    "(*.d: d or a subdomain of it). Mail with an own sender or recipient passes by these; reports (the null sender) and forwarded mail of "
    "others are refused with 550 5.7.64.",
    fix="Accept that domain in the tenant, or name an accepted one that is in the certificate.",
    test=_TEST,
)  # fmt: skip
UNKNOWN = kind(
    "MF025", "warning", "a device or server whose address no connector knows",
    about="It sends as somebody of the organisation, and no connector of ConnectorType OnPremises lists its address or certificate. It "
    "reaches mailboxes of the tenant, and is refused for everybody else: 550 5.7.64.",
    fix="Add its public address to SenderIPAddresses, or let it log in.",
    test=_TEST,
)  # fmt: skip

REPORTS = kind(
    "MF081", "warning", "reports are not relayed over a connector by address",
    about="A connector that goes by the address needs a sender of an accepted domain. Reports and automatic replies have none (<>): what the "
    "own server returns to outside senders over the tenant is refused with 550 5.7.64, and nobody hears of the failure.",
    fix="Let the connector go by the server's certificate (TlsSenderCertificateName), or let reports leave by the MX.",
    test=_TEST,
)  # fmt: skip
LEFT = kind(
    "MF054", "warning", "a connector for a server that is gone",
    about="The connector lists addresses at which no server runs any more. Whoever gets such an address is taken for the organisation's own "
    "server, and may relay.",
    fix="Remove the connector.",
    test=_TEST,
)  # fmt: skip

_FEW = 8
_DENIED = "5.7.64"
_OUTSIDE = Address.parse("someone@relay-probe.invalid")


def wide_ranges(host: Tenant, ground: Ground) -> Iterator[Finding]:
    """MF021. A network with a few unused addresses is a note."""
    addresses = [ip for server in ground.lab.servers.values() if server.name != host.name for ip in server.addresses]
    for connector in _own(host):
        for entry in connector.SenderIPAddresses:
            used = list(dict.fromkeys(ip for ip in addresses if ip in entry))
            size = entry.network.num_addresses
            if size == 1 or size <= len(used):
                continue
            node = ground.node("servers", host.name, "InboundConnectors", connector.name, "SenderIPAddresses")
            place = next((i for i in node.items if i.text.strip() == entry.text), None) if node else None
            at = place.at if place else connector.at("SenderIPAddresses")
            edits: tuple[Edit, ...] = replaced(place, entry.text, used[0]) if len(used) == 1 else ()
            who = (
                f"only {', '.join(used)} of them send" + ("s" if len(used) == 1 else "")
                if used
                else "no server is there"
            )
            says = f"{connector.name} trusts {entry} ({size} addresses); {who}. Anybody there may relay"
            fix = f"Write {', '.join(used)}" if used else "Take it out, or add the server to the lab"
            yield Finding(WIDE, at, says, fix, "" if size - len(used) > _FEW else "note", edits)


def left_behind(host: Tenant, ground: Ground) -> Iterator[Finding]:
    """MF054; a note where the lab never had a server there, since a lab may leave servers out."""
    for connector in _own(host):
        entries = connector.SenderIPAddresses
        there = [
            server
            for server in ground.lab.servers.values()
            if any(ip in entry for ip in server.addresses for entry in entries)
        ]
        if not entries or any(entry.network.num_addresses > 1 for entry in entries):
            continue  # MF021
        if any(server.name not in ground.lab.down for server in there):
            continue
        who = f"{', '.join(server.name for server in there)}, stopped" if there else "no server of the lab"
        says = f"{connector.name} trusts {', '.join(map(str, entries))} ({who}). Whoever has the address may relay"
        yield Finding(LEFT, connector.at("SenderIPAddresses"), says, LEFT.fix, "" if there else "note")


def reports(host: Tenant, ground: Ground) -> Iterator[Finding]:
    """MF081, where other mail of the same people is relayed over that connector."""
    told: set[str] = set()
    for person in ground.senders:
        for to in _outsiders(host, ground.lab) if _returns_mail(host, ground, person) else ():
            mail, report = ground.mail(person, to), ground.mail(person, to, null=True)
            used = (
                next((str(e["inbound"]) for e in mail.log.of("accepted") if e.host == host.name and e["inbound"]), "")
                if mail
                else ""
            )
            connector = next((c for c in _own(host) if c.name == used and c.SenderIPAddresses), None)
            refused = any(
                e.path.end.word == "REJECTED" and _DENIED in e.path.end.code and e.path.legs[-1].server == host.name
                for e in (report.endings if report else ())
            )
            if connector and refused and used not in told:
                told.add(used)
                says = f"mail of {person.name} leaves {person.server} over {used}, and reports from there are refused: 550 5.7.64"
                yield Finding(REPORTS, connector.at("SenderIPAddresses"), says, REPORTS.fix)


def _returns_mail(host: Tenant, ground: Ground, person: Person) -> bool:
    """Whether a person's server writes reports: a device does not."""
    return person.server != host.name and not ground.lab.hosts[person.server].submission.direct


def names(host: Tenant, ground: Ground) -> Iterator[Finding]:
    """MF023."""
    if host.profile.settings.knobs.attribution_mode == "lenient":
        return
    for connector in _own(host):
        name = connector.TlsSenderCertificateName
        if name and not name_is_accepted(name, host.profile.domains):
            says = f"{connector.name} asks for a certificate of {name}, which is no accepted domain of {host.name}"
            yield Finding(NOT_ACCEPTED, connector.at("TlsSenderCertificateName"), says, NOT_ACCEPTED.fix)


def relays(host: Tenant, ground: Ground) -> Iterator[Finding]:
    """MF022 and MF025: people of accepted domains elsewhere who write to outside and are refused by the tenant."""
    told: set[str] = set()
    for person in ground.senders:
        if person.server == host.name or not host.profile.domains.accepts(person.address.domain):
            continue
        for to in _outsiders(host, ground.lab):
            client = _refused_client(host, ground, person, to)
            if client and client.name not in told:
                told.add(client.name)
                yield _refused(host, ground, client, person)


@value
class _Client:
    """Whose mail the tenant refused to relay, and the address that it came from."""

    name: str
    peer: str


def _refused_client(host: Tenant, ground: Ground, person: Person, to: Address) -> _Client | None:
    played = ground.mail(person, to)
    for ending in played.endings if played else ():
        legs, servers = ending.path.legs, ground.lab.servers
        if ending.path.end.word != "REJECTED" or _DENIED not in ending.path.end.code or len(legs) < 2 or played is None:
            continue
        if servers[legs[-1].server].kind != servers[host.name].kind:
            continue  # another product says the same
        opened = [e["peer"] for e in played.log.of("session.open") if e["client"] == legs[-2].server]
        return _Client(legs[-2].server, opened[-1] if opened else servers[legs[-2].server].addresses[0])
    return None


def _refused(host: Tenant, ground: Ground, client: _Client, person: Person) -> Finding:
    partner = next(
        (c for c in _inbound(host) if not c.settings.is_on_premises and _proof(c, ground, client).known), None
    )
    if partner:
        says = f"{client.name} connects over {partner.name}, which is Partner, and {person.name} writes to outside: 550 5.7.64"
        return Finding(PARTNER_RELAYS, partner.settings.at("ConnectorType"), says, PARTNER_RELAYS.fix)
    seen = [f"{c.name}: {_why(c, ground, client)}" for c in _inbound(host) if c.settings.is_on_premises]
    says = f"{person.name} writes to outside from {client.name} ({client.peer}), and {host.name} refuses: 550 5.7.64. "
    says += "; ".join(seen) or f"{host.name} has no connector from own servers"
    return Finding(UNKNOWN, _place(ground, client.name), says, UNKNOWN.fix)


def _place(ground: Ground, name: str) -> Source:
    node = ground.node("servers", name, "ip")
    return node.at if node and node.at else ground.lab.servers[name].at


def _why(connector: Inbound, ground: Ground, client: _Client) -> str:
    if not connector.settings.Enabled:
        return "it is disabled"
    found = _proof(connector, ground, client)
    return f"{found.says}, but the sender's domain may not use it" if found.known else found.says


def _proof(connector: Inbound, ground: Ground, client: _Client) -> Proof:
    server = ground.lab.servers[client.name]
    shown = server.certificate.facts(ground.start) if server.certificate else None
    session = Session(client.peer, connector.tenant.name, tls=TlsFacts("TLSv1.3", "", shown))
    return proof(connector, Client.of(session, ground.start))


def _outsiders(host: Tenant, lab: Lab) -> Iterator[Address]:
    for person in lab.people.values():
        if not host.forest.owner(person.address.domain):
            yield person.address
            break
    yield _OUTSIDE


def _own(host: Tenant) -> Iterator[InboundConnector]:
    return (c.settings for c in _inbound(host) if c.settings.is_on_premises and c.settings.Enabled)


def _inbound(host: Tenant) -> tuple[Inbound, ...]:
    return tuple(c for c in host.forest.inbound() if c.tenant is host.profile)
