"""Faults said in words: where, what, when, as they are typed behind `mailflow break`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.scenario.fault_words import fault_of
from simulator.scenario.schema import FAULT_WORDS

LINK = {"link": "m365 -> onprem"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["onprem", "down", "10m"], {"at": "onprem", "down": "10m"}),
        (["onprem", "down"], {"at": "onprem", "down": "forever"}),
        (["onprem", "down", "silent"], {"at": "onprem", "down": "forever", "how": "silent"}),
        (["onprem", "down", "1h", "reset"], {"at": "onprem", "down": "1h", "how": "reset"}),
        (["onprem", "down", "1h", "how", "reset"], {"at": "onprem", "down": "1h", "how": "reset"}),
        (["m365 -> onprem", "reply", "452 4.5.3 text", "to", "RCPT", "times", "2"],
         {**LINK, "reply": "452 4.5.3 text", "to": "RCPT", "times": "2"}),
        (["m365", "->", "onprem", "cut", "after", "DATA"], {**LINK, "cut": "after DATA"}),
        (["link", "m365 -> onprem", "strip", "STARTTLS"], {**LINK, "strip": "STARTTLS"}),
        (["dns mail.contoso.com MX", "NXDOMAIN"], {"dns": "mail.contoso.com MX", "answer": "NXDOMAIN"}),
        (["dns", "contoso.com", "SERVFAIL", "for", "1h"], {"dns": "contoso.com", "answer": "SERVFAIL", "for": "1h"}),
        (["DNS", "a.example", "A", "wrong", "address"], {"dns": "a.example A", "answer": "wrong address"}),
        (["dns", "a.example", "A", "answer", "192.0.2.7"], {"dns": "a.example A", "answer": "192.0.2.7"}),
        (["John", "full", "mailbox"], {"at": "John", "full": "mailbox"}),
        (["at onprem", "full", "disk", "to", "RCPT"], {"at": "onprem", "full": "disk", "to": "RCPT"}),
        (["onprem", "clock", "-2h", "from", "5m"], {"at": "onprem", "clock": "-2h", "from": "5m"}),
        (["onprem", "SLOW", "5s", "chance", "20%", "name", "a bad day"],
         {"at": "onprem", "slow": "5s", "chance": "20%", "name": "a bad day"}),
    ],
)  # fmt: skip
def test_words_are_the_fault_of_a_file(words: list[str], expected: dict[str, str]) -> None:
    assert expected == fault_of(words)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "a fault has a place"),
        (["down", "10m"], "a fault has a place"),
        (["onprem"], "a fault says what goes wrong"),
        (["onprem", "for", "1h"], "a fault says what goes wrong"),
        (["onprem", "dwon", "10m"], "'dwon' is not known here. Did you mean down?"),
        (["onprem", "reply"], "reply needs a word after it"),
        (["onprem", "down", "10m", "down", "5m"], "down is said twice"),
        (["dns"], "dns needs a name"),
    ],
)
def test_words_that_are_no_fault_are_told_why(words: list[str], told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("?", r"\?")):
        fault_of(words)


@given(st.lists(st.sampled_from([*FAULT_WORDS, "onprem", "->", "a -> b", "MX", "10m", "silent", ""]), max_size=8))
def test_any_words_are_a_map_of_known_keys_or_no_fault(words: list[str]) -> None:
    try:
        assert set(fault_of(words)) <= set(FAULT_WORDS)
    except ValueError as why:
        assert str(why)
