"""RCPT TO at port 25: the vectors of who is taken, by which tenant, over which connector."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.session import Session
from simulator.products.exchange_online import Tenant
from simulator.topology import CertificateSpec
from tests.products.exchange_online.builders import (
    ask,
    candidate,
    contoso,
    inbound,
    outcomes,
    partner,
    session,
    tenants,
)

BY_IP = {"InboundConnectors": inbound(SenderIPAddresses="192.0.2.10")}
BY_CERT = {"InboundConnectors": inbound(TlsSenderCertificateName="*.contoso.com")}
EXACT_CERT = {"InboundConnectors": inbound(TlsSenderCertificateName="mail.contoso.com")}
VENDOR = {"InboundConnectors": inbound(TlsSenderCertificateName="mail.vendor.test")}
SUB_CERT = {"InboundConnectors": inbound(TlsSenderCertificateName="*.sub.contoso.com")}
PARTNER_IP = {"InboundConnectors": partner(SenderIPAddresses="192.0.2.10", RestrictDomainsToIPAddresses=True)}
LOCKED = partner(SenderIPAddresses="198.51.100.0/24", RestrictDomainsToIPAddresses=True)
LOCKED_AND_OWN = {"InboundConnectors": {**LOCKED, **inbound(SenderIPAddresses="192.0.2.10")}}
SCOPED = {
    "InboundConnectors": partner(
        SenderDomains="*.partner.test", SenderIPAddresses="198.51.100.7", RestrictDomainsToIPAddresses=True
    )
}
NO_DIRECT_SEND = {"OrganizationConfig": {"RejectDirectSend": True}}

OWN = session("192.0.2.10")
MAIL_CERT = session(cert="mail.contoso.com")

VECTORS: list[tuple[str, dict[str, Any], Session, str, str, str, str, str]] = [
    # number, settings, session, MAIL, RCPT, code, direction, connector
    ("1", {}, session(), "a@gmail.test", "user@contoso.com", "250 2.1.5", "Incoming", ""),
    ("2", {}, session(), "a@gmail.test", "nobody@contoso.com", "550 5.4.1", "Incoming", ""),
    ("3", {}, session(), "scan@contoso.com", "x@gmail.test", "550 5.7.64", "", ""),
    ("4", BY_IP, OWN, "scan@contoso.com", "x@gmail.test", "250 2.1.5", "Originating", "own servers"),
    ("5", BY_IP, OWN, "news@other.test", "x@gmail.test", "550 5.7.64", "", "own servers"),
    ("6", BY_IP, OWN, "<>", "x@gmail.test", "550 5.7.64", "", "own servers"),
    ("7", BY_IP, OWN, "news@other.test", "user@contoso.com", "250 2.1.5", "Originating", "own servers"),
    ("8", BY_CERT, MAIL_CERT, "<>", "x@gmail.test", "250 2.1.5", "Originating", "own servers"),
    ("9", VENDOR, session(cert="mail.vendor.test"), "scan@contoso.com", "x@gmail.test", "250 2.1.5", "Originating", "own servers"),
    ("9b", VENDOR, session(cert="mail.vendor.test"), "<>", "x@gmail.test", "550 5.7.64", "", "own servers"),
    ("10", PARTNER_IP, OWN, "scan@contoso.com", "x@gmail.test", "550 5.7.64", "", ""),
    ("11", {"InboundConnectors": LOCKED}, session(), "a@gmail.test", "user@contoso.com", "550 5.7.51", "Incoming", "from partner"),
    ("12", LOCKED_AND_OWN, OWN, "user2@contoso.com", "user@contoso.com", "250 2.1.5", "Originating", "own servers"),
    ("13", NO_DIRECT_SEND, session(), "ceo@contoso.com", "user@contoso.com", "550 5.7.68", "Incoming", ""),
    ("14", NO_DIRECT_SEND, session(), "a@gmail.test", "user@contoso.com", "250 2.1.5", "Incoming", ""),
    ("15", BY_CERT, session(cert=CertificateSpec("mail.contoso.com", defect="self-signed")), "scan@contoso.com", "x@gmail.test",
     "550 5.7.64", "", ""),
    ("17", SUB_CERT, session(cert="host.sub.contoso.com"), "<>", "x@gmail.test", "550 5.7.64", "", "own servers"),
    ("18", EXACT_CERT, MAIL_CERT, "<>", "x@gmail.test", "550 5.7.64", "", "own servers"),
    ("18b", EXACT_CERT, MAIL_CERT, "scan@contoso.com", "x@gmail.test", "250 2.1.5", "Originating", "own servers"),
    ("19", SCOPED, session(), "a@partner.test", "user@contoso.com", "550 5.7.51", "Incoming", "from partner"),
    ("20", SCOPED, session(), "a@gmail.test", "user@contoso.com", "250 2.1.5", "Incoming", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "client", "sender", "recipient", "code", "direction", "connector"),
    [row[1:] for row in VECTORS], ids=[row[0] for row in VECTORS],
)  # fmt: skip
def test_recipients_are_taken_as_in_the_vectors(
    changes: dict[str, Any], client: Session, sender: str, recipient: str, code: str, direction: str, connector: str
) -> None:
    decision = ask(contoso(**changes), sender, recipient, client)

    got = decision.connector.name if decision.connector else ""
    assert (code, direction, connector) == (decision.reply.codes, decision.facts.get("direction", ""), got)
    assert ("m365" if direction else "") == decision.owner


def two_tenants(shared: str = "192.0.2.10") -> list[Tenant]:
    connector = inbound(SenderIPAddresses=shared)
    return tenants(
        m365=(
            {"AcceptedDomains": {"contoso.com": "Authoritative"}, "InboundConnectors": connector},
            ["user@contoso.com"],
        ),
        fabrikam=(
            {"AcceptedDomains": {"fabrikam.com": "Authoritative"}, "InboundConnectors": connector},
            ["bob@fabrikam.com"],
        ),
    )


@pytest.mark.parametrize("called", [0, 1])
def test_an_address_that_two_tenants_list_is_decided_by_the_sender(called: int) -> None:
    decision = ask(two_tenants()[called], "a@fabrikam.com", "x@gmail.test", OWN)

    assert ("250 2.1.5", "fabrikam", "sender-domain") == (decision.reply.codes, decision.owner, decision.facts["basis"])


@pytest.mark.parametrize("called", [0, 1])
def test_own_servers_mail_for_another_tenant_enters_the_owner_of_the_connector_first(called: int) -> None:
    made = tenants(
        m365=({"AcceptedDomains": {"contoso.com": "Authoritative"}, **BY_IP}, ["user@contoso.com"]),
        fabrikam=({"AcceptedDomains": {"fabrikam.com": "Authoritative"}}, ["bob@fabrikam.com"]),
    )

    decision = ask(made[called], "user@contoso.com", "bob@fabrikam.com", OWN)

    assert ("250 2.1.5", "m365", "Originating") == (decision.reply.codes, decision.owner, decision.facts["direction"])
    assert "relay" == outcomes(decision.steps)["RELAY"]


@pytest.mark.parametrize("called", [0, 1])
def test_whichever_tenant_is_called_the_owner_of_the_recipient_takes_it(called: int) -> None:
    decision = ask(two_tenants()[called], "a@gmail.test", "bob@fabrikam.com")

    assert ("250 2.1.5", "fabrikam", "Incoming") == (decision.reply.codes, decision.owner, decision.facts["direction"])


def test_recipients_of_one_transaction_have_their_own_answers() -> None:
    host = two_tenants()[0]
    answers = [
        ask(host, "a@gmail.test", to, already=["user@contoso.com"])
        for to in ("bob@fabrikam.com", "no@contoso.com", "x@gmail.test")
    ]

    assert [("250 2.1.5", "fabrikam"), ("550 5.4.1", "m365"), ("550 5.7.64", "")] == [
        (d.reply.codes, d.owner) for d in answers
    ]


def test_a_blocked_connector_refuses_everybody() -> None:
    host = contoso(**BY_IP, knobs={"blocked_connectors": "Own Servers"})
    decision = ask(host, "scan@contoso.com", "user@contoso.com", OWN)

    assert "550 5.7.711" == decision.reply.codes
    assert decision.reply.text.startswith("Access denied, bad inbound connector. AS(2204) [")
    assert "own servers" == (decision.connector and decision.connector.name)


def test_a_partner_connector_with_require_tls_wants_tls() -> None:
    host = contoso(InboundConnectors=partner(SenderDomains="partner.test", RequireTls=True))
    refused, taken = (ask(host, "a@partner.test", "user@contoso.com", session(tls=tls)) for tls in (False, True))

    assert "451 5.7.3 STARTTLS is required to send mail" == str(refused.reply)
    assert "no-tls" == refused.steps[-1].outcome
    assert ("250 2.1.5", "from partner") == (taken.reply.codes, taken.connector and taken.connector.name)


def test_the_words_of_a_missing_tls_are_a_knob() -> None:
    host = contoso(InboundConnectors=partner(RequireTls=True), knobs={"require_tls_reply": "550 5.7.1 TLS please"})

    assert "550 5.7.1 TLS please" == str(ask(host, "a@partner.test", "user@contoso.com").reply)


@pytest.mark.parametrize(
    ("connector", "client", "code"),
    [
        (partner(SenderIPAddresses="203.0.113.5", RestrictDomainsToIPAddresses=True), session(), "250 2.1.5"),
        (partner(TlsSenderCertificateName="mx.gate.test", RequireTls=True), session(cert="mx.gate.test"), "250 2.1.5"),
        (partner(), session(), "550 5.7.68"),
        (partner(SenderIPAddresses="203.0.113.5"), session(), "550 5.7.68"),
        (inbound(SenderIPAddresses="203.0.113.5"), session(), "250 2.1.5"),
    ],
)
def test_direct_send_is_let_in_only_by_a_connector_that_matched_address_or_certificate(
    connector: dict[str, Any], client: Session, code: str
) -> None:
    host = contoso(**NO_DIRECT_SEND, InboundConnectors=connector)

    assert code == ask(host, "ceo@contoso.com", "user@contoso.com", client).reply.codes


def test_the_null_sender_is_no_direct_send() -> None:
    assert ask(contoso(**NO_DIRECT_SEND), "<>", "user@contoso.com").ok


def test_a_sender_in_a_matched_subdomain_is_direct_send() -> None:
    domains = {"contoso.com": {"DomainType": "InternalRelay", "MatchSubDomains": True}}
    host = contoso(**NO_DIRECT_SEND, AcceptedDomains=domains)

    assert "550 5.7.68" == ask(host, "x@any.contoso.com", "user@contoso.com").reply.codes


def test_lock_down_goes_before_direct_send() -> None:
    host = contoso(**NO_DIRECT_SEND, InboundConnectors=LOCKED)

    assert "550 5.7.51" == ask(host, "ceo@contoso.com", "user@contoso.com").reply.codes


@pytest.mark.parametrize(("knob", "code"), [(False, "250 2.1.5"), (True, "550 5.4.1")])
def test_unknown_recipients_are_taken_from_own_servers_unless_the_knob_says_otherwise(knob: bool, code: str) -> None:
    host = contoso(**BY_IP, knobs={"dbeb_on_connector_mail": knob})

    assert code == ask(host, "scan@contoso.com", "nobody@contoso.com", OWN).reply.codes


def test_partner_mail_for_unknown_recipients_is_refused() -> None:
    host = contoso(InboundConnectors=partner(SenderIPAddresses="203.0.113.5", RestrictDomainsToIPAddresses=True))

    assert "550 5.4.1" == ask(host, "a@partner.test", "nobody@contoso.com").reply.codes


def test_unknown_recipients_of_an_internal_relay_domain_are_taken() -> None:
    decision = ask(contoso(), "a@gmail.test", "anybody@sm.contoso.com")

    assert ("250 2.1.5", "internal-relay") == (decision.reply.codes, outcomes(decision.steps)["DIRECTORY"])


def test_refusals_end_with_host_time_and_trace_id() -> None:
    text = ask(contoso(), "a@gmail.test", "x@gmail.test").reply.text

    assert "TenantAttribution; Relay Access Denied [" in text
    host, when, trace = text.rpartition("[")[2].rstrip("]").split()
    assert host.endswith(".mail.protection.outlook.com")
    assert ("2026-01-15T09:00:00.000Z", 16, "08DE") == (when, len(trace), trace[:4])


def test_a_refusal_points_at_the_setting_that_decided() -> None:
    decision = ask(contoso(), "a@gmail.test", "nobody@contoso.com")

    assert ("unknown", "nobody@contoso.com") == (decision.steps[-1].outcome, decision.steps[-1].candidates[0].name)
    assert decision.steps[-1].at


def test_a_partner_connector_is_told_to_give_no_relay() -> None:
    decision = ask(contoso(**PARTNER_IP), "scan@contoso.com", "x@gmail.test", OWN)
    found = candidate(decision.steps, "from partner")

    assert "not-onpremises" == found.reason
    assert "Partner" in found.says


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({"IPBlockList": ["203.0.113.0/24"]}, "550 5.7.513"),
        ({"IPBlockList": ["203.0.113.1-203.0.113.9"]}, "550 5.7.513"),
        ({"IPBlockList": ["203.0.113.5"], "IPAllowList": ["203.0.113.5"]}, "250 2.1.5"),
        ({"IPBlockList": ["203.0.113.6"]}, "250 2.1.5"),
    ],
)
def test_a_blocked_address_is_refused_unless_it_is_allowed(policy: dict[str, Any], code: str) -> None:
    decision = ask(contoso(HostedConnectionFilterPolicy=policy), "a@gmail.test", "user@contoso.com")

    assert code == decision.reply.codes


def test_an_own_server_is_not_looked_for_in_the_block_list() -> None:
    host = contoso(
        HostedConnectionFilterPolicy={"IPBlockList": ["203.0.113.5"]}, InboundConnectors=inbound(SenderIPAddresses="203.0.113.5")
    )  # fmt: skip

    assert ask(host, "john@contoso.com", "user@contoso.com").ok
