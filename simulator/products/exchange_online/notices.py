"""What Exchange Online says about recipients, mailboxes, limits and clients it holds something against, word by word.

The rest of its words is in [wording]. `suffix` is what ends a refusal in the session, `[host time trace-id]`; texts of
reports have none. Texts that no source quotes are marked `inferred`.

Sources: learn: Non-delivery reports in Exchange Online; Support for anonymous inbound email over IPv6; Use the delist portal;
Changes in message store and throttling; captured sessions and reports.
"""

from __future__ import annotations

from simulator.mail.reply import Reply
from simulator.policy.rules import rule

__all__ = [
    "RECIPIENT_WORDS", "bad_outbound_sender", "banned_ip", "banned_ip_delist", "daily_limit", "initial_domain_limit",
    "login_basic_disabled", "login_incorrect", "login_locked", "mailbox_disabled", "mailbox_full", "message_rate",
    "needs_reverse_dns", "no_ipv6", "no_subscription", "received_too_often", "sender_not_allowed", "sender_not_authenticated",
    "sender_too_often", "sent_items_full", "server_busy", "stale_recipient", "tenant_limit", "tenant_over_threshold",
    "too_large_for_recipient", "too_many_recipients", "too_many_recipients_of_message", "unregistered_domain", "wrong_region",
]  # fmt: skip

RECIPIENT_WORDS = rule(
    "EXO-WORDS-3", "Returns and refusals about recipients and limits have the codes and words of the list of reports",
    fidelity="documented", source="learn: Non-delivery reports in Exchange Online",
    test="tests/products/exchange_online/test_notices.py",
)  # fmt: skip


# Recipients, in reports


def stale_recipient() -> Reply:
    return Reply(550, "5.1.1", "RESOLVER.ADR.ExRecipNotFound; not found")


_UNAUTHENTICATED = {
    "group": ("5.7.133", "Sender not authenticated for group"),
    "mailbox": ("5.7.134", "Sender not authenticated for mailbox"),
    "public folder": ("5.7.135", "Sender not authenticated for public folder"),
    "mail user or contact": ("5.7.136", "Sender not authenticated for mail user"),
    "Microsoft 365 group": (
        "5.7.193",
        "UnifiedGroupAgent; Delivery failed because the sender isn't a group member or external senders aren't permitted to "
        "send to this group.",
    ),
}


def sender_not_authenticated(noun: str) -> Reply:
    """By what the recipient is. The codes are documented; all but the last text are the titles of the list of reports."""
    code, text = _UNAUTHENTICATED[noun]
    return Reply(550, code, text)


def sender_not_allowed(*, group: bool) -> Reply:
    if group:
        return Reply(550, "5.7.124", "Sender not in allowed-senders list")
    return Reply(
        550, "5.7.129", "RESOLVER.RST.RestrictedToRecipientsPermission; not authorized"
    )  # after the `;` inferred


def too_large_for_recipient() -> Reply:
    return Reply(550, "5.2.3", "RESOLVER.RST.RecipSizeLimit; message too large for this recipient")


def mailbox_disabled() -> Reply:
    return Reply(550, "5.2.1", "Mailbox cannot be accessed; mailbox disabled")  # inferred but for the code


def mailbox_full() -> Reply:
    text = "mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded"
    return Reply(554, "5.2.2", text)


def sender_too_often() -> Reply:
    return Reply(550, "5.2.121", "Recipient's per hour message receive limit from specific sender exceeded")


def received_too_often() -> Reply:
    return Reply(550, "5.2.122", "Recipient's per hour message receive limit exceeded")


# Sending to outside, in reports


def bad_outbound_sender() -> Reply:
    return Reply(550, "5.1.8", "Access denied, bad outbound sender AS(42004)")


def tenant_over_threshold() -> Reply:
    return Reply(550, "5.7.705", "Access denied, tenant has exceeded threshold")


def unregistered_domain() -> Reply:
    return Reply(550, "5.7.750", "Service unavailable. Client blocked from sending from unregistered domains")


def tenant_limit(*, trial: bool) -> Reply:
    whose = "trial tenant has" if trial else "tenant"
    text = (
        f"Your message can't be sent because your {whose} exceeded its daily limit for sending email to external recipients "
        "(tenant external recipient rate limit)"
    )
    return Reply(550, "5.7.232" if trial else "5.7.233", text)


def initial_domain_limit() -> Reply:
    text = (
        "Your message can't be sent because your tenant exceeded its daily limit for sending email to external recipients "
        "from onmicrosoft.com addresses"
    )  # inferred but for the code
    return Reply(550, "5.7.236", text)


# Submission, in the session


def login_incorrect(suffix: str) -> Reply:
    return Reply(535, "5.7.139", f"Authentication unsuccessful, the user credentials were incorrect. {suffix}")


def login_basic_disabled(suffix: str) -> Reply:
    return Reply(535, "5.7.139", f"Authentication unsuccessful, basic authentication is disabled. {suffix}")


def login_locked(suffix: str) -> Reply:
    text = "Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator."
    return Reply(535, "5.7.139", f"{text} {suffix}")


def message_rate(suffix: str) -> Reply:
    return Reply(451, "4.5.127", f"Message rejected. Excessive message rate from sender. {suffix}")


def too_many_recipients_of_message(suffix: str) -> Reply:
    return Reply(550, "5.5.3", f"Too many recipients {suffix}")


def daily_limit(suffix: str, *, stored: bool) -> Reply:
    if stored:
        return Reply(554, "5.2.0", f"STOREDRV.Submission.Exception:SubmissionQuotaExceededException {suffix}")
    text = "Your message can't be sent because you've reached your daily limit for message recipients"
    return Reply(550, "5.1.90", f"{text} {suffix}")


def sent_items_full(suffix: str) -> Reply:
    text = "mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.MapiExceptionQuotaExceeded"
    return Reply(554, "5.2.2", f"{text} {suffix}")


# The edge


def too_many_recipients(suffix: str) -> Reply:
    return Reply(452, "4.5.3", f"Too many recipients {suffix}")


def banned_ip(address: str, suffix: str) -> Reply:
    text = (
        f"Access denied, banned sending IP [{address}]; To request removal from this list please visit "
        "https://sender.office.com/ and follow the directions."
    )
    return Reply(550, "5.7.606", f"{text} {suffix}")


def banned_ip_delist(address: str, suffix: str) -> Reply:
    text = (
        f"Access denied, banned sender[{address}]. To request removal from this list, forward this message to "
        "delist@microsoft.com."
    )
    return Reply(550, "5.7.511", f"{text} {suffix}")


def server_busy(address: str, suffix: str) -> Reply:
    return Reply(451, "4.7.500", f"Server busy. Please try again later from [{address}]. (S77) {suffix}")


def no_subscription(suffix: str) -> Reply:
    text = (
        "Mail received as unauthenticated, incoming to a recipient domain configured in a hosted tenant which has no "
        "mail-enabled subscriptions. ATTR5"
    )
    return Reply(451, "4.4.4", f"{text} {suffix}")


def wrong_region(suffix: str) -> Reply:
    return Reply(451, "4.4.62", f"Mail sent to the wrong Office 365 region. ATTR35 {suffix}")


def no_ipv6(domain: str, suffix: str) -> Reply:
    return Reply(550, "5.2.1", f"Service unavailable, [{domain}] does not accept email over IPv6 {suffix}")


def needs_reverse_dns(address: str, suffix: str) -> Reply:
    text = f"Access denied, the sending IPv6 address [{address}] must have a reverse DNS record"
    return Reply(450, "4.7.25", f"{text} {suffix}")
