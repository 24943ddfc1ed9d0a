from __future__ import annotations

import tracemalloc
from email import message_from_bytes, policy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.address import Address
from simulator.mail.dsn import read_report
from simulator.mail.message import Message
from simulator.mail.mime import content_type, decoded, parts
from simulator.mail.reply import Reply
from simulator.policy.bounce import (
    FULL_LIMIT,
    NO_REPORT,
    Failure,
    may_report,
    plain_report,
    report_message,
    silence,
    status_of,
    unreported,
)
from simulator.policy.host import Held
from tests.policy.builders import BOB, MONDAY, SUN, a_held, a_message, a_moment

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
        "Remote-MTA": "dns; mx.customer.example", "Diagnostic-Code": "smtp; 550 5.1.1 no such user", "Last-Attempt-Date": "Mon, 2 Mar 2026 09:00:00 +0000",
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


BOUNCED = Failure(SUN, _REFUSED, _REFUSED, "mx.customer.example")
_BODY = b"Subject: Hello\r\n\r\nsecret\r\n"


def _returned(body: bytes = _BODY, failure: Failure = BOUNCED, **parameters: str) -> tuple[str, bool]:
    """The type of the third part, and whether the body came back."""
    report = _report(a_held(message=Message.parse(body), parameters=parameters), failure)
    *_, last = parts(report)
    return last.type, b"secret" in report.content


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, ("text/rfc822-headers", False)),
        ({"RET": "HDRS"}, ("text/rfc822-headers", False)),
        ({"RET": "FULL"}, ("message/rfc822", True)),
        ({"RET": "full"}, ("message/rfc822", True)),
        ({"RET": "FULL", "failure": Failure(SUN, _REFUSED, until=MONDAY)}, ("text/rfc822-headers", False)),
        ({"RET": "FULL", "failure": Failure(SUN, Reply(250), succeeded="relayed")}, ("text/rfc822-headers", False)),
        ({"RET": "FULL", "SMTPUTF8": ""}, ("message/global", True)),
        ({"SMTPUTF8": ""}, ("message/global-headers", False)),
        # What is not lines as mail has them goes into no report.
        ({"RET": "FULL", "BODY": "BINARYMIME"}, ("text/rfc822-headers", False)),
        ({"RET": "FULL", "body": _BODY + b"a\nb\r\n"}, ("text/rfc822-headers", False)),
        ({"RET": "FULL", "body": _BODY + b"a\rb\r\n"}, ("text/rfc822-headers", False)),
        ({"RET": "FULL", "body": _BODY + b"\x00"}, ("text/rfc822-headers", False)),
        ({"RET": "FULL", "body": _BODY + b"x" * 999 + b"\r\n"}, ("text/rfc822-headers", False)),
        ({"RET": "FULL", "body": _BODY + b"x" * 998 + b"\r\n"}, ("message/rfc822", True)),
    ],
)
def test_how_much_of_the_message_comes_back(facts: dict[str, Any], expected: tuple[str, bool]) -> None:
    assert expected == _returned(**facts)


