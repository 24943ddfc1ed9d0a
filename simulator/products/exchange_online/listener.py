"""What the front door says at CONNECT, EHLO, AUTH, MAIL and after the final dot. RCPT is in [admission].

Port 25 takes mail for the forest's domains from anybody; port 587 takes the people's own mail and asks for TLS and a login
first. Both ports are one door for all tenants (learn: Authenticated client SMTP submission). What is special about the second
is in [submission]. Port 25 of smtp.office365.com is port 25 of the front door here: there is no AUTH at it.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.mail.address import Address, AddressError, Sender
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.asking import Asking
from simulator.policy.decision import Decision, Step
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.products.exchange_online import wording
from simulator.products.exchange_online.authentication import examined
from simulator.products.exchange_online.authors import malformed
from simulator.products.exchange_online.connectors import InboundConnector
from simulator.products.exchange_online.forest import Forest, Profile
from simulator.products.exchange_online.identifiers import frontend, guid, mailbox_server, submission_server, suffix
from simulator.products.exchange_online.loops import loop_step
from simulator.products.exchange_online.steps import single
from simulator.products.exchange_online.submission import logged_in, over_limits, send_as
from simulator.source import NOWHERE

__all__ = [
    "MINIMUM_TLS",
    "SIZE_LIMIT",
    "SUBMISSION_PORT",
    "content",
    "greeting",
    "keywords",
    "login",
    "mail",
    "submitted",
]

_TEST = "tests/products/exchange_online/test_listener.py"
SUBMISSION = rule(
    "EXO-SUB-1", "At port 587 nothing is taken without TLS and a login", fidelity="documented",
    source="learn: Authenticated client SMTP submission", test=_TEST,
)  # fmt: skip
SIZE = rule(
    "EXO-IN-12", "Messages over 157286400 octets, or with a header over 256 KB, are refused", fidelity="observed",
    source="the SIZE that is announced; learn: Exchange Online limits", test=_TEST,
)  # fmt: skip

MINIMUM = rule(
    "EXO-TLS-2", "TLS 1.2 is the oldest version that ports 25 and 587 offer", fidelity="observed",
    source="learn: TLS 1.2 in Exchange Online; only smtp-legacy.office365.com, which is not modelled, offers older ones",
    test=_TEST,
)  # fmt: skip

MINIMUM_TLS = "1.2"
SUBMISSION_PORT = 587
SIZE_LIMIT = 157286400


def greeting(session: Session, tenant: str, at: Moment) -> Decision:
    host = submission_server(tenant) if session.port == SUBMISSION_PORT else frontend(tenant)
    number = guid(tenant, "session", str(at.turn("sessions"))).replace("-", "")[:16].upper()
    return Decision(wording.banner(host, at.now, number))


def keywords(session: Session) -> tuple[str, ...]:
    """In the order of a captured session. AUTH takes the place of STARTTLS at the submission port."""
    if session.tls is None:
        security: tuple[str, ...] = ("STARTTLS",)
    else:
        security = ("AUTH LOGIN XOAUTH2",) if session.port == SUBMISSION_PORT else ()
    return (
        f"SIZE {SIZE_LIMIT}", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", *security, "8BITMIME", "BINARYMIME", "CHUNKING",
        "SMTPUTF8",
    )  # fmt: skip


def login(session: Session, user: str, password: str, forest: Forest, tail: str) -> Decision:
    """AUTH: any user mailbox of the forest, whichever tenant's name was called."""
    if session.port != SUBMISSION_PORT or session.tls is None:
        says = (
            "AUTH is not announced here" if session.port != SUBMISSION_PORT else "AUTH is not announced before STARTTLS"
        )
        step = single(
            "AUTH", SUBMISSION, "not-offered", says, name="AUTH", chosen=False, at=forest.tenants[0].settings.place
        )
        return Decision(wording.login_not_here(), (step,))
    return logged_in(user, password, forest, tail, session.peer)


