"""How an expected value is compared: text as a part, ranges of numbers and times.

Wherever one value stands, `any of: [...]` allows several. Text is compared without regard to case and spacing.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from simulator.mail.path import folded
from simulator.source import Node

__all__ = ["alternatives", "in_range", "is_text", "says_fits", "seconds", "shown", "text_fits"]

_UNITS = ("y(?:ears?)?", "w(?:eeks?)?", "d(?:ays?)?", "h(?:ours?|rs?)?", "m(?:in(?:ute)?s?)?", "s(?:ec(?:ond)?s?)?")
_DURATION = re.compile(r"\s*".join(rf"(?:(\d+(?:\.\d+)?)\s*{unit}(?![a-z]))?" for unit in _UNITS) + r"\Z")


def alternatives(node: Node) -> tuple[Node, ...]:
    """The values that satisfy: those of `any of`, or the one that is written."""
    several = node.get("any of") if node.is_map and len(node.entries) == 1 else None
    return several.items if several else (node,)


def shown(node: Node) -> str:
    """An expected value as a reader wrote it."""
    if node.is_scalar:
        return node.text
    if node.is_list:
        return ", ".join(shown(n) for n in node.items)
    return ", ".join(f"{e.key}: {shown(e.node)}" for e in node.entries)


def says_fits(wanted: str, text: str) -> bool:
    """Whether `wanted` is a part of `text`; `/.../` is a regular expression."""
    if len(wanted) > 1 and wanted.startswith("/") and wanted.endswith("/"):
        return re.search(wanted[1:-1], text, re.IGNORECASE | re.DOTALL) is not None
    return folded(wanted) in folded(text)


def text_fits(node: Node, test: Callable[[str], bool]) -> bool:
    """Whether any alternative passes."""
    return any(test(choice.text) for choice in alternatives(node))


def is_text(node: Node, text: str) -> bool:
    """Whether an alternative is this text, case and spacing aside."""
    return text_fits(node, lambda want: folded(want) == folded(text))


def seconds(text: str) -> float | None:
    """`10m`, `1h30m`, `2d`, `2w`, `1y`, `1.5s`, `10 minutes`, `90` (seconds) as seconds; None for anything else."""
    text = text.strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    match = _DURATION.match(text)
    if not text or not match:
        return None
    years, weeks, days, hours, minutes, secs = (float(g or 0) for g in match.groups())
    days += 365 * years + 7 * weeks
    return ((days * 24 + hours) * 60 + minutes) * 60 + secs


def in_range(wanted: str, value: float) -> bool | None:
    """`3`, `1..4`, `2..`, `..5`, with times as `10m..2h`; None when `wanted` is neither number nor range."""
    low, dots, high = wanted.partition("..")
    if not dots:
        exact = seconds(low)
        return None if exact is None else exact == value
    least, most = seconds(low) if low.strip() else 0.0, seconds(high) if high.strip() else float("inf")
    if least is None or most is None:
        return None
    return least <= value <= most
