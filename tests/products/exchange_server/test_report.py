from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.policy.decision import Connector
from simulator.policy.host import Notice
from simulator.policy.moment import Moment
from simulator.policy.route import Keep, NextHop, Relay
from tests.policy.builders import MONDAY, SUN, a_message, a_moment
from tests.products.exchange_server.builders import exchange, held, tried

_UNKNOWN = Reply(550, "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup")


def _report(
    sender: str = "john@contoso.com", reply: Reply = _UNKNOWN, remote: Reply | None = None, **settings: Any
) -> Notice | None:
    host = exchange(**settings)
    mail = held(str(SUN), sender=sender, message=a_message(Subject="Prices"))
    return host.report(mail, SUN, reply, remote, "mx.customer.example" if remote else "", a_moment())


def _text(notice: Notice | None) -> str:
    assert notice is not None
    return notice.message.content.decode()


def test_the_report_tells_who_did_not_get_it_and_what_administrators_need() -> None:
    text = _text(_report())
    assert "Subject: Undeliverable: Prices" in text
    assert "Delivery has failed to these recipients or groups:" in text
    assert "Generating server: mail.contoso.com" in text
    assert f"Remote Server returned '{_UNKNOWN}'" in text
    assert "Status: 5.1.10" in text


def test_a_refusal_names_the_server_that_refused() -> None:
    refusal = Reply(550, "5.1.1", "No such user")
    assert "mx.customer.example Remote Server returned '550 5.1.1 No such user'" in _text(
        _report(reply=refusal, remote=refusal)
    )


@pytest.mark.parametrize(
    ("sender", "settings", "author"),
    [
        (
            "john@contoso.com",
            {},
            "From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoso.com>",
        ),
        ("moon@partner.example", {}, "From: postmaster@contoso.com"),
        (
            "moon@partner.example",
            {"TransportConfig": {"ExternalPostmasterAddress": "pm@contoso.com"}},
            "From: pm@contoso.com",
        ),
        ("moon@partner.example", {"AcceptedDomains": {}}, "From: postmaster@mail.contoso.com"),
    ],
)
def test_the_author_depends_on_who_is_told(sender: str, settings: dict[str, Any], author: str) -> None:
    assert author in _text(_report(sender, **settings)).splitlines()


def test_the_null_sender_is_never_told() -> None:
    assert _report("") is None


# notices of delay

INSIDE, OUTSIDE = "john@contoso.com", "moon@partner.example"
WAITS = tried("CONNECT", broken="refused")


def _notice(
    hours: float, memory: dict[str, Any] | None = None, sender: str = INSIDE, notify: str = "", **settings: Any
) -> Message | None:
    """What the sender is told after an attempt that failed so long after the message came in."""
    asked = {SUN: {"NOTIFY": notify}} if notify else {}
    what = held(str(SUN), sender=sender, message=a_message(Subject="Prices"), recipient_parameters=asked)
    relay = Relay(NextHop("customer.example"), Connector("Internet", "outbound"))
    at = Moment(MONDAY + timedelta(hours=hours), {} if memory is None else memory)
    fate = exchange(**settings).after_attempt(what, relay, WAITS, 30, at)[SUN]
    assert isinstance(fate, Keep)
    return fate.notice[1] if fate.notice else None


def test_a_sender_is_told_once_after_four_hours() -> None:
    memory: dict[str, Any] = {}
    assert [False, True, False] == [_notice(hours, memory) is not None for hours in (3.9, 4, 5)]


def test_a_notice_of_delay_says_how_long_it_will_be_tried() -> None:
    found = _notice(4)
    assert found is not None
    text = found.content.decode()
    assert "Delivery delayed: Prices" == found.get("Subject")
    assert "Action: delayed\r\nStatus: 4.4.7\r\nDiagnostic-Code: smtp; 400 4.4.7 Message delayed\r\n" in text
    assert "Will-Retry-Until: Wed, 4 Mar 2026 09:00:00 +0000\r\n" in text


@pytest.mark.parametrize(
    ("sender", "notify", "settings", "told"),
    [
        (OUTSIDE, "", {}, True),
        (INSIDE, "", {"TransportConfig": {"ExternalDelayDsnEnabled": False}}, True),
        (INSIDE, "", {"TransportConfig": {"InternalDelayDsnEnabled": False}}, False),
        (OUTSIDE, "", {"TransportConfig": {"ExternalDelayDsnEnabled": False}}, False),
        (INSIDE, "FAILURE", {}, False),
        (INSIDE, "FAILURE,DELAY", {}, True),
        (INSIDE, "NEVER", {}, False),
        ("", "", {}, False),
        (INSIDE, "", {"TransportService": {"DelayNotificationTimeout": "06:00:00"}}, False),
    ],
)  # fmt: skip
def test_who_is_told_of_a_delay(sender: str, notify: str, settings: dict[str, Any], told: bool) -> None:
    assert told == (_notice(5, sender=sender, notify=notify, **settings) is not None)
