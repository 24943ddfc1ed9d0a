"""Is this TLS good enough, and if not, why: the one judge of certificates for every host and both engines.

A `Demand` says what a sender (or a listener's connector) asks of the other side; `judge` compares it with the
facts of a handshake at a mail time. The levels are those that Exchange names (CMD-New-OutboundConnector
TlsSettings) and are what other products' switches come down to:

| level           | STARTTLS | chain | name |
| --------------- | -------- | ----- | ---- |
| opportunistic   | if offered, clear text otherwise | no | no |
| encryption      | must     | no    | no   |
| certificate     | must     | to a trusted authority, in date, for server use | no |
| domain          | must     | as above | one of the demanded names |

What the other side's domain asks (DANE, MTA-STS) comes as further `checks`, found by `Lookups` before connecting
(`policy.secured`).
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import IntEnum
from typing import Protocol

from simulator.mail.address import covers
from simulator.mail.tls import Certificate, TlsFacts
from simulator.policy.decision import Step
from simulator.source import NOWHERE, Source
from simulator.value import value

__all__ = [
    "PUBLIC_AUTHORITY", "Check", "Demand", "Level", "Lookups", "Verdict", "chain_verdict", "grade", "judge", "name_verdict",
]  # fmt: skip

PUBLIC_AUTHORITY = "lab-public-ca"
"""The lab authority that stands for the public ones which every host trusts."""


class Level(IntEnum):
    """How much a side asks of TLS, in rising order."""

    OPPORTUNISTIC = 0
    ENCRYPTION = 1
    CERTIFICATE = 2
    DOMAIN = 3


@value
class Verdict:
    """Good enough or not, with a slug and a sentence."""

    ok: bool
    reason: str  # "met", "no-tls", "no-certificate", "self-signed", "expired", "name-mismatch", ...
    says: str


class Check(Protocol):
    """Something further that TLS must stand, such as a host's TLSA records."""

    @property
    def verifies(self) -> bool:
        """Whether it looks at the certificate."""
        ...

    def examine(self, tls: TlsFacts | None, now: datetime) -> tuple[Verdict, Step]:
        """The verdict, and how it was found."""
        ...


@value
class Lookups:
    """What a sender asks DNS about a host's TLS before it connects.

    `dane_required`: no DANE, no mail. `dane_dates`: a certificate that fits must be in date, whatever the usage.
    """

    dane: bool = True
    dane_required: bool = False
    dane_dates: bool = False
    mta_sts: bool = True
    at: Source = NOWHERE


@value
class Demand:
    """What is asked, of which names, and the setting that asks it. `never` switches STARTTLS off.

    `certificate` False keeps the sender's own certificate back; a host that has none shows none anyway.
    """

    level: Level = Level.OPPORTUNISTIC
    names: tuple[str, ...] = ()
    never: bool = False
    strict: bool = False  # where there is TLS, its certificate is good and names the host; clear text is no fault
    trusted: frozenset[str] = field(default_factory=lambda: frozenset({PUBLIC_AUTHORITY}))
    at: Source = NOWHERE
    certificate: bool = True
    version: str = ""  # the only version to speak ("1.2"), "" for any
    lookups: Lookups | None = None  # None asks nothing
    checks: tuple[Check, ...] = ()  # what the lookups found
    shows: object = None  # which certificate the host shows (a `CertificateSpec` of its server), None for its first


def chain_verdict(
    certificate: Certificate | None,
    now: datetime,
    *,
    purpose: str,
    trusted: frozenset[str] = frozenset({PUBLIC_AUTHORITY}),
) -> Verdict:
    """Whether the certificate leads to a trusted authority, is in date and may serve `purpose` (client, server)."""
    if certificate is None:
        return Verdict(False, "no-certificate", "no certificate was presented")
    who = f"CN={certificate.subject}"
    if certificate.flaw == "self-signed":
        return Verdict(False, "self-signed", f"{who} is self-signed")
    if certificate.flaw == "bad-signature":
        return Verdict(False, "bad-signature", f"{who} carries a signature that does not verify")
    if certificate.flaw:
        return Verdict(
            False, "unknown-issuer", f"{who}: issuer {certificate.issuer} is not known and was not sent with it"
        )
    if certificate.anchor not in trusted:
        return Verdict(False, "untrusted-authority", f"{who}: its authority {certificate.anchor} is not trusted")
    if now < certificate.not_before:
        return Verdict(
            False, "not-yet-valid", f"{who} is valid from {certificate.not_before:%Y-%m-%d}, it is {now:%Y-%m-%d}"
        )
    if now > certificate.not_after:
        return Verdict(False, "expired", f"{who} expired {certificate.not_after:%Y-%m-%d}, it is {now:%Y-%m-%d}")
    if purpose not in certificate.purposes:
        return Verdict(False, "wrong-purpose", f"{who} is not for {purpose} authentication")
    return Verdict(True, "trusted", f"{who} leads to {certificate.anchor}, valid to {certificate.not_after:%Y-%m-%d}")


def name_verdict(certificate: Certificate | None, wanted: tuple[str, ...]) -> Verdict:
    """Whether one of the certificate's names and one of `wanted` cover each other (either may be `*.d`)."""
    names = certificate.all_names if certificate else ()
    for want in wanted:
        for name in names:
            if name == want.lower() or _one_label(name, want.lower()) or covers(want, name):
                return Verdict(True, "name-match", f"certificate name {name} answers {want}")
    return Verdict(
        False, "name-mismatch", f"certificate names {', '.join(names) or 'none'}; asked for {', '.join(wanted)}"
    )


def _one_label(pattern: str, name: str) -> bool:
    # RFC 6125 6.4.3: a wildcard certificate stands for exactly one left-most label.
    return pattern.startswith("*.") and name.partition(".")[2] == pattern[2:]


def judge(demand: Demand, tls: TlsFacts | None, now: datetime, host: str = "") -> Verdict:
    """Whether what was negotiated satisfies the demand of the side that connected; `host` is the name it looked up."""
    for check in demand.checks:
        found, _ = check.examine(tls, now)
        if not found.ok:
            return found
    if demand.strict and tls is not None:
        good = chain_verdict(tls.certificate, now, purpose="server", trusted=demand.trusted)
        good = name_verdict(tls.certificate, (host,)) if good.ok and host else good
        if not good.ok:
            return good
    if demand.level == Level.OPPORTUNISTIC:
        return Verdict(True, "opportunistic", "TLS if offered" if not tls else f"{tls.version}, nothing asked")
    if tls is None:
        return Verdict(False, "no-tls", "TLS is required and there is none")
    if demand.level == Level.ENCRYPTION:
        return Verdict(True, "encrypted", f"{tls.version}, certificate not checked")
    chain = chain_verdict(tls.certificate, now, purpose="server", trusted=demand.trusted)
    if not chain.ok or demand.level == Level.CERTIFICATE:
        return chain
    name = name_verdict(tls.certificate, demand.names)
    return name if not name.ok else Verdict(True, "verified", f"{chain.says}; {name.says}")


def grade(demand: Demand, tls: TlsFacts | None) -> str:
    """The word of the `tls:` expectation for a hop that went through: none, encrypted, trusted or verified."""
    if tls is None:
        return "none"
    if demand.strict or demand.level == Level.DOMAIN or any(check.verifies for check in demand.checks):
        return "verified"
    return "trusted" if demand.level == Level.CERTIFICATE else "encrypted"
