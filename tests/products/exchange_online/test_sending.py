"""What a tenant may send to outside, and how much."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.policy.route import Return
from simulator.products.exchange_online import Tenant
from simulator.products.exchange_online.service_knobs import terrl
from tests.products.exchange_online.builders import (
    NOW,
    ORIGINATING,
    SUBMITTED,
    at,
    candidate,
    contoso,
    held,
    message,
    settings,
)


def sent(
    host: Tenant, to: str, memory: dict[str, Any], *, sender: str = "bob@contoso.com", hours: float = 0, number: int = 0, **rest: Any
) -> str:  # fmt: skip
    """The code with which a copy for outside comes back; empty where it leaves."""
    what = held(
        to, sender=sender, facts=rest.pop("facts", SUBMITTED), content=message(Message_ID=f"<{number}@x>"), **rest
    )
    found = host.route(what, Address.parse(to), at(memory, NOW + timedelta(hours=hours))).route
    return found.reply.codes if isinstance(found, Return) else ""


def test_a_blocked_sender_reaches_colleagues_only() -> None:
    host = contoso(knobs={"blocked_senders": "bob@contoso.com"})

    assert ["550 5.1.8", ""] == [sent(host, to, {}) for to in ("x@gmail.test", "user@contoso.com")]
    assert "" == sent(host, "x@gmail.test", {}, sender="user@contoso.com")


@pytest.mark.parametrize(
    ("knob", "sender", "code"),
    [
        ("tenant_over_threshold", "bob@contoso.com", "550 5.7.705"),
        ("unregistered_domains_blocked", "bob@contoso.com", ""),
        ("unregistered_domains_blocked", "a@gmail.test", "550 5.7.750"),
    ],
)
def test_a_banned_tenant_returns_what_should_leave(knob: str, sender: str, code: str) -> None:
    host = contoso(knobs={knob: True})

    assert code == sent(host, "x@gmail.test", {}, sender=sender, facts=ORIGINATING)
    assert "" == sent(contoso(), "x@gmail.test", {}, sender=sender, facts=ORIGINATING)


@pytest.mark.parametrize(
    ("knobs", "sender", "code"),
    [
        ({"external_recipients_per_day": 2}, "bob@contoso.com", "550 5.7.233"),
        ({"external_recipients_per_day": 2, "trial_tenant": True}, "bob@contoso.com", "550 5.7.232"),
        ({"onmicrosoft_external_recipients_per_day": 2}, "admin@contoso.onmicrosoft.com", "550 5.7.236"),
        ({"onmicrosoft_external_recipients_per_day": 2}, "bob@contoso.com", ""),
    ],
)
def test_recipients_outside_are_counted_for_24_hours(knobs: dict[str, Any], sender: str, code: str) -> None:
    host, memory = contoso(knobs=knobs), dict[str, Any]()
    found = [
        sent(host, f"{n}@gmail.test", memory, sender=sender, hours=hours, number=n)
        for n, hours in enumerate((0, 12, 23, 25))
    ]

    assert ["", "", code, ""] == found


def test_a_message_counts_once_for_a_recipient_however_often_it_is_tried() -> None:
    host, memory = contoso(knobs={"external_recipients_per_day": 1}), dict[str, Any]()

    assert ["", "", "550 5.7.233"] == [
        sent(host, "x@gmail.test", memory), sent(host, "x@gmail.test", memory, hours=1), sent(host, "y@gmail.test", memory, hours=1),
    ]  # fmt: skip


def test_the_tenants_other_domains_and_mail_that_only_passes_do_not_count() -> None:
    host, memory = contoso(knobs={"external_recipients_per_day": 1}), dict[str, Any]()
    for n, (to, facts) in enumerate((("john@sm.contoso.com", SUBMITTED), ("x@gmail.test", {"direction": "Incoming"}))):
        assert "" == sent(host, to, memory, facts=facts, number=n)

    assert "" == sent(host, "y@gmail.test", memory, number=9)


def test_reports_are_sent_whatever_the_limit() -> None:
    host, memory = contoso(knobs={"external_recipients_per_day": 1}), dict[str, Any]()

    assert ["", "", "550 5.7.233"] == [
        sent(host, "x@gmail.test", memory), sent(host, "y@gmail.test", memory, generated=True), sent(host, "y@gmail.test", memory),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("knobs", "limit"),
    [
        ({}, (0, "")),
        ({"licenses": 1}, (10000, "licenses")),
        ({"licenses": 100}, (22059, "licenses")),
        ({"trial_tenant": True}, (500, "trial_tenant")),
        ({"licenses": 100, "external_recipients_per_day": 7}, (7, "external_recipients_per_day")),
    ],
)
def test_the_tenants_limit_follows_from_its_licences(knobs: dict[str, Any], limit: tuple[int, str]) -> None:
    assert limit == terrl(settings(AcceptedDomains={"contoso.com": "Authoritative"}, knobs=knobs).knobs)


def test_the_step_names_the_knob_and_where_it_stands() -> None:
    host = contoso(knobs={"blocked_senders": "bob@contoso.com"})
    found = host.route(
        held("x@gmail.test", sender="bob@contoso.com", facts=SUBMITTED), Address.parse("x@gmail.test"), at()
    )
    told = candidate(found.steps, "blocked_senders", "LIMIT")

    assert ("blocked-sender", True) == (told.reason, bool(told.at))
