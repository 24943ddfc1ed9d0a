"""The connector that a rule chose, and the TLS that it asks for."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.policy.route import Deliver, Relay, Routing
from simulator.policy.tls import Level
from simulator.products.exchange_online import Tenant
from tests.products.exchange_online.builders import ORIGINATING, SUBMITTED, at, candidate, contoso, held, outbound
from tests.products.exchange_online.transport_rules.asking import AMY, BOB

GATE = {
    "gate": {"ConnectorType": "Partner", "UseMXRecord": False, "SmartHosts": "gate.test", "IsTransportRuleScoped": True}
}
CENTRAL = outbound(RecipientDomains="*", RouteAllMessagesViaOnPremises=True)
RULE = {"r": {"RouteMessageOutboundConnector": "gate"}}
INCOMING = {"tenant": "m365", "direction": "Incoming", "basis": "recipient-owner"}


def host(connectors: dict[str, Any], rules: dict[str, Any] | None = None, **changes: Any) -> Tenant:
    return contoso(BOB, AMY, OutboundConnectors=connectors, TransportRules=rules or RULE, **changes)


def routed(tenant: Tenant, to: str, facts: dict[str, str], **chosen: str) -> Routing:
    said = {"rules": "done", "rules run": "r", **{k.replace("_", " "): v for k, v in chosen.items()}}
    return tenant.route(held(to, facts={**facts, **said}), Address.parse(to), at())


def by(found: Routing) -> str:
    route = found.route
    return (route.connector.name if route.connector else "mx") if isinstance(route, Relay) else "delivered"


@pytest.mark.parametrize("to", [BOB, "x@gmail.test", "x@sm.contoso.com"])
def test_a_rules_connector_is_used_also_for_a_mailbox_of_the_tenant(to: str) -> None:
    found = routed(host(GATE), to, INCOMING, rule_connector="Gate")

    assert isinstance(found.route, Relay)
    assert ("gate", ("gate.test",)) == (by(found), found.route.to.hosts)
    assert ("rule", True) == (candidate(found.steps, "gate").reason, candidate(found.steps, "gate").chosen)


@pytest.mark.parametrize(
    ("connectors", "reason"),
    [
        ({}, "absent"),
        ({"gate": {**GATE["gate"], "Enabled": False}}, "disabled"),
        ({"gate": {**GATE["gate"], "TestMode": True}}, "test-mode"),
    ],
)
def test_a_connector_that_cannot_be_used_is_told_and_mail_takes_its_normal_route(
    connectors: dict[str, Any], reason: str
) -> None:
    tenant = host(connectors)

    outside = routed(tenant, "x@gmail.test", SUBMITTED, rule_connector="gate")
    assert ("mx", reason) == (by(outside), candidate(outside.steps, "gate").reason)
    inside = routed(tenant, BOB, INCOMING, rule_connector="gate")
    assert (Deliver(Address.parse(BOB)), reason) == (inside.route, candidate(inside.steps, "gate").reason)


def test_a_connector_for_rules_alone_takes_no_other_mail() -> None:
    assert "mx" == by(routed(host(GATE), "x@gmail.test", SUBMITTED))


@pytest.mark.parametrize(
    ("over", "to", "facts", "expected"),
    [
        (True, "x@gmail.test", SUBMITTED, "gate"), (False, "x@gmail.test", SUBMITTED, "to own servers"),
        (True, BOB, INCOMING, "gate"), (False, BOB, INCOMING, "to own servers"),
        (False, "x@gmail.test", ORIGINATING, "gate"), (False, BOB, ORIGINATING, "gate"),
    ],
)  # fmt: skip
def test_a_rules_connector_and_centralised_transport(over: bool, to: str, facts: dict[str, str], expected: str) -> None:
    tenant = host({**GATE, **CENTRAL}, knobs={"cbr_over_cmt": over})

    assert expected == by(routed(tenant, to, facts, rule_connector="gate"))


@pytest.mark.parametrize(
    ("tls", "facts", "expected"),
    [
        (None, {}, Level.OPPORTUNISTIC),
        (None, {"rule_tls": "r"}, Level.ENCRYPTION),
        ("EncryptionOnly", {"rule_tls": "r"}, Level.ENCRYPTION),
        ("CertificateValidation", {"rule_tls": "r"}, Level.CERTIFICATE),
    ],
)
def test_a_rule_asks_for_tls_at_least(tls: str | None, facts: dict[str, str], expected: Level) -> None:
    gate = {"gate": {**GATE["gate"], **({"TlsSettings": tls} if tls else {})}}
    tenant = host(gate, {"r": {"RouteMessageOutboundConnector": "gate", "RouteMessageOutboundRequireTls": True}})

    over = routed(tenant, "x@gmail.test", SUBMITTED, rule_connector="gate", **facts).route
    assert isinstance(over, Relay)
    assert expected == over.tls.level
    mx = routed(tenant, "x@gmail.test", SUBMITTED, **facts).route
    assert isinstance(mx, Relay)
    assert (Level.ENCRYPTION if facts else Level.OPPORTUNISTIC) == mx.tls.level
