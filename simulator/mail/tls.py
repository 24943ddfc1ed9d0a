"""What is known of a TLS session: version, and the peer's certificate as facts.

Listeners and couriers accept any certificate and pass on what it says; `policy/tls.py` judges. So a
certificate here carries its names, dates, purposes and where its chain was found to lead, no verdict.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from functools import lru_cache

from simulator.value import value

__all__ = ["Certificate", "TlsFacts"]


@value
class Certificate:
    """A leaf certificate as its holder presented it. Dates are aware UTC."""

    subject: str  # common name
    names: tuple[str, ...]  # DNS names of the subject alternative name extension
    issuer: str  # common name of the issuer
    not_before: datetime
    not_after: datetime
    purposes: frozenset[str]  # of {"server", "client"}
    anchor: str = ""  # name of the lab authority the presented chain leads to; "" where it leads to none
    flaw: str = ""  # why it leads to none: "self-signed", "unknown-issuer" or "bad-signature"
    associations: frozenset[str] = field(default_factory=frozenset, compare=False)
    """TLSA data that stands for it, `selector type data` (RFC 6698 2.1), or `cert:NAME` where a lab's DNS names it so."""

    @property
    def all_names(self) -> tuple[str, ...]:
        """Common name and alternative names, lower case, each once."""
        return _all_names(self.subject, self.names)


@lru_cache(1024)
def _all_names(subject: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n.lower() for n in (subject, *names) if n))


@value
class TlsFacts:
    """A finished handshake. `certificate` is the peer's, None where it presented none."""

    version: str  # "TLSv1.3"
    cipher: str = ""
    certificate: Certificate | None = None
