"""Expectations about what a host found out about a sender: `auth: {spf, dkim, dmarc, arc, compauth, scl, ip}`.

    auth: {spf: pass, dmarc: bestguesspass, compauth: pass 109, scl: 1}      some host that judged the message
    auth: {at: m365, spf: fail, ip: 203.0.113.9}                             that host
    auth: {Bob: {scl: 5}, Amy: {scl: -1}}                                    what was judged for that person; also a server or a link

A fact is met by whole words, so `fail` is not met by `softfail`; several words may stand for one value (`fail 001`). An SCL is
a number or a range. A host that judged nothing has no such facts, and one that judged twice is right if either time fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from simulator.mail.path import folded
from simulator.played import Played
from simulator.scenario.compare import in_range, shown, text_fits
from simulator.scenario.wire import Difference, is_about
from simulator.source import Entry, Node
from simulator.trace import Event

__all__ = ["check_auth"]

_FACTS = ("at", "spf", "dkim", "dmarc", "arc", "compauth", "scl", "ip")
_WORD = re.compile(r"[^\s=;,]+")


def check_auth(node: Node, played: Played) -> Iterable[Difference]:
    judged = [e for e in played.of("accepted", "refused") if "spf" in e["facts"]]
    if all(entry.key.casefold() in _FACTS for entry in node.entries):
        yield from _some(node, judged, "auth")
        return
    for entry in node.entries:
        mine = [e for e in judged if is_about(e, entry.key, played)]
        yield from _some(entry.node, mine, f"auth {entry.key}")


def _some(node: Node, events: list[Event], name: str) -> Iterable[Difference]:
    """One event must meet all facts; told is how far the nearest is from it."""
    wrong = [_differences(node, {**event["facts"], "at": event.host}, name) for event in events]
    if not wrong:
        yield Difference(name, node.at, shown(node), "no host judged the sender of this message")
    elif all(wrong):
        yield from min(wrong, key=len)


def _differences(node: Node, facts: Mapping[str, str], name: str) -> list[Difference]:
    return [
        Difference(
            f"{name} {entry.key}", entry.node.at, shown(entry.node), facts.get(entry.key.casefold(), "(not judged)")
        )
        for entry in node.entries
        if not _fits(entry, facts.get(entry.key.casefold(), ""))
    ]


def _fits(entry: Entry, value: str) -> bool:
    key = entry.key.casefold()
    if key == "scl":
        return text_fits(entry.node, lambda want: want.strip() == value or _within(want, value))
    return text_fits(entry.node, lambda want: folded(want) == folded(value) or _has_words(want, value))


def _within(wanted: str, value: str) -> bool:
    return ".." in wanted and value.lstrip("-").isdecimal() and bool(in_range(wanted, int(value)))


def _has_words(wanted: str, value: str) -> bool:
    words, have = (set(_WORD.findall(folded(text))) for text in (wanted, value))
    return bool(words) and words <= have
