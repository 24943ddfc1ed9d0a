"""What Exchange Online and Exchange Server have in common about recipients: one directory entry, and how addresses find it.

primary address    before a proxy address of somebody else
groups             keep strangers out unless told otherwise (CMD Set-DistributionGroup)
mailboxes          ForwardingAddress goes before ForwardingSmtpAddress (CMD Set-Mailbox)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from simulator.mail.address import Address
from simulator.source import NOWHERE, Source

__all__ = ["Recipient", "by_address"]


class Properties(Protocol):
    """What is asked of the settings class of a recipient."""

    RequireSenderAuthenticationEnabled: bool | None
    ForwardingAddress: Address | None
    ForwardingSmtpAddress: Address | None
    RecipientType: str | None
    EmailAddresses: tuple[Address, ...]
    place: Source

    @property
    def kind(self) -> str: ...


P = TypeVar("P", bound=Properties)


@dataclass(frozen=True, slots=True)
class Recipient(Generic[P]):
    """One recipient. `addresses` has the primary one first; the kinds are each product's own, mailbox and group both's."""

    address: Address
    kind: str
    properties: P
    addresses: tuple[Address, ...]
    at: Source = NOWHERE

    @property
    def wants_authentication(self) -> bool:
        """Whether mail of anonymous senders is returned."""
        asked = self.properties.RequireSenderAuthenticationEnabled
        return self.kind == "group" if asked is None else asked

    @property
    def forwards_to(self) -> tuple[Address, str] | None:
        """Where a mailbox forwards, and the setting that says so."""
        if self.kind != "mailbox":
            return None
        if self.properties.ForwardingAddress:
            return self.properties.ForwardingAddress, "ForwardingAddress"
        if self.properties.ForwardingSmtpAddress:
            return self.properties.ForwardingSmtpAddress, "ForwardingSmtpAddress"
        return None


class Addressed(Protocol):
    @property
    def address(self) -> Address: ...
    @property
    def addresses(self) -> tuple[Address, ...]: ...


R = TypeVar("R", bound=Addressed)


def by_address(
    make: Callable[[Address, str, P, tuple[Address, ...], Source], R], people: Iterable[tuple[Address, Source]],
    plain: Callable[[Address, Source], P], written: Mapping[str, P],
) -> dict[Address, R]:  # fmt: skip
    """Every recipient by every address that it has: first the people's mailboxes (`plain`), then what is written.

    An address is one recipient's: a mail user or contact whose address a mailbox here has is that mailbox, as it is after a
    move (New-MoveRequest), and keeps its other addresses.
    """
    found: dict[Address, R] = {}

    def add(entry: R) -> None:
        for address in entry.addresses:
            if address == entry.address or address not in found:
                found[address] = entry

    for address, place in people:
        add(make(address, "mailbox", plain(address, place), (address,), place))
    own = frozenset(found)
    for name, properties in written.items():
        address = Address.parse(name)
        is_mailbox = address in own and (properties.RecipientType is None or properties.kind in ("external", "remote"))
        kind = "mailbox" if is_mailbox else properties.kind
        every = tuple(dict.fromkeys((address, *properties.EmailAddresses)))
        add(make(address, kind, properties, every, properties.place))
    return found
