"""What an Exchange server says at CONNECT, EHLO, AUTH, MAIL, RCPT and after the final dot.

CONNECT   the Receive connector is picked [receiving]; none, or one of the hub role at a port of the Front End: 421 4.3.2
MAIL      TLS where RequireTLS asks for it; somebody who may submit; a logged-in client sends as itself
RCPT      at most MaxRecipientsPerMessage; an accepted domain, or the right to relay; the recipient filter
content   sizes, hops, the From of a logged-in client
"""

from __future__ import annotations

from simulator.mail.address import Address, AddressError, Sender, sender_text
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.decision import Candidate, Decision, Step
from simulator.policy.login import login_step
from simulator.policy.loops import count_hops, passed
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.products.exchange_server import wording
from simulator.products.exchange_server.certificates import shown_certificate
from simulator.products.exchange_server.directory import Directory
from simulator.products.exchange_server.notation import UNLIMITED
from simulator.products.exchange_server.receive_connectors import ReceiveConnector
from simulator.products.exchange_server.receiving import pick, reference, relay_step, standing
from simulator.products.exchange_server.settings import ExchangeSettings
from simulator.products.exchange_server.steps import single
from simulator.topology import CertificateSpec, Server

__all__ = ["Listener"]

_TEST = "tests/products/exchange_server/test_listener.py"
HUB = rule(
    "EXS-RECV-6", "A connector of the hub role at a port of the Front End answers 4.3.2 Service not available", fidelity="documented",
    source="learn: NDRs in Exchange Server, 4.3.2", test=_TEST,
)  # fmt: skip
REQUIRE_TLS = rule(
    "EXS-RECV-7", "With RequireTLS MAIL is refused without TLS", fidelity="documented", source="CMD New-ReceiveConnector RequireTLS",
    test=_TEST,
)  # fmt: skip
SEND_AS = rule(
    "EXS-SUB-1", "A logged-in mailbox sends as itself only, in the envelope and in From", fidelity="documented",
    source="learn: NDRs in Exchange Server, 5.7.60", test=_TEST,
)  # fmt: skip
BASIC = rule(
    "EXS-SUB-2", "AUTH is offered where AuthMechanism has BasicAuth, with BasicAuthRequireTLS after STARTTLS", fidelity="documented",
    source="CMD New-ReceiveConnector AuthMechanism", test=_TEST,
)  # fmt: skip
ACCEPTED = rule(
    "EXS-RCPT-1", "Mail for accepted domains is taken from whoever may submit", fidelity="documented",
    source="learn: Accepted domains in Exchange Server", test=_TEST,
)  # fmt: skip
FILTER = rule(
    "EXS-RCPT-2", "Unknown recipients are taken and returned on Mailbox servers, refused at RCPT on Edge servers", fidelity="inferred",
    source="no page says what each role does by default; knob unknown_recipients", test=_TEST,
)  # fmt: skip
LIMITS = rule(
    "EXS-RECV-8", "Messages over MaxMessageSize, headers over MaxHeaderSize and recipients over MaxRecipientsPerMessage are refused",
    fidelity="documented", source="CMD New-ReceiveConnector; learn: Message size limits in Exchange Server", test=_TEST,
)  # fmt: skip
HOPS = rule(
    "EXS-LOOP-1", "Mail with more than 30 Received fields, or more than 8 of this server, is refused as looping", fidelity="documented",
    source="CMD New-ReceiveConnector MaxHopCount, MaxLocalHopCount; knobs max_hops, max_local_hops", test=_TEST,
)  # fmt: skip
RESERVED = rule(
    "EXS-RCPT-3", "Reserved and single-label domains are refused only where a connector is told to", fidelity="documented",
    source="CMD New-ReceiveConnector RejectReservedTopLevelRecipientDomains", test=_TEST,
)  # fmt: skip

_RESERVED_TOP = ("test", "example", "invalid", "localhost")
_RESERVED_SECOND = ("example.com", "example.net", "example.org")


