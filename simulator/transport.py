"""What a host does with the mail it has accepted: route each recipient, attempt the next hop, settle the fate.

Written as a generator: it yields DNS questions and the actions of an SMTP client, and is sent what came back. The
engines carry these out, so routing, retry and bounce have one copy only. Recipients whose routes are equal travel
in one transaction; every retry routes anew, so a changed connector takes effect while mail waits.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from simulator.attempts import Ask, Told, passage_for, targets, try_each
from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.mishaps import full_mailbox, tells_time
from simulator.outside import take_out
from simulator.policy.attempt import Outcome, Target, Try, Unroutable
from simulator.policy.bounce import silence, unreported
from simulator.policy.confirm import GROUP, MAILBOX, confirmation
from simulator.policy.dialogue import Errand, converse
from simulator.policy.host import Held, Host, Journals, Notice
from simulator.policy.relaying import without_smtputf8
from simulator.policy.route import (
    Bounce,
    Deliver,
    Discard,
    Drop,
    Expand,
    HandedOn,
    Hold,
    Keep,
    Relay,
    Return,
    Revise,
    Route,
)
from simulator.policy.tls import grade
from simulator.queue import Work
from simulator.source import NOWHERE
from simulator.world import Delivery, Passage, World

__all__ = ["Ask", "Journey", "Told", "process", "submit"]

Journey = Generator[Ask, Any, None]


def process(world: World, work: Work, seen: set[Address] | None = None, above: tuple[Address, ...] = ()) -> Journey:
    """Routes the recipients of one piece of work and carries out what follows.

    `seen` are the addresses that the message goes to at this host so far: nobody gets it twice because two groups
    name them. `above` are the groups and forwards that led here.
    """
    host = world.host(work.host)
    if seen is None and not work.attempts and isinstance(host, Journals):
        for notice in host.journal(work.held, world.moment(host.name)):
            _write(world, host, notice.message, notice.to, world.new_message(), work.msg)
    seen = seen if seen is not None else set(work.copies)
    revisions: list[tuple[Revise, list[Address]]] = []
    relays: dict[tuple[Relay, bool], list[Address]] = {}  # an address outside ASCII may need what the others do not
    for recipient in work.copies:
        routing = host.route(_only(work.held, (recipient,)), recipient, world.moment(host.name))
        note: dict[str, Any] = {"now": world.now, "host": host.name, "msg": work.msg, "hop": work.hop}
        world.log.steps(routing.steps, rcpt=str(recipient), **note)
        route = routing.route
        if isinstance(route, Relay) and route.recipient in seen and route.recipient != recipient:
            _merge(world, work, recipient, route.recipient)
        elif isinstance(route, Relay):
            seen.add(route.recipient or recipient)
            relays.setdefault((route, str(route.recipient or recipient).isascii()), []).append(recipient)
        elif isinstance(route, Expand):
            yield from _expand(world, work, recipient, route, seen, above)
        elif isinstance(route, Revise):
            same = next((members for known, members in revisions if known == route), None)
            if same is None:
                revisions.append((route, [recipient]))
            else:
                same.append(recipient)
        else:
            _settle_here(world, work, recipient, route)
    for revise, revised in revisions:
        yield from _revise(world, work, tuple(revised), revise, seen, above)
    for (relay, _), recipients in relays.items():
        yield from _attempt(world, work, relay, tuple(recipients))


def _merge(world: World, work: Work, recipient: Address, other: Address | None) -> None:
    """The message goes to the address that this recipient stands for anyway."""
    world.log.add(
        "expanded", now=world.now, host=work.host, msg=work.msg, hop=work.hop, copy=work.copies[recipient],
        rcpt=str(recipient), to=[], why="substitute", keep=False, merged=[str(other)],
    )  # fmt: skip


def _only(held: Held, recipients: tuple[Address, ...]) -> Held:
    """The message for some of its recipients."""
    return held if held.recipients == recipients else replace(held, recipients=recipients)


def _settle_here(world: World, work: Work, recipient: Address, route: Route) -> None:
    note: dict[str, Any] = {"now": world.now, "host": work.host, "msg": work.msg, "hop": work.hop}
    copy = work.copies[recipient]
    full = full_mailbox(world, work, route.mailbox) if isinstance(route, Deliver) else None
    if full:
        _bounce(world, work, recipient, Bounce(full, refused=False), "", "")
    elif isinstance(route, Deliver):
        world.mailboxes.append(
            Delivery(
                work.msg, copy, work.host, route.mailbox, route.folder, route.message or work.held.message, world.now
            )
        )
        world.log.add(
            "delivered", copy=copy, mailbox=str(route.mailbox), folder=route.folder, rcpt=str(recipient), **note
        )
        _confirm(world, work, recipient, "delivered", MAILBOX)
    elif isinstance(route, Discard):
        world.log.add("dropped", copy=copy, rcpt=str(recipient), why=route.why, **note)
    elif isinstance(route, Hold):
        world.log.add("held", copy=copy, rcpt=str(recipient), reason=route.reason, **note)
    elif isinstance(route, Return):
        _bounce(world, work, recipient, Bounce(route.reply, refused=False, loop=route.loop), "", "")


def _expand(
    world: World, work: Work, recipient: Address, route: Expand, seen: set[Address], above: tuple[Address, ...]
) -> Journey:
    note: dict[str, Any] = {"now": world.now, "host": work.host, "msg": work.msg, "hop": work.hop}
    new = tuple(a for a in dict.fromkeys(route.to) if a not in seen)
    known = tuple(a for a in route.to if a in seen)
    if not new and not route.keep and all(a in (*above, recipient) for a in known):
        if known and route.why != "group":  # forwards that point at each other
            loop = Bounce(Reply(554, "5.4.6", "Recipients refer to each other without end"), refused=False, loop=True)
            _bounce(world, work, recipient, loop, "", "")
        else:  # a group without members, or with itself alone: nobody gets it, and nobody is told
            _settle_here(world, work, recipient, Discard(f"empty {route.why}"))
        return
    world.log.add(
        "expanded", copy=work.copies[recipient], rcpt=str(recipient), to=[str(a) for a in new], why=route.why,
        keep=route.keep, merged=[str(a) for a in known], **note,
    )  # fmt: skip
    seen.update(new)
    asked = "all" if len(route.to) == 1 and not route.keep and route.why not in ("group", "list") else "less"
    if route.keep:
        kept = world.split(work, recipient, (recipient,))
        _settle_here(world, kept, recipient, Deliver(recipient))
    elif route.why == "list":  # RFC 3461 5.2.7.1: for the sender, the list is where the message ends
        asked = "nothing"
        _confirm(world, work, recipient, "delivered", MAILBOX)
    elif asked == "less":
        _confirm(world, work, recipient, "expanded", GROUP)
    if new:
        yield from process(world, world.split(work, recipient, new, asked), seen, (*above, recipient))


def _revise(
    world: World, work: Work, recipients: tuple[Address, ...], route: Revise, seen: set[Address], above: tuple[Address, ...]
) -> Journey:  # fmt: skip
    """Routes the same copies again in their new state, and beside them whom a rule put in or added."""
    held = replace(_only(work.held, recipients), message=route.message, facts={**work.held.facts, **route.facts})
    copies = {r: work.copies[r] for r in recipients}
    for recipient, copy in copies.items():
        world.log.add(
            "revised", now=world.now, host=work.host, msg=work.msg, hop=work.hop, copy=copy, rcpt=str(recipient),
            why=route.why, size=route.message.size,
        )  # fmt: skip
    now = replace(work, held=held, copies=copies)
    if route.instead is not None:
        for recipient in recipients:
            yield from _expand(world, now, recipient, Expand(route.instead, route.why), seen, above)
        return
    added = tuple(a for a in dict.fromkeys(route.also) if a not in seen)
    if not added:
        yield from process(world, now, seen, above)
        return
    # The first recipient's copy stands for the message: it becomes one for itself and one for each who is added.
    first, *rest = recipients
    world.log.add(
        "expanded", now=world.now, host=work.host, msg=work.msg, hop=work.hop, copy=copies[first], rcpt=str(first),
        to=[str(a) for a in added], why=route.why, keep=True, merged=[],
    )  # fmt: skip
    seen.update(added)
    yield from process(world, world.split(now, first, (first, *added)), seen, above)
    if rest:
        others = {r: copies[r] for r in rest}
        yield from process(world, replace(now, held=_only(held, tuple(rest)), copies=others), seen, above)


def _attempt(world: World, work: Work, relay: Relay, recipients: tuple[Address, ...]) -> Journey:
    host = world.host(work.host)
    held = _only(work.held, recipients)
    note: dict[str, Any] = {"host": host.name, "msg": work.msg, "hop": work.hop}
    world.elapse(world.lab.hop_latency)
    attempts = work.attempts + 1
    tells_time(world, host.name, work.msg, work.hop)
    found = yield from targets(world, relay.to, host.name, work.msg, work.hop)
    if isinstance(found, Unroutable):
        world.log.add(
            "unroutable", now=world.now, reason=found.reason, name=found.name, says=found.says,
            connector=relay.connector.name if relay.connector else "", **note,
        )  # fmt: skip
        outcome = Outcome(unroutable=found)
    else:
        outcome = yield from try_each(world, work, relay, held, found, note)
    fates = host.after_attempt(held, relay, outcome, attempts, world.moment(host.name))
    fates = without_smtputf8(outcome, fates)
    waiting: dict[Any, list[Address]] = {}
    for recipient in recipients:
        fate = fates[recipient]
        copy = work.copies[recipient]
        last = outcome.about(relay.recipient or recipient)
        by = world.lab.server_at(last.target.address) if last else None
        if isinstance(fate, HandedOn):
            wire = relay.recipient or recipient
            world.log.add(
                "handed on", now=world.now, copy=copy, rcpt=str(recipient), reply=str(fate.reply),
                connectors=[relay.connector.name] if relay.connector else [], wire=str(wire),
                to=last.target.name if last else "", address=last.target.address if last else "",
                tls=last.tls.version if last and last.tls else "", pool=relay.pool, **note,
            )  # fmt: skip
            if by and by.runs_at:
                passage = passage_for(work, relay, host, {wire: copy})
                take_out(world, by, passage, held.sender, (wire,), held.message)
            taker = outcome.taker(wire)
            if taker and not taker.dsn:
                _confirm(world, work, recipient, "relayed", fate.reply, taker.target.name)
        elif isinstance(fate, Keep):
            due = fate.due - (world.clock(host.name) - world.now)  # hosts count by their own clock
            waiting.setdefault(due, []).append(recipient)
            world.log.add(
                "kept", now=world.now, copy=copy, rcpt=str(recipient), reply=str(fate.reply), codes=fate.reply.codes,
                remote=str(fate.remote or ""), attempts=attempts, due_s=(due - world.log.begin).total_seconds(),
                connectors=[relay.connector.name] if relay.connector else [],
                to=by.name if by else "", at=relay.tls.at if last and last.stage == "TLS" else relay.to.at, **note,
            )  # fmt: skip
            if fate.notice:
                to, message = fate.notice
                _report(world, work, recipient, "delayed", Notice(message, to, host.name))
        elif isinstance(fate, Drop):
            world.log.add(
                "dropped", now=world.now, copy=copy, rcpt=str(recipient), why=fate.why, reply=str(fate.reply),
                attempts=attempts, at=relay.to.at, **note,
            )  # fmt: skip
        else:
            _bounce(
                world, work, recipient, fate, by.name if by else "", last.target.name if last else "",
                [relay.connector.name] if relay.connector else [], attempts,
            )  # fmt: skip
    for due, names in waiting.items():
        copies = {r: work.copies[r] for r in names}
        again = _only(work.held, tuple(names))
        world.queue.put(Work(due, host.name, again, work.msg, work.hop, copies, attempts))


def _bounce(
    world: World, work: Work, recipient: Address, fate: Bounce, by: str, remote_name: str,
    connectors: list[str] | None = None, attempts: int = 0,
) -> None:  # fmt: skip
    """Notes that a copy came to its end here, and sends the report where one may be written."""
    host = world.host(work.host)
    notice = None
    silent = unreported(work.held, recipient)
    if silent not in ("double-bounce", "null-sender"):
        notice = host.report(work.held, recipient, fate.reply, fate.remote, remote_name, world.moment(host.name))
    report = world.new_message() if notice else ""
    if silent and not notice:
        world.log.steps(
            (silence(work.held, recipient),), now=world.now, host=host.name, msg=work.msg, hop=work.hop, rcpt=str(recipient)
        )  # fmt: skip
    world.log.add(
        "bounced", now=world.now, host=host.name, msg=work.msg, hop=work.hop, copy=work.copies[recipient],
        rcpt=str(recipient), reply=str(fate.reply), codes=fate.reply.codes, remote=str(fate.remote or ""), by=by,
        remote_codes=fate.remote.codes if fate.remote else "", refused=fate.refused, loop=fate.loop, report=report,
        to=str(notice.to) if notice else "", connectors=connectors or [], attempts=attempts,
        unreported="" if notice else silent or "not-written",
    )  # fmt: skip
    if notice:
        _write(world, host, notice.message, notice.to, report, work.msg)


def _confirm(
    world: World, work: Work, recipient: Address, action: str, reply: Reply, remote_host: str = ""
) -> None:  # fmt: skip
    """Tells the sender of a success, where that was asked for."""
    host = world.host(work.host)
    notice = confirmation(host, work.held, recipient, action, reply, remote_host, world.moment(host.name))
    if notice:
        _report(world, work, recipient, action, notice)


def _report(world: World, work: Work, recipient: Address, action: str, notice: Notice) -> None:
    """Sends a report of anything but a failure, and notes it with the message that it tells of."""
    host, report = world.host(work.host), world.new_message()
    world.log.add(
        "reported", now=world.now, host=host.name, msg=work.msg, hop=work.hop, copy=work.copies[recipient],
        rcpt=str(recipient), action=action, report=report, to=str(notice.to),
    )  # fmt: skip
    _write(world, host, notice.message, notice.to, report, work.msg)


def _write(world: World, host: Host, message: Message, to: Address, msg: str, about: str) -> None:
    """A message of the host's own, `msg`, with the null sender; `about` is the message that it tells of."""
    own = world.lab.servers[host.name]
    session = Session(peer=own.addresses[0], server=host.name, helo=own.fqdn)
    eight = {} if message.rest.isascii() else {"BODY": "8BITMIME"}  # RFC 6152
    held = Held(message, None, (to,), session, world.clock(host.name), parameters=eight, generated=True)
    world.log.add("written", now=world.now, host=host.name, msg=msg, hop=0, about=about, to=str(to))
    world.take_in(held, host, Passage(msg, 0, host.name))


