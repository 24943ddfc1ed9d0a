"""Lists of IP addresses as administrators write them: single ones, ranges, and networks in CIDR notation."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network, summarize_address_range

__all__ = ["INTERNAL", "IpRange", "contains", "read_range"]

IpRange = tuple["IPv4Network | IPv6Network", ...]
"""One entry of a list; a range that is no network comes to several."""

INTERNAL: IpRange = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
"""RFC 1918. Loopback is left out on purpose: in a lab every host is on loopback."""


def read_range(text: str) -> IpRange:
    """`192.0.2.7`, `192.0.2.0/24` or `192.0.2.1-192.0.2.9`; raises `ValueError` with the reason."""
    first, dash, last = text.partition("-")
    try:
        if not dash:
            return (ip_network(text.strip(), strict=False),)
        low, high = ip_address(first.strip()), ip_address(last.strip())
        return tuple(summarize_address_range(low, high))
    except (ValueError, TypeError):
        raise ValueError(f"{text!r} is no IP address, range (a-b) or network (a/24)") from None


_parsed = lru_cache(1024)(ip_address)


def contains(ranges: tuple[IpRange, ...], address: str) -> bool:
    """Whether an address is in one of the ranges."""
    ip = _parsed(address)
    return any(ip.version == network.version and ip in network for entry in ranges for network in entry)
