"""Attribution: which OnPremises connector makes a message a tenant's own."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.session import Session
from simulator.topology import CertificateSpec
from tests.products.exchange_online.builders import CONTOSO, ask, candidate, contoso, inbound, session, tenants

ON_PREMISES = {"ConnectorType": "OnPremises", "SenderDomains": "*"}


def connectors(**each: dict[str, Any]) -> dict[str, Any]:
    return {"InboundConnectors": {name: {**ON_PREMISES, **connector} for name, connector in each.items()}}


def used(changes: dict[str, Any], client: Session, sender: str = "scan@contoso.com", to: str = "x@gmail.test") -> str:
    decision = ask(contoso(**changes), sender, to, client)
    return decision.connector.name if decision.ok and decision.connector else ""


def test_certificate_connector_is_tried_before_address_connector() -> None:
    changes = connectors(
        a_address={"SenderIPAddresses": "192.0.2.10"}, z_name={"TlsSenderCertificateName": "*.contoso.com"}
    )

    assert "z_name" == used(changes, session("192.0.2.10", "mail.contoso.com"))


@pytest.mark.parametrize(
    ("names", "winner"),
    [
        ({"wide": "*.contoso.com", "exact": "mail.sm.contoso.com"}, "wide"),  # the exact one is not accepted
        ({"wide": "*.contoso.com", "closer": "*.sm.contoso.com"}, "closer"),
        ({"b": "*.sm.contoso.com", "a": "*.sm.contoso.com"}, "a"),
    ],
)
def test_the_most_exact_accepted_certificate_name_wins(names: dict[str, str], winner: str) -> None:
    changes = connectors(**{name: {"TlsSenderCertificateName": wanted} for name, wanted in names.items()})

    assert winner == used(changes, session(cert="mail.sm.contoso.com"), "<>")


def test_an_exact_name_that_is_accepted_goes_before_a_wildcard() -> None:
    domains = {**CONTOSO["AcceptedDomains"], "mail.contoso.com": "Authoritative"}
    changes = connectors(
        a={"TlsSenderCertificateName": "*.contoso.com"}, z={"TlsSenderCertificateName": "mail.contoso.com"}
    )

    assert "z" == used({**changes, "AcceptedDomains": domains}, session(cert="mail.contoso.com"), "<>")


def test_the_longest_prefix_wins_among_address_connectors_then_the_name() -> None:
    changes = connectors(
        wide={"SenderIPAddresses": ["192.0.2.0/24"]}, narrow={"SenderIPAddresses": ["192.0.2.10", "192.0.2.0/24"]},
        other={"SenderIPAddresses": ["192.0.2.10"]},
    )  # fmt: skip

    assert "narrow" == used(changes, session("192.0.2.10"))
    assert "narrow" == used(changes, session("192.0.2.99"))  # narrow before wide by name


def test_losers_say_why() -> None:
    changes = connectors(
        off={"SenderIPAddresses": "192.0.2.10", "Enabled": False},
        elsewhere={"SenderIPAddresses": "192.0.2.11"},
        named={"TlsSenderCertificateName": "*.contoso.com"},
        wide={"SenderIPAddresses": "192.0.2.0/24"},
        used={"SenderIPAddresses": "192.0.2.10"},
        nobody={},
        associated={"SenderIPAddresses": "192.0.2.10", "AssociatedAcceptedDomains": "sm.contoso.com"},
    )
    decision = ask(contoso(**changes), "scan@contoso.com", "x@gmail.test", session("192.0.2.10"))
    reasons = {c.name: c.reason for c in decision.steps[0].candidates}

    assert {
        "off": "disabled", "elsewhere": "address-not-listed", "named": "no-tls", "wide": "less-specific", "used": "matched",
        "nobody": "identifies-nobody", "associated": "domain-not-associated",
    } == reasons  # fmt: skip
    assert "192.0.2.10 is not in SenderIPAddresses [192.0.2.11]" == candidate(decision.steps, "elsewhere").says
    assert candidate(decision.steps, "wide").says.endswith("less specific than used")


@pytest.mark.parametrize(
    ("cert", "reason", "words"),
    [
        ("mail.contoso.local", "certificate-name", "certificate name mail.contoso.local does not match TlsSenderCertificateName *.contoso.com"),
        (CertificateSpec("mail.contoso.com", defect="self-signed"), "certificate-untrusted", "self-signed"),
        (CertificateSpec("mail.contoso.com", defect="untrusted"), "certificate-untrusted", "not trusted"),
        (CertificateSpec("mail.contoso.com", defect="incomplete-chain"), "certificate-untrusted", "not sent with it"),
        (CertificateSpec("mail.contoso.com", defect="no-client-auth"), "certificate-untrusted", "client authentication"),
        (CertificateSpec("mail.contoso.com", defect="expired"), "certificate-expired", "expired"),
        (CertificateSpec("mail.contoso.com", defect="not-yet-valid"), "certificate-expired", "valid from"),
    ],
)  # fmt: skip
def test_a_bad_certificate_is_no_match_with_a_reason(cert: str | CertificateSpec, reason: str, words: str) -> None:
    changes = connectors(named={"TlsSenderCertificateName": "*.contoso.com"})
    decision = ask(contoso(**changes), "scan@contoso.com", "x@gmail.test", session(cert=cert))
    found = candidate(decision.steps, "named")

    assert ("550 5.7.64", reason) == (decision.reply.codes, found.reason)
    assert words in found.says


def test_tls_without_a_certificate_is_no_match() -> None:
    changes = connectors(named={"TlsSenderCertificateName": "*.contoso.com"})
    decision = ask(contoso(**changes), "<>", "x@gmail.test", session(tls=True))

    assert "no-certificate" == candidate(decision.steps, "named").reason


def test_a_connector_with_name_and_address_is_known_by_either() -> None:
    changes = connectors(both={"TlsSenderCertificateName": "*.contoso.com", "SenderIPAddresses": "192.0.2.10"})
    refused = ask(contoso(**changes), "scan@contoso.com", "x@gmail.test", session())

    assert "both" == used(changes, session(cert="mail.contoso.com"), "<>")
    assert "both" == used(changes, session("192.0.2.10"))
    assert "no-tls" == candidate(refused.steps, "both").reason
    assert "203.0.113.5 is not in SenderIPAddresses [192.0.2.10]" in candidate(refused.steps, "both").says


def test_an_unaccepted_certificate_name_is_told() -> None:
    changes = connectors(named={"TlsSenderCertificateName": "mail.contoso.com"})
    decision = ask(contoso(**changes), "<>", "x@gmail.test", session(cert="mail.contoso.com"))

    found = candidate(decision.steps, "named")
    assert "domain-not-accepted" == found.reason
    assert found.says.endswith("but mail.contoso.com is not an accepted domain of its tenant")


def test_lenient_mode_takes_a_certificate_whose_name_is_not_accepted() -> None:
    changes = connectors(named={"TlsSenderCertificateName": "mail.contoso.com"})
    client = session(cert="mail.contoso.com")

    assert "" == used(changes, client, "<>")
    assert "named" == used({**changes, "knobs": {"attribution_mode": "lenient"}}, client, "<>")


def test_associated_domains_limit_a_connector_as_a_source() -> None:
    changes = connectors(
        own={"TlsSenderCertificateName": "*.contoso.com", "AssociatedAcceptedDomains": ["contoso.com"]}
    )
    client = session(cert="mail.contoso.com")

    assert "own" == used(changes, client)
    assert "" == used(changes, client, "x@sm.contoso.com")
    assert "" == used(changes, client, "<>")


@pytest.mark.parametrize(
    ("cert", "taken"), [("mail.contoso.com", True), ("contoso.com", True), ("mail.other.test", False)]
)
def test_null_sender_relays_over_an_address_connector_by_the_certificates_domain(cert: str, taken: bool) -> None:
    changes = connectors(own={"SenderIPAddresses": "192.0.2.10"})
    decision = ask(contoso(**changes), "<>", "x@gmail.test", session("192.0.2.10", cert))

    assert taken == decision.ok
    assert ("certificate-domain" if taken else None) == decision.facts.get("basis")


def test_a_tenant_that_lists_the_address_loses_to_the_one_that_owns_the_sender() -> None:
    listing = {"InboundConnectors": inbound(SenderIPAddresses="192.0.2.10")}
    made = tenants(
        m365=({"AcceptedDomains": {"contoso.com": "Authoritative"}, **listing}, ["user@contoso.com"]),
        fabrikam=({"AcceptedDomains": {"fabrikam.com": "Authoritative"}, "InboundConnectors": {"theirs": listing["InboundConnectors"]["own servers"]}}, []),
    )  # fmt: skip
    decision = ask(made[0], "a@fabrikam.com", "user@contoso.com", session("192.0.2.10"))

    assert "fabrikam" == decision.owner
    lost = candidate(decision.steps, "own servers")
    assert "other-tenant" == lost.reason
    assert (
        "m365: 192.0.2.10 is in SenderIPAddresses (192.0.2.10), but the message is attributed to fabrikam" == lost.says
    )


def test_an_ipv6_client_is_on_no_list() -> None:
    assert "" == used(connectors(own={"SenderIPAddresses": "192.0.2.10"}), session("2001:db8::1"))
