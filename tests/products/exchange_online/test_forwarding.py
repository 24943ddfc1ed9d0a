"""Mailboxes that forward to outside: returned to the sender unless the tenant allows it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.policy.route import Deliver, Expand, Relay, Return, Routing
from simulator.products.exchange_online import Tenant
from tests.products.exchange_online.builders import at, candidate, contoso, held

X, USER, BOB = map(Address.parse, ("x@gmail.test", "user@contoso.com", "bob@contoso.com"))
TO_OUTSIDE = {"ForwardingSmtpAddress": "x@gmail.test"}
KEEPS = {"DeliverToMailboxAndForward": True}
REFUSED = (
    "550 5.7.520 Access denied, Your organization does not allow external forwarding. "
    "Please contact your administrator for further assistance. AS(7550)"
)


def contact(address: str) -> dict[str, str]:
    return {"RecipientType": "MailContact", "ExternalEmailAddress": address}


def forwarding(mode: str = "", **recipients: dict[str, Any]) -> Tenant:
    """The tenant with recipients by local part; without `mode` the policy is left alone."""
    policy = {"HostedOutboundSpamFilterPolicy": {"Default": {"AutoForwardingMode": mode}}} if mode else {}
    return contoso(Recipients={f"{name}@contoso.com": r for name, r in recipients.items()}, **policy)


def routed(host: Tenant, to: str = "user@contoso.com", original: str = "") -> Routing:
    """`original` is the recipient that the copy began with."""
    what = replace(held(to), original=Address.parse(original) if original else None)
    return host.route(what, Address.parse(to), at())


def reply(found: Routing) -> str:
    return str(found.route.reply) if isinstance(found.route, Return) else ""


@pytest.mark.parametrize(("mode", "returned"), [("", True), ("Automatic", True), ("Off", True), ("On", False)])
def test_forwarding_to_outside_is_returned_unless_the_policy_is_on(mode: str, returned: bool) -> None:
    found = routed(forwarding(mode, user=TO_OUTSIDE))

    assert (REFUSED if returned else "") == reply(found)
    assert returned or Expand((X,), "forward") == found.route


def test_the_step_names_the_setting_and_where_it_stands() -> None:
    for mode in ("", "Off"):
        found = routed(forwarding(mode, user=TO_OUTSIDE))
        told = candidate(found.steps[-1:], "AutoForwardingMode", "FORWARD")
        says = f"AutoForwardingMode is {mode or 'Automatic'}, so user@contoso.com may not forward to x@gmail.test, which is outside"
        assert ("blocked", says, True) == (told.reason, told.says, bool(told.at))


@pytest.mark.parametrize(
    ("properties", "others", "returned"),
    [
        ({"ForwardingSmtpAddress": "bob@contoso.com"}, {}, False),
        ({"ForwardingSmtpAddress": "john@sm.contoso.com"}, {}, False),  # InternalRelay is inside
        ({"ForwardingSmtpAddress": "nobody@contoso.com"}, {}, False),
        ({"ForwardingAddress": "card@contoso.com"}, {"card": contact("x@gmail.test")}, True),
        ({"ForwardingAddress": "card@contoso.com"}, {"card": contact("john@sm.contoso.com")}, False),
        ({"ForwardingAddress": "card@contoso.com"}, {"card": contact("next@contoso.com"), "next": contact("x@gmail.test")}, True),
        ({"ForwardingAddress": "card@contoso.com"}, {"card": contact("card@contoso.com")}, False),
        ({"ForwardingAddress": "bob@contoso.com", **TO_OUTSIDE}, {}, False),  # ForwardingAddress goes first
        ({"ForwardingAddress": "all@contoso.com"}, {"all": {"RecipientType": "DistributionGroup", "Members": ["bob@contoso.com"]}}, False),
    ],
)  # fmt: skip
def test_outside_is_where_the_mail_would_end(
    properties: dict[str, Any], others: dict[str, Any], returned: bool
) -> None:
    assert (REFUSED if returned else "") == reply(routed(forwarding(user=properties, **others)))


def test_a_kept_copy_is_delivered_and_the_forwarded_one_returned() -> None:
    host = forwarding(user={**TO_OUTSIDE, **KEEPS})

    assert Expand((X,), "forward", keep=True) == routed(host).route
    copy = routed(host, "x@gmail.test", "user@contoso.com")
    assert (REFUSED, ["blocked"]) == (reply(copy), [step.outcome for step in copy.steps])


def test_a_kept_copy_under_a_policy_that_is_on_is_forwarded_too() -> None:
    host = forwarding("On", user={**TO_OUTSIDE, **KEEPS})

    assert isinstance(routed(host, "x@gmail.test", "user@contoso.com").route, Relay)


@pytest.mark.parametrize(
    ("original", "others"),
    [
        ("all@contoso.com", {"all": {"RecipientType": "DistributionGroup", "Members": ["bob@contoso.com", "user@contoso.com"]}}),
        ("old@contoso.com", {"old": contact("user@contoso.com")}),
        ("bob@contoso.com", {"bob": {"ForwardingAddress": "user@contoso.com"}}),
    ],
)  # fmt: skip
def test_the_forwarding_mailbox_is_found_behind_groups_mail_users_and_other_mailboxes(
    original: str, others: dict[str, Any]
) -> None:
    host = forwarding(user={**TO_OUTSIDE, **KEEPS}, **others)

    assert REFUSED == reply(routed(host, "x@gmail.test", original))


@pytest.mark.parametrize(
    ("to", "original"),
    [
        ("x@gmail.test", ""),  # somebody writes to the outside address itself
        ("x@gmail.test", "bob@contoso.com"),
        ("y@gmail.test", "user@contoso.com"),
        ("x@gmail.test", "loop@contoso.com"),
        ("x@gmail.test", "gone@contoso.com"),
    ],
)
def test_mail_that_no_mailbox_forwarded_is_sent_on(to: str, original: str) -> None:
    host = forwarding(user={**TO_OUTSIDE, **KEEPS}, loop=contact("loop@contoso.com"))

    assert isinstance(routed(host, to, original).route, Relay)


def test_a_mailbox_that_forwards_to_itself_keeps_its_mail() -> None:
    assert Deliver(USER) == routed(forwarding(user={"ForwardingSmtpAddress": "user@contoso.com"})).route
    assert Expand((BOB,), "forward") == routed(forwarding(user={"ForwardingAddress": "bob@contoso.com"})).route


def test_the_sender_gets_the_report_and_not_the_mailbox() -> None:
    host = forwarding(user=TO_OUTSIDE)
    found = routed(host).route
    assert isinstance(found, Return)
    notice = host.report(held(sender="sun@gmail.test"), USER, found.reply, None, "", at())

    assert notice is not None
    assert ("sun@gmail.test", True) == (str(notice.to), b"Status: 5.7.520" in notice.message.content)
