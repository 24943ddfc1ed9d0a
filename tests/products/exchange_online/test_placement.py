"""Inbox, Junk, quarantine or nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.policy.route import Deliver, Discard, Hold, Relay, Routing
from tests.products.exchange_online.builders import at, contoso, held

BASE = {
    "tenant": "m365", "direction": "Incoming", "basis": "recipient-owner", "spf": "fail", "dkim": "none", "dmarc": "none",
    "compauth": "fail reason=001", "ip": "203.0.113.5", "ipv": "NLI",
}  # fmt: skip
SPAM = {**BASE, "scl": "5", "sfv": "SPM", "cat": "SPOOF", "spam reason": "spoof"}
CLEAN = {**BASE, "scl": "1", "sfv": "NSPM", "cat": "NONE", "spam action": "Inbox"}
MALWARE = {**SPAM, "spam action": "Quarantine", "spam reason": "malware"}


def routed(facts: dict[str, str], to: str = "bob@contoso.com", **tenant: Any) -> Routing:
    return contoso(**tenant).route(held(to, facts=facts), Address.parse(to), at())


def place(facts: dict[str, str], **tenant: Any) -> str:
    route = routed(facts, **tenant).route
    match route:
        case Deliver():
            return route.folder
        case Hold():
            return f"held: {route.reason}"
        case Discard():
            return f"dropped: {route.why}"
        case _:
            raise AssertionError(route)


@pytest.mark.parametrize(
    ("action", "where"),
    [
        ("Inbox", "Inbox"), ("NoAction", "Inbox"), ("AddXHeader", "Inbox"), ("MoveToJmf", "Junk"), ("ModifySubject", "Junk"),
        ("Redirect", "Junk"), ("Quarantine", "held: spoof"), ("Delete", "dropped: deleted as spoof"),
    ],
)  # fmt: skip
def test_the_action_says_where(action: str, where: str) -> None:
    assert where == place({**SPAM, "spam action": action})


CONTENT = {"HostedContentFilterPolicy": {"SpamAction": "Quarantine", "HighConfidenceSpamAction": "Delete"}}


@pytest.mark.parametrize(
    ("facts", "scl", "tenant", "where"),
    [
        ({**SPAM, "spam action": "MoveToJmf"}, "-1", {}, "Inbox"),
        ({**SPAM, "spam action": "Quarantine"}, "-1", {}, "Inbox"),
        ({**SPAM, "spam action": "MoveToJmf"}, "0", {}, "Junk"),
        (CLEAN, "0", {}, "Inbox"),
        (CLEAN, "5", {}, "Junk"),
        (CLEAN, "6", CONTENT, "held: spam"),
        (CLEAN, "9", CONTENT, "dropped: deleted as high confidence spam"),
        (MALWARE, "-1", {}, "held: malware"),
    ],
)
def test_a_rules_scl_goes_before_the_filters(
    facts: dict[str, str], scl: str, tenant: dict[str, Any], where: str
) -> None:
    assert where == place({**facts, "rule scl": scl}, **tenant)


def test_the_headers_tell_what_a_rule_made_of_it() -> None:
    route = routed({**CLEAN, "rule scl": "-1"}).route
    assert isinstance(route, Deliver)
    assert route.message

    assert "-1" == route.message.get("X-MS-Exchange-Organization-SCL")
    assert "SFV:SKN;" in (route.message.get("X-Forefront-Antispam-Report") or "")


@pytest.mark.parametrize(
    ("policy", "facts", "header", "value"),
    [
        ({"ModifySubjectValue": "[SPAM]"}, {"spam action": "ModifySubject"}, "Subject", "[SPAM] hello"),
        ({}, {"spam action": "AddXHeader"}, "X-This-Is-Spam", "This message appears to be spam."),
        ({"AddXHeaderValue": "X-Spam"}, {"spam action": "AddXHeader"}, "X-Spam", "This message appears to be spam."),
        (
            {"AddXHeaderValue": "not a name"},
            {"spam action": "AddXHeader"},
            "X-This-Is-Spam",
            "This message appears to be spam.",
        ),
    ],
)
def test_spam_can_be_marked(policy: dict[str, Any], facts: dict[str, str], header: str, value: str) -> None:
    route = routed({**SPAM, **facts}, HostedContentFilterPolicy=policy).route
    assert isinstance(route, Deliver)
    assert route.message

    assert value == route.message.get(header)


@pytest.mark.parametrize(
    ("action", "kind"), [("MoveToJmf", Relay), ("Inbox", Relay), ("Quarantine", Hold), ("Delete", Discard)]
)
def test_spam_for_somebody_elsewhere_is_sent_on_unless_it_goes_to_nobody(action: str, kind: type) -> None:
    assert kind is type(routed({**SPAM, "spam action": action}, "john@sm.contoso.com").route)


@pytest.mark.parametrize(("facts", "where"), [(CLEAN, "Archive"), ({**SPAM, "spam action": "MoveToJmf"}, "Junk")])
def test_a_mailboxs_own_rules_sort_what_is_no_spam(facts: dict[str, str], where: str) -> None:
    rules = {"all": {"Mailbox": "bob@contoso.com", "MoveToFolder": "Archive"}}

    assert where == place(facts, InboxRules=rules)


def test_what_decided_is_told() -> None:
    routing = routed({**SPAM, "spam action": "MoveToJmf"})

    assert "junk" == next(step for step in routing.steps if step.name == "FOLDER").outcome


def test_mail_that_nobody_judged_goes_to_the_inbox() -> None:
    assert "Inbox" == place({"tenant": "m365", "direction": "Incoming"})
