"""A changed lab put back into its file: only what the change touches is written anew, all else stays as it was typed.

The text is compared with the tree that it shall say, map by map:

| in the tree | in the text |
| --- | --- |
| a value is another | its text is replaced, in the quotes that it had |
| an entry is new | a line behind the last entry of its map; within braces behind a comma |
| an entry is gone | its lines go, comments above it stay |
| a name is another, at the same place | the name is replaced |
| a list in lines is another | lines of items come and go |

At the end the new text is read: it must say exactly the tree, or nothing is changed. So an anchor that others refer to, or
a block of text, is refused and not broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import yaml

from simulator.scenario.errors import ScenarioError
from simulator.scenario.load import read_yaml
from simulator.scenario.writing import Page, inline, scalar
from simulator.source import Entry, Node

__all__ = ["CannotEdit", "edited"]

_PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]+)+")


class CannotEdit(Exception):
    """Why the text cannot be changed."""


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str


def edited(text: str, after: Node) -> str:
    """`text`, changed so that it says `after`. Raises `CannotEdit`, or `ScenarioError` where it is no YAML at all."""
    before = read_yaml(text, "")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or not before.is_map or not after.is_map:
        raise CannotEdit("the file is no map of settings")
    editor = _Editor(text)
    editor.map(root, before, after)
    found = text
    # From the end on; of two at one place the inner map's, which was noted first, comes first in the text.
    for _, edit in sorted(enumerate(editor.edits), key=lambda n: (n[1].start, n[1].end, n[0]), reverse=True):
        found = found[: edit.start] + edit.text + found[edit.end :]
    try:
        says = read_yaml(found, "")
    except ScenarioError as bad:
        raise CannotEdit(f"the file could not be read again: {bad}") from None
    if _meaning(says) != _meaning(after):
        raise CannotEdit("the file would say something else; change it by hand")
    return found


def _meaning(node: Node) -> object:
    """What a value says, with the order of its entries."""
    if node.is_map:
        return [(e.key, _meaning(e.node)) for e in node.entries]
    return tuple(map(_meaning, node.items)) if node.is_list else node.plain()


def _says_the_same(one: Node, other: Node) -> bool:
    return _meaning(one) == _meaning(other)


@dataclass
class _Editor:
    text: str
    edits: list[_Edit] = field(default_factory=list)

    # Maps

    def map(self, node: yaml.MappingNode, was: Node, now: Node) -> None:
        """Edits below a map that keeps at least one of its entries."""
        renamed = _renamed(was, now)
        for entry, (key, value) in zip(was.entries, node.value, strict=True):
            new = renamed.get(entry.key) or now.entry(entry.key)
            if new is None:
                self._remove(node, key, value)
                continue
            if new.key != entry.key:
                self._replace_scalar(key, new.key, inside=node.flow_style)
            self._value(node, key, value, entry.node, new.node)
        names = {entry.key for entry in renamed.values()}
        if added := [e for e in now.entries if e.key not in names and was.entry(e.key) is None]:
            self._add(node, added)

    def _value(self, owner: yaml.MappingNode, key: yaml.Node, value: yaml.Node, was: Node, now: Node) -> None:
        if _says_the_same(was, now):
            return
        if value.start_mark.index < key.end_mark.index:
            raise CannotEdit(f"{key.value} (line {key.start_mark.line + 1}) is written elsewhere, behind a *")
        if was.is_map and now.is_map and isinstance(value, yaml.MappingNode) and _share(was, now):
            self.map(value, was, now)
        elif was.is_scalar and now.is_scalar and self._begin(value) < value.end_mark.index and not now.is_null:
            self._replace_scalar(value, now.text, inside=bool(owner.flow_style))
        elif _in_lines(value) and isinstance(value, yaml.SequenceNode) and now.is_list and now.items:
            self._list(value, was, now)
        else:
            self._replace(owner, key, value, now)

    def _replace(self, owner: yaml.MappingNode, key: yaml.Node, value: yaml.Node, now: Node) -> None:
        """The whole value, from behind the colon on."""
        colon = self.text.index(":", key.end_mark.index)
        if now.is_map and now.entries and not owner.flow_style:
            indent = " " * (key.start_mark.column + 2)
            lines = [_end_of_line(self.text) + line for line in _lines(now.entries, indent)]
            self.edits.append(_Edit(colon + 1, max(colon + 1, self._end(value)), "".join(lines)))
            return
        bare = scalar(now.text, inside=bool(owner.flow_style)) if now.is_scalar and not now.is_null else inline(now)
        self.edits.append(_Edit(colon + 1, max(colon + 1, self._end(value)), f" {bare}"))

    def _add(self, node: yaml.MappingNode, added: Sequence[Entry]) -> None:
        last = self._end(node.value[-1][1]) if node.value else 0
        if node.flow_style:
            inside = "".join(f", {scalar(e.key, inside=True)}: {inline(e.node)}" for e in added)
            self.edits.append(_Edit(last, last, inside))
            return
        lines = _lines(added, " " * node.value[0][0].start_mark.column)
        end, line_end = self.text.find("\n", last), _end_of_line(self.text)
        if end < 0:
            self.edits.append(_Edit(len(self.text), len(self.text), "".join(line_end + line for line in lines)))
        else:
            self.edits.append(_Edit(end + 1, end + 1, "".join(line + line_end for line in lines)))

    def _remove(self, node: yaml.MappingNode, key: yaml.Node, value: yaml.Node) -> None:
        if node.flow_style:
            number = next(n for n, (k, _) in enumerate(node.value) if k is key)
            if number:
                self.edits.append(_Edit(self._end(node.value[number - 1][1]), self._end(value), ""))
            else:
                self.edits.append(_Edit(key.start_mark.index, node.value[1][0].start_mark.index, ""))
            return
        self._remove_lines(key.start_mark.index, max(key.end_mark.index, self._end(value)))

    def _remove_lines(self, first: int, last: int) -> None:
        start = self.text.rfind("\n", 0, first) + 1
        if self.text[start:first].strip(" -"):
            raise CannotEdit(f"something else stands before {self.text[first:last].splitlines()[0]}")
        end = self.text.find("\n", last) + 1 or len(self.text)
        self.edits.append(_Edit(start, end, ""))

    # Lists

    def _list(self, node: yaml.SequenceNode, was: Node, now: Node) -> None:
        """A list in lines: the lines of its items."""
        old, new = [repr(_meaning(i)) for i in was.items], [repr(_meaning(i)) for i in now.items]
        if not set(old) & set(new) or len(old) != len(node.value):
            first, last = self.text.rfind("\n", 0, node.value[0].start_mark.index), self._end(node.value[-1])
            indent = " " * node.start_mark.column
            lines = "".join(f"{_end_of_line(self.text)}{indent}- {inline(i)}" for i in now.items)
            self.edits.append(_Edit(max(first - self.text[:first].endswith("\r"), 0), last, lines))
            return
        for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "equal":
                continue
            for gone in node.value[i:j]:
                self._remove_lines(gone.start_mark.index, self._end(gone))
            lines = "".join(
                f"{' ' * node.start_mark.column}- {inline(n)}{_end_of_line(self.text)}" for n in now.items[k:m]
            )
            if lines and i:
                end = self.text.find("\n", self._end(node.value[i - 1])) + 1
                if not end:
                    raise CannotEdit("the last line of the file has no end")
                self.edits.append(_Edit(end, end, lines))
            elif lines:
                start = self.text.rfind("\n", 0, node.value[0].start_mark.index) + 1
                self.edits.append(_Edit(start, start, lines))

    # Scalars and places

    def _replace_scalar(self, node: yaml.Node, text: str, *, inside: bool) -> None:
        style = getattr(node, "style", None)
        if style in ("|", ">"):
            raise CannotEdit(f"line {node.start_mark.line + 1} is a block of text; change it by hand")
        plain = scalar(text, inside=inside)
        if style == "'" and text.isprintable():
            plain = "'" + text.replace("'", "''") + "'"
        elif style == '"' and not plain.startswith('"'):
            plain = f'"{plain}"'
        self.edits.append(_Edit(self._begin(node), node.end_mark.index, plain))

    def _begin(self, node: yaml.Node) -> int:
        """Where the value begins, behind its anchor."""
        properties = _PROPERTIES.match(self.text, node.start_mark.index)
        return properties.end() if properties else int(node.start_mark.index)

    def _end(self, node: yaml.Node) -> int:
        """Where the last character of a value is; collections in lines end with their last entry."""
        if _in_lines(node) and node.value:
            last = node.value[-1]
            pair = last if isinstance(last, tuple) else (last,)
            return max(self._end(one) for one in pair)
        start, end = node.start_mark.index, node.end_mark.index
        if getattr(node, "style", None) in ("|", ">"):
            return start + len(self.text[start:end].rstrip())
        return int(end)


def _in_lines(node: yaml.Node) -> bool:
    return isinstance(node, yaml.CollectionNode) and not node.flow_style


def _share(was: Node, now: Node) -> bool:
    return bool(_renamed(was, now)) or any(now.entry(e.key) for e in was.entries)


def _renamed(was: Node, now: Node) -> Mapping[str, Entry]:
    """The entry of another name that says the same, at the same place: by the name that it had."""
    gone = [(n, e) for n, e in enumerate(was.entries) if now.entry(e.key) is None]
    new = [(n, e) for n, e in enumerate(now.entries) if was.entry(e.key) is None]
    if len(gone) == len(new) == 1 and gone[0][0] == new[0][0] and gone[0][1].node.is_map == new[0][1].node.is_map:
        return {gone[0][1].key: new[0][1]}
    return {}


def _lines(entries: Sequence[Entry], indent: str) -> Iterator[str]:
    page = Page()
    for entry in entries:
        page.entry(0, entry.key, entry.node)
    yield from (indent + line for line in page.lines)


def _end_of_line(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
