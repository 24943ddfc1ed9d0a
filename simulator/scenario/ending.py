"""How a path sentence ends: delivered to a person, or one of the words in capitals with code and person.

    end  = person [ "in" folder ]
         | "REJECTED" [code] [for] | "NDR" [code] [ "to" person ] [for] | "DEFERRED" [code] [for]
         | "LOOP" [code] [for] | "HELD" reason [for] | "DROPPED" [for]
    for  = "for" person
    code = 550 | 550 5.7.64 | 5.7.64 | 5.7.* | 5.* | 4xx | 5xx | "*"

Where a name itself holds ` in ` or ` for `, the known people decide; if they do not, the last such word counts.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Final, NoReturn

from simulator.mail.path import END_WORDS, Outcome, folded
from simulator.scenario.words import NO_WORD, Link, Word, Written
from simulator.source import Source

__all__ = ["Ending", "miscased_ending", "read_ending"]

_REPLY = re.compile(r"[2-5][\dx]{2}\Z", re.IGNORECASE)
_STATUS = re.compile(r"[245](?:\.(?:\d{1,5}|\d{0,4}x+|\*)){1,2}\Z", re.IGNORECASE)
_CODES: Final = "Write 550, 550 5.7.64, 5.7.64, 5.7.*, 4xx or *, or leave it out"
_CODE_LIKE = re.compile(r"[2-5](?:\d\d|xx|\.)|\*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ending:
    """The ending as written. What was not written is a word without text; `tail` is the whole of it."""

    word: Outcome
    link: Link
    at: Source
    tail: str
    code: Word = NO_WORD
    person: Word = NO_WORD
    folder: Word = NO_WORD
    to: Word = NO_WORD
    reason: Word = NO_WORD


def miscased_ending(text: str) -> bool:
    """Whether this is an ending in the wrong case: `rejected`, `Rejected 550`; but not the surname Held."""
    word, _, rest = text.strip().partition(" ")
    if word.upper() not in END_WORDS or word in END_WORDS:
        return False
    return word.islower() or _CODE_LIKE.match(rest.strip()) is not None


def read_ending(written: Written, word: Word, link: Link, people: Container[str]) -> Ending:
    """The ending in `word`, the last of the sentence. `people` are names and addresses, folded."""
    first = word.text.split()[0]
    outcome = END_WORDS.get(first)
    if outcome is None:
        return _delivered(written, word, link, people)
    end = Ending(outcome, link, written.source(word.offset, word.offset + len(first)), word.text)
    rest = written.word(word.offset + len(first), word.stop)
    if outcome == "HELD":
        return _held(written, end, rest, people)
    if outcome != "DROPPED" and (code := _code(written, rest)).text:
        end, rest = replace(end, code=code), written.word(code.stop, word.stop)
    if outcome == "NDR" and re.match(r"to(\s|$)", rest.text):
        return _returned(written, end, rest, people)
    if re.match(r"for(\s|$)", rest.text):
        person = written.word(rest.offset + len("for"), rest.stop)
        return replace(end, person=_present(written, person, rest, "for"))
    if rest.text:
        _unexpected(written, rest, outcome)
    return end


def _delivered(written: Written, word: Word, link: Link, people: Container[str]) -> Ending:
    end = Ending("delivered", link, word.at, word.text, person=word)
    if folded(word.text) in people:
        return end
    if miscased_ending(word.text):
        first = word.text.split()[0]
        written.fail(word.offset, word.offset + len(first), f'"{first}" is not a person', f"Write {first.upper()}")
    choices = [(left, right) for left, right in written.parted(word.offset, word.stop, "in") if left.text]
    if not choices:
        return end
    person, folder = next((c for c in choices if folded(c[0].text) in people), choices[-1])
    if not folder.text:
        written.fail(
            word.offset, word.stop, "a folder is missing after in", "Write Bob in Junk, or in * for any folder"
        )
    return replace(end, person=person, folder=folder)


def _held(written: Written, end: Ending, rest: Word, people: Container[str]) -> Ending:
    choices = [(left, right) for left, right in written.parted(rest.offset, rest.stop, "for") if right.text]
    last = choices[-1] if choices else (rest, NO_WORD)
    reason, person = next((c for c in choices if folded(c[1].text) in people), last)
    if not reason.text:
        start = rest.offset if rest.text else max(0, rest.offset - len("HELD"))
        written.fail(start, start + len(rest.text or "HELD"), "HELD needs a reason", "Write HELD * for any reason")
    return replace(end, reason=reason, person=person)


def _returned(written: Written, end: Ending, rest: Word, people: Container[str]) -> Ending:
    body = written.word(rest.offset + len("to"), rest.stop)
    choices = [(left, right) for left, right in written.parted(body.offset, body.stop, "for") if left.text]
    if not choices or folded(body.text) in people:
        return replace(end, to=_present(written, body, rest, "to"))
    to, person = next((c for c in choices if folded(c[0].text) in people), choices[-1])
    return replace(end, to=to, person=_present(written, person, rest, "for"))


def _present(written: Written, person: Word, clause: Word, after: str) -> Word:
    if not person.text:
        written.fail(clause.offset, clause.stop, f"a person is missing after {after}")
    return person


def _code(written: Written, rest: Word) -> Word:
    """The code at the beginning of `rest`: a reply, a status, both, or `*`."""
    tokens = list(re.finditer(r"\S+", rest.text))[:2]
    if not tokens:
        return NO_WORD
    first, stop = tokens[0].group(), tokens[0].end()
    if _REPLY.match(first):
        if len(tokens) == 2 and (tokens[1].group() == "*" or _STATUS.match(tokens[1].group())):
            stop = tokens[1].end()
    elif first != "*" and not _STATUS.match(first):
        return NO_WORD
    return written.word(rest.offset, rest.offset + stop)


def _unexpected(written: Written, rest: Word, outcome: Outcome) -> NoReturn:
    word = rest.text.split()[0]
    start, stop = rest.offset, rest.offset + len(word)
    if outcome == "DROPPED":
        written.fail(start, stop, f'"{word}" does not belong behind DROPPED', "Write DROPPED, or DROPPED for a person")
    if word[0].isdigit():
        written.fail(start, stop, f'"{word}" is not a code', _CODES)
    clauses = "to a person, for a person" if outcome == "NDR" else "for a person"
    written.fail(start, stop, f'"{word}" does not belong behind {outcome}', f"Behind it stand a code, {clauses}")
