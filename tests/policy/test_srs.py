"""The Sender Rewriting Scheme, for every host that forwards."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.address import Address
from simulator.policy.srs import back, rewritten
from tests.policy.builders import JOHN, MONDAY, SUN


def test_an_address_leads_back_for_three_weeks() -> None:
    made = rewritten(SUN, JOHN, "mail.contoso.com", MONDAY)
    assert [SUN, SUN, None] == [back(made, "mail.contoso.com", MONDAY + timedelta(days=d)) for d in (0, 21, 22)]


def test_only_the_host_that_made_it_takes_it_back() -> None:
    assert back(rewritten(SUN, JOHN, "mail.contoso.com", MONDAY), "mx.customer.example", MONDAY) is None


def test_an_ordinary_address_stands_for_nobody() -> None:
    assert back(SUN, "mail.contoso.com", MONDAY) is None


@given(st.from_regex(r"[a-z0-9.+=-]{1,20}", fullmatch=True).filter(lambda t: ".." not in t and t[0] != "." != t[-1]))
def test_every_sender_comes_back_as_it_was(local: str) -> None:
    sender = Address.parse(f"{local}@a.example")
    assert sender == back(rewritten(sender, JOHN, "mail.contoso.com", MONDAY), "mail.contoso.com", MONDAY)
