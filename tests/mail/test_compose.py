"""What a person's mail program hands in when a scenario says nothing more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.address import Address
from simulator.mail.compose import compose
from simulator.mail.message import Message

SUN, BOB = Address.parse("sun@customer.example"), Address.parse("bob@contoso.com")
NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


def a_message(**changes: object) -> bytes:
    facts: dict[str, object] = {"sender": SUN, "to": (BOB,), "date": NOON, "message_id": "<m-1@x.example>", **changes}
    return compose(**facts)  # type: ignore[arg-type]


def test_a_message_has_the_fields_that_rfc_5322_asks_for() -> None:
    message = Message.parse(a_message(subject="Price list"))
    fields = {name: message.get(name) for name in ("From", "To", "Date", "Subject", "Message-ID")}
    assert fields == {
        "From": "<sun@customer.example>",
        "To": "<bob@contoso.com>",
        "Date": "Thu, 15 Jan 2026 12:00:00 +0000",
        "Subject": "Price list",
        "Message-ID": "<m-1@x.example>",
    }


def test_a_written_header_replaces_the_one_that_would_be_there() -> None:
    message = Message.parse(a_message(headers={"from": "Boss <ceo@contoso.com>", "X-Gateway": "passed"}))
    assert (["Boss <ceo@contoso.com>"], "passed") == (message.all("From"), message.get("X-Gateway"))


def test_an_empty_header_leaves_the_field_out() -> None:
    assert Message.parse(a_message(headers={"Date": ""})).get("Date") is None


@given(st.integers(min_value=600, max_value=3000))
def test_a_size_is_met_to_the_octet(size: int) -> None:
    assert size == len(a_message(size=size))


@given(st.integers(min_value=600, max_value=3000))
def test_padding_ends_every_line_and_keeps_lines_short(size: int) -> None:
    content = a_message(size=size)
    assert content.endswith(b"\n")
    assert max(len(line) for line in content.split(b"\n")) <= 80


def test_a_size_below_what_is_needed_never_cuts() -> None:
    assert a_message() == a_message(size=10)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_body_goes_out_with_crlf(line_end: str) -> None:
    assert a_message(body=f"one{line_end}two").endswith(b"\r\n\r\none\r\ntwo\r\n")
