"""A listening host asks the next one about a recipient before it answers RCPT (call-forward, recipient callout).

It opens a session there as it would for the message, says MAIL and RCPT, and leaves without content. What was said comes
back as an `Outcome`; what to make of it is the host's affair (`policy.host.AsksNext`).
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from simulator.mail.address import Address, Sender
from simulator.policy.attempt import Outcome, Try, Unroutable
from simulator.policy.dialogue import Action, Errand, converse
from simulator.policy.mx import resolve
from simulator.policy.route import Relay
from simulator.world import Passage, World
from simulator.zone import Question

__all__ = ["inquire"]


def inquire(
    world: World, host: str, relay: Relay, sender: Sender, recipient: Address, passage: Passage | None
) -> Generator[Question | Action, Any, Outcome]:
    """What the hosts that `relay` leads to say of a recipient; the first that has an answer counts."""
    msg, hop = (passage.msg, passage.hop + 1) if passage else ("", 0)
    asking = resolve(relay.to, world.moment(host))
    answer: Any = None
    while True:
        try:
            question = asking.send(answer)
        except StopIteration as done:
            found = done.value
            break
        answer = yield question
        world.log.add(
            "dns", now=world.now, host=host, msg=msg, hop=hop, question=str(question), status=answer.status,
            answer=answer.told,
        )  # fmt: skip
    if isinstance(found, Unroutable):
        return Outcome(unroutable=found)
    own = world.lab.servers[host]
    tries: list[Try] = []
    for target in found:
        errand = Errand(
            own.addresses[0], own.fqdn, sender, (recipient,), b"", relay.tls, relay.to.port,
            passage=Passage(msg, hop, host), asks_only=True,
        )  # fmt: skip
        one = yield from converse(target, errand, world.now)
        tries.append(one)
        if recipient in one.recipients:
            break
    return Outcome(tuple(tries))
