"""The one interface the engines know: what every mail host decides.

A host is asked at each SMTP verb of a session in which it listens (`connect` ... `content`), then, for each
recipient it accepted, where it goes (`route`), how the message leaves (`prepare`), and after an attempt what
becomes of it (`after_attempt`). Every method is a function of the host's configuration and its arguments; what a
host remembers is in `Moment.memory`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Protocol, TypeGuard, runtime_checkable

from simulator.mail.address import Address, Sender
from simulator.mail.envelope import Envelope, Parameters
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.asking import Asking
from simulator.policy.attempt import Outcome
from simulator.policy.decision import Connector, Decision
from simulator.policy.moment import Moment
from simulator.policy.route import Fate, Relay, Routing
from simulator.value import value

__all__ = [
    "LAB_PASSWORD", "MAIL_PROGRAMS", "AsksNext", "ChoosesCertificate", "EndsSessions", "Held", "Host", "Notice",
    "SaysMailboxFull", "SpeaksPlainly", "Submission", "Traced", "chooses_certificate", "speaks_plainly",
]  # fmt: skip

LAB_PASSWORD = "lab"
"""The password of every mailbox in a lab. It protects nothing: labs live on loopback."""
MAIL_PROGRAMS = "192.0.0.8"
"""Where people's mail programs are: the IPv4 dummy address (RFC 7600), which no connector of a lab will list."""


@value
class Held:
    """A message in a host's care: for one recipient when it is routed, for several when they travel together."""

    message: Message
    sender: Sender
    recipients: tuple[Address, ...]
    session: Session  # how it came in; for a message the host wrote itself, a session with itself
    arrived: datetime  # at this host
    connector: Connector | None = None  # the inbound connector it matched
    facts: Mapping[str, str] = field(default_factory=dict)  # what attribution found
    parameters: Parameters = field(default_factory=dict)
    recipient_parameters: Mapping[Address, Parameters] = field(default_factory=dict)
    generated: bool = False  # written by this host (a report)
    original: Address | None = None  # whom it was for before the host replaced the recipient

    def with_message(self, message: Message) -> Held:
        """The same in another state of the message."""
        return Held(
            message, self.sender, self.recipients, self.session, self.arrived, self.connector, self.facts,
            self.parameters, self.recipient_parameters, self.generated, self.original,
        )  # fmt: skip


@value
class Notice:
    """A report a host writes to a sender: the finished message, and whose failure it tells of."""

    message: Message
    to: Address
    by: str


@value
class Submission:
    """How the people of a host hand in their mail: port, whether TLS comes first, who may.

    `anybody`: also people whom the lab does not name, because the host stands for more than it lists. `direct`: at the
    machine itself, which has no listener at all (a device).
    """

    port: int = 587
    tls: bool = True
    anybody: bool = False
    direct: bool = False


@runtime_checkable
class Traced(Protocol):
    """A host of a service that has a message trace."""

    @property
    def has_message_trace(self) -> bool: ...


@runtime_checkable
class ChoosesCertificate(Protocol):
    """A host that may have several certificates: which one STARTTLS shows to a session."""

    def certificate_for(self, session: Session) -> object:
        """A `CertificateSpec` of its server, None where STARTTLS has none to show."""
        ...


def chooses_certificate(host: object) -> TypeGuard[ChoosesCertificate]:
    """Whether a host is one of them: asked three times in every session, and the answer is that of its class."""
    kind = type(host)
    if kind not in _CHOOSING:
        _CHOOSING[kind] = isinstance(host, ChoosesCertificate)
    return _CHOOSING[kind]


_CHOOSING: dict[type, bool] = {}  # looking at a class for what a protocol wants takes longer than a verb


@runtime_checkable
class AsksNext(Protocol):
    """A host that asks the next one about recipients (`Decision.asks`)."""

    def next_said(self, decision: Decision, recipient: Address, outcome: Outcome, at: Moment) -> Decision:
        """The answer to RCPT, now that the next host was asked; `decision` is what it would have been."""
        ...