def test_a_message_larger_than_ten_megabytes_does_not_come_back() -> None:
    line = b"x" * 998 + b"\r\n"
    fits = _BODY + line * ((FULL_LIMIT - len(_BODY)) // len(line))
    assert ("message/rfc822", True) == _returned(fits, RET="FULL")
    assert ("text/rfc822-headers", False) == _returned(fits + line, RET="FULL")


def test_a_whole_message_comes_back_octet_by_octet() -> None:
    octets = b"Subject: Gr\xc3\xbc\xc3\x9fe\r\nX: \xff\r\n\r\n\xff\xfe body\r\n.\r\n"
    report = _report(a_held(message=Message.parse(octets), parameters={"RET": "FULL"}), BOUNCED)
    *_, last = parts(report)
    assert octets == last.content
    assert b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n" in report.content


def test_no_message_can_end_the_part_that_it_comes_back_in() -> None:
    first = _report(a_held(parameters={"RET": "FULL"}), BOUNCED)
    boundary = content_type(first.get("Content-Type") or "").parameters["boundary"]
    evil = Message.parse(
        f"Subject: x\r\n\r\n--{boundary}\r\nContent-Type: text/html\r\n\r\nevil\r\n--{boundary}--\r\n".encode()
    )
    report = _report(a_held(message=evil, parameters={"RET": "FULL"}), BOUNCED)
    assert ["text/plain", "message/delivery-status", "message/rfc822"] == [part.type for part in parts(report)]


def test_a_sender_cannot_write_fields_into_a_report() -> None:
    header = b"Subject: a\rX-Evil: 1\r\nMessage-ID: <1@x>\rX-Evil: 2\r\n\r\n"
    remote = Reply(550, "5.1.1", "no\r\nAction: delivered\n\nAction: delivered")
    held = a_held(message=Message.parse(header), parameters={"ENVID": "a+0D+0AAction:+20delivered"})
    report = _report(held, Failure(SUN, remote, remote, "mx.evil.example\nAction: delivered"), subject="a\r\nX-Evil: 3")
    read = read_report(report)
    assert read is not None
    assert ["failed"] == [one.action for one in read.recipients]
    assert not report.has("X-Evil")
    assert "a??Action: delivered" == read.envelope_id


def test_a_report_about_an_address_outside_ascii_is_a_global_one() -> None:
    who = Address.parse("größe@kunde.example")
    held = a_held(
        who,
        parameters={"SMTPUTF8": None},
        recipient_parameters={who: {"ORCPT": "utf-8;gr\\x{F6}\\x{DF}e@kunde.example"}},
    )
    report = _report(held, Failure(who, _REFUSED))
    read = read_report(report)
    assert read is not None
    assert ("größe@kunde.example", "größe@kunde.example") == (read.recipients[0].final, read.recipients[0].original)
    assert b"Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: 8bit\r\n" in report.content
    assert "Final-Recipient: utf-8; größe@kunde.example\r\n".encode() in report.content


def test_a_subject_outside_ascii_is_written_in_encoded_words() -> None:
    report = _report(a_held(), BOUNCED, subject="Undeliverable: Grüße")
    assert "Undeliverable: Grüße" == decoded(report.get("Subject") or "")
    assert (report.get("Subject") or "").isascii()


def test_a_header_bomb_comes_back_in_part() -> None:
    bomb = Message.parse(b"".join(b"Received: from x%d by y\r\n" % n for n in range(40_000)) + b"\r\nbody\r\n")
    report = _report(a_held(message=bomb), BOUNCED)
    assert 2**17 < report.size < 2**19


def test_a_plain_report_has_words_and_the_header_and_no_fields() -> None:
    report = plain_report(
        a_held(), fqdn="mail.contoso.com", author="postmaster@contoso.com", subject="Failed", lines=["Sorry.", ""], at=a_moment()
    )  # fmt: skip
    assert "text/plain; charset=utf-8" == report.get("Content-Type")
    assert "auto-replied" == report.get("Auto-Submitted")
    assert report.rest.startswith(b"\r\nSorry.\r\n\r\nSubject: Hello")
    assert read_report(report) is None


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, ""),
        ({"sender": None}, "null-sender"),
        ({"sender": None, "generated": True}, "double-bounce"),
        ({"recipient_parameters": {SUN: {"NOTIFY": "NEVER"}}}, "not-wanted"),
    ],
)
def test_the_log_says_why_nobody_is_told(facts: dict[str, Any], expected: str) -> None:
    held = a_held(**facts)
    assert expected == unreported(held, SUN)
    if expected:
        step = silence(held, SUN)
        assert (NO_REPORT, expected) == (step.rule, step.outcome)
        assert [False] == [
            c.chosen for c in step.candidates if c.reason in ("<>", "a-report", "notify") and not c.chosen
        ][:1]


_ADDRESSES = st.sampled_from([SUN, BOB, Address.parse("größe@kunde.example")])
_OCTETS = st.one_of(st.binary(max_size=200), st.text(max_size=80).map(str.encode))


@given(
    _OCTETS, _ADDRESSES, st.sampled_from(["", "FULL", "HDRS"]), st.text(max_size=30), st.text(max_size=30),
    st.sampled_from(["failed", "delivered", "relayed", "expanded", "delayed"]),
)  # fmt: skip
def test_every_report_can_be_read_again(
    octets: bytes, who: Address, ret: str, envid: str, said: str, action: str
) -> None:
    reply = Reply(550, "5.1.1", said)
    failure = Failure(
        who, reply, until=MONDAY if action == "delayed" else None,
        succeeded=action if action in ("delivered", "relayed", "expanded") else "",
    )  # fmt: skip
    held = a_held(who, message=Message.parse(octets), parameters={"RET": ret, "ENVID": envid})
    report = _report(held, failure, subject=f"Failed: {held.message.get('Subject')}")
    read = read_report(Message.parse(report.content))
    assert read is not None
    (one,) = read.recipients
    assert (str(who), action, "5.1.1", "mail.contoso.com") == (one.final, one.action, one.status, read.reporting_mta)
    assert ("full" if ret == "FULL" and action == "failed" else "headers") in (read.returned, "full")
    assert 3 == len(parts(report))


def test_a_large_original_is_not_copied() -> None:
    message = Message.parse(_BODY + b"x" * (40 * 2**20))
    held = a_held(message=message, parameters={"RET": "FULL"})
    tracemalloc.start()
    try:
        report = _report(held, BOUNCED)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2**20
    assert report.size < 2**12
