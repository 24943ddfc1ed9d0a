"""The rest of the world as one mail host that does what the RFCs say, and no more.

It takes mail for the mailboxes of its people, and from its people mail for everybody; what strangers hand in is judged. Their domains may be as different
as they like: a domain is hosted here if somebody here has an address in it. What leaves goes to the MX of the
recipient's domain, with TLS where it is offered and without looking at certificates, as senders without an agreement do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from simulator.mail.address import Address, Sender
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.asking import Asking
from simulator.policy.attempt import Outcome
from simulator.policy.bounce import Failure, may_report, report_message
from simulator.policy.decision import Candidate, Decision, Step
from simulator.policy.delay import with_notices
from simulator.policy.host import Held, Notice, Submission
from simulator.policy.login import login_step
from simulator.policy.loops import HOP_LIMIT, count_hops
from simulator.policy.moment import Moment
from simulator.policy.mx import MX_ORDER, families
from simulator.policy.relaying import Trouble, settle
from simulator.policy.retry import Ladder
from simulator.policy.route import Deliver, Expand, Fate, Keep, NextHop, Relay, Return, Routing
from simulator.policy.rules import rule
from simulator.policy.stamps import next_queue_id, stamped
from simulator.policy.tls import Demand, Lookups
from simulator.products.internet.access import by_address, by_name, come_back_later, demanded, written_answer
from simulator.products.internet.forwards import Forwards
from simulator.products.internet.judging import judged, with_results
from simulator.products.internet.provider import required
from simulator.products.internet.settings import InternetSettings
from simulator.products.internet.values import Answered, Names
from simulator.products.internet.verdict import Consequence, dmarc_outcome, null_mx_sender, refused
from simulator.products.internet.wording import delay_text, report_text, say, trouble_reply
from simulator.topology import Server

__all__ = ["Internet"]

_TEST = "tests/products/internet/test_host.py"
_SUBMISSION_PORTS = (465, 587)

RCPT = rule(
    "NET-RCPT-1", "Mail is taken for mailboxes here; other addresses of hosted domains do not exist", fidelity="documented",
    source="RFC 5321 3.3 and 4.2.3", test=_TEST,
)  # fmt: skip
RELAY = rule(
    "NET-RELAY-1", "Mail for other domains is taken from logged-in people only", fidelity="documented",
    source="RFC 5321 3.6.1, RFC 6409 3.1", test=_TEST,
)  # fmt: skip
SUBMIT = rule(
    "NET-SUBMIT-1", "On the submission port nothing is taken before a login", fidelity="documented",
    source="RFC 6409 4.3", test=_TEST,
)  # fmt: skip
RETRY = rule(
    "NET-RETRY-1", "Mail is tried again after 30 minutes, then every two hours, for five days", fidelity="documented",
    source="RFC 5321 4.5.4.1", test=_TEST,
)  # fmt: skip
DELAY = rule(
    "NET-NDR-2", "With `delay notice after` a sender is told that mail still waits", fidelity="documented",
    source="RFC 3461 5.2.5, RFC 3464 2.3.3", test=_TEST,
)  # fmt: skip
REPORT = rule(
    "NET-NDR-1", "What cannot be delivered is reported in the form of RFC 3464", fidelity="documented",
    source="RFC 5321 6.1, RFC 3464", test=_TEST,
)  # fmt: skip


class Internet:
    """One host for any number of people and domains."""

    product = "the Internet"
    has_connectors = False
    minimum_tls = ""  # RFC 8997 asks for 1.2; the rest of the world is not that far

    def __init__(
        self, server: Server, settings: InternetSettings, mailboxes: Collection[Address], names: Names | None = None
    ) -> None:
        self.server, self.settings = server, settings
        self.name, self.fqdn = server.name, server.fqdn
        self.mailboxes = frozenset(mailboxes)
        self.domains = frozenset((*settings.domains, *(m.domain for m in mailboxes)))
        knobs = settings.knobs
        self.ladder = Ladder.minutes(*knobs.retry, expires=knobs.expires, repeats=True)
        self.submission = Submission(587, tls=server.certificate is not None, anybody=True)
        names = names or Names()
        ways = {names.find(word, self.name): (names.find(f.to), f) for word, f in settings.forwards.items()}
        self.forwards = Forwards({box: (to, f) for box, (to, f) in ways.items() if box and to}, self.fqdn)
        said = {names.find(word, self.name): answer for word, answer in settings.answers.items()}
        self.answers: Mapping[Address | None, Answered | None] = {**said, None: settings.answers.get("*")}

    def owns(self, recipient: Address) -> bool:
        return recipient in self.mailboxes

    # listening
    def connect(self, session: Session, at: Moment) -> Decision:
        return Decision(say("banner", fqdn=self.fqdn))

    def keywords(self, session: Session) -> tuple[str, ...]:
        starttls = ("STARTTLS",) if self.server.certificate and not session.tls else ()
        auth = ("AUTH LOGIN PLAIN",) if session.port in _SUBMISSION_PORTS else ()
        size = f"SIZE {self.settings.size_limit}" if self.settings.size_limit else "SIZE"
        utf8 = ("SMTPUTF8",) if self.settings.smtputf8 else ()
        dsn = ("DSN",) if self.settings.dsn else ()
        return ("PIPELINING", size, *starttls, *auth, "8BITMIME", *utf8, "ENHANCEDSTATUSCODES", *dsn)

    def login(self, session: Session, user: str, password: str, at: Moment) -> Decision:
        step = login_step(None, user, password)  # the rest of the world has more people than a lab names
        return Decision(say("logged-in" if step.outcome == "logged-in" else "login-failed"), (step,))

    def mail(self, session: Session, envelope: Envelope, at: Moment) -> Decision:
        if session.port in _SUBMISSION_PORTS and session.auth is None:
            why = Candidate("AUTH", False, "no-login", "the client did not log in")
            return Decision(say("login-needed"), (Step("AUTH", SUBMIT, "no-login", why.says, (why,), self.server.at),))
        return demanded(session, self.settings, at) or Decision(say("sender"))

    def rcpt(self, session: Session, envelope: Envelope, recipient: Address, at: Moment) -> Decision:
        if session.auth is not None:
            return self._recipient(session, recipient, at)
        answer = self.answers.get(recipient) or self.answers[None]
        refusal = written_answer(answer, recipient) or by_address(session, self.settings)
        decision = refusal or self._recipient(session, recipient, at)
        if not decision.ok:
            return decision
        waits, left = come_back_later(session, envelope.sender, recipient, self.settings, at)
        if waits is None:
            return decision
        reply = say("later", seconds=max(1, round(left.total_seconds()))) if left else decision.reply
        return Decision(reply, (*decision.steps, waits))

    def _recipient(self, session: Session, recipient: Address, at: Moment) -> Decision:
        if original := self.forwards.back(recipient, at.now):
            return Decision(say("recipient"), (self.forwards.back_step(recipient, original, self.server.at),))
        step = self._mailbox(recipient)
        if step.outcome == "unknown":
            return Decision(say("unknown", address=recipient), (step,))
        if step.outcome == "mailbox":
            return Decision(say("recipient"), (step,))
        allowed = session.auth is not None
        says = f"{session.auth} is logged in" if allowed else "the client did not log in"
        why = Candidate("AUTH", allowed, "logged-in" if allowed else "no-login", says)
        relay = Step("RELAY", RELAY, "relay" if allowed else "denied", says, (why,), self.server.at)
        return Decision(say("recipient") if allowed else say("relay", address=recipient), (step, relay))

    def _mailbox(self, recipient: Address) -> Step:
        """Whether an address is here; the outcome is `mailbox`, `unknown` or `elsewhere`."""
        exists, hosted = recipient in self.mailboxes, recipient.domain in self.domains
        candidates = (
            Candidate(
                "mailbox", exists, "exists" if exists else "no-mailbox",
                f"{recipient} has {'a' if exists else 'no'} mailbox here", self.server.at,
            ),
            Candidate(
                "domain", hosted, "hosted" if hosted else "not-hosted",
                f"{recipient.domain} is {'' if hosted else 'not '}a domain of this host", self.server.at,
            ),
        )  # fmt: skip
        outcome = "mailbox" if exists else "unknown" if hosted else "elsewhere"
        return Step(
            "MAILBOX", RCPT, outcome, candidates[1 if outcome == "elsewhere" else 0].says, candidates, self.server.at
        )

    def content(
        self, session: Session, envelope: Envelope, message: Message, at: Moment, facts: Mapping[str, str]
    ) -> Asking[Decision]:
        knobs = self.settings.knobs
        hops = count_hops(message, knobs.max_hops)
        why = Candidate("max_hops", not hops.ok, hops.reason, hops.says, knobs.at("max_hops"))
        step = Step("LOOP", HOP_LIMIT, hops.reason, hops.says, (why,), why.at)
        if not hops.ok:
            return Decision(say("loop", count=hops.count, limit=hops.limit), (step,), loop=True)
        if session.auth is not None:
            return Decision(say("accepted", id=next_queue_id(at)), (step,))
        if stranger := (yield from by_name(session, self.settings)):
            return stranger
        outcome, seen, found = yield from self._examined(session, envelope, message, at)
        if outcome and outcome.reply:
            return Decision(outcome.reply, (step, *seen), facts=found)
        folder = {"folder": outcome.folder} if outcome and outcome.folder else {}
        return Decision(say("accepted", id=next_queue_id(at)), (step, *seen), facts={**found, **folder})

    def _examined(
        self, session: Session, envelope: Envelope, message: Message, at: Moment
    ) -> Asking[tuple[Consequence | None, tuple[Step, ...], Mapping[str, str]]]:
        """What is done about a message from outside, how that was found, and the facts."""
        settings = self.settings
        outcome = yield from null_mx_sender(envelope.sender, settings)
        if outcome or not settings.judges:
            return outcome, (outcome.step,) if outcome else (), {}
        found = yield from judged(session, envelope, message, settings, self.fqdn, at)
        asked = yield from required(session, found, settings, has_tls=self.server.certificate is not None)
        seen = (*found.steps, asked.step) if asked else found.steps
        if asked and asked.reply:
            return asked, seen, found.facts
        outcome = refused(found, settings) or dmarc_outcome(found, settings)
        return outcome, (*seen, outcome.step) if outcome else seen, found.facts

    def stamp(self, held: Held, at: Moment) -> Message:
        return with_results(stamped(held, self.fqdn, at), held.facts, self.fqdn)

    # sending
    def route(self, held: Held, recipient: Address, at: Moment) -> Routing:
        if original := self.forwards.back(recipient, at.now):
            back = self.forwards.back_step(recipient, original, self.server.at)
            return Routing(Expand((original,), "forward"), (back,))
        step = self._mailbox(recipient)
        if step.outcome == "mailbox":
            onward = self.forwards.route(recipient, (step,))
            return onward or Routing(Deliver(recipient, held.facts.get("folder", "Inbox")), (step,))
        if step.outcome == "unknown":
            return Routing(Return(say("unknown", address=recipient)), (step,))
        knobs = self.settings.knobs
        exclude = () if knobs.self_mx == "loop" else (self.fqdn, *self.server.addresses)
        says = f"to the MX of {recipient.domain}"
        why = Candidate("MX", True, "mx", says, self.server.at)
        hop = NextHop(recipient.domain, exclude=exclude, at=self.server.at, families=families(self.server.addresses))
        asks = Lookups(knobs.dane, mta_sts=knobs.mta_sts, at=self.server.at) if knobs.dane or knobs.mta_sts else None
        relay = Relay(hop, tls=Demand(certificate=knobs.present_client_certificate, at=self.server.at, lookups=asks))
        return Routing(relay, (step, Step("ROUTE", MX_ORDER, "mx", says, (why,), self.server.at)))

    def prepare(self, held: Held, relay: Relay, at: Moment) -> tuple[Message, Sender]:
        recipient = relay.recipient or held.recipients[0]  # those of one forward travel alone
        return held.message, self.forwards.sender(held, recipient, at.now)

    def egress(self, held: Held, relay: Relay, at: Moment) -> tuple[str, str]:
        return self.server.addresses[0], self.fqdn

    def after_attempt(
        self, held: Held, relay: Relay, outcome: Outcome, attempts: int, at: Moment
    ) -> Mapping[Address, Fate]:
        def word(trouble: Trouble, gave_up: bool) -> Reply:
            return trouble_reply(trouble, gave_up, self.settings.knobs.expires_days)

        fates = settle(held, relay, outcome, due=self.ladder.due(attempts, held.arrived, at.now), word=word)
        return with_notices(
            held, fates, self.settings.delay_notice_after, at, lambda who, kept: self._delayed(held, who, kept, at)
        )

    def _delayed(self, held: Held, recipient: Address, kept: Keep, at: Moment) -> Message:
        until = held.arrived + self.settings.knobs.expires
        return report_message(
            held, Failure(recipient, kept.reply, kept.remote, until=until), fqdn=self.fqdn,
            author=f"Mail Delivery System <MAILER-DAEMON@{self.fqdn}>", subject="Delivery delayed",
            lines=delay_text(recipient, kept.reply, until), at=at,
        )  # fmt: skip

    def report(
        self, held: Held, recipient: Address, reply: Reply, remote: Reply | None, remote_host: str, at: Moment
    ) -> Notice | None:
        if held.sender is None or not may_report(held, recipient):
            return None
        message = report_message(
            held, Failure(recipient, reply, remote, remote_host), fqdn=self.fqdn,
            author=f"Mail Delivery System <MAILER-DAEMON@{self.fqdn}>", subject="Undelivered Mail Returned to Sender",
            lines=report_text(recipient, reply, remote, remote_host), at=at,
        )  # fmt: skip
        return Notice(message, held.sender, self.name)
