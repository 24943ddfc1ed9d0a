"""Who a message says it is from."""

from __future__ import annotations

import pytest

from simulator.mail.address import Address
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.products.exchange_online.authors import author_of, malformed
from tests.products.exchange_online.builders import settings


def refusal(text: str, *, body: str = "", knob: str = "refuse") -> str:
    knobs = settings(AcceptedDomains={"contoso.com": "Authoritative"}, knobs={"bare_line_feeds": knob}).knobs
    envelope = Envelope(None, (), {"BODY": body} if body else {})
    found = malformed(Message.parse(text.encode()), envelope, knobs, "[x]")
    return str(found[0]) if found else ""


NO_FROM = (
    "550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant and include a valid From address [x]"
)
SEVERAL = "550 5.1.20 Multiple From addresses are not allowed without Sender address [x]"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("From: a@a.test\r\n", ""),
        ('From: "Doe, Jane" <a@a.test>\r\n', ""),
        ("From: a@a.test, b@b.test\r\nSender: a@a.test\r\n", ""),
        ("Subject: x\r\n", NO_FROM),
        ("From: a@a.test\r\nFrom: b@b.test\r\n", NO_FROM),
        ("From: nobody\r\n", NO_FROM),
        ("From: <>\r\n", NO_FROM),
        ("From: a@a.test, b@b.test\r\n", SEVERAL),
    ],
)
def test_a_message_has_one_author_or_a_sender(header: str, expected: str) -> None:
    assert expected == refusal(f"{header}\r\nHello.\r\n")


@pytest.mark.parametrize(
    ("body", "knob", "expected"),
    [("", "refuse", "550 5.6.11 Invalid characters [x]"), ("BINARYMIME", "refuse", ""), ("", "accept", "")],
)
def test_a_bare_line_feed_comes_with_bdat_or_not_at_all(body: str, knob: str, expected: str) -> None:
    assert expected == refusal("From: a@a.test\r\n\r\none\ntwo\r\n", body=body, knob=knob)


def test_a_bare_line_feed_in_the_header_counts_too() -> None:
    assert refusal("From: a@a.test\nSubject: x\r\n\r\n").startswith("550 5.6.11")


def test_the_first_of_several_is_the_author() -> None:
    assert Address.parse("a@a.test") == author_of(Message.parse(b"From: A <a@a.test>, b@b.test\r\n\r\n"))
    assert author_of(Message.parse(b"From: nobody\r\n\r\n")) is None
