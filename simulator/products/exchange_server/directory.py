"""Whose an address is: accepted domains, and what the organisation's directory knows.

    mailbox                    here; a forwarding one also or only sends on
    remote mailbox             RemoteRoutingAddress takes its place
    mail user, contact         ExternalEmailAddress takes its place
    group                      its members take its place
    not in the directory, domain Authoritative           nobody
                          domain InternalRelay, ExternalRelay   somebody of the other side
                          no accepted domain             somebody outside

The people of the server have mailboxes. The closest accepted domain answers for an address; `*.d`, or MatchSubDomains,
answers for d and what is below it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simulator.mail.address import Address, domain_of
from simulator.products.exchange_recipients import Recipient, by_address
from simulator.products.exchange_server.settings import AUTHORITATIVE, AcceptedDomain, ExchangeSettings, RecipientObject
from simulator.source import Node, ProblemList, Source

__all__ = ["Directory", "Entry"]


@dataclass(frozen=True, slots=True)
class Entry(Recipient[RecipientObject]):
    """One recipient. `kind` is mailbox, remote, external or group."""


def _plain(address: Address, place: Source) -> RecipientObject:
    return RecipientObject.read(Node.of({}, place), ProblemList(), name=str(address), at=place)


class Directory:
    """The accepted domains and recipients of one server."""

    def __init__(self, settings: ExchangeSettings, people: Iterable[tuple[Address, Source]]) -> None:
        self.settings = settings
        self._domains = {name.lower().removesuffix("."): domain for name, domain in settings.AcceptedDomains.items()}
        folks = tuple(people)
        self.mailboxes = frozenset(address for address, _ in folks)
        self._entries: dict[Address, Entry] = by_address(Entry, folks, _plain, settings.Recipients)

    def find(self, address: Address) -> Entry | None:
        """The recipient that has this address, as its primary one or as a proxy."""
        return self._entries.get(address)

    def away(self, entry: Entry) -> Address | None:
        """Where a remote mailbox, mail user or contact really is."""
        if entry.kind == "external":
            return entry.properties.ExternalEmailAddress
        if entry.kind != "remote":
            return None
        told = entry.properties.RemoteRoutingAddress
        return told or Address(entry.address.local, self.settings.cloud_domain)

    def mailbox(self, address: Address) -> Address | None:
        """The primary address of the mailbox that an address leads to."""
        found = self.find(address)
        return found.address if found and found.kind == "mailbox" else None

    def domain(self, name: str | None) -> AcceptedDomain | None:
        """The accepted domain that answers for a name: its own entry, else the closest parent that covers it."""
        if name is None:
            return None
        labels = name.split(".")
        for cut in range(len(labels)):
            parent = ".".join(labels[cut:])
            exact = self._domains.get(parent)
            if exact is not None and (cut == 0 or exact.MatchSubDomains):
                return exact
            if (wild := self._domains.get(f"*.{parent}")) is not None:
                return wild
        return None

    def accepts(self, name: str | None) -> bool:
        return self.domain(name) is not None

    def is_authoritative(self, name: str | None) -> bool:
        found = self.domain(name)
        return found is not None and found.DomainType == AUTHORITATIVE

    def is_own(self, sender: Address | None) -> bool:
        """Whether a sender is in an accepted domain."""
        return self.accepts(domain_of(sender))

    @property
    def default_domain(self) -> str:
        """The default domain; where none is marked, the first that is no onmicrosoft.com name. Empty without domains."""
        marked = [name for name, domain in self._domains.items() if domain.Default]
        own = sorted((n.endswith(".onmicrosoft.com"), i, n) for i, n in enumerate(self._domains))
        return next(iter(marked), own[0][2] if own else "").removeprefix("*.")
