from __future__ import annotations

from typing import Any

import pytest

from simulator.policy.decision import Connector
from simulator.policy.host import Host
from simulator.policy.route import NextHop, Relay
from simulator.policy.rules import all_rules
from tests.policy.builders import a_moment
from tests.products.exchange_server.builders import exchange, held, internal, session

_OUT = Relay(NextHop("customer.example"), Connector("Internet", "outbound"))


def test_a_host_tells_who_it_is() -> None:
    host: Host = exchange()
    assert ("onprem", "mail.contoso.com", "Exchange Server") == (host.name, host.fqdn, host.product)
    assert [(587, True), (587, False)] == [
        (h.submission.port, h.submission.tls) for h in (exchange(), exchange(certificates=()))
    ]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"SendConnectors": {}}, False),
        ({"SendConnectors": {}, "ReceiveConnectors": {"Default Frontend X": {"RequireTLS": True}}}, False),
        ({}, True),
        (
            {
                "SendConnectors": {},
                "ReceiveConnectors": {"Relay": {"Bindings": "0.0.0.0:25", "RemoteIPRanges": "192.0.2.7"}},
            },
            True,
        ),
    ],
)
def test_it_has_connectors_if_somebody_made_some(settings: dict[str, Any], expected: bool) -> None:
    assert expected == exchange(**settings).has_connectors


@pytest.mark.parametrize(
    ("told", "expected"), [({}, "mail.contoso.com"), ({"Fqdn": "mx1.contoso.com"}, "mx1.contoso.com")]
)
def test_ehlo_says_the_fqdn_of_the_connector(told: dict[str, str], expected: str) -> None:
    host = exchange(
        addresses=("203.0.113.25", "203.0.113.26"), SendConnectors={"Internet": {"AddressSpaces": "*", **told}}
    )
    assert ("203.0.113.25", expected) == host.egress(held(), _OUT, a_moment())
    assert "mail.contoso.com" == host.egress(held(), Relay(NextHop()), a_moment())[1]


@pytest.mark.parametrize(("enabled", "expected"), [(True, "Internal"), (False, None)])
def test_internal_headers_leave_over_hybrid_connectors_only(enabled: bool, expected: str | None) -> None:
    host = exchange(SendConnectors={"Internet": {"AddressSpaces": "*", "CloudServicesMailEnabled": enabled}})
    message, sender = host.prepare(held(message=internal()), _OUT, a_moment())
    assert expected == message.get("X-MS-Exchange-CrossPremises-AuthAs")
    assert message.get("X-MS-Exchange-Organization-AuthAs") is None
    assert "sun@customer.example" == str(sender)


def test_the_received_line_has_the_name_of_the_receive_connector() -> None:
    host = exchange(ReceiveConnectors={"Default Frontend X": {"Fqdn": "mx.contoso.com"}})
    stamped = host.stamp(held(session=session()), a_moment())
    assert "by mx.contoso.com with Microsoft SMTP Server" in (stamped.get("Received") or "")


def test_every_rule_of_the_product_has_a_source_and_a_test() -> None:
    mine = [rule for rule in all_rules() if rule.id.startswith("EXS-")]
    assert len(mine) > 30
    assert [] == [rule.id for rule in mine if not rule.source or (not rule.test and rule.fidelity != "not modelled")]
