"""Who and what is called how in a lab: names in sentences and in `send` are looked up here, misspelt ones reported.

A person is a name from `people` or an address. A stranger whose address stands in `send` may also go by the part before
the `@`, as in `eve -> m365 -> REJECTED`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.mail.address import Address, AddressError
from simulator.mail.path import folded
from simulator.scenario.errors import near_miss
from simulator.scenario.sentence import ELLIPSIS, Sentence, people_named, servers_named
from simulator.scenario.words import Word
from simulator.source import Entry, Node, ProblemList, Source

__all__ = ["Names"]


@dataclass
class Names:
    """The people and servers of one (patched) lab. `strangers` are addresses that a flow's `send` brings in."""

    file: str
    people: dict[str, tuple[str, tuple[Address, ...]]]  # by folded name: name as written, addresses
    servers: dict[str, str]  # by folded name
    strangers: list[Address] = field(default_factory=list)

    @classmethod
    def of(cls, tree: Node, file: str) -> Names:
        """From the tree, so that names can be checked in a lab that has errors elsewhere."""
        people: dict[str, tuple[str, tuple[Address, ...]]] = {}
        for entry in _entries(tree, "people"):
            people[folded(entry.key)] = (entry.key, tuple(_addresses(entry.node)))
        return cls(file, people, {folded(e.key): e.key for e in _entries(tree, "servers")})

    def with_strangers(self, addresses: Iterable[Address]) -> Names:
        return Names(self.file, self.people, self.servers, [*self.strangers, *addresses])

    @property
    def every(self) -> list[str]:
        """All names and addresses of people, for reading sentences."""
        found = [name for name, _ in self.people.values()]
        found += [str(a) for _, addresses in self.people.values() for a in addresses]
        found += [name for a in self.strangers for name in (a.local, str(a))]
        return found

    def address(self, text: str) -> Address | None:
        """Whom a name or address stands for; None where nobody is called so."""
        known = self.people.get(folded(text))
        if known:
            return known[1][0] if known[1] else None
        if "@" in text:
            try:
                return Address.parse(text)
            except AddressError:
                return None
        local = {a for a in self.strangers if a.local.casefold() == text.strip().casefold()}
        return next(iter(local)) if len(local) == 1 else None

    def person(self, text: str) -> str:
        """The name in `people` of a name or address; empty for a stranger."""
        known = self.people.get(folded(text))
        if known:
            return known[0]
        address = self.address(text)
        return next((name for name, theirs in self.people.values() if address in theirs), "")

    def server(self, text: str) -> str:
        """The server's name as written; empty where there is none."""
        return self.servers.get(folded(text), "")

    def check_person(self, text: str, at: Source, problems: ProblemList) -> Address | None:
        """As `address`, with an error where nobody is called so."""
        found = self.address(text)
        if found or (text.strip() and folded(text) in self.people):
            return found  # a person whose address is wrong has been reported with the lab
        names = [name for name, _ in self.people.values()]
        if "@" in text:
            problems.error(at, f"{text!r} is not a mail address.", near_miss(text, names).strip())
        elif folded(text) in self.servers:
            problems.error(at, f'"{text}" is a server, and a person is expected here.', near_miss("", names).strip())
        else:
            problems.error(at, f'no person "{text}" in {self.file}.', near_miss(text, names).strip())
        return None

    def check_server(self, text: str, at: Source, problems: ProblemList) -> str:
        """As `server`, with an error where there is none."""
        found = self.server(text)
        if not found:
            known = list(self.servers.values())
            if folded(text) in self.people:
                problems.error(
                    at, f'"{text}" is a person, and a server is expected here.', near_miss("", known).strip()
                )
            else:
                problems.error(at, f'no server "{text}" in {self.file}.', near_miss(text, known).strip())
        return found

    def check_sentence(self, sentence: Sentence, problems: ProblemList, *, also: bool = False) -> None:
        """Every person and server that a sentence names."""
        if sentence is ELLIPSIS:
            return
        for word in servers_named(sentence, also=also):
            self.check_server(word.text, word.at, problems)
        for word in people_named(sentence, also=also):
            self._check_person(word, problems)

    def _check_person(self, word: Word, problems: ProblemList) -> None:
        if word.text not in ("<>", "*"):  # the null sender has no name
            self.check_person(word.text, word.at, problems)


def _entries(tree: Node, key: str) -> tuple[Entry, ...]:
    node = tree.get(key)
    return node.entries if node else ()


def _addresses(node: Node) -> Iterable[Address]:
    for item in node.items:
        try:
            yield Address.parse((item.text.split() or [""])[0])
        except AddressError:
            continue  # reported with the lab
