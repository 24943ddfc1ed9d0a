"""Spans of time, sizes, addresses and dates as mail engineers write them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from simulator.scenario.values import duration, ip, moment, part, size, words
from simulator.source import NOWHERE, Node, Scalar, Source


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (duration, "22h30m", timedelta(hours=22, minutes=30)),
        (duration, "60d", timedelta(days=60)),
        (duration, "90", timedelta(seconds=90)),
        (size, "200KB", 204800),
        (size, "1.5 MB", 1572864),
        (size, "1gb", 2**30),
        (size, "4096", 4096),
        (size, "10 bytes", 10),
        (ip, " 192.0.2.1 ", "192.0.2.1"),
        (ip, "2001:DB8::0:1", "2001:db8::1"),
        (moment, "2026-03-02", datetime(2026, 3, 2, tzinfo=UTC)),
        (moment, "2026-03-02T10:30+02:00", datetime(2026, 3, 2, 8, 30, tzinfo=UTC)),
    ],
)
def test_values_are_read_as_they_are_written(read: Callable[[str], object], text: str, value: object) -> None:
    assert value == read(text)


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (duration, "ten", "'ten' is not a span of time; write 30s, 10m, 22h30m or 60d"),
        (size, "big", "'big' is not a size; write 200KB, 25MB or a number of bytes"),
        (ip, "1.2.3", "'1.2.3' is not an IP address"),
        (moment, "now", "'now' is not a date; write 2026-03-02 or 2026-03-02T09:30"),
    ],
)
def test_what_is_no_value_is_said(read: Callable[[str], object], text: str, says: str) -> None:
    with pytest.raises(ValueError) as caught:
        read(text)
    assert says == str(caught.value)


def test_words_know_where_they_stand_in_quotes_too() -> None:
    plain = Node(Scalar("bob at m365"), Source("f", 2, 5, 11))
    quoted = Node(Scalar("bob at m365", quoted=True), Source("f", 2, 5, 13))
    assert [("bob", 5), ("at", 9), ("m365", 12)] == [(word, at.column) for word, at in words(plain)]
    assert [6, 10, 13] == [at.column for _, at in words(quoted)]
    assert NOWHERE == part(Node.of("x"), 3, 2)


@pytest.mark.parametrize("text", ["99999999d", "10001d"])
def test_a_span_that_no_calendar_holds_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is longer than 10000 days"):
        duration(text)


def test_a_size_that_no_host_takes_is_refused() -> None:
    with pytest.raises(ValueError, match="is larger than 1GB"):
        size("2GB")
