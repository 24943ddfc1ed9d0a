from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.policy.retry import Ladder, read_minutes
from simulator.policy.settings import BadValue
from simulator.source import Node
from tests.policy.builders import MONDAY


def _minutes(ladder: Ladder, most: int = 1000) -> list[float]:
    found = []
    for at in ladder.times(MONDAY):
        found.append((at - MONDAY) / timedelta(minutes=1))
        if len(found) >= most:
            break
    return found


def test_a_list_that_is_used_up_is_the_end() -> None:
    assert [0, 15, 45, 105, 195] == _minutes(Ladder.minutes(15, 30, 60, 90))


def test_rfc_5321_tries_twice_in_the_first_hour_and_gives_up_after_days() -> None:
    times = _minutes(Ladder.minutes(30, 120, expires=timedelta(days=5), repeats=True))
    assert [0, 30, 150, 270] == times[:4]
    assert 5 * 24 * 60 == times[-1]


def test_the_last_attempt_is_made_at_the_expiry() -> None:
    assert [0, 10, 20, 25] == _minutes(Ladder.minutes(10, expires=timedelta(minutes=25), repeats=True))


def test_a_list_may_expire_before_it_is_used_up() -> None:
    assert [0, 15, 20] == _minutes(Ladder.minutes(15, 30, 60, expires=timedelta(minutes=20)))


def test_waits_may_grow_up_to_a_limit() -> None:
    ladder = Ladder.growing(timedelta(minutes=15), 1.5, most=timedelta(hours=6), expires=timedelta(days=4))
    times = _minutes(ladder)
    waits = [b - a for a, b in pairwise(times)]
    assert [15, 22.5, 33.75] == waits[:3]
    assert 360 == max(waits)
    assert 4 * 24 * 60 == times[-1]


def test_a_ladder_that_does_not_grow_repeats_its_one_step() -> None:
    assert (timedelta(minutes=5),) == Ladder.growing(
        timedelta(minutes=5), 1, most=timedelta(hours=1), expires=timedelta(days=1)
    ).steps


def test_one_attempt_only() -> None:
    assert [0] == _minutes(Ladder(()))


@pytest.mark.parametrize(("steps", "repeats"), [((0,), False), ((-5,), False), ((), True), ((5,), True)])
def test_ladders_that_make_no_sense(steps: tuple[int, ...], repeats: bool) -> None:
    with pytest.raises(ValueError):
        Ladder.minutes(*steps, repeats=repeats)


@given(
    steps=st.lists(st.integers(1, 3000), min_size=1, max_size=8), repeats=st.booleans(),
    days=st.one_of(st.none(), st.integers(1, 5)),
)  # fmt: skip
def test_retry_times_rise_and_stay_within_the_expiry(steps: list[int], repeats: bool, days: int | None) -> None:
    expires = timedelta(days=days) if days else None
    times = _minutes(Ladder.minutes(*steps, expires=expires, repeats=repeats and expires is not None), 100_000)
    assert all(a < b for a, b in pairwise(times))
    assert expires is None or times[-1] <= expires / timedelta(minutes=1)


def test_lists_of_minutes_are_read_from_files() -> None:
    assert (15, 30) == read_minutes(Node.of([15, "30"]))
    assert (10,) == read_minutes(Node.of(10))


@pytest.mark.parametrize("value", [[], [0], ["15m"], [-1], None, {"a": 1}])
def test_what_is_no_list_of_minutes(value: object) -> None:
    with pytest.raises(BadValue, match="list of minutes"):
        read_minutes(Node.of(value))
