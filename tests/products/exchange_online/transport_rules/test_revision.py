"""When rules are asked on the way of a message, and what stays with a copy."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.policy.route import Deliver, Expand, Return, Revise, Routing
from simulator.products.exchange_online import Tenant
from tests.products.exchange_online.builders import at, contoso, held, message, outcomes
from tests.products.exchange_online.transport_rules.asking import AMY, BOB, PEOPLE, SUN, internal

TAG = {"tag": {"PrependSubject": "[x] "}}
REPORT = Message.parse(b"From: <>\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n")


def host(rules: dict[str, Any], **changes: Any) -> Tenant:
    return contoso(BOB, AMY, **{"TransportRules": rules, "Recipients": PEOPLE, **changes})


def routed(tenant: Tenant, to: str = BOB, **what: Any) -> Routing:
    return tenant.route(held(to, **what), Address.parse(to), at())


def test_without_rules_nothing_is_asked() -> None:
    found = routed(host({}))

    assert (Deliver(Address.parse(BOB)), "RULES" in outcomes(found.steps)) == (found.route, False)


def test_a_copy_goes_on_changed_and_is_not_asked_about_again() -> None:
    tenant = host(TAG)
    first = routed(tenant).route

    assert isinstance(first, Revise)
    assert ("[x] hello", None, ()) == (first.message.get("Subject"), first.instead, first.also)
    again = routed(tenant, content=first.message, facts={**held().facts, **first.facts})
    assert (Deliver(Address.parse(BOB)), "RULES" in outcomes(again.steps)) == (again.route, False)


def test_recipients_whom_the_same_rules_are_about_stay_together() -> None:
    tenant = host(
        {"scl": {"SetSCL": 5, "RouteMessageOutboundRequireTls": True, "RouteMessageOutboundConnector": "gate"}}
    )

    assert routed(tenant, BOB).route == routed(tenant, AMY).route
    found = routed(tenant).route
    assert isinstance(found, Revise)
    assert {
        "rules": "done",
        "rules run": "scl",
        "rule connector": "gate",
        "rule tls": "scl",
        "rule scl": "5",
    } == found.facts


@pytest.mark.parametrize("what", [{"generated": True, "sender": None}, {"sender": None, "content": REPORT}])
def test_reports_are_not_asked_about(what: dict[str, Any]) -> None:
    assert Deliver(Address.parse(BOB)) == routed(host({"drop": {"DeleteMessage": True}}), **what).route


def test_other_mail_of_the_null_sender_is() -> None:
    assert isinstance(routed(host(TAG), sender=None).route, Revise)


def test_groups_are_expanded_first() -> None:
    found = routed(host(TAG), "everybody@contoso.com", content=internal())

    assert isinstance(found.route, Expand)


def test_unknown_recipients_of_an_authoritative_domain_are_returned_first() -> None:
    found = routed(host({"drop": {"DeleteMessage": True}}), "nobody@contoso.com").route

    assert isinstance(found, Return)
    assert "5.1.10" == found.reply.enhanced


@pytest.mark.parametrize("to", ["partner@contoso.com", "x@sm.contoso.com", "x@gmail.test"])
def test_everybody_else_is_asked_about(to: str) -> None:
    assert isinstance(routed(host(TAG), to).route, Revise)


def test_whom_a_rule_redirects_to_is_asked_about_anew() -> None:
    tenant = host({"to amy": {"SentTo": BOB, "RedirectMessageTo": AMY, "BlindCopyTo": SUN}, **TAG})
    first = routed(tenant).route

    assert isinstance(first, Revise)
    assert (tuple(map(Address.parse, (AMY, SUN))), "again") == (first.instead, first.facts["rules"])
    second = routed(tenant, AMY, content=first.message, facts={**held().facts, **first.facts})
    assert ["ran-before", "ran-before"] == [c.reason for c in second.steps[0].candidates]
    assert isinstance(second.route, Revise)
    assert ("done", "[x] hello") == (second.route.facts["rules"], second.route.message.get("Subject"))


@pytest.mark.parametrize("keep", [True, False])
def test_whom_a_mailbox_forwards_to_is_asked_about_anew(keep: bool) -> None:
    tenant = host(TAG, Recipients={BOB: {"ForwardingSmtpAddress": AMY, "DeliverToMailboxAndForward": keep}})
    facts, message_now = dict(held().facts), held().message
    for to, rules in ((BOB, "done"), (BOB, "done"), (AMY, "again"), (AMY, "done")):
        found = routed(tenant, to, content=message_now, facts=facts)
        assert isinstance(found.route, Revise)
        facts, message_now = {**facts, **found.route.facts}, found.route.message
        assert rules == facts["rules"]
    assert ["ran-before"] == [c.reason for c in found.steps[0].candidates]
    assert "[x] hello" == message_now.get("Subject")


def test_added_recipients_are_not_asked_about() -> None:
    found = routed(host({"copy": {"BlindCopyTo": AMY}}), content=message()).route

    assert isinstance(found, Revise)
    assert ((Address.parse(AMY),), "done") == (found.also, found.facts["rules"])
