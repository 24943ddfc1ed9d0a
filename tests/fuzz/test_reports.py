"""Delivery reports that anybody may have written: read or not, and never more than that."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.mail.dsn import Report, read_report
from simulator.mail.message import Message
from simulator.mail.notify import original_recipient, unxtext, xtext
from tests.fuzz.mutations import mutated

FILES = {file.name: file.read_bytes() for file in sorted((Path(__file__).parent / "corpus" / "report").iterdir())}
WORDS = ("Final-Recipient", "Original-Recipient", "Action", "Status", "Diagnostic-Code", "rfc822;", "utf-8;", "multipart/report",
         "message/delivery-status", "boundary=b", "--b", "--b--", "+ZZ", "\\x{110000}", "Content-Transfer-Encoding", "base64")  # fmt: skip


def is_read(octets: bytes) -> bool:
    report = read_report(Message.parse(octets))
    if report is None:
        return False
    assert isinstance(report, Report)
    repr(report).encode("utf-8", "strict" if octets.isascii() else "surrogateescape")
    return True


@pytest.mark.parametrize("name", FILES)
def test_every_report_of_the_corpus_is_read_or_not(name: str) -> None:
    assert is_read(FILES[name]) in ((True,) if name == "whole.eml" else (True, False))


@settings(derandomize=True, max_examples=500)
@given(st.integers(0, 2**32))
def test_a_report_with_a_few_changes_is_read_or_not(number: int) -> None:
    chance = Random(number)
    text = FILES[chance.choice(sorted(FILES))].decode("latin-1")
    is_read(mutated(chance, text, WORDS, most=6).encode("latin-1", "replace"))


@settings(derandomize=True, max_examples=300)
@given(st.text(max_size=60))
def test_any_orcpt_is_read_and_any_text_survives_xtext(text: str) -> None:
    original_recipient(text)
    original_recipient(f"rfc822;{text}")
    original_recipient(f"utf-8;{text}")
    unxtext(text)
    if text.isascii() and text.isprintable():
        assert text == unxtext(xtext(text))
