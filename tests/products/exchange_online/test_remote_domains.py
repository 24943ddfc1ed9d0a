"""Remote domains: the most exact entry counts; what is forwarded by itself is dropped, reports are not written."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.policy.route import Discard
from simulator.products.exchange_online import Tenant, TenantSettings
from simulator.products.exchange_online.remote_domains import remote_domain
from simulator.products.exchange_online.wording import unknown_recipient
from simulator.source import Node, ProblemList
from tests.products.exchange_online.builders import PLACE, at, contoso, endings, held, settings, told

OPEN = {"HostedOutboundSpamFilterPolicy": {"AutoForwardingMode": "On"}}
CLOSED = {"RemoteDomains": {"Default": {"AutoForwardEnabled": False}}}
RULE = {"InboxRules": {"away": {"Mailbox": "user@contoso.com", "RedirectTo": "x@gmail.test"}}}
FORWARD = {"Recipients": {"user@contoso.com": {"ForwardingSmtpAddress": "x@gmail.test"}}}
BY_CONTACT = {
    "Recipients": {
        "user@contoso.com": {"ForwardingAddress": "card@contoso.com"},
        "card@contoso.com": {"RecipientType": "MailContact", "ExternalEmailAddress": "x@gmail.test"},
    }
}
ENTRIES = {
    "Default": {},
    "all": {"DomainName": "*.partner.test"},
    "one": {"DomainName": "sales.partner.test"},
}


@pytest.mark.parametrize(
    ("domain", "entry"),
    [
        ("gmail.test", "Default"), ("partner.test", "all"), ("hr.partner.test", "all"), ("sales.partner.test", "one"),
        ("eu.sales.partner.test", "all"),
    ],
)  # fmt: skip
def test_the_most_exact_entry_counts(domain: str, entry: str) -> None:
    found = remote_domain(
        domain, settings(AcceptedDomains={"contoso.com": "Authoritative"}, RemoteDomains=ENTRIES).RemoteDomains
    )

    assert found is not None
    assert entry == found.name


def test_without_entries_everything_is_allowed() -> None:
    assert remote_domain("gmail.test", {}) is None


def forwarded(host: Tenant) -> str:
    return [told(route) for _, route, _ in endings(host, held())][-1]


@pytest.mark.parametrize("how", [RULE, FORWARD, BY_CONTACT])
@pytest.mark.parametrize(("knob", "admin"), [(True, "Discard"), (False, "Relay")])
def test_what_administrators_have_set_is_dropped_as_the_knob_says(how: dict[str, Any], knob: bool, admin: str) -> None:
    host = contoso(**how, **OPEN, **CLOSED, knobs={"remote_domain_blocks_admin_forwarding": knob})

    assert ("Discard" if how is RULE else admin) == forwarded(host)
    assert "Relay" == forwarded(contoso(**how, **OPEN))


def test_it_is_dropped_before_the_outbound_policy_could_return_it() -> None:
    assert ["Discard", "550 5.7.520"] == [forwarded(contoso(**FORWARD, **CLOSED)), forwarded(contoso(**FORWARD))]


def test_the_step_names_the_remote_domain_and_where_it_stands() -> None:
    host = contoso(**FORWARD, **OPEN, **CLOSED)
    ((_, route, copy),) = endings(host, held())
    step = host.route(copy, copy.recipients[0], at()).steps[-1]

    assert isinstance(route, Discard)
    assert ("remote-domain", "Default", True) == (step.outcome, step.candidates[0].name, bool(step.at))


@pytest.mark.parametrize(("sender", "told_of"), [("a@gmail.test", False), ("bob@contoso.com", True)])
def test_senders_of_a_remote_domain_without_reports_are_told_nothing(sender: str, told_of: bool) -> None:
    host = contoso(RemoteDomains={"Default": {"NDREnabled": False}})
    who = Address.parse("nobody@contoso.com")

    assert told_of == (host.report(held(sender=sender), who, unknown_recipient(who), None, "", at()) is not None)
    assert contoso().report(held(sender=sender), who, unknown_recipient(who), None, "", at()) is not None


@pytest.mark.parametrize(
    ("entries", "objection"),
    [
        ({"partner": {}}, "remote domain partner lacks DomainName."),
        ({"Default": {"DomainName": "partner.test"}}, "the remote domain Default is for * and stays so."),
        ({"x": {"DomainName": "a.*.test"}}, "DomainName: a.*.test has a wildcard inside."),
        ({"Default": {"DomainName": "*"}}, ""),
    ],
)
def test_what_a_remote_domain_must_have(entries: dict[str, Any], objection: str) -> None:
    problems = ProblemList()
    plain = {"AcceptedDomains": {"contoso.com": "Authoritative"}, "RemoteDomains": entries}
    TenantSettings.read(Node.of(plain, PLACE), problems, name="m365", at=PLACE)

    assert ([objection] if objection else []) == [p.says for p in problems.errors]
