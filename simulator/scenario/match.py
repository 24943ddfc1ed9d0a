"""Whether a delivery path is the one that a sentence expects, and if not, where the two part.

Names and connectors are compared without regard to case and spacing. A sentence asserts what it says and no more:
`->` says nothing about connectors, an ending without a code allows every code, without `for` every person.

`...` may stand for any number of hops, so the comparison is a table: cell (i, j) says how far the sentence from hop i
on agrees with the path from leg j on. Of several ways to fail, the one that gets furthest along the sentence, and
then along the path, is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from simulator.mail.path import End, Leg, Part, Path, folded, plain_reason, printed
from simulator.scenario.sentence import ELLIPSIS, Ending, Hop, Link, Sentence, Word
from simulator.source import NOWHERE, Source

__all__ = ["Phrase", "Verdict", "code_fits", "matches"]

Phrase = Literal[
    "", "different start", "different server", "connector", "goes on", "ending", "code", "person", "folder", "reason"
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a comparison; true if the sentence holds.

    Otherwise `hop` is the first leg that differs (-1: the start, `len(legs)`: the ending), `offset` and `width` mark
    its part of `got`, the printed path, `phrase` says what differs, and `at` is the word of the sentence in its file.
    """

    holds: bool
    got: str
    hop: int = 0
    offset: int = 0
    width: int = 1
    phrase: Phrase = ""
    at: Source = NOWHERE

    def __bool__(self) -> bool:
        return self.holds


@dataclass(frozen=True, slots=True)
class _Miss:
    """Where sentence and path part: the leg, the part of it, what differs, and the word of the sentence."""

    hop: int
    part: Part
    phrase: Phrase
    at: Source
    depth: int = 0  # how much of the sentence had agreed until then


def matches(sentence: Sentence, path: Path, names: Mapping[str, str]) -> Verdict:
    """Compares. `names` gives people and addresses one key per person; what it lacks stands for itself."""
    text, spans = printed(path)
    if sentence is ELLIPSIS:
        return Verdict(True, text)
    miss = _miss(sentence, path, _Names(names))
    if miss is None:
        return Verdict(True, text)
    here = [span for span in spans if span.hop == miss.hop]
    span = next((s for s in here if s.part == miss.part), None) or next((s for s in here if s.part == "word"), spans[0])
    return Verdict(False, text, miss.hop, span.start, span.stop - span.start, miss.phrase, miss.at)


def code_fits(wanted: str, code: str) -> bool:
    """Whether a written code (`550`, `5.7.*`, `550 5.7.64`, `4xx`, `*`, nothing) covers one that occurred.

    A part matches the whole: 450 covers `450 4.7.320`, 5.7 covers 5.7.64. `4xx` and `5xx` go by the reply's first
    digit; where only a status is known, by that of the status. `5.*` covers a reply without a status by its first digit.
    """
    replies, statuses = _code_parts(code)
    for part in wanted.split():
        if part == "*":
            continue
        if "." in part:
            if not statuses and _CLASS.fullmatch(part):  # a host that gives no status: its reply has the class
                if not any(reply[0] == part[0] for reply in replies):
                    return False
            elif not any(_status_fits(part, status) for status in statuses):
                return False
        elif replies:
            if not _digits_fit(part, replies[0]):
                return False
        elif part[1:].lower() != "xx" or not any(status[0] == part[0] for status in statuses):
            return False
    return True


_CLASS = re.compile(r"[245]\.(?:\*|x)(?:\.(?:\*|x))?", re.I)


def _code_parts(code: str) -> tuple[list[str], list[str]]:
    words = code.split()
    return [w for w in words if "." not in w], [w for w in words if "." in w]


def _status_fits(wanted: str, status: str) -> bool:
    have = status.split(".")
    parts = wanted.split(".")
    return len(parts) <= len(have) and all(p == "*" or _digits_fit(p, h) for p, h in zip(parts, have, strict=False))


def _digits_fit(wanted: str, have: str) -> bool:
    """`x` stands for one digit; a final run of them in a status for any number (`5.x.x`)."""
    return re.fullmatch(re.sub(r"x+", r"\\d+", re.escape(wanted.lower())), have) is not None


