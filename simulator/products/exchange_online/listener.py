"""What the front door says at CONNECT, EHLO, AUTH, MAIL and after the final dot. RCPT is in [admission].

Port 25 takes mail for the forest's domains from anybody; port 587 takes the people's own mail and asks for TLS and a login
first. Both ports are one door for all tenants (learn: Authenticated client SMTP submission).
"""

from __future__ import annotations

from simulator.mail.address import Address, AddressError, Sender, sender_text
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.decision import Decision, Step
from simulator.policy.login import login_step
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.products.exchange_online import wording
from simulator.products.exchange_online.forest import Forest, Profile
from simulator.products.exchange_online.identifiers import frontend, guid, mailbox_server, submission_server, suffix
from simulator.products.exchange_online.loops import loop_step
from simulator.products.exchange_online.steps import single

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
SEND_AS = rule(
    "EXO-SUB-2", "A mailbox sends as itself only, in the envelope and in From", fidelity="documented",
    source="learn: Fix NDR 550 5.7.60", test=_TEST,
)  # fmt: skip
SMTP_AUTH = rule(
    "EXO-SUB-3", "SmtpClientAuthenticationDisabled of the mailbox, else of the tenant, keeps SMTP AUTH off",
    fidelity="documented", source="learn: Enable or disable SMTP AUTH in Exchange Online", test=_TEST,
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
_HEADER_LIMIT = 256 * 1024


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
        step = single("AUTH", SUBMISSION, "not-offered", says, name="AUTH", chosen=False)
        return Decision(wording.login_not_here(), (step,))
    step = login_step(forest.logins, user, password)
    if step.outcome != "logged-in":
        return Decision(wording.login_failed(tail), (step,))
    address = Address.parse(user)
    tenant = forest.login_of(address)
    assert tenant is not None
    off = _switched_off(address, tenant)
    if off:
        return Decision(wording.login_disabled("Mailbox" if off.outcome == "mailbox" else "Tenant", tail), (step, off))
    return Decision(wording.authenticated(), (step,))


def _switched_off(address: Address, tenant: Profile) -> Step | None:
    entry = tenant.directory.find(address)
    own = entry.properties.SmtpClientAuthenticationDisabled if entry else None
    whole = tenant.settings.TransportConfig
    if not (whole.SmtpClientAuthenticationDisabled if own is None else own):
        return None
    source = entry.properties if entry and own else whole
    says = f"SMTP AUTH is switched off for {address if own else 'the tenant'}"
    at = source.at("SmtpClientAuthenticationDisabled")
    outcome = "mailbox" if own else "tenant"
    return single("AUTH", SMTP_AUTH, outcome, says, name="SmtpClientAuthenticationDisabled", reason="disabled", at=at)


def mail(session: Session, sender: Sender, forest: Forest, tail: str) -> Decision:
    """MAIL FROM. Port 25 takes any sender: who may send what is decided at RCPT."""
    if session.port != SUBMISSION_PORT:
        return Decision(wording.sender_ok())
    if session.tls is None or session.auth is None:
        says = "the client has not logged in" if session.tls else "there is no TLS, so nobody can log in"
        at = forest.tenants[0].settings.place
        step = single("AUTH", SUBMISSION, "no-login", says, name="AUTH", chosen=False, at=at)
        return Decision(wording.not_authenticated(tail), (step,))
    step = _send_as(session.auth, sender, "envelope sender", forest)
    return Decision(wording.sender_ok() if step.outcome == "own" else wording.cannot_send_as(tail), (step,))


def _send_as(user: Address, sender: Sender, where: str, forest: Forest) -> Step:
    """Whether a mailbox may use a sender. inferred: its proxy addresses are its own; the null sender is nobody's."""
    tenant = forest.login_of(user)
    entry = tenant.directory.find(user) if tenant else None
    own = sender is not None and (sender == user or (entry is not None and sender in entry.addresses))
    says = f"{user} is logged in, the {where} is {sender_text(sender)}"
    at = entry.at if entry else forest.tenants[0].settings.place
    return single("SENDER", SEND_AS, "own" if own else "not-own", says, name=sender_text(sender), chosen=own, at=at)


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
    session: Session, message: Message, tenant: Profile, forest: Forest, at: Moment, *, incoming: bool
) -> Decision:
    """After the final dot: sizes, the From of a logged-in client, loops."""
    tail = suffix(frontend(tenant.name), at)
    if refusal := _too_large(message):
        reply, step = refusal
        return Decision(reply, (step,))
    if session.auth and (author := _author(message)):
        step = _send_as(session.auth, author, "From", forest)
        if step.outcome != "own":
            return Decision(wording.cannot_send_as(tail), (step,))
    step = loop_step(message, guid(tenant.name), incoming=incoming, knobs=tenant.settings.knobs)
    if step.outcome != "within-limit":
        return Decision(wording.hop_count(tail), (step,), loop=True)
    number = 21233419887456 + at.turn("internal ids")  # as large as captured ones are
    message_id = (
        message.get("Message-ID") or f"<{guid(tenant.name, 'message id', str(number))}@{mailbox_server(tenant.name)}>"
    )
    return Decision(wording.queued(message_id, number, mailbox_server(tenant.name), message.size), (step,))


def _too_large(message: Message) -> tuple[Reply, Step] | None:
    header = sum(len(raw) for _, raw in message.fields)
    for what, octets, limit, reply in (
        ("message", message.size, SIZE_LIMIT, wording.too_large()),
        ("header", header, _HEADER_LIMIT, wording.header_too_large()),
    ):
        if octets > limit:
            says = f"the {what} has {octets} octets, {limit} are allowed"
            return reply, single("SIZE", SIZE, "too-large", says, name=what, chosen=False)
    return None


def _author(message: Message) -> Address | None:
    """The address in From; None where there is not exactly one that can be read."""
    values = message.all("From")
    if len(values) != 1:
        return None
    text = values[0].strip()
    if text.endswith(">"):
        text = text.rpartition("<")[2].removesuffix(">")
    try:
        return Address.parse(text)
    except AddressError:
        return None
