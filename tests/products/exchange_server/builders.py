"""Exchange servers, sessions and messages for tests: valid by default, so that a test shows only what matters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.mail.address import Address, parse_sender
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.mail.tls import TlsFacts
from simulator.policy.attempt import Outcome, Target, Try
from simulator.policy.decision import Decision
from simulator.policy.host import Held
from simulator.products.exchange_server import ExchangeServer, ExchangeSettings, build
from simulator.source import Node, ProblemList, Source
from simulator.topology import CertificateSpec, Person, Server
from tests.policy.builders import MONDAY, SUN, a_certificate, a_held, a_message, a_moment

PLACE = Source("lab.yaml", 1, 1)
CONTOSO: Mapping[str, Any] = {
    "AcceptedDomains": {"contoso.com": {"DomainType": "Authoritative", "Default": True}},
    "SendConnectors": {"Internet": {"AddressSpaces": "*"}},
}
"""One authoritative domain and a way out."""

GOOD = CertificateSpec("mail.contoso.com")
SERVICE = "mail.protection.outlook.com"


def problems(**plain: Any) -> list[str]:
    """What reading settings says."""
    found = ProblemList()
    ExchangeSettings.read(Node.of({**CONTOSO, **plain}, PLACE), found, name="onprem", at=PLACE)
    return [f"{p.level}: {p.says} {p.fix}".strip() for p in found.items]


def settings(**plain: Any) -> ExchangeSettings:
    """Settings as a lab file has them; they must be all right."""
    found = ProblemList()
    made = ExchangeSettings.read(Node.of({**CONTOSO, **plain}, PLACE), found, name="onprem", at=PLACE)
    assert [] == found.errors
    return made


def exchange(
    *people: str, certificates: tuple[CertificateSpec, ...] = (GOOD,), addresses: tuple[str, ...] = ("203.0.113.25",), **plain: Any
) -> ExchangeServer:  # fmt: skip
    """`onprem`, with John's mailbox unless told otherwise; `plain` replaces whole settings."""
    first = certificates[0] if certificates else None
    server = Server("onprem", "", "mail.contoso.com", addresses, first, PLACE, certificates=certificates)
    folks = [Person(p, ((Address.parse(p), "onprem"),), PLACE) for p in people or ("john@contoso.com",)]
    (host,) = build([(server, settings(**plain))], folks)
    return host


def session(peer: str = "192.0.2.9", *, cert: str = "", tls: bool = False, **facts: Any) -> Session:
    """A client's session; `cert` is the name in the good certificate that it shows."""
    shown = a_certificate(subject=cert, names=(cert,)) if cert else None
    secured = TlsFacts("TLSv1.3", "", shown) if cert or tls else None
    return Session(peer, "onprem", helo=facts.pop("helo", "client.example"), tls=facts.pop("facts", secured), **facts)


def rcpt(
    host: ExchangeServer, to: str, *, sender: str = "sun@customer.example", at: Session | None = None, already: int = 0
) -> Decision:
    """The answer to RCPT TO."""
    others = tuple(Address.parse(f"other{n}@contoso.com") for n in range(already))
    return host.rcpt(at or session(), Envelope(parse_sender(sender), others), Address.parse(to), a_moment())


def mail(host: ExchangeServer, sender: str = "sun@customer.example", *, at: Session | None = None) -> Decision:
    return host.mail(at or session(), Envelope(parse_sender(sender)), a_moment())


def held(
    to: str = "john@contoso.com", *, sender: str = "sun@customer.example", message: Message | None = None, **facts: Any
) -> Held:
    """A message in the server's care, from a stranger unless told otherwise."""
    return a_held(
        Address.parse(to), sender=parse_sender(sender), message=message or a_message(), arrived=MONDAY, **facts
    )


INTERNAL = {"X-MS-Exchange-Organization-AuthAs": "Internal"}


def internal(**headers: str) -> Message:
    """A message that was stamped here as a colleague's."""
    return a_message(**INTERNAL, **headers)


def tried(stage: str = "", **facts: Any) -> Outcome:
    """An attempt with one target that ended at a stage."""
    one = Try(Target("mx.customer.example", "198.51.100.7"), stage, **facts)
    replies = {SUN: one.reply} if one.reply and stage in ("MAIL", "RCPT", "DATA", "") else {}
    return Outcome((one,), None, replies)
