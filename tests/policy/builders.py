"""Values that are valid by default, so that a test shows only what matters."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.mail.address import Address, Sender
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.mail.tls import Certificate, TlsFacts
from simulator.policy.attempt import Target, Unroutable
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.mx import resolve
from simulator.policy.route import NextHop
from simulator.zone import Zone

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
BOB, JOHN, SUN = map(Address.parse, ("bob@contoso.com", "john@contoso.com", "sun@customer.example"))
PC = "192.0.2.9"


def a_moment(now: datetime = MONDAY, seed: int = 0, **memory: Any) -> Moment:
    return Moment(now, memory, seed)


def a_session(peer: str = PC, **facts: Any) -> Session:
    return Session(**{"peer": peer, "server": "onprem", "helo": "pc.example", **facts})


def a_message(*received: str, **headers: str) -> Message:
    """With Received fields by these hosts, the newest first."""
    lines = [f"Received: from x by {by} with ESMTP; Mon, 2 Mar 2026 09:00:00 +0000" for by in received]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in {"Subject": "Hello", **headers}.items()]
    return Message.parse(("\r\n".join(lines) + "\r\n\r\nHello.\r\n").encode())


def a_held(*recipients: Address, sender: Sender = JOHN, message: Message | None = None, **facts: Any) -> Held:
    facts = {"session": a_session(), "arrived": MONDAY, **facts}
    return Held(message or a_message(), sender, recipients or (SUN,), **facts)


def a_certificate(**changes: Any) -> Certificate:
    facts: dict[str, Any] = {
        "subject": "mail.contoso.com", "names": ("mail.contoso.com",), "issuer": "lab-public-ca",
        "not_before": MONDAY - timedelta(days=30), "not_after": MONDAY + timedelta(days=60),
        "purposes": frozenset({"server", "client"}), "anchor": "lab-public-ca",
    }  # fmt: skip
    return Certificate(**{**facts, **changes})


def tls(certificate: Certificate | None = None, **changes: Any) -> TlsFacts:
    """A handshake; with no argument, with a good certificate."""
    return TlsFacts("TLSv1.3", "", certificate or a_certificate(**changes))


def answer(asking: Generator[Any, Any, Any], zone: Zone) -> tuple[Any, list[str]]:
    """Drives a generator of questions with a zone: its result, and what it asked."""
    asked: list[str] = []
    told: Any = None
    while True:
        try:
            question = asking.send(told)
        except StopIteration as done:
            return done.value, asked
        asked.append(str(question))
        told = zone.lookup(question.name, question.type)


def targets(to: NextHop, zone: Zone, seed: int = 0) -> tuple[Target, ...] | Unroutable:
    found: tuple[Target, ...] | Unroutable = answer(resolve(to, a_moment(seed=seed)), zone)[0]
    return found
