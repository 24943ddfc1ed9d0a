"""The words about recipients, limits and clients: every code with its text."""

from __future__ import annotations

import inspect

import pytest

from simulator.products.exchange_online import notices

TAIL = "[FE 2026-01-15T09:00:00.000Z 08DE]"


@pytest.mark.parametrize(
    ("noun", "text"),
    [
        ("group", "550 5.7.133 Sender not authenticated for group"),
        ("mailbox", "550 5.7.134 Sender not authenticated for mailbox"),
        ("public folder", "550 5.7.135 Sender not authenticated for public folder"),
        ("mail user or contact", "550 5.7.136 Sender not authenticated for mail user"),
        (
            "Microsoft 365 group",
            "550 5.7.193 UnifiedGroupAgent; Delivery failed because the sender isn't a group member or external senders aren't "
            "permitted to send to this group.",
        ),
    ],
)
def test_anonymous_senders_hear_what_the_recipient_is(noun: str, text: str) -> None:
    assert text == str(notices.sender_not_authenticated(noun))


REPORTS = [
    (notices.stale_recipient(), "550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found"),
    (notices.sender_not_allowed(group=True), "550 5.7.124 Sender not in allowed-senders list"),
    (notices.too_large_for_recipient(), "550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient"),
    (
        notices.mailbox_full(),
        "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded",
    ),
    (
        notices.sender_too_often(),
        "550 5.2.121 Recipient's per hour message receive limit from specific sender exceeded",
    ),
    (notices.received_too_often(), "550 5.2.122 Recipient's per hour message receive limit exceeded"),
    (notices.bad_outbound_sender(), "550 5.1.8 Access denied, bad outbound sender AS(42004)"),
    (notices.tenant_over_threshold(), "550 5.7.705 Access denied, tenant has exceeded threshold"),
    (
        notices.unregistered_domain(),
        "550 5.7.750 Service unavailable. Client blocked from sending from unregistered domains",
    ),
    (
        notices.tenant_limit(trial=False),
        "550 5.7.233 Your message can't be sent because your tenant exceeded its daily limit for sending email to external "
        "recipients (tenant external recipient rate limit)",
    ),
]


@pytest.mark.parametrize(("reply", "text"), REPORTS, ids=[text[:12] for _, text in REPORTS])
def test_a_report_has_no_tail(reply: object, text: str) -> None:
    assert text == str(reply)


REFUSALS = [
    (notices.message_rate(TAIL), f"451 4.5.127 Message rejected. Excessive message rate from sender. {TAIL}"),
    (
        notices.login_basic_disabled(TAIL),
        f"535 5.7.139 Authentication unsuccessful, basic authentication is disabled. {TAIL}",
    ),
    (
        notices.daily_limit(TAIL, stored=False),
        f"550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients {TAIL}",
    ),
    (
        notices.daily_limit(TAIL, stored=True),
        f"554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException {TAIL}",
    ),
    (notices.too_many_recipients(TAIL), f"452 4.5.3 Too many recipients {TAIL}"),
    (
        notices.no_subscription(TAIL),
        "451 4.4.4 Mail received as unauthenticated, incoming to a recipient domain configured in a hosted tenant which has no "
        f"mail-enabled subscriptions. ATTR5 {TAIL}",
    ),
    (notices.wrong_region(TAIL), f"451 4.4.62 Mail sent to the wrong Office 365 region. ATTR35 {TAIL}"),
    (
        notices.server_busy("192.0.2.1", TAIL),
        f"451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (S77) {TAIL}",
    ),
    (
        notices.no_ipv6("contoso.com", TAIL),
        f"550 5.2.1 Service unavailable, [contoso.com] does not accept email over IPv6 {TAIL}",
    ),
]


@pytest.mark.parametrize(("reply", "text"), REFUSALS, ids=[text[:13] for _, text in REFUSALS])
def test_a_refusal_in_the_session_ends_with_host_time_and_trace_id(reply: object, text: str) -> None:
    assert text == str(reply)


def test_every_text_is_listed() -> None:
    made = {name for name, one in inspect.getmembers(notices, inspect.isfunction) if one.__module__ == notices.__name__}

    assert made <= set(notices.__all__)
