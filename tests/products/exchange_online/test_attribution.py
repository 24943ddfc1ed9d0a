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


@pytest.mark.parametrize(
    ("one", "other", "client"),
    [
        ({"SenderIPAddresses": "192.0.2.10"}, {"SenderIPAddresses": "192.0.2.10/32"}, session("192.0.2.10")),
        ({"TlsSenderCertificateName": "*.contoso.com"}, {"TlsSenderCertificateName": "*.contoso.com"}, session(cert="mail.contoso.com")),
    ],
)  # fmt: skip
def test_connectors_that_nothing_tells_apart_are_said_to_be_chosen_by_name(
    one: dict[str, Any], other: dict[str, Any], client: Session
) -> None:
    decision = ask(contoso(**connectors(b=one, a=other)), "scan@contoso.com", "x@gmail.test", client)
    lost = candidate(decision.steps, "b")

    assert ("name-order", True) == (lost.reason, lost.says.endswith("; a is as specific and comes first by name"))


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


@pytest.mark.parametrize("sender", ["<>", "news@other.test"])
@pytest.mark.parametrize(
    ("cert", "knob", "taken"),
    [
        ("mail.contoso.com", False, False),  # no connector asks for it
        ("mail.contoso.com", True, True),
        ("contoso.com", True, True),
        ("mail.other.test", True, False),
    ],
)
def test_showing_a_certificate_that_no_connector_asks_for_gives_relay_only_by_a_knob(
    sender: str, cert: str, knob: bool, taken: bool
) -> None:
    changes = connectors(own={"SenderIPAddresses": "192.0.2.10"})
    host = contoso(**changes, knobs={"certificate_identity_relays": knob})
    decision = ask(host, sender, "x@gmail.test", session("192.0.2.10", cert))

    assert ("250 2.1.5" if taken else "550 5.7.64") == decision.reply.codes
    assert ("certificate-domain" if taken else None) == decision.facts.get("basis")
    assert "own" == (decision.connector and decision.connector.name)


def test_a_bad_certificate_of_an_accepted_domain_gives_no_relay_by_the_knob_either() -> None:
    changes = connectors(own={"SenderIPAddresses": "192.0.2.10"})
    shown = CertificateSpec("mail.contoso.com", defect="self-signed")
    host = contoso(**changes, knobs={"certificate_identity_relays": True})

    assert "550 5.7.64" == ask(host, "<>", "x@gmail.test", session("192.0.2.10", shown)).reply.codes


@pytest.mark.parametrize(
    ("sender", "says"),
    [
        ("news@other.test", "neither the sender's domain other.test nor gmail.test is accepted by its tenant"),
        ("<>", "the null sender has no domain, and its tenant does not accept gmail.test"),
    ],
)
def test_a_connector_that_knows_the_client_says_whose_domain_is_missing(sender: str, says: str) -> None:
    changes = connectors(own={"SenderIPAddresses": "192.0.2.10"})
    step = ask(contoso(**changes), sender, "x@gmail.test", session("192.0.2.10")).steps[0]

    assert f"own knows the client, but {says}" == step.says
    assert f"192.0.2.10 is in SenderIPAddresses (192.0.2.10), but {says}" == step.candidates[0].says


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
    says = "its tenant does not accept the sender's domain fabrikam.com; the message is attributed to fabrikam"
    assert f"m365: 192.0.2.10 is in SenderIPAddresses (192.0.2.10), but {says}" == lost.says


BY_ADDRESS, BY_NAME = {"SenderIPAddresses": "192.0.2.10"}, {"TlsSenderCertificateName": "*.fabrikam.com"}


@pytest.mark.parametrize(
    ("own", "theirs", "sender", "says"),
    [
        (BY_ADDRESS, BY_ADDRESS, "a@gmail.test", "neither the sender's domain gmail.test nor fabrikam.com is accepted by its tenant; "),
        (BY_ADDRESS, BY_ADDRESS, "<>", "the null sender has no domain, and its tenant does not accept fabrikam.com; "),
        (BY_ADDRESS, BY_NAME, "a@gmail.test", "its tenant does not accept the sender's domain gmail.test; "),
        (BY_ADDRESS, BY_NAME, "<>", "the null sender has no domain; "),
        (BY_ADDRESS, BY_NAME, "scan@contoso.com", ""),  # the certificate goes first
        ({"TlsSenderCertificateName": "*.com"}, BY_NAME, "a@gmail.test", ""),  # a closer name
    ],
)  # fmt: skip
def test_a_connector_of_a_tenant_that_lost_says_what_it_does_not_accept(
    own: dict[str, Any], theirs: dict[str, Any], sender: str, says: str
) -> None:
    made = tenants(
        m365=({"AcceptedDomains": {"contoso.com": "Authoritative"}, **connectors(ours=own)}, []),
        fabrikam=({"AcceptedDomains": {"fabrikam.com": "Authoritative"}, **connectors(theirs=theirs)}, ["bob@fabrikam.com"]),
    )  # fmt: skip
    decision = ask(made[0], sender, "bob@fabrikam.com", session("192.0.2.10", "mail.fabrikam.com"))
    lost = candidate(decision.steps, "ours")

    assert ("fabrikam", "other-tenant") == (decision.owner, lost.reason)
    assert lost.says.endswith(f", but {says}the message is attributed to fabrikam")


def test_a_sender_of_a_domain_that_another_tenant_has_more_exactly_is_that_tenants() -> None:
    wide = {"contoso.com": {"DomainType": "InternalRelay", "MatchSubDomains": True}}
    made = tenants(
        m365=({"AcceptedDomains": wide, **connectors(ours=BY_ADDRESS)}, []),
        lab=({"AcceptedDomains": {"lab.contoso.com": "Authoritative"}, **connectors(theirs=BY_ADDRESS)}, []),
    )
    decision = ask(made[0], "a@lab.contoso.com", "x@gmail.test", session("192.0.2.10"))

    assert "lab" == decision.owner
    assert candidate(decision.steps, "ours").says.endswith("), but the message is attributed to lab")


def test_an_ipv6_client_is_on_no_list() -> None:
    assert "" == used(connectors(own={"SenderIPAddresses": "192.0.2.10"}), session("2001:db8::1"))
