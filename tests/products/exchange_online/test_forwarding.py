"""What mailboxes send on by themselves: forwarding, inbox rules, the marks that keep mail from circling, and who says no."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.policy.route import Discard, Relay, Return
from simulator.products.exchange_online import Tenant
from simulator.products.exchange_online.identifiers import guid
from simulator.products.exchange_online.wording import external_forwarding
from tests.products.exchange_online.builders import SUBMITTED, at, candidate, contoso, endings, held, message, told

X, USER, BOB = map(Address.parse, ("x@gmail.test", "user@contoso.com", "bob@contoso.com"))
TO_OUTSIDE = {"ForwardingSmtpAddress": "x@gmail.test"}
KEEPS = {"DeliverToMailboxAndForward": True}
REFUSED = (
    "550 5.7.520 Access denied, Your organization does not allow external forwarding. "
    "Please contact your administrator for further assistance. AS(7550)"
)
OPEN = {"HostedOutboundSpamFilterPolicy": {"AutoForwardingMode": "On"}}
MARK = "X-MS-Exchange-ForwardingLoop"
RULES_MARK = "X-MS-Exchange-Inbox-Rules-Loop"


def contact(address: str) -> dict[str, str]:
    return {"RecipientType": "MailContact", "ExternalEmailAddress": address}


def forwarding(mode: str = "", **recipients: dict[str, Any]) -> Tenant:
    """The tenant with recipients by local part; without `mode` the policy is left alone."""
    policy = {"HostedOutboundSpamFilterPolicy": {"Default": {"AutoForwardingMode": mode}}} if mode else {}
    return contoso(Recipients={f"{name}@contoso.com": r for name, r in recipients.items()}, **policy)


def ruled(**inbox_rule: Any) -> dict[str, Any]:
    return {"InboxRules": {"away": {"Mailbox": "user@contoso.com", **inbox_rule}}}


def ends(host: Tenant, to: str = "user@contoso.com", **rest: Any) -> list[tuple[str, str]]:
    """Whom each copy was for, and what became of it."""
    return [(who, told(route)) for who, route, _ in endings(host, held(to, **rest))]


@pytest.mark.parametrize(
    ("mode", "end"), [("", "550 5.7.520"), ("Automatic", "550 5.7.520"), ("Off", "550 5.7.520"), ("On", "Relay")]
)
def test_forwarding_to_outside_is_returned_unless_the_policy_is_on(mode: str, end: str) -> None:
    assert [("x@gmail.test", end)] == ends(forwarding(mode, user=TO_OUTSIDE))


def test_the_return_has_the_words_of_the_service() -> None:
    ((_, found, _),) = endings(forwarding(user=TO_OUTSIDE), held())

    assert isinstance(found, Return)
    assert REFUSED == str(found.reply)


def test_the_step_names_the_setting_and_where_it_stands() -> None:
    for mode in ("", "Off"):
        host = forwarding(mode, user=TO_OUTSIDE)
        ((_, _, copy),) = endings(host, held())
        found = host.route(copy, X, at())
        told_of = candidate(found.steps[-1:], "AutoForwardingMode", "FORWARD")
        says = f"AutoForwardingMode is {mode or 'Automatic'}, so user@contoso.com may not forward to x@gmail.test, which is outside"
        assert ("blocked", says, True) == (told_of.reason, told_of.says, bool(told_of.at))


@pytest.mark.parametrize(
    ("properties", "others", "returned"),
    [
        ({"ForwardingSmtpAddress": "bob@contoso.com"}, {}, False),
        ({"ForwardingSmtpAddress": "john@sm.contoso.com"}, {}, False),  # InternalRelay is inside
        ({"ForwardingAddress": "card@contoso.com"}, {"card": contact("x@gmail.test")}, True),
        ({"ForwardingAddress": "card@contoso.com"}, {"card": contact("john@sm.contoso.com")}, False),
        ({"ForwardingAddress": "card@contoso.com"}, {"card": contact("next@contoso.com"), "next": contact("x@gmail.test")}, True),
        ({"ForwardingAddress": "bob@contoso.com", **TO_OUTSIDE}, {}, False),  # ForwardingAddress goes first
        ({"ForwardingAddress": "all@contoso.com"}, {"all": {"RecipientType": "DistributionGroup", "Members": ["bob@contoso.com"],
          "RequireSenderAuthenticationEnabled": False}}, False),
        ({"ForwardingAddress": "all@contoso.com"}, {"all": {"RecipientType": "DistributionGroup", "Members": ["x@gmail.test"],
          "RequireSenderAuthenticationEnabled": False}}, True),
    ],
)  # fmt: skip
def test_outside_is_where_the_mail_would_end(
    properties: dict[str, Any], others: dict[str, Any], returned: bool
) -> None:
    found = [end for _, end in ends(forwarding(user=properties, **others))]

    assert returned == ("550 5.7.520" in found)


def test_a_kept_copy_is_delivered_and_the_forwarded_one_returned() -> None:
    assert [("user@contoso.com", "user@contoso.com Inbox"), ("x@gmail.test", "550 5.7.520")] == ends(
        forwarding(user={**TO_OUTSIDE, **KEEPS})
    )


def test_a_kept_copy_under_a_policy_that_is_on_is_forwarded_too() -> None:
    assert [("user@contoso.com", "user@contoso.com Inbox"), ("x@gmail.test", "Relay")] == ends(
        forwarding("On", user={**TO_OUTSIDE, **KEEPS})
    )


@pytest.mark.parametrize(
    ("to", "others"),
    [
        ("old@contoso.com", {"old": contact("user@contoso.com")}),
        ("bob@contoso.com", {"bob": {"ForwardingAddress": "user@contoso.com"}}),
    ],
)
def test_the_forwarding_mailbox_is_found_behind_mail_users_and_other_mailboxes(to: str, others: dict[str, Any]) -> None:
    host = forwarding(user={**TO_OUTSIDE, **KEEPS}, **others)

    assert [("user@contoso.com", "user@contoso.com Inbox"), ("x@gmail.test", "550 5.7.520")] == ends(host, to)


def test_mail_that_no_mailbox_forwarded_is_sent_on() -> None:
    host = forwarding(user={**TO_OUTSIDE, **KEEPS})
    group = replace(held("x@gmail.test"), original=USER)

    assert isinstance(host.route(held("x@gmail.test"), X, at()).route, Relay)
    assert isinstance(host.route(group, X, at()).route, Relay)


def test_a_mailbox_that_forwards_to_itself_keeps_its_mail() -> None:
    kept = [("user@contoso.com", "user@contoso.com Inbox")]

    assert kept == ends(forwarding(user={"ForwardingSmtpAddress": "user@contoso.com"}))
    assert kept == ends(contoso(**ruled(RedirectTo="user@contoso.com")))


def test_the_sender_gets_the_report_and_not_the_mailbox() -> None:
    host = forwarding(user=TO_OUTSIDE)
    ((_, found, copy),) = endings(host, held(sender="sun@gmail.test"))
    assert isinstance(found, Return)
    notice = host.report(copy, USER, found.reply, None, "", at())

    assert notice is not None
    assert ("sun@gmail.test", True) == (str(notice.to), b"Status: 5.7.520" in notice.message.content)


# Marks


def test_the_forwarded_copy_is_marked_and_the_kept_one_is_not() -> None:
    (_, _, kept), (_, _, copy) = endings(forwarding("On", user={**TO_OUTSIDE, **KEEPS}), held())

    assert ([], [f"user@contoso.com;{guid('m365')}"]) == (kept.message.all(MARK), copy.message.all(MARK))


def test_mail_that_comes_back_is_not_forwarded_again() -> None:
    host = forwarding("On", user=TO_OUTSIDE)
    back = message(**{MARK: f"user@contoso.com;{guid('m365')}"})

    assert [("user@contoso.com", "user@contoso.com Inbox")] == ends(host, content=back)
    elsewhere = message(**{MARK: f"user@contoso.com;{guid('fabrikam')}"})
    assert [("x@gmail.test", "Relay")] == ends(host, content=elsewhere)


def test_of_two_mailboxes_that_forward_to_each_other_the_first_keeps_the_mail() -> None:
    host = forwarding(user={"ForwardingAddress": "bob@contoso.com"}, bob={"ForwardingAddress": "user@contoso.com"})

    assert [("bob@contoso.com", "user@contoso.com Inbox")] == ends(host)


def test_over_two_ways_back_the_first_mailbox_still_gets_it_once() -> None:
    group = {"RecipientType": "DistributionGroup", "Members": ["amy@contoso.com", "bob@contoso.com"]}
    back = {"ForwardingAddress": "user@contoso.com"}
    host = forwarding(
        user={"ForwardingAddress": "all@contoso.com"}, amy=back, bob=back,
        all={**group, "RequireSenderAuthenticationEnabled": False},
    )  # fmt: skip

    assert [("amy@contoso.com", "user@contoso.com Inbox"), ("bob@contoso.com", "Discard")] == ends(host)


# Inbox rules


def test_an_inbox_rule_sends_a_copy_and_the_mailbox_keeps_one() -> None:
    host = contoso(**ruled(RedirectTo="x@gmail.test"), **OPEN)
    (_, kept, _), (who, sent, copy) = endings(host, held())

    assert ("user@contoso.com Inbox", "x@gmail.test", "Relay") == (told(kept), who, told(sent))
    assert ["user@contoso.com"] == copy.message.all(RULES_MARK)
    assert ("hello", None) == (copy.message.get("Subject"), copy.facts.get("sends as"))


@pytest.mark.parametrize("action", ["ForwardTo", "ForwardAsAttachmentTo"])
def test_what_a_rule_forwards_is_the_mailboxs_own_mail(action: str) -> None:
    host = contoso(**ruled(**{action: "x@gmail.test"}), **OPEN)
    _, (_, relay, copy) = endings(host, held())
    assert isinstance(relay, Relay)

    assert ("FW: hello", "<user@contoso.com>") == (copy.message.get("Subject"), copy.message.get("From"))
    assert USER == host.prepare(copy, relay, at())[1]


def test_the_mailbox_hears_what_became_of_the_mail_that_its_rule_forwarded() -> None:
    host = contoso(**ruled(ForwardTo="x@gmail.test"), **OPEN)
    _, (_, _, copy) = endings(host, held(sender="sun@gmail.test"))
    there = host.report(
        copy, X, Reply(550, "5.1.351", "unknown"), Reply(550, "5.1.1", "unknown"), "mx.gmail.test", at()
    )
    here = host.report(copy, X, external_forwarding(), None, "", at())

    assert there is not None
    assert here is not None
    assert (USER, "sun@gmail.test") == (there.to, str(here.to))


def test_a_second_redirect_is_dropped_without_a_word() -> None:
    host = contoso(**ruled(RedirectTo="bob@contoso.com"), **OPEN)
    again = message(**{RULES_MARK: "amy@fabrikam.com"})
    (_, kept, _), (_, dropped, _) = endings(host, held(content=again))

    assert "user@contoso.com Inbox" == told(kept)
    assert isinstance(dropped, Discard)
    assert "XLoopHeaderCount:1/1" in dropped.why


def test_two_rules_of_two_mailboxes_end_after_the_first() -> None:
    rules = {
        "on": {"Mailbox": "user@contoso.com", "RedirectTo": "bob@contoso.com"},
        "further": {"Mailbox": "bob@contoso.com", "RedirectTo": "x@gmail.test"},
    }

    assert [
        ("user@contoso.com", "user@contoso.com Inbox"), ("bob@contoso.com", "bob@contoso.com Inbox"), ("x@gmail.test", "Discard"),
    ] == ends(contoso(InboxRules=rules))  # fmt: skip


def test_forwarding_and_rules_of_one_mailbox_both_send() -> None:
    host = contoso(
        **ruled(RedirectTo="bob@contoso.com"), **OPEN, Recipients={"user@contoso.com": {**TO_OUTSIDE, **KEEPS}}
    )

    assert [
        ("user@contoso.com", "user@contoso.com Inbox"), ("bob@contoso.com", "bob@contoso.com Inbox"), ("x@gmail.test", "Relay"),
    ] == ends(host)  # fmt: skip


def test_a_mailbox_that_only_forwards_runs_no_rules() -> None:
    host = contoso(**ruled(RedirectTo="bob@contoso.com"), **OPEN, Recipients={"user@contoso.com": TO_OUTSIDE})

    assert [("x@gmail.test", "Relay")] == ends(host)


@pytest.mark.parametrize(
    ("condition", "applies"),
    [
        ({}, True),
        ({"Enabled": False}, False),
        ({"From": "a@gmail.test"}, True),
        ({"From": "b@gmail.test"}, False),
        ({"ExceptIfFrom": "a@gmail.test"}, False),
        ({"FromAddressContainsWords": "GMAIL"}, True),
        ({"SubjectContainsWords": ["invoice", "Hello"]}, True),
        ({"SubjectContainsWords": "hello", "ExceptIfSubjectContainsWords": "ell"}, False),
        ({"HeaderContainsWords": "gmail.test"}, True),
        ({"HeaderContainsWords": "X-Nothing"}, False),
    ],
)
def test_a_rule_applies_when_all_its_conditions_hold(condition: dict[str, Any], applies: bool) -> None:
    host = contoso(**ruled(MoveToFolder=":\\Archive", **condition))

    assert [("user@contoso.com", f"user@contoso.com {'Archive' if applies else 'Inbox'}")] == ends(host)


def test_deleted_mail_is_among_deleted_items_and_rules_may_stop_the_others() -> None:
    rules = {
        "second": {"Mailbox": "user@contoso.com", "Priority": 2, "RedirectTo": "bob@contoso.com"},
        "first": {"Mailbox": "user@contoso.com", "Priority": 1, "DeleteMessage": True, "StopProcessingRules": True},
    }

    assert [("user@contoso.com", "user@contoso.com Deleted Items")] == ends(contoso(InboxRules=rules))


def test_what_a_rule_sends_to_outside_needs_the_policy_as_forwarding_does() -> None:
    host = contoso(**ruled(RedirectTo="x@gmail.test"))

    assert ("x@gmail.test", "550 5.7.520") == ends(host, facts=SUBMITTED)[1]