class _Names:
    """Who is who."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.keys = {folded(name): folded(key) for name, key in names.items()}

    def same(self, written: str, fact: str) -> bool:
        """Whether both mean one person (or server). An unknown name without `@` may be the part before it."""
        wanted, have = folded(written), folded(fact)
        known = self.keys.get(wanted)
        key = self.keys.get(have, have)
        return (known or wanted) == key or (known is None and "@" not in wanted and wanted == key.rpartition("@")[0])


def _miss(sentence: Sentence, path: Path, names: _Names) -> _Miss | None:
    if not names.same(sentence.start.text, path.start):
        return _Miss(-1, "start", "different start", sentence.start.at)
    count, end, depth = len(path.legs), sentence.end, 2 * len(sentence.hops)
    row: list[_Miss | None] = [_Miss(j, "server", "goes on", end.at, depth) for j in range(count)]
    last = _end_miss(end, path.end, count, names)
    row.append(replace(last, depth=depth + 1) if last else None)
    for hop in reversed(sentence.hops):
        depth -= 2
        row = _any_hops(row) if hop.server is None else _one_hop(hop, hop.server, path.legs, row, depth)
    return row[0]


def _any_hops(below: list[_Miss | None]) -> list[_Miss | None]:
    """The table's row for `...`: the best of what follows it, here or further along the path."""
    row = below[:]
    for j in range(len(row) - 2, -1, -1):
        row[j] = _furthest(row[j], row[j + 1])
    return row


def _one_hop(
    hop: Hop, server: Word, legs: tuple[Leg, ...], below: list[_Miss | None], depth: int
) -> list[_Miss | None]:
    """The table's row for a hop: it takes one leg, and what follows it goes on with the next."""
    row: list[_Miss | None] = []
    for j, leg in enumerate(legs):
        if folded(server.text) != folded(leg.server):
            row.append(_Miss(j, "server", "different server", server.at, depth))
        elif miss := _link_miss(hop.link, leg.connectors, j):
            row.append(replace(miss, depth=depth + 1))
        else:
            row.append(below[j + 1])
    return [*row, _Miss(len(legs), "word", "ending", server.at, depth)]


def _furthest(one: _Miss | None, other: _Miss | None) -> _Miss | None:
    if one is None or other is None:
        return None
    return one if (one.depth, one.hop) >= (other.depth, other.hop) else other


def _link_miss(link: Link, used: tuple[str, ...], number: int) -> _Miss | None:
    keys = {folded(name) for name in used}
    missing = [word for word in link.connectors if folded(word.text) not in keys]
    if missing:
        return _Miss(number, "link", "connector", missing[0].at)
    if (link.kind == "none" and keys - {"none"}) or (link.kind == "some" and not keys):
        return _Miss(number, "link", "connector", link.at)
    return None


def _end_miss(wanted: Ending, end: End, number: int, names: _Names) -> _Miss | None:
    # LOOP stands for REJECTED or NDR where a loop detector was the cause, so what is meant by these holds too. Mail that
    # failed after it was taken, and of which nobody is told (null sender, NOTIFY=NEVER), is returned to nobody: DROPPED.
    looped = end.word == "LOOP" and wanted.word in ("REJECTED", "NDR")
    forgotten = end.word == "NDR" and not end.to and wanted.word == "DROPPED"
    if wanted.word != end.word and not (looped or forgotten):
        return _Miss(number, "word", "ending", wanted.at)
    if miss := _link_miss(wanted.link, end.attempted, number):
        return miss
    tail, spans = printed(Path("", (), end))
    word = next((span.start for span in spans if span.part == "word"), 0)
    if folded(tail[word:]) == folded(wanted.tail):
        return None

    def differs(word: Word, fact: str) -> bool:
        return bool(word.text) and not names.same(word.text, fact)

    if not code_fits(wanted.code.text, end.code):
        return _Miss(number, "code", "code", wanted.code.at)
    if not _reason_fits(wanted.reason.text, end.reason):
        return _Miss(number, "reason", "reason", wanted.reason.at)
    if differs(wanted.to, end.to):
        return _Miss(number, "to", "person", wanted.to.at)
    if differs(wanted.person, end.person):
        return _Miss(number, "word" if end.word == "delivered" else "for", "person", wanted.person.at)
    folder = wanted.folder.text or "Inbox"
    if end.word == "delivered" and folder != "*" and folded(folder) != folded(end.folder):
        return _Miss(number, "folder", "folder", wanted.folder.at or wanted.person.at)
    return None


def _reason_fits(wanted: str, reason: str) -> bool:
    """A part of the reason is enough."""
    return wanted in ("", "*") or folded(wanted) in folded(plain_reason(reason))
