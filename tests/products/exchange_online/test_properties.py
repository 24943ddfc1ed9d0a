"""What must hold for every lab: proving less opens no door, bystanders change nothing, order changes nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.address import Address, parse_sender
from simulator.mail.envelope import Envelope
from simulator.mail.session import Session
from simulator.policy.decision import Decision
from simulator.policy.route import Relay
from simulator.products.exchange_online import Tenant
from simulator.topology import CertificateSpec
from tests.products.exchange_online.builders import at, contoso, held, outbound, session, tenants

ADDRESSES = ("192.0.2.10", "198.51.100.7", "203.0.113.5")
CERTIFICATES = ("mail.contoso.com", "contoso.com", "mail.sm.contoso.com", "gate.partner.test")
NAMES = ("*.contoso.com", "mail.contoso.com", "*.sm.contoso.com", "sm.contoso.com", "gate.partner.test")
SENDERS = ("<>", "scan@contoso.com", "x@sm.contoso.com", "a@partner.test", "a@gmail.test", "bob@fabrikam.com")
RECIPIENTS = ("user@contoso.com", "nobody@contoso.com", "any@sm.contoso.com", "x@gmail.test", "bob@fabrikam.com")

connector = st.fixed_dictionaries(
    {"ConnectorType": st.sampled_from(["OnPremises", "Partner"]), "SenderDomains": st.sampled_from(["*", "*.partner.test", "contoso.com"])},
    optional={
        "Enabled": st.booleans(),
        "RequireTls": st.booleans(),
        "SenderIPAddresses": st.lists(st.sampled_from([*ADDRESSES, "192.0.2.0/24"]), max_size=2),
        "TlsSenderCertificateName": st.sampled_from(NAMES),
        "RestrictDomainsToIPAddresses": st.booleans(),
        "AssociatedAcceptedDomains": st.just(["contoso.com"]),
    },
)  # fmt: skip
connectors = st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), connector, max_size=3)
knobs = st.fixed_dictionaries(
    {}, optional={"attribution_mode": st.sampled_from(["strict", "lenient"]), "cert_wildcard": st.sampled_from(["any", "one-label"]),
                  "dbeb_on_connector_mail": st.booleans(), "certificate_identity_relays": st.booleans()},
)  # fmt: skip
sessions = st.builds(
    lambda ip, cert, tls: session(ip, cert, tls=tls),
    st.sampled_from(ADDRESSES),
    st.sampled_from([*CERTIFICATES, ""]),
    st.booleans(),
)
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


@given(connectors, knobs, sessions, senders, st.sampled_from(["x@gmail.test", "user@contoso.com"]))
def test_proving_less_never_opens_a_door(
    inbound: dict[str, Any], set_: dict[str, Any], client: Session, sender: str, recipient: str
) -> None:
    """Whoever is let in without a certificate, or from an unknown address, to relay is let in with them too."""
    host = forest(inbound, knobs=set_)[0]
    less = [client.with_(tls=None), client.with_(peer="203.0.113.99"), client.with_(tls=None, peer="203.0.113.99")]
    for weaker in less:
        if recipient == "x@gmail.test" and answer(host, weaker, sender, recipient).ok:
            assert answer(host, client, sender, recipient).ok


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


@given(
    connectors,
    sessions,
    senders,
    recipients,
    st.sampled_from(["self-signed", "expired", "untrusted", "incomplete-chain"]),
)
def test_a_bad_certificate_is_as_good_as_none(
    inbound: dict[str, Any], client: Session, sender: str, recipient: str, defect: str
) -> None:
    host = forest(inbound)[0]
    bad = session(client.peer, CertificateSpec("mail.contoso.com", defect=defect))
    none = session(client.peer, tls=True)

    assert gist(answer(host, bad, sender, recipient)) == gist(answer(host, none, sender, recipient))


scopes = st.fixed_dictionaries(
    {}, optional={"RecipientDomains": st.lists(st.sampled_from(["*", "*.contoso.com", "contoso.com", "sm.contoso.com", "x.test"]), max_size=2),
                  "AllAcceptedDomains": st.booleans(), "Enabled": st.booleans(), "TestMode": st.booleans()},
)  # fmt: skip
outbounds = st.dictionaries(st.sampled_from(["a", "b", "c"]), scopes, max_size=3)


def connector_for(connectors_: dict[str, Any], recipient: str) -> str:
    made = {name: {**outbound()["to own servers"], **scope} for name, scope in connectors_.items()}
    route = contoso(OutboundConnectors=made).route(held(recipient), Address.parse(recipient), at()).route
    return route.connector.name if isinstance(route, Relay) and route.connector else ""


@given(outbounds, st.sampled_from(["u@sm.contoso.com", "u@x.test", "u@y.test"]))
def test_outbound_order_and_bystanders_change_nothing(connectors_: dict[str, Any], recipient: str) -> None:
    chosen = connector_for(connectors_, recipient)
    bystanders = {"0": {"RecipientDomains": "nobody.test"}, "00": {"RecipientDomains": "*", "Enabled": False}}

    assert chosen == connector_for(dict(reversed(connectors_.items())), recipient)
    assert chosen == connector_for({**bystanders, **connectors_}, recipient)
