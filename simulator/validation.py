"""Carries out a connector's validation: looks at its hosts, sends its test messages, and hears what came of them.

A generator like a journey of `transport`, one floor higher: it yields

    Carry    a journey to drive, with the certificate of the host whose connection it is
    Settle   let the test message run: every first attempt, until nothing new is due

and an engine's `play` does that. So both engines make the same tests in the same order and note the same events. Sessions
without a message, and a test message, are ordinary ones on the same wires as all mail of the lab.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from simulator.attempts import Ask, targets
from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.policy.attempt import Target, Try, Unroutable
from simulator.policy.dialogue import Errand, converse
from simulator.policy.host import Held
from simulator.policy.validation import Look, Order, Place, Refusal, Sent, Task, Validator
from simulator.source import NOWHERE, Source
from simulator.trace import Event
from simulator.value import value
from simulator.world import Passage, World

__all__ = ["Carry", "Script", "Settle", "Validation", "validate"]


@value
class Carry:
    """A journey of this host's, to be driven to its end."""

    journey: Generator[Ask, Any, Any]
    host: str


@value
class Settle:
    """What waits for its first attempt is to be worked off."""


@value
class Validation:
    """The result: why nothing was tried, or the rows."""

    server: str
    connector: str
    recipients: tuple[Address, ...]
    tasks: tuple[Task, ...] = ()
    refusal: str = ""
    why: str = ""  # what the refusal means here
    leads: str = ""
    rule: str = ""
    at: Source = NOWHERE

    @property
    def ok(self) -> bool:
        return not self.refusal and all(task.ok for task in self.tasks)

    @property
    def says(self) -> str:
        """What went wrong, in one line; empty where nothing did."""
        return self.refusal or "; ".join(f"{task.name}: {task.detail}" for task in self.tasks if not task.ok)


Script = Generator["Carry | Settle", Any, Validation]


def validate(world: World, server: str, connector: str, recipients: tuple[Address, ...]) -> Script:
    """The two tests for one connector of a server."""
    host = world.host(server)
    if not isinstance(host, Validator):
        return Validation(server, connector, recipients, (), f"{host.product} has no validation of connectors.")
    order = host.validation(connector, recipients, world.moment(server))
    if isinstance(order, Refusal):
        world.log.add(
            "not validated", now=world.now, host=server, connector=connector, rcpts=[str(r) for r in recipients],
            says=order.says, why=order.why, because=order.rule, at=order.at,
        )  # fmt: skip
        return Validation(server, connector, recipients, (), order.says, order.why, "", order.rule, order.at)
    looks: list[Look] = []
    for place in order.places:
        looks += yield Carry(_look(world, server, order, place), server)
    sent: list[Sent] = []
    for recipient, message in order.messages:
        msg = _write(world, server, order, recipient, message)
        yield Settle()
        sent.append(_sent(world, server, recipient, msg))
    tasks = host.validated(order, tuple(looks), tuple(sent), world.moment(server))
    for task in tasks:
        world.log.add(
            "validated", now=world.now, host=server, connector=order.connector.name, task=task.name, about=task.about,
            ok=task.ok, detail=task.detail, because=task.rule, at=order.connector.at,
            steps=[{"name": s.name, "ok": s.ok, "says": s.says, "at": str(s.at) if s.at else ""} for s in task.steps],
        )  # fmt: skip
    return Validation(server, order.connector.name, recipients, tasks, "", "", order.leads, "", order.connector.at)


def _look(world: World, server: str, order: Order, place: Place) -> Generator[Ask, Any, list[Look]]:
    """Sessions without a message with the hosts of a place, each host until one of its addresses will do."""
    world.elapse(world.lab.hop_latency)
    found = yield from targets(world, place.to, server)
    if isinstance(found, Unroutable):
        return [Look(place.name, unroutable=found)]
    by_host: dict[str, list[Target]] = {}
    for target in found:
        by_host.setdefault(target.name if place.to.domain else place.name, []).append(target)
    looks: list[Look] = []
    for name, addresses in by_host.items():
        tries: list[Try] = []
        for target in addresses:
            passage = Passage("", 0, server, {}, order.connector, True)
            errand = Errand(order.source, order.helo, None, (), b"", order.tls, place.to.port, passage=passage)
            tries.append((yield from converse(target, errand, world.clock(server))))
            if not tries[-1].stage:
                break
        looks.append(Look(name, tuple(t.address for t in addresses), None, tuple(tries)))
    return looks


def _write(world: World, server: str, order: Order, recipient: Address, message: Message) -> str:
    """A test message enters the queue of the host that writes it."""
    own, msg = world.lab.servers[server], world.new_message()
    session = Session(peer=own.addresses[0], server=server, helo=own.fqdn)
    held = Held(message, order.sender, (recipient,), session, world.clock(server), facts=order.facts, generated=True)
    world.log.add("written", now=world.now, host=server, msg=msg, hop=0, about=order.connector.name, to=str(recipient))
    world.take_in(held, world.host(server), Passage(msg, 0, server))
    return msg


_FATES = ("handed on", "kept", "bounced", "delivered", "dropped", "held", "expanded")


def _sent(world: World, server: str, recipient: Address, msg: str) -> Sent:
    """What the log tells of a test message."""
    mine = [e for e in world.log if e.msg == msg]
    here = [e for e in mine if e.host == server and e.hop == 1]
    ways = [e["connector"] for e in here if e.type in ("attempt", "unroutable")]
    last = next((e for e in reversed(here) if e.type in ("attempt", "unroutable")), None)
    fate = next((e for e in reversed(here) if e.type in _FATES), None)
    loop = next((e for e in mine if e.type in ("refused", "bounced") and e["loop"]), None)
    told: Mapping[str, Any] = last.fields if last else {}
    stage = "STARTTLS" if told.get("verdict") == "no-tls" else told.get("stage", "")
    return Sent(
        recipient, msg, tuple(dict.fromkeys(ways)), told.get("to", ""), stage,
        told.get("says", "") or told.get("reply", "") or told.get("broken", ""), fate.type if fate else "",
        str(fate.get("reply", "")) if fate else "", str(loop["reply"]) if loop else "", _why(mine, server),
    )  # fmt: skip


def _why(mine: list[Event], server: str) -> str:
    """What another host of the lab decided when it refused."""
    refused = next((e for e in mine if e.type == "refused" and e.host != server), None)
    if refused is None:
        return ""
    asked = [e for e in mine if e.type == "decision" and e.host == refused.host and e.seq < refused.seq]
    return f"{refused.host}: {asked[-1]['says']}" if asked else ""
