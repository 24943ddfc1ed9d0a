"""A device as a mail host: takes what its own programs hand in, and hands it to its smart host.

    who may hand in      its own panel and programs; nothing listens, so nobody else can
    where it goes        Smart Host: a name is looked up as an address (no MX), an IP address is used as it is
    with TLS             STARTTLS, or nothing is sent; without: clear text, even where STARTTLS is offered
    when refused (5xx)   the panel shows the reply; nobody is told
    when put off (4xx)   a few quick attempts, then the last reply is shown like a refusal
    when it cannot       a few quick attempts, then the message is forgotten: no report, no trace

learn: How to set up a multifunction device or application to send email; Fix issues with printers. How often a device
tries is not documented anywhere (knob `retry`).
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
from simulator.policy.decision import Candidate, Decision, Step
from simulator.policy.host import Held, Notice, Submission
from simulator.policy.moment import Moment
from simulator.policy.mx import families
from simulator.policy.relaying import trouble
from simulator.policy.retry import Ladder
from simulator.policy.route import Bounce, Drop, Fate, HandedOn, Keep, NextHop, Relay, Routing
from simulator.policy.rules import rule
from simulator.policy.tls import Demand, Level
from simulator.products.device.settings import DeviceSettings
from simulator.topology import Server

__all__ = ["Device"]

_TEST = "tests/products/device/test_device.py"
SMART_HOST = rule(
    "DEV-ROUTE-1", "Everything goes to one smart host, whose name is looked up as an address", fidelity="inferred",
    source="learn: How to set up a multifunction device or application to send email", test=_TEST,
)  # fmt: skip
FORGETS = rule(
    "DEV-RETRY-1", "After a few quick attempts the message is forgotten, and nobody is told", fidelity="inferred",
    source="no page says so; knob retry", test=_TEST,
)  # fmt: skip


class Device:
    """Sends, and has no mailboxes."""

    product = "a device"
    has_connectors = False
    minimum_tls = ""
    submission = Submission(0, tls=False, direct=True)

    def __init__(self, server: Server, settings: DeviceSettings) -> None:
        self.server, self.settings = server, settings
        self.name, self.fqdn = server.name, server.fqdn
        self.ladder = Ladder.minutes(*settings.knobs.retry)

    def messages_per_connection(self, relay: Relay) -> int:
        return 1  # a scan, a mail

    def owns(self, recipient: Address) -> bool:
        return False

    # nothing listens: people hand in at its panel, and no session is ever asked about

    def connect(self, session: Session, at: Moment) -> Decision:
        return Decision(Reply(554, "", "No SMTP service here"))  # RFC 5321 3.1

    def keywords(self, session: Session) -> tuple[str, ...]:
        return ()

    def login(self, session: Session, user: str, password: str, at: Moment) -> Decision:
        return self.connect(session, at)

    def mail(self, session: Session, envelope: Envelope, at: Moment) -> Decision:
        return self.connect(session, at)

    def rcpt(self, session: Session, envelope: Envelope, recipient: Address, at: Moment) -> Decision:
        return self.connect(session, at)

    def content(
        self, session: Session, envelope: Envelope, message: Message, at: Moment, facts: Mapping[str, str]
    ) -> Asking[Decision]:
        yield from ()
        return self.connect(session, at)

    def stamp(self, held: Held, at: Moment) -> Message:
        return held.message  # the message begins here: a device writes no Received field

    # sending

    def route(self, held: Held, recipient: Address, at: Moment) -> Routing:
        settings = self.settings
        level = Level.ENCRYPTION if settings.tls else Level.OPPORTUNISTIC
        demand = Demand(
            level, never=not settings.tls, version=settings.tls_version, at=settings.at("tls"),
            certificate=settings.knobs.show_certificate,
        )  # fmt: skip
        where = settings.at("smart_host")
        hop = NextHop(
            hosts=(settings.smart_host,), port=settings.port, at=where, families=families(self.server.addresses)
        )
        login = (settings.user, settings.password) if settings.user else None
        says = f"to its smart host {settings.smart_host}, port {settings.port}"
        if login:
            says += f", as {settings.user}"
        why = Candidate("Smart Host", True, "smart-host", says, where)
        return Routing(
            Relay(hop, tls=demand, login=login), (Step("ROUTE", SMART_HOST, "smart-host", says, (why,), where),)
        )

    def prepare(self, held: Held, relay: Relay, at: Moment) -> tuple[Message, Sender]:
        return held.message, held.sender

    def egress(self, held: Held, relay: Relay, at: Moment) -> tuple[str, str]:
        address = self.server.addresses[at.draw("egress", len(self.server.addresses))]
        return address, self.settings.helo or f"[{address}]"

    def after_attempt(
        self, held: Held, relay: Relay, outcome: Outcome, attempts: int, at: Moment
    ) -> Mapping[Address, Fate]:
        fates: dict[Address, Fate] = {}
        due = self.ladder.due(attempts, held.arrived, at.now)
        for recipient in held.recipients:
            what = trouble(outcome, recipient, recipient)
            if isinstance(what, Reply):
                fates[recipient] = HandedOn(what)
                continue
            shown = what.remote or Reply(450, "", what.says)
            last = outcome.last
            no_login = last is not None and last.stage == "AUTH" and shown.permanent  # a wrong password stays wrong
            if no_login:
                fates[recipient] = Bounce(shown, what.remote, refused=True)
            elif due and not what.permanent:
                fates[recipient] = Keep(shown, due, what.remote)
            elif what.remote and (what.permanent or what.kind == "deferred"):
                fates[recipient] = Bounce(what.remote, what.remote, refused=True)  # shown at the panel, no more
            else:
                fates[recipient] = Drop(what.says, shown)
        return fates

    def report(
        self, held: Held, recipient: Address, reply: Reply, remote: Reply | None, remote_host: str, at: Moment
    ) -> Notice | None:
        return None
