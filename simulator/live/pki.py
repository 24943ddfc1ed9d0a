"""Certificates of a lab: authorities made by trustme, and a real certificate for every description of one.

trustme makes what it makes well: authorities, with keys, key usage and a validity that outlasts every lab; an
intermediate is a child of such an authority. It gives authorities no common name, so a lab authority carries its
name as organizational unit, where `chain.name_of` finds it. Leaf certificates are made here, because trustme has no
self-signed ones, no choice of extended key usage, and a random word in every subject. Everything else about a leaf
comes from `CertificateSpec.facts`, which is also what the planner believes; who signs it is all that is decided here:

| facts say      | signed by                                                                      |
| -------------- | ------------------------------------------------------------------------------ |
| self-signed    | its own key                                                                    |
| unknown-issuer | an intermediate that is neither sent nor known (`incomplete-chain`)            |
| an anchor      | the authority of that name, made on first use (`lab-public-ca`, a private one) |

Authorities are kept for the life of the process, whatever the number of labs. They are worthless: anybody who has
this program can make others with the same names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from simulator.live.errors import LabError
from simulator.mail.tls import Certificate
from simulator.policy.tls import PUBLIC_AUTHORITY
from simulator.topology import CertificateSpec

__all__ = ["UNTRUSTED_AUTHORITY", "Authorities", "Issued"]

UNTRUSTED_AUTHORITY = "lab-untrusted-ca"
"""The authority behind the defect `untrusted`: every lab knows it, no host trusts it."""

_OWNER = "mailflow lab, worthless"
_LONGEST_NAME = 64  # RFC 5280 appendix A.1: ub-common-name, ub-organizational-unit-name
_PURPOSES = {"server": ExtendedKeyUsageOID.SERVER_AUTH, "client": ExtendedKeyUsageOID.CLIENT_AUTH}


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key, and the intermediates that are sent with it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def chain_pem(self) -> bytes:
        """What is sent in a handshake, leaf first."""
        return b"".join(c.public_bytes(Encoding.PEM) for c in (self.certificate, *self.chain))

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class Authorities:
    """The authorities that one lab knows by name. `names` are known from the start, others once they issue."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._known = {name: _root(name).certificate for name in (PUBLIC_AUTHORITY, UNTRUSTED_AUTHORITY, *names)}
        self._issued: dict[tuple[CertificateSpec, datetime], Issued] = {}

    @property
    def known(self) -> Mapping[str, x509.Certificate]:
        """The root certificates by name."""
        return self._known

    def root(self, name: str) -> x509.Certificate:
        """The root certificate of an authority, whether or not it has issued anything yet."""
        return _root(name).certificate

    def issue(self, spec: CertificateSpec, start: datetime) -> Issued:
        """A real certificate that reads as `spec.facts(start)`; the same one for the same question.

        X.509 knows whole seconds only, so `start` should be one.
        """
        made = self._issued.get((spec, start))
        if made is None:
            made = self._issued[spec, start] = self._make(spec, spec.facts(start))
        return made

    def _make(self, spec: CertificateSpec, facts: Certificate) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        if facts.flaw == "self-signed":
            return Issued(_leaf(facts, key, None), key)
        if facts.flaw == "unknown-issuer":
            return Issued(_leaf(facts, key, _intermediate(facts.issuer, spec.issuer)), key)
        authority = _root(facts.anchor)
        self._known[facts.anchor] = authority.certificate
        return Issued(_leaf(facts, key, authority), key)

    def write(self, folder: Path, certificates: Mapping[str, Issued]) -> list[Path]:
        """Writes PEM files for programs outside the lab: each known authority, and chain and key by server name.

        Keys can be read by their owner only. Returns the paths.
        """
        folder.mkdir(parents=True, exist_ok=True)
        written: list[Path] = []
        for name, root in self._known.items():
            written.append(folder / f"worthless-{_file_name(name)}.crt.pem")
            written[-1].write_bytes(root.public_bytes(Encoding.PEM))
        for name, issued in certificates.items():
            written.append(folder / f"worthless-{_file_name(name)}.chain.pem")
            written[-1].write_bytes(issued.chain_pem)
            written.append(folder / f"worthless-{_file_name(name)}.key.pem")
            _write_private(written[-1], issued.key_pem)
        return written


@dataclass(frozen=True, slots=True)
class _Authority:
    made: trustme.CA
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@cache
def _root(name: str) -> _Authority:
    return _authority(name, None)


@cache
def _intermediate(name: str, issuer: str) -> _Authority:
    return _authority(name, _root(issuer).made)


def _authority(name: str, parent: trustme.CA | None) -> _Authority:
    if not 1 <= len(name.encode()) <= _LONGEST_NAME:
        raise LabError(f"an authority cannot be called {name!r}", f"Use 1 to {_LONGEST_NAME} characters.")
    made = trustme.CA(parent, 0 if parent else 9, _OWNER, name, trustme.KeyType.ECDSA)
    key = load_pem_private_key(made.private_key_pem.bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return _Authority(made, x509.load_pem_x509_certificate(made.cert_pem.bytes()), key)


def _leaf(facts: Certificate, key: ec.EllipticCurvePrivateKey, signer: _Authority | None) -> x509.Certificate:
    subject = _subject(facts.subject)
    signing_key = signer.key if signer else key
    # RFC 5280 4.2.1: the extensions that end-entity certificates carry. The alternative names are not critical
    # (4.2.1.6 asks for that only where the subject is empty); trustme's are, which strict verifiers refuse.
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer.certificate.subject if signer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(facts.not_before)
        .not_valid_after(facts.not_after)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
        .add_extension(_DIGITAL_SIGNATURE, critical=True)
        .add_extension(x509.ExtendedKeyUsage([_PURPOSES[p] for p in sorted(facts.purposes)]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_ascii(n)) for n in facts.names]), critical=False)
        .sign(signing_key, hashes.SHA256())
    )


_DIGITAL_SIGNATURE = x509.KeyUsage(
    digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
    key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
)  # fmt: skip
"""All that an elliptic curve key does in TLS."""


def _subject(common_name: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, _OWNER)]
    if 1 <= len(common_name.encode()) <= _LONGEST_NAME:  # a longer name stands in the alternative names only
        parts.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(parts)


def _ascii(name: str) -> str:
    return name if name.isascii() else name.encode("idna").decode()


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]", "-", name)


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)  # an old file would keep its mode
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
