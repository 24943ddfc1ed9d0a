"""Rewritten senders, and the way back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.address import Address, Sender
from simulator.policy.decision import Connector
from simulator.policy.host import Held
from simulator.policy.route import Deliver, Expand, NextHop, Relay, Return
from simulator.products.exchange_online.srs import returned
from tests.products.exchange_online.builders import (
    NOW,
    ORIGINATING,
    SUBMITTED,
    ask,
    at,
    contoso,
    held,
    outbound,
    outcomes,
)

SUN, BOB, OUT = map(Address.parse, ("sun@customer.example", "bob@contoso.com", "home@example.net"))
PASSED = {"tenant": "m365", "direction": "Incoming", "basis": "recipient-owner", "spf": "pass"}
BY_MX = Relay(NextHop("example.net"))
FORM = r"bob\+SRS=[A-Z2-7]{5}=[A-Z2-7]{2}=customer\.example=sun@contoso\.com"
BOUNCES = r"bounces\+SRS=[A-Z2-7]{5}=[A-Z2-7]{2}@contoso\.com"


def forwarded(sender: str | None = "sun@customer.example", **facts: Any) -> Held:
    return held(str(OUT), sender=sender, **{"original": BOB, "facts": PASSED, **facts})


def relayed(sender: str | None = "sun@customer.example", **facts: Any) -> Held:
    connector = Connector("own servers", "inbound")
    return held(str(OUT), sender=sender, **{"connector": connector, "facts": {**ORIGINATING, "spf": "pass"}, **facts})


def leaves(what: Held, relay: Relay = BY_MX, **settings: Any) -> Sender:
    return contoso(**settings).prepare(what, relay, at())[1]


def over(kind: str, **parameters: Any) -> tuple[Relay, dict[str, Any]]:
    connector = {
        "to own servers": {**outbound()["to own servers"], "ConnectorType": kind, "RecipientDomains": "*", **parameters}
    }
    return Relay(NextHop("example.net"), Connector("to own servers", "outbound")), {"OutboundConnectors": connector}


def test_forwarded_mail_leaves_in_the_name_of_the_mailbox() -> None:
    assert re.fullmatch(FORM, str(leaves(forwarded())))


def test_a_long_one_leaves_in_the_name_of_bounces() -> None:
    assert re.fullmatch(BOUNCES, str(leaves(forwarded(f"{'x' * 40}@customer.example"))))


def test_a_contact_forwards_in_its_own_name() -> None:
    contact = held("supplier@contoso.com", sender=str(SUN), facts=PASSED)
    found = leaves(contact, Relay(NextHop("example.net"), recipient=OUT))
    assert str(found).startswith("supplier+SRS=")


def test_of_a_groups_member_who_forwards_it_is_the_member() -> None:
    group = Address.parse("all@contoso.com")
    assert str(leaves(forwarded(original=group, facts={**PASSED, "forwarder": "bob@contoso.com"}))).startswith(
        "bob+SRS="
    )
    assert str(leaves(forwarded(original=group))).startswith("all+SRS=")


def test_what_an_inbox_rule_forwards_is_the_mailboxs_own() -> None:
    own = forwarded(facts={**PASSED, "spf": "fail", "forwarder": "bob@contoso.com", "sends as": "bob@contoso.com"})
    assert BOB == leaves(own)
    assert "40.92.10.1" == contoso().egress(own, BY_MX, at())[0]


def test_mail_of_own_servers_leaves_in_the_name_of_bounces() -> None:
    assert re.fullmatch(BOUNCES, str(leaves(relayed())))


def test_several_recipients_of_relayed_mail_are_nobody_who_forwards() -> None:
    both = relayed(original=OUT)
    assert str(leaves(both)).startswith("bounces+SRS=")


@pytest.mark.parametrize(
    "what",
    [forwarded(None), forwarded("user@contoso.com"), forwarded("user@sm.contoso.com"), forwarded(generated=True), relayed("bob@contoso.com"),
     held(str(OUT), sender="bob@contoso.com", facts=SUBMITTED), held(str(OUT), sender=str(SUN), facts=PASSED)],
    ids=["null sender", "accepted", "accepted relay domain", "written here", "own mail of own servers", "submitted", "not forwarded"],
)  # fmt: skip
def test_other_senders_stay(what: Held) -> None:
    assert what.sender == leaves(what)


@pytest.mark.parametrize("facts", [{}, {"spf": "fail"}, {"spf": "softfail", "dkim": "none"}])
def test_mail_of_the_relay_pool_keeps_its_sender(facts: dict[str, str]) -> None:
    assert SUN == leaves(forwarded(facts={**PASSED, "spf": "none", **facts}))


def test_dkim_is_as_good_as_spf() -> None:
    assert SUN != leaves(forwarded(facts={**PASSED, "spf": "fail", "dkim": "pass"}))


@pytest.mark.parametrize(
    ("kind", "parameters", "rewritten"),
    [("OnPremises", {}, False), ("OnPremises", {"SenderRewritingEnabled": True}, True), ("Partner", {}, True)],
)
def test_own_servers_are_inside_unless_told_otherwise(kind: str, parameters: dict[str, Any], rewritten: bool) -> None:
    relay, settings = over(kind, **parameters)
    assert rewritten == (leaves(forwarded(), relay, **settings) != SUN)


def test_the_step_says_who_forwards() -> None:
    host = contoso(
        Recipients={"bob@contoso.com": {"ForwardingSmtpAddress": str(OUT)}},
        HostedOutboundSpamFilterPolicy={"Default": {"AutoForwardingMode": "On"}},
    )
    steps = host.route(forwarded(), OUT, at()).steps
    assert ("regular", "forwarded") == (outcomes(steps)["POOL"], outcomes(steps)["SRS"])


def test_the_address_is_the_same_all_day_and_another_on_the_next() -> None:
    host = contoso()
    days = [str(host.prepare(forwarded(), BY_MX, at(now=NOW + timedelta(hours=h)))[1]) for h in (0, 10, 24)]
    assert (days[0] == days[1], days[1] == days[2]) == (True, False)


# the way back


def test_a_report_to_a_rewritten_address_is_taken_and_goes_to_the_sender() -> None:
    host = contoso()
    address = leaves(forwarded())
    assert address is not None
    decision = ask(host, "<>", str(address))
    assert (250, "rewritten-sender") == (decision.reply.code, outcomes(decision.steps)["DIRECTORY"])
    assert Expand((SUN,), "SRS") == host.route(held(str(address), sender=None), address, at()).route


def test_servers_on_the_way_may_change_its_case() -> None:
    address = leaves(forwarded())
    assert SUN == returned(Address.parse(str(address).lower()), contoso().profile)


def test_a_made_up_address_is_unknown() -> None:
    host, made_up = contoso(), "bob+SRS=AAAAA=AA=customer.example=sun@contoso.com"
    assert "550 5.4.1" == ask(host, "<>", made_up).reply.codes
    assert isinstance(host.route(held(made_up, sender=None), Address.parse(made_up), at()).route, Return)


def test_another_tenants_address_is_unknown() -> None:
    address = Address.parse(str(leaves(forwarded())).replace("contoso.com", "sm.contoso.com"))
    assert None is returned(address, contoso().profile)


def test_reports_to_bounces_need_a_mailbox_of_that_name() -> None:
    address = leaves(relayed())
    assert address is not None
    assert "550 5.4.1" == ask(contoso(), "<>", str(address)).reply.codes
    host = contoso("bounces@contoso.com")
    assert 250 == ask(host, "<>", str(address)).reply.code
    box = Address.parse("bounces@contoso.com")
    assert Expand((box,), "SRS") == host.route(held(str(address), sender=None), address, at()).route
    assert Deliver(box) == host.route(held(str(box), sender=None, original=address), box, at()).route


_local = st.text("abcz09.-_=+", min_size=1, max_size=30).filter(lambda s: not s.startswith(".") and not s.endswith("."))


@given(_local)
def test_whoever_sent_it_gets_the_report_or_bounces_does(local: str) -> None:
    sender = Address.parse(f"{local}@customer.example")
    address = leaves(forwarded(str(sender)))
    assert isinstance(address, Address)
    assert len(address.local) <= 64
    if not address.local.startswith("bounces+"):
        assert sender == returned(address, contoso().profile)
