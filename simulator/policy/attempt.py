"""What came of trying to hand a message to the next host: facts, gathered by either engine.

An attempt asks DNS for targets, then tries them in order; every target leaves a `Try`. The sending host's
`after_attempt` turns the outcome into fates with the product's own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.mail.tls import TlsFacts
from simulator.policy.tls import Verdict
from simulator.value import value

__all__ = ["Open", "Outcome", "Target", "Try", "Unroutable"]


@value
class Target:
    """One address to try: the name that led to it and its public IP address.

    How it was found does not make it another: `domain` is the name whose MX list (or whose own address) led to it, empty
    for an address that was named outright; `secure` says that all of it came from signed zones.
    """

    name: str
    address: str
    preference: int = 0
    domain: str = field(default="", compare=False)
    secure: bool = field(default=False, compare=False)


@value
class Unroutable:
    """DNS gave no target. `reason`: "nxdomain", "no-address", "null-mx", "self-mx", "servfail", "timeout"."""

    reason: str
    name: str
    permanent: bool
    says: str
    bogus: bool = False  # a resolver found DNSSEC signatures wrong


@value
class Open:
    """A connection that was left open after a transaction, under a number, and what the next message must know of it."""

    number: int
    tls: TlsFacts | None = None
    offered: frozenset[str] = frozenset()  # by the last EHLO


@value
class Try:
    """One target tried. `stage` is where it ended: "CONNECT", "BANNER", "EHLO", "STARTTLS", "TLS", "MAIL",
    "RCPT", "DATA", "END" or "" when it went through. `broken` says how the connection failed ("refused",
    "timeout", "reset", "handshake"), `verdict` why TLS was not good enough, `reply` what the other side said.
    `recipients` are the answers given to each, `banner` the greeting, where only that was asked, `dsn` whether the last
    EHLO announced DSN, `open` the connection where it was left open."""

    target: Target
    stage: str = ""
    reply: Reply | None = None
    broken: str = ""
    verdict: Verdict | None = None
    tls: TlsFacts | None = None
    recipients: Mapping[Address, Reply] = field(default_factory=dict)
    banner: Reply | None = None
    dsn: bool = False
    open: Open | None = field(default=None, compare=False)


@value
class Outcome:
    """The whole attempt. `replies` are the last answers per recipient (250 when handed on)."""

    tries: tuple[Try, ...] = ()
    unroutable: Unroutable | None = None
    replies: Mapping[Address, Reply] = field(default_factory=dict)

    def about(self, wire: Address) -> Try | None:
        """The last try in which something was said about a recipient (by its address on the way), or else the last."""
        return next((t for t in reversed(self.tries) if wire in t.recipients), self.last)

    def taker(self, wire: Address) -> Try | None:
        """The try in which a recipient was taken."""
        return next((t for t in self.tries if not t.stage and wire in t.recipients and t.recipients[wire].ok), None)

    @property
    def last(self) -> Try | None:
        return self.tries[-1] if self.tries else None
