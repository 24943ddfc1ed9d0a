"""Where a setting stands: file, line and column, and a configuration value that remembers them.

Every value read from a file becomes a `Node`. Patches and steps move nodes around without losing their
positions, so a decision taken much later can still point at the line that caused it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from simulator.value import value

__all__ = ["NOWHERE", "Entry", "Node", "Problem", "ProblemList", "Scalar", "Source"]


@value(order=True)
class Source:
    """A place in a file. Lines and columns count from 1; `NOWHERE` stands for built-in defaults."""

    file: str
    line: int
    column: int
    width: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.file else "(default)"

    def __bool__(self) -> bool:
        return bool(self.file)


NOWHERE = Source("", 0, 0)


@value
class Scalar:
    """A scalar as it was typed. `quoted` scalars are never null or boolean."""

    text: str
    quoted: bool = False


@value
class Entry:
    """One key of a mapping: the key as typed, where it stands, and its value."""

    key: str
    key_at: Source
    node: Node


@value
class Node:
    """A configuration value with its position: a scalar, a list of nodes, or a mapping of entries.

    Mappings keep their written order and are looked up without regard to case, as PowerShell does.
    """

    value: Scalar | tuple[Node, ...] | Mapping[str, Entry]
    at: Source = NOWHERE

    @staticmethod
    def of(value: object, at: Source = NOWHERE) -> Node:
        """A node from plain Python data (built-in defaults, tests, command lines)."""
        if isinstance(value, Node):
            return value
        if isinstance(value, Mapping):
            return Node({str(k).casefold(): Entry(str(k), at, Node.of(v, at)) for k, v in value.items()}, at)
        if isinstance(value, (list, tuple)):
            return Node(tuple(Node.of(v, at) for v in value), at)
        if value is None:
            return Node(Scalar("null"), at)
        if isinstance(value, bool):
            return Node(Scalar("true" if value else "false"), at)
        return Node(Scalar(str(value), quoted=isinstance(value, str)), at)

    @property
    def is_map(self) -> bool:
        return isinstance(self.value, Mapping)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, tuple)

    @property
    def is_scalar(self) -> bool:
        return isinstance(self.value, Scalar)

    @property
    def is_null(self) -> bool:
        """YAML's null and PowerShell's `$null`, unless quoted."""
        return (
            isinstance(self.value, Scalar)
            and not self.value.quoted
            and self.value.text.casefold() in ("", "~", "null", "$null")
        )

    @property
    def text(self) -> str:
        """The scalar as typed; empty for lists and mappings."""
        return self.value.text if isinstance(self.value, Scalar) else ""

    @property
    def text_at(self) -> Source:
        """Where the text of a scalar begins: behind the quote, if it is in quotes on one line."""
        at, scalar = self.at, self.value
        if isinstance(scalar, Scalar) and scalar.quoted and at.width >= len(scalar.text) + 2:
            return Source(at.file, at.line, at.column + 1, at.width - 2)
        return at

    @property
    def items(self) -> tuple[Node, ...]:
        """The elements of a list; a single value counts as a list of one, null as none."""
        if isinstance(self.value, tuple):
            return self.value
        return () if self.is_null else (self,)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The entries of a mapping in written order; none for anything else."""
        return tuple(self.value.values()) if isinstance(self.value, Mapping) else ()

    def get(self, key: str) -> Node | None:
        """The value under `key`, whatever its case."""
        entry = self.entry(key)
        return entry.node if entry else None

    def entry(self, key: str) -> Entry | None:
        return self.value.get(key.casefold()) if isinstance(self.value, Mapping) else None

    def with_entry(self, key: str, node: Node, key_at: Source | None = None) -> Node:
        """A copy with `key` set (its place and written spelling are kept if it was there)."""
        old = dict(self.value) if isinstance(self.value, Mapping) else {}
        was = old.get(key.casefold())
        old[key.casefold()] = Entry(was.key if was else key, key_at or (was.key_at if was else node.at), node)
        return Node(old, self.at)

    def without(self, key: str) -> Node:
        """A copy without `key`."""
        if not isinstance(self.value, Mapping):
            return self
        return Node({k: v for k, v in self.value.items() if k != key.casefold()}, self.at)

    def plain(self) -> object:
        """Plain Python data, every scalar as its text; for tests and messages."""
        if isinstance(self.value, Scalar):
            return None if self.is_null else self.value.text
        if isinstance(self.value, tuple):
            return [n.plain() for n in self.value]
        return {e.key: e.node.plain() for e in self.entries}

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)


@value(order=True)
class Problem:
    """What is wrong with a file, where, and what to write instead. `level` is `error` or `warning`."""

    at: Source
    says: str
    fix: str = ""
    level: str = "error"


class ProblemList:
    """Collects the problems of a file so that all are shown at once."""

    def __init__(self) -> None:
        self.items: list[Problem] = []

    def error(self, at: Source, says: str, fix: str = "") -> None:
        self._add(Problem(at, says, fix))

    def warn(self, at: Source, says: str, fix: str = "") -> None:
        self._add(Problem(at, says, fix, "warning"))

    def take(self, problems: Iterable[Problem]) -> None:
        """Adds problems that were found elsewhere; each is told once."""
        for problem in problems:
            self._add(problem)

    def _add(self, problem: Problem) -> None:
        if problem not in self.items:
            self.items.append(problem)

    @property
    def errors(self) -> list[Problem]:
        return sorted(p for p in self.items if p.level == "error")

    @property
    def warnings(self) -> list[Problem]:
        return sorted(p for p in self.items if p.level == "warning")
