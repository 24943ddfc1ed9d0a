"""Who may send to a recipient, and how large."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.policy.route import Return
from simulator.products.exchange_online import Tenant
from simulator.products.exchange_online.headers import AUTH_AS
from tests.products.exchange_online.builders import at, candidate, contoso, held, message

GROUP = {
    "RecipientType": "DistributionGroup",
    "Members": ["bob@contoso.com"],
    "RequireSenderAuthenticationEnabled": False,
}
OTHERS = {
    "inner@contoso.com": {"RecipientType": "DistributionGroup", "Members": ["bob@contoso.com", "outer@contoso.com"]},
    "outer@contoso.com": {"RecipientType": "DistributionGroup", "Members": ["inner@contoso.com"]},
    "partner@contoso.com": {"RecipientType": "MailContact", "ExternalEmailAddress": "p@partner.test"},
    "amy@contoso.com": {"EmailAddresses": ["amy.adams@contoso.com"]},
}


def answer(
    properties: dict[str, Any], sender: str | None = "bob@contoso.com", *, inside: bool = True, **rest: Any
) -> str:
    """What the recipient with these properties returns, empty where it takes the message."""
    host = contoso(Recipients={**OTHERS, "it@contoso.com": properties})
    content = message(**{AUTH_AS.replace("-", "_"): "Internal"} if inside else {})
    what = held("it@contoso.com", sender=sender, content=content, **rest)
    found = host.route(what, what.recipients[0], at()).route
    return found.reply.codes if isinstance(found, Return) else ""


ONLY_INSIDE = {"RequireSenderAuthenticationEnabled": True}


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"RecipientType": "DistributionGroup", "Members": ["bob@contoso.com"]}, "550 5.7.133"),
        ({"RecipientType": "DynamicDistributionGroup", "Members": ["bob@contoso.com"]}, "550 5.7.133"),
        ({"RecipientType": "GroupMailbox"}, "550 5.7.193"),
        ({"RecipientType": "UserMailbox", **ONLY_INSIDE}, "550 5.7.134"),
        ({"RecipientType": "PublicFolder", **ONLY_INSIDE}, "550 5.7.135"),
        ({"RecipientType": "MailUser", "ExternalEmailAddress": "x@gmail.test", **ONLY_INSIDE}, "550 5.7.136"),
        ({"RecipientType": "PublicFolder"}, ""),
        ({"RecipientType": "GroupMailbox", "RequireSenderAuthenticationEnabled": False}, ""),
    ],
)
def test_anonymous_mail_is_returned_with_the_code_of_the_recipients_kind(properties: dict[str, Any], code: str) -> None:
    assert code == answer(properties, "a@gmail.test", inside=False)
    assert "" == answer(properties)


LISTS = [
    ("AcceptMessagesOnlyFrom", "bob@contoso.com", "bob@contoso.com", True),
    ("AcceptMessagesOnlyFrom", "amy@contoso.com", "bob@contoso.com", False),
    ("AcceptMessagesOnlyFrom", "amy.adams@contoso.com", "amy@contoso.com", True),
    ("AcceptMessagesOnlyFrom", "amy@contoso.com", "amy.adams@contoso.com", True),
    ("AcceptMessagesOnlyFrom", "partner@contoso.com", "p@partner.test", True),
    ("AcceptMessagesOnlyFromDLMembers", "inner@contoso.com", "bob@contoso.com", True),
    ("AcceptMessagesOnlyFromDLMembers", "outer@contoso.com", "bob@contoso.com", True),
    ("AcceptMessagesOnlyFromDLMembers", "outer@contoso.com", "amy@contoso.com", False),
    ("AcceptMessagesOnlyFromSendersOrMembers", "outer@contoso.com", "bob@contoso.com", True),
    ("AcceptMessagesOnlyFromSendersOrMembers", "amy@contoso.com", "bob@contoso.com", False),
    ("RejectMessagesFrom", "bob@contoso.com", "bob@contoso.com", False),
    ("RejectMessagesFrom", "bob@contoso.com", "amy@contoso.com", True),
    ("RejectMessagesFromDLMembers", "inner@contoso.com", "bob@contoso.com", False),
    ("RejectMessagesFromSendersOrMembers", "outer@contoso.com", "bob@contoso.com", False),
]


@pytest.mark.parametrize(("setting", "listed", "sender", "taken"), LISTS)
def test_lists_name_senders_by_any_address_and_through_groups(
    setting: str, listed: str, sender: str, taken: bool
) -> None:
    assert ("" if taken else "550 5.7.124") == answer({**GROUP, setting: listed}, sender)
    assert ("" if taken else "550 5.7.129") == answer({"RecipientType": "UserMailbox", setting: listed}, sender)


def test_a_rejected_sender_is_rejected_although_it_is_allowed_too() -> None:
    both = {"AcceptMessagesOnlyFrom": "bob@contoso.com", "RejectMessagesFrom": "bob@contoso.com"}

    assert "550 5.7.124" == answer({**GROUP, **both})


def test_several_lists_of_allowed_senders_add_up() -> None:
    both = {"AcceptMessagesOnlyFrom": "amy@contoso.com", "AcceptMessagesOnlyFromDLMembers": "inner@contoso.com"}

    assert ["", "", "550 5.7.124"] == [
        answer({**GROUP, **both}, who) for who in ("amy@contoso.com", "bob@contoso.com", "user@contoso.com")
    ]


def test_reports_pass_every_list() -> None:
    listed = {**GROUP, "AcceptMessagesOnlyFrom": "amy@contoso.com"}

    assert ["", ""] == [answer(listed, None), answer(listed, "x@gmail.test", inside=False, generated=True)]


def test_a_message_larger_than_maxreceivesize_is_returned() -> None:
    size = message(**{AUTH_AS.replace("-", "_"): "Internal"}).size

    assert ["", "550 5.2.3"] == [
        answer({"RecipientType": "UserMailbox", "MaxReceiveSize": str(limit)}) for limit in (size, size - 1)
    ]


def test_the_step_names_the_list_and_where_it_stands() -> None:
    host: Tenant = contoso(Recipients={"it@contoso.com": {"AcceptMessagesOnlyFrom": "bob@contoso.com"}})
    found = host.route(held("it@contoso.com"), held("it@contoso.com").recipients[0], at())
    told = candidate(found.steps[1:], "AcceptMessagesOnlyFrom", "RECIPIENT")

    assert ("not-allowed-sender", "a@gmail.test is not on AcceptMessagesOnlyFrom of it@contoso.com", True) == (
        told.reason, told.says, bool(told.at),
    )  # fmt: skip
