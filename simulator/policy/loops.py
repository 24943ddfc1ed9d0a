"""Mail that goes in circles: hop counting, and which hosts a message has passed.

Every host that accepts a message prepends one Received field, so their number is the number of hops so far
(RFC 5321 6.3). A host refuses a message that has more of them than its limit. Which side of a loop gives up is
only a matter of whose limit is lower, so the sentence also names the hosts that the message keeps passing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from simulator.mail.message import Message
from simulator.policy.rules import rule
from simulator.value import value

__all__ = ["HOP_LIMIT", "Hops", "count_hops", "passed"]

HOP_LIMIT = rule(
    "LOOP-HOPS", "A message with more Received fields than the hop limit is refused as looping", fidelity="documented",
    source="RFC 5321 6.3", test="tests/policy/test_loops.py",
)  # fmt: skip

_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.I)


@value
class Hops:
    """How far a message has come, and whether that is too far."""

    count: int
    limit: int
    circle: tuple[str, ...]  # hosts that it passed more than once, in the order of their first time

    @property
    def ok(self) -> bool:
        return self.count <= self.limit

    @property
    def reason(self) -> str:
        return "within-limit" if self.ok else "too-many-hops"

    @property
    def says(self) -> str:
        counted = f"{self.count} Received fields, {self.limit} allowed"
        return f"{counted}; it keeps passing {', '.join(self.circle)}" if self.circle and not self.ok else counted


def count_hops(message: Message, limit: int) -> Hops:
    """The verdict on a message as it came in, before this host stamped it."""
    hosts = passed(message)
    again = [] if len(set(hosts)) == len(hosts) else [host for host in hosts if hosts.count(host) > 1]
    return Hops(message.received_count, limit, tuple(dict.fromkeys(again)))


def passed(message: Message) -> tuple[str, ...]:
    """The names that hosts gave themselves in Received fields (`by`), the first hop first."""
    return tuple(reversed([host for value in message.all("Received") if (host := _by(value))]))


@lru_cache(1024)
def _by(received: str) -> str:
    match = _BY.search(received)
    return match[1].lower().removesuffix(".") if match else ""
