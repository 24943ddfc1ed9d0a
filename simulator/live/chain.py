"""Reads a presented certificate chain: what the leaf says, and where its signatures lead.

The handshake accepts anything, so here is where a certificate becomes facts. From the leaf, every possible issuer
is tried: the authorities the lab knows first, then what the peer sent along. An issuer counts when its subject is
the issuer's name, it may issue (basic constraints, RFC 5280 4.2.1.9), and its key verifies the signature. The walk
ends well at an authority of the lab; otherwise the place where it got furthest says what is wrong:

| it stopped because                                              | flaw           |
| --------------------------------------------------------------- | -------------- |
| the leaf is its own issuer                                      | self-signed    |
| an issuer of that name is there and its key does not verify     | bad-signature  |
| nobody has that name, or only a root the lab does not know      | unknown-issuer |

Dates, names and purposes are read and not judged; that is `policy.tls`. Nothing a stranger sends makes this raise.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from simulator.live.pki import Authorities
from simulator.mail.address import readable
from simulator.mail.tls import Certificate

__all__ = ["association", "facts", "name_of"]

_UNREADABLE = (ValueError, TypeError, x509.ExtensionNotFound, x509.UnsupportedGeneralNameType, UnsupportedAlgorithm)
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_REMEMBERED = 256
_MOST_SENT = 16  # intermediates that are looked at; public chains have one or two


def facts(chain: Sequence[bytes | x509.Certificate], authorities: Authorities) -> Certificate:
    """What a chain says of its holder, leaf first, as objects or DER."""
    return _remembered(tuple(chain), tuple(authorities.known.items()))


@lru_cache(_REMEMBERED)  # the servers of a lab show each other the same few certificates over and over
def _remembered(
    chain: tuple[bytes | x509.Certificate, ...], known: tuple[tuple[str, x509.Certificate], ...]
) -> Certificate:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `cryptography` warns of names that are longer than the standard allows
        return _read(chain, dict(known))


def _read(chain: Sequence[bytes | x509.Certificate], known: Mapping[str, x509.Certificate]) -> Certificate:
    certificates = [c if isinstance(c, x509.Certificate) else _parsed(c) for c in chain]
    leaf = certificates[0] if certificates else None
    if leaf is None:
        return Certificate("", (), "", _NEVER, _NEVER, frozenset(), "", "unknown-issuer")
    sent = [c for c in certificates[1:] if c is not None]
    anchor, flaw = _lead(leaf, sent, known)
    names = _dns_names(leaf)
    subject = name_of(leaf.subject) or next(iter(names), "")
    return Certificate(
        subject,
        names,
        subject if leaf.issuer == leaf.subject else name_of(leaf.issuer),
        leaf.not_valid_before_utc,
        leaf.not_valid_after_utc,
        _purposes(leaf),
        anchor,
        flaw,
        frozenset(f"{s} {k} {association(leaf, s, k)}" for s in ("0", "1") for k in ("0", "1", "2")),
    )


def association(certificate: x509.Certificate, selector: str, kind: str) -> str:
    """The data of a TLSA record that stands for a certificate (RFC 6698 2.1); empty where the numbers mean nothing."""
    try:
        octets = {
            "0": lambda: certificate.public_bytes(Encoding.DER),
            "1": lambda: certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        }[selector]()
        return {"0": octets.hex, "1": hashlib.sha256(octets).hexdigest, "2": hashlib.sha512(octets).hexdigest}[kind]()
    except (KeyError, *_UNREADABLE):
        return ""


def name_of(name: x509.Name) -> str:
    """The common name; the organizational unit where there is none, as in trustme's authorities."""
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME):
        for attribute in name.get_attributes_for_oid(oid):
            return str(attribute.value)
    return ""


def _lead(
    leaf: x509.Certificate, sent: Sequence[x509.Certificate], known: Mapping[str, x509.Certificate]
) -> tuple[str, str]:
    """The anchor the signatures lead to, or the flaw."""
    flaw = "unknown-issuer"
    untried = list(sent[:_MOST_SENT])
    path = [leaf]
    while path:
        certificate = path.pop()
        for name, root in known.items():
            if certificate == root or _issued(certificate, root):
                return name, ""
        if certificate.issuer == certificate.subject:
            if certificate is leaf:
                return "", "self-signed" if _issued(leaf, leaf) else "bad-signature"
            continue  # a root that the lab does not know
        namesakes = [c for c in (*known.values(), *untried) if c.subject == certificate.issuer and _may_issue(c)]
        issuers = [c for c in namesakes if _issued(certificate, c)]
        if namesakes and not issuers:
            flaw = "bad-signature"
        untried = [c for c in untried if c not in issuers]
        path += issuers
    return "", flaw


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *_UNREADABLE):
        return False
    return True


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except _UNREADABLE:
        return False


def _dns_names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except _UNREADABLE:
        return ()
    return tuple(map(readable, names.get_values_for_type(x509.DNSName)))


def _purposes(certificate: x509.Certificate) -> frozenset[str]:
    # RFC 5280 4.2.1.12: without the extension, or with anyExtendedKeyUsage, a key may serve every purpose.
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return frozenset({"server", "client"})
    except _UNREADABLE:
        return frozenset()
    if ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usage:
        return frozenset({"server", "client"})
    wanted = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}
    return frozenset(purpose for purpose, oid in wanted.items() if oid in usage)


def _parsed(der: bytes) -> x509.Certificate | None:
    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.subject, certificate.issuer, certificate.not_valid_after_utc  # noqa: B018 - parsed on first use
    except _UNREADABLE:
        return None
    return certificate
