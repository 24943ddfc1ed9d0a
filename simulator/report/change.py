"""A connector as it stands in a lab's tree, what a message was there, and one setting changed: what why-not speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.source import Node, Source

__all__ = ["Change", "ConnectorObject", "Facts", "inside"]


@dataclass(frozen=True, slots=True)
class ConnectorObject:
    """A connector as it stands in the lab's tree."""

    server: str
    noun: str  # "OutboundConnectors", ...
    name: str
    node: Node
    at: Source

    @property
    def is_inbound(self) -> bool:
        return self.noun in ("InboundConnectors", "ReceiveConnectors")

    @property
    def where(self) -> tuple[str, ...]:
        return ("servers", self.server, self.noun, self.name)


@dataclass(frozen=True, slots=True)
class Change:
    """One setting changed. `reads` is the setting as it would be, `now` as it is, `at` where it stands."""

    owner: str
    where: tuple[str, ...]
    node: Node
    reads: str
    now: str
    at: Source


@dataclass(frozen=True, slots=True)
class Facts:
    """What the message was at the connector's server."""

    rcpt: tuple[str, ...]  # domains
    sender: tuple[str, ...]
    peer: tuple[str, ...]  # addresses that connected
    names: tuple[str, ...]  # of the certificates they showed
    clients: tuple[str, ...]  # the lab's servers that connected


def inside(tree: Node, where: Sequence[str]) -> Node | None:
    """The node at a path of keys."""
    node: Node | None = tree
    for key in where:
        node = node.get(key) if node else None
    return node
