"""How expected values are compared: text as a part, ranges of numbers and times, alternatives."""

from __future__ import annotations

import pytest

from simulator.scenario.compare import alternatives, in_range, says_fits, seconds, shown, text_fits
from simulator.source import Node


@pytest.mark.parametrize(
    ("wanted", "text", "fits"),
    [
        ("relay  ACCESS denied", "TenantAttribution; Relay Access Denied [x]", True),
        ("hop count", "no such words", False),
        ("/5\\.7\\.\\d+/", "550 5.7.64 no", True),
        ("/^5\\.7/", "550 5.7.64 no", False),
        ("/", "a/b", True),
    ],
)
def test_text_is_compared_as_a_part_without_case_and_spacing(wanted: str, text: str, fits: bool) -> None:
    assert fits == says_fits(wanted, text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10m", 600),
        ("1h30m", 5400),
        ("2d", 172800),
        ("1.5s", 1.5),
        ("90", 90),
        ("22h 30m", 81000),
        ("2w", 1209600),
        ("1y", 31536000),
        ("1w 1d", 691200),
        ("10 minutes", 600),
        ("1 hour 30 min", 5400),
        ("2 Days", 172800),
        ("5 secs", 5),
        ("3 months", None),
        ("10 mm", None),
        ("", None),
        ("soon", None),
    ],
)
def test_durations_are_read_as_people_write_them(text: str, value: float | None) -> None:
    assert value == seconds(text)


@pytest.mark.parametrize(
    ("wanted", "value", "inside"),
    [
        ("3", 3, True), ("3", 4, False), ("1..4", 4, True), ("1..4", 5, False), ("2..", 99, True), ("..5", 6, False),
        ("10m..2h", 900, True), ("many", 3, None), ("1..many", 3, None), ("..", 3, True),
    ],
)  # fmt: skip
def test_a_range_includes_both_of_its_ends(wanted: str, value: float, inside: bool | None) -> None:
    assert inside is in_range(wanted, value)


def test_any_of_allows_several_values_wherever_one_stands() -> None:
    several = Node.of({"any of": ["550", "554"]})
    assert ["550", "554"] == [n.text for n in alternatives(several)]
    assert text_fits(several, lambda want: want == "554")
    assert not text_fits(Node.of("550"), lambda want: want == "554")


def test_an_expected_value_is_shown_as_it_was_written() -> None:
    assert "at: RCPT, code: 550, x: a, b" == shown(Node.of({"at": "RCPT", "code": "550", "x": ["a", "b"]}))
