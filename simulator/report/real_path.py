"""The way of a real message, read from its header and laid beside the way that the rules expect.

1. Each Received field names who wrote it (`by`) and who handed the message over (`from`). Both are looked up among the
   lab's servers: by name, by address, by the names that the lab's own servers write into headers, and last by the domain of
   such a name, which is a guess. Fields of one server in a row are one hop.
2. The message's envelope is planned: Return-Path or From, and the first recipient that the lab knows.
3. The first server that differs is where the message left the expected path.
4. Why that may be: what the plan decided there; and every single change of the lab that makes the rules take the real
   way. Each of these was tried, none is known to be so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from simulator.mail.message import Message
from simulator.mail.received import Received, received_lines
from simulator.paths import Ending
from simulator.played import Played
from simulator.products.registry import PRODUCTS
from simulator.report.change import Change
from simulator.report.ways_to_try import changes_to_try
from simulator.source import Node
from simulator.topology import Lab
from simulator.trace import Event

__all__ = ["Compared", "Hop", "KnownNames", "compare", "real_hops"]

Play = Callable[[Node], Played | None]

_LABELS = 3  # of a name that are its domain, when it is guessed by that
_WORD = re.compile(r"[A-Za-z]{2,40}|-?\d{1,2}")
_VERDICT = re.compile(r"\b(spf|dkim|dmarc|compauth)=(\w+)", re.I)
_MOST_TRIED, _MOST_TOLD = 80, 5


@dataclass
class Hop:
    """One server that the message passed. `server` is the lab's name for it; empty for one that the lab does not have."""

    server: str
    name: str
    how: str  # name, address, domain, "named by the next", "unknown"
    lines: list[Received] = field(default_factory=list)

    @property
    def shown(self) -> str:
        return self.server or self.name

    @property
    def passes(self) -> int:
        """How often the message passed it, as far as a repeated name tells."""
        names = [line.by.casefold() for line in self.lines if line.by]
        return max((names.count(name) for name in names), default=1)

    @property
    def first(self) -> Received | None:
        return self.lines[0] if self.lines else None


class KnownNames:
    """Which server of the lab a name or address in a header means."""

    def __init__(self, lab: Lab, learned: Sequence[tuple[str, str]] = ()) -> None:
        self._by_address = {a: s.name for s in lab.servers.values() for a in s.addresses}
        self._by_name = {host.casefold().rstrip("."): server for host, server in learned}
        self._by_name |= {s.fqdn.casefold(): s.name for s in lab.servers.values() if s.fqdn}
        domains: dict[str, set[str]] = {}
        for host, server in self._by_name.items():
            labels = host.split(".")
            if len(labels) > _LABELS:
                domains.setdefault(".".join(labels[-_LABELS:]), set()).add(server)
        self._by_domain = {domain: list(servers) for domain, servers in domains.items() if len(servers) == 1}
        shared: dict[str, list[str]] = {}
        for one in lab.servers.values():
            for domain in PRODUCTS[one.kind].hosts:
                shared.setdefault(domain, []).append(one.name)
        self._by_domain |= shared

    @classmethod
    def of(cls, lab: Lab, *plans: Played) -> KnownNames:
        """With the names that the lab's servers write of themselves into the messages of these plans."""
        return cls(lab, [pair for played in plans for pair in _written_names(played)])

    def find(self, name: str, address: str = "", before: str = "") -> tuple[str, str]:
        """The server and how it was known. Tenants of one service share its hosts: then it is still the one of `before`."""
        folded = name.casefold().strip("[]").rstrip(".")
        if folded in self._by_name:
            return self._by_name[folded], "name"
        for text in (address, folded):
            if text in self._by_address:
                return self._by_address[text], "address"
        labels = folded.split(".")
        for start in range(1, len(labels) - _LABELS + 1):
            if guesses := self._by_domain.get(".".join(labels[start:])):
                return before if before in guesses else guesses[0], "domain"
        return "", "unknown"


def _written_names(played: Played) -> Iterator[tuple[str, str]]:
    """Who writes which name behind `by` in the Received fields that he adds."""
    before: dict[str, int] = {}
    for event in played.log.of("accepted"):
        lines = [line for line in event["headers"] if line.casefold().startswith("received:")]
        known = before.get(event["parent"], 0)
        before[event["copy"]] = len(lines)
        for line in lines[: len(lines) - known]:
            message = Message.parse(line.encode("utf-8", "replace") + b"\r\n")
            for one in received_lines(message):
                yield one.by, event.host


def real_hops(message: Message, known: KnownNames) -> list[Hop]:
    """The servers that a header tells of, in the order of the way."""
    hops: list[Hop] = []
    for line in received_lines(message):
        here = hops[-1].server if hops else ""
        before, how = known.find(line.helo, line.address, here)
        if not before:
            before, how = known.find(line.name, line.address, here)
        if before and (not hops or hops[-1].server != before):
            hops.append(Hop(before, line.helo, "named by the next"))
        server, how = known.find(line.by, "", hops[-1].server if hops else "")
        name = line.by or "(not said)"
        same = hops and (hops[-1].server == server if server else hops[-1].name == name)
        if not same:
            hops.append(Hop(server, name, how))
        if hops[-1].how == "named by the next":
            hops[-1].how, hops[-1].name = how, name
        hops[-1].lines.append(line)
    return hops


