"""Verifies DKIM signatures (RFC 6376 6.1): what the field says, the key, the hash of the body, the signature.

| result    | reasons                                                                                            |
| --------- | -------------------------------------------------------------------------------------------------- |
| pass      | `good`; `partly-signed` where l= leaves octets at the end of the body unsigned                      |
| fail      | `body-hash`, `body-too-short` (l= is more than there is), `signature`                               |
| neutral   | the field is wrong: `syntax`, `duplicate-tag`, `tag-missing`, `version`, `domain`, `algorithm`,     |
|           | `canonicalization`, `from-unsigned`, `query-method`, `identity`, `number`, `expires-before`,        |
|           | `base64`                                                                                            |
| policy    | `expired`, `from-the-future`                                                                        |
| permerror | `algorithm-historic`, `no-key`, `syntax` and `duplicate-tag` of the record, `key-version`,          |
|           | `key-missing`, `key-revoked`, `key-type`, `key-hash`, `key-service`, `key-identity`,                |
|           | `key-unreadable`, `key-too-short`                                                                   |
| temperror | `key-unavailable`                                                                                   |

Results are those of RFC 8601 2.7.1; a message without signature has none of them, and the word for that is `none`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from simulator.mail.message import Message
from simulator.policy.asking import Asking
from simulator.policy.dkim.canonical import body_digest, canonical_field, picked, unsigned
from simulator.policy.dkim.claims import Claims, read_claims
from simulator.policy.dkim.keyrecord import KeyRecord, find_key
from simulator.policy.dkim.tags import Flaw, read_tags
from simulator.policy.rules import rule
from simulator.policy.signing import Keys, UnusableKey
from simulator.value import value
from simulator.zone import Answer, Question

__all__ = ["Bodies", "Signature", "check_signature", "is_signed", "overall", "tags_of", "verify"]

_TEST = "tests/policy/dkim/test_verifying.py"
VERIFY = rule(
    "DKIM-VERIFY", "A signature passes when the body's hash, the signed fields and the published key agree with it",
    fidelity="documented", source="RFC 6376 6.1", test=_TEST,
)  # fmt: skip
STRENGTH = rule(
    "DKIM-STRENGTH", "rsa-sha1 and RSA keys under 1024 bits do not count", fidelity="documented", source="RFC 8301 3",
    test=_TEST,
)  # fmt: skip
TIME = rule(
    "DKIM-TIME", "A signature past x= or with t= more than 300 seconds ahead does not count: result policy",
    fidelity="inferred", source="RFC 6376 3.5 leaves it to the verifier", test=_TEST,
)  # fmt: skip

FIELD = "dkim-signature"


@value
class Signature:
    """What came out for one signature. `reason` is the slug of the table above, `says` the sentence."""

    result: str  # pass, fail, neutral, policy, permerror, temperror; none where there is no signature
    domain: str = ""  # d=
    selector: str = ""
    identity: str = ""  # i=, `@d` where it is left out
    says: str = ""
    header_b: str = ""  # the first characters of b=, which tell signatures apart (RFC 6008)
    reason: str = ""
    testing: bool = False  # the key says t=y: treat the message as if it were not signed where it does not pass


def verify(message: Message, keys: Keys, now: datetime) -> Asking[tuple[Signature, ...]]:
    """Every signature of a message, the topmost first; empty where there is none. Asks DNS for the keys."""
    found: list[Signature] = []
    bodies, known = Bodies(message), dict[Question, Answer]()
    for index, (name, raw) in enumerate(message.fields):
        if name.lower() == FIELD:
            found.append((yield from _verified(message, index, raw, keys, now, bodies, known)))
    return tuple(found)


def overall(signatures: Sequence[Signature]) -> str:
    """One word for all signatures: the best that there is; one that does not count for any reason is a failed one."""
    results = [signature.result for signature in signatures]
    return next((r for r in ("pass", "temperror") if r in results), "fail" if results else "none")


def _verified(
    message: Message, index: int, raw: bytes, keys: Keys, now: datetime, bodies: Bodies, known: dict[Question, Answer]
) -> Asking[Signature]:
    tags: Mapping[str, str] = {}
    testing = False
    try:
        tags = tags_of(raw)
        claims = read_claims(tags, now)
        key = yield from find_key(claims.selector, claims.domain, claims.algorithm, known)
        testing = key.testing
        if key.exact and claims.identity.rpartition("@")[2].lower() != claims.domain:
            raise Flaw("permerror", "key-identity", f"the key is for d= itself (t=s), not for i={claims.identity}")
        reason, says = check_signature(message, index, claims, key, keys, bodies)
        result = "pass"
    except Flaw as flaw:
        result, reason, says = flaw.result, flaw.reason, flaw.says
    domain = tags.get("d", "").lower()
    return Signature(
        result, domain, tags.get("s", ""), tags.get("i", f"@{domain}" if domain else ""), says,
        "".join(tags.get("b", "").split())[:8], reason, testing,
    )  # fmt: skip


def tags_of(raw: bytes) -> Mapping[str, str]:
    """The tags of a signature field."""
    return read_tags(raw.partition(b":")[2].decode("utf-8", "surrogateescape"))


class Bodies:
    """The hashes of one message's body, each made once whatever the number of signatures."""

    def __init__(self, message: Message) -> None:
        self._rest = message.rest
        self._hashes: dict[tuple[str, int | None], tuple[bytes, int]] = {}

    def hashed(self, form: str, length: int | None) -> tuple[bytes, int]:
        """SHA-256 of the first `length` octets of a canonical form, and how many octets the whole has."""
        key = (form, length)
        if key not in self._hashes:
            self._hashes[key] = body_digest(self._rest, form, length)
        return self._hashes[key]


def check_signature(
    message: Message, index: int, claims: Claims, key: KeyRecord, keys: Keys, bodies: Bodies
) -> tuple[str, str]:
    """Body and header against a key: reason and sentence where they hold; raises `Flaw`. `index` is the field's own."""
    found, size = bodies.hashed(claims.body_form, claims.length)
    if claims.length is not None and claims.length > size:
        raise Flaw("fail", "body-too-short", f"l={claims.length} octets are signed, and the body has {size}")
    if found != claims.body_hash:
        raise Flaw("fail", "body-hash", "the body hash did not verify: the body was changed")
    form, fields = claims.header_form, message.fields
    before = b"".join(canonical_field(raw, form) for raw in picked(fields, claims.names, without=index))
    own = canonical_field(unsigned(fields[index][1]), form).removesuffix(b"\r\n")
    if not is_signed(claims.algorithm, key, claims.signature, before + own, keys):
        raise Flaw(
            "fail", "signature", "the signature did not verify: a signed field was changed, or it is another key"
        )
    if claims.length is not None and claims.length < size:
        return (
            "partly-signed",
            f"good, but only for the first {claims.length} octets of the body; {size - claims.length} more",
        )
    return "good", "the signature is good"


def is_signed(algorithm: str, key: KeyRecord, signature: bytes, data: bytes, keys: Keys) -> bool:
    """Whether the key verifies a signature; raises `Flaw` for a key that is none."""
    try:
        return keys.verify(algorithm, key.key, signature, data)
    except UnusableKey as bad:
        raise Flaw("permerror", bad.reason, bad.says) from None
