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
from simulator.products.exchange_server.settings import AUTHORITATIVE, AcceptedDomain, ExchangeSettings, RecipientObject
from simulator.source import NOWHERE, Node, ProblemList, Source

__all__ = ["Directory", "Entry"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One recipient. `kind` is mailbox, remote, external or group; `addresses` has the primary one first."""

    address: Address
    kind: str
    properties: RecipientObject
    addresses: tuple[Address, ...]
    at: Source = NOWHERE

    @property
    def wants_authentication(self) -> bool:
        """Groups keep strangers out unless told otherwise (CMD Set-DistributionGroup)."""
        asked = self.properties.RequireSenderAuthenticationEnabled
        return self.kind == "group" if asked is None else asked

    @property
    def forwards_to(self) -> tuple[Address, str] | None:
        """Where a mailbox forwards, and the setting that says so. ForwardingAddress goes before ForwardingSmtpAddress."""
        for parameter in ("ForwardingAddress", "ForwardingSmtpAddress"):
            found: Address | None = getattr(self.properties, parameter)
            if found and self.kind == "mailbox":
                return found, parameter
        return None


class Directory:
    """The accepted domains and recipients of one server."""

    def __init__(self, settings: ExchangeSettings, people: Iterable[tuple[Address, Source]]) -> None:
        self.settings = settings
        self._domains = {name.lower().removesuffix("."): domain for name, domain in settings.AcceptedDomains.items()}
        self._entries: dict[Address, Entry] = {}
        own: set[Address] = set()
        for address, place in people:
            plain = RecipientObject.read(Node.of({}, place), ProblemList(), name=str(address), at=place)
            self._add(Entry(address, "mailbox", plain, (address,), place))
            own.add(address)
        self.mailboxes = frozenset(own)
        for name, properties in settings.Recipients.items():
            address = Address.parse(name)
            kind = "mailbox" if address in own and properties.RecipientType is None else properties.kind
            every = tuple(dict.fromkeys((address, *properties.EmailAddresses)))
            self._add(Entry(address, kind, properties, every, properties.place))

    def _add(self, entry: Entry) -> None:
        for address in entry.addresses:
            if address == entry.address or address not in self._entries:
                self._entries[address] = entry

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
