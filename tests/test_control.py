"""The lines in which a running lab is spoken to: what is a request, and what is said to what is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.control import OPERATIONS, Answer, Denied, Request, parse_answer, parse_request

TOKEN = "0123456789abcdef"


def line(do: object = "status", token: object = TOKEN, **more: Any) -> bytes:
    return json.dumps({"token": token, "do": do, **more}).encode()


def denied(request: bytes) -> str:
    with pytest.raises(Denied) as found:
        parse_request(request, TOKEN)
    return str(found.value)


def test_a_request_comes_through_as_it_was_made() -> None:
    asked = Request(TOKEN, "break", {"fault": {"at": "onprem", "down": "10m"}})
    assert asked == parse_request(asked.line(), TOKEN)
    assert (True, b"\n") == (asked.line().endswith(b"}\n"), asked.line()[-1:])


def test_an_answer_comes_through_as_it_was_given() -> None:
    for answer in (Answer(True, {"msg": "m-1"}), Answer.no(Denied("no server \u00e4.", "Known: a, b"))):
        assert answer == parse_answer(answer.line())


@pytest.mark.parametrize("token", ["", "x", TOKEN + "0", TOKEN.upper(), None, 7, ["a"], "\ud800"])
def test_who_does_not_know_the_token_learns_nothing_else(token: object) -> None:
    assert "the token is wrong" in denied(line("no such thing", token))


@pytest.mark.parametrize(
    ("request_line", "told"),
    [
        (b"", "not a line of JSON"),
        (b"QUIT\r\n", "not a line of JSON"),
        (b"\xff\xfe", "not a line of JSON"),
        (b"[" * 100_000, "not a line of JSON"),
        (b"[1]", "a request is an object"),
        (b"null", "a request is an object"),
        (line("stats"), "there is no operation 'stats'. There are status, send,"),
        (line(None), "there is no operation 'None'"),
        (line(["a"]), "there is no operation"),
        (line("status", **{"with": [1]}), "with: is an object"),
        (line("status", **{"with": {"x": 1}}), "status has no parameter 'x'. It has none."),
        (line("undo", **{"with": {"number": "1"}}), "undo: number is a whole number"),
        (line("undo", **{"with": {"number": True}}), "undo: number is a whole number"),
        (line("events", **{"with": {"wait": "long"}}), "events: wait is a whole number or a number"),
        (line("clock", **{"with": {"next": "yes"}}), "clock: next is true or false"),
    ],
)
def test_what_is_no_request_is_told_why(request_line: bytes, told: str) -> None:
    assert told in denied(request_line)


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_no_line_breaks_the_reader(noise: bytes) -> None:
    assert denied(noise)


VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=5)  # fmt: skip


@given(st.sampled_from(sorted(OPERATIONS)), st.dictionaries(st.sampled_from(["since", "msg", "fault", "number", "next", "send"]), VALUES))  # fmt: skip
def test_a_request_is_read_or_denied(do: str, parameters: dict[str, Any]) -> None:
    try:
        assert parameters == parse_request(line(do, **{"with": parameters}), TOKEN).parameters
    except Denied as why:
        assert do in str(why)


def test_every_operation_says_what_it_does() -> None:
    assert {"status", "send", "break", "undo", "faults", "clock", "connector", "events"} == set(OPERATIONS)
    assert all(operation.says for operation in OPERATIONS.values())


@pytest.mark.parametrize("noise", [b"", b"{}", b'{"ok": true}', b'{"ok": true, "answer": 1}', b'{"ok": "yes"}'])
def test_what_is_no_answer_is_denied(noise: bytes) -> None:
    with pytest.raises(Denied):
        parse_answer(noise)
