"""Validation of a connector, in the words that its two sides share: what a host wants tried, and what came of it.

    Order     which hosts to look at, what to ask of TLS, which test messages to send
    Look      one host looked at: DNS, and the sessions without a message
    Sent      one test message: which way it left the host, and what became of it
    Task      one row of the result, with its sub-steps

A product that has such a validation is a `Validator`. It makes the order and judges what came back; `simulator.validation`
carries it out, in both engines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Protocol, runtime_checkable

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.policy.attempt import Try, Unroutable
from simulator.policy.decision import Connector
from simulator.policy.moment import Moment
from simulator.policy.route import NextHop
from simulator.policy.tls import Demand
from simulator.source import NOWHERE, Source
from simulator.value import value

__all__ = ["Look", "Order", "Place", "Refusal", "Sent", "Substep", "Task", "Validator"]


@value
class Place:
    """Where to look: a host as the connector names it, or a domain whose MX hosts are meant."""

    name: str
    to: NextHop


@value
class Order:
    """What a validation tries. The sessions come from `source` as `helo`; each recipient gets a message of its own."""

    connector: Connector
    leads: str  # "Office 365 -> your organization's email server", for people
    places: tuple[Place, ...]
    tls: Demand
    source: str
    helo: str
    sender: Address
    messages: tuple[tuple[Address, Message], ...]
    facts: Mapping[str, str] = field(default_factory=dict)


@value
class Refusal:
    """Why nothing was tried: the service's words, what they mean here, the rule and the setting."""

    says: str
    why: str = ""
    rule: str = ""
    at: Source = NOWHERE


@value
class Look:
    """One host looked at: its addresses or why it has none, and the sessions in their order."""

    name: str
    addresses: tuple[str, ...] = ()
    unroutable: Unroutable | None = None
    tries: tuple[Try, ...] = ()


@value
class Sent:
    """One test message as the sending host's log tells it.

    `ways` are the connectors of its attempts, "" for none; `stage`, `target` and `says` are those of the last attempt.
    `fate` is the last thing that happened to it at that host: "handed on", "kept", "bounced", "delivered", ...; `reply` what
    was said then. `loop` is what a loop detector said, wherever the message had got to.
    """

    recipient: Address
    msg: str
    ways: tuple[str, ...] = ()
    target: str = ""
    stage: str = ""
    says: str = ""
    fate: str = ""
    reply: str = ""
    loop: str = ""
    why: str = ""  # what the host that refused decided, where it is one of the lab


@value
class Substep:
    """One thing of a task: resolve, connect, banner, EHLO, STARTTLS, certificate, route, MAIL, RCPT, DATA."""

    name: str
    ok: bool
    says: str
    at: Source = NOWHERE


@value
class Task:
    """One row. `detail` is the failure in one line, or how it went."""

    name: str
    ok: bool
    detail: str
    steps: tuple[Substep, ...] = ()
    rule: str = ""
    about: str = ""  # the host or recipient


@runtime_checkable
class Validator(Protocol):
    """A host whose connectors can be validated."""

    def validation(self, connector: str, recipients: tuple[Address, ...], at: Moment) -> Order | Refusal:
        """What to try, or why nothing may be tried."""
        ...

    def validated(self, asked: Order, looks: tuple[Look, ...], sent: tuple[Sent, ...], at: Moment) -> tuple[Task, ...]:
        """The rows."""
        ...
