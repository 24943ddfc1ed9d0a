"""RCPT TO: what the connecting address and the recipient's tenant are refused for."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.policy.decision import Decision
from tests.products.exchange_online.builders import CONTOSO, ask, candidate, contoso, inbound, partner, session, tenants

HERE, THERE = session("203.0.113.5"), session("198.51.100.5")
IPV6 = session("2001:db8::5")


def asked(client: Any = HERE, to: Any = "bob@contoso.com", **changes: Any) -> Decision:
    return ask(contoso(**changes), "a@gmail.test", to, client)


@pytest.mark.parametrize(
    ("knob", "code", "says"),
    [
        ("banned_ips", "550 5.7.606", "Access denied, banned sending IP [203.0.113.5]; To request removal"),
        ("banned_ips_for_delist", "550 5.7.511", "Access denied, banned sender[203.0.113.5]. To request removal"),
        ("throttled_ips", "451 4.7.500", "Server busy. Please try again later from [203.0.113.5]. (S77"),
    ],
)
@pytest.mark.parametrize("listed", ["203.0.113.5", "203.0.113.0/24", ["192.0.2.1", "203.0.113.4/31"]])
def test_a_listed_address_is_refused(knob: str, code: str, says: str, listed: Any) -> None:
    found = asked(knobs={knob: listed})

    assert (code, True) == (found.reply.codes, says in found.reply.text)
    assert bool(candidate(found.steps, knob, "CLIENT").at)
    assert asked(THERE, knobs={knob: listed}).ok


def test_a_connector_saves_a_throttled_address_and_not_a_banned_one() -> None:
    known = {"InboundConnectors": inbound(SenderIPAddresses="203.0.113.5")}
    restricted = {"InboundConnectors": partner(SenderIPAddresses="203.0.113.5", RestrictDomainsToIPAddresses=True)}
    for connectors in (known, restricted):
        assert asked(**connectors, knobs={"throttled_ips": "203.0.113.5"}).ok
        assert "550 5.7.606" == asked(**connectors, knobs={"banned_ips": "203.0.113.5"}).reply.codes


def test_what_one_tenant_of_the_lab_lists_the_whole_service_holds_against_an_address() -> None:
    fabrikam = {"AcceptedDomains": {"fabrikam.com": "Authoritative"}, "knobs": {"banned_ips": "203.0.113.5"}}
    host, _ = tenants(m365=(CONTOSO, ["bob@contoso.com"]), fabrikam=(fabrikam, []))

    assert "550 5.7.606" == ask(host, "a@gmail.test", "bob@contoso.com", HERE).reply.codes


@pytest.mark.parametrize(
    ("here", "there", "code"), [("NAM", "EUR", "451 4.4.62"), ("NAM", "nam", "250 2.1.5"), ("", "", "250 2.1.5")]
)
def test_mail_for_another_region_is_put_off(here: str, there: str, code: str) -> None:
    fabrikam = {"AcceptedDomains": {"fabrikam.com": "Authoritative"}, "knobs": {"region": there} if there else {}}
    contoso_ = {**CONTOSO, "knobs": {"region": here} if here else {}}
    host, other = tenants(m365=(contoso_, ["bob@contoso.com"]), fabrikam=(fabrikam, ["faye@fabrikam.com"]))

    assert code == ask(host, "a@gmail.test", "faye@fabrikam.com").reply.codes
    assert ask(other, "a@gmail.test", "faye@fabrikam.com").ok


def test_a_tenant_without_subscription_takes_no_anonymous_mail() -> None:
    ended = {"knobs": {"mail_enabled_subscriptions": False}}

    assert "451 4.4.4" == asked(**ended).reply.codes
    assert asked(**ended, InboundConnectors=inbound(SenderIPAddresses="203.0.113.5")).ok


@pytest.mark.parametrize(
    ("already", "knob", "limit", "code"),
    [
        (["user@contoso.com"], 1, None, "452 4.5.3"),
        (["user@contoso.com"], 2, None, "250 2.1.5"),
        (["user@contoso.onmicrosoft.com"], 1, None, "250 2.1.5"),
        (["bob@contoso.com"], 1, None, "250 2.1.5"),  # named twice counts once
        (["x@contoso.onmicrosoft.com"], 200, 1, "452 4.5.3"),
        (["x@contoso.onmicrosoft.com"], 200, 2, "250 2.1.5"),
        (["bob@contoso.com"], 200, 1, "250 2.1.5"),
        ([f"u{n}@contoso.com" for n in range(200)], 200, None, "452 4.5.3"),
    ],
)
def test_a_transaction_has_so_many_recipients(already: list[str], knob: int, limit: int | None, code: str) -> None:
    config = {"TransportConfig": {"MaxRecipientEnvelopeLimit": limit}} if limit else {}
    host = contoso(**config, knobs={"recipients_of_one_domain": knob})

    assert code == ask(host, "a@gmail.test", "bob@contoso.com", already=already).reply.codes


DOMAINS = {"contoso.com": {"IPv6Status": "Disabled"}, "contoso.onmicrosoft.com": "Authoritative"}


def test_a_domain_takes_mail_over_ipv6_unless_told_otherwise() -> None:
    found = asked(IPV6, AcceptedDomains=DOMAINS)

    assert ("550 5.2.1", True) == (
        found.reply.codes, "Service unavailable, [contoso.com] does not accept email over IPv6" in found.reply.text,
    )  # fmt: skip
    assert bool(candidate(found.steps, "IPv6Status", "CLIENT").at)
    assert asked(IPV6).ok
    assert asked(HERE, AcceptedDomains=DOMAINS).ok


def test_an_ipv6_address_needs_reverse_dns() -> None:
    listed = {"knobs": {"no_reverse_dns": ["2001:db8::/32", "203.0.113.0/24"]}}

    assert "450 4.7.25" == asked(IPV6, **listed).reply.codes
    assert asked(HERE, **listed).ok  # IPv4 needs none


def test_the_directory_is_asked_first() -> None:
    """A refusal for good says more than one that puts off."""
    found = asked(to="nobody@contoso.com", knobs={"throttled_ips": "203.0.113.5"})

    assert "550 5.4.1" == found.reply.codes


def test_relay_is_refused_whatever_else_is_wrong_with_the_client() -> None:
    assert "550 5.7.64" == asked(to="x@gmail.test", knobs={"throttled_ips": "203.0.113.5"}).reply.codes
