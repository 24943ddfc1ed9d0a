from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.policy.route import Deliver, Expand, NextHop, Relay
from tests.policy.builders import BOB, JOHN, SUN, a_held, a_moment
from tests.products.builders import a_smartermail, address, ask_rcpt, chosen, reasons

_TO_SUN = Relay(NextHop("customer.example"))


def _lab(forwarding: Any, **more: Any) -> dict[str, Any]:
    return {"Domains": {"contoso.com": {"Forwarding": forwarding, **more}}}


@pytest.mark.parametrize(
    ("forwarding", "expected"),
    [
        ({"john": "sun@customer.example"}, Expand((SUN,), "forward", True)),
        ({"john@contoso.com": {"Forwarding Address": "sun@customer.example"}}, Expand((SUN,), "forward", True)),
        ({"John": {"Forwarding Address": "sun@customer.example", "Delete messages when forwarded": True}}, Expand((SUN,), "forward")),
        ({"john": ["bob", "sun@customer.example"]}, Expand((BOB, SUN), "forward", True)),
        ({"bob": "sun@customer.example"}, Deliver(JOHN)),
    ],
)  # fmt: skip
def test_a_user_forwards(forwarding: Any, expected: object) -> None:
    host = a_smartermail(_lab(forwarding), "john@contoso.com", "bob@contoso.com")
    assert expected == host.route(a_held(JOHN, sender=SUN), JOHN, a_moment()).route


def test_a_forward_says_whether_a_copy_stays() -> None:
    routing = a_smartermail(_lab({"john": "sun@customer.example"})).route(a_held(JOHN), JOHN, a_moment())
    assert ({"Forwarding": "keeps"}, ["Forwarding"]) == (reasons(routing, "FORWARD"), chosen(routing, "FORWARD"))


def test_a_copy_that_came_to_another_name_of_the_domain_stays_in_the_mailbox() -> None:
    host = a_smartermail(_lab({"john": "sun@customer.example"}, **{"Domain Aliases": ["contoso.net"]}))
    other = address("john@contoso.net")
    assert Expand((JOHN,), "domain alias") == host.route(a_held(other), other, a_moment()).route


def _leaves_as(knob: str, sender: Address | None, original: Address | None) -> Address | None:
    lab = _lab({"john": "sun@customer.example"}, Aliases={"sales": ["john"]})
    host = a_smartermail(lab, forwarding_sender=knob)
    return host.prepare(a_held(SUN, sender=sender, original=original), _TO_SUN, a_moment())[1]


@pytest.mark.parametrize(
    ("knob", "sender", "original", "expected"),
    [
        ("preserve", BOB, JOHN, BOB),
        ("mailbox", BOB, JOHN, JOHN),
        ("mailbox", BOB, address("sales@contoso.com"), JOHN),
        ("mailbox", BOB, None, BOB),
        ("mailbox", BOB, address("other@contoso.com"), BOB),
        ("mailbox", None, JOHN, None),
    ],
)  # fmt: skip
def test_the_envelope_sender_of_a_forward_is_a_knob(
    knob: str, sender: Address | None, original: Address | None, expected: Address | None
) -> None:
    assert expected == _leaves_as(knob, sender, original)


def test_users_who_forward_to_each_other_are_no_endless_search() -> None:
    host = a_smartermail(_lab({"john": "bob", "bob": "john"}), "john@contoso.com", "bob@contoso.com")
    assert host.directory.forwarder(JOHN, SUN) is None


def test_srs_makes_an_address_of_the_mailboxs_domain_that_leads_back() -> None:
    host = a_smartermail(_lab({"john": "bob@elsewhere.example"}), forwarding_sender="srs")
    to = Relay(NextHop("elsewhere.example"), recipient=address("bob@elsewhere.example"))
    sender = host.prepare(a_held(BOB, sender=SUN, original=JOHN), to, a_moment())[1]
    assert sender is not None
    assert ("contoso.com", True) == (sender.domain, sender.local.endswith("=customer.example=sun"))
    assert ask_rcpt(host, str(sender), sender=None).ok
    assert Expand((SUN,), "forward") == host.route(a_held(sender, sender=None), sender, a_moment()).route


def test_colleagues_are_not_rewritten() -> None:
    assert BOB == _leaves_as("srs", BOB, JOHN)


@pytest.mark.parametrize("knob", ["preserve", "mailbox", "srs"])
def test_a_made_up_rewritten_address_is_nobody(knob: str) -> None:
    host = a_smartermail(_lab({}), forwarding_sender=knob)
    assert 550 == ask_rcpt(host, "SRS0=AAAA=AA=customer.example=sun@contoso.com", sender=None).reply.code
