"""Recipient resolution: what an address is in the tenant's directory.

    mailbox            delivered; a forwarding one also or only forwards
    mail user, contact its ExternalEmailAddress takes its place, and is routed by its own domain
    group              its members take its place; a Microsoft 365 group without members keeps its mail itself
    public folder      delivered

The people of the server have mailboxes; `Recipients` adds objects and gives mailboxes properties. Nothing else is known:
nobody is synchronised from another server unless it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from simulator.mail.address import Address
from simulator.products.exchange_online.recipients import UNIFIED_GROUP, RecipientObject
from simulator.source import NOWHERE, Node, ProblemList, Source

__all__ = ["Directory", "Entry"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One recipient. `kind` is mailbox, external, group or public folder; `addresses` has the primary one first."""

    address: Address
    kind: str
    properties: RecipientObject
    addresses: tuple[Address, ...]
    at: Source = NOWHERE

    @property
    def noun(self) -> str:
        """What people call it, where a Microsoft 365 group is not any group."""
        if self.properties.RecipientType == UNIFIED_GROUP:
            return "Microsoft 365 group"
        return "mail user or contact" if self.kind == "external" else self.kind

    @property
    def keeps_mail(self) -> bool:
        """Whether mail may end here."""
        return self.kind in ("mailbox", "public folder") or (
            self.properties.RecipientType == UNIFIED_GROUP and not self.properties.Members
        )

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
    """The recipients of one tenant by every address they have."""

    def __init__(
        self, recipients: Mapping[str, RecipientObject], people: Iterable[tuple[Address, Source]], at: Source = NOWHERE
    ) -> None:
        self.at = at
        self._entries: dict[Address, Entry] = {}
        for address, place in people:
            plain = RecipientObject.read(Node.of({}, place), ProblemList(), name=str(address), at=place)
            self._add(Entry(address, "mailbox", plain, (address,), place))
        own = set(self._entries)
        for name, properties in recipients.items():
            address = Address.parse(name)
            kind = "mailbox" if address in own and properties.RecipientType is None else properties.kind
            every = tuple(dict.fromkeys((address, *properties.EmailAddresses)))
            self._add(Entry(address, kind, properties, every, properties.place))

    def _add(self, entry: Entry) -> None:
        for address in entry.addresses:
            if address == entry.address or address not in self._entries:
                self._entries[address] = entry

    def __iter__(self) -> Iterator[Entry]:
        """Every recipient once."""
        return iter(dict.fromkeys(self._entries.values()))

    def find(self, address: Address) -> Entry | None:
        """The recipient that has this address, as its primary one or as a proxy."""
        return self._entries.get(address)

    def mailbox(self, address: Address) -> Address | None:
        """The primary address of the mailbox or public folder that an address leads to."""
        found = self.find(address)
        return found.address if found and found.keeps_mail else None

    @cached_property
    def logins(self) -> frozenset[Address]:
        """Who may log in: user mailboxes. Signing in to shared and room mailboxes is off unless somebody turns it on."""
        return frozenset(
            e.address for e in self._entries.values()
            if e.kind == "mailbox" and e.properties.RecipientType in (None, "UserMailbox")
        )  # fmt: skip
