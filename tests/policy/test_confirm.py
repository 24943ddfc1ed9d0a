from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.dsn import read_report
from simulator.mail.reply import Reply
from simulator.policy.confirm import GROUP, MAILBOX, confirmation
from simulator.policy.host import Held, Notice
from tests.policy.builders import BOB, SUN, a_held, a_message, a_moment
from tests.products.builders import an_internet

TAKEN = Reply(250, "2.0.0", "queued")


def asked(notify: str, **more: Any) -> dict[str, Any]:
    return {"recipient_parameters": {SUN: {"NOTIFY": notify}}, **more}


def written(held: Held, action: str = "delivered", reply: Reply = MAILBOX, host: str = "") -> Notice | None:
    return confirmation(an_internet(), held, SUN, action, reply, host, a_moment())


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (asked("SUCCESS"), True),
        (asked("failure,success"), True),
        ({}, False),
        (asked("FAILURE,DELAY"), False),
        (asked("NEVER"), False),
        (asked("SUCCESS", sender=None), False),
        (asked("SUCCESS", generated=True), False),
        ({"recipient_parameters": {BOB: {"NOTIFY": "SUCCESS"}}}, False),
    ],
)
def test_success_is_reported_to_those_alone_who_ask_for_it(facts: dict[str, Any], expected: bool) -> None:
    assert expected is (written(a_held(**facts)) is not None)


@pytest.mark.parametrize(
    ("action", "reply", "host", "expected"),
    [
        ("delivered", MAILBOX, "", ("delivered", "2.1.5", "", "", "")),
        ("expanded", GROUP, "", ("expanded", "2.1.5", "", "", "")),
        (
            "relayed", TAKEN, "mx.old.example",
            ("relayed", "2.0.0", "mx.old.example", "250 2.0.0 queued", "Mon, 2 Mar 2026 09:00:00 +0000"),
        ),
        ("relayed", Reply(250), "mx.old.example", ("relayed", "2.0.0", "mx.old.example", "250", "Mon, 2 Mar 2026 09:00:00 +0000")),
    ],
)  # fmt: skip
def test_a_report_of_success_says_what_happened(
    action: str, reply: Reply, host: str, expected: tuple[str, ...]
) -> None:
    notice = written(a_held(**asked("SUCCESS")), action, reply, host)
    assert notice is not None
    report = read_report(notice.message)
    assert report is not None
    (one,) = report.recipients
    assert expected == (one.action, one.status, one.remote_mta, one.diagnostic, one.last_attempt)
    assert ("sun@customer.example", "mx.customer.example") == (one.final, report.reporting_mta)


def test_a_report_of_success_never_gives_back_the_whole_message() -> None:
    notice = written(a_held(message=a_message(), **asked("SUCCESS", parameters={"RET": "FULL"})))
    assert notice is not None
    report = read_report(notice.message)
    assert report is not None
    assert "headers" == report.returned
    assert b"Hello.\r\n" not in notice.message.content
