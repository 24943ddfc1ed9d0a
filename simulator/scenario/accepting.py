"""Putting sentences into a scenario's text in place of others: nothing else of the text changes.

| the path is written as | a sentence differs | one more copy | one copy less |
| --- | --- | --- | --- |
| a sentence | replaced | becomes a list | |
| a list in lines | replaced | a line more | its line goes |
| a list in brackets | replaced | one more in them | it goes, with its comma |

Comments, order, quotes and line ends stay. What cannot be done so that the text still says what it should is refused: a
sentence that stands in several flows, one of several alternatives, a block scalar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from simulator.source import Source

__all__ = ["Change", "Refused", "rewritten"]

_PLAIN = re.compile(r"[A-Za-z0-9][^#\n]*\Z")
_ANCHOR = re.compile(r"&\S+\s+")
_NOT_IN_BRACKETS = frozenset("[]{},")


class Refused(Exception):
    """Why a change cannot be made."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a flow's path is to become: sentences by their place, further ones, and those that go."""

    flow_at: Source
    replace: tuple[tuple[Source, str], ...] = ()  # place of the sentence's text, and what it becomes
    add: tuple[str, ...] = ()
    remove: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    text: str


def rewritten(text: str, changes: Sequence[Change]) -> str:
    """The text with the changes. Raises `Refused` where it would not say what it should."""
    root = _composed(text)
    edits: dict[tuple[int, int], _Edit] = {}
    for change in changes:
        for edit in _edits(text, root, change):
            known = edits.setdefault((edit.start, edit.end), edit)
            if known != edit:
                raise Refused("the sentence stands in several flows, which come to different ends")
    found = text
    for edit in sorted(edits.values(), key=lambda e: (e.start, e.end), reverse=True):
        found = found[: edit.start] + edit.text + found[edit.end :]
    _check(text, found)
    return found


def _composed(text: str) -> yaml.Node:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if root is None:
        raise Refused("the file is empty")
    return root


def _edits(text: str, root: yaml.Node, change: Change) -> Iterator[_Edit]:
    path = _path(root, change.flow_at)
    nodes = list(path.value) if isinstance(path, yaml.SequenceNode) else [path]
    items = [node for node in nodes if isinstance(node, yaml.ScalarNode)]
    if len(items) < len(nodes):
        raise Refused("its path has alternatives")
    if any(item.style in ("|", ">") for item in items):
        raise Refused("its path is a block scalar")
    brackets = _in_brackets(root, items[0])
    if change.add and isinstance(path, yaml.ScalarNode):
        every = [next((new for _, new in change.replace), path.value), *change.add]
        inside = ", ".join(_written(sentence, '"', True) for sentence in every)
        yield _Edit(_begin(text, path), path.end_mark.index, f"[{inside}]")
        return
    for at, new in change.replace:
        item = _at(items, at)
        yield _Edit(_begin(text, item), item.end_mark.index, _written(new, item.style, brackets))
    if change.add:
        last = items[-1].end_mark.index
        for sentence in change.add:
            lead = ", " if brackets else f"{_line_end(text)}{' ' * path.start_mark.column}- "
            yield _Edit(last, last, lead + _written(sentence, items[-1].style, brackets))
    if change.remove and len(change.remove) >= len(items):
        raise Refused("no sentence would be left")
    for at in change.remove:
        yield _without(text, _at(items, at), items, brackets)


def _without(text: str, item: yaml.ScalarNode, items: Sequence[yaml.ScalarNode], brackets: bool) -> _Edit:
    if not brackets:
        start = text.rindex("\n", 0, item.start_mark.index) + 1
        end = text.find("\n", item.end_mark.index) + 1 or len(text)
        return _Edit(start, end, "")
    number = items.index(item)
    if number:
        return _Edit(items[number - 1].end_mark.index, item.end_mark.index, "")
    return _Edit(item.start_mark.index, items[1].start_mark.index, "")


def _path(root: yaml.Node, at: Source) -> yaml.Node:
    """The value of the flow whose key stands there, or its `path`."""
    for node in _all(root):
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if (key.start_mark.line + 1, key.start_mark.column + 1) != (at.line, at.column):
                    continue
                if isinstance(value, yaml.MappingNode):
                    value = next((v for k, v in value.value if k.value == "path"), value)
                if isinstance(value, yaml.MappingNode):
                    raise Refused("its path has alternatives")
                found: yaml.Node = value
                return found
    raise Refused("it repeats the sentence of an earlier stage; write it among the flows of this one")


def _all(node: yaml.Node) -> Iterator[yaml.Node]:
    yield node
    children = [n for pair in node.value for n in pair] if isinstance(node, yaml.MappingNode) else node.value
    for child in children if isinstance(node, yaml.CollectionNode) else ():
        yield from _all(child)


def _in_brackets(root: yaml.Node, item: yaml.Node) -> bool:
    """Whether commas and brackets would end the text there."""
    begin, end = item.start_mark.index, item.end_mark.index
    return any(
        isinstance(node, yaml.CollectionNode) and node.flow_style
        and node.start_mark.index < begin and end < node.end_mark.index
        for node in _all(root)
    )  # fmt: skip


def _begin(text: str, item: yaml.ScalarNode) -> int:
    """Where the text of a scalar begins, behind its anchor."""
    anchor = _ANCHOR.match(text, item.start_mark.index)
    return anchor.end() if anchor else int(item.start_mark.index)


def _at(items: Sequence[yaml.ScalarNode], at: Source) -> yaml.ScalarNode:
    for item in items:
        mark = item.start_mark
        if mark.line + 1 == at.line and at.column - mark.column - 1 in (0, 1 if item.style else 0):
            return item
    raise Refused("its sentence stands elsewhere")


def _written(sentence: str, style: str | None, brackets: bool) -> str:
    plain = _PLAIN.match(sentence) and ": " not in sentence and not (brackets and _NOT_IN_BRACKETS & set(sentence))
    if style == "'":
        return "'" + sentence.replace("'", "''") + "'"
    if style == '"' or not plain:
        return '"' + sentence.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return sentence


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _check(before: str, after: str) -> None:
    """The new text reads as the old one, but for the sentences."""
    try:
        old, new = _composed(before), _composed(after)
    except yaml.YAMLError as bad:
        raise Refused(f"the file could not be read again: {bad}") from None
    keys = [[k.value for n in _all(tree) if isinstance(n, yaml.MappingNode) for k, _ in n.value] for tree in (old, new)]
    if keys[0] != keys[1]:
        raise Refused("the file would say something else")
