"""Client submission: who may log in how, as whom a mailbox sends, and how much."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address, parse_sender
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.policy.decision import Decision
from simulator.policy.host import MAIL_PROGRAMS
from simulator.products.exchange_online import Tenant
from tests.answering import answered
from tests.products.exchange_online.builders import NOW, SUBMITTED, at, candidate, contoso, message, session

BOB = Address.parse("bob@contoso.com")
SUBMISSION = session(tls=True, port=587)
LOGGED_IN = SUBMISSION.with_(auth=BOB)
PASSWORDS, TOKENS = {"AllowBasicAuthSmtp": True}, {"AllowBasicAuthSmtp": False}


def login(host: Tenant, password: str = "lab", user: str = "bob@contoso.com") -> Decision:
    return host.login(SUBMISSION, user, password, at())


@pytest.mark.parametrize(
    ("password", "code"),
    [("lab", "235 2.7.0"), ("Bearer lab", "235 2.7.0"), ("guess", "535 5.7.3"), ("Bearer guess", "535 5.7.3"), ("Bearer ", "535 5.7.3")],
)  # fmt: skip
def test_the_right_password_or_token_logs_in(password: str, code: str) -> None:
    assert code == login(contoso(), password).reply.codes


def test_a_wrong_password_may_hear_the_newer_words() -> None:
    found = login(contoso(knobs={"bad_credentials": "5.7.139"}), "guess").reply

    assert ("535 5.7.139", True) == (found.codes, "the user credentials were incorrect" in found.text)


POLICIES = {"AuthenticationPolicies": {"modern": TOKENS, "old": PASSWORDS}}


@pytest.mark.parametrize(
    ("default", "own", "taken"),
    [
        ("", "", True), ("modern", "", False), ("MODERN", "", False), ("", "modern", False), ("modern", "old", True),
        ("old", "modern", False), ("gone", "", True),
    ],
)  # fmt: skip
def test_the_users_authentication_policy_goes_before_the_organisations(default: str, own: str, taken: bool) -> None:
    organization = {"OrganizationConfig": {"DefaultAuthenticationPolicy": default}} if default else {}
    recipients = {"Recipients": {"bob@contoso.com": {"AuthenticationPolicy": own}}} if own else {}
    host = contoso(**POLICIES, **organization, **recipients)

    assert ("235 2.7.0" if taken else "535 5.7.139") == login(host).reply.codes
    assert "235 2.7.0" == login(host, "Bearer lab").reply.codes


def test_security_defaults_take_tokens_only() -> None:
    host = contoso(knobs={"security_defaults": True})

    assert "security defaults policy" in login(host).reply.text
    assert ["535 5.7.139", "235 2.7.0"] == [login(host, p).reply.codes for p in ("lab", "Bearer lab")]


def test_a_token_does_not_help_where_smtp_auth_is_off() -> None:
    host = contoso(TransportConfig={"SmtpClientAuthenticationDisabled": True})
    found = login(host, "Bearer lab")

    assert "535 5.7.139" == found.reply.codes
    assert bool(candidate(found.steps[1:], "SmtpClientAuthenticationDisabled", "AUTH").at)


# As whom


OTHERS = {
    "info@contoso.com": {"RecipientType": "SharedMailbox", "RecipientPermission": {"bob@contoso.com": "SendAs"}},
    "boss@contoso.com": {"GrantSendOnBehalfTo": ["bob@contoso.com"]},
    "team@contoso.com": {
        "RecipientType": "DistributionGroup", "Members": ["user@contoso.com"], "RecipientPermission": {"bob@contoso.com": "sendas"},
    },
    "bob@contoso.com": {"EmailAddresses": ["robert@contoso.com"]},
}  # fmt: skip


def asked(host: Tenant, sender: str) -> Decision:
    return host.mail(LOGGED_IN, Envelope(parse_sender(sender)), at())


@pytest.mark.parametrize(
    ("sender", "outcome"),
    [
        ("bob@contoso.com", "own"), ("robert@contoso.com", "own"), ("info@contoso.com", "send-as"), ("team@contoso.com", "send-as"),
        ("boss@contoso.com", "on-behalf"), ("user@contoso.com", "not-own"), ("x@gmail.test", "not-own"), ("<>", "null-sender"),
    ],
)  # fmt: skip
def test_a_mailbox_sends_as_itself_and_as_whom_it_may(sender: str, outcome: str) -> None:
    found = asked(contoso(Recipients=OTHERS), sender)

    assert (outcome, "550 5.7.60" if outcome == "not-own" else "250 2.1.0") == (
        found.steps[-1].outcome,
        found.reply.codes,
    )


def submitted(
    host: Tenant, what: Message, to: tuple[str, ...] = ("user@contoso.com",), memory: dict[str, Any] | None = None, seconds: float = 0
) -> Decision:  # fmt: skip
    envelope = Envelope(BOB, tuple(map(Address.parse, to)))
    moment = at({} if memory is None else memory, NOW + timedelta(seconds=seconds))
    return answered(host.content(LOGGED_IN, envelope, what, moment, SUBMITTED))


OWN = message(From="<bob@contoso.com>")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"From": "<info@contoso.com>"}, "250 2.6.0"),
        ({"From": "<boss@contoso.com>", "Sender": "<bob@contoso.com>"}, "250 2.6.0"),
        ({"From": "<boss@contoso.com>", "Sender": "<robert@contoso.com>"}, "250 2.6.0"),
        ({"From": "<boss@contoso.com>"}, "550 5.7.60"),
        ({"From": "<boss@contoso.com>", "Sender": "<user@contoso.com>"}, "550 5.7.60"),
        ({"From": "<user@contoso.com>", "Sender": "<bob@contoso.com>"}, "550 5.7.60"),
    ],
)
def test_from_of_somebody_on_whose_behalf_it_sends_needs_a_sender_field(headers: dict[str, str], code: str) -> None:
    assert code == submitted(contoso(Recipients=OTHERS), message(**headers)).reply.codes


# How much


def test_so_many_messages_in_a_minute_that_slides() -> None:
    host, memory = contoso(knobs={"messages_per_minute": 2}), dict[str, Any]()
    found = [submitted(host, OWN, memory=memory, seconds=s).reply.codes for s in (0, 30, 59, 60, 61)]

    assert ["250 2.6.0", "250 2.6.0", "451 4.5.127", "250 2.6.0", "451 4.5.127"] == found


def test_so_many_recipients_in_a_day_and_a_group_counts_as_one() -> None:
    host, memory = contoso(knobs={"recipients_per_day": 3}), dict[str, Any]()
    two, day = ("user@contoso.com", "all@contoso.com"), 24 * 3600
    found = [
        submitted(host, OWN, to, memory, s).reply.codes
        for to, s in ((two, 0), (two, 1), (("user@contoso.com",), 2), (two, day))
    ]

    assert ["250 2.6.0", "550 5.1.90", "250 2.6.0", "250 2.6.0"] == found


def test_the_default_limits_are_the_documented_ones() -> None:
    knobs = contoso().profile.settings.knobs

    assert (30, 10000, 200, 3600, 1200, 100, 262144) == (
        knobs.messages_per_minute, knobs.recipients_per_day, knobs.recipients_of_one_domain, knobs.received_per_hour,
        knobs.received_from_one_sender_per_hour, knobs.onmicrosoft_external_recipients_per_day, knobs.header_size,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("own", "whole", "count", "code"),
    [
        (None, None, 500, "250 2.6.0"),
        (None, None, 501, "550 5.5.3"),
        ("Unlimited", None, 1000, "250 2.6.0"),
        ("Unlimited", None, 1001, "550 5.5.3"),
        ("1000", "600", 601, "550 5.5.3"),
        ("1", None, 2, "550 5.5.3"),
    ],
)
def test_so_many_recipients_of_a_message(own: str | None, whole: str | None, count: int, code: str) -> None:
    recipients = {"Recipients": {"bob@contoso.com": {"RecipientLimits": own}}} if own else {}
    config = {"TransportConfig": {"MaxRecipientEnvelopeLimit": whole}} if whole else {}
    found = submitted(contoso(**recipients, **config), OWN, tuple(f"r{n}@gmail.test" for n in range(count)))

    assert code == found.reply.codes


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"MaxSendSize": OWN.size}, "250 2.6.0"),
        ({"MaxSendSize": OWN.size - 1}, "552 5.3.4"),
        ({"ProhibitSendQuota": "2KB", "TotalItemSize": "1KB"}, "250 2.6.0"),
        ({"ProhibitSendQuota": "2KB", "TotalItemSize": "2KB"}, "554 5.2.2"),
    ],
)
def test_size_and_room(properties: dict[str, Any], code: str) -> None:
    host = contoso(Recipients={"bob@contoso.com": {name: str(given) for name, given in properties.items()}})
    found = submitted(host, OWN)

    assert code == found.reply.codes
    assert found.ok or bool(found.steps[-1].at)


def test_what_was_refused_does_not_count() -> None:
    host, memory = contoso(knobs={"messages_per_minute": 1}), dict[str, Any]()
    foreign = message(From="<user@contoso.com>")

    assert ["550 5.7.60", "250 2.6.0"] == [submitted(host, what, memory=memory).reply.codes for what in (foreign, OWN)]


def test_mail_that_nobody_logged_in_for_is_not_counted() -> None:
    host, memory = contoso(knobs={"messages_per_minute": 1}), dict[str, Any]()
    envelope = Envelope(BOB, (BOB,))

    for _ in range(3):
        assert answered(host.content(session(), envelope, OWN, at(memory), {"direction": "Incoming"})).ok


def test_outlook_needs_no_smtp_auth_and_a_machine_does() -> None:
    host = contoso(TransportConfig={"SmtpClientAuthenticationDisabled": True}, knobs={"mail_programs": "outlook"})
    codes = {
        peer: host.login(SUBMISSION.with_(peer=peer), "bob@contoso.com", "lab", at()).reply.codes
        for peer in (MAIL_PROGRAMS, "203.0.113.40")
    }
    assert {MAIL_PROGRAMS: "235 2.7.0", "203.0.113.40": "535 5.7.139"} == codes
