"""People and their mailboxes: `Bob: bob@contoso.com at m365`, read for a lab, and moved about in its tree by steps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from simulator.mail.address import Address, AddressError
from simulator.mail.path import folded
from simulator.products.registry import Product
from simulator.scenario.errors import near_miss
from simulator.scenario.sentence import name_fault
from simulator.scenario.values import words
from simulator.source import Entry, Node, ProblemList, Source
from simulator.topology import Person

__all__ = [
    "MAILBOX_STATES",
    "Mailbox",
    "Places",
    "check_name",
    "find_mailbox",
    "mailbox_of",
    "moved",
    "read_people",
    "recipient_called",
    "without_mailbox",
]


MAILBOX_STATES = ("only here", "both", "moved")
"""What a step `move` leaves: the old mailbox alone, the old and the new one, the new one alone."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where people can be: all servers as written, what the sound ones are, and the lab's file for messages."""

    servers: Sequence[str]
    products: Mapping[str, Product]
    file: str

    def form(self, name: str) -> str:
        """How a person is written."""
        local = re.sub(r"[^a-z0-9]+", ".", name.casefold()).strip(".") or "bob"
        return f"Write  {name}: {local}@contoso.com at {next(iter(self.servers), 'm365')}"


def check_name(entry: Entry, noun: str, problems: ProblemList) -> None:
    """A name that a path sentence could not say would make every sentence with it fail."""
    if fault := name_fault(entry.key):
        problems.error(entry.key_at, f"{entry.key!r} cannot be the name of a {noun}: {fault}.", "Choose another name.")


def read_people(node: Node | None, places: Places, problems: ProblemList) -> Iterator[Person]:
    """The people of a lab; what is wrong with one is reported, and the others are read."""
    if node is not None and not node.is_map and not node.is_null:
        problems.error(node.at, "people is a map by name.", places.form("Bob"))
    taken: dict[tuple[Address, str], Source] = {}
    for entry in node.entries if node else ():
        check_name(entry, "person", problems)
        if not entry.node.items:
            problems.error(entry.key_at, f"{entry.key} lacks an address.", places.form(entry.key))
        mailboxes: list[tuple[Address, str]] = []
        for item in entry.node.items:
            mailbox = _mailbox(entry.key, item, places, problems)
            if mailbox is None:
                continue
            first = taken.setdefault(mailbox, item.at)
            if first is not item.at:
                says = f"{mailbox[0]} at {mailbox[1]} is taken (first at {first})."
                problems.error(item.at, says, "Give each mailbox one person.")
            mailboxes.append(mailbox)
        if mailboxes:
            yield Person(entry.key, tuple(mailboxes), entry.node.at or entry.key_at)


def _mailbox(name: str, item: Node, places: Places, problems: ProblemList) -> tuple[Address, str] | None:
    """`bob@contoso.com at m365`; None where that cannot be read or the server is not sound."""
    said = list(words(item))
    if len(said) == 1 and "@" in said[0][0]:
        fix = f"Write  {said[0][0]} at {next(iter(places.servers), 'm365')}"
        problems.error(item.at, f"{name} lacks a server.", fix)
        return None
    if len(said) < 3 or said[1][0].casefold() != "at":
        problems.error(item.at, f"{name} is not of the form ADDRESS at SERVER.", places.form(name))
        return None
    try:
        address = Address.parse(said[0][0])
    except AddressError as bad:
        problems.error(said[0][1], f"{bad}.", places.form(name))
        return None
    wanted, place = " ".join(word for word, _ in said[2:]), said[2][1]
    server = next((s for s in places.servers if folded(s) == folded(wanted)), None)
    if server is None:
        place = Source(place.file, place.line, place.column, len(wanted))
        problems.error(place, f'no server "{wanted}" in {places.file}.', near_miss(wanted, places.servers).strip())
        return None
    product = places.products.get(server)
    if product is None:
        return None  # what is wrong with the server has been said
    if not product.people:
        problems.error(place, f"nobody has a mailbox at {server}: it is {product.title}.")
        return None
    return address, server


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox: the person's entry, which of their mailboxes it is, address and server."""

    entry: Entry
    number: int
    address: str
    server: str


def _mailboxes(tree: Node) -> Iterator[Mailbox]:
    people, servers = tree.get("people"), tree.get("servers")
    names = {e.key.casefold(): e.key for e in servers.entries} if servers else {}
    for entry in people.entries if people else ():
        for number, item in enumerate(entry.node.items):
            address, _, server = item.text.partition(" at ")
            yield Mailbox(entry, number, address.strip(), names.get(server.strip().casefold(), server.strip()))


def find_mailbox(tree: Node, address: str) -> Mailbox | None:
    """The mailbox of that address, if a person has it."""
    return next((m for m in _mailboxes(tree) if m.address.casefold() == address.casefold()), None)


def mailbox_of(tree: Node, who: str, at: Source, problems: ProblemList, *, besides: str = "") -> Mailbox | None:
    """The mailbox of a person, or of an address; an error where there is none or where there are several.

    The same mailbox at the server `besides` is no other one: it is the new half of a move.
    """
    every = list(_mailboxes(tree))
    theirs = [m for m in every if who.casefold() in (m.entry.key.casefold(), m.address.casefold())]
    if len({m.address.casefold() for m in theirs}) == 1 and len(theirs) > 1:
        theirs = [m for m in theirs if m.server != besides] or theirs[:1]
    if not theirs:
        known = list(dict.fromkeys(m.entry.key for m in every))
        problems.error(at, f'no person "{who}" in the lab.', near_miss(who, known).strip())
        return None
    if len(theirs) > 1:
        boxes = " and ".join(f"{m.address} at {m.server}" for m in theirs)
        problems.error(at, f"{theirs[0].entry.key} has {boxes}.", f"Say which, by its address: {theirs[0].address}")
        return None
    return theirs[0]


def moved(tree: Node, box: Mailbox, server: str, at: Source, state: str = "moved") -> Node:
    """The tree with the mailbox at another server, or at both; `at` is the place that says so."""
    there = Node.of(f"{box.address} at {server}", at)
    same = [m for m in _mailboxes(tree) if m.address.casefold() == box.address.casefold() and m.server == server]
    theirs = {m.number for m in same if m.entry.key == box.entry.key and m.number != box.number}
    items: list[Node] = []
    for number, item in enumerate(box.entry.node.items):
        if number == box.number:
            items += {"moved": [there], "both": [item, there], "only here": [item]}[state]
        elif number not in theirs:
            items.append(item)
    return _with(tree, box, tuple(items))


def without_mailbox(tree: Node, box: Mailbox) -> Node:
    """The tree without the mailbox, and without the person who has no other."""
    return _with(tree, box, tuple(item for number, item in enumerate(box.entry.node.items) if number != box.number))


def _with(tree: Node, box: Mailbox, items: tuple[Node, ...]) -> Node:
    people = tree.get("people") or Node({})
    if not items:
        return tree.with_entry("people", people.without(box.entry.key))
    node = items[0] if len(items) == 1 else Node(items, box.entry.node.at)
    return tree.with_entry("people", people.with_entry(box.entry.key, node))


def recipient_called(servers: Iterable[Entry], name: str) -> str:
    """The address among the `Recipients` of servers whose local part that is, where it is the only one."""
    found: list[str] = []
    for server in servers:
        section = server.node.get("Recipients")
        for entry in section.entries if section else ():
            if entry.key.partition("@")[0].casefold() == name.casefold():
                found.append(entry.key)
    return found[0] if len(found) == 1 else ""
