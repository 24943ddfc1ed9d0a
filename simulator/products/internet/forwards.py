"""Mailboxes that send their mail on, and what becomes of the envelope sender.

    forwards: {Sun: {to: bob@contoso.com}}           the sender stays: SPF fails at the next host, DKIM holds
    ... keep copy: true                              and the mailbox keeps the message
    ... srs: true                                    SRS0=hash=day=domain=user@domain of the mailbox
    the null sender                                  stays, srs or not (RFC 5321 4.5.5)

A report to a rewritten sender comes back here, is checked, and goes to whom the address stands for. The hash is keyed with the
host's name, so a made-up address leads nowhere; `day` counts in a circle of 1,024, and addresses older than three weeks are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from simulator.mail.address import Address, Sender
from simulator.policy import srs
from simulator.policy.decision import Candidate, Step
from simulator.policy.host import Held
from simulator.policy.route import Expand, Routing
from simulator.policy.rules import rule
from simulator.products.internet.values import Forward
from simulator.source import Source

__all__ = ["Forwards"]

_TEST = "tests/products/internet/test_forwards.py"
FORWARD = rule(
    "NET-FWD-1", "A forward sends mail on as an alias does: the envelope sender stays, and SPF fails at the next host",
    fidelity="documented", source="RFC 5321 3.9.1, RFC 7208 D.1", test=_TEST,
)  # fmt: skip
REWRITES = rule(
    "NET-FWD-2", "With srs the envelope sender becomes an address of the forwarding host that leads back to the original one",
    fidelity="documented", source="Sender Rewriting Scheme (libsrs2 documentation); hash and age are this simulator's", test=_TEST,
)  # fmt: skip


class Forwards:
    """The forwards of one host. `made` are mailbox, target and setting; `fqdn` keys the hashes."""

    def __init__(self, made: Mapping[Address, tuple[Address, Forward]], fqdn: str) -> None:
        self.made, self.fqdn = made, fqdn

    def route(self, mailbox: Address, steps: tuple[Step, ...]) -> Routing | None:
        """Where a mailbox sends its mail on to; None where it does not."""
        found = self.made.get(mailbox)
        if found is None:
            return None
        target, forward = found
        says = f"{mailbox} forwards to {target}{' and keeps a copy' if forward.keep_copy else ''}"
        why = Candidate("forwards", True, "keeps" if forward.keep_copy else "moves", says, forward.at("to"))
        step = Step("FORWARD", FORWARD, why.reason, says, (why,), why.at)
        return Routing(Expand((target,), "forward", forward.keep_copy), (*steps, step))

    def sender(self, held: Held, recipient: Address, now: datetime) -> Sender:
        """The envelope sender with which a copy for `recipient` leaves."""
        box = self._rewriting(held.original, recipient)
        if box is None or held.sender is None or held.sender.domain == box.domain:
            return held.sender
        return self.rewritten(held.sender, box, now)

    def _rewriting(self, start: Address | None, recipient: Address) -> Address | None:
        """The mailbox with srs whose forward led from `start` to `recipient`."""
        seen = set[Address]()
        while start is not None and start not in seen:
            seen.add(start)
            target, forward = self.made.get(start, (None, None))
            if target == recipient:
                return start if forward and forward.srs else None
            start = target
        return None

    def rewritten(self, sender: Address, box: Address, now: datetime) -> Address:
        """The address of this host that stands for a sender."""
        return srs.rewritten(sender, box, self.fqdn, now)

    def back(self, address: Address, now: datetime) -> Address | None:
        """Whom a rewritten address stands for; None where it is none, forged or too old."""
        return srs.back(address, self.fqdn, now)

    def back_step(self, address: Address, original: Address, at: Source) -> Step:
        says = f"{address} stands for {original}"
        return Step("SRS", REWRITES, "back", says, (Candidate("srs", True, "back", says, at),), at)
