from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.products.exchange_server import ExchangeServer
from simulator.products.exchange_server.selection import Selection, select
from tests.products.exchange_server.builders import exchange

_MB = 2**20


def _select(host: ExchangeServer, domain: str, size: int = 1000) -> Selection:
    return select(
        tuple(host.settings.SendConnectors.values()), domain, size, server=host.server, directory=host.directory,
        default_size=host.settings.knobs.send_connector_size,
    )  # fmt: skip


def _chosen(connectors: dict[str, Any], domain: str, size: int = 1000, **settings: Any) -> tuple[str, dict[str, str]]:
    """The connector's name, or why there is none; and why each of the others lost."""
    found = _select(exchange(SendConnectors=connectors, **settings), domain, size)
    name = found.connector.name if found.connector else found.reason
    return name, {c.name: c.reason for c in found.step.candidates if not c.chosen}


def _space(*spaces: str, **more: Any) -> dict[str, Any]:
    return {"AddressSpaces": list(spaces), **more}


@pytest.mark.parametrize(
    ("connectors", "domain", "expected", "lost"),
    [
        ({"A": _space("*"), "B": _space("contoso.com")}, "contoso.com", "B", {"A": "less-specific"}),
        ({"A": _space("*"), "B": _space("contoso.com")}, "mail.contoso.com", "A", {"B": "address-space"}),
        ({"A": _space("*.com"), "B": _space("*.contoso.com")}, "contoso.com", "B", {"A": "less-specific"}),
        ({"A": _space("*.contoso.com;1"), "B": _space("contoso.com;100")}, "contoso.com", "B", {"A": "less-specific"}),
        ({"A": _space("*;2"), "B": _space("*;1")}, "a.example", "B", {"A": "higher-cost"}),
        ({"b": _space("*"), "A": _space("*")}, "a.example", "A", {"b": "name-order"}),
        ({"A": _space("*;9", "a.example;50"), "B": _space("a.example;60")}, "a.example", "A", {"B": "higher-cost"}),
        ({"A": _space("*", Enabled=False)}, "a.example", "none", {"A": "disabled"}),
        ({"A": _space("*", SourceTransportServers=["MBX02"])}, "a.example", "none", {"A": "out-of-scope"}),
        ({"A": _space("*", SourceTransportServers=["ONPREM"])}, "a.example", "A", {}),
        ({"A": _space("*", SourceTransportServers=["MAIL"])}, "a.example", "A", {}),
        ({"A": _space("b.example")}, "a.example", "none", {"A": "address-space"}),
        (
            {"A": _space("X400:o=M", SmartHosts="h.example", DNSRoutingEnabled=False)},
            "a.example",
            "none",
            {"A": "address-space"},
        ),
        ({}, "a.example", "none", {}),
    ],
)
def test_which_connector_wins_and_why_the_others_lose(
    connectors: dict[str, Any], domain: str, expected: str, lost: dict[str, str]
) -> None:
    assert (expected, lost) == _chosen(connectors, domain)


@pytest.mark.parametrize(
    ("limit", "size", "expected"),
    [
        ("10MB", 10 * _MB, "A"),
        ("10MB", 10 * _MB + 1, "too-small"),
        ("unlimited", 2**40, "A"),
        (None, 25 * _MB, "A"),
        (None, 25 * _MB + 1, "too-small"),
    ],
)
def test_a_connector_that_is_too_small_is_no_candidate(limit: str | None, size: int, expected: str) -> None:
    told = {} if limit is None else {"MaxMessageSize": limit}
    assert expected == _chosen({"A": _space("*", **told)}, "a.example", size)[0]


def test_a_less_specific_connector_helps_out_a_small_one() -> None:
    connectors = {"Small": _space("a.example", MaxMessageSize="1MB"), "Large": _space("*", MaxMessageSize="9MB")}
    assert ("Large", {"Small": "too-small"}) == _chosen(connectors, "a.example", 2 * _MB)


def test_the_default_size_is_a_knob() -> None:
    assert "A" == _chosen({"A": _space("*")}, "a.example", 30 * _MB, knobs={"send_connector_size": "35MB"})[0]


def test_the_edges_space_is_the_accepted_domains_and_goes_before_the_star() -> None:
    connectors = {"Out": _space("*"), "In": _space("--")}
    assert ("In", {"Out": "less-specific"}) == _chosen(connectors, "contoso.com", ServerRole="Edge")
    assert ("Out", {"In": "address-space"}) == _chosen(connectors, "a.example", ServerRole="Edge")


_PATTERNS = ["*", "*.example", "a.example", "*.a.example", "b.example", "*;5", "a.example;7"]
_CONNECTORS = st.dictionaries(
    st.sampled_from(["alpha", "Bravo", "charlie", "Delta"]),
    st.fixed_dictionaries({"AddressSpaces": st.lists(st.sampled_from(_PATTERNS), min_size=1, max_size=3)}, optional={
        "Enabled": st.booleans(), "MaxMessageSize": st.sampled_from(["1MB", "9MB", "unlimited"])}),
    max_size=4,
)  # fmt: skip


@given(
    _CONNECTORS, st.randoms(use_true_random=False), st.sampled_from(["a.example", "x.a.example", "b.example", "c.test"])
)
def test_the_choice_does_not_depend_on_the_order_of_connectors(
    connectors: dict[str, Any], chance: Any, domain: str
) -> None:
    shuffled = list(connectors.items())
    chance.shuffle(shuffled)
    assert _chosen(connectors, domain, 2 * _MB) == _chosen(dict(shuffled), domain, 2 * _MB)


@given(_CONNECTORS, st.sampled_from(["a.example", "c.test"]))
def test_every_connector_is_told_and_at_most_one_is_chosen(connectors: dict[str, Any], domain: str) -> None:
    found = _select(exchange(SendConnectors=connectors), domain)
    assert set(connectors) == {c.name for c in found.step.candidates}
    assert (
        [found.connector.name] * 1 == [c.name for c in found.step.candidates if c.chosen] if found.connector else True
    )


@given(_CONNECTORS, st.sampled_from(["a.example", "c.test"]))
def test_a_connector_that_matches_nothing_changes_nothing(connectors: dict[str, Any], domain: str) -> None:
    before = _select(exchange(SendConnectors=connectors), domain)
    after = _select(exchange(SendConnectors={**connectors, "Aardvark": _space("elsewhere.test")}), domain)
    assert (before.connector.name if before.connector else "") == (after.connector.name if after.connector else "")
