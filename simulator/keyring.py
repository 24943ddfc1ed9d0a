"""The keys that a lab signs with: one RSA key, made when it is first needed and gone with the process.

All owners share it, because making one takes longer than playing a hundred flows and nothing in a lab depends on two keys
being different: which record is asked for follows from d= and s=. `cryptography` is imported on use, so a lab in which
nobody signs never loads it. Signatures of PKCS #1 v1.5 are deterministic, so the plan and the wire get the same one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from simulator.policy.signing import UnusableKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

__all__ = ["KEYRING", "Keyring"]

_BITS = 2048
_SMALLEST = 1024  # RFC 8301 3.2
_REMEMBERED = 1024


class Keyring:
    """`simulator.policy.signing.Keys` by `cryptography`."""

    def public(self, owner: str) -> str:
        return _public()

    def sign(self, owner: str, data: bytes) -> bytes:
        return _signature(data)

    def verify(self, algorithm: str, key: str, signature: bytes, data: bytes) -> bool:
        return _is_good(algorithm, key, signature, data)

    def private_bytes(self) -> bytes:
        """The key, for a process that is to sign as this one does."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return _private().private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def adopt(self, private: bytes) -> None:
        """Takes the key of another process, before anything is signed."""
        _adopted[:] = [private]


KEYRING = Keyring()

_adopted: list[bytes] = []


@cache
def _private() -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    if _adopted:
        key = load_der_private_key(_adopted[0], None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return key
    return rsa.generate_private_key(public_exponent=65537, key_size=_BITS)


@cache
def _public() -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    der = _private().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode("ascii")


@lru_cache(_REMEMBERED)
def _signature(data: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    return _private().sign(data, PKCS1v15(), SHA256())


@lru_cache(_REMEMBERED)
def _is_good(algorithm: str, key: str, signature: bytes, data: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    octets = _octets(key)
    try:
        if algorithm == "rsa-sha256":
            _rsa(octets).verify(signature, data, PKCS1v15(), SHA256())
        elif algorithm == "ed25519-sha256":
            if len(octets) != 32:
                raise UnusableKey("key-unreadable", f"an Ed25519 key has 32 octets, not {len(octets)}")
            # RFC 8463 3: what is signed is the hash, not the text
            Ed25519PublicKey.from_public_bytes(octets).verify(signature, hashlib.sha256(data).digest())
        else:
            raise UnusableKey("algorithm", f"{algorithm} is no algorithm of a key here")
    except InvalidSignature:
        return False
    return True


@lru_cache(_REMEMBERED)
def _rsa(octets: bytes) -> RSAPublicKey:
    """An RSA key of at least 1024 bits, as SubjectPublicKeyInfo or as RSAPublicKey (RFC 6376 3.6.1, erratum 3017)."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm):
        raise UnusableKey("key-unreadable", "the key record has no readable public key in p=") from None
    if not isinstance(key, RSAPublicKey):
        raise UnusableKey("key-unreadable", "the key in p= is no RSA key")
    if key.key_size < _SMALLEST:
        raise UnusableKey("key-too-short", f"an RSA key of {key.key_size} bits is too short (RFC 8301)")
    return key


def _octets(key: str) -> bytes:
    try:
        return base64.b64decode("".join(key.split()), validate=True)
    except (ValueError, binascii.Error):
        raise UnusableKey("key-unreadable", "p= of the key record is not base64") from None
