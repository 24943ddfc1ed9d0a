"""Lists of addresses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulator.policy.settings import BadValue
from simulator.products.exchange_online.ip_list import AddressRange, filter_entry, listed, skip_entry


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("192.0.2.10", ["192.0.2.10"], ["192.0.2.9", "192.0.2.11", "2001:db8::1", "nonsense"]),
        ("192.0.2.10-192.0.2.12", ["192.0.2.10", "192.0.2.11", "192.0.2.12"], ["192.0.2.9", "192.0.2.13"]),
        ("192.0.2.1/25", ["192.0.2.0", "192.0.2.127"], ["192.0.2.128"]),
    ],
)
def test_an_entry_covers_what_it_says(text: str, inside: list[str], outside: list[str]) -> None:
    for read in (skip_entry, filter_entry):
        assert [True] * len(inside) + [False] * len(outside) == [a in read(text) for a in (*inside, *outside)]


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (skip_entry, "2001:db8::1", "is an IPv6 address"),
        (skip_entry, "mail.contoso.com", "is neither an address nor a range nor a network"),
        (skip_entry, "", "nothing is neither"),
        (skip_entry, "192.0.2.9-192.0.2.1", "ends before it begins"),
        (filter_entry, "192.0.0.0/23", "is wider than /24"),
        (filter_entry, "192.0.2.0-192.0.3.0", "has 257 addresses"),
    ],
)
def test_what_is_no_entry_is_told(read: Callable[[str], AddressRange], text: str, says: str) -> None:
    with pytest.raises(BadValue) as bad:
        read(text)

    assert says in bad.value.says


def test_a_skip_list_may_be_wide() -> None:
    assert "10.9.9.9" in skip_entry("10.0.0.0/8")


def test_the_entry_that_covers_an_address_is_found() -> None:
    entries = (filter_entry("192.0.2.1"), filter_entry("198.51.100.0/24"))

    assert entries[1] is listed("198.51.100.7", entries)
    assert listed("203.0.113.1", entries) is None