def mail(session: Session, sender: Sender, forest: Forest, tail: str) -> Decision:
    """MAIL FROM. Port 25 takes any sender: who may send what is decided at RCPT."""
    if session.port != SUBMISSION_PORT:
        return Decision(wording.sender_ok())
    if session.tls is None or session.auth is None:
        says = "the client has not logged in" if session.tls else "there is no TLS, so nobody can log in"
        at = forest.tenants[0].settings.place
        step = single("AUTH", SUBMISSION, "no-login", says, name="AUTH", chosen=False, at=at)
        return Decision(wording.not_authenticated(tail), (step,))
    step = send_as(session.auth, sender, "envelope sender", forest)
    return Decision(wording.cannot_send_as(tail) if step.outcome == "not-own" else wording.sender_ok(), (step,))


def submitted(session: Session, forest: Forest) -> Decision:
    """RCPT of a logged-in client: its tenant takes every recipient, and finds out later where they are."""
    assert session.auth is not None
    tenant = forest.login_of(session.auth)
    assert tenant is not None
    says = f"submitted by {session.auth}, a mailbox of {tenant.name}: Originating, to anybody"
    step = Step("CONNECTOR", SUBMISSION, "mailbox", says, at=tenant.domains.at)
    facts = {"tenant": tenant.name, "direction": "Originating", "basis": "mailbox"}
    return Decision(wording.recipient_ok(), (step,), tenant.name, facts=facts)


def content(
    session: Session, envelope: Envelope, message: Message, tenant: Profile, forest: Forest,
    connector: InboundConnector | None, facts: Mapping[str, str], at: Moment,
) -> Asking[Decision]:  # fmt: skip
    """After the final dot: sizes, the author, loops, then what is found out about the sender.

    `facts` are those of RCPT, `connector` is the inbound one that the message matched.
    """
    tail = suffix(frontend(tenant.name), at)
    if refusal := _too_large(message, tenant):
        reply, step = refusal
        return Decision(reply, (step,))
    if session.auth and (author := _author(message)):
        step = send_as(session.auth, author, "From", forest, named=_author(message, "Sender"))
        if step.outcome == "not-own":
            return Decision(wording.cannot_send_as(tail), (step,))
    if not session.auth and (refusal := malformed(message, envelope, tenant.settings.knobs, tail)):
        reply, step = refusal
        return Decision(reply, (step,))
    incoming = facts.get("direction") == "Incoming"
    loop = loop_step(message, guid(tenant.name), incoming=incoming, knobs=tenant.settings.knobs)
    if loop.outcome != "within-limit":
        return Decision(wording.hop_count(tail), (loop,), loop=True)
    if session.auth and (over := over_limits(session.auth, envelope, message, tenant, at, tail)):
        return Decision(over[0], (loop, over[1]))
    found = yield from examined(session, envelope, message, tenant, connector, facts, at)
    if found.rejected:
        return Decision(wording.dmarc_rejected(found.rejected, tail), (loop, *found.steps), facts=found.facts)
    number = 21233419887456 + at.turn("internal ids")  # as large as captured ones are
    message_id = (
        message.get("Message-ID") or f"<{guid(tenant.name, 'message id', str(number))}@{mailbox_server(tenant.name)}>"
    )
    reply = wording.queued(message_id, number, mailbox_server(tenant.name), message.size)
    return Decision(reply, (loop, *found.steps), facts=found.facts)


def _too_large(message: Message, tenant: Profile) -> tuple[Reply, Step] | None:
    header = sum(len(raw) for _, raw in message.fields)
    knobs = tenant.settings.knobs
    for what, octets, limit, reply, at in (
        ("message", message.size, SIZE_LIMIT, wording.too_large(), NOWHERE),
        ("header", header, knobs.header_size, wording.header_too_large(), knobs.at("header_size")),
    ):
        if octets > limit:
            says = f"the {what} has {octets} octets, {limit} are allowed"
            return reply, single("SIZE", SIZE, "too-large", says, name=what, chosen=False, at=at)
    return None


def _author(message: Message, field: str = "From") -> Address | None:
    """The address in From, or in Sender; None where there is not exactly one that can be read."""
    values = message.all(field)
    if len(values) != 1:
        return None
    text = values[0].strip()
    if text.endswith(">"):
        text = text.rpartition("<")[2].removesuffix(">")
    try:
        return Address.parse(text)
    except AddressError:
        return None
