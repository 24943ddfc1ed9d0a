"""Partner connectors: which is used, and who is locked out."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.session import Session
from tests.products.exchange_online.builders import ask, candidate, contoso, partner, session

PARTNER = {"ConnectorType": "Partner", "RequireTls": False}


def connectors(**each: dict[str, Any]) -> dict[str, Any]:
    return {"InboundConnectors": {name: {**PARTNER, **connector} for name, connector in each.items()}}


def used(changes: dict[str, Any], sender: str = "a@mail.partner.test", client: Session | None = None) -> str:
    decision = ask(contoso(**changes), sender, "user@contoso.com", client or session(tls=True))
    assert decision.ok
    return decision.connector.name if decision.connector else ""


def test_the_most_specific_sender_domains_win() -> None:
    changes = connectors(
        all={"SenderDomains": "*"}, wide={"SenderDomains": "*.partner.test"}, exact={"SenderDomains": ["other.test", "mail.partner.test"]}
    )  # fmt: skip

    assert "exact" == used(changes)
    assert "wide" == used(changes, "a@partner.test")
    assert "all" == used(changes, "<>")


def test_losers_of_the_partner_search_say_why() -> None:
    changes = connectors(
        all={"SenderDomains": "*"}, exact={"SenderDomains": "partner.test"}, off={"SenderDomains": "*", "Enabled": False},
        other={"SenderDomains": "other.test"},
        named={"SenderDomains": "*", "TlsSenderCertificateName": "mx.partner.test", "RequireTls": True},
    )  # fmt: skip
    decision = ask(contoso(**changes), "a@partner.test", "user@contoso.com", session(tls=True))
    reasons = {name: candidate(decision.steps, name, "PARTNER").reason for name in changes["InboundConnectors"]}

    assert {
        "all": "less-specific", "exact": "matched", "off": "disabled", "other": "sender-domain", "named": "no-certificate",
    } == reasons  # fmt: skip


def test_a_restriction_goes_before_a_connector_that_only_identifies() -> None:
    changes = connectors(
        exact={"SenderDomains": "partner.test"},
        locked={"SenderDomains": "*", "SenderIPAddresses": "198.51.100.7", "RestrictDomainsToIPAddresses": True},
    )
    refused = ask(contoso(**changes), "a@partner.test", "user@contoso.com")
    taken = ask(contoso(**changes), "a@partner.test", "user@contoso.com", session("198.51.100.7"))

    assert ("550 5.7.51", "m365") == (refused.reply.codes, refused.owner)
    assert "restricts nothing" in candidate(refused.steps, "exact", "PARTNER").says
    assert ("250 2.1.5", "locked") == (taken.reply.codes, taken.connector and taken.connector.name)


def test_conforming_to_one_of_several_restrictions_is_enough() -> None:
    changes = connectors(
        a={"SenderDomains": "*", "SenderIPAddresses": "198.51.100.7", "RestrictDomainsToIPAddresses": True},
        b={"SenderDomains": "*", "TlsSenderCertificateName": "gate.test", "RestrictDomainsToCertificate": True},
    )

    assert "a" == used(changes, client=session("198.51.100.7"))
    assert "b" == used(changes, client=session(cert="gate.test"))
    assert "a" == used(changes, client=session("198.51.100.7", "gate.test"))
    refused = ask(contoso(**changes), "a@x.test", "user@contoso.com", session(cert="other.test"))
    assert "certificate name other.test" in candidate(refused.steps, "b", "PARTNER").says


@pytest.mark.parametrize(
    ("client", "both", "either"),
    [
        (session("198.51.100.7", "gate.test"), True, True),
        (session("198.51.100.7"), False, True),
        (session(cert="gate.test"), False, True),
        (session(), False, False),
    ],
)
def test_two_restrictions_on_one_connector_must_both_hold_unless_the_knob_says_otherwise(
    client: Session, both: bool, either: bool
) -> None:
    connector = partner(
        SenderIPAddresses="198.51.100.7", TlsSenderCertificateName="gate.test", RestrictDomainsToIPAddresses=True,
        RestrictDomainsToCertificate=True,
    )  # fmt: skip
    for word, expected in (("and", both), ("or", either)):
        host = contoso(InboundConnectors=connector, knobs={"partner_restrict_combination": word})
        assert expected == ask(host, "a@partner.test", "user@contoso.com", client).ok


def test_a_certificate_name_identifies_where_tls_is_required() -> None:
    changes = connectors(
        named={"SenderDomains": "*", "TlsSenderCertificateName": "mx.partner.test", "RequireTls": True}
    )

    assert "named" == used(changes, client=session(cert="mx.partner.test"))
    assert "" == used(changes, client=session(cert="mx.other.test"))
    assert "" == used(changes, client=session())


def test_addresses_without_the_restriction_mean_nothing() -> None:
    assert "only" == used(connectors(only={"SenderDomains": "*", "SenderIPAddresses": "198.51.100.7"}))


def test_an_exact_pattern_does_not_cover_the_null_sender() -> None:
    assert "" == used(connectors(only={"SenderDomains": "partner.test"}), "<>")
