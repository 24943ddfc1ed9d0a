"""Tenants, sessions and messages for tests: valid by default, so that a test shows only what matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from simulator.keyring import KEYRING
from simulator.mail.address import Address, Sender, parse_sender
from simulator.mail.envelope import Envelope
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.mail.tls import TlsFacts
from simulator.policy.decision import Candidate, Decision, Step
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Deliver, Expand, Return, Revise, Route
from simulator.products.exchange_online import Tenant, TenantSettings, build
from simulator.source import Node, ProblemList, Source
from simulator.topology import CertificateSpec, Person, Server

NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
PLACE = Source("lab.yaml", 1, 1)

CONTOSO: Mapping[str, Any] = {
    "AcceptedDomains": {
        "contoso.com": "Authoritative", "sm.contoso.com": "InternalRelay", "contoso.onmicrosoft.com": "Authoritative",
    },
}  # fmt: skip
"""The tenant of the reference's test vectors."""


def settings(**plain: Any) -> TenantSettings:
    """Settings as a lab file has them; they must be all right."""
    problems = ProblemList()
    made = TenantSettings.read(Node.of(plain, PLACE), problems, name="m365", at=PLACE)
    assert problems.errors == []
    return made


def tenants(**of: tuple[Mapping[str, Any], Sequence[str]]) -> list[Tenant]:
    """Tenants by server name, each with its settings and the addresses of its people."""
    servers, people = [], []
    for number, (name, (plain, mailboxes)) in enumerate(of.items(), 1):
        server = Server(
            name, "exchange-online", f"{name}.mail.protection.outlook.com", (f"40.92.10.{number}",), at=PLACE
        )
        servers.append((server, settings(**plain)))
        people += [Person(box, ((Address.parse(box), name),), PLACE) for box in mailboxes]
    return build(servers, people)


def contoso(*people: str, **changes: Any) -> Tenant:
    """The tenant contoso alone in its forest, with user and bob unless told otherwise; `changes` replace whole settings."""
    (made,) = tenants(m365=({**CONTOSO, **changes}, people or ("user@contoso.com", "bob@contoso.com")))
    return made


def inbound(**connector: Any) -> dict[str, Any]:
    """One OnPremises inbound connector named `own servers`."""
    return {"own servers": {"ConnectorType": "OnPremises", "SenderDomains": "*", **connector}}


def partner(**connector: Any) -> dict[str, Any]:
    """One Partner connector named `from partner`, without RequireTls."""
    return {"from partner": {"ConnectorType": "Partner", "SenderDomains": "*", "RequireTls": False, **connector}}


def outbound(**connector: Any) -> dict[str, Any]:
    """One OnPremises outbound connector named `to own servers` with a smart host."""
    host = {"UseMXRecord": False, "SmartHosts": "mail.contoso.com"}
    return {"to own servers": {"ConnectorType": "OnPremises", **host, **connector}}


def session(ip: str = "203.0.113.5", cert: str | CertificateSpec = "", *, tls: bool = False, **facts: Any) -> Session:
    """A client's session. `cert` is the subject of its certificate, or a whole one."""
    shown = CertificateSpec(cert) if isinstance(cert, str) and cert else cert or None
    facts_of = shown.facts(NOW) if isinstance(shown, CertificateSpec) else None
    secured = TlsFacts("TLSv1.3", "", facts_of) if tls or shown else None
    return Session(ip, "m365", helo=facts.pop("helo", "client.example"), tls=secured, **facts)


def at(memory: dict[str, Any] | None = None, now: datetime = NOW, seed: int = 7) -> Moment:
    return Moment(now, {} if memory is None else memory, seed, KEYRING)


def ask(
    host: Tenant, sender: str, recipient: str, client: Session | None = None, *, already: Sequence[str] = ()
) -> Decision:
    """The answer to RCPT TO."""
    envelope = Envelope(parse_sender(sender), tuple(map(Address.parse, already)))
    return host.rcpt(client or session(), envelope, Address.parse(recipient), at())


def message(**headers: str) -> Message:
    """A small message; `_` in a header's name stands for `-`."""
    head = {"From": "<a@gmail.test>", "Subject": "hello", "Message-ID": "<1@gmail.test>"}
    head |= {name.replace("_", "-"): value for name, value in headers.items()}
    text = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return Message.parse(f"{text}\r\nHello.\r\n".encode())


def held(
    recipients: str | Sequence[str] = "user@contoso.com", *, sender: str | None = "a@gmail.test", content: Message | None = None,
    client: Session | None = None, **rest: Any,
) -> Held:  # fmt: skip
    """A message in the tenant's care, Incoming unless told otherwise."""
    who: Sender = Address.parse(sender) if sender else None
    to = (recipients,) if isinstance(recipients, str) else recipients
    facts = rest.pop("facts", {"tenant": "m365", "direction": "Incoming", "basis": "recipient-owner"})
    return Held(
        content or message(),
        who,
        tuple(map(Address.parse, to)),
        client or session(),
        rest.pop("arrived", NOW),
        facts=facts,
        **rest,
    )


def endings(
    host: Tenant, what: Held, memory: dict[str, Any] | None = None, now: datetime = NOW
) -> list[tuple[str, Route, Held]]:
    """Where the copies of a message for one recipient end at the tenant, and in which state: groups and revisions followed."""
    (recipient,) = what.recipients
    memory = {} if memory is None else memory
    found = host.route(what, recipient, at(memory, now)).route
    if isinstance(found, Revise):
        what = replace(what, message=found.message, facts={**what.facts, **found.facts})
        onwards = (recipient, *found.also) if found.instead is None else found.instead
    elif isinstance(found, Expand):
        onwards = (*([recipient] if found.keep else []), *found.to)
    else:
        return [(str(recipient), found, what)]
    copies = [replace(what, recipients=(one,), original=what.original or recipient) for one in onwards]
    return [ending for copy in copies for ending in endings(host, copy, memory, now)]


def told(route: Route) -> str:
    """A route as a test says it: the folder, the reply that goes back, or the kind."""
    if isinstance(route, Deliver):
        return f"{route.mailbox} {route.folder}"
    return route.reply.codes if isinstance(route, Return) else type(route).__name__


ORIGINATING = {"tenant": "m365", "direction": "Originating", "basis": "certificate"}
SUBMITTED = {"tenant": "m365", "direction": "Originating", "basis": "mailbox"}


def candidate(steps: Sequence[Step], name: str, heading: str = "CONNECTOR") -> Candidate:
    """What a step says about a candidate."""
    return next(c for step in steps if step.name == heading for c in step.candidates if c.name == name)


def outcomes(steps: Sequence[Step]) -> dict[str, str]:
    return {step.name: step.outcome for step in steps}
