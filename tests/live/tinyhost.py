"""A mail host of few words, so that the tests of the live engine do not depend on any product.

It has mailboxes for the people of its domain, sends everything else to `smart_host` or to the MX, refuses what
`answers` says, and breaks where a test wants it to (`boom@`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from simulator.mail.address import Address, Sender
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message, rfc5322_date
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.asking import Asking
from simulator.policy.attempt import Outcome, Target, Try
from simulator.policy.decision import Decision
from simulator.policy.dialogue import Errand
from simulator.policy.host import LAB_PASSWORD, Held, Notice, Submission
from simulator.policy.moment import Moment
from simulator.policy.route import Bounce, Deliver, Fate, HandedOn, Keep, NextHop, Relay, Routing
from simulator.policy.tls import Demand
from simulator.topology import CertificateSpec, Lab, Person, Server
from simulator.trace import Log
from simulator.world import Passage, World
from simulator.zone import Zone

__all__ = ["BODY", "START", "TinyHost", "a_lab", "a_world", "an_errand", "certificate"]

START = datetime(2026, 1, 15, 9, tzinfo=UTC)
BODY = b"Subject: hello\r\n\r\nHow do you do?\r\n"
KEYWORDS = ("SIZE 1000000", "PIPELINING", "8BITMIME", "CHUNKING", "SMTPUTF8", "DSN")


@dataclass(frozen=True)
class TinyHost:
    """`domain` is where its mailboxes are; `answers` maps verbs, or recipients, to replies; `boom@` breaks it."""

    name: str
    domain: str
    fqdn: str
    starttls: bool = False
    smart_host: str = ""
    tls: Demand = field(default_factory=Demand)
    answers: Mapping[str, Reply] = field(default_factory=dict)
    keyword_list: tuple[str, ...] = KEYWORDS
    submission: Submission = field(default_factory=Submission)
    greylists: timedelta = timedelta(0)
    source: str = ""
    product: str = "Tiny"
    has_connectors: bool = False
    minimum_tls: str = ""

    def owns(self, recipient: Address) -> bool:
        return recipient.domain == self.domain

    def connect(self, session: Session, at: Moment) -> Decision:
        return self._say("CONNECT", Reply(220, "", f"{self.fqdn} Tiny ready"))

    def keywords(self, session: Session) -> tuple[str, ...]:
        more = ("STARTTLS",) if self.starttls and not session.tls else ()
        auth = ("AUTH PLAIN LOGIN",) if session.tls or not self.submission.tls else ()
        return (*self.keyword_list, *more, *auth)

    def login(self, session: Session, user: str, password: str, at: Moment) -> Decision:
        good = user.endswith(f"@{self.domain}") and password == LAB_PASSWORD
        return Decision(Reply(235, "2.7.0", "Welcome") if good else Reply(535, "5.7.8", "Bad credentials"))

    def mail(self, session: Session, envelope: Envelope, at: Moment) -> Decision:
        return self._say("MAIL", Reply(250, "2.1.0", "Sender OK"))

    def rcpt(self, session: Session, envelope: Envelope, recipient: Address, at: Moment) -> Decision:
        if recipient.local == "boom":
            raise KeyError("a secret")
        if self.greylists:
            first = at.memory.setdefault(f"{session.peer} {recipient.key}", at.now)
            if at.now - first < self.greylists:
                return Decision(Reply(451, "4.7.1", "Greylisted"))
        return self._say(recipient.local, Reply(250, "2.1.5", "Recipient OK"))

    def content(
        self, session: Session, envelope: Envelope, message: Message, at: Moment, facts: Mapping[str, str]
    ) -> Asking[Decision]:
        yield from ()
        return self._say("DATA", Reply(250, "2.6.0", "Queued"))

    def stamp(self, held: Held, at: Moment) -> Message:
        return held.message.prepend("Received", f"from {held.session.helo} by {self.fqdn}; {rfc5322_date(at.now)}")

    def route(self, held: Held, recipient: Address, at: Moment) -> Routing:
        if self.owns(recipient):
            return Routing(Deliver(recipient))
        hop = NextHop(hosts=(self.smart_host,)) if self.smart_host else NextHop(recipient.domain)
        return Routing(Relay(hop, tls=self.tls))

    def prepare(self, held: Held, relay: Relay, at: Moment) -> tuple[Message, Sender]:
        return held.message, held.sender

    def egress(self, held: Held, relay: Relay, at: Moment) -> tuple[str, str]:
        return self.source, self.fqdn

    def after_attempt(
        self, held: Held, relay: Relay, outcome: Outcome, attempts: int, at: Moment
    ) -> Mapping[Address, Fate]:
        def fate(recipient: Address) -> Fate:
            reply = outcome.replies.get(recipient)
            if reply and reply.ok and outcome.last and outcome.last.broken:
                reply = None  # a yes to RCPT that nothing came of
            if reply and reply.ok:
                return HandedOn(reply)
            if reply and reply.permanent:
                return Bounce(reply, reply)
            why = reply or Reply(451, "4.4.1", outcome.last.broken if outcome.last else "no target")
            return Keep(why, at.now + timedelta(minutes=15)) if attempts < 3 else Bounce(why, reply, refused=False)

        return {recipient: fate(recipient) for recipient in held.recipients}

    def report(
        self, held: Held, recipient: Address, reply: Reply, remote: Reply | None, remote_host: str, at: Moment
    ) -> Notice | None:
        if held.sender is None:
            return None
        return Notice(Message.parse(b"Subject: failed\r\n\r\n" + str(reply).encode()), held.sender, self.name)

    def _say(self, verb: str, usual: Reply) -> Decision:
        return Decision(self.answers.get(verb, usual))


def certificate(name: str, defect: str = "") -> CertificateSpec:
    return CertificateSpec(name, defect=defect)


def a_lab(*hosts: TinyHost, certificates: Mapping[str, CertificateSpec] | None = None, down: Iterable[str] = ()) -> Lab:
    """A lab with the given hosts (two unless told: `east` sends, `west` receives), at 203.0.113.1, .2 and so on."""
    chosen = hosts or (TinyHost("east", "east.test", "mx.east.test"), TinyHost("west", "west.test", "mx.west.test"))
    made, servers, records = [], {}, []
    for number, host in enumerate(chosen, start=1):
        ip = f"203.0.113.{number}"
        shown = (certificates or {}).get(host.name)
        servers[host.name] = Server(host.name, "tiny", host.fqdn, (ip,), shown)
        made.append(_with(host, ip, shown))
        records += [(host.fqdn, "A", ip), (host.domain, "MX", f"10 {host.fqdn}")]
    people = {
        name: Person(name, ((Address.parse(f"{name.lower()}@{host.domain}"), host.name),))
        for name, host in zip(("Ann", "Bob", "Cy"), made, strict=False)
    }
    return Lab("tiny", people, servers, {h.name: h for h in made}, Zone.of(records), down=frozenset(down))


def _with(host: TinyHost, ip: str, shown: CertificateSpec | None) -> TinyHost:
    return replace(host, source=ip, starttls=host.starttls or shown is not None)


def a_world(lab: Lab) -> World:
    return World(lab, Log(START))


def an_errand(
    world: World, to: str = "bob@west.test", *, sender: str = "ann@east.test", content: bytes = BODY,
    login: bool = False, tls: Demand | None = None, port: int = 25,
) -> Errand:  # fmt: skip
    """What a person's client hands in, from an address that belongs to nobody's server."""
    recipients = tuple(Address.parse(one) for one in to.split())
    return Errand(
        "192.0.2.77", "client.test", Address.parse(sender), recipients, content, tls or Demand(), port,
        login=(sender, LAB_PASSWORD) if login else None, passage=Passage(world.new_message(), 0, ""),
    )  # fmt: skip


def target(lab: Lab, server: str) -> Target:
    return Target(lab.servers[server].fqdn, lab.servers[server].addresses[0])


def went_through(one: Try) -> bool:
    return not one.stage
