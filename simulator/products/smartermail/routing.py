"""Where mail for other servers goes.

    recipient in a domain of an inbound gateway        -> Domain Forward: the primary server; Backup MX: the better MX
    recipient in a domain External (use host address)  -> that host, no MX lookup
    sender's domain has an outbound gateway            -> that gateway
    the server has outbound gateways                   -> the next of them, in turn
    otherwise                                          -> the MX of the recipient's domain

A gateway is what other products call a smart host. The rule of the host address is assumed to go before gateways (the knob
`host_address_first` turns them round), and so is that of an inbound gateway.

    TLS    gateway with Encryption            TLS: required, None: never
           sender's domain does not use TLS   never
           otherwise                          where it is offered
    with Enforce Strict Certificate Validation a certificate that is not good for the host's name ends the session
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.mail.address import Address
from simulator.policy.decision import Candidate, Step
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.mx import MX_ORDER, families
from simulator.policy.route import NextHop, Relay
from simulator.policy.rules import rule
from simulator.policy.tls import Demand, Level
from simulator.products.smartermail.directory import Place
from simulator.products.smartermail.settings import DOMAIN_FORWARD, EXTERNAL_HOST, DomainSettings, SmarterMailSettings
from simulator.products.smartermail.values import DISABLE, OWN, ROTATE, Gateway
from simulator.source import Source
from simulator.topology import Server

__all__ = ["next_hop", "source_address", "sources"]

_TEST = "tests/products/smartermail/test_routing.py"
GATEWAY = rule(
    "SM-ROUTE-1", "An outbound gateway takes all mail for other servers; several take turns", fidelity="documented",
    source="SmarterMail help: Gateways; KB a3624", test=_TEST,
)  # fmt: skip
HOST_FIRST = rule(
    "SM-ROUTE-2", "The Host Address of an external domain goes before the gateways", fidelity="inferred",
    source="no page says so; knob host_address_first", test=_TEST,
)  # fmt: skip
SELF = rule(
    "SM-ROUTE-3", "External (use MX record) with the MX at the server itself is undeliverable", fidelity="inferred",
    source="RFC 5321 5.1; what SmarterMail does is not documented: knob self_mx", test=_TEST,
)  # fmt: skip
TLS = rule(
    "SM-TLS-1", "STARTTLS is used where it is offered, without looking at the certificate", fidelity="observed",
    source="hosting providers' pages: Enable TLS if supported by the remote server", test=_TEST,
)  # fmt: skip
STRICT = rule(
    "SM-TLS-3", "With strict validation a bad or mismatched certificate ends the session; clear text is no fault of it",
    fidelity="observed", source="hosting providers' pages: Enforce strict certificate validation (clear text: inferred)", test=_TEST,
)  # fmt: skip
ENCRYPTION = rule(
    "SM-TLS-4", "The Encryption of a gateway demands TLS from it, or leaves it out", fidelity="inferred",
    source="SmarterMail help: Gateways, Encryption; its values are recalled", test=_TEST,
)  # fmt: skip
INBOUND = rule(
    "SM-ROUTE-4", "Mail for a domain of an inbound gateway goes to the primary server, or to the MX that are better than this server",
    fidelity="documented", source="SmarterMail help: Incoming Gateways; RFC 5321 5.1 for the better MX", test=_TEST,
)  # fmt: skip
ROTATION = rule(
    "SM-EGRESS-1", "Rotate IP List takes the addresses in turn, from attempt to attempt", fidelity="inferred",
    source="SmarterMail help: SMTP Out, Outbound IPv4 (in turn by what is not said)", test=_TEST,
)  # fmt: skip
CERTIFICATE = rule(
    "SM-TLS-2", "The server's certificate is shown to a server that asks its client for one", fidelity="inferred",
    source="no page says so; knob present_client_certificate", test=_TEST,
)  # fmt: skip


def next_hop(
    held: Held, recipient: Address, place: Place, *, sender: DomainSettings | None, settings: SmarterMailSettings,
    server: Server, at: Moment,
) -> tuple[Relay, Step]:  # fmt: skip
    """The next host for a recipient that is not here; `sender` is the sender's domain where it is hosted here."""
    to, own = place.domain, (sender.outbound_gateway or ()) if sender else ()
    common = settings.outbound_gateway or ()
    by_domain = to is not None and to.inbound == EXTERNAL_HOST
    order = {
        "Inbound Gateway": place.gateway is not None, "Host Address": by_domain, "domain gateway": bool(own),
        "Outbound Gateway": bool(common), "MX": True,
    }  # fmt: skip
    if not settings.knobs.host_address_first:
        order["Host Address"] = order.pop("Host Address")
        order["MX"] = order.pop("MX")
    if place.gateway is None:
        del order["Inbound Gateway"]
    taken = next(name for name, possible in order.items() if possible)
    places: dict[str, Source] = {
        "Inbound Gateway": place.gateway.at("mode") if place.gateway else settings.place,
        "Host Address": to.at("host_address") if to else settings.at("domains"),
        "domain gateway": sender.at("outbound_gateway") if sender else settings.at("domains"),
        "Outbound Gateway": settings.at("outbound_gateway"),
        "MX": to.at("inbound") if to else settings.at("outbound_gateway"),
    }
    reach = families((*sources(server, sender, settings), *_usable(server, settings)))
    gateway: Gateway | None = None
    servers = place.gateway.servers if place.gateway and place.gateway.mode == DOMAIN_FORWARD else ()
    if taken == "Inbound Gateway" and servers:
        hop = NextHop(hosts=servers, at=places[taken], families=reach)
        says = f"to the primary server {', '.join(servers)}"
    elif taken == "Host Address" and to is not None:
        hop = NextHop(hosts=(to.host_address,), at=places[taken], families=reach)
        says = f"to the Host Address of {to.name}, {to.host_address}"
    elif taken in ("domain gateway", "Outbound Gateway"):
        gateway = _turn(own if taken == "domain gateway" else common, taken, held, at)
        hop = NextHop(hosts=(gateway.host,), port=gateway.port, at=places[taken], families=reach)
        says = f"to the outbound gateway {gateway}"
    else:
        exclude = () if settings.knobs.self_mx == "loop" else (server.fqdn, *server.addresses)
        hop = NextHop(place.address.domain, exclude=exclude, at=places[taken], families=reach)
        says = f"to the MX of {place.address.domain}"
    rule_id = {"Inbound Gateway": INBOUND, "Host Address": HOST_FIRST, "MX": SELF if to else MX_ORDER}.get(
        taken, GATEWAY
    )
    candidates = tuple(_candidate(name, possible, taken, says, places[name]) for name, possible in order.items())
    replaced = place.address if place.address != recipient else None  # it came to a domain alias
    relay = Relay(hop, None, _demand(sender, settings, gateway), replaced, gateway.login if gateway else None)
    return relay, Step("ROUTE", rule_id, _slug(taken), says, candidates, hop.at)


