"""An Exchange server as a mail host. The rooms behind it are named in the package's docstring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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
from simulator.policy.reuse import USUAL
from simulator.policy.route import Fate, Relay, Routing
from simulator.products.exchange_journal import journal
from simulator.products.exchange_server import wording
from simulator.products.exchange_server.directory import Directory
from simulator.products.exchange_server.headers import outgoing, stamped
from simulator.products.exchange_server.listener import Listener
from simulator.products.exchange_server.patience import has_enough
from simulator.products.exchange_server.report import report
from simulator.products.exchange_server.retry import fates
from simulator.products.exchange_server.routing import Router
from simulator.products.exchange_server.send_connectors import SendConnector
from simulator.products.exchange_server.settings import ExchangeSettings
from simulator.source import Source
from simulator.topology import CertificateSpec, Server

__all__ = ["ExchangeServer"]


class ExchangeServer:
    """One server, which is the whole organisation on premises."""

    product = "Exchange Server"
    minimum_tls = ""  # the operating system decides

    def __init__(self, server: Server, settings: ExchangeSettings, people: Iterable[tuple[Address, Source]]) -> None:
        self.server, self.settings = server, settings
        self.name, self.fqdn = server.name, server.fqdn
        self.directory = Directory(settings, people)
        self.listener = Listener(server, settings, self.directory)
        self.router = Router(server, self.directory)
        self.submission = Submission(587, tls=server.certificate is not None)

    @property
    def has_connectors(self) -> bool:
        """Whether there are connectors that somebody made."""
        return bool(self.settings.SendConnectors) or any(not c.is_default for c in self.settings.receivers)

    def owns(self, recipient: Address) -> bool:
        return self.directory.mailbox(recipient) is not None

    def mailbox_full(self, mailbox: Address) -> Reply:
        """What a mailbox that a fault has filled returns: mail is taken, and fails when it is stored."""
        return wording.mailbox_full()

    # listening

    def connect(self, session: Session, at: Moment) -> Decision:
        return self.listener.connect(session, at)

    def certificate_for(self, session: Session) -> CertificateSpec | None:
        return self.listener.certificate_for(session)

    def keywords(self, session: Session) -> tuple[str, ...]:
        return self.listener.keywords(session)

    def login(self, session: Session, user: str, password: str, at: Moment) -> Decision:
        return self.listener.login(session, user, password)

    def has_enough(self, session: Session, errors: int, logins: int) -> Decision | None:
        return has_enough(self.listener.connector(session), session, errors, logins)

    def mail(self, session: Session, envelope: Envelope, at: Moment) -> Decision:
        return self.listener.mail(session, envelope.sender, at)

    def rcpt(self, session: Session, envelope: Envelope, recipient: Address, at: Moment) -> Decision:
        return self.listener.rcpt(session, envelope, recipient, at)

    def content(
        self, session: Session, envelope: Envelope, message: Message, at: Moment, facts: Mapping[str, str]
    ) -> Asking[Decision]:
        yield from ()  # nothing is looked up
        return self.listener.content(session, message, at)

    def stamp(self, held: Held, at: Moment) -> Message:
        return stamped(held, self.listener.fqdn(self.listener.connector(held.session)), at)

    # sending

    def route(self, held: Held, recipient: Address, at: Moment) -> Routing:
        return self.router.route(held, recipient, at)

    def prepare(self, held: Held, relay: Relay, at: Moment) -> tuple[Message, Sender]:
        connector = self._sender(relay)
        return outgoing(held.message, hybrid=connector is not None and connector.CloudServicesMailEnabled), held.sender

    def egress(self, held: Held, relay: Relay, at: Moment) -> tuple[str, str]:
        connector = self._sender(relay)
        return self.server.addresses[0], (connector.Fqdn if connector else "") or self.fqdn

    def messages_per_connection(self, relay: Relay) -> int:
        connector = self._sender(relay)
        return connector.SmtpMaxMessagesPerConnection if connector else USUAL

    def after_attempt(
        self, held: Held, relay: Relay, outcome: Outcome, attempts: int, at: Moment
    ) -> Mapping[Address, Fate]:
        server, directory = self.server, self.directory
        return fates(held, relay, outcome, attempts, self._sender(relay), server=server, directory=directory, at=at)

    def report(
        self, held: Held, recipient: Address, reply: Reply, remote: Reply | None, remote_host: str, at: Moment
    ) -> Notice | None:
        return report(held, recipient, reply, remote, remote_host, server=self.server, directory=self.directory, at=at)

    def journal(self, held: Held, at: Moment) -> tuple[Notice, ...]:
        rules = self.settings.JournalRules.values()
        if not rules:
            return ()
        author = f"Microsoft Exchange <MicrosoftExchange@{self.directory.default_domain}>"
        return journal(rules, held, self.directory.accepts, at, by=self.name, fqdn=self.fqdn, author=author)

    def _sender(self, relay: Relay) -> SendConnector | None:
        return self.settings.SendConnectors.get(relay.connector.name) if relay.connector else None
