"""Expectations that are numbers: how often mail was tried, how many copies came, when, and with which status."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from simulator.played import Played
from simulator.scenario.compare import in_range, is_text, shown, text_fits
from simulator.scenario.wire import Difference
from simulator.source import Node

__all__ = ["attempts", "check_not_before", "check_status", "check_within", "copies", "measured", "retries"]

Check = Callable[[Node, Played], Iterable[Difference]]


def measured(name: str, measure: Callable[[Played], float]) -> Check:
    """The check of a number or range."""

    def check(node: Node, played: Played) -> Iterable[Difference]:
        value = measure(played)
        if not text_fits(node, lambda want: bool(in_range(want, value))):
            yield Difference(name, node.at, shown(node), f"{value:g}")

    return check


def retries(played: Played) -> float:
    """How often one copy was kept for later."""
    return max((sum(1 for k in played.of("kept") if k["copy"] == c) for c in _sent_copies(played)), default=0)


def attempts(played: Played) -> float:
    """Attempts to hand one copy on; a copy that never left its host needed none."""
    fates = [e for e in played.of("kept", "handed on", "bounced") if e.type != "bounced" or e["attempts"]]
    return max((sum(1 for f in fates if f["copy"] == c) for c in _sent_copies(played)), default=0)


def _sent_copies(played: Played) -> list[str]:
    return [e["copy"] for e in played.of("accepted", "replaced")]


def copies(played: Played) -> float:
    """How many copies of one message one mailbox got."""
    got = [(e.msg, e["mailbox"]) for e in played.of("delivered")]
    return max((got.count(g) for g in got), default=0)


def _settled(played: Played) -> float:
    if any(e.status == "queued" for e in played.endings):
        return float("inf")
    return max((e.event.t for e in played.endings), default=float("inf"))


def check_within(node: Node, played: Played) -> Iterable[Difference]:
    took = _settled(played)
    if not text_fits(node, lambda want: bool(in_range(want if ".." in want else f"..{want}", took))):
        yield Difference("within", node.at, shown(node), f"{took:g} s of mail time")


def check_not_before(node: Node, played: Played) -> Iterable[Difference]:
    firsts: dict[str, float] = {}
    for ending in played.endings:
        firsts[ending.event.msg] = min(ending.event.t, firsts.get(ending.event.msg, ending.event.t))
    first = max(firsts.values(), default=0.0)  # of several messages the last one counts, as it does for `within`
    if not text_fits(node, lambda want: bool(in_range(want if ".." in want else f"{want}..", first))):
        yield Difference("not before", node.at, shown(node), f"{first:g} s of mail time")


_STATUS = {
    "delivered": "Delivered",
    "bounced": "Failed",
    "refused": "Failed",
    "queued": "Pending",
    "held": "Quarantined",
}


def check_status(node: Node, played: Played) -> Iterable[Difference]:
    got = [_STATUS.get(e.status, e.status) for e in played.endings]
    if not got or not all(is_text(node, g) for g in got):
        yield Difference("status", node.at, shown(node), ", ".join(got))
