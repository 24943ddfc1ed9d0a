"""Words and regular expressions of rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.policy.settings import BadValue
from simulator.products.exchange_online.transport_rules.patterns import contains_word, matches, pattern, word


@pytest.mark.parametrize(
    ("wanted", "text", "found"),
    [
        ("secret", "top SECRET.", True), ("secret", "secretary", False), ("top secret", "top  \n secret", True),
        ("@contoso.com", "amy@contoso.com", True), ("@contoso.com", "amy@contoso.community", False), ("a.b", "axb", False),
        ("-1", "x-1", True), ("größe", "GRÖSSE größe", True), ("yes", "", False),
    ],
)  # fmt: skip
def test_words_are_whole_words_whatever_their_case(wanted: str, text: str, found: bool) -> None:
    assert found == contains_word(wanted, text)


@pytest.mark.parametrize(
    ("wanted", "text", "found"),
    [
        (r"^a.c$", "ABC", True), (r"(?<year>\d{4})-\k<year>", "2026-2026", True), (r"end\z", "the end", True),
        (r"\\z", r"a\z", True), (r"(?<=x)y", "xy", True), (r"(?<!x)y", "xy", False), (r"^(?:\w+\.)*contoso\.com$", "a.b.contoso.com", True),
    ],
)  # fmt: skip
def test_patterns_are_those_of_dotnet_as_far_as_both_languages_go(wanted: str, text: str, found: bool) -> None:
    assert found == matches(pattern(wanted), text)


@pytest.mark.parametrize("text", ["", "[", "(", "*", "(?<1a>x)", r"\p{L}", "a{3,1}"])
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        pattern(text)


@pytest.mark.parametrize(
    "text",
    ["(a+)+", "(a*)*b", r"(\w+\s?)*$", "(?:x|a+)*", "((ab+)?)+", "(?:(?:a+))+", "(a{2,})+", "(?<n>a+)+", "(b|(a+|c))+", "((a+)|b)*?"],
)  # fmt: skip
def test_a_repetition_of_what_ends_in_a_repetition_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="may never come to an end"):
        pattern(text)


@pytest.mark.parametrize(
    "text",
    ["(a+,)+", "(a|b)*", r"\(a+\)+", "[(a+)]+", "a+b+", "(a+)?", "(a+){0,3}", "(x[a-z]+y)+", "(?=a+)b", r"((\d+)-)*"],
)
def test_ordinary_repetitions_are_taken(text: str) -> None:
    assert pattern(text).pattern == text


@pytest.mark.parametrize("text", ["", "x" * 129])
def test_a_word_has_one_to_128_letters(text: str) -> None:
    with pytest.raises(BadValue):
        word(text)


@given(st.text(alphabet="ab(|)*+?{}2,[]\\^$.", max_size=25))
def test_reading_a_pattern_ends_and_says_yes_or_no(text: str) -> None:
    try:
        assert pattern(text) is not None
    except BadValue as bad:
        assert bad.says


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=20))
def test_a_word_is_found_in_itself_and_not_inside_a_longer_one(text: str) -> None:
    assert contains_word(text, f"... {text}!")
    assert not contains_word(text, f"q{text}q")
