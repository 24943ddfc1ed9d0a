"""What the surroundings of an import are made of: servers to be, guesses, and the records and zones that they follow from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.source import Node

__all__ = [
    "CLOUD", "GATEWAY", "INTERNET", "OWN_KINDS", "SERVER", "SMARTERMAIL", "STRANGERS", "Guess", "Objects", "Place", "Zone",
]  # fmt: skip

Objects = Mapping[str, Mapping[str, Mapping[str, Mapping[str, Node]]]]
"""kind -> section -> name -> setting -> value"""
Zone = Mapping[str, Mapping[str, tuple[str, ...]]]
"""name -> type -> data"""

CLOUD, SERVER, SMARTERMAIL, GATEWAY, INTERNET = (
    "exchange-online",
    "exchange-server",
    "smartermail",
    "gateway",
    "internet",
)
OWN_KINDS = (SMARTERMAIL, SERVER, INTERNET)
STRANGERS = "customer.example"


@dataclass(frozen=True)
class Guess:
    where: str
    what: str
    why: str


@dataclass
class Place:
    """A server to be."""

    name: str
    kind: str
    fqdn: str
    addresses: list[str]
    certificate: list[str] = field(default_factory=list)  # its names; empty: none
    settings: dict[str, object] = field(default_factory=dict)  # beside the records, as plain data
    why: str = ""
    domains: list[str] = field(default_factory=list)  # whose people are there
