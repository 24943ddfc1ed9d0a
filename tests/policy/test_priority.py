"""The order of things that have a priority."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.policy.priority import in_order, moved


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([], ""), ([("a", None), ("b", None)], "ab"), ([("a", None), ("b", 0)], "ba"), ([("a", 0), ("b", 0)], "ba"),
        ([("a", 0), ("b", 1), ("c", 1), ("d", 3)], "acbd"), ([("a", 2), ("b", 1), ("c", 2)], "bca"), ([("a", 9), ("b", None)], "ba"),
    ],
)  # fmt: skip
def test_things_stand_where_their_priority_says(written: list[tuple[str, int | None]], expected: str) -> None:
    assert expected == "".join(in_order(written))


@given(st.permutations(range(8)))
def test_an_exported_order_is_kept_however_it_is_listed(places: list[int]) -> None:
    assert list(range(8)) == in_order([(place, place) for place in places])


@given(st.lists(st.none() | st.integers(0, 9), max_size=8))
def test_nothing_is_lost(places: list[int | None]) -> None:
    assert list(range(len(places))) == sorted(in_order(list(enumerate(places))))


@given(st.permutations("abcdef"), st.integers(0, 5))
def test_a_thing_is_moved_and_the_others_keep_their_order(order: list[str], place: int) -> None:
    found = moved(order, "c", place)

    assert (place, [x for x in order if x != "c"]) == (found.index("c"), [x for x in found if x != "c"])
