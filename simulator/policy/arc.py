"""ARC: what hosts on the way found out about a message, sealed one over the other (RFC 8617).

A set is three fields with one instance number i=: ARC-Authentication-Results (what was found), ARC-Message-Signature (the
message as it was then, a DKIM signature without v=), ARC-Seal (over this set and all before it). The chain of sets:

    none    no ARC field at all
    fail    a set is incomplete, doubled or out of sequence; the newest seal says cv=fail, or another one does not say what
            it must (none in the first, pass in others); the newest message signature or any seal does not verify
    pass    everything else                                                                        (RFC 8617 5.2)

There is no fourth answer: a key that could not be asked for makes the chain fail, and `temporary` says so.

`seal` adds a set (5.1). The seal of a chain that fails covers its own set alone, and nothing is sealed after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from simulator.mail.message import Message
from simulator.policy.asking import Asking
from simulator.policy.dkim.canonical import canonical_field, picked, unsigned
from simulator.policy.dkim.claims import octets, read_algorithm, read_claims, signed_by
from simulator.policy.dkim.keyrecord import find_key
from simulator.policy.dkim.making import RECOMMENDED, body_hash, present, signed_field
from simulator.policy.dkim.tags import Flaw
from simulator.policy.dkim.verifying import Bodies, check_signature, is_signed, tags_of
from simulator.policy.rules import rule
from simulator.policy.signing import Keys
from simulator.value import value
from simulator.zone import Answer, Question

__all__ = ["ArcVerdict", "seal", "verify"]

CHAIN = rule(
    "ARC-CHAIN", "A chain passes when its sets are complete, the newest message signature and every seal verify",
    fidelity="documented", source="RFC 8617 5.2", test="tests/policy/test_arc.py",
)  # fmt: skip
SEAL = rule(
    "ARC-SEAL", "A new set seals all before it; that of a chain which fails seals itself and ends the chain",
    fidelity="documented", source="RFC 8617 5.1", test="tests/policy/test_arc.py",
)  # fmt: skip

RESULTS, MESSAGE, SEALING = "arc-authentication-results", "arc-message-signature", "arc-seal"
_MOST = 50  # RFC 8617 4.2.1
_INSTANCE = re.compile(rb"\s*i\s*=\s*([0-9]{1,3})\s*;", re.A)
_SEAL_TAGS = ("i", "a", "b", "cv", "d", "s")
_SIGNED = (*RECOMMENDED, "DKIM-Signature")


@value
class ArcVerdict:
    """The state of the chain. `reason` is a slug, `says` the sentence about it."""

    result: str  # none, pass, fail
    instances: int = 0
    sealers: tuple[str, ...] = ()  # d= of the seals, the newest first
    results: str = ""  # what the newest ARC-Authentication-Results says behind its i=
    says: str = ""
    reason: str = ""
    temporary: bool = False


@value
class _Set:
    """The fields of one instance: their places in the message."""

    results: int
    message: int
    seal: int


def verify(message: Message, keys: Keys, now: datetime) -> Asking[ArcVerdict]:
    """The state of a message's chain. Asks DNS for the keys of the sealers."""
    found = _fields(message)
    if not found:
        return ArcVerdict("none", says="there is no ARC set", reason="no-chain")
    sealers, results = _sealers(message, found), _newest_results(message, found)
    count = max((number for number, *_ in found), default=0)
    try:
        sets = _in_sequence(found)
        yield from _check(message, sets, keys, now)
    except Flaw as flaw:
        return ArcVerdict("fail", count, sealers, results, flaw.says, flaw.reason, flaw.result == "temperror")
    return ArcVerdict("pass", count, sealers, results, f"{count} sets, every seal is good", "good")


def _fields(message: Message) -> list[tuple[int, str, int]]:
    """Instance, name and place of every ARC field; instance 0 where it cannot be read."""
    found: list[tuple[int, str, int]] = []
    for index, (name, raw) in enumerate(message.fields):
        if (kind := name.lower()) in (RESULTS, MESSAGE, SEALING):
            found.append((_instance(kind, raw), kind, index))
    return found


def _instance(kind: str, raw: bytes) -> int:
    if kind == RESULTS:
        first = _INSTANCE.match(raw.partition(b":")[2])
        return int(first[1]) if first else 0
    try:
        text = tags_of(raw).get("i", "")
    except Flaw:
        return 0
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def _in_sequence(found: Iterable[tuple[int, str, int]]) -> list[_Set]:
    """The sets in order; raises `Flaw` where they are not what RFC 8617 5.2 asks for."""
    places: dict[tuple[int, str], int] = {}
    for number, kind, index in found:
        if not 1 <= number <= _MOST:
            raise _broken("instance", f"{kind} has no i= from 1 to {_MOST}")
        if (number, kind) in places:
            raise _broken("doubled", f"{kind} i={number} is there twice")
        places[number, kind] = index
    sets: list[_Set] = []
    for number in range(1, max(n for n, _ in places) + 1):
        missing = [kind for kind in (RESULTS, MESSAGE, SEALING) if (number, kind) not in places]
        if missing:
            raise _broken("incomplete", f"set i={number} lacks {' and '.join(missing)}")
        sets.append(_Set(*(places[number, kind] for kind in (RESULTS, MESSAGE, SEALING))))
    return sets


