"""Canonical forms: the examples of RFC 6376 3.4.5, the ends of bodies, and which fields h= means."""

from __future__ import annotations

import hashlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.message import Message
from simulator.policy.dkim.canonical import FORMS, body_digest, canonical_body, canonical_field, picked, unsigned

EXAMPLE = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n"


@pytest.mark.parametrize(
    ("form", "fields", "body"),
    [
        ("relaxed", [b"a:X\r\n", b"b:Y Z\r\n"], b" C\r\nD E\r\n"),
        ("simple", [b"A: X\r\n", b"B : Y\t\r\n\tZ  \r\n"], b" C \r\nD \t E\r\n"),
    ],
)
def test_the_examples_of_the_rfc(form: str, fields: list[bytes], body: bytes) -> None:
    message = Message.parse(EXAMPLE)
    assert fields == [canonical_field(raw, form) for _, raw in message.fields]
    assert body == canonical_body(message.rest, form)


@pytest.mark.parametrize(
    ("rest", "simple", "relaxed"),
    [
        (b"", b"\r\n", b""),
        (b"\r\n", b"\r\n", b""),
        (b"\r\n\r\n\r\n", b"\r\n", b""),
        (b"\r\n \t\r\n\r\n", b" \t\r\n", b""),
        (b"\r\na", b"a\r\n", b"a\r\n"),
        (b"\r\na \t", b"a \t\r\n", b"a\r\n"),
        (b"\r\na\r\n\r\nb\r\n\r\n", b"a\r\n\r\nb\r\n", b"a\r\n\r\nb\r\n"),
        (b"\r\na\r\r\n\r\n", b"a\r\r\n", b"a\r\r\n"),
        (b"\r\na\r", b"a\r\r\n", b"a\r\r\n"),
        (b"\na\nb\n\n", b"a\r\nb\r\n", b"a\r\nb\r\n"),
        (b"\r\n  a\t\tb \r\n", b"  a\t\tb \r\n", b" a b\r\n"),
    ],
)
def test_bodies_end_in_one_line_end(rest: bytes, simple: bytes, relaxed: bytes) -> None:
    assert (simple, relaxed) == (canonical_body(rest, "simple"), canonical_body(rest, "relaxed"))


def test_a_lone_line_feed_ends_a_line_of_a_field_too() -> None:
    assert canonical_field(b"A: b\r\n c\r\n", "relaxed") == canonical_field(b"A: b\n c\n", "relaxed") == b"a:b c\r\n"
    assert canonical_field(b"A: b", "simple") == b"A: b\r\n"


@given(st.binary(max_size=60), st.sampled_from(FORMS))
def test_a_canonical_body_is_canonical(body: bytes, form: str) -> None:
    once = canonical_body(b"\r\n" + body, form)
    assert once == canonical_body(b"\r\n" + once, form)


@given(st.text("a \t\r\n", max_size=40).map(str.encode))
def test_what_is_the_same_simply_is_the_same_relaxed(body: bytes) -> None:
    simple = canonical_body(b"\r\n" + body, "simple")
    assert canonical_body(b"\r\n" + simple, "relaxed") == canonical_body(b"\r\n" + body, "relaxed")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a"], [b"A: 2\r\n"]),
        (["a", "a"], [b"A: 2\r\n", b"a: 1\r\n"]),
        (["a", "b", "a", "a", "c"], [b"A: 2\r\n", b"B: x\r\n", b"a: 1\r\n"]),
        ([], []),
    ],
)
def test_h_means_fields_from_the_bottom_up_and_nothing_where_there_is_none(
    names: list[str], expected: list[bytes]
) -> None:
    assert expected == picked(Message.parse(b"a: 1\r\nB: x\r\nA: 2\r\n\r\n").fields, names)


def test_h_never_means_the_signature_itself() -> None:
    fields = Message.parse(b"DKIM-Signature: new\r\nDKIM-Signature: old\r\n\r\n").fields
    assert [b"DKIM-Signature: old\r\n"] == picked(fields, ["dkim-signature", "dkim-signature"], without=0)


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        (b"S: a=b; b=QUJD; bh=x\r\n", b"S: a=b; b=; bh=x\r\n"),
        (b"S: a=1;\r\n b = QU\r\n JD ;c=2", b"S: a=1;\r\n b =;c=2"),
        (b"S: b=QUJD", b"S: b="),
        (b"S: bh=QUJD;\r\n b=QUJD=\r\n", b"S: bh=QUJD;\r\n b="),
        (b"S: bh=QUJD", b"S: bh=QUJD"),
    ],
)
def test_a_signature_is_hashed_without_its_value(raw: bytes, left: bytes) -> None:
    assert left == unsigned(raw)


@pytest.mark.parametrize("piece", [b" ", b"\t", b"\r\n", b"\r", b" \r\n", b"a ", b"\n"])
def test_a_large_body_takes_no_longer_for_what_is_in_it(piece: bytes) -> None:
    body = b"\r\n" + piece * (6_000_000 // len(piece)) + b"x\r\n"
    for form in FORMS:  # a search that tries again from every blank would still be at it tomorrow
        assert canonical_body(body, form).endswith(b"x\r\n")
        canonical_body(body[:-3], form)


@given(st.text("a \t\r\n", max_size=40).map(str.encode), st.sampled_from(FORMS), st.integers(1, 8), st.integers(0, 50))
def test_where_a_body_is_cut_into_blocks_changes_nothing(body: bytes, form: str, block: int, length: int) -> None:
    whole = canonical_body(b"\r\n" + body, form)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("simulator.policy.dkim.canonical._BLOCK", block)
        assert whole == canonical_body(b"\r\n" + body, form)
        assert (hashlib.sha256(whole).digest(), len(whole)) == body_digest(b"\r\n" + body, form)
        assert (hashlib.sha256(whole[:length]).digest(), len(whole)) == body_digest(b"\r\n" + body, form, length)


def test_a_large_body_is_hashed_without_a_copy_of_it() -> None:
    body = b"\r\n" + b"x  y\r\n" * 2_000_000
    tracemalloc.start()
    try:
        body_digest(body, "relaxed")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2**20
