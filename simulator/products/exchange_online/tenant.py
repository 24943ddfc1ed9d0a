"""An Exchange Online tenant as a mail host. The rooms behind it are named in the package's docstring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from simulator.mail.address import Address, Sender
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.asking import Asking
from simulator.policy.attempt import Outcome
from simulator.policy.decision import Decision
from simulator.policy.host import Held, Notice, Submission
from simulator.policy.moment import Moment
from simulator.policy.route import Fate, Relay, Routing
from simulator.policy.validation import Look, Order, Refusal, Sent, Task
from simulator.products.exchange_journal import journal
from simulator.products.exchange_online import listener, notices, wording
from simulator.products.exchange_online.admission import admit
from simulator.products.exchange_online.connectors import InboundConnector, OutboundConnector
from simulator.products.exchange_online.departure import departing
from simulator.products.exchange_online.edge import stopped_after, stopped_before
from simulator.products.exchange_online.forest import Forest, Profile
from simulator.products.exchange_online.forwarding import FORWARDER, SENDS_AS
from simulator.products.exchange_online.headers import sent, stamped
from simulator.products.exchange_online.identifiers import egress_name, frontend, suffix
from simulator.products.exchange_online.pools import leaves_as, pool, pool_address
from simulator.products.exchange_online.report import confirmed, report, system_author
from simulator.products.exchange_online.retry import fates
from simulator.products.exchange_online.routing import route
from simulator.products.exchange_online.signing import explained, signed
from simulator.products.exchange_online.srs import rewriting
from simulator.products.exchange_online.validation import order
from simulator.products.exchange_online.validation_rows import tasks
from simulator.topology import Server

__all__ = ["Tenant"]


class Tenant:
    """One tenant. It answers at its own address for the whole forest: `Decision.owner` names the tenant that takes."""

    product = "Exchange Online"
    has_message_trace = True
    submission = Submission(listener.SUBMISSION_PORT, tls=True)
    minimum_tls: str = listener.MINIMUM_TLS  # a client that offers only older versions gets no handshake

    def __init__(self, server: Server, profile: Profile, forest: Forest) -> None:
        self.server, self.profile, self.forest = server, profile, forest
        self.name, self.fqdn = server.name, server.fqdn

    @property
    def has_connectors(self) -> bool:
        settings = self.profile.settings
        return bool(settings.InboundConnectors or settings.OutboundConnectors)

    def owns(self, recipient: Address) -> bool:
        return self.profile.directory.mailbox(recipient) is not None

    # listening

    def connect(self, session: Session, at: Moment) -> Decision:
        return listener.greeting(session, self.name, at)

    def keywords(self, session: Session) -> tuple[str, ...]:
        return listener.keywords(session)

    def login(self, session: Session, user: str, password: str, at: Moment) -> Decision:
        return listener.login(session, user, password, self.forest, self._tail(at))

    def mail(self, session: Session, envelope: Envelope, at: Moment) -> Decision:
        return listener.mail(session, envelope.sender, self.forest, self._tail(at))

    def rcpt(self, session: Session, envelope: Envelope, recipient: Address, at: Moment) -> Decision:
        if session.auth:
            return listener.submitted(session, self.forest)
        tail = self._tail(at)
        stopped = stopped_before(session, envelope, recipient, self.forest, self.profile, tail)
        if stopped is not None:
            return stopped
        taken = admit(session, envelope, recipient, self.forest, at.now, tail)
        return stopped_after(session, recipient, taken, self.forest, tail) or taken

    def content(
        self, session: Session, envelope: Envelope, message: Message, at: Moment, facts: Mapping[str, str]
    ) -> Asking[Decision]:
        connector = self.profile.settings.InboundConnectors.get(facts.get("inbound", ""))
        return (
            yield from listener.content(session, envelope, message, self.profile, self.forest, connector, facts, at)
        )

    def stamp(self, held: Held, at: Moment) -> Message:
        return stamped(held, self.profile, self._inbound(held), at)

    # sending

    def route(self, held: Held, recipient: Address, at: Moment) -> Routing:
        found = route(held, recipient, self.profile, self.server, at)
        connector = self._outbound(found.route) if isinstance(found.route, Relay) else None
        return departing(held, explained(found, held, recipient, self.profile, at), connector, self.profile, at)

    def prepare(self, held: Held, relay: Relay, at: Moment) -> tuple[Message, Sender]:
        connector = self._outbound(relay)
        keeps_internal = connector is not None and connector.CloudServicesMailEnabled
        to = (relay.recipient,) if relay.recipient else held.recipients
        outside = connector is None or any(not self.profile.domains.accepts(r.domain) for r in to)
        forwarded = bool(held.facts.get(FORWARDER))
        message = sent(held.message, self.profile, keeps_internal=keeps_internal, outside=outside, forwarded=forwarded)
        found = rewriting(held, relay, connector, self.profile, at.now)
        return signed(message, held, relay, self.profile, at), found.sender if found else leaves_as(held)

    def egress(self, held: Held, relay: Relay, at: Moment) -> tuple[str, str]:
        found = pool(held, self._outbound(relay), self.profile)
        own = self.server.addresses[at.draw("egress", len(self.server.addresses))]
        address = pool_address(own, found)
        return address, egress_name(address, relay=address != own)

    def messages_per_connection(self, relay: Relay) -> int:
        return self.profile.settings.knobs.messages_per_connection

    def after_attempt(
        self, held: Held, relay: Relay, outcome: Outcome, attempts: int, at: Moment
    ) -> Mapping[Address, Fate]:
        return fates(held, relay, outcome, attempts, self.profile, at)

    def report(
        self, held: Held, recipient: Address, reply: Reply, remote: Reply | None, remote_host: str, at: Moment
    ) -> Notice | None:
        own = held.facts.get(SENDS_AS)
        if own and reply != wording.external_forwarding():  # what may not leave is told to whoever wrote it
            held = replace(held, sender=Address.parse(own))
        return report(held, recipient, reply, remote, remote_host, self.profile, at)

    def confirm(
        self, held: Held, recipient: Address, action: str, reply: Reply, remote_host: str, at: Moment
    ) -> Notice | None:
        return confirmed(held, recipient, action, reply, remote_host, self.profile, at)

    def mailbox_full(self, mailbox: Address) -> Reply:
        return notices.mailbox_full()

    def journal(self, held: Held, at: Moment) -> tuple[Notice, ...]:
        rules, domains = self.profile.settings.JournalRules.values(), self.profile.domains
        if not rules:
            return ()
        return journal(
            rules, held, domains.accepts, at, by=self.name, fqdn=self.fqdn, author=system_author(self.profile)
        )

    # validation

    def validation(self, connector: str, recipients: tuple[Address, ...], at: Moment) -> Order | Refusal:
        return order(self.profile, self.server, connector, recipients, at)

    def validated(self, asked: Order, looks: tuple[Look, ...], sent: tuple[Sent, ...], at: Moment) -> tuple[Task, ...]:
        return tasks(asked, looks, sent, at)

    def _tail(self, at: Moment) -> str:
        return suffix(frontend(self.name), at)

    def _inbound(self, held: Held) -> InboundConnector | None:
        return self.profile.settings.InboundConnectors.get(held.connector.name) if held.connector else None

    def _outbound(self, relay: Relay) -> OutboundConnector | None:
        return self.profile.settings.OutboundConnectors.get(relay.connector.name) if relay.connector else None
