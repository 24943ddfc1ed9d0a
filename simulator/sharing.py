"""Several messages over one connection: what is left open, taken up again, and hung up at last.

The rule is `policy.reuse`; here it meets the world. The queue is worked off in its order all the same: a connection only
waits for the next message of its host, so what becomes of each message does not depend on it. When the work that a host has
due is done, `part` says QUIT on what it left open; no connection outlives a run of the engine.

A connection with a server that is down is dead: it is given up without a word, and the next message finds a closed door.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from simulator.policy.attempt import Target, Try
from simulator.policy.dialogue import Action, Errand, Quit, Resume, converse
from simulator.policy.reuse import Standing, Terms, choose, closed, messages_per_connection
from simulator.policy.route import Relay
from simulator.world import World

__all__ = ["hand_over", "part"]


def hand_over(
    world: World, relay: Relay, target: Target, errand: Errand, note: Mapping[str, Any]
) -> Generator[Action, Any, Try]:
    """A session with one target, or one more transaction in a session that stands open."""
    host = note["host"]
    now = world.clock(host)
    if not world.lab.reuses_connections:
        return (yield from converse(target, errand, now))
    terms = Terms(host, relay.to, target, errand.source, errand.helo, errand.tls, errand.login)
    most = messages_per_connection(world.host(host), relay)
    shared, step = choose(world.standing, terms)
    world.log.steps((step,) if step else (), now=world.now, **note)
    if shared:
        world.standing.remove(shared)
        if _is_dead(world, shared):
            yield Resume(shared.line.number)  # what a connection is taken up for that is followed by CONNECT
            shared = None
    one = yield from _transaction(world, terms, errand, shared, most)
    if shared and one.stage == "MAIL" and one.reply and one.reply.code == 421:
        world.log.steps((closed(shared, str(one.reply)),), now=world.now, **note)
        one = yield from _transaction(world, terms, errand, None, most)
    return one


def _transaction(
    world: World, terms: Terms, errand: Errand, shared: Standing | None, most: int
) -> Generator[Action, Any, Try]:
    """One message; the connection is left open where its host has more to do and the number is not reached."""
    messages = shared.messages + 1 if shared else 1
    goes_on = (not most or messages < most) and world.queue.has_due(terms.host, world.now)
    number = (shared.line.number if shared else world.new_line()) if goes_on else 0
    line = shared.line if shared else None
    one = yield from converse(terms.target, replace(errand, leaves=number), world.clock(terms.host), line)
    if one.open:
        world.standing.append(Standing(one.open, terms, messages))
    return one


def part(world: World, *, everybody: bool = False) -> Generator[Action, Any, None]:
    """Hangs up for hosts that have nothing due any more, or for `everybody`."""
    for standing in tuple(world.standing):
        if everybody or not world.queue.has_due(standing.terms.host, world.now):
            world.standing.remove(standing)
            yield Resume(standing.line.number)
            if not _is_dead(world, standing):
                yield Quit()


def _is_dead(world: World, standing: Standing) -> bool:
    """Whether one of the two is down, or the way between them."""
    if not world.faults:
        return False
    client, called = standing.terms.host, world.lab.server_at(standing.terms.target.address)
    if world.down_until(client) is not None:
        return True
    return called is not None and any(f.meets(called.name, client) for f in world.faults.active("down", world.now))