@runtime_checkable
class EndsSessions(Protocol):
    """A host that hangs up on a client that makes too many mistakes."""

    def has_enough(self, session: Session, errors: int, logins: int) -> Decision | None:
        """A 421, after so many replies that a command was wrong (500 to 504) and so many failed logins; None to go on."""
        ...


@runtime_checkable
class SaysMailboxFull(Protocol):
    """A host that takes mail for a mailbox that is full and returns it at delivery, in words of its own."""

    def mailbox_full(self, mailbox: Address) -> Reply: ...


@runtime_checkable
class Journals(Protocol):
    """A host that reports mail to an archive when it begins to handle it."""

    def journal(self, held: Held, at: Moment) -> tuple[Notice, ...]: ...


@runtime_checkable
class SpeaksPlainly(Protocol):
    """A host that tells whether its replies carry enhanced status codes (RFC 2034); what its listener adds follows it."""

    @property
    def enhanced_codes(self) -> bool: ...


def speaks_plainly(host: object) -> TypeGuard[SpeaksPlainly]:
    """Whether a host is one of them: asked for every reply of a listener's own."""
    kind = type(host)
    if kind not in _TELLING:
        _TELLING[kind] = isinstance(host, SpeaksPlainly)
    return _TELLING[kind]


_TELLING: dict[type, bool] = {}


class Host(Protocol):
    """A mail host. Attributes are its identity; methods are decisions and have no other effect than their answer."""

    @property
    def name(self) -> str: ...  # the server's name in the lab file
    @property
    def fqdn(self) -> str: ...
    @property
    def product(self) -> str: ...  # what people call it: "Exchange Online", "SmarterMail", ...
    @property
    def has_connectors(self) -> bool: ...  # whether paths print -[none]-> for it
    @property
    def submission(self) -> Submission: ...
    @property
    def minimum_tls(self) -> str: ...  # "1.2": older versions get no handshake; "" for none

    def owns(self, recipient: Address) -> bool:
        """Whether a mailbox of that address is here."""
        ...

    # listening
    def connect(self, session: Session, at: Moment) -> Decision:
        """The banner (220) or a refusal."""
        ...

    def keywords(self, session: Session) -> tuple[str, ...]:
        """What EHLO announces, in order, STARTTLS among them where this session may use it."""
        ...

    def login(self, session: Session, user: str, password: str, at: Moment) -> Decision:
        """AUTH: 235 or a refusal."""
        ...

    def mail(self, session: Session, envelope: Envelope, at: Moment) -> Decision:
        """MAIL FROM; the envelope has no recipient yet."""
        ...

    def rcpt(self, session: Session, envelope: Envelope, recipient: Address, at: Moment) -> Decision:
        """One RCPT TO; the envelope holds those accepted before. `owner` names the host that takes it."""
        ...

    def content(
        self, session: Session, envelope: Envelope, message: Message, at: Moment, facts: Mapping[str, str]
    ) -> Asking[Decision]:
        """After the final dot, for the recipients this host owns: 250 with a queue id, or a refusal of all.

        A host that looks senders up asks DNS here. `facts` are what RCPT found; those of the decision are added to them.
        """
        ...

    def stamp(self, held: Held, at: Moment) -> Message:
        """The message as this host keeps it: its Received line on top, headers written and removed."""
        ...

    # sending
    def route(self, held: Held, recipient: Address, at: Moment) -> Routing:
        """Where one recipient goes."""
        ...

    def prepare(self, held: Held, relay: Relay, at: Moment) -> tuple[Message, Sender]:
        """Message and envelope sender as they leave by this relay."""
        ...

    def egress(self, held: Held, relay: Relay, at: Moment) -> tuple[str, str]:
        """The source address and EHLO name of the next attempt."""
        ...

    def after_attempt(
        self, held: Held, relay: Relay, outcome: Outcome, attempts: int, at: Moment
    ) -> Mapping[Address, Fate]:
        """What becomes of each recipient after an attempt; `attempts` counts this one."""
        ...

    def report(
        self, held: Held, recipient: Address, reply: Reply, remote: Reply | None, remote_host: str, at: Moment
    ) -> Notice | None:
        """The non-delivery report to the sender, None where none may be written (null sender)."""
        ...
