"""YAML text to a tree of nodes that know where they stand.

The parser's events (libyaml's when PyYAML has it, otherwise the pure ones: the result is the same) are built into
`Node`s directly, because composed nodes forget where an alias stood and a deep file would exhaust the stack.
The dialect is what a mail engineer types:

* every scalar stays text: `on`, `NO`, `22:30`, `5.4` and `0123` are what was typed, and the setting decides;
* keys are text and unique without regard to case; tags, merge keys and further documents are refused;
* anchors and aliases work, within a limit that stops an alias bomb.

A syntax error ends the parser's work, save for the two that people make most, an unquoted wildcard and a path inside
braces: there a character is replaced by a harmless one and reading starts again, so that all of them are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import yaml

from simulator.scenario.errors import ScenarioError
from simulator.scenario.syntax import forbidden_characters, unquoted_wildcard, what_is_wrong
from simulator.source import Entry, Node, Problem, ProblemList, Scalar, Source

__all__ = ["MAX_ALIASED", "MAX_BYTES", "MAX_DEPTH", "read_yaml"]

MAX_BYTES: Final = 8 * 2**20
MAX_DEPTH: Final = 60
MAX_ALIASED: Final = 20_000  # nodes that aliases may add to those written
_MAX_ROUNDS: Final = 40
_MAX_PROBLEMS: Final = 100
_TAG: Final = "tags (!) have no meaning here"
_NO_TAG: Final = "A value that begins with ! needs quotes"

_C_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]+)+")


def read_yaml(text: str | bytes, file: str, *, pure: bool = False) -> Node:
    """The one document in `text`. `file` is the name for messages; `pure` does without the C parser.

    Raises `ScenarioError` with every problem found.
    """
    problems = ProblemList()
    lines = _decoded(text, file)
    found = forbidden_characters(lines, file)
    if found:
        raise ScenarioError(found)
    for _ in range(_MAX_ROUNDS):
        builder = _Builder(lines, file, yaml.SafeLoader if pure else _C_LOADER)
        try:
            root = builder.document()
        except yaml.MarkedYAMLError as error:
            mistake = what_is_wrong(error, lines, file)
            if mistake.problem:
                problems.error(mistake.problem.at, mistake.problem.says, mistake.problem.fix)
            if mistake.mended is None:
                break
            lines = mistake.mended
            continue
        except _StopError:
            root = None
        for problem in builder.problems.items:
            problems.error(problem.at, problem.says, problem.fix)
        if root is not None and not problems.items:
            return root
        break
    raise ScenarioError(problems.errors or [Problem(Source(file, 1, 1), "too many syntax errors")])


def _decoded(text: str | bytes, file: str) -> list[str]:
    """The lines of the file, each with its line break."""
    size = len(text) if isinstance(text, bytes) else len(text.encode(errors="replace"))
    if size > MAX_BYTES:
        raise ScenarioError(Problem(Source(file, 1, 1), "the file is larger than 8 MB"))
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8-sig", errors="replace")
        at = Source(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        says = f"byte 0x{error.object[error.start]:02X} is not UTF-8"
        raise ScenarioError(Problem(at, says, "Save the file as UTF-8")) from None
    return decoded.removeprefix("\ufeff").splitlines(keepends=True)


class _StopError(Exception):
    """Reading further is useless; the problem has been noted."""


@dataclass(frozen=True, slots=True)
class _Built:
    """A node, and how large and how deep it is with its aliases expanded."""

    node: Node
    size: int = 1
    height: int = 0


class _Builder:
    """Builds the nodes of one document from the parser's events."""

    def __init__(self, lines: list[str], file: str, loader: Any) -> None:
        self.lines, self.file = lines, file
        self.problems = ProblemList()
        self.events: Iterator[Any] = yaml.parse("".join(lines), Loader=loader)
        self.anchors: dict[str, _Built | None] = {}  # None while the anchored node is still being read
        self.aliased = 0

    def document(self) -> Node:
        next(self.events)  # StreamStart
        if isinstance(next(self.events), yaml.StreamEndEvent):
            self._stop(Source(self.file, 1, 1), "the file is empty")
        first = next(self.events)
        root = self._node(first, 0)
        next(self.events)  # DocumentEnd
        event = next(self.events)
        if isinstance(event, yaml.DocumentStartEvent):
            self._stop(self._at(event), "a second document in one file", "Remove the line ---, or make two files")
        if root.node.is_scalar and not root.node.text:
            self._stop(Source(self.file, 1, 1), "the file is empty")
        return root.node

    def _node(self, event: Any, depth: int) -> _Built:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        if depth > MAX_DEPTH:
            self._stop(self._at(event), "nested too deeply")
        if event.tag is not None:
            self._error(self._tag_at(event), _TAG, _NO_TAG)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            built = _Built(Node(Scalar(event.value, bool(event.style)), self._at(event)))
        elif isinstance(event, yaml.SequenceStartEvent):
            built = self._list(event, depth)
        else:
            built = self._map(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = built
        return built

    def _list(self, start: Any, depth: int) -> _Built:
        children: list[_Built] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            children.append(self._node(event, depth + 1))
        at = self._span(start, event) if start.flow_style else self._at(start, width=1)
        return _with_children(Node(tuple(child.node for child in children), at), children)

    def _map(self, start: Any, depth: int) -> _Built:
        children: list[_Built] = []
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key, key_at = self._key(event), self._at(event)
            child = self._node(next(self.events), depth + 1)
            children.append(child)
            was = entries.get(key.casefold())
            if was:
                self._error(key_at, f'duplicate key "{key}" (first on line {was.key_at.line})', "Keep one of the two")
            elif key == "<<" and not event.style:
                self._error(key_at, "merge keys (<<) have no meaning here", "Write the settings out")
            else:
                entries[key.casefold()] = Entry(key, key_at, child.node)
        if start.flow_style or not entries:
            at = self._span(start, event)
        else:
            at = next(iter(entries.values())).key_at
        return _with_children(Node(entries, at), children)

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self._stop(self._at(event), "a key must be text", "Write NAME: value")
        if event.tag is not None:
            self._error(self._tag_at(event), _TAG, _NO_TAG)
        if event.anchor is not None:
            self.anchors[event.anchor] = _Built(Node(Scalar(event.value, bool(event.style)), self._at(event)))
        if not event.value.strip():
            self._error(self._at(event), "a key is missing before the colon", "Write NAME: value")
        return str(event.value)

    def _alias(self, event: Any, depth: int) -> _Built:
        at = self._at(event)
        if event.anchor not in self.anchors:
            problem = unquoted_wildcard(self.lines, at)
            self._error(problem.at, problem.says, problem.fix)
            return _Built(Node(Scalar(f"*{event.anchor}", quoted=True), at))
        built = self.anchors[event.anchor]
        if built is None:
            self._stop(at, f"*{event.anchor} stands inside what it refers to")
        self.aliased += built.size
        if self.aliased > MAX_ALIASED:
            self._stop(at, f"aliases make the file too large (over {MAX_ALIASED:,} values)")
        if depth + built.height > MAX_DEPTH:
            self._stop(at, "nested too deeply")
        return _Built(Node(built.node.value, at), built.size, built.height)

    def _error(self, at: Source, says: str, fix: str = "") -> None:
        self.problems.error(at, says, fix)
        if len(self.problems.items) >= _MAX_PROBLEMS:
            raise _StopError

    def _stop(self, at: Source, says: str, fix: str = "") -> NoReturn:
        self.problems.error(at, says, fix)
        raise _StopError

    def _tag_at(self, event: Any) -> Source:
        line, column = event.start_mark.line, event.start_mark.column
        written = re.match(r"(?:&\S+\s+)?(\S+)", self.lines[line][column:])
        start, stop = written.span(1) if written else (0, 1)
        return Source(self.file, line + 1, column + start + 1, stop - start)

    def _at(self, event: Any, width: int = 0) -> Source:
        """Where the value itself stands: after its anchor; for a block of text its first line."""
        start, end = event.start_mark, event.end_mark
        style = getattr(event, "style", None)
        if style in ("|", ">"):
            for number in range(start.line + 1, min(end.line + 1, len(self.lines))):
                if body := self.lines[number].strip():
                    return Source(self.file, number + 1, self.lines[number].index(body) + 1, len(body))
            return Source(self.file, start.line + 1, start.column + 1, 1)
        line = self.lines[start.line] if start.line < len(self.lines) else ""
        column = start.column
        if getattr(event, "anchor", None) is not None and not isinstance(event, yaml.AliasEvent):
            properties = _PROPERTIES.match(line, column)
            column = properties.end() if properties else column
        stop = end.column if end.line == start.line else len(line.rstrip())
        return Source(self.file, start.line + 1, column + 1, width or max(1, stop - column))

    def _span(self, start: Any, end: Any) -> Source:
        """From the opening bracket to the closing one, if they stand on one line."""
        at = self._at(start, width=1)
        same = start.start_mark.line == end.end_mark.line
        return Source(at.file, at.line, at.column, max(1, end.end_mark.column - at.column + 1)) if same else at


def _with_children(node: Node, children: list[_Built]) -> _Built:
    size = 1 + sum(child.size for child in children)
    return _Built(node, size, 1 + max((child.height for child in children), default=0))