def _check(message: Message, sets: list[_Set], keys: Keys, now: datetime) -> Asking[None]:
    seals = [tags_of(message.fields[one.seal][1]) for one in sets]
    if seals[-1].get("cv", "").lower() == "fail":
        raise _broken("sealed-as-failed", f"the seal i={len(sets)} says that the chain fails")
    for number, tags in enumerate(seals, 1):
        _check_form(number, tags)
    known: dict[Question, Answer] = {}
    yield from _check_message(message, sets[-1].message, keys, now, known)
    for number in range(len(sets), 0, -1):
        tags, covered = seals[number - 1], _layers(message, sets[: number - 1]) + _sealed(message, sets[number - 1])
        domain, selector = signed_by(tags)
        algorithm = read_algorithm(tags)
        key = yield from find_key(selector, domain, algorithm, known)
        if not is_signed(algorithm, key, octets(tags, "b"), covered, keys):
            raise Flaw("fail", "seal", f"the seal i={number} by {domain} did not verify")


def _layers(message: Message, sets: Iterable[_Set]) -> bytes:
    """Whole sets, the oldest first."""
    places = (place for one in sets for place in (one.results, one.message, one.seal))
    return b"".join(canonical_field(message.fields[place][1], "relaxed") for place in places)


def _sealed(message: Message, newest: _Set) -> bytes:
    """A set as its own seal covers it."""
    results, signed, own = (message.fields[place][1] for place in (newest.results, newest.message, newest.seal))
    both = canonical_field(results, "relaxed") + canonical_field(signed, "relaxed")
    return both + canonical_field(unsigned(own), "relaxed").removesuffix(b"\r\n")


def _check_form(number: int, tags: Mapping[str, str]) -> None:
    for name in _SEAL_TAGS:
        if not tags.get(name):
            raise _broken("tag-missing", f"the seal i={number} lacks {name}=")
    if "h" in tags:
        raise _broken("seal-with-h", f"the seal i={number} has h=, which no seal may have")
    if tags["cv"].lower() != ("none" if number == 1 else "pass"):
        raise _broken("chain-value", f"the seal i={number} says cv={tags['cv']}")


def _check_message(
    message: Message, index: int, keys: Keys, now: datetime, known: dict[Question, Answer]
) -> Asking[None]:
    """The newest message signature: the message is as its sealer left it."""
    claims = read_claims(tags_of(message.fields[index][1]), now, arc=True)
    if SEALING in claims.names:
        raise _broken("seal-signed", "the message signature covers ARC-Seal, which it must not")
    key = yield from find_key(claims.selector, claims.domain, claims.algorithm, known)
    check_signature(message, index, claims, key, keys, Bodies(message))


def _broken(reason: str, says: str) -> Flaw:
    return Flaw("fail", reason, says)


def _sealers(message: Message, found: list[tuple[int, str, int]]) -> tuple[str, ...]:
    """d= of the seals, as far as they can be read."""
    domains: list[str] = []
    for number, kind, index in sorted(found, reverse=True):
        if kind == SEALING and number and (domain := tags_of(message.fields[index][1]).get("d")):
            domains.append(domain.lower())
    return tuple(domains)


def _newest_results(message: Message, found: list[tuple[int, str, int]]) -> str:
    newest = max(((n, -i) for n, kind, i in found if kind == RESULTS and n), default=None)
    if newest is None:
        return ""
    text = canonical_field(message.fields[-newest[1]][1], "relaxed").decode("utf-8", "replace")
    return text.partition(";")[2].strip()


def seal(
    message: Message, *, domain: str, selector: str, owner: str, keys: Keys, now: datetime | None = None, authserv: str,
    results: str, chain: str,
) -> Message:  # fmt: skip
    """With one more set on top: `results` is what `authserv` found (as in Authentication-Results), `chain` how the chain
    verified. `now` becomes t=. Unchanged where the chain has ended already or is full (RFC 8617 5.1).
    """
    found = _fields(message)
    number = max((n for n, *_ in found), default=0) + 1
    if number > _MOST or _has_ended(message, found, number - 1):
        return message
    try:
        sets = _in_sequence(found) if found else []
    except Flaw:  # whatever the caller says of it
        sets, chain = [], "fail"
    failed = chain == "fail" or (chain != "pass" and number > 1)
    state = "fail" if failed else "none" if number == 1 else "pass"
    stamp = f" t={int(now.timestamp())};" if now else ""
    told = message.topped(("ARC-Authentication-Results", f"i={number}; {authserv}; {results}"))
    names = present(message, _SIGNED)
    lead = (
        f"i={number}; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={selector};{stamp}\n"
        f"h={':'.join(names)};\nbh={body_hash(message, 'relaxed')};"
    )
    wanted = picked(message.fields, [name.lower() for name in names])
    before = b"".join(canonical_field(raw, "relaxed") for raw in wanted)
    signed = told.topped(signed_field("ARC-Message-Signature", lead, before, "relaxed", owner, keys))
    under = b"" if failed else _layers(message, sets)
    under += canonical_field(signed.fields[1][1], "relaxed") + canonical_field(signed.fields[0][1], "relaxed")
    lead = f"i={number}; a=rsa-sha256; d={domain}; s={selector};{stamp} cv={state};"
    return signed.topped(signed_field("ARC-Seal", lead, under, "relaxed", owner, keys))


def _has_ended(message: Message, found: list[tuple[int, str, int]], newest: int) -> bool:
    seals = [index for number, kind, index in found if kind == SEALING and number == newest and number]
    return any(tags_of(message.fields[index][1]).get("cv", "").lower() == "fail" for index in seals)
