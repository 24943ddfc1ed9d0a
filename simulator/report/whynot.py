"""Why not that connector: the smallest changes of the lab that would make a message use it, each one tried.

Nothing here knows how a product chooses. `settings_to_try` lists settings that may matter. Every change is made to the
lab's tree, the lab is built anew, and the message is planned again; what is told is what then really used the
connector. Where no change alone is enough, pairs are tried.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from simulator.mail.path import folded, print_path
from simulator.played import Played
from simulator.report.change import Change, ConnectorObject
from simulator.report.settings_to_try import connectors_of, options, winners
from simulator.source import Node

__all__ = ["Remedy", "WhyNot", "connectors_of", "is_used", "why_not"]

Play = Callable[[Node], Played | None]
"""Plans the message in the lab of a tree; None where the tree is no valid lab."""

_MOST_PAIRS, _MOST_TOLD = 250, 6


@dataclass(frozen=True, slots=True)
class Remedy:
    """Changes that together make the connector be used, and the path that the message then takes."""

    changes: tuple[Change, ...]
    path: tuple[str, ...]
    delivers: bool


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The answer. `reasons` are the log's own words for why it lost."""

    connector: ConnectorObject
    used: bool
    reasons: tuple[tuple[str, str], ...]  # sentence, file:line:column
    instead: tuple[str, ...]  # connectors of the same server and direction that were used
    passed: bool  # whether the message came to its server at all
    remedies: tuple[Remedy, ...] = ()
    tried: int = 0


def is_used(played: Played, connector: ConnectorObject) -> bool:
    """Whether the message came or went over it."""
    name, host = folded(connector.name), connector.server
    if connector.is_inbound:
        return any(e.host == host and folded(e["inbound"]) == name for e in played.of("accepted"))
    handed = any(e.host == host and folded(e["connector"]) == name for e in played.of("attempt"))
    return handed or any(e.host == host and name in map(folded, e["connectors"]) for e in played.of("kept", "bounced"))


def why_not(tree: Node, connector: ConnectorObject, base: Played, play: Play) -> WhyNot:
    """Why `base`, the message planned in the lab of `tree`, did not use the connector, and what would change that."""
    instead = tuple(c.name for c in winners(tree, connector, base))
    passed = any(e.host == connector.server for e in base.log if e.msg in base.messages and e.type != "submitted")
    if is_used(base, connector):
        return WhyNot(connector, True, (), instead, passed)
    tried, remedies, first = 0, list[Remedy](), list[Change]()
    for alternatives in options(tree, connector, base):
        first += alternatives[:1]
        for change in alternatives:
            tried += 1
            if found := _tried(tree, (change,), connector, play):
                remedies.append(found)
                break
    if not remedies:
        for pair in list(combinations(first, 2))[:_MOST_PAIRS]:
            tried += 1
            if pair[0].where != pair[1].where and (found := _tried(tree, pair, connector, play)):
                remedies.append(found)
            if len(remedies) == _MOST_TOLD:
                break
    return WhyNot(connector, False, _reasons(connector, base), instead, passed, tuple(remedies), tried)


def _tried(tree: Node, changes: Sequence[Change], connector: ConnectorObject, play: Play) -> Remedy | None:
    for change in changes:
        tree = _edited(tree, change.where, change.node)
    played = play(tree)
    if played is None or not is_used(played, connector):
        return None
    ends = [e.path for e in played.endings]
    return Remedy(tuple(changes), tuple(map(print_path, ends)), all(p.end.word == "delivered" for p in ends))


def _edited(tree: Node, where: Sequence[str], node: Node) -> Node:
    if not where:
        return node
    inner = tree.get(where[0]) or Node.of({})
    return tree.with_entry(where[0], _edited(inner, where[1:], node))


def _reasons(connector: ConnectorObject, base: Played) -> tuple[tuple[str, str], ...]:
    """The log's words. Where tenants share a front door, another one's log may have them."""
    here, elsewhere = dict[tuple[str, str], None](), dict[tuple[str, str], None]()
    for event in base.of("decision"):
        found = here if event.host == connector.server else elsewhere
        for candidate in event["candidates"]:
            if folded(candidate["name"]) == folded(connector.name) and not candidate["chosen"]:
                found[candidate["says"] or candidate["reason"], candidate["at"]] = None
    return tuple(here or (elsewhere if connector.is_inbound else ()))
