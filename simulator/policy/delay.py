"""Notices of delay: a sender is told, once for each recipient, that mail has waited for some time (RFC 3461 5.2.5).

    not due       the mail has not waited so long yet (retries are all that happens to waiting mail, so a notice
                  comes with the first of them after that time)
    told          this recipient's notice was written before
    nobody asked  the null sender, or NOTIFY without DELAY; without NOTIFY a host may tell

The notice says how long it will be tried (Will-Retry-Until), and gives back the header alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.mail.notify import DELAY
from simulator.policy.bounce import may_report
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Fate, Keep
from simulator.policy.rules import rule

__all__ = ["DELAY_ONCE", "is_delay_due", "with_notices"]

DELAY_ONCE = rule(
    "REPORT-DELAY", "A sender is told of a delay once for each recipient, unless NOTIFY leaves DELAY out", fidelity="documented",
    source="RFC 3461 4.1 and 5.2.5, RFC 5321 4.5.4.1", test="tests/policy/test_delay.py",
)  # fmt: skip


def is_delay_due(held: Held, recipient: Address, after: timedelta | None, at: Moment) -> bool:
    """Whether the notice is to be written now. Remembers a yes, so ask last; None or nothing for `after` is never."""
    if not after or not may_report(held, recipient, DELAY) or at.now - held.arrived < after:
        return False
    told: set[tuple[datetime, str, str]] = at.memory.setdefault("delays told", set())
    mark = (held.arrived, held.message.get("Message-ID") or "", recipient.key)
    if mark in told:
        return False
    told.add(mark)
    return True


def with_notices(
    held: Held, fates: Mapping[Address, Fate], after: timedelta | None, at: Moment, write: Callable[[Address, Keep], Message]
) -> dict[Address, Fate]:  # fmt: skip
    """The fates with a notice for each recipient that waits and whose notice is due; `write` writes it."""
    found = dict(fates)
    for recipient, fate in fates.items():
        if held.sender is not None and isinstance(fate, Keep) and is_delay_due(held, recipient, after, at):
            found[recipient] = replace(fate, notice=(held.sender, write(recipient, fate)))
    return found
