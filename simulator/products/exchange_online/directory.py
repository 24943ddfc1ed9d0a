"""Recipient resolution: what an address is in the tenant's directory.

    mailbox            delivered; a forwarding one also or only forwards
    mail user, contact its ExternalEmailAddress takes its place, and is routed by its own domain
    group              its members take its place; a Microsoft 365 group without members keeps its mail itself
    public folder      delivered

The people of the server have mailboxes; `Recipients` adds objects and gives mailboxes properties. Nothing else is known:
nobody is synchronised from another server unless it is written.

A mailbox also has its name at every domain of the service that the tenant accepts (`bob@contoso.onmicrosoft.com`, and the
coexistence domain's `bob@contoso.mail.onmicrosoft.com`), where nobody else has that address. Of two people with one name
before the @ it is the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from simulator.mail.address import Address
from simulator.policy.rules import rule
from simulator.products.exchange_online.recipients import EXTERNALS, UNIFIED_GROUP, RecipientObject
from simulator.products.exchange_recipients import Recipient, by_address
from simulator.source import NOWHERE, Node, ProblemList, Source

__all__ = ["Directory", "Entry"]

rule(
    "EXO-RCPT-12", "A mailbox also has its name at the tenant's onmicrosoft.com domains that are accepted", fidelity="documented",
    source="learn: Hybrid deployment prerequisites (coexistence domain); How the proxyAddresses attribute is populated (MOERA)",
    test="tests/products/exchange_online/test_directory.py",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry(Recipient[RecipientObject]):
    """One recipient. `kind` is mailbox, external, group or public folder."""

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


def _plain(address: Address, place: Source) -> RecipientObject:
    return RecipientObject.read(Node.of({}, place), ProblemList(), name=str(address), at=place)


class Directory:
    """The recipients of one tenant by every address they have."""

    def __init__(
        self, recipients: Mapping[str, RecipientObject], people: Iterable[tuple[Address, Source]], at: Source = NOWHERE,
        service_domains: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self.at = at
        self._entries: dict[Address, Entry] = by_address(Entry, people, _plain, recipients)
        boxes = [entry for entry in self if entry.kind == "mailbox"]
        self._proxies = {Address(e.address.local, d): e for d in service_domains for e in reversed(boxes)}

    def __iter__(self) -> Iterator[Entry]:
        """Every recipient once."""
        return iter(dict.fromkeys(self._entries.values()))

    def find(self, address: Address) -> Entry | None:
        """The recipient that has this address, as its primary one or as a proxy."""
        return self._entries.get(address) or self._proxies.get(address)

    def mailbox(self, address: Address) -> Address | None:
        """The primary address of the mailbox or public folder that an address leads to."""
        found = self.find(address)
        return found.address if found and found.keeps_mail else None

    @cached_property
    def logins(self) -> frozenset[Address]:
        """Who may log in: user mailboxes. Signing in to shared and room mailboxes is off unless somebody turns it on."""
        return frozenset(
            e.address for e in self._entries.values()
            if e.kind == "mailbox" and e.properties.RecipientType in (None, "UserMailbox", *EXTERNALS)  # moved here
        )  # fmt: skip
