from __future__ import annotations

from email import message_from_bytes, policy
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.policy.bounce import Failure, may_report, report_message, status_of
from simulator.policy.host import Held
from tests.policy.builders import BOB, SUN, a_held, a_message, a_moment

_REFUSED = Reply(550, "5.1.1", "no such user")


def _report(held: Held, failure: Failure, **more: Any) -> Message:
    facts: dict[str, Any] = {
        "fqdn": "mail.contoso.com", "author": "Postmaster <postmaster@contoso.com>", "subject": "Failed",
        "lines": ["Sorry."], "at": a_moment(),
    }  # fmt: skip
    return report_message(held, failure, **{**facts, **more})


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, True),
        ({"sender": None}, False),
        ({"generated": True}, False),
        ({"recipient_parameters": {SUN: {"NOTIFY": "NEVER"}}}, False),
        ({"recipient_parameters": {SUN: {"NOTIFY": "SUCCESS,DELAY"}}}, False),
        ({"recipient_parameters": {SUN: {"NOTIFY": "success,failure"}}}, True),
        ({"recipient_parameters": {BOB: {"NOTIFY": "NEVER"}}}, True),
        ({"recipient_parameters": {BOB: {"NOTIFY": "NEVER"}}, "original": BOB}, False),
    ],
)
def test_who_is_told_of_a_failure(facts: dict[str, Any], expected: bool) -> None:
    assert expected is may_report(a_held(**facts), SUN)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [(_REFUSED, "5.1.1"), (Reply(550), "5.0.0"), (Reply(451), "4.0.0"), (Reply(554, "", "x"), "5.0.0")],
)
def test_a_reply_without_enhanced_code_has_its_class_as_status(reply: Reply, expected: str) -> None:
    assert expected == status_of(reply)


def test_a_report_has_words_fields_and_the_header_of_the_message() -> None:
    held = a_held(message=a_message("mail.contoso.com", Message_ID="<1@x>"), parameters={"ENVID": "e-1"})
    report = _report(held, Failure(SUN, _REFUSED, _REFUSED, "mx.customer.example"))
    parsed: Any = message_from_bytes(report.content, policy=policy.default)
    assert ("multipart/report", "delivery-status") == (
        parsed.get_content_type(),
        parsed["Content-Type"].params["report-type"],
    )
    text, status, header = parsed.iter_parts()
    assert "Sorry." == text.get_content().strip()
    per_message, per_recipient = status.get_payload()
    assert ("dns; mail.contoso.com", "e-1") == (per_message["Reporting-MTA"], per_message["Original-Envelope-Id"])
    assert {
        "Final-Recipient": "rfc822; sun@customer.example", "Action": "failed", "Status": "5.1.1",
        "Remote-MTA": "dns; mx.customer.example", "Diagnostic-Code": "smtp; 550 5.1.1 no such user",
    } == dict(per_recipient.items())  # fmt: skip
    assert "Subject: Hello" in header.get_content()
    assert "<1@x>" == report.get("In-Reply-To")
    assert "auto-replied" == report.get("Auto-Submitted")


def test_a_report_names_the_remote_host_only_if_that_said_something() -> None:
    report = _report(a_held(), Failure(SUN, _REFUSED, None, "mx.customer.example"), headers=[("X-Own", "1")])
    assert b"Remote-MTA" not in report.content
    assert "1" == report.get("X-Own")
    assert report.get("In-Reply-To") is None


def test_a_report_tells_the_address_that_the_sender_wrote() -> None:
    was = Address.parse("sales@contoso.com")
    assert (
        b"Original-Recipient: rfc822;sales@contoso.com\r\n"
        in _report(a_held(original=was), Failure(SUN, _REFUSED)).content
    )
    asked = a_held(original=was, recipient_parameters={SUN: {"ORCPT": "rfc822;s@contoso.com"}})
    assert b"Original-Recipient: rfc822;s@contoso.com\r\n" in _report(asked, Failure(SUN, _REFUSED)).content


def test_two_reports_of_one_host_have_different_ids() -> None:
    at = a_moment()
    ids = {_report(a_held(), Failure(SUN, _REFUSED), at=at).get("Message-ID") for _ in range(3)}
    assert 3 == len(ids)
