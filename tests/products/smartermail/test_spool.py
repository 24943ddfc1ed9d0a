"""When mail is tried again, when it is given up, and who hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address, Sender
from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome, Target, Try, Unroutable
from simulator.policy.route import Bounce, Fate, Keep, NextHop, Relay
from simulator.products.smartermail.lists import LIST_SENDER
from tests.policy.builders import JOHN, MONDAY, SUN, a_held, a_moment
from tests.products.builders import a_smartermail

_RELAY = Relay(NextHop("customer.example"))
_DOWN = Outcome((Try(Target("mx.customer.example", "198.51.100.7"), "CONNECT", broken="refused"),))


def _after(
    outcome: Outcome, attempts: int, settings: Mapping[str, Any] | None = None, *, sender: Sender = JOHN, held: Any = None, **knobs: Any
) -> Fate:  # fmt: skip
    held = held or a_held(sender=sender)
    return a_smartermail(settings, **knobs).after_attempt(held, _RELAY, outcome, attempts, a_moment())[SUN]


def _missing(reason: str) -> Outcome:
    permanent = reason not in ("servfail", "timeout")
    return Outcome(unroutable=Unroutable(reason, "customer.example", permanent, "why"))


@pytest.mark.parametrize(
    ("settings", "knobs", "expected"),
    [
        ({}, {}, [15, 30, 60, 90]),
        ({"Retry Intervals": [10, 10, 10, 1440]}, {}, [10, 10, 10, 1440]),
        ({}, {"retry": [5]}, [5]),
        ({"Retry Intervals": [1, 2]}, {"retry": [5]}, [1, 2]),
    ],
)  # fmt: skip
def test_mail_is_tried_again_as_the_list_says_and_then_returned(
    settings: dict[str, Any], knobs: dict[str, Any], expected: list[int]
) -> None:
    kept = [_after(_DOWN, n, settings, **knobs) for n in range(1, len(expected) + 1)]
    assert expected == [(k.due - MONDAY) / timedelta(minutes=1) for k in kept if isinstance(k, Keep)]
    assert isinstance(_after(_DOWN, len(expected) + 1, settings, **knobs), Bounce)


def test_the_report_counts_the_intervals() -> None:
    expected = Bounce(Reply(554, "", "Failed four Attempts to connect to recipients mail server"), None, refused=False)
    assert expected == _after(_DOWN, 5)


@pytest.mark.parametrize("reason", ["nxdomain", "no-address", "servfail", "timeout"])
@pytest.mark.parametrize(
    ("settings", "knobs", "attempts"),
    [
        ({}, {}, 2),
        ({"Attempts Before Bouncing DNS Errors": 1}, {}, 1),
        ({"Attempts Before Bouncing DNS Errors": 3}, {"dns_attempts": 1}, 3),
        ({}, {"dns_attempts": 3}, 3),
        ({}, {"dns_attempts": 9}, 5),
    ],
)  # fmt: skip
def test_errors_of_dns_are_given_up_sooner(
    reason: str, settings: dict[str, Any], knobs: dict[str, Any], attempts: int
) -> None:
    fates = [_after(_missing(reason), n, settings, **knobs) for n in range(1, attempts + 1)]
    assert [Keep] * (attempts - 1) + [Bounce] == [type(f) for f in fates]


@pytest.mark.parametrize(("reason", "loop"), [("null-mx", False), ("self-mx", True)])
def test_a_domain_that_takes_no_mail_is_given_up_at_once(reason: str, loop: bool) -> None:
    fate = _after(_missing(reason), 1)
    assert isinstance(fate, Bounce)
    assert loop is fate.loop


@pytest.mark.parametrize(
    ("settings", "attempts", "sender", "told"),
    [
        ({}, 1, JOHN, None),
        ({"Notify Senders of Delay After": 2}, 1, JOHN, None),
        ({"Notify Senders of Delay After": 2}, 2, JOHN, JOHN),
        ({"Notify Senders of Delay After": 2}, 3, JOHN, None),
        ({"Notify Senders of Delay After": 2}, 2, None, None),
    ],
)  # fmt: skip
def test_the_sender_is_told_of_a_delay_once(
    settings: dict[str, Any], attempts: int, sender: Sender, told: Address | None
) -> None:
    fate = _after(_DOWN, attempts, settings, sender=sender)
    assert isinstance(fate, Keep)
    assert told == (fate.notice[0] if fate.notice else None)


def test_a_notice_of_delay_says_until_when() -> None:
    fate = _after(_DOWN, 1, {"Notify Senders of Delay After": 1}, report_form="fields")
    assert isinstance(fate, Keep)
    assert fate.notice
    text = fate.notice[1].content.decode()
    assert "Subject: Delivery Delayed\r\n" in text
    assert "Recipient: sun@customer.example\r\nReason: Could not connect to mx.customer.example\r\n" in text
    assert "Action: delayed\r\nStatus: 4.0.0\r\n" in text
    assert "Will-Retry-Until: Mon, 2 Mar 2026 12:15:00 +0000" in text


@pytest.mark.parametrize("notify", ["NEVER", "FAILURE"])
def test_who_asked_not_to_be_told_of_delays_is_not(notify: str) -> None:
    held = a_held(recipient_parameters={SUN: {"NOTIFY": notify}})
    fate = _after(_DOWN, 1, {"Notify Senders of Delay After": 1}, held=held)
    assert isinstance(fate, Keep)
    assert fate.notice is None


def test_the_delay_of_list_mail_is_told_to_the_moderator() -> None:
    held = a_held(sender=SUN, facts={LIST_SENDER: str(JOHN)})
    fate = _after(_DOWN, 1, {"Notify Senders of Delay After": 1}, held=held)
    assert isinstance(fate, Keep)
    assert fate.notice
    assert (JOHN, "<john@contoso.com>") == (fate.notice[0], fate.notice[1].get("To"))
