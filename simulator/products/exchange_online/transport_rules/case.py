"""What rules are asked about: one message for one recipient, and everything that is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from simulator.mail.address import Address
from simulator.mail.mailboxes import mailboxes
from simulator.mail.message import Message
from simulator.mail.mime import Part, decoded, parts
from simulator.policy.host import Held
from simulator.products.exchange_online.directory import Entry
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.headers import is_internal
from simulator.products.exchange_online.remote_domains import remote_domain
from simulator.products.exchange_online.transport_rules.patterns import LONGEST_TEXT

__all__ = ["SCL", "Case"]

SCL = "X-MS-Exchange-Organization-SCL"


@dataclass(frozen=True)
class Case:
    """One message, in the state in which the rules before left it, for one recipient."""

    held: Held
    recipient: Address
    tenant: Profile
    message: Message

    def now(self, message: Message) -> Case:
        """The same after a rule changed the message."""
        return self if message is self.message else Case(self.held, self.recipient, self.tenant, message)

    @cached_property
    def authenticated(self) -> bool:
        """Whether it came in over an authenticated connection, as the stamp says (AuthAs Internal)."""
        return is_internal(self.message)

    # the sender

    @cached_property
    def author(self) -> Address | None:
        """The From field's address; None where there is none."""
        return next(iter(mailboxes(self.message.get("From") or "")), None)

    def senders(self, location: str) -> tuple[Address, ...]:
        """The addresses that SenderAddressLocation asks for."""
        header = (self.author,) if location != "Envelope" else ()
        envelope = (self.held.sender,) if location != "Header" else ()
        return tuple(dict.fromkeys(a for a in (*header, *envelope) if a is not None))

    @cached_property
    def sender_entry(self) -> Entry | None:
        """Who in the directory sends: by the From field, and by the envelope where there is none."""
        who = self.author or self.held.sender
        return self.tenant.directory.find(who) if who else None

    # the recipient

    @cached_property
    def entry(self) -> Entry | None:
        return self.tenant.directory.find(self.recipient)

    def addressed(self, kind: str) -> Address:
        """The recipient's address: Resolved, the primary one; Original, the one that the sender wrote."""
        if kind == "Original":
            return self.held.original or self.recipient
        return self.entry.address if self.entry else self.recipient

    # people

    def belongs(self, entry: Entry | None) -> bool:
        """Whether somebody is of the organisation: a mailbox, mail user or group. Contacts are not (CMD, FromScope)."""
        return entry is not None and entry.properties.RecipientType != "MailContact"

    def is_own_domain(self, domain: str) -> bool:
        """Whether a domain is an accepted one."""
        return self.tenant.domains.accepts(domain)

    def is_internal_domain(self, domain: str) -> bool:
        """Whether a remote domain says that its recipients are internal (CMD Set-RemoteDomain IsInternal)."""
        found = remote_domain(domain, self.tenant.settings.RemoteDomains)
        return found is not None and found.IsInternal

    def is_one_of(self, address: Address | None, wanted: tuple[Address, ...]) -> Address | None:
        """The wanted one that an address is, or is another name of."""
        if address is None:
            return None
        entry = self.tenant.directory.find(address)
        known = {address, *(entry.addresses if entry else ())}
        return next((w for w in wanted if w in known), None)

    def members(self, groups: tuple[Address, ...]) -> frozenset[Address]:
        """The addresses of everybody in these groups, and in the groups in them."""
        return frozenset(self._members(groups))

    def _members(self, groups: tuple[Address, ...]) -> Iterator[Address]:
        waiting, seen = list(groups), set[Address]()
        while waiting:
            entry = self.tenant.directory.find(waiting.pop())
            if entry is None or entry.kind != "group" or entry.address in seen:
                continue
            seen.add(entry.address)
            for member in entry.properties.Members:
                found = self.tenant.directory.find(member)
                yield from found.addresses if found else (member,)
                waiting.append(member)

    def manager_of(self, entry: Entry | None) -> Address | None:
        return entry.properties.Manager if entry else None

    # the message

    def fields(self, name: str) -> tuple[str, ...]:
        """The values of a header field as people read them."""
        return tuple(decoded(value) for value in self.message.all(name))

    @cached_property
    def subject(self) -> str:
        return decoded(self.message.get("Subject") or "")

    def listed(self, *names: str) -> tuple[Address, ...]:
        """The addresses in these fields."""
        return tuple(a for name in names for value in self.message.all(name) for a in mailboxes(value))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        return parts(self.message)

    @cached_property
    def body(self) -> str:
        """The text that people read."""
        shown = (part.text for part in self.parts if part.type.startswith("text/") and not part.is_attachment)
        return "\n".join(shown)[:LONGEST_TEXT]

    @cached_property
    def attachments(self) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.is_attachment)

    @cached_property
    def scl(self) -> int | None:
        """The spam confidence level that is known so far; None where there is none."""
        said = self.held.facts.get("scl") or ""
        said = (self.message.get(SCL) or said).strip()
        return int(said) if said.removeprefix("-").isdecimal() else None
