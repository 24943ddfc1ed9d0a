"""`given:`, a patch with the shape of the lab file.

* a map goes into a map, entry by entry, without regard to case; a list or a single value replaces what was there;
* `null` is the product's null and is kept as such;
* `NAME: remove` deletes an entry, and one that is not there is an error: a patch that does nothing is a mistake;
* `like: NAME` inside an entry copies its neighbour of that name first; the neighbour may be one of the same patch.

Every value keeps the place where it was written: what the patch changed points into the patch, all else into the lab.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulator.scenario.errors import near_miss
from simulator.source import Entry, Node, ProblemList, Scalar

__all__ = ["SHORT_FORMS", "apply_patch", "is_remove"]

SHORT_FORMS: Final[Mapping[str, str]] = {"accepteddomains": "DomainType"}
"""Maps whose entries may be a single value: the setting that it stands for, so that a patch can add others."""


def is_remove(node: Node) -> bool:
    """The bare word `remove`; in quotes it is text."""
    return isinstance(node.value, Scalar) and not node.value.quoted and node.value.text == "remove"


def apply_patch(tree: Node, patch: Node, problems: ProblemList, *, path: tuple[str, ...] = ()) -> Node:
    """`tree` with `patch` applied; neither is changed. `path` are the keys that lead to `tree` in the lab."""
    return _Patching(problems).merged(tree, patch, path)


class _Patching:
    """One application, and where its problems go. `path` are the keys that lead to a node."""

    def __init__(self, problems: ProblemList) -> None:
        self.problems = problems
        self.circles: set[frozenset[str]] = set()

    def merged(self, tree: Node | None, patch: Node, path: tuple[str, ...]) -> Node:
        if not patch.is_map:
            return patch
        base = _as_map(tree, path) or Node({}, patch.at)
        result = base
        for entry in patch.entries:
            if entry.key == "like" and path:
                continue  # has been followed by the map around it
            if is_remove(entry.node):
                result = self._removed(result, entry, path)
                continue
            was = base.entry(entry.key)
            here = (*path, entry.key)
            start = self._copied(base, patch, entry, path) or (was.node if was else None)
            node = self.merged(start, entry.node, here)
            merges = was is not None and was.node.is_map and node.is_map and not entry.node.get("like")
            result = result.with_entry(entry.key, node, was.key_at if was and merges else entry.key_at)
        return result

    def _removed(self, tree: Node, entry: Entry, path: tuple[str, ...]) -> Node:
        if tree.entry(entry.key) is None:
            says = f"there is no {entry.key} to remove{f' in {path[-1]}' if path else ''}."
            self.problems.error(entry.key_at, says, near_miss(entry.key, [e.key for e in tree.entries]).strip())
        return tree.without(entry.key)

    def _copied(self, tree: Node, patch: Node, entry: Entry, path: tuple[str, ...]) -> Node | None:
        """The neighbour that an entry's `like` names, patched as the same patch says, or None."""
        names = [entry.key]
        layers: list[Node] = []
        like = entry.node.get("like")
        while like is not None:
            name = like.text.strip()
            if name.casefold() in {n.casefold() for n in names}:
                self._circle([*names, name], like)
                return None
            names.append(name)
            told, was = patch.entry(name), tree.entry(name)
            if told is None or is_remove(told.node):
                if was is None:
                    known = [e.key for e in (*tree.entries, *patch.entries) if e.key.casefold() != entry.key.casefold()]
                    self.problems.error(
                        like.at, f'no "{name}" beside {entry.key} to copy.', near_miss(name, known).strip()
                    )
                    return None
                return self._layered(was.node, layers, (*path, name))
            layers.append(told.node)
            like = told.node.get("like")
            if like is None:
                return self._layered(was.node if was else None, layers, (*path, name))
        return None

    def _circle(self, names: list[str], like: Node) -> None:
        members = frozenset(name.casefold() for name in names)
        if members not in self.circles:
            self.problems.error(like.at, f"like goes in a circle: {' -> '.join(names)}.", "Write one of them out.")
        self.circles.add(members)

    def _layered(self, base: Node | None, layers: list[Node], path: tuple[str, ...]) -> Node | None:
        for layer in reversed(layers):
            base = self.merged(base, layer, path)
        return base


def _as_map(tree: Node | None, path: tuple[str, ...]) -> Node | None:
    """A map as it is; a single value as the map that it stands for, if it stands for one."""
    if tree is None or tree.is_map:
        return tree
    setting = SHORT_FORMS.get(path[-2].casefold()) if len(path) > 1 else None
    if setting and tree.is_scalar and not tree.is_null:
        return Node({setting.casefold(): Entry(setting, tree.at, tree)}, tree.at)
    return None
