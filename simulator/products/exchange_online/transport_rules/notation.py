"""How New-TransportRule's parameters are written, beside words and patterns.

    SenderIpRanges                     192.0.2.10   192.0.2.10-192.0.2.20   192.0.2.0/24         (IPv4 only)
    MessageSizeOver                    10MB   10 MB   500KB   10485760   10 MB (10,485,760 bytes)
    RecipientADAttributeContainsWords  City:New Orleans,Palo Alto
    ActivationDate, ExpiryDate         2026-03-01   2026-03-01T17:00   03/01/2026 5:00 PM        (UTC)

Readers raise `BadValue` with the objection that the cmdlet would have.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

from simulator.policy.settings import BadValue, nearest
from simulator.products.exchange_online.attributes import ATTRIBUTES
from simulator.products.exchange_online.transport_rules.patterns import Pattern, pattern, word
from simulator.value import value

__all__ = [
    "AttributeTest", "IpRange", "attribute", "attribute_patterns", "attribute_words", "date", "header_name", "ip_range",
    "scl", "size", "status_code",
]  # fmt: skip

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|TB)?(?:\s*\([\d,. ]+bytes\))?\Z", re.I)
_UNITS = {"": 1, "B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
_FIELD_NAME = re.compile(r"[!-9;-~]+\Z")
_CODE = re.compile(r"5\.7\.(?:1|9\d\d)\Z")
_DATES = (
    "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y",
    "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S",
)  # fmt: skip


@value
class IpRange:
    """Some IPv4 addresses, as they were written."""

    text: str
    first: int
    last: int

    def __contains__(self, address: object) -> bool:
        try:
            return self.first <= int(IPv4Address(str(address))) <= self.last
        except AddressValueError:
            return False  # an IPv6 client is in no range

    def __str__(self) -> str:
        return self.text


def ip_range(text: str) -> IpRange:
    try:
        low, dash, high = (part.strip() for part in text.partition("-"))
        if dash:
            first, last = IPv4Address(low), IPv4Address(high)
            if first > last:
                raise BadValue(f"{text} ends before it begins")
            return IpRange(text, int(first), int(last))
        network = IPv4Network(text, strict=False)  # the page's own 192.168.0.1/25 has host bits
    except (AddressValueError, NetmaskValueError):
        fix = "Write 192.0.2.10, 192.0.2.10-192.0.2.20 or 192.0.2.0/24."
        raise BadValue(f"{text or 'nothing'} is no IPv4 address, range or network", fix) from None
    return IpRange(text, int(network.network_address), int(network.broadcast_address))


def size(text: str) -> int:
    """In bytes."""
    match = _SIZE.match(text)
    if not match:
        raise BadValue(f"{text or 'nothing'} is not a size", "Write 10MB or a number of bytes.")
    return int(float(match[1]) * _UNITS[(match[2] or "").upper()])


def scl(text: str) -> int:
    if not re.match(r"(?:-1|\d)\Z", text):
        raise BadValue(f"{text or 'nothing'} is no spam confidence level", "Write -1 or a number from 0 to 9.")
    return int(text)


def header_name(text: str) -> str:
    if not _FIELD_NAME.match(text):
        raise BadValue(f"{text or 'nothing'} is not the name of a header field", "Write X-Name, without the colon.")
    return text


def status_code(text: str) -> str:
    if not _CODE.match(text):
        raise BadValue(f"{text or 'nothing'} is not valid", "Valid values are 5.7.1 and 5.7.900 through 5.7.999.")
    return text


def date(text: str) -> datetime:
    plain = text.strip().upper().removesuffix("Z").replace("\N{NARROW NO-BREAK SPACE}", " ")
    for form in _DATES:
        try:
            return datetime.strptime(plain, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise BadValue(f"{text or 'nothing'} is not a date", "Write 2026-03-01 or 2026-03-01T17:00.")


@value
class AttributeTest:
    """One attribute, and the words or patterns of which one must be in it."""

    attribute: str
    text: str
    words: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()

    def __str__(self) -> str:
        return self.text


def attribute(text: str) -> str:
    """The name of an attribute, in the page's spelling."""
    by_fold = {name.casefold(): name for name in ATTRIBUTES}
    found = by_fold.get(text.strip().casefold())
    if found is None:
        raise BadValue(f"{text.strip() or 'nothing'} is not an attribute", nearest(text, list(ATTRIBUTES)))
    return found


def _attribute_test(text: str, *, read: Callable[[str], object]) -> tuple[str, tuple[object, ...]]:
    name, colon, listed = text.partition(":")
    if not colon or not listed.strip():
        raise BadValue(f"{text} names no attribute", "Write City:New Orleans,Palo Alto.")
    return attribute(name), tuple(read(part.strip()) for part in listed.split(","))


def attribute_words(text: str) -> AttributeTest:
    name, words = _attribute_test(text, read=word)
    return AttributeTest(name, text, words=tuple(map(str, words)))


def attribute_patterns(text: str) -> AttributeTest:
    name, found = _attribute_test(text, read=partial(pattern))
    return AttributeTest(name, text, patterns=tuple(p for p in found if isinstance(p, re.Pattern)))
