"""Accepted domains."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.products.exchange_online.domains import AcceptedDomains
from tests.products.exchange_online.builders import settings

RELAYED = {"DomainType": "InternalRelay", "MatchSubDomains": True}


def domains(**named: Any) -> AcceptedDomains:
    return AcceptedDomains(
        settings(AcceptedDomains={name.replace("_", "."): of for name, of in named.items()}).AcceptedDomains
    )


@pytest.mark.parametrize(
    ("domain", "entry"),
    [("contoso.com", "contoso.com"), ("a.contoso.com", "contoso.com"), ("b.dev.contoso.com", "contoso.com"),
     ("dev.contoso.com", "dev.contoso.com"), ("notcontoso.com", ""), (None, "")],
)  # fmt: skip
def test_the_closest_entry_answers(domain: str | None, entry: str) -> None:
    found = domains(contoso_com=RELAYED, dev_contoso_com="Authoritative").find(domain)

    assert entry == (found.name if found else "")


def test_subdomains_can_be_left_out() -> None:
    assert not domains(contoso_com=RELAYED).accepts("a.contoso.com", subdomains=False)


@pytest.mark.parametrize(
    ("named", "default", "initial"),
    [
        ({"c_onmicrosoft_com": "Authoritative", "contoso_com": "Authoritative"}, "contoso.com", "c.onmicrosoft.com"),
        ({"a_test": "Authoritative", "b_test": {"Default": True}}, "b.test", ""),
        ({"a_test": {"InitialDomain": True}, "c_onmicrosoft_com": "Authoritative"}, "a.test", "a.test"),
        ({}, "", ""),
    ],
)
def test_the_default_domain(named: dict[str, Any], default: str, initial: str) -> None:
    found = domains(**named)

    assert (default, initial) == (found.default, found.initial)


def test_names_are_compared_in_one_spelling() -> None:
    accepted = AcceptedDomains(settings(AcceptedDomains={"Contoso.COM.": "Authoritative"}).AcceptedDomains)

    assert accepted.is_authoritative("contoso.com")
    assert 11 == accepted.closeness("contoso.com")
    assert 0 == accepted.closeness("x.test")
