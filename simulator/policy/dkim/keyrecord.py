"""The key record at `selector._domainkey.domain` (RFC 6376 3.6 and 6.1.2).

    v= DKIM1, first where it stands     k= rsa unless told, ed25519     p= the key; empty: revoked
    h= hashes it is for                 s= services: * or email         t= y: testing, s: i= exactly of d=

A name may have several records: RFC 6376 leaves open which counts, here the first one that can be used.
"""

from __future__ import annotations

from simulator.policy.asking import Asking
from simulator.policy.dkim.claims import ALGORITHMS
from simulator.policy.dkim.tags import Flaw, read_tags
from simulator.value import value
from simulator.zone import Answer, Question

__all__ = ["KeyRecord", "find_key", "usable"]


@value
class KeyRecord:
    """A key record that can be used."""

    key: str  # p=
    testing: bool = False
    exact: bool = False  # t=s: i= must be of d= itself


def find_key(selector: str, domain: str, algorithm: str, known: dict[Question, Answer]) -> Asking[KeyRecord]:
    """Asks for the key record of a signature; raises `Flaw`. What is `known` is not asked again."""
    question = Question(f"{selector}._domainkey.{domain}", "TXT")
    answer = known.get(question)
    if answer is None:
        answer = known[question] = yield question
    if answer.failed:
        raise Flaw("temperror", "key-unavailable", f"the key {question.name} could not be asked for ({answer.status})")
    first: Flaw | None = None
    for record in answer.records:
        try:
            return usable(record, algorithm)
        except Flaw as bad:
            first = first or bad
    raise first or Flaw("permerror", "no-key", f"there is no key at {question.name}")


def usable(record: str, algorithm: str) -> KeyRecord:
    """What a record says, if it is a key for that algorithm and for mail; raises `Flaw`."""
    tags = read_tags(record, result="permerror", what="the key record")
    if "v" in tags and (next(iter(tags)) != "v" or tags["v"] != "DKIM1"):
        raise _unfit("key-version", "the key record is not of version DKIM1, or v= is not its first tag")
    if "p" not in tags:
        raise _unfit("key-missing", "the key record has no p=")
    if not tags["p"]:
        raise _unfit("key-revoked", "the key is revoked: its p= is empty")
    kind = tags.get("k", "rsa").lower()
    if kind not in ALGORITHMS.values():
        raise _unfit("key-type", f"k={kind} is not a kind of key that is known here")
    if kind != ALGORITHMS[algorithm]:
        raise _unfit("key-type", f"the key is for {kind}, the signature is {algorithm}")
    if "h" in tags and "sha256" not in _words(tags["h"]):
        raise _unfit("key-hash", f"the key is not for sha256 (h={tags['h']})")
    if "s" in tags and not {"*", "email"} & set(_words(tags["s"])):
        raise _unfit("key-service", f"the key is not for mail (s={tags['s']})")
    flags = _words(tags.get("t", ""))
    return KeyRecord(tags["p"], "y" in flags, "s" in flags)


def _words(text: str) -> list[str]:
    return [word.strip().lower() for word in text.split(":")]


def _unfit(reason: str, says: str) -> Flaw:
    return Flaw("permerror", reason, says)
