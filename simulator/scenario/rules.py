"""`rules: {NAME: run or not run}`: which mail flow rules a flow's messages met.

A rule ran when at least one copy, at any host, was one that it matched; in an audit mode too, where it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.mail.path import folded
from simulator.played import Played
from simulator.scenario.compare import alternatives, shown
from simulator.scenario.wire import Difference
from simulator.source import Node

__all__ = ["check_rules"]

_STEP = "RULES"


def check_rules(node: Node, played: Played) -> Iterable[Difference]:
    """The differences of every rule that is named."""
    asked = [c for e in played.of("decision") if e["step"] == _STEP for c in e["candidates"]]
    for entry in node.entries:
        mine = [c for c in asked if folded(c["name"]) == folded(entry.key)]
        key = f"rules {entry.key}"
        if not mine and (asked or _wants(entry.node, "run")):
            known = ", ".join(dict.fromkeys(c["name"] for c in asked))
            got = f"there is no such rule; asked were {known}" if asked else "no mail flow rule was asked"
            yield Difference(key, entry.node.at, shown(entry.node), got)
            continue
        ran = any(c["chosen"] for c in mine)
        if not _wants(entry.node, "run" if ran else "not run"):
            why = "; ".join(dict.fromkeys(c["says"] for c in mine if c["chosen"] == ran))
            yield Difference(key, entry.node.at, shown(entry.node), f"{'run' if ran else 'not run'}: {why}")


def _wants(node: Node, word: str) -> bool:
    return any(folded(choice.text) == word for choice in alternatives(node))
