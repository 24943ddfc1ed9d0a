"""Which outbound connector takes a recipient."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.products.exchange_online.selection import centralised, centralised_step, select
from tests.products.exchange_online.builders import contoso

DOMAINS: dict[str, Any] = dict.fromkeys(
    ("contoso.com", "sales.contoso.com", "fabrikam.com", "contoso.onmicrosoft.com"), "InternalRelay"
)
SMART = {"ConnectorType": "OnPremises", "UseMXRecord": False, "SmartHosts": "mail.contoso.com"}
WORKED_EXAMPLE: dict[str, Any] = {
    "C1": {"AllAcceptedDomains": True}, "C2": {"RecipientDomains": "contoso.com"}, "C3": {"RecipientDomains": "*.contoso.com"},
}  # fmt: skip


def chosen(
    connectors: dict[str, Any], domain: str, *, accepted: dict[str, Any] = DOMAINS, from_own_servers: bool = False, **knobs: Any
) -> tuple[str, dict[str, str]]:  # fmt: skip
    host = contoso(
        AcceptedDomains=accepted, OutboundConnectors={n: {**SMART, **c} for n, c in connectors.items()}, knobs=knobs
    )
    connector, step = select(host.profile, domain, from_own_servers=from_own_servers)
    assert connector is None or [connector.name] == [c.name for c in step.candidates if c.chosen]
    return connector.name if connector else "", {c.name: c.reason for c in step.candidates}


@pytest.mark.parametrize(
    ("domain", "example", "by_list"),
    [
        ("fabrikam.com", "C1", "C1"),
        ("contoso.com", "C2", "C2"),
        ("sales.contoso.com", "C3", "C1"),
        ("gmail.test", "", ""),
    ],
)
def test_the_documentations_example_and_its_list(domain: str, example: str, by_list: str) -> None:
    assert example == chosen(WORKED_EXAMPLE, domain)[0]
    assert by_list == chosen(WORKED_EXAMPLE, domain, selection_order="doc-list")[0]


def test_losers_say_why() -> None:
    connectors = {
        **WORKED_EXAMPLE, "off": {"RecipientDomains": "*", "Enabled": False}, "rules": {"IsTransportRuleScoped": True},
        "test": {"RecipientDomains": "*", "TestMode": True}, "star": {"RecipientDomains": "*"}, "nothing": {},
        "again": {"RecipientDomains": "*.contoso.com"},
    }  # fmt: skip

    assert (
        "again",
        {"C1": "less-specific", "C2": "recipient-domain", "C3": "name-order", "off": "disabled", "rules": "rule-scoped",
         "test": "test-mode", "star": "less-specific", "nothing": "recipient-domain", "again": "chosen"},
    ) == chosen(connectors, "sales.contoso.com")  # fmt: skip
    assert "not-accepted-domain" == chosen(connectors, "gmail.test")[1]["C1"]


def test_sentences_of_losers_are_about_the_domain() -> None:
    host = contoso(AcceptedDomains=DOMAINS, OutboundConnectors={n: {**SMART, **c} for n, c in WORKED_EXAMPLE.items()})
    says = {c.name: c.says for c in select(host.profile, "sales.contoso.com")[1].candidates}

    assert "sales.contoso.com is not covered by RecipientDomains [contoso.com]" == says["C2"]
    assert "all accepted domains; less specific than C3 (*.contoso.com)" == says["C1"]


@pytest.mark.parametrize(
    ("connectors", "domain", "winner"),
    [
        ({"star": {"RecipientDomains": "*"}, "all": {"AllAcceptedDomains": True}}, "fabrikam.com", "all"),
        ({"star": {"RecipientDomains": "*"}, "all": {"AllAcceptedDomains": True}}, "gmail.test", "star"),
        (
            {"a": {"RecipientDomains": "*.contoso.com"}, "z": {"RecipientDomains": "*.sales.contoso.com"}},
            "eu.sales.contoso.com",
            "z",
        ),
        ({"a": {"RecipientDomains": ["x.test", "*"]}, "b": {"RecipientDomains": ["*", "y.test"]}}, "y.test", "b"),
        ({"b": {"RecipientDomains": "*"}, "A": {"RecipientDomains": "*"}}, "gmail.test", "A"),
        ({}, "gmail.test", ""),
    ],
)
def test_the_most_specific_connector_wins(connectors: dict[str, Any], domain: str, winner: str) -> None:
    assert winner == chosen(connectors, domain)[0]


@pytest.mark.parametrize(("knob", "winner"), [("with_apex", "wide"), ("subdomains_only", "")])
def test_whether_a_wildcard_covers_the_bare_domain_is_a_knob(knob: str, winner: str) -> None:
    assert winner == chosen({"wide": {"RecipientDomains": "*.contoso.com"}}, "contoso.com", outbound_wildcard=knob)[0]


@pytest.mark.parametrize(
    "off",
    [{"Enabled": False}, {"TestMode": True}, {"IsTransportRuleScoped": True}, {"RouteAllMessagesViaOnPremises": False}],
)
def test_centralised_transport_needs_a_connector_in_use(off: dict[str, bool]) -> None:
    def central(**changes: bool) -> str:
        connector = {**SMART, "RecipientDomains": "*", "RouteAllMessagesViaOnPremises": True, **changes}
        found = centralised(
            contoso(OutboundConnectors={"b": connector, "c": {**SMART, "RecipientDomains": "x.test"}}).profile
        )
        return found.name if found else ""

    assert ("b", "") == (central(), central(**off))


def test_what_centralised_transport_passes_by_is_told() -> None:
    connector = {**SMART, "RecipientDomains": "*", "RouteAllMessagesViaOnPremises": True}
    others = {
        "off": {**SMART, "RecipientDomains": "x.test", "Enabled": False},
        "other": {**SMART, "RecipientDomains": "x.test"},
    }
    host = contoso(OutboundConnectors={"cmt": connector, **others})
    found = centralised(host.profile)
    assert found is not None

    reasons = {c.name: c.reason for c in centralised_step(host.profile, found).candidates}
    assert {"cmt": "centralised", "off": "disabled", "other": "centralised-first"} == reasons


SUBDOMAINS = {
    "contoso.com": {"DomainType": "InternalRelay", "MatchSubDomains": True},
    "dev.contoso.com": "InternalRelay",
}


@pytest.mark.parametrize(
    ("domain", "knob", "reason"),
    [
        ("contoso.com", False, "chosen"),
        ("dev.contoso.com", False, "chosen"),  # on the list itself
        ("lab.contoso.com", False, "subdomain"),
        ("lab.contoso.com", True, "chosen"),
        ("gmail.test", True, "not-accepted-domain"),
    ],
)
def test_all_accepted_domains_cover_what_is_on_the_list(domain: str, knob: bool, reason: str) -> None:
    _, reasons = chosen(
        {"all": {"AllAcceptedDomains": True}}, domain, accepted=SUBDOMAINS, all_accepted_with_subdomains=knob
    )

    assert {"all": reason} == reasons


def test_a_subdomain_goes_over_the_connector_that_lists_it() -> None:
    connectors = {"all": {"AllAcceptedDomains": True}, "listed": {"RecipientDomains": "*.contoso.com"}}

    assert "listed" == chosen(connectors, "lab.contoso.com", accepted=SUBDOMAINS)[0]


def test_a_subdomain_that_no_connector_lists_is_told_with_its_parent() -> None:
    host = contoso(AcceptedDomains=SUBDOMAINS, OutboundConnectors={"all": {**SMART, "AllAcceptedDomains": True}})
    _, step = select(host.profile, "lab.contoso.com")

    assert "EXO-CONN-6" == step.rule
    says = (
        "lab.contoso.com is accepted only by MatchSubDomains of contoso.com; RecipientDomains must list *.contoso.com"
    )
    assert says == step.candidates[0].says


CENTRAL = {"RouteAllMessagesViaOnPremises": True}


@pytest.mark.parametrize(
    ("scope", "domain", "reason"),
    [
        ({"RecipientDomains": "*"}, "gmail.test", "came-from-there"),
        ({"RecipientDomains": "*"}, "contoso.com", "came-from-there"),
        ({"RecipientDomains": ["contoso.com", "*"]}, "contoso.com", "chosen"),
        ({"RecipientDomains": ["contoso.com", "*"]}, "gmail.test", "came-from-there"),
        ({"RecipientDomains": "*.contoso.com"}, "contoso.com", "chosen"),
        ({"RecipientDomains": "contoso.com"}, "gmail.test", "recipient-domain"),
        ({"AllAcceptedDomains": True}, "contoso.com", "chosen"),
        ({"AllAcceptedDomains": True, "RecipientDomains": "*"}, "contoso.com", "chosen"),
    ],
)
def test_what_came_from_on_premises_returns_only_by_a_domain_that_the_connector_names(
    scope: dict[str, Any], domain: str, reason: str
) -> None:
    assert {"cmt": reason} == chosen({"cmt": {**CENTRAL, **scope}}, domain, from_own_servers=True)[1]


def test_an_ordinary_connector_for_everything_takes_what_came_from_on_premises() -> None:
    connectors = {"cmt": {**CENTRAL, "RecipientDomains": "*"}, "gateway": {"RecipientDomains": "*"}}

    assert ("gateway", {"cmt": "came-from-there", "gateway": "chosen"}) == chosen(
        connectors, "gmail.test", from_own_servers=True
    )


def test_why_it_goes_to_the_mx_names_the_rule() -> None:
    host = contoso(OutboundConnectors={"cmt": {**SMART, **CENTRAL, "RecipientDomains": "*"}})
    _, step = select(host.profile, "gmail.test", from_own_servers=True)

    assert "EXO-CONN-5" == step.rule
    assert "the mail came from on-premises, and what came from there does not go back by *" == step.candidates[0].says
