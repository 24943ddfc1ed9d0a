"""DKIM: RFC 6376 with RFC 8301 (no SHA-1, no short keys) and RFC 8463 (Ed25519).

    canonical     the octets that are hashed: forms of header and body, which fields h= means
    tags          tag lists
    claims        what a signature field says
    keyrecord     the key in DNS
    verifying     `verify`: every signature of a message, each with result, reason and sentence
    making        `sign`: the field with which a message leaves

    signatures = yield from dkim.verify(message, at.keys, at.now)     # asks DNS
    message = dkim.sign(message, domain="contoso.com", selector="selector1", owner="contoso.com", keys=at.keys, now=at.now)

Our own canonical forms rather than a library's: a verdict has a reason with a name here, and a pure floor can ask DNS only
by saying which question. `tests/policy/dkim` holds it against another implementation, both ways.
"""

from __future__ import annotations

from simulator.policy.dkim.making import RECOMMENDED, sign
from simulator.policy.dkim.verifying import Signature, overall, verify

__all__ = ["RECOMMENDED", "Signature", "overall", "sign", "verify"]
