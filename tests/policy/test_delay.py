from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.policy.delay import is_delay_due, with_notices
from simulator.policy.route import Bounce, Fate, HandedOn, Keep
from tests.policy.builders import BOB, MONDAY, SUN, a_held, a_message, a_moment

HOUR = timedelta(hours=1)
LATER = MONDAY + 5 * HOUR
WAITS = Reply(450, "4.4.1", "the host did not answer")


@pytest.mark.parametrize(
    ("facts", "after", "expected"),
    [
        ({}, 4 * HOUR, True),
        ({}, 5 * HOUR, True),
        ({}, 6 * HOUR, False),
        ({}, timedelta(0), False),
        ({}, None, False),
        ({"sender": None}, 4 * HOUR, False),
        ({"generated": True}, 4 * HOUR, False),
        ({"recipient_parameters": {SUN: {"NOTIFY": "NEVER"}}}, 4 * HOUR, False),
        ({"recipient_parameters": {SUN: {"NOTIFY": "FAILURE"}}}, 4 * HOUR, False),
        ({"recipient_parameters": {SUN: {"NOTIFY": "DELAY"}}}, 4 * HOUR, True),
    ],
)
def test_when_a_sender_is_told_of_a_delay(facts: dict[str, Any], after: timedelta | None, expected: bool) -> None:
    assert expected is is_delay_due(a_held(**facts), SUN, after, a_moment(LATER))


def test_a_sender_is_told_once_for_each_recipient_of_each_message() -> None:
    at = a_moment(LATER)
    held = a_held(message=a_message(Message_ID="<1@x>"))
    other = a_held(message=a_message(Message_ID="<2@x>"))
    asked = [(held, SUN), (held, SUN), (held, BOB), (other, SUN), (other, SUN)]
    assert [True, False, True, True, False] == [is_delay_due(h, who, HOUR, at) for h, who in asked]


def test_only_what_waits_gets_a_notice() -> None:
    held = a_held(SUN, BOB)
    fates: dict[Address, Fate] = {SUN: Keep(WAITS, LATER + HOUR), BOB: HandedOn(Reply(250))}
    found = with_notices(held, fates, HOUR, a_moment(LATER), lambda who, fate: a_message(Subject=f"{who} {fate.reply}"))
    kept = found[SUN]
    assert isinstance(kept, Keep)
    assert kept.notice
    assert (held.sender, f"{SUN} {WAITS}") == (kept.notice[0], kept.notice[1].get("Subject"))
    assert fates[BOB] == found[BOB]


def test_mail_of_the_null_sender_waits_silently() -> None:
    fates: dict[Address, Fate] = {SUN: Keep(WAITS, LATER), BOB: Bounce(WAITS)}
    assert fates == with_notices(a_held(SUN, BOB, sender=None), fates, HOUR, a_moment(LATER), lambda *_: a_message())
