"""What a gateway decides.

    RCPT      for one of its own domains: taken, unless `recipients` does not have it            550 5.1.1
              with `retry after`: come back later, but for `never waits`                         451 4.7.1
              for others: from an address of `relays for` and as one of `sender domains` only   550 5.7.1
    content   hops, and words of `refuses`                                                       550 5.7.1
    keeping   Received, the stamps, a word before the subject, an ARC seal - in mail that comes in
    routing   words of `holds`: quarantine; else the route of the recipient's domain, else `*`, else MX
    retries   after 15 minutes, each wait half as long again up to six hours, for four days

An address in `relays for` alone identifies nobody where a service sends for all its tenants from the same addresses:
`sender domains` is what keeps the others out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

from simulator.mail.address import Address, Sender, sender_text
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.asking import Asking
from simulator.policy.attempt import Outcome
from simulator.policy.bounce import Failure, may_report, report_message
from simulator.policy.decision import Candidate, Decision, Step
from simulator.policy.host import Held, Notice, Submission
from simulator.policy.loops import HOP_LIMIT, count_hops
from simulator.policy.moment import Moment
from simulator.policy.mx import families
from simulator.policy.patience import left_to_wait
from simulator.policy.relaying import Trouble, settle, trouble
from simulator.policy.retry import Ladder
from simulator.policy.route import Fate, Hold, NextHop, Relay, Routing
from simulator.policy.rules import rule
from simulator.policy.stamps import next_queue_id, stamped
from simulator.policy.tls import Demand, Level
from simulator.products.gateway.scan import finding
from simulator.products.gateway.sealing import found_out, sealed
from simulator.products.gateway.settings import MX, GatewaySettings
from simulator.topology import Server

__all__ = ["Gateway"]

_TEST = "tests/products/gateway/test_gateway.py"
OWN_DOMAINS = rule(
    "GW-RCPT-1", "Mail is taken for the domains of `routes`, for known recipients where these are listed",
    fidelity="documented", source="learn: Manage mail flow using a third-party cloud service; vendors' guides", test=_TEST,
)  # fmt: skip
CALLOUT = rule(
    "GW-RCPT-2", "With callout the next host is asked during RCPT, and its refusal becomes the gateway's own", fidelity="inferred",
    source="vendors' guides; the words are the simulator's own", test=_TEST,
)  # fmt: skip
OUTBOUND = rule(
    "GW-RELAY-1", "Mail for others is taken from listed addresses, and from the organisation's own sender domains",
    fidelity="inferred", source="vendors' guides for Microsoft 365; an address of the service identifies no tenant", test=_TEST,
)  # fmt: skip
ONWARD = rule(
    "GW-ROUTE-1", "Mail goes to the host of its route, whose name is looked up as an address, or to the MX",
    fidelity="documented", source="learn: Manage mail flow using a third-party cloud service", test=_TEST,
)  # fmt: skip
RETRY = rule(
    "GW-RETRY-1", "Mail is tried again after 15 minutes, then at waits half as long again up to six hours, for four days",
    fidelity="observed", source="a hosting provider's page on SpamExperts", test=_TEST,
)  # fmt: skip
LATER = rule(
    "GW-GREY-1", "With `retry after` every client, sender and recipient waits until the time has passed, but for listed addresses",
    fidelity="documented", source="RFC 6647 2.4; vendors' guides ask to exempt the service", test=_TEST,
)  # fmt: skip
HEADERS = rule(
    "GW-HDR-1", "Mail that comes in is stamped, and its subject may be tagged, which breaks a DKIM signature of it",
    fidelity="documented", source="learn: Enhanced filtering for connectors", test=_TEST,
)  # fmt: skip

_LEVELS = {
    "opportunistic": Level.OPPORTUNISTIC, "required": Level.ENCRYPTION, "trusted": Level.CERTIFICATE,
    "verified": Level.DOMAIN,
}  # fmt: skip
_CODES = {
    "nxdomain": (550, "5.1.2"), "null-mx": (556, "5.1.10"), "self-mx": (554, "5.4.6"), "servfail": (450, "4.4.3"),
    "timeout": (450, "4.4.3"), "tls": (450, "4.7.5"),
}  # fmt: skip
"""What the queue shows, or the report says, where nobody else said something (RFC 3463, RFC 7505 4.1)."""
_NOW, _QUARTER, _SIX_HOURS = timedelta(0), timedelta(minutes=15), timedelta(hours=6)


class Gateway:
    """Stands in front of, or behind, other hosts; nobody has a mailbox here."""

    product = "a mail gateway"
    has_connectors = False
    minimum_tls = ""
    submission = Submission(25, tls=False)

    def __init__(self, server: Server, settings: GatewaySettings) -> None:
        self.server, self.settings = server, settings
        self.name, self.fqdn = server.name, server.fqdn
        self.ladder = Ladder.growing(_QUARTER, 1.5, most=_SIX_HOURS, expires=settings.knobs.expires)

    def owns(self, recipient: Address) -> bool:
        return False

    # listening

    def connect(self, session: Session, at: Moment) -> Decision:
        return Decision(Reply(220, "", f"{self.fqdn} ESMTP"))

    def keywords(self, session: Session) -> tuple[str, ...]:
        starttls = ("STARTTLS",) if self.server.certificate and not session.tls else ()
        limit = self.settings.knobs.size_limit
        size = f"SIZE {limit}" if limit else "SIZE"
        return ("PIPELINING", size, *starttls, "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN")

    def login(self, session: Session, user: str, password: str, at: Moment) -> Decision:
        return Decision(Reply(503, "5.5.1", "AUTH is not offered"))

    def mail(self, session: Session, envelope: Envelope, at: Moment) -> Decision:
        return Decision(Reply(250, "2.1.0", "Sender ok"))

    def rcpt(self, session: Session, envelope: Envelope, recipient: Address, at: Moment) -> Decision:
        decision = self._recipient(session, envelope, recipient)
        if not decision.ok or not self.settings.retry_after:
            return decision
        step, left = self._waits(session, envelope.sender, recipient, at)
        later = Reply(451, "4.7.1", f"Come back in {max(1, round(left.total_seconds()))} seconds")
        return Decision(later, (*decision.steps, step)) if left else replace(decision, steps=(*decision.steps, step))

    def _waits(self, session: Session, sender: Sender, recipient: Address, at: Moment) -> tuple[Step, timedelta]:
        """Whether a client is told to come back later."""
        peer = ip_address(session.peer)
        if any(peer.version == n.version and peer in n for n in self.settings.never_waits):
            says, where = f"{session.peer} need not wait", self.settings.at("never_waits")
            return Step(
                "RETRY AFTER", LATER, "exempt", says, (Candidate("never waits", True, "exempt", says, where),), where
            ), _NOW
        left, says = left_to_wait(session, sender, recipient, self.settings.retry_after, at)
        where, slug = self.settings.at("retry_after"), "too-early" if left else "waited"
        return Step(
            "RETRY AFTER", LATER, slug, says, (Candidate("retry after", not left, slug, says, where),), where
        ), left

    def _recipient(self, session: Session, envelope: Envelope, recipient: Address) -> Decision:
        if recipient.domain in self.settings.domains:
            step = self._known(recipient)
            if step.outcome == "unknown":
                return Decision(Reply(550, "5.1.1", f"<{recipient}>: recipient unknown"), (step,))
            asks = self._onward(recipient)[0] if self.settings.verifies == "callout" else None
            return Decision(Reply(250, "2.1.5", "Recipient ok"), (step,), asks=asks)
        step = self._outbound(session, envelope.sender)
        if step.outcome == "denied":
            return Decision(Reply(550, "5.7.1", f"<{recipient}>: relaying denied"), (step,))
        return Decision(Reply(250, "2.1.5", "Recipient ok"), (step,), facts={"direction": "outbound"})

    def _known(self, recipient: Address) -> Step:
        listed = self.settings.recipients
        known = not listed or recipient in listed or recipient.domain in listed
        reason = "listed" if listed and known else "not-verified" if known else "not-listed"
        says = {
            "listed": f"{recipient} is one of its recipients",
            "not-verified": f"{recipient.domain} is one of its domains, and recipients are not verified",
            "not-listed": f"{recipient} is none of its {len(listed)} recipients",
        }[reason]
        at = self.settings.at("recipients" if listed else "routes")
        why = Candidate("recipients", known, reason, says, at)
        return Step("RECIPIENT", OWN_DOMAINS, "known" if known else "unknown", says, (why,), at)

    def next_said(self, decision: Decision, recipient: Address, outcome: Outcome, at: Moment) -> Decision:
        """What the host behind it said of a recipient; without an answer the sender is told to come again."""
        said = next((t.recipients[recipient] for t in reversed(outcome.tries) if recipient in t.recipients), None)
        if said is None:
            what = trouble(outcome, recipient, recipient)
            says = f"the next host could not be asked: {what if isinstance(what, Reply) else what.says}"
            reply, word = Reply(451, "4.4.1", f"<{recipient}>: recipient cannot be verified now"), "unsure"
        else:
            says, word = f"the next host said {said}", "known" if said.ok else "unsure" if said.transient else "unknown"
            reply = {
                "known": decision.reply,
                "unsure": Reply(451, "4.2.0", f"<{recipient}>: recipient cannot be verified now"),
                "unknown": Reply(550, "5.1.1", f"<{recipient}>: recipient unknown"),
            }[word]
        why = Candidate("callout", word == "known", word, says, self.settings.at("verifies"))
        step = Step("RECIPIENT", CALLOUT, word, says, (why,), why.at)
        return Decision(reply, (*decision.steps, step), facts=decision.facts)

    def _outbound(self, session: Session, sender: Sender) -> Step:
        settings, peer = self.settings, ip_address(session.peer)
        listed = any(peer.version == n.version and peer in n for n in settings.relays_for)
        # The null sender has no domain: reports of the own hosts are let through, as they have to be.
        own = sender is None or not settings.sender_domains or sender.domain in settings.sender_domains
        by_address = Candidate(
            "relays for", listed and own, "listed" if listed else "not-listed",
            f"{session.peer} is {'' if listed else 'not '}listed", settings.at("relays_for"),
        )  # fmt: skip
        by_sender = Candidate(
            "sender domains", listed and own, "own" if own else "foreign",
            f"{sender_text(sender)} is {'' if own else 'not '}in the sender domains", settings.at("sender_domains"),
        )  # fmt: skip
        says = by_sender.says if listed else by_address.says
        at = by_sender.at if listed else by_address.at
        return Step("RELAY", OUTBOUND, "relay" if listed and own else "denied", says, (by_address, by_sender), at)

    def content(
        self, session: Session, envelope: Envelope, message: Message, at: Moment, facts: Mapping[str, str]
    ) -> Asking[Decision]:
        knobs, settings = self.settings.knobs, self.settings
        hops = count_hops(message, knobs.max_hops)
        if not hops.ok:
            why = Candidate("max_hops", True, hops.reason, hops.says, knobs.at("max_hops"))
            step = Step("LOOP", HOP_LIMIT, hops.reason, hops.says, (why,), why.at)
            return Decision(Reply(554, "5.4.6", f"Too many hops {hops.count} ({hops.limit} max)"), (step,), loop=True)
        found, seen = finding(message, settings.refuses, settings.at("refuses"))
        steps = (seen,) if seen else ()
        if found:
            return Decision(Reply(550, "5.7.1", f"Message refused: {found}"), steps)
        known: Mapping[str, str] = {}
        if settings.seals_as and facts.get("direction") != "outbound":
            known = yield from found_out(session, envelope, message, self.fqdn, at)
        return Decision(Reply(250, "2.0.0", f"Queued as {next_queue_id(at)}"), steps, facts=known)

    def stamp(self, held: Held, at: Moment) -> Message:
        message = stamped(held, self.fqdn, at)
        if held.facts.get("direction") == "outbound":
            return message
        if tag := self.settings.subject_tag:
            subject = message.get("Subject") or ""
            if not subject.startswith(tag):
                message = message.replaced("Subject", f"{tag} {subject}".rstrip())
        message = message.topped(*self.settings.stamps.items())
        return sealed(message, held.facts, self.settings.seals_as, self.fqdn, at)

    # sending

    def route(self, held: Held, recipient: Address, at: Moment) -> Routing:
        settings = self.settings
        found, seen = finding(held.message, settings.holds, settings.at("holds"))
        steps = (seen,) if seen else ()
        if found:
            return Routing(Hold(found), steps)
        relay, step = self._onward(recipient)
        return Routing(relay, (*steps, step))

    def _onward(self, recipient: Address) -> tuple[Relay, Step]:
        """The next hop of a recipient."""
        settings = self.settings
        written = settings.routes.get(recipient.domain) or settings.routes.get("*") or MX
        where, reach = settings.at("routes"), families(self.server.addresses)
        own = (self.fqdn, *self.server.addresses)
        if written == MX:
            hop = NextHop(recipient.domain, exclude=own, at=where, families=reach)
            says = f"to the MX of {recipient.domain}"
            tls = Demand(certificate=settings.knobs.present_client_certificate, at=settings.at("tls"))
        else:
            hop = NextHop(hosts=(written,), at=where, families=reach)
            says = (
                f"to {written}, the route of {recipient.domain if recipient.domain in settings.routes else 'the rest'}"
            )
            tls = self._demand(written)
        why = Candidate("routes", True, "mx" if written == MX else "route", says, where)
        return Relay(hop, tls=tls), Step("ROUTE", ONWARD, why.reason, says, (why,), where)

    def _demand(self, host: str) -> Demand:
        settings = self.settings
        shown = settings.knobs.present_client_certificate
        if settings.tls == "none":
            return Demand(never=True, at=settings.at("tls"))
        level = _LEVELS[settings.tls]
        return Demand(level, (host,) if level == Level.DOMAIN else (), at=settings.at("tls"), certificate=shown)

    def prepare(self, held: Held, relay: Relay, at: Moment) -> tuple[Message, Sender]:
        return held.message, held.sender

    def egress(self, held: Held, relay: Relay, at: Moment) -> tuple[str, str]:
        return self.server.addresses[at.draw("egress", len(self.server.addresses))], self.fqdn

    def after_attempt(
        self, held: Held, relay: Relay, outcome: Outcome, attempts: int, at: Moment
    ) -> Mapping[Address, Fate]:
        def word(trouble: Trouble, gave_up: bool) -> Reply:
            if gave_up and not trouble.permanent:
                return Reply(
                    554,
                    "5.4.7",
                    f"Could not be delivered within {self.settings.knobs.expires_days} days: {trouble.says}",
                )
            if trouble.remote and trouble.remote.transient:
                return Reply(trouble.remote.code, trouble.remote.enhanced, trouble.says)
            code, enhanced = _CODES.get(trouble.kind, (550, "5.4.4") if trouble.permanent else (450, "4.4.1"))
            return Reply(code, enhanced, trouble.says)

        return settle(held, relay, outcome, due=self.ladder.due(attempts, held.arrived, at.now), word=word)

    def report(
        self, held: Held, recipient: Address, reply: Reply, remote: Reply | None, remote_host: str, at: Moment
    ) -> Notice | None:
        if held.sender is None or not may_report(held, recipient):
            return None
        said = f"{remote_host} said: {remote}" if remote and remote_host else str(remote or reply)
        message = report_message(
            held, Failure(recipient, reply, remote, remote_host), fqdn=self.fqdn,
            author=f"Mail Delivery System <MAILER-DAEMON@{self.fqdn}>", subject="Undelivered Mail Returned to Sender",
            lines=["This message could not be delivered:", "", f"    {recipient}", "", said], at=at,
        )  # fmt: skip
        return Notice(message, held.sender, self.name)
