"""Trace information that every accepting host adds (RFC 5321 4.4), and queue ids."""

from __future__ import annotations

from simulator.mail.message import Message, rfc5322_date
from simulator.mail.session import Session
from simulator.policy.host import Held
from simulator.policy.moment import Moment

__all__ = ["next_queue_id", "protocol", "received", "stamped"]


def next_queue_id(at: Moment) -> str:
    """The id of the message that is being accepted; `stamped` writes the same one."""
    at.memory["queue id"] = f"{at.turn('queue id') + 1:08X}"
    return str(at.memory["queue id"])


def protocol(session: Session) -> str:
    """The `with` word: ESMTP, with S for TLS and A for a login (RFC 3848)."""
    return f"ESMTP{'S' if session.tls else ''}{'A' if session.auth else ''}"


def received(held: Held, fqdn: str, queue_id: str, at: Moment) -> str:
    """The value of a Received field: EHLO name and TCP address, own name, protocol, date (RFC 5321 4.4)."""
    session = held.session
    address = f"IPv6:{session.peer}" if ":" in session.peer else session.peer
    lines = [f"from {session.helo or f'[{address}]'} ([{address}])"]
    by = f"by {fqdn} with {protocol(session)}"
    lines.append(f"{by} id {queue_id}" if queue_id else by)
    if len(held.recipients) == 1:  # RFC 5321 7.6: several would tell each of the others
        lines.append(f"for <{held.recipients[0]}>")
    return "\n".join(lines) + f"; {rfc5322_date(at.now)}"


def stamped(held: Held, fqdn: str, at: Moment) -> Message:
    """The message with this host's Received field on top."""
    return held.message.prepend("Received", received(held, fqdn, str(at.memory.get("queue id", "")), at))