def sources(server: Server, sender: DomainSettings | None, settings: SmarterMailSettings) -> tuple[str, ...]:
    """The addresses that mail may leave from: Outbound IPv4 of the sender's domain, else of the server, else its own."""
    told, usable = settings.outbound_ipv4, _usable(server, settings)
    if told.word == DISABLE:
        return usable
    if sender and sender.outbound_ipv4 and (told.word == OWN or told.addresses):
        return (sender.outbound_ipv4,)
    if told.addresses:
        return told.addresses
    return (tuple(a for a in usable if ":" not in a) or usable) if told.word == ROTATE else usable


def _usable(server: Server, settings: SmarterMailSettings) -> tuple[str, ...]:
    """The server's addresses without a family that is disabled."""
    four, six = settings.outbound_ipv4.word != DISABLE, settings.outbound_ipv6 != DISABLE
    return tuple(a for a in server.addresses if (six if ":" in a else four)) or server.addresses


def source_address(server: Server, sender: DomainSettings | None, settings: SmarterMailSettings, at: Moment) -> str:
    """Where the next attempt comes from."""
    addresses = sources(server, sender, settings)
    rotates = settings.outbound_ipv6 if ":" in addresses[0] else settings.outbound_ipv4.word
    return addresses[at.turn("egress") % len(addresses)] if rotates == ROTATE else addresses[0]


def _turn(gateways: Sequence[Gateway], which: str, held: Held, at: Moment) -> Gateway:
    """Round robin by attempt: all recipients of a message take the same gateway, a retry takes the next one."""
    now = (held.arrived, str(held.sender), at.now)
    last = at.memory.get(f"turn {which}")
    if last is None or last[0] != now:
        last = at.memory[f"turn {which}"] = (now, at.turn(which))
    gateway: Gateway = gateways[last[1] % len(gateways)]
    return gateway


def _demand(sender: DomainSettings | None, settings: SmarterMailSettings, gateway: Gateway | None) -> Demand:
    show, strict = settings.knobs.present_client_certificate, settings.strict_tls
    if gateway and gateway.encryption:
        level = Level.ENCRYPTION if gateway.encryption == "tls" else Level.OPPORTUNISTIC
        at = sender.at("outbound_gateway") if sender and sender.outbound_gateway else settings.at("outbound_gateway")
        return Demand(level, never=gateway.encryption == "none", strict=strict, certificate=show, at=at)
    at = settings.at("strict_tls") if strict else settings.place
    if sender is None:
        return Demand(strict=strict, certificate=show, at=at)
    at = sender.at("use_tls") if not sender.use_tls or not strict else at
    return Demand(never=not sender.use_tls, strict=strict, certificate=show, at=at)


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _candidate(name: str, possible: bool, taken: str, says: str, at: Source) -> Candidate:
    if name == taken:
        return Candidate(name, True, _slug(name), says, at)
    if possible:
        return Candidate(name, False, "comes-later", f"{taken} goes first", at)
    return Candidate(name, False, "not-set", "is not set", at)
