"""What must hold for every lab: proving less opens no door, bystanders change nothing, order changes nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.mail.address import Address, covers, parse_sender
from simulator.mail.envelope import Envelope
from simulator.mail.session import Session
from simulator.policy.decision import Decision
from simulator.policy.route import Relay
from simulator.products.exchange_online import Tenant
from simulator.topology import CertificateSpec
from tests.products.exchange_online.builders import (
    ORIGINATING,
    SUBMITTED,
    at,
    contoso,
    held,
    outbound,
    session,
    tenants,
)

ADDRESSES = ("192.0.2.10", "198.51.100.7", "203.0.113.5")
CERTIFICATES = ("mail.contoso.com", "contoso.com", "mail.sm.contoso.com", "gate.partner.test")
BAD = ("self-signed", "expired", "untrusted", "incomplete-chain")
NAMES = ("*.contoso.com", "mail.contoso.com", "*.sm.contoso.com", "sm.contoso.com", "gate.partner.test")
SENDERS = ("<>", "scan@contoso.com", "x@sm.contoso.com", "a@partner.test", "a@gmail.test", "bob@fabrikam.com")
RECIPIENTS = ("x@gmail.test", "user@contoso.com", "nobody@contoso.com", "any@sm.contoso.com", "bob@fabrikam.com")

mostly = st.sampled_from([True, True, True, True, False])
by_address = st.fixed_dictionaries(
    {"SenderIPAddresses": st.lists(st.sampled_from([*ADDRESSES, "192.0.2.0/24"]), min_size=1, max_size=2)},
    optional={"RestrictDomainsToIPAddresses": st.booleans()},
)
by_certificate = st.fixed_dictionaries(
    {"TlsSenderCertificateName": st.sampled_from(NAMES)}, optional={"RestrictDomainsToCertificate": st.booleans()}
)
by_both = st.builds(lambda one, other: {**one, **other}, by_address, by_certificate)
whoever = st.fixed_dictionaries(
    {
        "ConnectorType": st.sampled_from(["OnPremises", "OnPremises", "Partner"]),
        "SenderDomains": st.sampled_from(["*", "*.partner.test", "contoso.com"]),
        "Enabled": mostly,
    },
    optional={"RequireTls": st.booleans()},
)
one_domain = st.sampled_from([{}, {}, {}, {"AssociatedAcceptedDomains": ["contoso.com"]}])
connector = st.builds(
    lambda who, proof, only: {**who, **proof, **only}, whoever, st.one_of(by_address, by_certificate, by_both, st.just({})), one_domain,
)  # fmt: skip
connectors = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), connector, max_size=3)
knobs = st.fixed_dictionaries(
    {}, optional={"attribution_mode": st.sampled_from(["strict", "lenient"]), "cert_wildcard": st.sampled_from(["any", "one-label"]),
                  "dbeb_on_connector_mail": st.booleans(), "certificate_identity_relays": st.booleans(),
                  "partner_restrict_combination": st.sampled_from(["and", "or"])},
)  # fmt: skip
sessions = st.builds(
    lambda ip, cert, tls: session(ip, cert, tls=tls),
    st.sampled_from(ADDRESSES),
    st.sampled_from([*CERTIFICATES, ""]),
    st.booleans(),
)
"""Clients that often show what some connector asks for."""
senders, recipients = st.sampled_from(SENDERS), st.sampled_from(RECIPIENTS)


def forest(inbound: dict[str, Any], theirs: dict[str, Any] | None = None, **more: Any) -> list[Tenant]:
    own = {"contoso.com": "Authoritative", "sm.contoso.com": "InternalRelay"}
    theirs = {
        name: {k: v for k, v in of.items() if k != "AssociatedAcceptedDomains"} for name, of in (theirs or {}).items()
    }
    return tenants(
        m365=({"AcceptedDomains": own, "InboundConnectors": inbound, **more}, ["user@contoso.com"]),
        fabrikam=(
            {"AcceptedDomains": {"fabrikam.com": "Authoritative"}, "InboundConnectors": theirs},
            ["bob@fabrikam.com"],
        ),
    )


def answer(host: Tenant, client: Session, sender: str, recipient: str) -> Decision:
    return host.rcpt(client, Envelope(parse_sender(sender)), Address.parse(recipient), at())


def gist(decision: Decision) -> tuple[Any, ...]:
    return (str(decision.reply), decision.owner, decision.connector and decision.connector.name, dict(decision.facts))


def proving_less(client: Session) -> list[Session]:
    """The same client with less to show: no certificate, a bad one, no TLS, an address that nobody lists, and several of it."""
    unlisted = "203.0.113.99"
    bare = [client, client.with_(tls=None)]
    if client.tls:
        bare.append(session(client.peer, tls=True, helo=client.helo))
        bare += [session(client.peer, CertificateSpec("mail.contoso.com", defect=d), helo=client.helo) for d in BAD]
    return [one for weaker in bare for one in (weaker, weaker.with_(peer=unlisted))][1:]


@settings(max_examples=300)
@given(connectors, connectors, knobs, st.booleans(), sessions, senders, recipients)
def test_proving_less_never_opens_a_door(
    inbound: dict[str, Any], theirs: dict[str, Any], set_: dict[str, Any], rejects: bool, client: Session, sender: str,
    recipient: str,
) -> None:  # fmt: skip
    """Whoever is let in with less to show is let in with more, to relay and to every recipient.

    Two things are meant otherwise and left out: a connector that the service has blocked, which is worse than none, and the
    knob `match_subdomains_for_relay` false, under which a known sender is refused where a stranger is Incoming elsewhere.
    """
    host = forest(inbound, theirs, knobs=set_, OrganizationConfig={"RejectDirectSend": rejects})[0]

    if not answer(host, client, sender, recipient).ok:
        assert [] == [weaker for weaker in proving_less(client) if answer(host, weaker, sender, recipient).ok]


@given(connectors, sessions, senders)
def test_nobody_relays_without_a_connector_of_the_own_servers(
    inbound: dict[str, Any], client: Session, sender: str
) -> None:
    decision = answer(forest(inbound)[0], client, sender, "x@gmail.test")

    if decision.ok:
        assert decision.connector is not None
        assert "OnPremises" == inbound[decision.connector.name]["ConnectorType"]
        assert inbound[decision.connector.name].get("Enabled", True)


@given(connectors, knobs, sessions, senders, recipients, st.sampled_from(["OnPremises", "Partner"]))
def test_a_connector_that_matches_nothing_changes_nothing(
    inbound: dict[str, Any], set_: dict[str, Any], client: Session, sender: str, recipient: str, kind: str
) -> None:
    bystander = {"ConnectorType": kind, "SenderDomains": "nobody.test", "SenderIPAddresses": "192.0.2.250",
                 "TlsSenderCertificateName": "nobody.test"}  # fmt: skip
    off = {"ConnectorType": kind, "SenderDomains": "*", "SenderIPAddresses": list(ADDRESSES), "Enabled": False}
    alone = answer(forest(inbound, knobs=set_)[0], client, sender, recipient)

    assert gist(alone) == gist(
        answer(forest({"0": bystander, **inbound, "zz": off}, knobs=set_)[0], client, sender, recipient)
    )


@given(connectors, connectors, knobs, sessions, senders, recipients)
def test_the_order_in_which_connectors_and_tenants_are_listed_changes_nothing(
    inbound: dict[str, Any], theirs: dict[str, Any], set_: dict[str, Any], client: Session, sender: str, recipient: str
) -> None:
    listed = forest(inbound, theirs, knobs=set_)
    reversed_ = forest(dict(reversed(inbound.items())), dict(reversed(theirs.items())), knobs=set_)

    assert gist(answer(listed[0], client, sender, recipient)) == gist(answer(reversed_[0], client, sender, recipient))


@given(connectors, connectors, sessions, senders, recipients)
def test_whose_door_is_called_changes_nothing(
    inbound: dict[str, Any], theirs: dict[str, Any], client: Session, sender: str, recipient: str
) -> None:
    one, two = (answer(host, client, sender, recipient) for host in forest(inbound, theirs))

    assert (one.reply.codes, *gist(one)[1:]) == (two.reply.codes, *gist(two)[1:])


@given(connectors, sessions, senders, recipients)
def test_every_connector_is_a_candidate_and_at_most_one_is_chosen(
    inbound: dict[str, Any], client: Session, sender: str, recipient: str
) -> None:
    step = answer(forest(inbound)[0], client, sender, recipient).steps[0]

    assert list(inbound) == [c.name for c in step.candidates]
    assert sum(c.chosen for c in step.candidates) <= 1
    assert all(c.says and c.at for c in step.candidates)


@given(connectors, knobs, sessions, senders, recipients, st.sampled_from(CERTIFICATES), st.sampled_from(BAD))
def test_a_bad_certificate_is_as_good_as_none(
    inbound: dict[str, Any], set_: dict[str, Any], client: Session, sender: str, recipient: str, name: str, defect: str
) -> None:
    host = forest(inbound, knobs=set_)[0]
    bad = session(client.peer, CertificateSpec(name, defect=defect))
    none = session(client.peer, tls=True)

    assert gist(answer(host, bad, sender, recipient)) == gist(answer(host, none, sender, recipient))


scopes = st.fixed_dictionaries(
    {}, optional={"RecipientDomains": st.lists(st.sampled_from(["*", "*.contoso.com", "contoso.com", "sm.contoso.com", "x.test"]), max_size=2),
                  "AllAcceptedDomains": st.booleans(), "Enabled": st.booleans(), "TestMode": st.booleans(),
                  "IsTransportRuleScoped": st.booleans(), "RouteAllMessagesViaOnPremises": st.booleans()},
)  # fmt: skip
outbounds = st.dictionaries(st.sampled_from(["a", "b", "c"]), scopes, max_size=3)
readings = st.fixed_dictionaries(
    {}, optional={"selection_order": st.sampled_from(["doc-example", "doc-list"]),
                  "outbound_wildcard": st.sampled_from(["with_apex", "subdomains_only"])},
)  # fmt: skip
origins = st.sampled_from([{"direction": "Incoming", "basis": "recipient-owner"}, ORIGINATING, SUBMITTED])
leaving = st.sampled_from(["u@sm.contoso.com", "u@x.test", "u@y.test", "user@contoso.com"])


def connector_for(connectors_: dict[str, Any], set_: dict[str, Any], recipient: str, facts: dict[str, str]) -> str:
    made = {name: {**outbound()["to own servers"], **scope} for name, scope in connectors_.items()}
    route = contoso(OutboundConnectors=made, knobs=set_).route(
        held(recipient, facts=facts), Address.parse(recipient), at()
    )
    return route.route.connector.name if isinstance(route.route, Relay) and route.route.connector else ""


@given(outbounds, readings, leaving, origins)
def test_the_order_in_which_outbound_connectors_are_listed_changes_nothing(
    connectors_: dict[str, Any], set_: dict[str, Any], recipient: str, facts: dict[str, str]
) -> None:
    chosen = connector_for(connectors_, set_, recipient, facts)

    assert chosen == connector_for(dict(reversed(connectors_.items())), set_, recipient, facts)


@given(outbounds, readings, leaving, origins)
def test_an_outbound_connector_that_matches_nothing_changes_nothing(
    connectors_: dict[str, Any], set_: dict[str, Any], recipient: str, facts: dict[str, str]
) -> None:
    bystanders = {
        "0": {"RecipientDomains": "nobody.test"}, "00": {"RecipientDomains": "*", "Enabled": False},
        "000": {"RecipientDomains": "*", "TestMode": True}, "0000": {"RouteAllMessagesViaOnPremises": True, "Enabled": False},
        "00000": {"IsTransportRuleScoped": True},
    }  # fmt: skip
    chosen = connector_for(connectors_, set_, recipient, facts)

    assert chosen == connector_for({**bystanders, **connectors_}, set_, recipient, facts)


@given(outbounds, readings, leaving, origins)
def test_a_connector_that_is_used_is_for_real_mail_and_for_the_recipient(
    connectors_: dict[str, Any], set_: dict[str, Any], recipient: str, facts: dict[str, str]
) -> None:
    used = connectors_.get(connector_for(connectors_, set_, recipient, facts))
    if used is None:
        return

    assert used.get("Enabled", True)
    assert not used.get("TestMode")
    assert not used.get("IsTransportRuleScoped")
    domain = recipient.partition("@")[2]
    own = used.get("AllAcceptedDomains") and domain.endswith("contoso.com")
    named = any(covers(pattern, domain) for pattern in used.get("RecipientDomains", ()))
    assert own or named or used.get("RouteAllMessagesViaOnPremises")
