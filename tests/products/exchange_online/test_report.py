"""The non-delivery report."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.dsn import read_report
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome, Target, Try
from simulator.policy.route import Keep, NextHop, Relay
from tests.products.exchange_online.builders import NOW, at, contoso, held, message

X = Address.parse("x@customer.test")
REMOTE = Reply(550, "5.1.1", "User unknown")
WRAPPED = Reply(
    550, "5.1.351", "Remote server returned unknown recipient or mailbox unavailable -> 550 5.1.1 User unknown"
)


def written(sender: str = "bob@contoso.com", **settings: Any) -> Message:
    what = held(
        str(X),
        sender=sender,
        content=message(Subject="Offer").prepend("Received", "from a by BN8.test with SMTP; today"),
    )
    notice = contoso(**settings).report(what, X, WRAPPED, REMOTE, "mx.customer.test", at())
    assert notice is not None
    assert (sender, "m365") == (str(notice.to), notice.by)
    return notice.message


@pytest.mark.parametrize(
    ("sender", "settings", "author"),
    [
        ("bob@contoso.com", {}, "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@contoso.com>"),
        ("sun@gmail.test", {}, "postmaster@contoso.com"),
        ("sun@gmail.test", {"TransportConfig": {"ExternalPostmasterAddress": "post@contoso.com"}}, "post@contoso.com"),
    ],
)
def test_who_writes_it_depends_on_who_gets_it(sender: str, settings: dict[str, Any], author: str) -> None:
    report = written(sender, **settings)

    assert (author, f"<{sender}>", "Undeliverable: Offer") == (
        report.get("From"),
        report.get("To"),
        report.get("Subject"),
    )


def test_programs_find_status_and_diagnostic_code() -> None:
    text = written().content.decode()

    assert "Final-Recipient: rfc822; x@customer.test\r\n" in text
    assert "Action: failed\r\nStatus: 5.1.351\r\nRemote-MTA: dns; mx.customer.test\r\n" in text
    assert f"Diagnostic-Code: smtp; {WRAPPED}\r\n" in text
    assert "Reporting-MTA: dns; DM6PR11MB" in text


@pytest.mark.parametrize(
    "line",
    ["Your message to x@customer.test couldn't be delivered.", f"Error:                {WRAPPED}",
     "Message rejected by:  mx.customer.test", "Sender Address:       bob@contoso.com", "Created Date:         1/15/2026 9:00:00 AM",
     "HOP  TIME (UTC)  FROM  TO        WITH  RELAY TIME", "1                a     BN8.test  SMTP  *", "Original Message Headers",
     "Received-From-MTA: dns; client.example"],
)  # fmt: skip
def test_people_find_what_happened_and_where(line: str) -> None:
    assert f"{line}\r\n" in written().content.decode()


def test_null_sender_never_gets_a_report() -> None:
    assert contoso().report(held(str(X), sender=None), X, WRAPPED, None, "", at()) is None


def test_notify_never_is_kept() -> None:
    asked = held(str(X), recipient_parameters={X: {"NOTIFY": "NEVER"}})

    assert contoso().report(asked, X, WRAPPED, None, "", at()) is None


def test_a_report_without_a_remote_host_names_none() -> None:
    notice = contoso().report(held(str(X)), X, Reply(550, "5.4.300", "Message expired"), None, "", at())

    assert notice is not None
    assert b"Message rejected by" not in notice.message.content


# notices of delay

WAITS = Outcome((Try(Target("mx.customer.test", "198.51.100.7"), "CONNECT", broken="refused"),))


def notice(
    hours: float,
    memory: dict[str, Any] | None = None,
    sender: str | None = "bob@contoso.com",
    notify: str = "",
    **settings: Any,
) -> Message | None:
    """What the sender is told after an attempt that failed so long after the message came in."""
    asked = {X: {"NOTIFY": notify}} if notify else {}
    what = held(str(X), sender=sender, content=message(Subject="Offer"), recipient_parameters=asked)
    moment = at(memory, now=NOW + timedelta(hours=hours))
    fate = contoso(**settings).after_attempt(what, Relay(NextHop("customer.test")), WAITS, 5, moment)[X]
    assert isinstance(fate, Keep)
    return fate.notice[1] if fate.notice else None


def test_a_sender_is_told_once_that_mail_has_to_wait() -> None:
    memory: dict[str, Any] = {}
    assert [False, True, False] == [notice(hours, memory) is not None for hours in (3.9, 4, 5)]


def test_a_notice_of_delay_says_how_long_it_will_be_tried() -> None:
    found = notice(4)
    assert found is not None
    text = found.content.decode()
    assert "Delivery delayed: Offer" == found.get("Subject")
    assert "It will be tried until 1/16/2026 9:00:00 AM" in text
    assert "Action: delayed\r\nStatus: 4.4.316\r\n" in text
    assert "Will-Retry-Until: Fri, 16 Jan 2026 09:00:00 +0000\r\n" in text


INSIDE, OUTSIDE = "bob@contoso.com", "sun@gmail.test"


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
        (None, "", {}, False),
        (INSIDE, "", {"knobs": {"delay_notice": "6h"}}, False),
    ],
)  # fmt: skip
def test_who_is_told_of_a_delay(sender: str | None, notify: str, settings: dict[str, Any], told: bool) -> None:
    assert told == (notice(5, sender=sender, notify=notify, **settings) is not None)


# reports of success

TAKEN = Reply(250, "2.6.0", "queued")


def confirmed(action: str = "delivered", sender: str = INSIDE, host: str = "", **settings: Any) -> Message | None:
    what = held(
        str(X), sender=sender, content=message(Subject="Offer"), recipient_parameters={X: {"NOTIFY": "SUCCESS"}}
    )
    found = contoso(**settings).confirm(what, X, action, TAKEN, host, at())
    assert found is None or (sender, "m365") == (str(found.to), found.by)
    return found.message if found else None


@pytest.mark.parametrize(
    ("action", "host", "subject", "words"),
    [
        ("delivered", "", "Delivered: Offer", "Your message has been delivered to the following recipients:"),
        (
            "relayed",
            "mx.customer.test",
            "Relayed: Offer",
            "no delivery notification was sent by the destination server:",
        ),
        ("expanded", "", "Expanded: Offer", "Your message was expanded to the members of these groups:"),
    ],
)
def test_a_report_of_success_is_called_by_what_happened(action: str, host: str, subject: str, words: str) -> None:
    found = confirmed(action, host=host)
    assert found is not None
    report = read_report(found)
    assert report is not None
    assert (subject, action, host) == (
        found.get("Subject"),
        report.recipients[0].action,
        report.recipients[0].remote_mta,
    )
    assert words in report.words
    assert "Diagnostic" not in report.words


@pytest.mark.parametrize(
    ("sender", "enabled", "told"), [(OUTSIDE, False, False), (OUTSIDE, True, True), (INSIDE, False, True)]
)
def test_a_remote_domain_may_get_no_reports_of_success(sender: str, enabled: bool, told: bool) -> None:
    remote = {"Default": {"DeliveryReportEnabled": enabled}}
    assert told == (confirmed(sender=sender, RemoteDomains=remote) is not None)
