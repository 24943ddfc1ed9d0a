from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.message import Message, rfc5322_date

_NAME = st.from_regex(r"[A-Za-z][A-Za-z-]{0,15}", fullmatch=True)
_VALUE = st.text(max_size=60)
_MAILISH = st.lists(
    st.sampled_from([b"Subject: x\r\n", b"Received: by a\r\n", b" folded\r\n", b"\tfolded\r\n", b"\r\n", b"\n", b" \r\n",
                     b"body\r\n", b":", b"From: \xe9\xff\r\n", b"no end: x", b"\x00", b"A:\n"]), max_size=12,
).map(b"".join)  # fmt: skip
_CONTENT = st.one_of(st.binary(max_size=200), _MAILISH)


@given(_CONTENT)
def test_parsing_never_fails_and_loses_no_octet(content: bytes) -> None:
    message = Message.parse(content)
    assert content == message.content
    assert len(content) == message.size


@given(content=_CONTENT, name=_NAME, value=_VALUE)
def test_a_prepended_field_leaves_the_other_octets_alone(content: bytes, name: str, value: str) -> None:
    stamped = Message.parse(content).prepend(name, value)
    assert stamped.content.endswith(content)
    again = Message.parse(stamped.content)
    assert name == again.fields[0][0]
    assert len(again.fields) >= len(Message.parse(content).fields) + 1


@given(content=_CONTENT, name=_NAME, value=st.text("abc xyz", max_size=20))
def test_a_replaced_field_is_there_exactly_once(content: bytes, name: str, value: str) -> None:
    replaced = Message.parse(content).replaced(name, value)
    assert [value.strip()] == replaced.all(name)


def test_a_header_is_read_without_regard_to_case_topmost_first() -> None:
    message = Message.parse(b"Received: one\r\nSubject: a\r\n\tb\r\nreceived: two\r\n\r\nReceived: body\r\n")
    assert ["one", "two"] == message.all("RECEIVED")
    assert "one" == message.get("Received")
    assert "a\tb" == message.get("subject")
    assert message.get("To") is None
    assert 2 == message.received_count
    assert b"\r\nReceived: body\r\n" == message.rest


def test_a_line_end_in_a_value_becomes_a_fold() -> None:
    assert b"Received: from a\r\n by b\r\n\r\nx" == Message.parse(b"\r\nx").prepend("Received", "from a\nby b").content


@pytest.mark.parametrize("value", ["a\n\nb", "a\r\n\r\nb", "a\rb", "\na\nb"])
def test_no_value_can_end_the_header(value: str) -> None:
    message = Message.parse(Message.parse(b"To: x\r\n\r\n").prepend("X", value).content)
    assert ["X", "To"] == [name for name, _ in message.fields]


def test_a_replaced_field_stands_where_the_first_one_stood() -> None:
    message = Message.parse(b"A: 1\r\nB: 2\r\nC: 3\r\nb: 4\r\n\r\n")
    assert b"A: 1\r\nB: new\r\nC: 3\r\n\r\n" == message.replaced("B", "new").content
    assert b"D: 5\r\nA: 1\r\n" == message.replaced("D", "5").content[:12]


def test_fields_are_taken_out_by_their_lower_case_name() -> None:
    message = Message.parse(b"X-MS-A: 1\r\nTo: 2\r\nx-ms-b: 3\r\n\r\nX-MS-A: body")
    assert b"To: 2\r\n\r\nX-MS-A: body" == message.without(lambda name: name.startswith("x-ms-")).content


def test_dates_are_english_and_in_utc() -> None:
    assert "Mon, 2 Mar 2026 09:05:00 +0000" == rfc5322_date(datetime(2026, 3, 2, 9, 5, tzinfo=UTC))


_CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("prepend"), _NAME, _VALUE),
        st.tuples(st.just("replaced"), _NAME | st.sampled_from(["Subject", "Received", "From"]), _VALUE),
        st.tuples(st.just("without"), st.sampled_from(["subject", "received", "from", "a"]), st.none()),
    ),
    max_size=5,
)


@given(content=_CONTENT, changes=_CHANGES)
def test_a_message_handed_across_is_the_one_that_its_octets_make(
    content: bytes, changes: list[tuple[str, str, str | None]]
) -> None:
    message = Message.parse(content)
    for change, name, value in changes:
        if value is None:
            message = message.without(lambda found, unwanted=name: found == unwanted)  # type: ignore[misc]
        else:
            message = message.prepend(name, value) if change == "prepend" else message.replaced(name, value)
    assert Message.parse(message.content) == message.received()
    assert len(message.content) == message.size
    afresh = Message(message.fields, message.rest)  # which has counted nothing on the way
    for name in {name for name, _ in message.fields} | {name for _, name, _ in changes}:
        assert (afresh.get(name), afresh.all(name), afresh.has(name)) == (
            message.get(name), message.all(name), message.has(name),
        )  # fmt: skip


@pytest.mark.parametrize("rest", [b"", b"\r\nbody", b" folded\r\n", b"\tx", b"Subject: x\r\n\r\n", b"body\r\n", b": x"])
def test_what_follows_the_header_may_be_taken_for_more_of_it(rest: bytes) -> None:
    made = Message((("Received", b"Received: by a\r\n"),), rest)
    assert Message.parse(made.content) == made.received()


def test_the_body_of_a_message_handed_across_is_not_copied() -> None:
    message = Message.parse(b"Subject: x\r\n\r\n" + b"x" * 200_000).prepend("Received", "by a")
    assert message.rest is message.received().rest


def test_several_fields_stand_on_top_in_the_order_in_which_they_are_given() -> None:
    message = Message.parse(b"Subject: x\r\n\r\n").topped(("A", "1"), ("B", "2"))
    assert ["A", "B", "Subject"] == [name for name, _ in message.fields]
