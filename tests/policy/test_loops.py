from __future__ import annotations

import pytest

from simulator.policy.loops import count_hops, passed
from tests.policy.builders import a_message


@pytest.mark.parametrize(
    ("hops", "limit", "ok", "reason"),
    [
        (0, 20, True, "within-limit"),
        (20, 20, True, "within-limit"),
        (21, 20, False, "too-many-hops"),
        (1, 0, False, "too-many-hops"),
    ],
)
def test_more_hops_than_the_limit_are_a_loop(hops: int, limit: int, ok: bool, reason: str) -> None:
    found = count_hops(a_message(*["a.example"] * hops), limit)
    assert (hops, ok, reason) == (found.count, found.ok, found.reason)


def test_the_sentence_names_the_hosts_of_the_circle() -> None:
    message = a_message("mail.contoso.com", "m365.example", "Mail.contoso.com", "m365.example", "first.example")
    assert ("m365.example", "mail.contoso.com") == count_hops(message, 3).circle
    assert (
        "5 Received fields, 3 allowed; it keeps passing m365.example, mail.contoso.com" == count_hops(message, 3).says
    )
    assert "5 Received fields, 9 allowed" == count_hops(message, 9).says


def test_hosts_are_told_first_hop_first() -> None:
    message = a_message("two.example", "one.example")
    assert ("one.example", "two.example") == passed(message)


def test_a_received_field_without_by_counts_as_a_hop_all_the_same() -> None:
    message = a_message().prepend("Received", "(qmail 123 invoked by uid 0)").prepend("Received", "nonsense")
    assert (2, ("uid",)) == (message.received_count, passed(message))
