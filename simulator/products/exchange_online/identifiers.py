"""Names and numbers that the service makes up: tenant ids, server names, trace ids. Here they follow from the lab.

Shapes are those of captured headers and replies; which numbers come out is this simulator's affair, and the same in every
run: they are functions of the tenant's name and of counters in its memory.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import lru_cache

from simulator.policy.moment import Moment

__all__ = [
    "egress_name", "frontend", "guid", "inside_address", "mailbox_server", "stores", "submission_server", "suffix", "utc",
]  # fmt: skip


@lru_cache(4096)
def _digits(*parts: str) -> str:
    return hashlib.blake2b(":".join(parts).encode(), digest_size=16).hexdigest()


@lru_cache(4096)
def guid(*parts: str) -> str:
    """An id that looks random and always is the same for the same parts (a tenant's name, a message's number)."""
    d = _digits("guid", *parts)
    return f"{d[:8]}-{d[8:12]}-4{d[13:16]}-a{d[17:20]}-{d[20:32]}"


@lru_cache
def frontend(tenant: str) -> str:
    """The server that answers at port 25, as captured: `BN8NAM11FT058.mail.protection.outlook.com`."""
    return f"BN8NAM11FT{int(_digits('frontend', tenant)[:8], 16) % 1000:03}.mail.protection.outlook.com"


@lru_cache
def submission_server(tenant: str) -> str:
    """The server that answers at port 587, as captured: `SY5P282CA0097.outlook.office365.com`."""
    return f"SY5P282CA{int(_digits('submission', tenant)[:8], 16) % 10000:04}.outlook.office365.com"


@lru_cache
def mailbox_server(tenant: str) -> str:
    """The server that keeps and sends, as captured: `DM6PR11MB4459.namprd11.prod.outlook.com`."""
    return f"DM6PR11MB{int(_digits('mailbox', tenant)[:8], 16) % 10000:04}.namprd11.prod.outlook.com"


@lru_cache
def stores(tenant: str) -> str:
    """The server that a mailbox is on, as captured: `SN6PR11MB2958.namprd11.prod.outlook.com`."""
    return f"SN6PR11MB{int(_digits('store', tenant)[:8], 16) % 10000:04}.namprd11.prod.outlook.com"


@lru_cache(4096)
def inside_address(host: str) -> str:
    """The address of a server inside, of the kind that captured Received fields show (`2603:10b6:...`)."""
    d = _digits("inside", host)
    return f"2603:10b6:{d[:3].lstrip('0') or '1'}:{d[3:6].lstrip('0') or '1'}::{d[6:8].lstrip('0') or '1'}"


def egress_name(address: str, *, relay: bool = False) -> str:
    """The EHLO name of a sending address; those of the relay pool have `rly` in it (MC266466).

    inferred: the pattern `mail-<site>.outbound.protection.outlook.com` is observed,
    the address in place of the site is this simulator's, so that the name leads back to it in DNS."""
    site = address.replace(".", "-").replace(":", "-")
    return f"mail-{'rly-' if relay else ''}{site}.outbound.protection.outlook.com"


@lru_cache
def utc(now: datetime) -> str:
    """`2026-07-13T04:51:53.988Z`."""
    return f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z"


def suffix(host: str, at: Moment) -> str:
    """What ends most refusals: `[host time trace-id]`."""
    number = at.turn("trace id")
    return f"[{host} {utc(at.now)} 08DE{_digits('trace', host, str(number))[:12].upper()}]"
