"""Which reading of the sources a run rests on: the knobs of every server, as they are in force.

A knob is a choice where sources disagree or are silent. A run says which of them are not at their defaults; its document has
all of them, so that no rehearsal depends on one in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from simulator.policy.settings import Settings
from simulator.products.registry import PRODUCTS
from simulator.source import Node

__all__ = ["knobs_in_force", "turned", "turned_line"]

_MANY = 6


def knobs_in_force(tree: Node) -> dict[str, dict[str, str]]:
    """The modelled knobs of a lab's servers, by server: what the file writes, else the default."""
    return {server: {**defaults, **written} for server, defaults, written in _knobs(tree)}


def turned(tree: Node) -> dict[tuple[str, str], str]:
    """The knobs that stand at another value than their default, by server and name."""
    return {
        (server, knob): value
        for server, defaults, written in _knobs(tree)
        for knob, value in written.items()
        if value != defaults[knob]
    }


def turned_line(trees: Iterable[Node]) -> str:
    """What of it is worth saying above a run of flows; empty where every knob is at its default."""
    all_of_them = [turned(tree) for tree in trees]
    counts = Counter(f"{server} {knob} {value}" for one in all_of_them for (server, knob), value in one.items())
    if not counts:
        return ""
    if len(counts) > _MANY:
        names = dict.fromkeys(knob for one in all_of_them for _, knob in one)
        which = ", ".join(names) if len(names) <= _MANY else f"{len(names)} of them, which --json names"
        return f"knobs turned in {_flows(sum(map(bool, all_of_them)))}: {which}"
    told = (name if count == len(all_of_them) else f"{name} ({_flows(count)})" for name, count in counts.items())
    return f"knobs: {', '.join(told)}"


def _flows(count: int) -> str:
    return f"{count} flow{'s' if count != 1 else ''}"


def _knobs(tree: Node) -> Iterable[tuple[str, Mapping[str, str], Mapping[str, str]]]:
    """Every server that has knobs: its name, their defaults, and what is written."""
    servers = tree.get("servers")
    for entry in servers.entries if servers else ():
        kind = entry.node.get("is")
        product = PRODUCTS.get(kind.text.strip().casefold()) if kind else None
        field = product.settings.__fields__.get("knobs") if product and product.is_built else None
        if field is None or not isinstance(field.default, Settings):
            continue
        known = {name: one for name, one in field.default.__fields__.items() if one.modelled}
        held = entry.node.get("knobs")
        written = {e.key.casefold(): _written(e.node) for e in (held.entries if held else ())}
        defaults = {name: _shown(one.default) for name, one in known.items()}
        yield entry.key, defaults, {name: text for name, text in written.items() if name in known}


def _written(node: Node) -> str:
    if node.is_null:
        return _shown(None)
    return ", ".join(item.text.strip() for item in node.items) or _shown(())


def _shown(value: Any) -> str:
    """A default in the words of a file."""
    if value is None:
        return "left out"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (tuple, list)):
        return ", ".join(map(_shown, value)) or "none"
    if isinstance(value, timedelta):
        return f"{int(value.total_seconds() // 60)}m"
    return str(value)
