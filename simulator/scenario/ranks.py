"""Objects with an order, after a cmdlet gave one of them a place, took one out, or renamed one.

    New- without Priority         last
    New-, Set- with Priority n    at place n; what stands there, and all behind it, one further on
    Remove-                       the others close up
    a Priority beyond the last    refused, as by the cmdlet

The map is written anew in that order, without numbers: its order is the order.
"""

from __future__ import annotations

from simulator.policy.priority import in_order, moved
from simulator.source import Entry, Node, ProblemList

__all__ = ["at_rank", "renamed", "without_rank"]

_PRIORITY = "Priority"


def at_rank(section: Node, name: str, problems: ProblemList) -> Node | None:
    """The map with one object at the place that its Priority says; None where that is refused."""
    object_ = section.get(name)
    wanted = object_.get(_PRIORITY) if object_ else None
    word = wanted.text.strip() if wanted else ""
    if wanted is None or wanted.is_null or not (word.isascii() and word.isdecimal()):
        return section  # the settings say what is wrong with it
    last = len(section.entries) - 1
    if int(word) > last:
        says = f"Priority {word} is not valid: with this one there are {last + 1}."
        problems.error(wanted.at, says, f"Write 0 to {last}." if last else "Write 0.")
        return None
    others = _ordered(section.without(name))
    mine = section.entry(name)
    assert mine is not None  # it was just written
    return _map(section, moved(others, mine, int(word)))


def without_rank(section: Node, name: str) -> Node:
    """The map without one object, the others in their order."""
    return _map(section, [entry for entry in _ordered(section) if entry.key.casefold() != name.casefold()])


def renamed(section: Node, name: str, new: str) -> Node:
    """The map with another name for one object, in its place."""
    entries = [Entry(new, e.key_at, e.node) if e.key.casefold() == name.casefold() else e for e in section.entries]
    return Node({entry.key.casefold(): entry for entry in entries}, section.at)


def _ordered(section: Node) -> list[Entry]:
    return in_order([(entry, _number(entry.node)) for entry in section.entries])


def _number(node: Node) -> int | None:
    found = node.get(_PRIORITY)
    word = found.text.strip() if found else ""
    return int(word) if word.isascii() and word.isdecimal() else None


def _map(section: Node, entries: list[Entry]) -> Node:
    plain = (Entry(entry.key, entry.key_at, entry.node.without(_PRIORITY)) for entry in entries)
    return Node({entry.key.casefold(): entry for entry in plain}, section.at)
