"""Connectors that do not do what they look like."""

from __future__ import annotations

import pytest

from tests.check.ground import a_ground, found, ids, played, sentence

BESIDE = "servers: {{m365: {{OutboundConnectors: {{{0}: {{ConnectorType: OnPremises, UseMXRecord: false, SmartHosts: [mail.contoso.com], {1}}}}}}}}}"
RULE = ", TransportRules: {{To the relay: {{RouteMessageOutboundConnector: {0}, SentToScope: InOrganization{1}}}}}}}}}"


def beside(name: str, settings: str) -> str:
    return BESIDE.format(name, settings)


def test_a_connector_whose_every_domain_a_more_specific_one_has_takes_nothing() -> None:
    # All accepted domains are named exactly by others.
    initial = "servers: {m365: {OutboundConnectors: {Initial: {like: To own servers, RecipientDomains: [contoso.onmicrosoft.com]}, All: {like: To own servers, RecipientDomains: [], AllAcceptedDomains: true}}}}"
    ground = a_ground(initial)
    assert "All never takes mail" in found(ground, "MF050").says
    assert "-[To own servers]->" in sentence(ground, "Bob", "John")


def test_a_connector_for_more_than_the_other_is_not_shadowed() -> None:
    ground = a_ground(beside("All", "AllAcceptedDomains: true"))
    assert not {"MF050", "MF051"} & set(ids(ground))


def test_of_two_connectors_for_one_domain_the_first_by_name_is_used() -> None:
    ground = a_ground(beside("Another", "RecipientDomains: [contoso.com]"))
    told = found(ground, "MF051")
    assert "To own servers and Another are both for contoso.com; Another takes it" == told.says
    assert "-[Another]->" in sentence(ground, "Bob", "John")


def test_two_inbound_connectors_for_one_address_overlap() -> None:
    ground = a_ground("servers: {m365: {InboundConnectors: {Also: {like: From own servers}}}}")
    assert "Also and From own servers both know 203.0.113.25/32; Also is used" == found(ground, "MF051").says
    assert "-[Also]->" in sentence(ground, "John", "Bob")


def test_a_rule_scoped_connector_without_rule_takes_nothing() -> None:
    ground = a_ground(
        "servers: {m365: {OutboundConnectors: {To own servers: {RecipientDomains: [], IsTransportRuleScoped: true}}}}"
    )
    assert "warning" == found(ground, "MF052").level
    assert "-[To own servers]->" not in sentence(ground, "Bob", "John")


@pytest.mark.parametrize("state", ["Enabled", "Disabled"])
def test_a_rule_that_is_in_force_uses_it(state: str) -> None:
    ground = a_ground(
        "servers: {m365: {OutboundConnectors: {To own servers: {RecipientDomains: [], IsTransportRuleScoped: true}}, "
        f"TransportRules: {{Send on: {{RouteMessageOutboundConnector: To own servers, From: bob@contoso.com, State: {state}}}}}}}}}"
    )
    assert ("MF052" in ids(ground)) == (state == "Disabled")
    assert ("-[To own servers]->" in sentence(ground, "Bob", "John")) == (state == "Enabled")


DISABLED = (
    "servers: {{m365: {{OutboundConnectors: {{Relay: {{like: To own servers, RecipientDomains: [], IsTransportRuleScoped: true, Enabled: {0}}}}}, "
    "TransportRules: {{Send on: {{RouteMessageOutboundConnector: Relay, From: bob@contoso.com}}}}}}}}"
)


def test_a_rule_that_names_a_disabled_connector_sends_mail_its_normal_route() -> None:
    ground = a_ground(DISABLED.format("false"))
    assert "it is disabled" in found(ground, "MF053").says
    assert "-[none]-> internet -> Sun" in sentence(ground, "Bob", "Sun")


def test_a_rule_that_names_an_enabled_connector_uses_it() -> None:
    ground = a_ground(DISABLED.format("true"))
    assert "MF053" not in ids(ground)
    assert "Relay" in str(played(ground, "Bob", "Sun").paths)
