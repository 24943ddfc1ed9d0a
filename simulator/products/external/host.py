"""Stands for a server that somebody else runs, where an engine asks for a host.

The live engine connects to the real server and asks this one only whose mailboxes are there: mail for them ends with the
server's yes, other mail is followed until it comes back (`simulator/outside.py`). A planner cannot know what the server
decides. So that `explain` can tell the way up to there, it is taken to accept everything, and to keep what is not for a
mailbox of its own; scenarios with such a server are not planned at all.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.mail.address import Address, Sender
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.asking import Asking
from simulator.policy.attempt import Outcome
from simulator.policy.decision import Decision, Step
from simulator.policy.host import Held, Notice, Submission
from simulator.policy.moment import Moment
from simulator.policy.route import Deliver, Fate, Hold, Relay, Routing
from simulator.policy.rules import rule
from simulator.topology import Server

__all__ = ["External"]

THEIRS = rule(
    "EXT-1", "What a server decides that somebody else runs is its own affair; only the live engine plays with it",
    fidelity="not modelled", source="the server itself", test="tests/products/external/test_external.py",
)  # fmt: skip

_YES = Reply(250, "2.0.0", "taken to be accepted")


class External:
    """The name, the mailboxes, and nothing else."""

    product = "external"
    has_connectors = False
    minimum_tls = ""
    submission = Submission(25, tls=False)

    def __init__(self, server: Server, mailboxes: frozenset[Address]) -> None:
        self.server, self.mailboxes = server, mailboxes
        self.name, self.fqdn = server.name, server.fqdn

    def owns(self, recipient: Address) -> bool:
        return recipient in self.mailboxes

    # listening, as far as a planner needs it

    def connect(self, session: Session, at: Moment) -> Decision:
        return Decision(Reply(220, "", f"{self.fqdn} is a server that somebody else runs"))

    def keywords(self, session: Session) -> tuple[str, ...]:
        return ("PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN")

    def login(self, session: Session, user: str, password: str, at: Moment) -> Decision:
        return Decision(Reply(502, "5.5.1", "Not known"))

    def mail(self, session: Session, envelope: Envelope, at: Moment) -> Decision:
        return Decision(_YES)

    def rcpt(self, session: Session, envelope: Envelope, recipient: Address, at: Moment) -> Decision:
        return Decision(_YES)

    def content(
        self, session: Session, envelope: Envelope, message: Message, at: Moment, facts: Mapping[str, str]
    ) -> Asking[Decision]:
        yield from ()
        return Decision(_YES)

    def stamp(self, held: Held, at: Moment) -> Message:
        return held.message

    def route(self, held: Held, recipient: Address, at: Moment) -> Routing:
        if recipient in self.mailboxes:
            return Routing(Deliver(recipient))
        says = f"{self.name} is a server that somebody else runs; what it does with mail for {recipient} is not known"
        return Routing(Hold("unknown"), (Step("ROUTE", THEIRS, "unknown", says, (), self.server.at),))

    # sending: it does that by itself

    def prepare(self, held: Held, relay: Relay, at: Moment) -> tuple[Message, Sender]:
        return held.message, held.sender

    def egress(self, held: Held, relay: Relay, at: Moment) -> tuple[str, str]:
        return self.server.addresses[0], self.fqdn

    def after_attempt(
        self, held: Held, relay: Relay, outcome: Outcome, attempts: int, at: Moment
    ) -> Mapping[Address, Fate]:
        return {}

    def report(
        self, held: Held, recipient: Address, reply: Reply, remote: Reply | None, remote_host: str, at: Moment
    ) -> Notice | None:
        return None
