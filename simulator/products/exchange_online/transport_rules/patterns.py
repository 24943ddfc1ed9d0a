"""The words and regular expressions of mail flow rules: how they are read, and what they match.

    words      whole words or phrases, whatever their case; no wildcards
    patterns   .NET regular expressions, whatever their case: the part of that language which Python's `re` has too

A pattern that cannot be compiled is an error of the file. `(?<name>...)` and `\\z` are taken as .NET means them.

Guard against patterns that run away: a repetition of something that ends in a repetition, such as `(a+)+`, can take
time that doubles with every letter, and is refused; a text is looked at as far as `LONGEST_TEXT` letters.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache

from simulator.policy.settings import BadValue

__all__ = ["LONGEST_TEXT", "Pattern", "contains_word", "matches", "pattern", "word"]

LONGEST_TEXT = 100_000
_LONGEST_WORD = 128

Pattern = re.Pattern[str]

_UNBOUNDED = re.compile(r"\*|\+|\{\d*,\}")
_OPTIONAL = re.compile(r"\?|\*|\{0?,\d*\}|\{0\}")
_COUNTED = re.compile(r"\{\d+(?:,\d*)?\}")
_ATOM = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^()\\|]", re.S)
_OPENING = re.compile(r"\((?:\?(?:[aiLmsux-]+:|P?<(?![=!])[^>]*>|P?<?[=!]|[:>#]))?")


def word(text: str) -> str:
    """One word or phrase."""
    if not text:
        raise BadValue("an empty word matches nothing", "Write a word or a phrase.")
    if len(text) > _LONGEST_WORD:
        raise BadValue(f"{text[:20]}... is longer than {_LONGEST_WORD} characters")
    return text


@lru_cache(512)
def _whole(wanted: str) -> Pattern:
    # Where a phrase begins or ends with something else than a letter, that end stands by itself.
    before = r"(?<!\w)" if re.match(r"\w", wanted) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", wanted) else ""
    middle = r"\s+".join(re.escape(part) for part in wanted.split())
    return re.compile(before + middle + after, re.I)


def contains_word(wanted: str, text: str) -> bool:
    """Whether a word or phrase stands in the text as a whole."""
    return _whole(wanted).search(text[:LONGEST_TEXT]) is not None


@lru_cache(512)
def pattern(text: str) -> Pattern:
    """A compiled pattern."""
    if not text:
        raise BadValue("an empty pattern matches everything", "Write a regular expression.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's plans for nested sets are no matter here
            made = re.compile(_translated(text), re.I)
    except (re.error, OverflowError, RecursionError) as bad:
        raise BadValue(f"{text} is not a regular expression: {bad}") from None
    if _runs_away(text):
        fix = "Take one of the two repetitions out, or end the inner one with something fixed: (a+,)+ instead of (a+)+."
        raise BadValue(f"{text} repeats what ends in a repetition, and may never come to an end", fix)
    return made


def _translated(text: str) -> str:
    """From .NET's language to Python's where the same thing is written otherwise."""
    text = re.sub(r"(?<!\\)\(\?<(?![=!])([^>]+)>", r"(?P<\1>", text)
    text = re.sub(r"(?<!\\)((?:\\\\)*)\\k<([^>]+)>", r"\1(?P=\2)", text)
    return re.sub(r"(?<!\\)((?:\\\\)*)\\z", r"\1\\Z", text)


def _runs_away(text: str) -> bool:
    """Whether an unbounded repetition is around a group that ends in one.

    `open_end` says of each group, innermost last, whether since its last unbounded repetition there was nothing that
    has to be there; alternatives each count for themselves.
    """
    open_end, ended = [False], [False]  # the alternative being read; whether an earlier alternative ended so
    position = 0
    while position < len(text):
        if opening := _OPENING.match(text, position):
            open_end.append(False)
            ended.append(False)
            position = opening.end()
            continue
        if text[position] == "|":
            ended[-1] = ended[-1] or open_end[-1]
            open_end[-1] = False
            position += 1
            continue
        inner = False
        if text[position] == ")" and len(open_end) > 1:
            inner = open_end.pop() or ended.pop()
            del ended[len(open_end) :]
            position += 1
        else:
            atom = _ATOM.match(text, position)
            position = atom.end() if atom else position + 1
        repeated = _UNBOUNDED.match(text, position)
        if repeated and inner:
            return True
        counted = repeated or _OPTIONAL.match(text, position) or _COUNTED.match(text, position)
        if repeated or inner:
            open_end[-1] = True
        elif not _OPTIONAL.match(text, position):
            open_end[-1] = False
        if counted:
            position = counted.end()
            if text[position : position + 1] in ("?", "+"):
                position += 1
    return False


def matches(wanted: Pattern, text: str) -> bool:
    """Whether a pattern is found anywhere in the text."""
    return wanted.search(text[:LONGEST_TEXT]) is not None
