"""DNS as data: one value that the planner asks in process, the nameserver serves, and tests read.

Names are lower case without final dot. Record data is presentation text ("10 mx.customer.example"); TXT data
is the whole string. An unknown name is NXDOMAIN, a known name without that type NODATA; wildcards (RFC 4592),
empty non-terminals (RFC 8020) and CNAME chains (RFC 1034 3.6.2) behave as the RFCs say.

A TXT record `dkim-key:OWNER` stands for the DKIM key record of that owner (RFC 6376 3.6.1): the key itself is made at run
time, so no file can hold it.

Zones may be signed (RFC 4035). The lab's resolver validates: answers from signed zones are authenticated, and those of a
zone whose signatures are wrong are withheld, as SERVFAIL. A name belongs to the closest name above it that `signed` has.

| zone     | answer                                  |
| -------- | --------------------------------------- |
| unsigned | as it is (the default)                  |
| signed   | as it is, authenticated                 |
| bogus    | servfail, and `bogus` says why          |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Any, Protocol

from simulator.value import value

__all__ = ["KEY_TOKEN", "SIGNATURES", "TRUNCATED", "TYPES", "Answer", "Cache", "PublicKeys", "Question", "Zone"]

TYPES = ("A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TLSA", "TXT")
SIGNATURES = ("unsigned", "signed", "bogus")
"""What `DNSSEC` says of a zone."""
KEY_TOKEN = "dkim-key:"
"""How a TXT record of a lab begins that stands for the key record of the owner named behind it."""

TRUNCATED = "truncated"
"""A planned failure that costs a second question over TCP, and nothing else (RFC 7766 5)."""

_LONGEST_CHAIN = 8
_KEY = re.compile(r"\bp=[A-Za-z0-9+/=\s]{40,}")


class PublicKeys(Protocol):
    """Who knows the public keys of a lab."""

    def public(self, owner: str) -> str:
        """base64 of the owner's SubjectPublicKeyInfo."""
        ...


@value
class Question:
    """What a host asks DNS."""

    name: str
    type: str

    def __str__(self) -> str:
        return f"{self.name} {self.type}"


@value
class Answer:
    """`status` is ok, nodata, nxdomain, servfail or timeout. `chain` are the CNAMEs that were followed.

    `authenticated` says that all of it comes from signed zones, `bogus` that a servfail is a resolver's that found
    signatures wrong.
    """

    status: str
    records: tuple[str, ...] = ()
    chain: tuple[tuple[str, str], ...] = ()
    authenticated: bool = False
    bogus: bool = False

    @property
    def ok(self) -> bool:
        return self.status == "ok"

    @property
    def failed(self) -> bool:
        """No answer could be had: neither yes nor no."""
        return self.status in ("servfail", "timeout")

    @property
    def told(self) -> list[str]:
        """The records as the log shows them: without key material, which is another in every run."""
        return [_KEY.sub("p=...", record) for record in self.records]


@value
class Cache:
    """What an asker still remembers of an earlier zone, for `ttl` of mail time from the beginning of a flow, or throughout."""

    zone: Zone
    ttl: timedelta | None = None


@dataclass(frozen=True)
class Zone:
    """All the records of a lab, planned failures by question, and which zones are signed, by their topmost name."""

    records: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    failures: Mapping[tuple[str, str], str] = field(default_factory=dict)
    signed: Mapping[str, str] = field(default_factory=dict)
    keys: PublicKeys | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, records: Iterable[tuple[str, str, str]]) -> Zone:
        """From (name, type, data) triples, kept in order; a repeated record counts once."""
        table: dict[tuple[str, str], tuple[str, ...]] = {}
        for name, type_, data in records:
            key = (_fold(name), type_.upper())
            if data not in table.get(key, ()):
                table[key] = (*table.get(key, ()), data)
        return cls(table)

    def with_keys(self, keys: PublicKeys) -> Zone:
        """The same with the key records of a run in place of their tokens."""
        made = self._with_keys
        if made is None or made.keys is not keys:
            made = replace(self, keys=keys)
            made.__dict__["_names"] = self._names  # what was found out about the names holds for both
            self.__dict__["_with_keys"] = made
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_with_keys"}

    def lookup(self, name: str, type_: str) -> Answer:
        """The answer a resolver gives."""
        found = self._found(_fold(name), type_)
        return self._validated(_fold(name), found) if self.signed else found

    def signature(self, name: str) -> str:
        """`signed`, `unsigned` or `bogus`: the word of the closest name above, or of the name itself."""
        labels = _fold(name).split(".")
        above = (".".join(labels[cut:]) for cut in range(len(labels)))
        return next((self.signed[parent] for parent in above if parent in self.signed), SIGNATURES[0])

    def _validated(self, name: str, found: Answer) -> Answer:
        if found.failed:
            return found
        zones = {self.signature(owner) for owner in (name, *(target for _, target in found.chain))}
        if "bogus" in zones:
            return Answer("servfail", bogus=True)
        return Answer(found.status, found.records, found.chain, authenticated=zones == {"signed"})

    def _found(self, name: str, type_: str) -> Answer:
        chain: list[tuple[str, str]] = []
        for _ in range(_LONGEST_CHAIN):
            failure = self.failures.get((name, type_)) or self.failures.get((name, "*"))
            if failure and failure != TRUNCATED:
                return Answer(failure, (), tuple(chain))
            owner = self._owner(name)
            if owner is None:
                return Answer("nxdomain", (), tuple(chain))
            found = self.records.get((owner, type_), ())
            if found:
                return Answer("ok", self._published(found) if type_ == "TXT" else found, tuple(chain))
            alias = self.records.get((owner, "CNAME"), ())
            if not alias or type_ == "CNAME":
                return Answer("nodata", (), tuple(chain))
            target = _fold(alias[0])
            chain.append((name, target))
            name = target
        return Answer("servfail", (), tuple(chain))  # a chain without end: resolvers give up

    def truncates(self, question: Question) -> bool:
        """Whether the answer over UDP is planned to be cut, so that the question has to be asked again over TCP."""
        return self.failures.get((_fold(question.name), question.type)) == TRUNCATED

    def _published(self, texts: tuple[str, ...]) -> tuple[str, ...]:
        """With key records in place of their tokens."""
        keys = self.keys
        if keys is None or not any(text.startswith(KEY_TOKEN) for text in texts):
            return texts
        return tuple(
            f"v=DKIM1; k=rsa; p={keys.public(text[len(KEY_TOKEN) :].strip())}" if text.startswith(KEY_TOKEN) else text
            for text in texts
        )

    def _owner(self, name: str) -> str | None:
        """The name whose records answer: itself, an empty non-terminal, or the closest wildcard."""
        if name in self._names:
            return name
        labels = name.split(".")
        for cut in range(1, len(labels)):
            parent = ".".join(labels[cut:])
            if f"*.{parent}" in self._names:
                return f"*.{parent}"
            if parent in self._names:
                return None  # RFC 4592 3.3.1: a closer encloser shadows wildcards further up
        return None

    @cached_property
    def _with_keys(self) -> Zone | None:
        """What `with_keys` made last: every flow of a lab asks for it."""
        return None

    @cached_property
    def _names(self) -> frozenset[str]:
        every: set[str] = set()
        for owner, _ in self.records:
            labels = owner.split(".")
            every.update(".".join(labels[i:]) for i in range(len(labels)))
        return frozenset(every)


def _fold(name: str) -> str:
    return name.lower().removesuffix(".")
