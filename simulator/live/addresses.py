"""Which loopback address stands for which public one.

A lab file gives servers public addresses, and everything that people read shows those. The sockets live on
loopback. Where the system lets any 127/8 address be bound (Linux, Windows), `a.b.c.d` becomes `127.b.c.d`: what a
packet capture shows can be read with the eye, and a program from outside can be a lab host by its source address.

Some addresses cannot keep their last three numbers, and get the next free one of 127.254.0.0/16 instead:

* IPv6;
* a second address with the same b.c.d (10.0.113.10 after 203.0.113.10);
* x.0 and x.255, which some stacks refuse as network and broadcast addresses;
* 127.0.0.1, where every program from outside comes from, and 127.0.0.53, where systemd-resolved listens.

Given the same addresses in the same order the answers are the same, so two runs of a lab look alike. Where only
127.0.0.1 can be bound (macOS) the plan is `single`: it stands for all of them, and who is who is known by ports.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address

from simulator.live.errors import LabError

__all__ = ["HOME", "PLANS", "AddressPlan", "best_plan"]

HOME = "127.0.0.1"
"""The one loopback address that every system has."""

PLANS = ("auto", "loopback-net", "single")

_SPOKEN_FOR = frozenset({HOME, "127.0.0.53"})
_RESERVE = "127.254."
_PROBE = "127.1.2.3"


def best_plan() -> str:
    """`loopback-net` where any 127/8 address can be bound. Tried, not concluded from the system's name."""
    with socket.socket() as probe:
        try:
            probe.bind((_PROBE, 0))
        except OSError:
            return "single"
    return "loopback-net"


class AddressPlan:
    """Public addresses to loopback ones and back. `addresses` are those of the lab, in the order of its file."""

    def __init__(self, addresses: Iterable[str] = (), plan: str = "auto") -> None:
        if plan not in PLANS:
            raise LabError(f"there is no address plan {plan!r}", f"Use {', '.join(PLANS)}.")
        self.plan = best_plan() if plan == "auto" else plan
        self._loopback: dict[IPv4Address | IPv6Address, str] = {}
        self._public: dict[str, str] = {}
        self._free = _reserve()
        for address in addresses:
            self.loopback_of(address)

    def loopback_of(self, public: str) -> str:
        """Where a public address lives here. An address asked for the first time gets its place now."""
        if self.plan == "single":
            return HOME
        address = ip_address(public)
        known = self._loopback.get(address)
        if known is None:
            known = self._loopback[address] = self._place(address)
            self._public[known] = public
        return known

    def public_of(self, loopback: str) -> str | None:
        """The public address, as it was first written; None where the loopback address stands for none."""
        return self._public.get(loopback)

    def _place(self, address: IPv4Address | IPv6Address) -> str:
        if isinstance(address, IPv4Address):
            numbers = str(address).split(".")
            place = ".".join(("127", *numbers[1:]))
            free = place not in self._public and place not in _SPOKEN_FOR and not place.startswith(_RESERVE)
            if free and numbers[3] not in ("0", "255"):
                return place
        try:
            return next(self._free)
        except StopIteration:
            raise LabError("this lab has more addresses than loopback has room for") from None


def _reserve() -> Iterator[str]:
    return (f"{_RESERVE}{high}.{low}" for high in range(256) for low in range(1, 255))
