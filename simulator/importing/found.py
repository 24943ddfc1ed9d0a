"""What was found in the files: records, zone text, addresses; and what became of each of their settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.products.shape import Shape
from simulator.source import NOWHERE, Node, Source

__all__ = ["KINDS", "Found", "Note", "Object", "Record", "singular"]

KINDS = ("kept", "default", "no effect", "not modelled", "unknown", "refused", "guessed", "not read")
"""What can become of something, in the order of the report."""


@dataclass(frozen=True)
class Note:
    """One line of the report: what became of one setting of one object, and why."""

    kind: str
    where: str  # the object, "outbound connector O365 to own servers"
    key: str
    value: str = ""
    why: str = ""
    at: Source = NOWHERE


@dataclass(frozen=True)
class Record:
    """One object of a file. `hint` is what the file itself calls it: a resource of Microsoft365DSC, a cmdlet's section."""

    node: Node
    hint: str = ""


@dataclass(frozen=True)
class Object:
    """A record that was recognised: which product's, which shape, its name, and the settings that count."""

    kind: str
    shape: Shape
    name: str
    settings: dict[str, Node]
    aside: tuple[Note, ...] = ()  # what is kept as a comment
    at: Source = NOWHERE

    @property
    def title(self) -> str:
        return f"{singular(self.shape.plural)} {self.name}".strip()


def singular(plural: str) -> str:
    """`policies` -> policy, `aliases` -> alias, `connectors` -> connector."""
    if plural.endswith("ies"):
        return plural[:-3] + "y"
    return plural[:-2] if plural.endswith("ses") else plural.removesuffix("s")


@dataclass
class Found:
    """Everything that the files of one import hold."""

    records: list[Record] = field(default_factory=list)
    zones: list[Node] = field(default_factory=list)  # mappings by name and type
    addresses: list[tuple[str, str, Source]] = field(default_factory=list)  # address, name (or nothing)
    notes: list[Note] = field(default_factory=list)
