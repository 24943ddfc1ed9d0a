"""A SmarterMail server as a mail host.

At MAIL it looks at logins, at RCPT it decides between its users, the other half of an external domain and relaying, after
DATA it counts hops. Accepted mail goes to a mailbox, stands for somebody else (alias, catch-all), or leaves by a gateway,
a fixed host or MX. What cannot be delivered is tried again after each wait of the retry list and then returned.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from simulator.mail.address import Address, AddressError, Sender
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.asking import Asking
from simulator.policy.attempt import Outcome
from simulator.policy.bounce import Failure, may_report
from simulator.policy.confirm import neutral_lines, told
from simulator.policy.decision import Candidate, Decision, Step
from simulator.policy.host import Held, Notice, Submission
from simulator.policy.login import login_step
from simulator.policy.loops import HOP_LIMIT, count_hops
from simulator.policy.moment import Moment
from simulator.policy.route import Expand, Fate, Relay, Return, Routing
from simulator.policy.rules import rule
from simulator.policy.stamps import next_queue_id, stamped
from simulator.products.smartermail.directory import Directory, Place
from simulator.products.smartermail.forwarding import came_back, leaving_sender
from simulator.products.smartermail.greylist import greylisted, is_exempt
from simulator.products.smartermail.lists import as_sent, posted
from simulator.products.smartermail.mailbox import kept
from simulator.products.smartermail.relay import may_relay
from simulator.products.smartermail.routing import next_hop, source_address
from simulator.products.smartermail.settings import SmarterMailSettings
from simulator.products.smartermail.smtp_in import banner, count_message, too_many_messages, too_many_recipients
from simulator.products.smartermail.spool import Spool
from simulator.products.smartermail.verification import mark, verified
from simulator.products.smartermail.wording import Wording
from simulator.topology import Server

__all__ = ["SmarterMail"]

_TEST = "tests/products/smartermail/test_host.py"
AUTH_MATCH = rule(
    "SM-AUTH-1", "With Require Auth Match a logged-in client sends from its own domain or address only", fidelity="observed",
    source="hosting providers' pages: From domain must match authenticated domain", test=_TEST,
)  # fmt: skip
AUTH_NEEDED = rule(
    "SM-AUTH-2", "With Require SMTP Authentication a sender of the domain is refused at MAIL without a login",
    fidelity="observed", source="a mail log with that reply at MAIL FROM; the product is inferred", test=_TEST,
)  # fmt: skip
EXTERNAL_OPEN = rule(
    "SM-RCPT-5", "A stranger's mail for an address of an external domain that is not here is taken", fidelity="inferred",
    source="no page says so; knob external_unknown", test=_TEST,
)  # fmt: skip
HOPS = rule(
    "SM-LOOP-1", "Mail with more than 20 Received fields is refused", fidelity="inferred",
    source="recalled; Max Hop Count or knob max_hops", test=_TEST,
)  # fmt: skip
BLOCKED = rule(
    "SM-BLOCK-1", "A blocked sender is refused at AUTH or RCPT, not before, and not told why", fidelity="documented",
    source="SmarterMail help: SMTP Blocks (the texts are inferred)", test=_TEST,
)  # fmt: skip
SUCCESS = rule(
    "SM-NDR-2", "Who asks for it is told that mail was delivered, or relayed to a server without DSN, unless the setting says no",
    fidelity="documented", source="SmarterTools community, System Messages shutoff per domain (the texts are inferred)", test=_TEST,
)  # fmt: skip
REPORT = rule(
    "SM-NDR-1", "The report has SmarterMail's text and the header of the message, in plain text", fidelity="observed",
    source="hosting providers' pages for the text; whether fields of RFC 3464 come with it is not known: knob report_form", test=_TEST,
)  # fmt: skip


_NOBODY = ("unknown", "disabled", "closed")


class SmarterMail:
    """One server. Everything it decides follows from its settings, its people and the arguments."""

    product = "SmarterMail"
    has_connectors = False
    minimum_tls = ""  # the operating system decides; no page names one

    def __init__(self, server: Server, settings: SmarterMailSettings, mailboxes: Collection[Address]) -> None:
        self.server, self.settings = server, settings
        self.name, self.fqdn = server.name, server.fqdn
        self.directory = Directory(settings, mailboxes)
        self.words = Wording(settings.knobs.enhanced_codes)
        self.spool = Spool(settings, self.words, self.fqdn)
        self.ladder = self.spool.ladder
        self.submission = Submission(587, tls=server.certificate is not None)

    @property
    def enhanced_codes(self) -> bool:
        return self.settings.knobs.enhanced_codes

    def owns(self, recipient: Address) -> bool:
        return self.directory.mailbox(recipient) is not None

    # listening
    def connect(self, session: Session, at: Moment) -> Decision:
        return Decision(self.words.say("banner", text=banner(session, self.settings, self.fqdn, at)))

    def keywords(self, session: Session) -> tuple[str, ...]:
        """Recalled, save AUTH: CRAM-MD5 is left out because the lab's listeners do not speak it."""
        starttls = ("STARTTLS",) if self.server.certificate and not session.tls else ()
        limit = self.settings.max_message_size
        dsn = ("DSN",) if self.settings.dsn else ()
        codes = ("ENHANCEDSTATUSCODES",) if self.settings.knobs.enhanced_codes else ()
        return (f"SIZE {limit}" if limit else "SIZE", "AUTH LOGIN PLAIN", *starttls, "8BITMIME", *dsn, *codes)

    def login(self, session: Session, user: str, password: str, at: Moment) -> Decision:
        step = self._barred(user) or login_step(self.directory.mailboxes, user, password)
        return Decision(self.words.say("logged-in" if step.outcome == "logged-in" else "login-failed"), (step,))

    def _barred(self, user: str) -> Step | None:
        """Why a user may not log in whatever the password is; the reply does not tell."""
        try:
            address = Address.parse(user)
        except AddressError:
            return None
        return self.directory.closed(address) or self._blocked(address)

    def mail(self, session: Session, envelope: Envelope, at: Moment) -> Decision:
        sender = envelope.sender
        if step := too_many_messages(session, self.settings, at):
            return Decision(self.words.say("too-many-messages"), (step,))
        for step, situation in (self._auth_match(session, sender), self._auth_needed(session, sender)):
            if step:
                return Decision(self.words.say(situation), (step,))
        domain = self.directory.sender_domain(sender)
        if domain and not domain.enabled:
            return Decision(
                self.words.say("disabled", address=sender), self.directory.place(sender).steps if sender else ()
            )
        return Decision(self.words.say("sender", address=sender or ""))

    def _auth_match(self, session: Session, sender: Sender) -> tuple[Step | None, str]:
        asked, user = self.settings.auth_match, session.auth
        situation = "auth-match-address" if asked == "email address" else "auth-match"
        if asked == "none" or user is None or sender is None:
            return None, situation
        if self.directory.is_same(sender, user, by_domain=asked == "domain"):
            return None, situation
        says = f"{user} is logged in and sends from {sender}"
        why = Candidate("Require Auth Match", True, "auth-mismatch", says, self.settings.at("auth_match"))
        return Step("AUTH", AUTH_MATCH, "auth-mismatch", says, (why,), why.at), situation

    def _auth_needed(self, session: Session, sender: Sender) -> tuple[Step | None, str]:
        domain = self.directory.sender_domain(sender)
        if domain is None or not domain.require_auth or session.auth:
            return None, "relay"
        if may_relay(session, None, self.directory, self.settings).outcome == "relay":
            return None, "relay"  # SMTP Authentication Bypass takes the demand for a login away
        says = f"{domain.name} asks its senders to log in"
        why = Candidate("Require SMTP Authentication", True, "no-login", says, domain.at("require_auth"))
        return Step("AUTH", AUTH_NEEDED, "no-login", says, (why,), why.at), "relay"

    def rcpt(self, session: Session, envelope: Envelope, recipient: Address, at: Moment) -> Decision:
        if blocked := self._blocked(envelope.sender):
            return Decision(self.words.say("blocked", address=recipient), (blocked,))
        if crowded := too_many_recipients(envelope, self.settings):
            return Decision(self.words.say("too-many-recipients"), (crowded,))
        if way_back := came_back(recipient, self.directory, self.fqdn, at):
            return Decision(self.words.say("recipient", address=recipient), (way_back[1],))
        place = self.directory.place(recipient)
        if place.kind in _NOBODY:
            return Decision(self.words.say(place.kind, address=recipient), place.steps)
        steps = place.steps
        if place.kind == "elsewhere" or self._is_closed(place):
            right = may_relay(session, envelope.sender, self.directory, self.settings)
            steps = (*steps, right)
            if right.outcome == "denied":
                return Decision(self.words.say("relay"), steps)
        elif place.kind == "external":
            says = f"{place.address.domain} is hosted here, so mail for it is taken from everybody"
            at_knob = self.settings.knobs.at("external_unknown")
            why = Candidate("external_unknown", True, "accept", says, at_knob)
            steps = (*steps, Step("RELAY", EXTERNAL_OPEN, "own-domain", says, (why,), at_knob))
        if place.domain or place.gateway:
            exempt = is_exempt(session, envelope.sender, place, self.settings)
            if exempt:
                step, wait = exempt, None
            else:
                step, wait = greylisted(session, envelope.sender, recipient, self.settings, at, place.domain)
            steps = (*steps, step)
            if wait:
                return Decision(self.words.greylisted(wait), steps)
        return Decision(self.words.say("recipient", address=recipient), steps)

    def _blocked(self, sender: Sender) -> Step | None:
        """SMTP blocks are soft: the session goes on until a recipient is named, and no reason is told."""
        told = self.settings.blocks
        if sender is None or not {str(sender).lower(), sender.domain} & set(told):
            return None
        says = f"{sender} is blocked"
        why = Candidate("SMTP Blocks", False, "blocked", says, self.settings.at("blocks"))
        return Step("BLOCK", BLOCKED, "blocked", says, (why,), why.at)

    def _is_closed(self, place: Place) -> bool:
        return place.kind == "external" and self.settings.knobs.external_unknown == "relay"

    def content(
        self, session: Session, envelope: Envelope, message: Message, at: Moment, facts: Mapping[str, str]
    ) -> Asking[Decision]:
        written = self.settings.written("max_hops")
        hops = count_hops(message, self.settings.max_hops if written else self.settings.knobs.max_hops)
        place = self.settings.at("max_hops") if written else self.settings.knobs.at("max_hops")
        why = Candidate("Max Hop Count", not hops.ok, hops.reason, hops.says, place)
        step = Step("LOOP", HOPS if not written else HOP_LIMIT, hops.reason, hops.says, (why,), place)
        if not hops.ok:
            return Decision(self.words.say("loop"), (step,), loop=True)
        found: Mapping[str, str] = {}
        steps: tuple[Step, ...] = (step,)
        if session.auth is None and any(self._is_marked(recipient) for recipient in envelope.recipients):
            found, seen = yield from verified(session, envelope, message, self.settings, self.fqdn, at)
            steps = (step, *seen)
        count_message(session, self.settings, at)
        return Decision(self.words.say("accepted", id=next_queue_id(at)), steps, facts=found)

    def _is_marked(self, recipient: Address) -> bool:
        place = self.directory.place(recipient)
        return place.at_home and place.domain is not None and place.domain.sender_verification

    def stamp(self, held: Held, at: Moment) -> Message:
        return mark(stamped(held, self.fqdn, at), held.facts)

    # sending
    def route(self, held: Held, recipient: Address, at: Moment) -> Routing:
        if way_back := came_back(recipient, self.directory, self.fqdn, at):
            return Routing(Expand((way_back[0],), "forward"), (way_back[1],))
        place = self.directory.place(recipient)
        if place.kind == "mailbox":
            return kept(held, recipient, place, self.directory, self.words, at)
        if place.kind == "list":
            return posted(held, recipient, place, self.words)
        if place.kind in ("alias", "catch-all"):
            return Routing(Expand(place.targets, place.kind), place.steps)
        if place.kind in _NOBODY:  # the settings changed while it waited, or an alias leads nowhere
            return Routing(Return(self.words.say(place.kind, address=recipient)), place.steps)
        relay, step = next_hop(
            held, recipient, place, sender=self.directory.sender_domain(as_sent(held).sender), settings=self.settings,
            server=self.server, at=at,
        )  # fmt: skip
        return Routing(relay, (*place.steps, step))

    def prepare(self, held: Held, relay: Relay, at: Moment) -> tuple[Message, Sender]:
        return held.message, leaving_sender(held, relay, self.directory, self.fqdn, at)

    def egress(self, held: Held, relay: Relay, at: Moment) -> tuple[str, str]:
        return source_address(
            self.server, self.directory.sender_domain(as_sent(held).sender), self.settings, at
        ), self.fqdn

    def messages_per_connection(self, relay: Relay) -> int:
        return self.settings.knobs.messages_per_connection

    def after_attempt(
        self, held: Held, relay: Relay, outcome: Outcome, attempts: int, at: Moment
    ) -> Mapping[Address, Fate]:
        held = as_sent(held)
        return self.spool.after(held, relay, outcome, attempts, at, self._author(held.sender))

    def mailbox_full(self, mailbox: Address) -> Reply:
        """What a mailbox that a fault has filled returns."""
        return self.words.say("mailbox-full")

    def report(
        self, held: Held, recipient: Address, reply: Reply, remote: Reply | None, remote_host: str, at: Moment
    ) -> Notice | None:
        if held.sender is None or not may_report(held := as_sent(held), recipient):
            return None
        failure, lines = Failure(recipient, reply, remote, remote_host), self.words.report(recipient, reply, remote)
        message = self.spool.written(
            held, failure, "Delivery Failure", lines, self._author(held.sender), at
        )  # subject: R
        assert held.sender is not None
        return Notice(message, held.sender, self.name)

    def confirm(
        self, held: Held, recipient: Address, action: str, reply: Reply, remote_host: str, at: Moment
    ) -> Notice | None:
        """The report that NOTIFY=SUCCESS asks for; its words are the simulator's own."""
        assert held.sender is not None
        lines, failure = neutral_lines(held, recipient, action), told(recipient, action, reply, remote_host)
        subject = f"Delivery Status Notification: {action}"  # I
        message = self.spool.written(held, failure, subject, lines, self._author(held.sender), at)
        return Notice(message, held.sender, self.name)

    def _author(self, sender: Sender) -> str:
        domain = self.directory.sender_domain(sender)
        return f"System Administrator <postmaster@{domain.name if domain else self.fqdn}>"  # R
