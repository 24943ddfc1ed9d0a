"""Into a mailbox: disabled, full, too much in an hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.products.exchange_online import Tenant
from simulator.products.exchange_online.headers import AUTH_AS
from tests.products.exchange_online.builders import NOW, at, candidate, contoso, endings, held, message, told

SIZE = message().size
INBOX = "user@contoso.com Inbox"


def ends(host: Tenant, memory: dict[str, Any], *, sender: str = "a@gmail.test", minutes: int = 0, **rest: Any) -> str:
    ((_, route, _),) = endings(host, held(sender=sender, **rest), memory, NOW + timedelta(minutes=minutes))
    return told(route)


def user(**properties: Any) -> Tenant:
    return contoso(Recipients={"user@contoso.com": properties})


def test_a_disabled_mailbox_returns_its_mail() -> None:
    assert ["550 5.2.1", INBOX] == [ends(user(IsMailboxEnabled=on), {}) for on in (False, True)]


@pytest.mark.parametrize(
    ("quota", "inside", "end"),
    [
        (SIZE, 0, INBOX),
        (SIZE - 1, 0, "554 5.2.2"),
        ("1GB", "1GB", "554 5.2.2"),
        ("49.5 GB (53,150,220,288 bytes)", "49 GB", INBOX),
        ("Unlimited", "900GB", INBOX),
    ],
)
def test_a_mailbox_is_full_when_the_message_would_exceed_the_quota(quota: Any, inside: Any, end: str) -> None:
    assert end == ends(user(ProhibitSendReceiveQuota=str(quota), TotalItemSize=str(inside)), {})


def test_what_was_delivered_takes_room() -> None:
    memory: dict[str, Any] = {}
    host = user(ProhibitSendReceiveQuota=str(2 * SIZE))

    assert [INBOX, INBOX, "554 5.2.2"] == [ends(host, memory) for _ in range(3)]


def test_a_sender_may_send_so_much_in_an_hour_that_slides() -> None:
    host, memory = contoso(knobs={"received_from_one_sender_per_hour": 2}), dict[str, Any]()
    found = [ends(host, memory, minutes=minutes) for minutes in (0, 30, 59, 61)]

    assert [INBOX, INBOX, "550 5.2.121", INBOX] == found
    assert INBOX == ends(host, memory, sender="b@gmail.test", minutes=61)


def test_a_mailbox_takes_so_much_in_an_hour() -> None:
    host, memory = contoso(knobs={"received_per_hour": 2}), dict[str, Any]()
    found = [ends(host, memory, sender=f"{who}@gmail.test") for who in "abc"]

    assert [INBOX, INBOX, "550 5.2.122"] == found


def test_what_was_returned_does_not_count() -> None:
    host, memory = contoso(knobs={"received_from_one_sender_per_hour": 1}), dict[str, Any]()
    found = [ends(host, memory, minutes=minutes) for minutes in (0, 59, 60)]

    assert [INBOX, "550 5.2.121", INBOX] == found


def test_mail_of_the_tenants_own_people_is_neither_counted_nor_stopped() -> None:
    host, memory = contoso(knobs={"received_per_hour": 1}), dict[str, Any]()
    inside = message(**{AUTH_AS.replace("-", "_"): "Internal"})
    found = [
        ends(host, memory, content=inside),
        ends(host, memory),
        ends(host, memory, content=inside),
        ends(host, memory),
    ]

    assert [INBOX, INBOX, INBOX, "550 5.2.122"] == found


def test_the_step_names_the_setting_and_where_it_stands() -> None:
    found = user(ProhibitSendReceiveQuota="1KB", TotalItemSize="1KB").route(
        held(), Address.parse("user@contoso.com"), at()
    )
    told_of = candidate(found.steps, "ProhibitSendReceiveQuota", "MAILBOX")

    assert ("full", True) == (told_of.reason, bool(told_of.at))
