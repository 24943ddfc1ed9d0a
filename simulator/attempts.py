"""One attempt to hand a message on: the questions to DNS, and one session after the other with the targets.

Generators, like the journeys of `simulator.transport` that they are a part of: they yield DNS questions and the actions of
an SMTP client, and are sent what came back. Everything that is asked and tried is noted in the log.

Before each target is connected to, its domain's own wishes about TLS are looked up (`policy.secured`); a target that they
rule out is passed over like one that does not answer.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome, Target, Try, Unroutable
from simulator.policy.dialogue import Action, Errand, Heard
from simulator.policy.host import Held, Host
from simulator.policy.mx import resolve
from simulator.policy.route import NextHop, Relay
from simulator.policy.secured import Policies, Secured, secured
from simulator.policy.tls import Demand, grade
from simulator.queue import Work
from simulator.sharing import hand_over
from simulator.world import Passage, World
from simulator.zone import Answer, Question

__all__ = ["Ask", "Told", "passage_for", "targets", "try_each"]

Ask = Question | Action
Told = Answer | Heard | None


def passage_for(work: Work, relay: Relay, host: Host, copies: Mapping[Address, str]) -> Passage:
    """What a session for these copies carries."""
    return Passage(work.msg, work.hop, host.name, copies, relay.connector, host.has_connectors)


def _asked(world: World, asking: Generator[Question, Answer, Any], note: Mapping[str, Any]) -> Generator[Ask, Any, Any]:
    """Asks DNS what a decision wants to know, noting every answer; returns the decision."""
    answer: Any = None
    while True:
        try:
            question = asking.send(answer)
        except StopIteration as done:
            return done.value
        answer = yield question
        world.log.add(
            "dns", now=world.now, question=str(question), status=answer.status, answer=answer.told,
            **note,
        )  # fmt: skip


def targets(
    world: World, to: NextHop, host: str, msg: str = "", hop: int = 0
) -> Generator[Ask, Any, tuple[Target, ...] | Unroutable]:
    """Asks DNS where a next hop is, noting every answer."""
    found: tuple[Target, ...] | Unroutable
    found = yield from _asked(world, resolve(to, world.moment(host)), {"host": host, "msg": msg, "hop": hop})
    return found


def try_each(
    world: World, work: Work, relay: Relay, held: Held, targets: tuple[Target, ...], note: Mapping[str, Any]
) -> Generator[Ask, Any, Outcome]:
    """One session after the other until every recipient has a final answer or no target is left."""
    host = world.host(work.host)
    moment = world.moment(host.name)
    message, sender = host.prepare(held, relay, moment)
    source, helo = host.egress(held, relay, moment)
    tries: list[Try] = []
    replies: dict[Address, Reply] = {}
    pending = held.recipients
    policies: Policies = {}
    for target in targets:
        safe: Secured = yield from _asked(world, secured(relay.tls, target, relay.to.port, moment, policies), note)
        world.log.steps(safe.steps, now=world.now, **note)
        if safe.refused:  # not connected to; another host of the domain may do
            tries.append(Try(target, "TLS", verdict=safe.refused))
            _note_try(world, relay, safe.demand, tries[-1], note)
            continue
        wire = {relay.recipient or r: r for r in pending}  # one to one: `process` has merged what would coincide
        passage = passage_for(work, relay, host, {w: work.copies[r] for w, r in wire.items()})
        errand = Errand(
            source, helo, sender, tuple(wire), message, safe.demand, relay.to.port, held.parameters,
            {w: dict(held.recipient_parameters.get(r, {})) for w, r in wire.items()}, relay.login, passage,
        )  # fmt: skip
        one = yield from hand_over(world, relay, target, errand, note)
        tries.append(one)
        _note_try(world, relay, safe.demand, one, note)
        told = {wire[w]: reply for w, reply in one.recipients.items() if w in wire}
        if one.stage in ("MAIL", "DATA") and one.reply:
            told = {**told, **{r: one.reply for r in pending if r not in told or told[r].ok}}
        replies.update(told)
        pending = tuple(r for r in pending if r not in told or told[r].transient or (told[r].ok and one.stage))
        if not pending:
            break
    return Outcome(tuple(tries), None, replies)


def _note_try(world: World, relay: Relay, demand: Demand, one: Try, note: Mapping[str, Any]) -> None:
    """`demand` is what was asked of TLS in the end, the other side's own wishes among it."""
    if one.tls or one.stage == "TLS":
        clock = world.clock(note["host"])
        world.log.steps(tuple(check.examine(one.tls, clock)[1] for check in demand.checks), now=world.now, **note)
    certificate = one.tls.certificate if one.tls else None
    server = world.lab.server_at(one.target.address)
    world.log.add(
        "attempt", now=world.now, to=one.target.name, address=one.target.address, server=server.name if server else "",
        connector=relay.connector.name if relay.connector else "", stage=one.stage, broken=one.broken,
        reply=str(one.reply or ""), verdict=one.verdict.reason if one.verdict else "",
        says=one.verdict.says if one.verdict else "", level=demand.level.name.lower(),
        grade=grade(demand, one.tls) if not one.verdict else "", tls=one.tls.version if one.tls else "",
        subject=certificate.subject if certificate else "",
        at=relay.tls.at if one.verdict else (relay.connector.at if relay.connector else relay.to.at), **note,
    )  # fmt: skip
