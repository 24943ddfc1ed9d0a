"""Client submission, what is special about it: who may log in how, whom a mailbox may send as, and how much.

    AUTH            password or token right                                      535 5.7.3
                    SMTP AUTH switched off for mailbox or tenant                 535 5.7.139
                    a password where security defaults are on, or where the authentication policy takes none: 5.7.139
    MAIL, From      the mailbox itself, whom it may SendAs, whom it may send on behalf of     550 5.7.60
                    MAIL also <>, as read receipts and other notices of a client have it
    after the dot   messages in a minute                                         451 4.5.127
                    recipients of the message                                    550 5.5.3
                    recipients in 24 hours                                       550 5.1.90
                    room in the mailbox, where what was sent is kept             554 5.2.2
                    MaxSendSize                                                  552 5.3.4

LOGIN and PLAIN bring a password, XOAUTH2 a token. The token of every mailbox of a lab is the lab's password, and is known
by `Bearer ` in front, as XOAUTH2 itself writes it.

The limits are told after the final dot, which is inferred, as are the words for too many messages in a minute: one page says
that such mail is rejected and that the client has to try again ("Exchange Online limits"), another that it waits for the next
minute ("Changes in message store and throttling").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from simulator.mail.address import Address, AddressError, Sender, sender_text
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.policy.decision import Decision, Step
from simulator.policy.host import MAIL_PROGRAMS
from simulator.policy.login import login_step
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.products.exchange_online import notices, wording
from simulator.products.exchange_online.counting import Window
from simulator.products.exchange_online.directory import Entry
from simulator.products.exchange_online.forest import Forest, Profile
from simulator.products.exchange_online.steps import single
from simulator.source import Source

__all__ = ["TOKEN", "logged_in", "over_limits", "send_as"]

_TEST = "tests/products/exchange_online/test_submission.py"
SEND_AS = rule(
    "EXO-SUB-2", "A mailbox sends as itself, as whom it has SendAs for, and on behalf of whom it may, in the envelope and in From",
    fidelity="documented", source="learn: Fix NDR 550 5.7.60; CMD Add-RecipientPermission, Set-Mailbox GrantSendOnBehalfTo",
    test=_TEST,
)  # fmt: skip
SMTP_AUTH = rule(
    "EXO-SUB-3", "SmtpClientAuthenticationDisabled of the mailbox, else of the tenant, keeps SMTP AUTH off",
    fidelity="documented", source="learn: Enable or disable SMTP AUTH in Exchange Online", test=_TEST,
)  # fmt: skip
OUTLOOK = rule(
    "EXO-SUB-10", "Outlook and mobile devices hand in mail without SMTP AUTH, whatever is switched off for it (knob mail_programs)",
    fidelity="documented", source="learn: Enable or disable SMTP AUTH in Exchange Online: modern clients do not use it", test=_TEST,
)  # fmt: skip
BASIC = rule(
    "EXO-SUB-4", "A password is refused where the authentication policy or security defaults ask for a token",
    fidelity="documented", source="CMD New-AuthenticationPolicy AllowBasicAuthSmtp; learn: Security defaults; the words are "
    "observed", test=_TEST,
)  # fmt: skip
RATE = rule(
    "EXO-SUB-5", "A mailbox hands in 30 messages a minute with SMTP AUTH; more are refused for the time being",
    fidelity="documented", source="learn: Exchange Online limits, sending limits; the words are observed with other senders",
    test=_TEST,
)  # fmt: skip
RECIPIENTS = rule(
    "EXO-SUB-6", "A message has as many recipients as RecipientLimits and MaxRecipientEnvelopeLimit allow", fidelity="documented",
    source="CMD Set-Mailbox RecipientLimits; Set-TransportConfig; learn: Exchange Online limits", test=_TEST,
)  # fmt: skip
DAILY = rule(
    "EXO-SUB-7", "A mailbox has 10,000 recipients in 24 hours that slide; a group counts as one", fidelity="documented",
    source="learn: Exchange Online limits; Non-delivery reports, 5.1.90; knob daily_limit_reply", test=_TEST,
)  # fmt: skip
SENT_ITEMS = rule(
    "EXO-SUB-8", "A mailbox that is full cannot send with SMTP AUTH, since sent mail is kept in it", fidelity="documented",
    source="learn: Changes in message store and throttling for concurrent connections", test=_TEST,
)  # fmt: skip
MAX_SEND = rule(
    "EXO-SUB-9", "A message larger than MaxSendSize of the mailbox is refused; code and words are those of any size limit",
    fidelity="inferred", source="CMD Set-Mailbox MaxSendSize", test=_TEST,
)  # fmt: skip

TOKEN = "Bearer "
_UNLIMITED = 1000
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_Refusal = tuple[Reply, Step]


def logged_in(user: str, secret: str, forest: Forest, tail: str, peer: str = "") -> Decision:
    """The answer to AUTH, once it is announced at all. Any user mailbox of the forest may, whichever name was called."""
    token = secret.startswith(TOKEN)
    step = login_step(forest.logins, user, secret.removeprefix(TOKEN))
    step = replace(step, at=_place(user, forest))
    if step.outcome != "logged-in":
        knobs = forest.tenants[0].settings.knobs
        incorrect = knobs.bad_credentials == "5.7.139"
        return Decision(notices.login_incorrect(tail) if incorrect else wording.login_failed(tail), (step,))
    address = Address.parse(user)
    tenant = forest.login_of(address)
    assert tenant is not None
    if peer == MAIL_PROGRAMS and tenant.settings.knobs.mail_programs == "outlook":
        at = tenant.settings.knobs.at("mail_programs")
        says = f"{address} writes with Outlook, which needs no SMTP AUTH"
        return Decision(
            wording.authenticated(), (step, single("AUTH", OUTLOOK, "outlook", says, name="mail_programs", at=at))
        )
    for reply, refused in _not_allowed(address, tenant, token=token, tail=tail):
        return Decision(reply, (step, refused))
    return Decision(wording.authenticated(), (step,))


def _place(user: str, forest: Forest) -> Source:
    """Where the lab speaks of a mailbox, or else of the tenant that would have it."""
    try:
        address = Address.parse(user)
    except AddressError:
        return forest.tenants[0].settings.place
    tenant = forest.login_of(address) or forest.owner(address.domain) or forest.tenants[0]
    entry = tenant.directory.find(address)
    return entry.at if entry else tenant.settings.place


def _not_allowed(user: Address, tenant: Profile, *, token: bool, tail: str) -> Iterator[_Refusal]:
    entry = tenant.directory.find(user)
    own = entry.properties.SmtpClientAuthenticationDisabled if entry else None
    whole = tenant.settings.TransportConfig
    if whole.SmtpClientAuthenticationDisabled if own is None else own:
        at = (entry.properties if entry and own else whole).at("SmtpClientAuthenticationDisabled")
        says = f"SMTP AUTH is switched off for {user if own else 'the tenant'}"
        outcome, name = "mailbox" if own else "tenant", "SmtpClientAuthenticationDisabled"
        step = single("AUTH", SMTP_AUTH, outcome, says, name=name, reason="disabled", at=at)
        yield wording.login_disabled("Mailbox" if own else "Tenant", tail), step
    if token:
        return
    knobs = tenant.settings.knobs
    if knobs.security_defaults:
        says = "security defaults take no password with SMTP AUTH"
        step = single(
            "AUTH", BASIC, "security-defaults", says, name="security_defaults", at=knobs.at("security_defaults")
        )
        yield notices.login_locked(tail), step
    organization = tenant.settings.OrganizationConfig
    assigned = entry.properties.AuthenticationPolicy if entry else ""
    named = assigned or organization.DefaultAuthenticationPolicy
    policies = {name.casefold(): policy for name, policy in tenant.settings.AuthenticationPolicies.items()}
    policy = policies.get(named.casefold())
    if policy is not None and not policy.AllowBasicAuthSmtp:
        says = f"authentication policy {policy.name} takes no password with SMTP AUTH"
        at = policy.at("AllowBasicAuthSmtp")
        yield notices.login_basic_disabled(tail), single("AUTH", BASIC, "basic-blocked", says, name=policy.name, at=at)


def send_as(user: Address, sender: Sender, where: str, forest: Forest, *, named: Address | None = None) -> Step:
    """Whether a mailbox may use a sender: the outcome is `own`, `null-sender`, `send-as`, `on-behalf` or `not-own`.

    inferred: its proxy addresses are its own; it may use the null sender, which RFC 6409 3.2 bids every submission server
    take. From of somebody on whose behalf it sends
    needs Sender to name the mailbox (`named`); the envelope does not.
    """
    tenant = forest.login_of(user)
    assert tenant is not None
    mine, theirs = tenant.directory.find(user), tenant.directory.find(sender) if sender else None
    outcome, at = _right(user, sender, mine, theirs)
    if outcome == "on-behalf" and where == "From" and (named is None or not mine or named not in mine.addresses):
        outcome = "not-own"
    told = {"send-as": ", which it has SendAs for", "on-behalf": ", on whose behalf it may send"}.get(outcome, "")
    says = f"{user} is logged in, the {where} is {sender_text(sender)}{told}"
    at = at or (mine.at if mine else tenant.settings.place)
    return single("SENDER", SEND_AS, outcome, says, name=sender_text(sender), chosen=outcome != "not-own", at=at)


def _right(user: Address, sender: Sender, mine: Entry | None, theirs: Entry | None) -> tuple[str, Source | None]:
    own = set(mine.addresses) if mine else {user}
    if sender is None:
        return "null-sender", None
    if sender in own:
        return "own", None
    if theirs is None:
        return "not-own", None
    if own & set(theirs.properties.RecipientPermission):
        return "send-as", theirs.properties.at("RecipientPermission")
    if own & set(theirs.properties.GrantSendOnBehalfTo):
        return "on-behalf", theirs.properties.at("GrantSendOnBehalfTo")
    return "not-own", None


def over_limits(
    user: Address, envelope: Envelope, message: Message, tenant: Profile, at: Moment, tail: str
) -> _Refusal | None:
    """The refusal of a message that is beyond a limit of the mailbox; None where it is within all, and then it is counted."""
    minute, day = Window(at, f"messages of {user}", _MINUTE), Window(at, f"recipients of {user}", _DAY)
    count = len(envelope.recipients)
    for refusal in _limits(user, count, message.size, minute, day, tenant, tail):
        return refusal
    minute.add()
    day.add(count)
    return None


def _limits(
    user: Address, count: int, size: int, minute: Window, day: Window, tenant: Profile, tail: str
) -> Iterator[_Refusal]:
    knobs, entry = tenant.settings.knobs, tenant.directory.find(user)
    assert entry is not None
    properties = entry.properties
    if minute.count() >= knobs.messages_per_minute:
        says = f"{user} has handed in {minute.count()} messages within a minute"
        name = "messages_per_minute"
        yield notices.message_rate(tail), _step(RATE, "too-fast", says, name, knobs.at(name))
    whole = tenant.settings.TransportConfig
    limits = (
        (properties.RecipientLimits, "RecipientLimits", properties.at("RecipientLimits") or entry.at),
        (
            whole.MaxRecipientEnvelopeLimit or _UNLIMITED,
            "MaxRecipientEnvelopeLimit",
            whole.at("MaxRecipientEnvelopeLimit"),
        ),
    )
    for limit, name, place in limits:
        if limit is not None and count > limit:
            says = f"the message has {count} recipients, and {limit} are allowed"
            yield notices.too_many_recipients_of_message(tail), _step(RECIPIENTS, "too-many", says, name, place)
    if day.count() + count > knobs.recipients_per_day:
        says = f"{user} has had {day.count()} recipients in 24 hours, and {knobs.recipients_per_day} are allowed"
        name = "recipients_per_day"
        reply = notices.daily_limit(tail, stored=knobs.daily_limit_reply == "5.2.0")
        yield reply, _step(DAILY, "daily-limit", says, name, knobs.at(name))
    quota, inside = properties.ProhibitSendQuota, properties.TotalItemSize or 0
    if quota is not None and inside + size > quota:
        says = f"{user} holds {inside} of {quota} octets, and the message has {size}"
        name = "ProhibitSendQuota"
        yield notices.sent_items_full(tail), _step(SENT_ITEMS, "full", says, name, properties.at(name))
    if properties.MaxSendSize is not None and size > properties.MaxSendSize:
        says = f"the message has {size} octets, and {user} may send {properties.MaxSendSize}"
        name = "MaxSendSize"
        yield wording.too_large(), _step(MAX_SEND, "too-large", says, name, properties.at(name))


def _step(by: str, outcome: str, says: str, name: str, at: Source) -> Step:
    return single("LIMIT", by, outcome, says, name=name, chosen=False, at=at)
