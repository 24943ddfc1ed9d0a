"""Values compare and hash by what they say, and the type checker keeps them as they were made."""

from __future__ import annotations

from dataclasses import field, replace

import pytest

from simulator.value import value


@value
class Stamp:
    day: int
    note: str = field(default="", compare=False)


@value(order=True)
class Place:
    line: int


def test_values_are_equal_and_hash_by_their_fields() -> None:
    assert {Stamp(1, "a")} == {Stamp(1, "b")}
    assert Stamp(1) != Stamp(2)
    assert Stamp(2) == replace(Stamp(1), day=2)


def test_values_have_an_order_where_it_is_asked_for() -> None:
    assert [Place(1), Place(2)] == sorted([Place(2), Place(1)])


def test_a_value_has_no_field_that_was_not_declared() -> None:
    with pytest.raises(AttributeError):
        Stamp(1).colour = "red"  # type: ignore[attr-defined]
