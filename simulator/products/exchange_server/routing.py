"""Where a recipient's mail goes (learn: Recipient resolution; Mail routing in Exchange Server).

    mailbox                                 here; a forwarding one sends on
    group                                   its members; strangers only where RequireSenderAuthenticationEnabled is false
    remote mailbox, mail user, contact      the address where it really is, by the Send connector for that address
    unknown, Authoritative domain           returned, 5.1.10
    anybody else                            by the Send connector for the domain

Connectors are chosen anew at every attempt. Who a recipient is, is asked when the message comes, and again after 12 hours.

A Send connector leads to its smart hosts in turn, or to the MX of the domain. A server that finds itself among the MX
returns the mail (MxLoopback). Without a connector mail waits in the Unreachable queue. On an Edge server nobody has a
mailbox: recipients that it knows are sent on like those that it does not.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from simulator.mail.address import Address
from simulator.policy.decision import Connector, Step
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.mx import families
from simulator.policy.route import Deliver, Discard, Expand, NextHop, Relay, Return, Routing
from simulator.policy.rules import rule
from simulator.policy.tls import Demand, Level
from simulator.products.exchange_server import wording
from simulator.products.exchange_server.certificates import shown_certificate
from simulator.products.exchange_server.directory import Directory, Entry
from simulator.products.exchange_server.headers import is_internal
from simulator.products.exchange_server.selection import select
from simulator.products.exchange_server.send_connectors import SendConnector
from simulator.products.exchange_server.steps import single
from simulator.topology import Server

__all__ = ["Router", "demand_level"]

_TEST = "tests/products/exchange_server/test_routing.py"
RESOLVE = rule(
    "EXS-RCPT-4", "Mailboxes are delivered, groups expanded, remote mailboxes, mail users and contacts replaced by where they are",
    fidelity="documented", source="learn: Recipients in Exchange Server; Transport routing in Exchange hybrid deployments", test=_TEST,
)  # fmt: skip
UNKNOWN = rule(
    "EXS-RCPT-5", "An unknown recipient of an Authoritative domain is returned; one of a relay domain is sent on", fidelity="documented",
    source="learn: Accepted domains in Exchange Server", test=_TEST,
)  # fmt: skip
AUTHENTICATED = rule(
    "EXS-RCPT-6", "Groups return mail from senders that are not authenticated, unless told otherwise", fidelity="documented",
    source="CMD Set-DistributionGroup RequireSenderAuthenticationEnabled", test=_TEST,
)  # fmt: skip
SIZES = rule(
    "EXS-SIZE-1", "Mail over MaxSendSize or MaxReceiveSize of the organisation is returned", fidelity="documented",
    source="learn: Message size limits in Exchange Server; which of the two counts for whom is inferred", test=_TEST,
)  # fmt: skip
SMART_HOSTS = rule(
    "EXS-ROUTE-1", "Smart hosts are looked up as MX first, then as host; several take turns", fidelity="documented",
    source="CMD New-SendConnector SmartHosts; learn: Send connectors (round robin)", test=_TEST,
)  # fmt: skip
DNS = rule(
    "EXS-ROUTE-2", "With DNSRoutingEnabled mail goes to the MX of the domain; an MX that leads back is MxLoopback", fidelity="observed",
    source="CMD New-SendConnector DNSRoutingEnabled; public bounces 5.4.4 SMTPSEND.DNS.MxLoopback", test=_TEST,
)  # fmt: skip
ITSELF = rule(
    "EXS-ROUTE-3", "A smart host that is the server itself is returned as 5.3.5", fidelity="documented",
    source="learn: NDRs in Exchange Server, 5.3.5; knob self_smart_host", test=_TEST,
)  # fmt: skip
TLS = rule(
    "EXS-TLS-1", "RequireTLS, TlsAuthLevel and TlsDomain say what is asked of TLS; without them it is used where it is offered",
    fidelity="documented", source="CMD New-SendConnector TlsAuthLevel", test=_TEST,
)  # fmt: skip
FORWARD = rule(
    "EXS-FWD-1", "ForwardingAddress goes before ForwardingSmtpAddress; DeliverToMailboxAndForward keeps a copy", fidelity="documented",
    source="CMD Set-Mailbox ForwardingAddress", test=_TEST,
)  # fmt: skip

RESUBMIT = rule(
    "EXS-RETRY-5", "Mail that waits is resubmitted after 12 hours; until then its recipients are who they were when it came", fidelity="documented",
    source="learn: Message retry, resubmit, and expiration intervals in Exchange Server (MaxIdleTimeBeforeResubmit)", test=_TEST,
)  # fmt: skip

_RESUBMIT = timedelta(hours=1)
_LEVELS = {
    None: Level.ENCRYPTION,
    "EncryptionOnly": Level.ENCRYPTION,
    "CertificateValidation": Level.CERTIFICATE,
    "DomainValidation": Level.DOMAIN,
}
_ASKED = {
    Level.OPPORTUNISTIC: "TLS where it is offered",
    Level.ENCRYPTION: "TLS required, any certificate",
    Level.CERTIFICATE: "TLS required, with a certificate of a trusted authority",
    Level.DOMAIN: "TLS required, with a certificate of a trusted authority for {name}",
}
_DESCRIBED = {
    "mailbox": "a mailbox here", "group": "a group", "external": "a mail user or contact", "remote": "a remote mailbox",
}  # fmt: skip


def demand_level(connector: SendConnector) -> Level:
    """What a Send connector asks of TLS."""
    if connector.RequireTLS:
        return _LEVELS[connector.TlsAuthLevel]
    return Level.ENCRYPTION if connector.SmartHostAuthMechanism == "BasicAuthRequireTLS" else Level.OPPORTUNISTIC


class Router:
    """The categorizer of one server."""

    def __init__(self, server: Server, directory: Directory) -> None:
        self.server, self.directory, self.settings = server, directory, directory.settings

    def route(self, held: Held, recipient: Address, at: Moment) -> Routing:
        """Where one recipient goes, with every step of the way."""
        if too_large := self._too_large(held):
            return Routing(Return(wording.org_too_large()), (too_large,))
        entry = self._resolved(held, recipient, at)
        if entry is None:
            return self._unknown(held, recipient, at)
        step = Step("RECIPIENT", RESOLVE, entry.kind, f"{recipient}: {_DESCRIBED[entry.kind]}", (), entry.at)
        if entry.wants_authentication and not is_internal(held):
            return _stranger(entry, step)
        if entry.kind == "group":
            return _group(entry, step)
        if entry.kind == "mailbox":
            if self.settings.is_edge:
                return self.onward(held, recipient, recipient, at, (step,))
            return _mailbox(entry, step)
        return self._away(held, recipient, entry, at)

    def _resolved(self, held: Held, recipient: Address, at: Moment) -> Entry | None:
        """Who the recipient is. What the directory said when the message came counts for waiting mail until it is resubmitted."""
        known: dict[Any, tuple[datetime, Entry | None]] = at.memory.setdefault("recipients resolved", {})
        mark = (held.arrived, held.message.get("Message-ID"), str(held.sender), recipient)
        since, entry = known.get(mark, (None, None))
        if since is None or at.now - since >= _RESUBMIT * self.settings.knobs.resubmit_hours:
            since, entry = known[mark] = at.now, self.directory.find(recipient)
        return entry

    def _too_large(self, held: Held) -> Step | None:
        limits, size = self.settings.TransportConfig, held.message.size
        if held.facts.get("basis") == "externally-secured" or held.generated:
            return None  # learn: Receive connectors: externally secured sessions pass over the limits
        parameter = "MaxSendSize" if is_internal(held) else "MaxReceiveSize"
        limit = getattr(limits, parameter)
        if size <= limit:
            return None
        says = f"the message has {size} octets, the organisation's {parameter} is {limit}"
        return single(
            "SIZE",
            SIZES,
            "too-large",
            says,
            name=parameter,
            chosen=False,
            at=limits.at(parameter) or self.settings.place,
        )

    def _unknown(self, held: Held, recipient: Address, at: Moment) -> Routing:
        domain = self.directory.domain(recipient.domain)
        if domain is None:
            says = f"{recipient} is not in the directory, and {recipient.domain} is no accepted domain"
            step = Step("RECIPIENT", RESOLVE, "outside", says, (), self.settings.at("AcceptedDomains"))
            return self.onward(held, recipient, recipient, at, (step,))
        where = domain.at("DomainType")
        says = f"{recipient} is not in the directory, and {recipient.domain} is {domain.DomainType}"
        if self.directory.is_authoritative(recipient.domain) and not self.settings.is_edge:
            step = single("RECIPIENT", UNKNOWN, "unknown", says, name=str(recipient), chosen=False, at=where)
            return Routing(Return(wording.unknown_recipient(older=self.settings.knobs.older_texts)), (step,))
        step = single("RECIPIENT", UNKNOWN, "relay-domain", f"{says}, so it is sent on", name=domain.name, at=where)
        return self.onward(held, recipient, recipient, at, (step,))

    def _away(self, held: Held, recipient: Address, entry: Entry, at: Moment) -> Routing:
        target = self.directory.away(entry)
        assert target is not None
        parameter = "RemoteRoutingAddress" if entry.kind == "remote" else "ExternalEmailAddress"
        says = f"{recipient} is replaced by its {parameter} {target}"
        where = entry.properties.at(parameter)
        step = single("RECIPIENT", RESOLVE, entry.kind, says, name=str(recipient), at=where)
        other = self.directory.find(target)
        if other is not None and other is not entry:
            return Routing(Expand((target,), "mail user"), (step,))
        return self.onward(held, recipient, target, at, (step,))

    def onward(self, held: Held, recipient: Address, target: Address, at: Moment, steps: tuple[Step, ...]) -> Routing:
        """By a Send connector. `target` is the address that counts, and travels, from now on."""
        found = select(
            tuple(self.settings.SendConnectors.values()), target.domain, held.message.size, server=self.server,
            directory=self.directory, default_size=self.settings.knobs.send_connector_size,
        )  # fmt: skip
        steps = (*steps, found.step)
        if found.connector is None:
            if found.reason == "too-small":
                return Routing(Return(wording.too_large()), steps)
            nowhere = Relay(NextHop(at=self.settings.at("SendConnectors")), recipient=_replaced(recipient, target))
            return Routing(nowhere, steps)
        return self._over(found.connector, held, recipient, target, at, steps)

    def _over(
        self, connector: SendConnector, held: Held, recipient: Address, target: Address, at: Moment, steps: tuple[Step, ...]
    ) -> Routing:  # fmt: skip
        own = next((host for host in connector.SmartHosts if self._is_self(host)), "")
        if own and not connector.by_dns and self.settings.knobs.self_smart_host == "return":
            says = f"the smart host {own} of {connector.name} is this server"
            step = single(
                "ROUTE", ITSELF, "itself", says, name=connector.name, chosen=False, at=connector.at("SmartHosts")
            )
            return Routing(Return(wording.system_misconfigured(), loop=True), (*steps, step))
        hop, says, rule_id = self._next_hop(connector, target.domain, held, at)
        asked, tls, certificate = self._demand(connector, target.domain)
        reference = Connector(connector.name, "outbound", connector.place)
        outcome = "mx" if connector.by_dns else "smart-host"
        step = single("ROUTE", rule_id, outcome, says, name=connector.name, at=hop.at)
        login = connector.AuthenticationCredential if connector.logs_in else None
        relay = Relay(hop, reference, asked, _replaced(recipient, target), login)
        return Routing(relay, (*steps, step, tls, certificate))

    def _is_self(self, host: str) -> bool:
        return host == self.server.fqdn or host in self.server.addresses

    def _next_hop(self, connector: SendConnector, domain: str, held: Held, at: Moment) -> tuple[NextHop, str, str]:
        reach = families(self.server.addresses)
        if connector.by_dns:
            exclude = (self.server.fqdn, *self.server.addresses)
            where = connector.at("DNSRoutingEnabled")
            return NextHop(domain, exclude=exclude, at=where, families=reach), f"to the MX of {domain}", DNS
        hosts = connector.SmartHosts
        first = _turn(connector.name, len(hosts), held, at)
        ordered = hosts[first:] + hosts[:first]
        says = f"to the smart host {ordered[0]}" + (f", then {', '.join(ordered[1:])}" if ordered[1:] else "")
        where = connector.at("SmartHosts")
        return NextHop(hosts=ordered, mx_first=True, port=connector.Port, at=where, families=reach), says, SMART_HOSTS

    def _demand(self, connector: SendConnector, domain: str) -> tuple[Demand, Step, Step]:
        level, knobs = demand_level(connector), self.settings.knobs
        names = (connector.TlsDomain or domain,) if level == Level.DOMAIN else ()
        at = connector.at("TlsAuthLevel" if connector.TlsAuthLevel else "RequireTLS")
        own, certificate = shown_certificate(
            self.server, connector.TlsCertificateName, connector.Fqdn, knobs, connector.at("TlsCertificateName")
        )
        says = (
            _ASKED[level].format(name=", ".join(names))
            if not connector.IgnoreSTARTTLS
            else "no TLS, though it is offered"
        )
        outcome = "never" if connector.IgnoreSTARTTLS else level.name.lower()
        shows = knobs.present_client_certificate and own is not None
        asked = Demand(
            level, names, never=connector.IgnoreSTARTTLS, certificate=shows, shows=own if shows else None, at=at
        )
        return asked, Step("TLS", TLS, outcome, says, (), at), certificate


def _replaced(recipient: Address, target: Address) -> Address | None:
    return target if target != recipient else None


def _stranger(entry: Entry, step: Step) -> Routing:
    says = f"{entry.address} takes mail from authenticated senders only, and this one is anonymous"
    at = entry.properties.at("RequireSenderAuthenticationEnabled") or entry.at
    refused = single(
        "RECIPIENT",
        AUTHENTICATED,
        "not-authenticated",
        says,
        name="RequireSenderAuthenticationEnabled",
        chosen=False,
        at=at,
    )
    return Routing(Return(wording.sender_not_authenticated()), (step, refused))


def _group(entry: Entry, step: Step) -> Routing:
    members = entry.properties.Members
    if not members:
        return Routing(Discard(f"{entry.address} has no members"), (step,))
    return Routing(Expand(members, "group"), (step,))


def _mailbox(entry: Entry, step: Step) -> Routing:
    onwards = entry.forwards_to
    if onwards is None:
        return Routing(Deliver(entry.address), (step,))
    target, parameter = onwards
    keep = entry.properties.DeliverToMailboxAndForward
    says = f"{entry.address} forwards to {target}{' and keeps a copy' if keep else ''}"
    forward = single("FORWARD", FORWARD, "forward", says, name=parameter, at=entry.properties.at(parameter))
    return Routing(Expand((target,), "forward", keep=keep), (step, forward))


def _turn(connector: str, count: int, held: Held, at: Moment) -> int:
    """Which smart host comes first. All recipients of a message take the same; a retry takes the next."""
    memory: dict[str, Any] = at.memory.setdefault(f"smart host of {connector}", {})
    this: tuple[Any, datetime] = ((held.arrived, str(held.sender), held.message.get("Message-ID")), at.now)
    if memory.get("this") != this:
        memory["this"] = this
        memory["turn"] = memory.get("turn", -1) + 1
    return int(memory["turn"]) % count
