from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulator.policy.moment import Moment
from tests.policy.builders import MONDAY


@given(seed=st.integers(0, 1000), below=st.integers(1, 50))
def test_the_same_seed_draws_the_same_numbers(seed: int, below: int) -> None:
    one, two = (Moment(MONDAY, {}, seed) for _ in range(2))
    drawn = [one.draw("mx", below) for _ in range(5)]
    assert drawn == [two.draw("mx", below) for _ in range(5)]
    assert all(0 <= number < below for number in drawn)


def test_labels_and_seeds_have_sequences_of_their_own() -> None:
    at, other = Moment(MONDAY), Moment(MONDAY, {}, 1)
    sequences = {tuple(m.draw(label, 1000) for _ in range(5)) for m in (at, other) for label in ("a", "b")}
    assert 4 == len(sequences)


def test_turns_count_from_nothing_for_each_label() -> None:
    at = Moment(MONDAY)
    assert [0, 1, 0, 2] == [at.turn("a"), at.turn("a"), at.turn("b"), at.turn("a")]


def test_memory_outlives_the_moment() -> None:
    memory: dict[str, object] = {}
    Moment(MONDAY, memory).turn("a")
    assert 1 == Moment(MONDAY, memory).turn("a")
