"""Compares the delivery paths of a flow with its sentences: every copy has its sentence, every sentence its copy.

A list of sentences is complete and unordered; `...` in it allows further copies. Where `send` is a list, one sentence
alone says what became of every message. Sentences and copies are paired so
that as many as possible agree; what is left over on either side is a difference that says where the paths part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from simulator.mail.path import print_path
from simulator.paths import Ending
from simulator.played import Played
from simulator.scenario.match import Verdict, matches
from simulator.scenario.sentence import ELLIPSIS, Sentence
from simulator.scenario.wire import Difference
from simulator.source import Source
from simulator.topology import Lab

__all__ = ["judge_paths", "names_of"]


def names_of(lab: Lab) -> dict[str, str]:
    """Every name and address of a person, to the one key that stands for them."""
    names = {name: name for name in lab.people}
    for name, person in lab.people.items():
        for address, _ in person.mailboxes:
            names.setdefault(str(address), name)
    return names


def judge_paths(
    alternatives: Sequence[tuple[Sentence, ...]], also: Sequence[Sentence], played: Played, at: Source
) -> list[Difference]:
    """The differences of the alternative that comes nearest; none when one holds. No alternative: no path asked."""
    names = names_of(played.lab)
    ends = _distinct(played.endings)
    found = [_differences(a, ends, names, at) for a in alternatives]
    best = min(found, key=len, default=[])
    every = tuple(played.endings)
    if best and len(ends) < len(every) and any(not _differences(a, every, names, at) for a in alternatives):
        best = []  # the list names a copy that came twice twice
    return best + list(_reports(also, played, names))


def _distinct(ends: Iterable[Ending]) -> tuple[Ending, ...]:
    """Copies that went the same way to the same mailbox count once; `no duplicates` and `copies` watch the number."""
    by_path: dict[tuple[object, str, str], Ending] = {}
    for end in ends:
        by_path.setdefault((end.path, end.msg, end.rcpt), end)
    return tuple(by_path.values())


def _differences(
    sentences: tuple[Sentence, ...], ends: tuple[Ending, ...], names: Mapping[str, str], at: Source
) -> list[Difference]:
    wanted = [s for s in sentences if s is not ELLIPSIS]
    verdicts = [[matches(s, e.path, names) for e in ends] for s in wanted]
    pairs = _pair([[bool(v) for v in row] for row in verdicts], len(ends))
    left = [i for i in range(len(ends)) if i not in pairs.values()]
    found: list[Difference] = []
    for number, sentence in enumerate(wanted):
        if number in pairs:
            continue
        if not left:
            got = "no such copy" if ends else "nothing was sent"
            found.append(Difference("path", sentence.at, sentence.text, got))
            continue
        nearest = max(left, key=lambda i: _nearness(verdicts[number][i], sentence, ends[i], names))
        left.remove(nearest)
        verdict, end = verdicts[number][nearest], ends[nearest]
        found.append(
            Difference(
                "path",
                verdict.at or sentence.at,
                sentence.text,
                verdict.got,
                verdict.phrase,
                verdict.hop,
                verdict.offset,
                verdict.width,
                end,
            )
        )
    if len(wanted) == 1 and pairs:  # further messages of the flow that went the same way
        first = ends[pairs[0]].msg
        left = [i for i in left if ends[i].msg == first or not verdicts[0][i]]
    if ELLIPSIS not in sentences:
        found += [Difference("path", at, "no further copy", print_path(ends[i].path), ending=ends[i]) for i in left]
    return found


def _nearness(verdict: Verdict, sentence: Sentence, end: Ending, names: Mapping[str, str]) -> tuple[bool, int]:
    meant = {names.get(w.text, w.text) for w in (sentence.end.person,) if w.text}
    return (not meant or names.get(end.rcpt, end.rcpt) in meant, verdict.hop)


def _pair(fits: list[list[bool]], count: int) -> dict[int, int]:
    """A largest pairing of rows and columns that fit (augmenting paths; the numbers are tiny)."""
    column_of: dict[int, int] = {}
    row_of: dict[int, int] = {}

    def place(row: int, seen: set[int]) -> bool:
        for column in range(count):
            if fits[row][column] and column not in seen:
                seen.add(column)
                if column not in row_of or place(row_of[column], seen):
                    row_of[column], column_of[row] = row, column
                    return True
        return False

    for row in range(len(fits)):
        place(row, set())
    return column_of


def _reports(also: Sequence[Sentence], played: Played, names: Mapping[str, str]) -> Iterable[Difference]:
    """Each sentence has a message of its own."""
    verdicts = [[matches(sentence, e.path, names) for e in played.reports] for sentence in also]
    pairs = _pair([[bool(v) for v in row] for row in verdicts], len(played.reports))
    for number, sentence in enumerate(also):
        if number not in pairs:
            nearest = max(verdicts[number], key=lambda v: v.hop, default=None)
            again = "no further message goes this way" if nearest else "no host wrote a message"
            got = nearest.got if nearest is not None and not nearest else again
            yield Difference("also", sentence.at, sentence.text, got)
