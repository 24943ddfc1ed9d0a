"""Readers of settings that are amounts: spans of time and sizes, as mail administrators write them.

15m   6h   36d   90s   a bare number counts the unit that the setting names     read_span("minutes")
25MB  200KB   4096     a bare number counts octets; KB is 1024                   read_size
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from simulator.policy.settings import BadValue
from simulator.source import Node

__all__ = ["read_size", "span_of"]

_SPAN = re.compile(r"(\d{1,6})\s*([smhd]?)\Z", re.I)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_SIZE = re.compile(r"(\d{1,12})\s*(|b|bytes|kb|mb|gb)\Z", re.I)
_FACTORS = {"": 1, "b": 1, "bytes": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}


def span_of(unit: str) -> Callable[[Node], timedelta]:
    """The reader of a period; a bare number counts `unit` ("minutes", "days")."""

    def read(node: Node) -> timedelta:
        found = _SPAN.match(node.text.strip()) if node.is_scalar else None
        if not found:
            raise BadValue(f"{node.text!r} is no span of time", f"Write 15m, 6h or 36d; a bare number counts {unit}.")
        return timedelta(**{_UNITS.get(found[2].lower(), unit): int(found[1])})

    return read


def read_size(node: Node) -> int:
    """Octets."""
    found = _SIZE.match(node.text.strip()) if node.is_scalar else None
    if not found:
        raise BadValue(f"{node.text!r} is not a size", "Write 25MB, 200KB or a number of octets.")
    return int(found[1]) * _FACTORS[found[2].lower()]
