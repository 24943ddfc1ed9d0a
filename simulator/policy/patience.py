"""Everybody comes back later: the simplest greylisting, for hosts whose product has no settings of its own for it (RFC 6647 2.4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from simulator.mail.address import Address, Sender, sender_text
from simulator.mail.session import Session
from simulator.policy.moment import Moment

__all__ = ["left_to_wait"]


def left_to_wait(
    session: Session, sender: Sender, recipient: Address, wait: timedelta, at: Moment
) -> tuple[timedelta, str]:
    """How long a client has to wait still, nothing to let it go on, and the sentence about it; remembers when it came first."""
    seen: dict[tuple[str, str, str], datetime] = at.memory.setdefault("retry after", {})
    first = seen.setdefault((session.peer, sender_text(sender).casefold(), recipient.key), at.now)
    came = f"came first {at.now - first} ago" if first < at.now else "comes for the first time"
    return max(timedelta(0), first + wait - at.now), f"{session.peer} {came}"
