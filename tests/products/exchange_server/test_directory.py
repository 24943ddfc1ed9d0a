from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from tests.products.exchange_server.builders import exchange

BOB = Address.parse("bob@contoso.com")


@pytest.mark.parametrize(
    ("domains", "asked", "expected"),
    [
        ({"contoso.com": "Authoritative"}, "contoso.com", "contoso.com"),
        ({"contoso.com": "Authoritative"}, "sales.contoso.com", None),
        ({"*.contoso.com": "Authoritative"}, "sales.contoso.com", "*.contoso.com"),
        ({"*.contoso.com": "Authoritative"}, "contoso.com", "*.contoso.com"),
        ({"contoso.com": {"MatchSubDomains": True}}, "a.sales.contoso.com", "contoso.com"),
        (
            {"*.contoso.com": "Authoritative", "sales.contoso.com": "InternalRelay"},
            "sales.contoso.com",
            "sales.contoso.com",
        ),
        ({"*.contoso.com": "Authoritative", "contoso.com": "InternalRelay"}, "contoso.com", "contoso.com"),
        ({"*.contoso.com": "Authoritative"}, "xcontoso.com", None),
    ],
)
def test_the_closest_accepted_domain_answers(domains: dict[str, Any], asked: str, expected: str | None) -> None:
    found = exchange(AcceptedDomains=domains).directory.domain(asked)
    assert expected == (found.name if found else None)


def test_the_null_sender_is_in_no_domain() -> None:
    assert not exchange().directory.is_own(None)


@pytest.mark.parametrize(
    ("domains", "expected"),
    [
        ({"a.example": "Authoritative", "b.example": {"Default": True}}, "b.example"),
        ({"contoso.mail.onmicrosoft.com": "Authoritative", "contoso.com": "Authoritative"}, "contoso.com"),
        ({"*.contoso.com": "Authoritative"}, "contoso.com"),
        ({}, ""),
    ],
)
def test_the_default_domain_is_the_marked_one_or_the_first_of_the_own(domains: dict[str, Any], expected: str) -> None:
    assert expected == exchange(AcceptedDomains=domains).directory.default_domain


def test_a_person_is_a_mailbox_also_with_properties() -> None:
    host = exchange(
        Recipients={
            "john@contoso.com": {"EmailAddresses": ["SMTP:john@contoso.com", "smtp:j@contoso.com", "X500:/o=x"]}
        }
    )
    assert [True, True, False] == [
        host.owns(Address.parse(a)) for a in ("john@contoso.com", "J@contoso.com", "ghost@contoso.com")
    ]


def test_a_remote_mailbox_without_a_routing_address_is_at_the_coexistence_domain() -> None:
    domains = {"contoso.com": "Authoritative", "contoso.mail.onmicrosoft.com": "Authoritative"}
    directory = exchange(
        AcceptedDomains=domains, Recipients={"bob@contoso.com": {"RecipientType": "RemoteUserMailbox"}}
    ).directory
    entry = directory.find(BOB)
    assert entry is not None
    assert "bob@contoso.mail.onmicrosoft.com" == str(directory.away(entry))


def test_a_mailbox_is_nowhere_else() -> None:
    directory = exchange("bob@contoso.com").directory
    entry = directory.find(BOB)
    assert entry is not None
    assert directory.away(entry) is None


@pytest.mark.parametrize(("kind", "asked", "expected"), [("DistributionGroup", None, True), ("DistributionGroup", False, False),
                                                         ("UserMailbox", None, False), ("UserMailbox", True, True)])  # fmt: skip
def test_groups_want_authentication_unless_told_otherwise(kind: str, asked: bool | None, expected: bool) -> None:
    told = {} if asked is None else {"RequireSenderAuthenticationEnabled": asked}
    entry = exchange(Recipients={"bob@contoso.com": {"RecipientType": kind, **told}}).directory.find(BOB)
    assert entry is not None
    assert expected == entry.wants_authentication


def test_forwarding_address_goes_before_forwarding_smtp_address() -> None:
    told = {"ForwardingAddress": "amy@contoso.com", "ForwardingSmtpAddress": "sun@customer.example"}
    entry = exchange(Recipients={"bob@contoso.com": told}).directory.find(BOB)
    assert entry is not None
    assert (Address.parse("amy@contoso.com"), "ForwardingAddress") == entry.forwards_to


@pytest.mark.parametrize(
    "was",
    [
        {"RecipientType": "MailUser", "ExternalEmailAddress": "bob@m365.example"},
        {"RecipientType": "RemoteUserMailbox", "RemoteRoutingAddress": "bob@m365.example"},
    ],
)
def test_who_stood_for_a_mailbox_elsewhere_is_the_mailbox_once_it_is_here(was: dict[str, Any]) -> None:
    directory = exchange("bob@contoso.com", Recipients={"bob@contoso.com": was}).directory
    assert BOB == directory.mailbox(BOB)