def _take_directly(world: World, errand: Errand, target: Target, server: str) -> Try:
    """A machine's own mail begins there without a session."""
    host = world.host(server)
    session = Session(peer=errand.source, server=server, helo=host.fqdn)
    message = errand.content if isinstance(errand.content, Message) else Message.parse(errand.content)
    held = Held(
        message, errand.sender, errand.recipients, session, world.clock(server), parameters=errand.parameters,
        recipient_parameters=errand.recipient_parameters,
    )  # fmt: skip
    world.take_in(held.with_message(host.stamp(held, world.moment(server))), host, errand.passage)
    return Try(target)


def submit(world: World, errand: Errand, target: Target, *, person: str, server: str) -> Generator[Ask, Any, Try]:
    """A person's client hands in a message: one session, no queue."""
    msg = errand.passage.msg if errand.passage else ""
    world.log.add(
        "submitted", now=world.now, host=server, msg=msg, hop=0, person=person, sender=str(errand.sender or "<>"),
        rcpts=[str(r) for r in errand.recipients], source=errand.source, size=errand.size,
    )  # fmt: skip
    world.elapse(world.lab.hop_latency)
    if world.host(server).submission.direct:
        return _take_directly(world, errand, target, server)
    one = yield from converse(target, errand, world.now)
    world.log.add(
        "client", now=world.now, host=server, msg=msg, hop=0, stage=one.stage, broken=one.broken,
        reply=str(one.reply or ""), grade=grade(errand.tls, one.tls) if not one.verdict else "",
        verdict=one.verdict.reason if one.verdict else "", at=world.lab.servers[server].at if one.broken else NOWHERE,
    )  # fmt: skip
    called = world.lab.server_at(target.address)
    if called and called.runs_at and not one.stage:
        content = errand.content if isinstance(errand.content, Message) else Message.parse(errand.content)
        taken = tuple(r for r in errand.recipients if r in one.recipients and one.recipients[r].ok)
        take_out(world, called, errand.passage, errand.sender, taken, content)
    return one
