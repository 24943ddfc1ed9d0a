"""Looking at the settings of a record: one text, several, a domain without its wildcard, an address of a network."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network

from simulator.mail.address import AddressError, parse_domain
from simulator.source import Node

__all__ = ["bare_domain", "first_address", "is_address", "is_true", "many", "one"]


def one(settings: Mapping[str, Node], key: str) -> str | None:
    """The text of a setting, if it has any."""
    node = settings.get(key)
    return node.text.strip() if node is not None and node.is_scalar and node.text.strip() else None


def many(settings: Mapping[str, Node], key: str) -> list[str]:
    node = settings.get(key)
    return [item.text.strip().strip("[]") for item in node.items if item.text.strip()] if node is not None else []


def bare_domain(domain: str) -> str:
    word = domain.lower().removeprefix("smtp:").partition(";")[0]
    try:
        return word if word == "*" else parse_domain(word.removeprefix("*."))
    except AddressError:
        return "*"


def is_address(word: str) -> bool:
    return bool(first_address(word))


def first_address(entry: str) -> str:
    """The first address of an address or network, nothing for a name."""
    try:
        network = ip_network(entry, strict=False)
    except ValueError:
        return ""
    return str(network.network_address + (1 if network.num_addresses > 2 else 0))


def is_true(settings: Mapping[str, Node], key: str) -> bool:
    return (one(settings, key) or "").casefold() in ("true", "$true")
