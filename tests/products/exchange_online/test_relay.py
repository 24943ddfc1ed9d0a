"""The right to relay, and who owns a domain."""

from __future__ import annotations

import pytest

from simulator.products.exchange_online.relay import domain_step
from tests.products.exchange_online.builders import ask, contoso, inbound, outcomes, session, tenants

OWN = session("192.0.2.10")
BY_IP = {"InboundConnectors": inbound(SenderIPAddresses="192.0.2.10")}
SUBDOMAINS = {"contoso.com": {"DomainType": "InternalRelay", "MatchSubDomains": True}}


def test_null_sender_relays_only_by_certificate() -> None:
    host = contoso(InboundConnectors=inbound(SenderIPAddresses="192.0.2.10", TlsSenderCertificateName="*.contoso.com"))
    by_address = ask(host, "<>", "x@gmail.test", OWN)
    by_certificate = ask(host, "<>", "x@gmail.test", session(cert="mail.contoso.com"))

    assert ("550 5.7.64", "250 2.1.5") == (by_address.reply.codes, by_certificate.reply.codes)
    assert "the null sender has no domain" in by_address.steps[-1].says
    assert by_address.steps[-1].says.endswith("no TlsSenderCertificateName of an accepted domain matches")


@pytest.mark.parametrize("sender", ["x@sm.contoso.com", "x@contoso.onmicrosoft.com", "X@CONTOSO.COM"])
def test_every_accepted_domain_counts_whatever_its_type(sender: str) -> None:
    assert ask(contoso(**BY_IP), sender, "x@gmail.test", OWN).ok


def test_a_recipient_of_the_tenant_needs_no_right() -> None:
    decision = ask(contoso(**BY_IP), "news@other.test", "user@contoso.com", OWN)

    assert "RELAY" not in outcomes(decision.steps)


@pytest.mark.parametrize(("knob", "code"), [(True, "250 2.1.5"), (False, "550 5.7.64")])
def test_a_sender_in_a_subdomain_counts_by_matchsubdomains(knob: bool, code: str) -> None:
    host = contoso(**BY_IP, AcceptedDomains=SUBDOMAINS, knobs={"match_subdomains_for_relay": knob})
    decision = ask(host, "x@dev.contoso.com", "x@gmail.test", OWN)

    assert (code, "m365") == (decision.reply.codes, decision.owner)


def test_a_sender_in_a_subdomain_does_not_count_without_it() -> None:
    assert "550 5.7.64" == ask(contoso(**BY_IP), "x@dev.contoso.com", "x@gmail.test", OWN).reply.codes


@pytest.mark.parametrize(("knob", "code"), [(True, "550 5.7.64"), (False, "250 2.1.5")])
def test_several_domains_in_one_transaction_are_a_knob(knob: bool, code: str) -> None:
    host = contoso(**BY_IP, knobs={"one_domain_per_session": knob})
    decision = ask(host, "news@other.test", "any@sm.contoso.com", OWN, already=["user@contoso.com"])

    assert code == decision.reply.codes
    assert "own servers" == (decision.connector and decision.connector.name)


def test_the_closest_accepted_domain_owns_a_name() -> None:
    made = tenants(
        parent=({"AcceptedDomains": SUBDOMAINS}, []),
        child=({"AcceptedDomains": {"dev.contoso.com": "Authoritative"}}, []),
    )
    step = domain_step("dev.contoso.com", made[0].forest)

    assert "dev.contoso.com is an accepted domain of child" == step.says
    assert "parent" == getattr(made[0].forest.owner("other.contoso.com"), "name", "")


def test_nobody_owns_the_domain_of_the_null_sender() -> None:
    assert contoso().forest.owner(None) is None