class Listener:
    """The receiving side of one server."""

    def __init__(self, server: Server, settings: ExchangeSettings, directory: Directory) -> None:
        self.server, self.settings, self.directory = server, settings, directory

    def connector(self, session: Session) -> ReceiveConnector | None:
        return pick(self.settings, session)[0]

    def fqdn(self, connector: ReceiveConnector | None) -> str:
        return (connector.Fqdn if connector else "") or self.server.fqdn

    def certificate_for(self, session: Session) -> CertificateSpec | None:
        """What STARTTLS shows: the connector's TlsCertificateName, or the certificate of its Fqdn."""
        connector = self.connector(session)
        if connector is None:
            return None
        wanted, at = connector.TlsCertificateName, connector.at("TlsCertificateName")
        return shown_certificate(self.server, wanted, connector.Fqdn, self.settings.knobs, at)[0]

    def connect(self, session: Session, at: Moment) -> Decision:
        connector, step = pick(self.settings, session)
        if connector is None:
            return Decision(wording.service_not_available(), (step,))
        if connector.is_hub and session.port in (25, 587):
            says = f"{connector.name} belongs to the Transport service, whose port is 2525"
            hub = single(
                "CONNECTOR", HUB, "hub-role", says, name=connector.name, chosen=False, at=connector.at("TransportRole")
            )
            return Decision(wording.service_not_available(), (step, hub), connector=reference(connector))
        return Decision(self._banner(connector, at), (step,))

    def _banner(self, connector: ReceiveConnector, at: Moment) -> Reply:
        if connector.Banner:
            return Reply(220, "", connector.Banner.removeprefix("220").strip())
        return wording.banner(self.fqdn(connector), at.now)

    def keywords(self, session: Session) -> tuple[str, ...]:
        connector = self.connector(session)
        if connector is None:
            return ()
        tls = "Tls" in connector.mechanisms and session.tls is None and self.certificate_for(session) is not None
        anonymous_tls = (
            "ExchangeServer" in connector.mechanisms and not connector.SuppressXAnonymousTls and not session.tls
        )
        return tuple(word for word, announced in (
            (self._size(connector), connector.SizeEnabled != "Disabled"),
            ("PIPELINING", connector.PipeliningEnabled),
            ("DSN", connector.DeliveryStatusNotificationEnabled),
            ("ENHANCEDSTATUSCODES", connector.EnhancedStatusCodesEnabled),
            ("STARTTLS", tls),
            ("X-ANONYMOUSTLS", anonymous_tls),
            ("AUTH LOGIN", self._offers_login(connector, session)),
            ("8BITMIME", connector.EightBitMimeEnabled),
            ("BINARYMIME", connector.BinaryMimeEnabled),
            ("CHUNKING", connector.ChunkingEnabled),
        ) if announced)  # fmt: skip

    def _size(self, connector: ReceiveConnector) -> str:
        # learn: Receive connectors: externally secured sessions pass over the limits on sizes.
        bare = connector.SizeEnabled == "EnabledWithoutValue" or connector.externally_secured
        return "SIZE" if bare or connector.MaxMessageSize >= UNLIMITED else f"SIZE {connector.MaxMessageSize}"

    def _offers_login(self, connector: ReceiveConnector, session: Session) -> bool:
        if "BasicAuth" not in connector.mechanisms:
            return False
        # Without a certificate nobody could ever log in; a real server has one of its own making.
        needs_tls = "BasicAuthRequireTLS" in connector.mechanisms and self.certificate_for(session) is not None
        return session.tls is not None or not needs_tls

    def login(self, session: Session, user: str, password: str) -> Decision:
        connector = self.connector(session)
        if connector is None or not self._offers_login(connector, session):
            offered = connector is not None and "BasicAuth" in connector.mechanisms
            says = "AUTH is not announced before STARTTLS" if offered else "AUTH is not announced here"
            at = connector.at("AuthMechanism") if connector else self.server.at
            step = single("AUTH", BASIC, "not-offered", says, name="AUTH", chosen=False, at=at)
            return Decision(wording.login_not_here(), (step,), connector=reference(connector))
        step = login_step(self.directory.mailboxes, user, password)
        ok = step.outcome == "logged-in"
        return Decision(wording.authenticated() if ok else wording.login_failed(), (step,))

    def mail(self, session: Session, sender: Sender, at: Moment) -> Decision:
        connector = self.connector(session)
        if connector is None:
            return Decision(wording.service_not_available(), (pick(self.settings, session)[1],))
        shown = reference(connector)
        if connector.RequireTLS and session.tls is None:
            says = f"{connector.name} asks for TLS, and there is none"
            step = single(
                "TLS", REQUIRE_TLS, "no-tls", says, name="RequireTLS", chosen=False, at=connector.at("RequireTLS")
            )
            return Decision(wording.starttls_required(), (step,), connector=shown)
        known = standing(connector, session, at.now)
        if not known.basis:
            return Decision(wording.not_authenticated(), (known.step,), connector=shown)
        if session.auth and known.basis == "mailbox":
            step = self._send_as(session.auth, sender, "envelope sender")
            if step.outcome != "own":
                return Decision(wording.cannot_send_as(), (known.step, step), connector=shown)
        return Decision(wording.sender_ok(), (known.step,), connector=shown)

    def _send_as(self, user: Address, sender: Sender, where: str) -> Step:
        """inferred: proxy addresses are a mailbox's own; the null sender may be used (RFC 6409 3.2: read receipts have it)."""
        entry = self.directory.find(user)
        own = sender is None or sender == user or (entry is not None and sender in entry.addresses)
        says = f"{user} is logged in, the {where} is {sender_text(sender)}"
        at = entry.at if entry else self.server.at
        return single("SENDER", SEND_AS, "own" if own else "not-own", says, name=sender_text(sender), chosen=own, at=at)

    def rcpt(self, session: Session, envelope: Envelope, recipient: Address, at: Moment) -> Decision:
        connector, step = pick(self.settings, session)
        if connector is None:
            return Decision(wording.service_not_available(), (step,))
        shown, known = reference(connector), standing(connector, session, at.now)
        facts = {"basis": known.basis, "receive connector": connector.name}
        steps: tuple[Step, ...] = (step, known.step)
        if len(envelope.recipients) >= connector.MaxRecipientsPerMessage:
            says = f"{connector.MaxRecipientsPerMessage} recipients are allowed"
            where = connector.at("MaxRecipientsPerMessage")
            steps = (
                *steps,
                single("RECIPIENT", LIMITS, "too-many", says, name="MaxRecipientsPerMessage", chosen=False, at=where),
            )
            return Decision(wording.too_many_recipients(), steps, connector=shown)
        if refused := _reserved(connector, recipient):
            return Decision(wording.reserved_domain(), (*steps, refused), connector=shown)
        domain = self._domain_step(recipient)
        steps = (*steps, domain)
        if domain.outcome == "not-accepted":
            relay = relay_step(connector, known, envelope.sender, self.directory)
            steps = (*steps, relay)
            if relay.outcome == "denied":
                refusal = wording.relay_denied(older=self.settings.knobs.older_texts)
                return Decision(refusal, steps, connector=shown, facts=facts)
        elif unknown := self._filtered(recipient, known.basis):
            refusal = wording.unknown_recipient(older=self.settings.knobs.older_texts)
            return Decision(refusal, (*steps, unknown), connector=shown, facts=facts)
        return Decision(wording.recipient_ok(), steps, connector=shown, facts=facts)

    def _domain_step(self, recipient: Address) -> Step:
        found = self.directory.domain(recipient.domain)
        if found is None:
            says = f"{recipient.domain} is not an accepted domain"
            at = self.settings.at("AcceptedDomains")
            return single("DOMAIN", ACCEPTED, "not-accepted", says, name=recipient.domain, chosen=False, at=at)
        says = f"{recipient.domain} is an accepted domain, {found.DomainType}"
        return single("DOMAIN", ACCEPTED, "accepted", says, name=found.name, at=found.at("DomainType"))

    def _filtered(self, recipient: Address, basis: str) -> Step | None:
        """The recipient filter: for strangers only, in domains that it may look up."""
        knobs, domain = self.settings.knobs, self.directory.domain(recipient.domain)
        mode = knobs.unknown_recipients or ("reject" if self.settings.is_edge else "accept")
        if mode == "accept" or basis not in ("anonymous", "partner", "cloud") or domain is None or not domain.looks_up:
            return None
        if self.directory.find(recipient):
            return None
        says = f"{recipient} is not in the directory, and the recipient filter is on"
        return single(
            "RECIPIENT",
            FILTER,
            "unknown",
            says,
            name=str(recipient),
            chosen=False,
            at=knobs.at("unknown_recipients") or self.settings.place,
        )

    def content(self, session: Session, message: Message, at: Moment) -> Decision:
        connector, step = pick(self.settings, session)
        if connector is None:
            return Decision(wording.service_not_available(), (step,))
        header = sum(len(raw) for _, raw in message.fields)
        if header > connector.MaxHeaderSize:
            says, where = (
                f"the header has {header} octets, {connector.MaxHeaderSize} are allowed",
                connector.at("MaxHeaderSize"),
            )
            large = single("SIZE", LIMITS, "too-large", says, name="MaxHeaderSize", chosen=False, at=where)
            return Decision(wording.header_too_large(), (large,))
        if session.auth and (author := _author(message)):
            own = self._send_as(session.auth, author, "From")
            if own.outcome != "own":
                return Decision(wording.cannot_send_as(), (own,))
        hops = self._hops(connector, message)
        if hops.outcome != "within-limit":
            return Decision(wording.hop_count(), (hops,), loop=True)
        number = 2001454333952 + at.turn("internal ids")  # as large as those of logs
        message_id = message.get("Message-ID") or f"<{number:x}@{self.server.fqdn}>"
        return Decision(wording.queued(message_id, number, self.server.fqdn), (hops,))

    def _hops(self, connector: ReceiveConnector, message: Message) -> Step:
        knobs = self.settings.knobs
        limit = knobs.max_hops if connector.MaxHopCount is None else connector.MaxHopCount
        local_limit = knobs.max_local_hops if connector.MaxLocalHopCount is None else connector.MaxLocalHopCount
        names = {self.fqdn(c) for c in self.settings.receivers}
        local = sum(host in names for host in passed(message))
        hops = count_hops(message, limit)
        over = bool(local_limit) and local > local_limit
        says = f"{local} Received fields of this server, {local_limit or 'any number'} allowed"
        candidates = (
            Candidate("MaxHopCount", not hops.ok, hops.reason, hops.says, connector.at("MaxHopCount")),
            Candidate(
                "MaxLocalHopCount",
                over,
                "too-many-hops" if over else "within-limit",
                says,
                connector.at("MaxLocalHopCount"),
            ),
        )
        found = next((c for c in candidates if c.chosen), candidates[0])
        return Step("LOOP", HOPS, found.reason, f"{found.name}: {found.says}", candidates, found.at)


def _reserved(connector: ReceiveConnector, recipient: Address) -> Step | None:
    labels = recipient.domain.split(".")
    for parameter, hit in (
        ("RejectReservedTopLevelRecipientDomains", labels[-1] in _RESERVED_TOP),
        ("RejectReservedSecondLevelRecipientDomains", ".".join(labels[-2:]) in _RESERVED_SECOND),
        ("RejectSingleLabelRecipientDomains", len(labels) == 1),
    ):
        if hit and getattr(connector, parameter):
            says = f"{recipient.domain} is refused by {parameter}"
            return single(
                "DOMAIN", RESERVED, "reserved", says, name=parameter, chosen=False, at=connector.at(parameter)
            )
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
