"""What is counted within a span of mail time that slides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulator.products.exchange_online.counting import Window
from tests.products.exchange_online.builders import NOW, at

MINUTE = timedelta(minutes=1)


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 5)), max_size=20))
def test_a_window_holds_what_was_counted_less_than_its_span_ago(counted: list[tuple[int, int]]) -> None:
    memory: dict[str, Any] = {}
    now, passed = NOW, []
    for wait, number in counted:
        now += timedelta(seconds=wait)
        Window(at(memory, now), "mail", MINUTE).add(number)
        passed.append((now, number))

        expected = sum(n for when, n in passed if now - when < MINUTE)
        assert expected == Window(at(memory, now), "mail", MINUTE).count()


def test_keys_are_counted_apart() -> None:
    memory: dict[str, Any] = {}
    Window(at(memory), "one", MINUTE).add()

    assert (1, 0) == (Window(at(memory), "one", MINUTE).count(), Window(at(memory), "other", MINUTE).count())
