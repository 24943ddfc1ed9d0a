"""The Sender Rewriting Scheme: an envelope sender of the forwarding host that leads back to the original one.

    ann@a.example, forwarded by box@b.example      SRS0=hash=day=a.example=ann@b.example

The hash is keyed with the host's name, so a made-up address leads nowhere; `day` counts in a circle of 1,024, and addresses older
than three weeks are refused.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from simulator.mail.address import Address, AddressError

__all__ = ["back", "rewritten"]

_SRS = re.compile(r"SRS0=([a-z2-7]{4})=([a-z2-7]{2})=([^=]+)=(.+)\Z", re.I)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_DAYS, _OLDEST = 1024, 21


def rewritten(sender: Address, box: Address, fqdn: str, now: datetime) -> Address:
    """The address in the domain of the forwarding mailbox that stands for a sender."""
    day = _day(now)
    return Address(
        f"SRS0={_hash(fqdn, day, sender.domain, sender.local)}={day}={sender.domain}={sender.local}", box.domain
    )


def back(address: Address, fqdn: str, now: datetime) -> Address | None:
    """Whom a rewritten address stands for; None where it is none, forged or too old."""
    found = _SRS.match(address.local)
    if not found:
        return None
    hashed, day, domain, local = found.groups()
    if hashed.upper() != _hash(fqdn, day.upper(), domain, local) or _age(day.upper(), now) > _OLDEST:
        return None
    try:
        return Address.parse(f"{local}@{domain}")
    except AddressError:
        return None


def _hash(fqdn: str, day: str, domain: str, local: str) -> str:
    told = f"{fqdn}:{day}:{domain.lower()}:{local.lower()}".encode()
    number = int.from_bytes(hashlib.blake2b(told, digest_size=4).digest(), "big")
    return "".join(_LETTERS[number >> shift & 31] for shift in (0, 5, 10, 15))


def _day(now: datetime) -> str:
    number = now.toordinal() % _DAYS
    return _LETTERS[number >> 5] + _LETTERS[number & 31]


def _age(day: str, now: datetime) -> int:
    written = _LETTERS.index(day[0]) * 32 + _LETTERS.index(day[1])
    return (now.toordinal() - written) % _DAYS
