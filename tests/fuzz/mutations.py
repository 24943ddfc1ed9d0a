"""Text that is almost right: a file with a few places changed, as tired people and hostile programs change them."""

from __future__ import annotations

import re
from random import Random

__all__ = ["JUNK", "mutated"]

JUNK = (
    "", "null", "~", "[]", "{}", "true", "$true", "$null", "-1", "0", "1e999", "9" * 30, "1_000", "0x10", ".inf", ".nan", "1.5",
    '"', "'", "|", ">", "*a", "&a b", "!!python/object x", "<<: x", "? ", "- ", "-", "@", "`", "%", "#", "\t", "[[[[", "{{{{", "a: b: c",
    "\u202e", "\x85", "\ufeff", "é", "\x07", "\x00", "\x1b[2J", "\\", "\U0001f600", "٢٥", "x" * 5000, " " * 300,
    "2026-13-45", "99:99", "1..4", "..4", "4..1", "10m", "-10m", "1e9d", "99999999d", "0MB", "-1KB", "1GB", "999999999999GB",
    "*", '"*"', ".", "..", "@.", "a@b", "<>", "a@b@c", "x@" + "y" * 300, "550", "5.7.1", "999", "/(/", "/(a+)+$/", "/[/",
    "->", "-[]->", "-[", "]->", "-> ... ->", "...", "REJECTED", "NDR", "LOOP", "DEFERRED 4xx", "HELD", "in Junk", "for Bob",
    "m365", "onprem", "[m365, m365]", "{m365: m365}", "Bob", "[Bob]", "{remove: all}", "remove", "like: x",
    "127.0.0.1", "::1", "0.0.0.0/0", "1.2.3.4/99", "999.1.1.1", "IN MX 10", "$ORIGIN", "$INCLUDE x", "(", ")", '"unended',
    "<Objs>", "</Objs>", "&#0;", "&#xD800;", "]]>", "<![CDATA[", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "_x0000_", "_xD800_",
)  # fmt: skip
"""Words that mean something somewhere, and some that never do."""

_PARTS = re.compile(r'([\s,:{}\[\]"<>]+)')


def mutated(chance: Random, text: str, words: tuple[str, ...] = (), most: int = 4) -> str:
    """The text after one to `most` changes; `words` are those of the language, to be put in wrong places."""
    lines = text.split("\n")
    for _ in range(chance.randint(1, most)):
        if not lines:
            break
        where = chance.randrange(len(lines))
        change = chance.choice(_CHANGES)
        change(chance, lines, where, words or JUNK)
    return "\n".join(lines)


def _drop(chance: Random, lines: list[str], where: int, words: tuple[str, ...]) -> None:
    del lines[where]


def _copy(chance: Random, lines: list[str], where: int, words: tuple[str, ...]) -> None:
    lines.insert(where, chance.choice(lines))


def _swap(chance: Random, lines: list[str], where: int, words: tuple[str, ...]) -> None:
    other = chance.randrange(len(lines))
    lines[where], lines[other] = lines[other], lines[where]


def _indent(chance: Random, lines: list[str], where: int, words: tuple[str, ...]) -> None:
    lines[where] = " " * chance.randint(0, 8) + lines[where].strip()


def _value(chance: Random, lines: list[str], where: int, words: tuple[str, ...]) -> None:
    key, colon, _ = lines[where].partition(":")
    lines[where] = f"{key}{colon or ' '} {chance.choice(JUNK)}"


def _key(chance: Random, lines: list[str], where: int, words: tuple[str, ...]) -> None:
    key, colon, value = lines[where].partition(":")
    lines[where] = " " * (len(key) - len(key.lstrip())) + chance.choice(words) + colon + value


def _word(chance: Random, lines: list[str], where: int, words: tuple[str, ...]) -> None:
    parts = _PARTS.split(lines[where])
    parts[chance.randrange(len(parts))] = chance.choice(JUNK if chance.random() < 0.6 else words)
    lines[where] = "".join(parts)


def _character(chance: Random, lines: list[str], where: int, words: tuple[str, ...]) -> None:
    line = lines[where]
    at = chance.randrange(len(line) + 1)
    lines[where] = line[:at] + chance.choice("{}[]:,-\"'#&*!|>%@<>\t\\ \0é\x1b\r") + line[at + chance.randint(0, 2) :]


def _end(chance: Random, lines: list[str], where: int, words: tuple[str, ...]) -> None:
    lines[where] = lines[where][: chance.randrange(len(lines[where]) + 1)]
    if chance.random() < 0.3:
        del lines[where + 1 :]


def _deepen(chance: Random, lines: list[str], where: int, words: tuple[str, ...]) -> None:
    lines[where] += chance.choice(("[", "{a: ", "(", "<a>", "- ")) * chance.choice((3, 50, 3000))


_CHANGES = (
    _drop,
    _copy,
    _swap,
    _indent,
    _value,
    _value,
    _key,
    _word,
    _word,
    _word,
    _character,
    _character,
    _end,
    _deepen,
)
