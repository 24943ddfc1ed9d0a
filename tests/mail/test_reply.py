from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.reply import Reply

_TEXT = st.text("abcdefghijklmnopqrstuvwxyz ;:<>@", max_size=30).map(str.strip)


@given(
    first=st.sampled_from([2, 4, 5]), rest=st.integers(0, 99), subject=st.integers(0, 999), detail=st.integers(0, 999),
    lines=st.lists(_TEXT.filter(bool), min_size=1, max_size=4),
)  # fmt: skip
def test_a_reply_survives_the_wire(first: int, rest: int, subject: int, detail: int, lines: list[str]) -> None:
    reply = Reply(first * 100 + rest, f"{first}.{subject}.{detail}", "\n".join(lines))
    heard = "\n".join(line[4:] for line in reply.lines())
    assert reply == Reply.of(reply.code, heard)


@given(st.text(max_size=40))
def test_any_text_is_a_reply_or_a_value_error(text: str) -> None:
    try:
        reply = Reply.parse(text)
    except ValueError:
        return
    assert 0 <= reply.code <= 999


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "550 5.7.64 TenantAttribution; Relay Access Denied",
            Reply(550, "5.7.64", "TenantAttribution; Relay Access Denied"),
        ),
        ("550 <x@y.example> No such user here", Reply(550, "", "<x@y.example> No such user here")),
        ("250", Reply(250)),
        ("250 2.0.0", Reply(250, "2.0.0")),
        ("451-4.7.500 wait\n4.7.500 a while", Reply(451, "4.7.500", "wait\na while")),
        ("550 5.7.640x", Reply(550, "", "5.7.640x")),
    ],
)
def test_replies_as_they_stand_on_the_wire(text: str, expected: Reply) -> None:
    assert expected == Reply.parse(text)


def test_words_without_a_code_are_no_reply() -> None:
    with pytest.raises(ValueError, match="not an SMTP reply"):
        Reply.parse("no such user")


def test_the_enhanced_code_is_repeated_on_every_line() -> None:
    assert ["550-5.1.1 one", "550 5.1.1 two"] == Reply(550, "5.1.1", "one\ntwo").lines()
    assert ["220-hello", "220 there"] == Reply(220, "", "hello\nthere").lines()
    assert ["354"] == Reply(354).lines()


@pytest.mark.parametrize(("code", "ok", "transient", "permanent"), [(250, True, False, False), (354, True, False, False),
                                                                    (451, False, True, False), (550, False, False, True)])  # fmt: skip
def test_the_first_digit_decides(code: int, ok: bool, transient: bool, permanent: bool) -> None:
    reply = Reply(code)
    assert (ok, transient, permanent) == (reply.ok, reply.transient, reply.permanent)


def test_replies_are_told_in_one_line() -> None:
    assert "550 5.1.1 one two" == str(Reply(550, "5.1.1", "one\ntwo"))
    assert ("550 5.1.1", "550") == (Reply(550, "5.1.1").codes, Reply(550).codes)
