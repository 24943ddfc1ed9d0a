"""The table of Message Hops."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.message import Message
from simulator.products.exchange_online.hops import hop_rows, hop_time, printed_time


def rows(*received: str) -> list[str]:
    """The rows below the headings; the newest field is given first, as in a message."""
    made = Message(tuple(("Received", f"Received: {field}\r\n".encode()) for field in received), b"\r\n")
    return [" ".join(row.split()) for row in hop_rows(made)[1:]]


def test_hops_come_in_the_order_in_which_they_happened() -> None:
    newest = "from mx.b.test (192.0.2.2) by BN8.test (10.0.0.1) with Microsoft SMTP Server (version=TLS1_3) id 15.20; Thu, 15 Jan 2026 09:01:05 +0000"
    oldest = "from pc.a.test ([192.0.2.1]) by mx.b.test with ESMTPS; Thu, 15 Jan 2026 10:00:03 +0100"
    assert [
        "1 1/15/2026 9:00:03 AM pc.a.test mx.b.test ESMTPS *",
        "2 1/15/2026 9:01:05 AM mx.b.test BN8.test Microsoft SMTP Server 1 min, 2 sec",
    ] == rows(newest, oldest)


def test_a_clock_that_goes_wrong_makes_no_time() -> None:
    first, second = "from a by b; 15 Jan 2026 09:00:05 +0000", "from b by c; 15 Jan 2026 09:00:03 +0000"
    assert rows(second, first)[1].endswith(" 0 sec")


@pytest.mark.parametrize(
    ("field", "row"),
    [
        ("by b.test; today", "1 b.test *"),
        ("nonsense", "1 *"),
        ("(from x by y) from a by b; 99 Jan 2026 09:00:00 +0000", "1 a b *"),
    ],
)
def test_a_field_that_says_little_has_a_row_too(field: str, row: str) -> None:
    assert [row] == rows(field)


def test_a_message_without_hops_has_headings_only() -> None:
    assert ["HOP  TIME (UTC)  FROM  TO  WITH  RELAY TIME"] == hop_rows(Message((), b""))


@pytest.mark.parametrize(
    ("hour", "text"), [(0, "1/15/2026 12:05:09 AM"), (12, "1/15/2026 12:05:09 PM"), (13, "1/15/2026 1:05:09 PM")]
)
def test_times_are_printed_as_the_service_does(hour: int, text: str) -> None:
    assert text == printed_time(datetime(2026, 1, 15, hour, 5, 9, tzinfo=UTC))


def test_a_date_of_another_zone_is_told_in_utc() -> None:
    assert "1/16/2026 2:00:00 AM" == hop_time("Thu, 15 Jan 2026 18:00 -0800")


@given(st.text(max_size=80))
def test_any_field_is_read(text: str) -> None:
    assert 1 == len(rows(" ".join(text.split()) or "x"))
