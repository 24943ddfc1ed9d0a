"""Connector validation: Validate-OutboundConnector and the button of the admin centre.

    the connector is inbound                                -> nothing to validate (only mail from Office 365 is tried)
    it is off, or a recipient's domain is outside its scope -> "The domain of the recipient is not configured as part of
                                                               connector."
    Check connectivity to '<host>'   for each smart host, or each MX host of the first recipient's domain:
        resolve > connect > banner > EHLO > STARTTLS > certificate, as TlsSettings asks; no message
    Send test email                  for each recipient, routed like any mail of the tenant:
        another way won              -> "The test email was routed out from O365 without using any connector"
        it came back until a counter stopped it -> hop count exceeded
        refused, waiting, returned   -> failed at MAIL, RCPT, DATA or where the connection ended
        handed on                    -> succeeded

Scope: RecipientDomains as selection reads them; AllAcceptedDomains: accepted domains; a connector for rules or for all mail
(RouteAllMessagesViaOnPremises) has none to be outside of. Both tests are made whatever the other says. The cmdlet sets
neither IsValidated nor LastValidationTimestamp. Rows have `TaskName`, `IsTaskSuccessful`; what else is here is ours.
"""

from __future__ import annotations

from ipaddress import ip_network

from simulator.mail.address import Address, covers
from simulator.mail.compose import compose
from simulator.mail.message import Message
from simulator.policy.decision import Connector
from simulator.policy.moment import Moment
from simulator.policy.mx import families
from simulator.policy.route import NextHop
from simulator.policy.rules import rule
from simulator.policy.validation import Order, Place, Refusal
from simulator.products.exchange_online.connectors import OutboundConnector
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.headers import AUTH_AS
from simulator.products.exchange_online.identifiers import egress_name, guid, mailbox_server
from simulator.products.exchange_online.routing import demand
from simulator.source import Source
from simulator.topology import Server

__all__ = ["INBOUND", "OUT_OF_SCOPE", "order"]

_TEST = "tests/products/exchange_online/test_validation.py"
_PAGE = "learn: Validate connectors in Exchange Online; CMD Validate-OutboundConnector"
SCOPE = rule(
    "EXO-VAL-2", "Nothing is tried where a recipient's domain is outside the connector, or the connector is off",
    fidelity="documented", source=f"{_PAGE}; KB 3179588", test=_TEST,
)  # fmt: skip
ONLY_OUTBOUND = rule(
    "EXO-VAL-3", "Inbound connectors cannot be validated", fidelity="documented", source=_PAGE, test=_TEST
)
WHOLE_SCOPE = rule(
    "EXO-VAL-6", "Connectors for rules, and for all mail, have no domain to be outside of; AllAcceptedDomains are the accepted ones",
    fidelity="inferred", source="follows from the scope that these connectors have in routing", test=_TEST,
)  # fmt: skip

OUT_OF_SCOPE = "The domain of the recipient is not configured as part of connector."
INBOUND = "Inbound connectors cannot be validated: only connectors from Office 365 have a validation."
_LOCAL_PART = "O365ConnectorValidation"
# inferred: subject and text; sources have the sender only.
_SUBJECT = "Test email for connector validation"
_BODY = "This message was sent from Office 365 to validate the connector {name}."
_LEADS = {True: "your organization's email server", False: "a partner organization"}


def order(tenant: Profile, server: Server, name: str, recipients: tuple[Address, ...], at: Moment) -> Order | Refusal:
    """What the validation of the connector of that name tries."""
    settings = tenant.settings
    connector = next((c for n, c in settings.OutboundConnectors.items() if n.casefold() == name.casefold()), None)
    if connector is None:
        inbound = next((c for n, c in settings.InboundConnectors.items() if n.casefold() == name.casefold()), None)
        if inbound is not None:
            says = f"{inbound.name} is for mail to Office 365; send a message that way and look at its trace"
            return Refusal(INBOUND, says, ONLY_OUTBOUND, inbound.place)
        return Refusal(f'{tenant.name} has no outbound connector "{name}".')
    if not recipients:
        return Refusal("Validation needs the address of a recipient.", "", SCOPE, connector.place)
    if not connector.Enabled:
        return Refusal(OUT_OF_SCOPE, f"{connector.name} is off", SCOPE, connector.at("Enabled"))
    outside = next((r for r in recipients if not _in_scope(connector, tenant, r.domain)), None)
    if outside is not None:
        says = f"{connector.name} is for {_scope(connector)}, and {outside.domain} is not among them"
        return Refusal(OUT_OF_SCOPE, says, SCOPE, _scope_at(connector))
    sender = Address.parse(f"{_LOCAL_PART}@{tenant.domains.default or mailbox_server(tenant.name)}")
    source = server.addresses[0]
    return Order(
        Connector(connector.name, "outbound", connector.place), f"Office 365 -> {_LEADS[connector.is_on_premises]}",
        _places(connector, recipients, server), demand(connector), source, egress_name(source), sender,
        tuple((r, _message(sender, r, connector.name, tenant, at)) for r in recipients),
        {"tenant": tenant.name, "direction": "Originating", "basis": "mailbox"},
    )  # fmt: skip


def _in_scope(connector: OutboundConnector, tenant: Profile, domain: str) -> bool:
    if connector.IsTransportRuleScoped or connector.RouteAllMessagesViaOnPremises:
        return True
    knobs = tenant.settings.knobs
    if connector.AllAcceptedDomains and tenant.domains.accepts(domain, subdomains=knobs.all_accepted_with_subdomains):
        return True
    return any(covers(p, domain, apex=knobs.outbound_wildcard == "with_apex") for p in connector.RecipientDomains)


def _scope(connector: OutboundConnector) -> str:
    every = ("all accepted domains",) if connector.AllAcceptedDomains else ()
    return ", ".join((*connector.RecipientDomains, *every)) or "no domain"


def _scope_at(connector: OutboundConnector) -> Source:
    return connector.at("RecipientDomains" if connector.RecipientDomains else "AllAcceptedDomains")


def _places(connector: OutboundConnector, recipients: tuple[Address, ...], server: Server) -> tuple[Place, ...]:
    reach = families(server.addresses)
    if connector.UseMXRecord:
        domain = recipients[0].domain
        return (Place(domain, NextHop(domain, at=connector.at("UseMXRecord"), families=reach)),)
    where = connector.at("SmartHosts")
    return tuple(
        Place(host, NextHop(hosts=_hosts(host), mx_first=True, at=where, families=reach))
        for host in dict.fromkeys(connector.SmartHosts)
    )


def _hosts(written: str) -> tuple[str, ...]:
    """A network stands for its addresses: one of them that answers will do."""
    return tuple(map(str, ip_network(written).hosts())) if "/" in written else (written,)


def _message(sender: Address, recipient: Address, connector: str, tenant: Profile, at: Moment) -> Message:
    number = guid(tenant.name, "validation", str(at.turn("validation")))
    content = compose(
        sender=sender, to=(recipient,), date=at.now, message_id=f"<{number}@{mailbox_server(tenant.name)}>",
        subject=_SUBJECT, body=_BODY.format(name=connector),
    )  # fmt: skip
    return Message.parse(content).prepend(AUTH_AS, "Internal")
