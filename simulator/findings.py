"""What `mailflow check` can say of a lab: kinds of finding by id, the findings, and what those who look may use.

    family   about
    MF00x    files that cannot be read, settings without effect
    MF01x    ways that lead in circles, to two mailboxes, or to nobody
    MF02x    who may relay, and as whom
    MF03x    TLS and certificates
    MF04x    DNS: SPF, MX, MTA-STS, DKIM
    MF05x    connectors that are shadowed, overlap, or are never reached
    MF06x    settings that delay mail
    MF07x    mail that no scenario looks at
    MF08x    what a migration leaves behind, or has not done yet

Ids never change their meaning. A finding is a prediction: what it says happens when the mail is sent. Those that need it are
asked of the planner (`Ground.mail`, `Ground.stranger`), and each kind names the test that plays it.

What is known about one product stands beside that product, in `findings.py` of its package:

    findings(host, ground)   what is odd about the settings of this host
    known(host)              the addresses that it knows beside its people's mailboxes, and where they stand
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from simulator.mail.address import Address, Sender
from simulator.played import Played
from simulator.policy.asking import Asking
from simulator.source import Node, Source
from simulator.topology import Lab, Person
from simulator.value import value

__all__ = ["SEVERITIES", "Edit", "Finding", "Ground", "Kind", "all_kinds", "appended", "inserted", "kind", "replaced"]

T = TypeVar("T")

SEVERITIES: Mapping[str, str] = {
    "error": "mail is lost, goes in circles, or may be sent by anybody; exit code 3",
    "warning": "it works for most mail, and not for all, or not for long",
    "note": "worth knowing",
}


@value
class Kind:
    """One id. `about` says how it comes and what is seen of it, `fix` what is done about it, `test` what proves it."""

    id: str
    severity: str
    title: str
    about: str
    fix: str
    test: str


@value
class Edit:
    """A change of a file's text: at this place `old` becomes `new`. It is made only if `old` still stands there.

    With `entry`, `old` is the key of a mapping that stays, and the entry is put before it.
    """

    at: Source
    old: str
    new: str
    entry: str = ""


@value
class Finding:
    """One finding. `edits` are there only where making them is safe: nothing that should work stops working."""

    kind: Kind
    at: Source
    says: str
    fix: str
    severity: str = ""  # where it is another than the kind's
    edits: tuple[Edit, ...] = ()
    where: str = ""  # the stage of a scenario

    @property
    def level(self) -> str:
        return self.severity or self.kind.severity


class Ground(Protocol):
    """A lab, and the planner to ask what would become of a message. Answers are None where nobody can plan it."""

    @property
    def lab(self) -> Lab: ...
    @property
    def tree(self) -> Node: ...
    @property
    def start(self) -> datetime: ...
    @property
    def senders(self) -> Sequence[Person]:
        """Somebody of every server and domain, to send from."""
        ...

    def mail(self, sender: Person, to: Address, *, at: datetime | None = None, null: bool = False) -> Played | None:
        """A message of a person, handed in at their own server, up to the first attempts."""
        ...

    def stranger(self, server: str, source: str, sender: Sender, to: Address) -> Played | None:
        """A message of a client at any address, handed in at port 25 of a server."""
        ...

    def answering(self, asking: Asking[T]) -> T:
        """What a decision comes to that asks DNS."""
        ...

    def node(self, *path: str) -> Node | None:
        """What the file says under these keys."""
        ...


_KINDS: dict[str, Kind] = {}


def kind(id: str, severity: str, title: str, *, about: str, fix: str, test: str) -> Kind:
    """Registers a kind of finding under its id."""
    assert severity in SEVERITIES, severity
    known = _KINDS.get(id)
    made = Kind(id, severity, title, about, fix, test)
    if known is not None and known != made:
        raise ValueError(f"{id} is there already: {known.title}")
    _KINDS[id] = made
    return made


def all_kinds() -> tuple[Kind, ...]:
    """All kinds of the modules that have been imported, by id."""
    return tuple(_KINDS[id] for id in sorted(_KINDS))


def replaced(node: Node | None, old: str, new: str) -> tuple[Edit, ...]:
    """The edit that puts `new` for `old` within a value, or none where it does not stand there on one line."""
    for item in _scalars(node):
        if old in item.text and item.at and item.at.width >= len(item.text):
            at = item.text_at
            offset = item.text.index(old)
            return (Edit(Source(at.file, at.line, at.column + offset, len(old)), old, new),)
    return ()


def appended(node: Node | None, new: str) -> tuple[Edit, ...]:
    """The edit that adds a word to a list in brackets or to a single value, or none for other lists."""
    items = node.items if node else ()
    if node is None or not items or not node.at:
        return ()
    last = items[-1]
    at = last.at
    if at.width < len(last.text) or (node.is_list and node.at.column == at.column - 2 and node.at.width == 1):
        return ()  # a list with hyphens wants a line of its own
    quote = '"' if last.text_at != at else ""
    text = f"{quote}{last.text}{quote}"
    added = f"{text}, {quote}{new}{quote}"
    return (Edit(Source(at.file, at.line, at.column, len(text)), text, added if node.is_list else f"[{added}]"),)


def inserted(mapping: Node | None, key: str, entry: str) -> tuple[Edit, ...]:
    """The edit that puts an entry before that of `key`, or none where there is no such key."""
    before = mapping.entry(key) if mapping is not None else None
    return (Edit(before.key_at, before.key, before.key, entry),) if before and before.key_at else ()


def _scalars(node: Node | None) -> Iterable[Node]:
    if node is None:
        return
    if node.is_map:
        for entry in node.entries:
            yield from _scalars(entry.node)
    else:
        for item in node.items:
            yield from _scalars(item) if not item.is_scalar else (item,)
