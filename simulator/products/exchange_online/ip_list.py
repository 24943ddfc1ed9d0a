"""Lists of addresses as the connection filter and Enhanced Filtering take them.

    192.0.2.10   192.0.2.10-192.0.2.20   192.0.2.0/24        IPv4 only

A network may be from /24 to /32 in the connection filter, and a range 256 addresses long; EFSkipIPs has no stated bound.
"""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Network

from simulator.policy.settings import BadValue
from simulator.value import value

__all__ = ["AddressRange", "filter_entry", "listed", "skip_entry"]

_WIDEST = 24
_LONGEST = 256


@value
class AddressRange:
    """An entry as it was written, and the addresses from first to last."""

    text: str
    first: IPv4Address
    last: IPv4Address

    def __contains__(self, address: object) -> bool:
        try:
            return self.first <= IPv4Address(str(address)) <= self.last
        except AddressValueError:
            return False  # an IPv6 address is on no list

    def __str__(self) -> str:
        return self.text


def skip_entry(text: str) -> AddressRange:
    """An entry of EFSkipIPs."""
    word = text.strip()
    if ":" in word:
        raise BadValue(f"{word} is an IPv6 address", "Only IPv4 addresses are supported.")
    first, dash, last = word.partition("-")
    try:
        if dash:
            made = AddressRange(word, IPv4Address(first.strip()), IPv4Address(last.strip()))
        else:
            network = IPv4Network(word, strict=False)
            made = AddressRange(word, network.network_address, network.broadcast_address)
    except ValueError:
        says = f"{word or 'nothing'} is neither an address nor a range nor a network"
        raise BadValue(says, "Write 192.0.2.10, 192.0.2.10-192.0.2.20 or 192.0.2.0/24.") from None
    if made.first > made.last:
        raise BadValue(f"{word} ends before it begins", f"Write {last.strip()}-{first.strip()}.")
    return made


def filter_entry(text: str) -> AddressRange:
    """An entry of IPAllowList or IPBlockList (CMD Set-HostedConnectionFilterPolicy)."""
    made = skip_entry(text)
    count = int(made.last) - int(made.first) + 1
    if "/" in made.text and count > 2 ** (32 - _WIDEST):
        raise BadValue(f"{text} is wider than /24", "Networks from /24 to /32 are supported.")
    if count > _LONGEST:
        raise BadValue(f"{text} has {count} addresses", f"A range has {_LONGEST} at most.")
    return made


def listed(address: str, entries: tuple[AddressRange, ...]) -> AddressRange | None:
    """The entry that covers an address."""
    return next((entry for entry in entries if address in entry), None)
