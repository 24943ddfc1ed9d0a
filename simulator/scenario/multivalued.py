"""Values that have several parts, changed part by part, as `@{Add="a"; Remove="b"}` does.

    - Set-OutboundConnector: {Identity: To barn, SmartHosts: {Add: mail2.contoso.com, Remove: [mail.contoso.com]}}
    - Set-OutboundConnector "To barn" -SmartHosts @{Add="mail2.contoso.com"}

What is there already is not added again, and what is not there cannot be taken away: neither is an error, as in the shell.
"""

from __future__ import annotations

from simulator.source import Node

__all__ = ["with_whole_lists"]

_WORDS = frozenset({"add", "remove"})


def with_whole_lists(was: Node, patch: Node) -> Node:
    """The patch with every change of a list as the list that it makes of what there was."""
    for entry in patch.entries:
        words = {e.key.casefold() for e in entry.node.entries}
        if words and words <= _WORDS:
            patch = patch.with_entry(entry.key, _whole(was.get(entry.key), entry.node))
    return patch


def _whole(was: Node | None, change: Node) -> Node:
    taken = {_same(item) for item in _items(change.get("Remove"))}
    kept = [item for item in _items(was) if _same(item) not in taken]
    there = {_same(item) for item in kept}
    return Node((*kept, *(item for item in _items(change.get("Add")) if _same(item) not in there)), change.at)


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if node is not None else ()


def _same(node: Node) -> str:
    return node.text.strip().casefold()
