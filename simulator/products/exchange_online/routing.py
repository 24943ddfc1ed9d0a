"""Where a recipient's mail goes.

Who a recipient is comes first. Then the mail flow rules are asked, once [transport_rules]: they may end the copy, change
it, or choose the connector, which goes before everything but (with a knob) centralised transport.

    spam, malware, forged senders         quarantine, or nowhere, as the policies say [placement]
    whoever does not take it from this sender, or in this size   returned [restrictions]
    mailbox                               here [delivery], in Junk if it is spam; forwarding ones and inbox rules send it on
                                          [forwarding]; internet mail goes to on-premises first under centralised transport
    public folder                         here
    group                                 its members
    mail user, contact                    its external address takes its place:
                                            a recipient of this tenant      -> routed as that one
                                            anybody else                    -> on, by the domain of that address
    unknown in an Authoritative domain    returned, 5.1.10
    everybody else                        if it may leave [forwarding, sending]: centralised transport, else the most specific
                                          connector, else MX

A connector with UseMXRecord leads to the MX of the recipient's domain, otherwise to its smart hosts: the first is drawn,
then they take turns; the rest are tried in that order when one does not answer. A host name is looked up as MX first.

MX delivery does not look out for itself: a tenant whose domain's MX is the tenant loops until the counters stop it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from simulator.mail.address import Address
from simulator.policy.decision import Connector, Step
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.mx import families
from simulator.policy.route import Discard, Expand, NextHop, Relay, Return, Routing
from simulator.policy.rules import rule
from simulator.policy.tls import Demand, Level
from simulator.products.exchange_online import notices, wording
from simulator.products.exchange_online.connectors import OutboundConnector
from simulator.products.exchange_online.delivery import delivered
from simulator.products.exchange_online.directory import Entry
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.forwarding import leaving, marked, sent_on
from simulator.products.exchange_online.placement import withheld
from simulator.products.exchange_online.restrictions import refused
from simulator.products.exchange_online.selection import centralised, centralised_step, select
from simulator.products.exchange_online.sending import sending
from simulator.products.exchange_online.srs import rerouted
from simulator.products.exchange_online.steps import single
from simulator.products.exchange_online.transport_rules.revision import revised
from simulator.products.exchange_online.transport_rules.way import RULE_TLS, rule_connector, with_rule_tls
from simulator.topology import Server

__all__ = ["demand", "next_hop", "route"]

_TEST = "tests/products/exchange_online/test_routing.py"
RESOLVE = rule(
    "EXO-RCPT-1", "Mailboxes are delivered, groups expanded, mail users and contacts replaced by their external address",
    fidelity="documented", source="learn: Recipients in Exchange Online", test=_TEST,
)  # fmt: skip
UNKNOWN = rule(
    "EXO-RCPT-2", "Mail for an unknown recipient of an Authoritative domain that was taken already is returned",
    fidelity="documented", source="learn: Fix NDR 550 5.1.10", test=_TEST,
)  # fmt: skip
STALE = rule(
    "EXO-RCPT-11", "An address that stands for an entry of an old address book is returned with 5.1.1", fidelity="documented",
    source="learn: Fix NDR 550 5.1.1 through 5.1.20; the form of the address is observed", test=_TEST,
)  # fmt: skip
SMART_HOSTS = rule(
    "EXO-ROUTE-1", "Of several smart hosts the first is drawn, then they take turns; host names are looked up as MX first",
    fidelity="observed", source="field notes on Exchange Online Protection", test=_TEST,
)  # fmt: skip
TO_MX = rule(
    "EXO-ROUTE-2", "Without a connector, or with UseMXRecord, mail goes to the MX of the recipient's domain, to itself as well",
    fidelity="documented", source="CMD New-OutboundConnector UseMXRecord; learn: Fix NDR 5.4.14", test=_TEST,
)  # fmt: skip
TLS = rule(
    "EXO-TLS-1", "TlsSettings says what is asked of TLS; without a connector it is used where it is offered",
    fidelity="documented", source="CMD New-OutboundConnector TlsSettings", test=_TEST,
)  # fmt: skip

_LEVELS = {
    None: Level.OPPORTUNISTIC,
    "EncryptionOnly": Level.ENCRYPTION,
    "CertificateValidation": Level.CERTIFICATE,
    "DomainValidation": Level.DOMAIN,
}
_OF_ADDRESS_BOOK = "IMCEAEX-"
"""How Outlook writes an entry of the address book as an address, when a reply goes to one that it remembers."""
FROM_OWN_SERVERS = ("certificate", "sender-domain", "recipient-domain", "certificate-domain")


def route(held: Held, recipient: Address, tenant: Profile, server: Server, at: Moment) -> Routing:
    """Where one recipient goes, with every step of the way."""
    if (fresh := marked(held, recipient, tenant)) is not None:
        return fresh
    entry = tenant.directory.find(recipient)
    if entry is None:
        return rerouted(recipient, tenant) or _unknown(held, recipient, tenant, server, at)
    step = Step("RECIPIENT", RESOLVE, entry.kind, f"{recipient}: {_DESCRIBED[entry.kind]}", (), entry.at)
    if (returned := refused(held, entry, tenant, (step,))) is not None:
        return returned
    if entry.kind == "group" and not entry.keeps_mail:
        return _group(entry, step)
    if entry.keeps_mail:
        asked = _handled(held, recipient, tenant, at)
        return asked or _mailbox(held, recipient, entry, tenant, server, at, step)
    external = entry.properties.ExternalEmailAddress
    assert external is not None
    says = f"{recipient} is replaced by its ExternalEmailAddress {external}"
    where = entry.properties.at("ExternalEmailAddress")
    step = single("RECIPIENT", RESOLVE, "external", says, name=str(recipient), at=where)
    other = tenant.directory.find(external)
    if other is not None and other is not entry:
        return Routing(Expand((external,), "mail user"), (step,))
    return _handled(held, recipient, tenant, at) or _onward(held, recipient, external, tenant, server, at, (step,))


_DESCRIBED = {
    "mailbox": "a mailbox here", "group": "a group", "external": "a mail user or contact", "public folder": "a public folder",
}  # fmt: skip


def _handled(held: Held, recipient: Address, tenant: Profile, at: Moment) -> Routing | None:
    """What becomes of a resolved copy before it is sent anywhere: mail flow rules, then the filter's verdict; None: goes on.

    The rules come first, for they may tell the filter what to think of the message (DEFEOP: filtering after rules).
    """
    if (asked := revised(held, recipient, tenant, at)) is not None:
        return asked
    stopped = withheld(held, tenant)
    return Routing(*stopped) if stopped else None


def _group(entry: Entry, step: Step) -> Routing:
    members = entry.properties.Members
    if not members:
        return Routing(Discard(f"{entry.address} has no members"), (step,))
    return Routing(Expand(members, "group"), (step,))


def _mailbox(
    held: Held, recipient: Address, entry: Entry, tenant: Profile, server: Server, at: Moment, step: Step
) -> Routing:
    central = centralised(tenant)
    chosen, told = rule_connector(held, tenant)
    to_own_servers = entry.kind == "mailbox" and central is not None and held.facts.get("direction") == "Incoming"
    if chosen and (tenant.settings.knobs.cbr_over_cmt or not to_own_servers):
        return _over(chosen, held, recipient, recipient, tenant, server, at, (step, *told))
    steps = (step, *(() if chosen else told))
    if central and to_own_servers:
        # Internet mail for a mailbox goes to on-premises first and comes back as Originating.
        steps = (*steps, centralised_step(tenant, central))
        return _over(central, held, recipient, recipient, tenant, server, at, steps)
    if entry.kind != "mailbox":
        return delivered(held, entry, "Inbox", tenant, at, steps)
    further = sent_on(held, entry, tenant, at, steps)
    if isinstance(further, Routing):
        return further
    folder, so_far = further
    return delivered(held, entry, folder, tenant, at, so_far)


def _unknown(held: Held, recipient: Address, tenant: Profile, server: Server, at: Moment) -> Routing:
    """An address that is not in the directory: somebody outside, or of the other half of an InternalRelay domain."""
    domain = tenant.domains.find(recipient.domain)
    if domain is not None and recipient.local.upper().startswith(_OF_ADDRESS_BOOK):
        says = f"{recipient} stands for an entry of an address book, and there is none any more"
        step = single("RECIPIENT", STALE, "stale", says, name=str(recipient), chosen=False, at=domain.at("DomainType"))
        return Routing(Return(notices.stale_recipient()), (step,))
    if domain is not None and tenant.domains.is_authoritative(recipient.domain):
        says = f"{recipient} is not in the directory, and {recipient.domain} is Authoritative"
        where = domain.at("DomainType")
        step = single("RECIPIENT", UNKNOWN, "unknown", says, name=str(recipient), chosen=False, at=where)
        return Routing(Return(wording.unknown_recipient(recipient)), (step,))
    if (asked := _handled(held, recipient, tenant, at)) is not None:
        return asked
    steps: tuple[Step, ...] = ()
    if domain is not None:
        says = f"{recipient} is not in the directory; {recipient.domain} is InternalRelay, so it is sent on"
        steps = (Step("RECIPIENT", RESOLVE, "internal-relay", says, (), domain.at("DomainType")),)
    return _onward(held, recipient, recipient, tenant, server, at, steps)


def _onward(
    held: Held,
    recipient: Address,
    target: Address,
    tenant: Profile,
    server: Server,
    at: Moment,
    steps: tuple[Step, ...],
) -> Routing:
    """Out of the tenant. `target` is the address that counts, and travels, from now on."""
    if stopped := leaving(held, target, tenant):
        return Routing(stopped.route, (*steps, *stopped.steps))
    returned, counted = sending(held, target, tenant, at)
    steps = (*steps, *counted)
    if returned:
        return Routing(returned, steps)
    central = centralised(tenant)
    came_from_there = held.facts.get("basis") in FROM_OWN_SERVERS
    chosen, told = rule_connector(held, tenant)
    if chosen and (tenant.settings.knobs.cbr_over_cmt or not central or came_from_there):
        return _over(chosen, held, recipient, target, tenant, server, at, (*steps, *told))
    steps = steps if chosen else (*steps, *told)
    if central and not came_from_there:
        return _over(central, held, recipient, target, tenant, server, at, (*steps, centralised_step(tenant, central)))
    connector, step = select(tenant, target.domain, from_own_servers=came_from_there)
    if connector is None:
        hop = NextHop(target.domain, families=families(server.addresses))
        says = f"to the MX of {target.domain}"
        mx = single("ROUTE", TO_MX, "mx", says, name="MX")
        asked = with_rule_tls(Demand(), held, tenant)
        tls = (Step("TLS", RULE_TLS, "encryption", _ASKED[asked.level], (), asked.at),) if asked.level else ()
        return Routing(Relay(hop, None, asked, _replaced(recipient, target)), (*steps, step, mx, *tls))
    return _over(connector, held, recipient, target, tenant, server, at, (*steps, step))


def _replaced(recipient: Address, target: Address) -> Address | None:
    return target if target != recipient else None


def _over(
    connector: OutboundConnector, held: Held, recipient: Address, target: Address, tenant: Profile, server: Server,
    at: Moment, steps: Iterable[Step],
) -> Routing:  # fmt: skip
    hop, says, rule_id = next_hop(connector, target.domain, server, held, at)
    asked = with_rule_tls(demand(connector), held, tenant)
    reference = Connector(connector.name, "outbound", connector.place)
    outcome = "mx" if connector.UseMXRecord else "smart-host"
    step = single("ROUTE", rule_id, outcome, says, name=connector.name, at=hop.at)
    tls = Step("TLS", TLS, asked.level.name.lower(), _ASKED[asked.level].format(name=connector.TlsDomain), (), asked.at)
    return Routing(Relay(hop, reference, asked, _replaced(recipient, target)), (*steps, step, tls))


_ASKED = {
    Level.OPPORTUNISTIC: "TLS where it is offered",
    Level.ENCRYPTION: "TLS required, any certificate",
    Level.CERTIFICATE: "TLS required, with a certificate of a trusted authority",
    Level.DOMAIN: "TLS required, with a certificate of a trusted authority for {name}",
}


def next_hop(
    connector: OutboundConnector, domain: str, server: Server, held: Held, at: Moment
) -> tuple[NextHop, str, str]:
    """Where a connector leads, the sentence about it, and the rule."""
    reach = families(server.addresses)
    if connector.UseMXRecord:
        return NextHop(domain, at=connector.at("UseMXRecord"), families=reach), f"to the MX of {domain}", TO_MX
    hosts = tuple(dict.fromkeys(host for written in connector.SmartHosts for host in _expanded(written)))
    first = _turn(connector.name, len(hosts), held, at)
    ordered = hosts[first:] + hosts[:first]
    says = f"to the smart host {ordered[0]}" + (f", then {', '.join(ordered[1:4])}" if ordered[1:] else "")
    where = connector.at("SmartHosts")
    return NextHop(hosts=ordered, mx_first=True, at=where, families=reach), says, SMART_HOSTS


def _expanded(written: str) -> tuple[str, ...]:
    """A network stands for its addresses."""
    if "/" not in written:
        return (written,)
    return tuple(str(address) for address in ip_network(written).hosts())


def _turn(connector: str, count: int, held: Held, at: Moment) -> int:
    """Which smart host comes first: drawn for the first message, then in turn.

    All recipients of a message take the same, so that they travel together; a retry takes the next.
    """
    key = f"smart host of {connector}"
    this: tuple[Any, datetime] = ((held.arrived, str(held.sender), held.message.get("Message-ID")), at.now)
    memory: dict[str, Any] = at.memory.setdefault(key, {})
    if memory.get("this") != this:
        memory["this"] = this
        memory["first"] = at.draw(key, count) if "first" not in memory else memory["first"] + 1
    return int(memory["first"]) % count


@lru_cache(256)
def demand(connector: OutboundConnector) -> Demand:
    """What a connector asks of TLS."""
    level = _LEVELS[connector.TlsSettings]
    names = (connector.TlsDomain,) if level == Level.DOMAIN else ()
    return Demand(level, names, at=connector.at("TlsSettings"))