@dataclass(frozen=True)
class Compared:
    """The real way beside the expected one. `left` is the place in `real` (and `expected`) where they part, or None."""

    hops: tuple[Hop, ...]
    real: tuple[str, ...]
    expected: tuple[str, ...]
    ending: Ending | None
    left: int | None
    stopped: bool  # the header ends before the expected way does
    decided: tuple[Event, ...]  # of the plan, at the server where the ways part
    remedies: tuple[Change, ...]  # each alone makes the rules take the real way
    tried: int
    differs: tuple[tuple[str, str, str], ...]  # header, real, expected
    stand_in: str = ""  # the server of the lab that unknown hosts at the beginning stand for


def compare(message: Message, hops: Sequence[Hop], played: Played, tree: Node, play: Play) -> Compared:
    """`played` is the plan of the message's envelope to one recipient in the lab of `tree`. What the lab's DNS does not
    know of a sender's domain is no difference."""
    ending = played.endings[0] if played.endings else None
    expected = tuple(leg.server for leg in ending.path.legs) if ending else ()
    hops, stand_in = _standing_in(hops, expected)
    real = tuple(name for name, _ in groupby(hop.shown for hop in hops))
    left = next((n for n, (a, b) in enumerate(zip(real, expected, strict=False)) if a != b), None)
    if left is None and len(real) > len(expected):
        left = len(expected)
    differs = tuple(_differences(message, played, real)) if left is None else ()
    remedies: tuple[Change, ...] = ()
    tried = 0
    where = expected[max(0, left - 1)] if left is not None and expected else ""
    if left is not None or differs:
        remedies, tried = _remedies(message, tree, real, left, where, play)
    return Compared(
        tuple(hops), real, expected, ending, left, left is None and len(real) < len(expected),
        tuple(_decided(played, where)), remedies, tried, differs, stand_in,
    )  # fmt: skip


def _standing_in(hops: Sequence[Hop], expected: Sequence[str]) -> tuple[list[Hop], str]:
    """Unknown hosts before the first server of the lab are the rest of the world, where the way is to begin there."""
    first = next((n for n, hop in enumerate(hops) if hop.server), None)
    if first and expected and hops[first].server == expected[0]:
        return list(hops[first:]), ""  # they came before the lab did
    if not first or not expected or any(hop.server == expected[0] for hop in hops):
        return list(hops), ""
    lines = [line for hop in hops[:first] for line in hop.lines]
    return [Hop(expected[0], hops[first - 1].name, "stands for it", lines), *hops[first:]], expected[0]


def _decided(played: Played, server: str) -> Iterator[Event]:
    """What the plan's server decided about where to send the message."""
    taken = {e.seq: e.hop for e in played.of("accepted") if e.host == server}
    last = max(taken, default=0)
    seen: set[str] = set()
    for event in played.of("decision"):
        if event.host == server and event.seq > last and event["says"] not in seen:
            seen.add(event["says"])
            yield event
    for event in played.of("refused", "attempt"):
        if event.host == server and event.type == "refused":
            yield event


# Headers


def _differences(message: Message, played: Played, real: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Fields that the expected message has as well, with another word in them; of verdicts word by word."""
    there = [e for e in played.of("accepted") if real and e.host == real[-1]]
    if not there:
        return
    planned = Message.parse("".join(f"{line}\r\n" for line in there[-1]["headers"]).encode("utf-8", "replace"))
    for name in dict.fromkeys(n for n, _ in planned.fields if n.lower().startswith("x-ms-exchange-")):
        ours, theirs = planned.get(name) or "", message.get(name)
        if theirs is not None and theirs != ours and _WORD.fullmatch(ours) and _WORD.fullmatch(theirs):
            yield name, theirs, ours
    boxes = {str(box) for person in played.lab.people.values() for box, _ in person.mailboxes}
    if played.of("submitted")[0]["sender"] not in boxes:
        return
    wanted, found = (_verdicts(m.get("Authentication-Results") or "") for m in (planned, message))
    for method, verdict in found.items():
        if verdict != wanted.get(method, verdict):
            yield f"Authentication-Results {method}", verdict, wanted[method]


def _verdicts(text: str) -> dict[str, str]:
    """Of each method the first verdict."""
    return {k.casefold(): v.casefold() for k, v in reversed(_VERDICT.findall(text))}


# What would explain it


def _remedies(
    message: Message, tree: Node, real: Sequence[str], left: int | None, parted: str, play: Play
) -> tuple[tuple[Change, ...], int]:
    found: list[Change] = []
    tried = 0
    went_to = real[left] if left is not None and left < len(real) else ""
    for change in changes_to_try(tree, went_to, parted):
        if tried == _MOST_TRIED or len(found) == _MOST_TOLD:
            break
        tried += 1
        played = play(_with(tree, change.where, change.node))
        if played is None or not played.endings:
            continue
        way = tuple(leg.server for leg in played.endings[0].path.legs)
        if way[: len(real)] == tuple(real) and (left is not None or not list(_differences(message, played, real))):
            found.append(change)
    return tuple(found), tried


def _with(tree: Node, where: Sequence[str], node: Node) -> Node:
    if not where:
        return node
    inner = tree.get(where[0]) or Node.of({})
    return tree.with_entry(where[0], _with(inner, where[1:], node))
