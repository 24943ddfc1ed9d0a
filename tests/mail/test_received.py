"""Received fields of many writers, and of nobody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.message import Message
from simulator.mail.received import embedded_header, read_date, received_lines, the_header

# As different programs write them; names and addresses are those of documentation.
LINES = {
    "Postfix": (
        "from mx.customer.example (mx.customer.example [198.51.100.7])\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 "
        "(256/256 bits))\r\n\tby mail.contoso.com (Postfix) with ESMTPS id 4F1C\r\n\tfor <john@contoso.com>; "
        "Thu, 15 Jan 2026 10:00:01 +0100 (CET)",
        ("mx.customer.example", "198.51.100.7", "mail.contoso.com", "ESMTPS", "TLS", "john@contoso.com", 9),
    ),
    "Exchange": (
        "from mail.contoso.com (203.0.113.25) by\r\n BN8NAM11FT913.mail.protection.outlook.com (10.13.176.1) with Microsoft SMTP\r\n "
        "Server (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20.8699.15 via Frontend Transport; "
        "Thu, 15 Jan 2026 09:00:01 +0000",
        ("mail.contoso.com", "203.0.113.25", "BN8NAM11FT913.mail.protection.outlook.com", "Microsoft", "TLS 1.3", "", 9),
    ),
    "Exim": (
        "from [192.0.2.7] (helo=laptop) by mail.example.net with esmtpsa (TLS1.2) tls TLS_AES (Exim 4.96) "
        "(envelope-from <a@example.net>) id 1abc; Thu, 15 Jan 2026 09:00:01 GMT",
        ("[192.0.2.7]", "192.0.2.7", "mail.example.net", "esmtpsa", "TLS 1.2", "", 9),
    ),
    "a mailbox at a large provider": (
        "by 2002:a05:6402:1f4e:b0:5d0 with SMTP id x9csp1; Thu, 15 Jan 2026 01:00:01 -0800 (PST)",
        ("", "", "2002:a05:6402:1f4e:b0:5d0", "SMTP", "", "", 9),
    ),
    "IPv6": (
        "from a.example (unknown [IPv6:2001:db8::7]) by b.example (Postfix) with ESMTP id 1; 15 Jan 2026 09:00 +0000",
        ("a.example", "2001:db8::7", "b.example", "ESMTP", "", "", 9),
    ),
    "qmail": (
        "(qmail 12345 invoked by uid 89); 15 Jan 2026 09:00:01 -0000",
        ("", "", "uid", "", "", "", 9),
    ),
    "no date": ("from a by b", ("a", "", "b", "", "", "", None)),
    "nothing": ("", ("", "", "", "", "", "", None)),
}  # fmt: skip


@pytest.mark.parametrize("writer", LINES)
def test_what_a_line_says_is_read_whoever_wrote_it(writer: str) -> None:
    text, expected = LINES[writer]
    (line,) = received_lines(Message.parse(f"Received: {text}\r\n\r\n".encode()))
    hour = line.when.hour if line.when else None
    assert expected == (line.helo, line.address, line.by, line.protocol, line.tls, line.rcpt, hour)


def test_lines_come_in_the_order_of_the_way() -> None:
    message = Message.parse(b"Received: by two\r\nSubject: x\r\nReceived: by one\r\n\r\n")
    assert ["one", "two"] == [line.by for line in received_lines(message)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thu, 15 Jan 2026 10:00:01 +0100", datetime(2026, 1, 15, 9, 0, 1, tzinfo=UTC)),
        ("15 Jan 26 09:00 GMT", datetime(2026, 1, 15, 9, 0, tzinfo=UTC)),
        ("Thu, 15 Jan 2026 09:00:60 +0000", datetime(2026, 1, 15, 9, 0, 59, tzinfo=UTC)),
        ("Thu, 15 Jan 2026 09:00:01.25 +0000", datetime(2026, 1, 15, 9, 0, 1, 250000, tzinfo=UTC)),
        ("31 Feb 2026 09:00:00 +0000", None),
        ("15 Foo 2026 09:00:00 +0000", None),
        ("01 Jan 0001 00:00:00 +2359", None),
        ("", None),
    ],
)
def test_dates(text: str, expected: datetime | None) -> None:
    assert expected == read_date(text)


HEADER = b"Received: from a by b; 15 Jan 2026 09:00 +0000\r\nSubject: x\r\n\r\nbody\r\n"


@pytest.mark.parametrize(
    "octets",
    [
        HEADER,
        HEADER.replace(b"\r\n", b"\n"),
        HEADER.replace(b"\r\n", b"\r"),
        b"\xef\xbb\xbf" + HEADER,
        HEADER.decode().encode("utf-16"),
        b"From a@example.net Thu Jan 15 09:00:00 2026\n" + HEADER,
        b"\r\n \r\n" + HEADER,
    ],
)
def test_a_header_is_read_as_it_was_saved(octets: bytes) -> None:
    message = the_header(octets)
    assert ("x", ["b"]) == (message.get("Subject"), [line.by for line in received_lines(message)])


def test_a_report_brings_the_header_that_it_is_about() -> None:
    report = (
        b'Subject: Undeliverable\r\nContent-Type: multipart/report; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nno\r\n'
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nReceived: by one\r\nSubject: Offer\r\n\r\nHello\r\n--b--\r\n"
    )
    inner = embedded_header(Message.parse(report))
    assert inner is not None
    assert "Offer" == inner.get("Subject")
    assert None is embedded_header(Message.parse(b"Subject: Offer\r\n\r\n" + report))


@given(st.binary(max_size=400))
def test_any_octets_are_read(octets: bytes) -> None:
    message = the_header(octets)
    received_lines(message)
    embedded_header(message)


@given(st.text(max_size=300))
def test_any_text_in_a_line_is_read(text: str) -> None:
    received_lines(Message.parse(b"Received: " + text.encode("utf-8", "replace") + b"\r\n"))
