"""Values as the admin page takes them: gateways, periods, switches with three positions, targets of aliases."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from simulator.mail.address import parse_domain
from simulator.policy.settings import BadValue, read_bool
from simulator.source import Node, ProblemList

__all__ = ["Gateway", "read_gateways", "read_host", "read_ipv4", "read_match", "read_targets", "span_of"]

_SPAN = re.compile(r"(\d+)\s*([mhd]?)\Z", re.I)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Gateway:
    """The far side of an outbound gateway."""

    host: str
    port: int = 25

    def __str__(self) -> str:
        return self.host if self.port == 25 else f"{self.host}:{self.port}"


def read_gateways(node: Node) -> tuple[Gateway, ...] | None:
    """None for the word `none`: no gateway, and said so."""
    if node.text.casefold() == "none":
        return None
    return tuple(_gateway(item) for item in node.items)


def _gateway(node: Node) -> Gateway:
    if not node.is_scalar:
        raise BadValue("a gateway is a host name or an IP address", "Write mx.example.com or mx.example.com:2525.")
    host, port = node.text.strip(), 25
    name, colon, tail = host.rpartition(":")
    if colon and ":" not in name and tail.isdecimal():
        host, port = name, int(tail)
    return Gateway(read_host(host), port)


def read_host(word: str) -> str:
    """A host name, or an IP address in its canonical spelling."""
    try:
        return str(ip_address(word.strip()))
    except ValueError:
        return parse_domain(word)


def read_ipv4(word: str) -> str:
    """An IPv4 address in its canonical spelling."""
    try:
        address = ip_address(word)
    except ValueError:
        raise ValueError(f"{word!r} is not an IP address") from None
    if address.version != 4:
        raise ValueError(f"{word} is not an IPv4 address")
    return str(address)


def span_of(unit: str) -> Any:
    """The reader of a period; a bare number counts `unit` ("minutes", "days")."""

    def read(node: Node) -> timedelta:
        found = _SPAN.match(node.text.strip())
        if not found:
            raise BadValue(f"{node.text!r} is no span of time", f"Write 15m, 6h or 36d; a bare number counts {unit}.")
        return timedelta(**{_UNITS.get(found[2].lower(), unit): int(found[1])})

    return read


def read_match(node: Node) -> str:
    """`none`, `domain` or `email address`; true means domain, false none."""
    word = node.text.strip().casefold()
    if word in ("none", "domain", "email address"):
        return word
    try:
        return "domain" if read_bool(node) else "none"
    except BadValue:
        raise BadValue(f"{node.text!r} is not known here", "Use None, Domain or Email Address.") from None


def read_targets(_: str, node: Node, problems: ProblemList) -> tuple[str, ...]:
    """The targets of an alias: addresses, or names of the same domain."""
    if node.is_map or any(not item.text.strip() for item in node.items):
        problems.error(node.at, "an alias leads to one address or a list of them")
        return ()
    return tuple(item.text.strip() for item in node.items)
