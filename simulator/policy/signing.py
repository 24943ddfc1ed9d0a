"""What a decision may know of keys: sign, verify, and what a key record says. No key material is held below `live`.

A lab has an *owner* for every key it needs (`contoso.com`, `customer.example`). DNS publishes the public half where a TXT
record is `dkim-key:OWNER`; whoever plays that owner signs with the other half. What is behind it is `simulator.keyring`.
"""

from __future__ import annotations

from typing import Protocol

from simulator.zone import PublicKeys

__all__ = ["NO_KEYS", "Keys", "UnusableKey"]


class UnusableKey(ValueError):
    """A public key that cannot be used: `reason` is the slug, `says` the sentence."""

    def __init__(self, reason: str, says: str) -> None:
        super().__init__(says)
        self.reason, self.says = reason, says


class Keys(PublicKeys, Protocol):
    """The keys of a lab. `public` (from `PublicKeys`) is the base64 SubjectPublicKeyInfo of an owner's key record."""

    def sign(self, owner: str, data: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256 over `data`: the same octets give the same signature."""
        ...

    def verify(self, algorithm: str, key: str, signature: bytes, data: bytes) -> bool:
        """Whether `signature` is of `data` by the key whose record has `key` as p=.

        `algorithm` is rsa-sha256 or ed25519-sha256. Raises `UnusableKey`, also for RSA keys under 1024 bits
        (RFC 8301 3.2).
        """
        ...


class _NoKeys:
    """For worlds in which nobody signs: says so to whoever wants a key."""

    def public(self, owner: str) -> str:
        raise LookupError(f"no key of {owner}: this world was made without keys")

    def sign(self, owner: str, data: bytes) -> bytes:
        raise LookupError(f"no key of {owner} to sign with: this world was made without keys")

    def verify(self, algorithm: str, key: str, signature: bytes, data: bytes) -> bool:
        raise LookupError("nothing to verify signatures with: this world was made without keys")


NO_KEYS: Keys = _NoKeys()
