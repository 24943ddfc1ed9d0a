"""Hosts and what happens to them, valid by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.mail.address import Address, Sender
from simulator.mail.envelope import Envelope
from simulator.mail.session import Session
from simulator.policy.decision import Decision, Step
from simulator.policy.host import Host
from simulator.policy.moment import Moment
from simulator.products import internet, smartermail
from simulator.source import Node, ProblemList
from simulator.topology import CertificateSpec, Person, Server
from tests.policy.builders import a_moment, a_session

CERTIFICATE = CertificateSpec("mail.contoso.com")


def address(text: str) -> Address:
    return Address.parse(text)


def a_server(name: str, fqdn: str, *addresses: str, certificate: CertificateSpec | None = None) -> Server:
    return Server(name, "", fqdn, addresses, certificate)


def people(name: str, *addresses: str) -> list[Person]:
    return [Person(text, ((Address.parse(text), name),)) for text in addresses]


def read_smartermail(settings: Mapping[str, Any]) -> tuple[smartermail.SmarterMailSettings, list[str]]:
    problems = ProblemList()
    made = smartermail.SmarterMailSettings.read(Node.of(settings), problems)
    return made, [f"{p.level}: {p.says} {p.fix}".strip() for p in problems.items]


def a_smartermail(
    settings: Mapping[str, Any] | None = None, *boxes: str, certificate: CertificateSpec | None = None,
    addresses: tuple[str, ...] = ("203.0.113.25",), **knobs: Any,
) -> smartermail.SmarterMail:  # fmt: skip
    """`onprem`, with John's mailbox unless told otherwise."""
    made, problems = read_smartermail({**(settings or {}), "knobs": knobs})
    assert [] == [p for p in problems if p.startswith("error")]
    server = a_server("onprem", "mail.contoso.com", *addresses, certificate=certificate)
    (host,) = smartermail.build([(server, made)], people("onprem", *(boxes or ("john@contoso.com",))))
    return host


def an_internet(
    settings: Mapping[str, Any] | None = None, *boxes: str, certificate: CertificateSpec | None = None, **knobs: Any
) -> internet.Internet:
    """`internet`, with Sun's mailbox unless told otherwise."""
    problems = ProblemList()
    made = internet.InternetSettings.read(Node.of({**(settings or {}), "knobs": knobs}), problems)
    assert [] == problems.errors
    server = a_server("internet", "mx.customer.example", "198.51.100.7", certificate=certificate)
    made.name = server.name
    (host,) = internet.build([(server, made)], people("internet", *(boxes or ("sun@customer.example",))))
    return host


def read_internet(settings: Mapping[str, Any], *boxes: str) -> tuple[internet.InternetSettings, list[str]]:
    """The settings of `internet`, and what is wrong with them."""
    problems = ProblemList()
    made = internet.InternetSettings.read(Node.of(settings), problems, name="internet")
    made.check_people(people("internet", *(boxes or ("sun@customer.example",))), problems)
    return made, [f"{p.level}: {p.says} {p.fix}".strip() for p in problems.items]


def ask_rcpt(
    host: Host, to: str, *, sender: str | None = "sun@customer.example", session: Session | None = None,
    at: Moment | None = None,
) -> Decision:  # fmt: skip
    """What the host answers to RCPT TO."""
    from_: Sender = Address.parse(sender) if sender else None
    return host.rcpt(session or a_session(), Envelope(from_), Address.parse(to), at or a_moment())


def step(decision: Any, name: str) -> Step:
    """The step of that name."""
    found: Step = next(s for s in decision.steps if s.name == name)
    return found


def reasons(decision: Any, name: str) -> dict[str, str]:
    """The candidates of a step, each with its reason."""
    return {c.name: c.reason for c in step(decision, name).candidates}


def chosen(decision: Any, name: str) -> list[str]:
    return [c.name for c in step(decision, name).candidates if c.chosen]
