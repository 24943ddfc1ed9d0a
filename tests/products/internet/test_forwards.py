from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.address import Address
from simulator.policy.route import Deliver, Expand, NextHop, Relay
from simulator.products.internet import Internet
from tests.policy.builders import BOB, JOHN, MONDAY, SUN, a_held, a_moment
from tests.products.builders import address, an_internet, ask_rcpt, chosen

_TO_BOB = Relay(NextHop("contoso.com"))


def _host(**forward: Any) -> Internet:
    return an_internet({"forwards": {"sun@customer.example": {"to": "bob@contoso.com", **forward}}})


def _leaves_as(host: Internet, sender: Address | None, original: Address | None = SUN) -> Address | None:
    return host.prepare(a_held(BOB, sender=sender, original=original), _TO_BOB, a_moment())[1]


@pytest.mark.parametrize("keep", [True, False])
def test_a_mailbox_sends_its_mail_on(keep: bool) -> None:
    routing = _host(**{"keep copy": keep}).route(a_held(SUN, sender=JOHN), SUN, a_moment())
    assert (Expand((BOB,), "forward", keep), ["forwards"]) == (routing.route, chosen(routing, "FORWARD"))


def test_others_keep_their_mail() -> None:
    host = an_internet(
        {"forwards": {"sun@customer.example": "bob@contoso.com"}}, "sun@customer.example", "moon@customer.example"
    )
    moon = address("moon@customer.example")
    assert Deliver(moon) == host.route(a_held(moon), moon, a_moment()).route


def test_the_envelope_sender_stays_as_an_alias_leaves_it() -> None:
    assert JOHN == _leaves_as(_host(), JOHN)


def test_srs_makes_an_address_of_this_host_that_leads_back() -> None:
    host = _host(srs=True)
    sender = _leaves_as(host, JOHN)
    assert sender is not None
    assert ("customer.example", True, True) == (
        sender.domain,
        sender.local.startswith("SRS0="),
        sender.local.endswith("=contoso.com=john"),
    )
    assert "250 2.1.5" == ask_rcpt(host, str(sender), sender=None).reply.codes
    routing = host.route(a_held(sender, sender=None), sender, a_moment())
    assert Expand((JOHN,), "forward") == routing.route


@pytest.mark.parametrize(
    ("sender", "original"), [(None, SUN), (SUN, SUN), (JOHN, None), (JOHN, address("moon@customer.example"))]
)
def test_what_was_not_forwarded_for_somebody_else_is_not_rewritten(
    sender: Address | None, original: Address | None
) -> None:
    assert sender == _leaves_as(_host(srs=True), sender, original)


def test_the_last_forward_of_a_chain_decides() -> None:
    forwards = {
        "sun@customer.example": "moon@customer.example",
        "moon@customer.example": {"to": "bob@contoso.com", "srs": True},
    }
    host = an_internet({"forwards": forwards}, "sun@customer.example", "moon@customer.example")
    sender = _leaves_as(host, JOHN)
    assert sender is not None
    assert sender.local.startswith("SRS0=")


@pytest.mark.parametrize("local", ["SRS0=AAAA={day}=contoso.com=john", "SRS0=zz=contoso.com=john", "SRS0"])
def test_made_up_addresses_lead_nowhere(local: str) -> None:
    assert (
        "550 5.1.1" == ask_rcpt(_host(srs=True), f"{local.format(day='AA')}@customer.example", sender=None).reply.codes
    )


def test_rewritten_addresses_grow_old() -> None:
    host = _host(srs=True)
    sender = host.forwards.rewritten(JOHN, SUN, MONDAY)
    assert [JOHN, JOHN, None] == [host.forwards.back(sender, MONDAY + timedelta(days=d)) for d in (0, 21, 22)]


@given(
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.+=_-]{0,20}", fullmatch=True), st.sampled_from(["contoso.com", "a.b.example"])
)
def test_every_rewritten_address_leads_back(local: str, domain: str) -> None:
    original = Address.parse(f"{local}@{domain}")
    forwards = _host(srs=True).forwards
    again = Address.parse(str(forwards.rewritten(original, SUN, MONDAY)))
    assert original == forwards.back(again, MONDAY)
