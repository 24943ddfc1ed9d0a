"""The words of `always:`: what must hold in every flow, whatever its path.

`no open relay` is judged on probes that the caller plays (a stranger asks every host to relay); the others are read
off the flow's own log. A duplicate that a connection cut after the final dot explains is none for `no duplicates`:
SMTP cannot do better (RFC 1047). `copies` counts it, and so does the balance; `violates: no duplicates` is true of it too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from simulator.played import Played
from simulator.scenario.wire import Difference
from simulator.source import NOWHERE, Source

__all__ = ["INVARIANTS", "check_invariants"]


def _no_loop(played: Played) -> Iterable[str]:
    for ending in (*played.endings, *played.reports):
        if ending.path.end.word == "LOOP":
            yield f"a loop detector stopped mail for {ending.rcpt} at {ending.path.legs[-1].server}"


def _nothing_lost(played: Played) -> Iterable[str]:
    sums = played.balance
    if not sums.holds:
        lost = f"; without a fate: {', '.join(sums.lost)}" if sums.lost else ""
        lost += f"; taken twice for no reason: {', '.join(sums.unexplained)}" if sums.unexplained else ""
        yield (
            f"accepted {sums.accepted}, delivered {sums.delivered}, bounced {sums.bounced}, queued {sums.queued}, "
            f"dropped {sums.dropped}, held {sums.held}{lost}"
        )


def _no_duplicates(played: Played) -> Iterable[str]:
    return _duplicates(played, lambda msg: _repeated(played, msg))


def _duplicates(played: Played, explained: Callable[[str], int] = lambda msg: 0) -> Iterable[str]:
    """Mailboxes that got a message more often than once and as often again as is explained."""
    got = [(e.msg, e["mailbox"]) for e in played.log.of("delivered")]
    for msg, mailbox in dict.fromkeys(got):
        count = got.count((msg, mailbox))
        if count > 1 + explained(msg):
            yield f"{mailbox} got {msg} {count} times"


def _repeated(played: Played, msg: str) -> int:
    """How often a message was sent again because a planned fault kept its sender from hearing that it was taken."""
    return sum(1 for e in played.log.of("fault") if e.msg == msg and e["copies"])


def _no_clear_text(played: Played) -> Iterable[str]:
    for event in played.log.of("attempt"):
        if event["server"] and not event["broken"] and not event["stage"] and event["grade"] == "none":
            yield f"{event.host} -> {event['server']} went in clear text"


INVARIANTS: dict[str, Callable[[Played], Iterable[str]]] = {
    "no loop": _no_loop,
    "nothing lost": _nothing_lost,
    "no duplicates": _no_duplicates,
    "no clear text": _no_clear_text,
}
"""All but `no open relay`."""


def check_invariants(
    always: Mapping[str, Source], violates: Mapping[str, Source], played: Played, relays: Callable[[], list[str]]
) -> list[Difference]:
    """What was violated without being meant to, and what was meant to be violated and was not.

    `nothing lost` is asked of every flow, written or not.
    """
    found: list[Difference] = []
    for word in dict.fromkeys((*always, *violates, "nothing lost")):
        wrong = relays() if word == "no open relay" else list(INVARIANTS[word](played))
        if word == "no duplicates" and word in violates and not wrong:
            wrong = list(_duplicates(played))  # who says so means those that a cut explains, too
        if word in violates and not wrong:
            found.append(Difference("violates", violates[word], f"{word} is violated", "it holds"))
        elif wrong and word not in violates:
            found.append(Difference("always", always.get(word, NOWHERE), word, wrong[0]))
    return found
