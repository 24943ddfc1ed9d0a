"""The path sentence as it is written: an expected delivery path, every word with its place in the file.

    path = person { link server } link end
    link = "->"              connector not asserted
         | "-[name]->"       this connector; "-[A | B]->" both
         | "-[none]->"       no connector on either side
         | "-[*]->"          some connector
         | "-> ... ->"       any hops, none too

Links are found first, because no name can hold `->` or `-[`; what stands between them are names, blanks and all, and
the last of them is the ending (`simulator.scenario.ending`). In a connector's name a backslash takes the meaning
from `]`, `|` and itself. `print_path` writes a fact in this grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, SupportsIndex

from simulator.mail.path import END_WORDS, folded, print_path
from simulator.scenario.ending import Ending, miscased_ending, read_ending
from simulator.scenario.words import NO_WORD, Link, Word, Written
from simulator.source import NOWHERE, Source

__all__ = [
    "ELLIPSIS", "Ending", "Hop", "Link", "Sentence", "Word", "connectors_named", "name_fault", "parse", "people_named",
    "print_path", "servers_named",
]  # fmt: skip

_MAX_LENGTH: Final = 20_000
_ANY: Final = "..."
_LINK = re.compile(r"-\[((?:\\[\\|\]]|[^\]\\]|\\(?![\\|\]]))*+)\]\s*->|->|-\[")
_WRONG_ARROW = re.compile(r"[-=–—]+>|→|\s[=–—]*>\s|(?:^|\s)[-=–—]+$")
_WRONG_BRACKET = re.compile(r"\s(\[[^\]]*\]?)$")


@dataclass(frozen=True, slots=True)
class Hop:
    """A link and the server it leads to; no server stands for `...`, any hops."""

    link: Link
    server: Word | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """An expected path."""

    text: str
    at: Source
    start: Word
    hops: tuple[Hop, ...]
    end: Ending

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        # There is one `...`, also for who gets it from another process.
        return "ELLIPSIS" if self is ELLIPSIS else object.__reduce_ex__(self, protocol)


# The list entry `...`: further copies are allowed. It matches every path.
ELLIPSIS: Final = Sentence(_ANY, NOWHERE, NO_WORD, (), Ending("delivered", Link("any", NOWHERE), NOWHERE, _ANY))


def parse(text: str, at: Source = NOWHERE, *, people: Iterable[str] = ()) -> Sentence:
    """Reads a sentence. `at` is where its text begins (`Node.text_at`); `people` are the known names and addresses.

    Returns `ELLIPSIS` itself for `...`. Raises `ScenarioError` that points at the word that offends.
    """
    if text.strip() == _ANY:
        return ELLIPSIS
    written = Written(text, at)
    if len(text) > _MAX_LENGTH:
        written.fail(0, 1, "this is too long for a path")
    links = _links(written)
    words = _names(written, links)
    hops = tuple(_hop(written, link, word) for link, word in zip(links, words[1:-1], strict=False))
    end = read_ending(written, words[-1], _link(written, links[-1]), frozenset(map(folded, people)))
    return Sentence(text.strip(), at, words[0], hops, end)


def servers_named(sentence: Sentence, *, also: bool = False) -> tuple[Word, ...]:
    """The servers, in order; a sentence under `also` begins with one."""
    start = (sentence.start,) if also and sentence.start.text else ()
    return start + tuple(hop.server for hop in sentence.hops if hop.server)


def people_named(sentence: Sentence, *, also: bool = False) -> tuple[Word, ...]:
    """The people and addresses, in order; a sentence under `also` does not begin with one."""
    words = (NO_WORD if also else sentence.start, sentence.end.to, sentence.end.person)
    return tuple(word for word in words if word.text)


def connectors_named(sentence: Sentence) -> tuple[Word, ...]:
    """The connectors, in order."""
    links = [hop.link for hop in sentence.hops] + [sentence.end.link]
    return tuple(word for link in links for word in link.connectors)


def name_fault(name: str) -> str:
    """Why a person or server cannot be called so, because no sentence could name it; empty if it can."""
    name = name.strip()
    if not name or name in (_ANY, "*"):
        return "this is not a name"
    inside = f"for {name} in"  # as an ending may hold it
    looks = "->" in name or "-[" in name or any(_WRONG_ARROW.search(text) for text in (name, inside))
    if looks or _WRONG_BRACKET.search(name):
        return "a name that looks like a link cannot stand in a path"
    if name.split()[0] in END_WORDS or miscased_ending(name):
        return f"{name.split()[0]} begins the ending of a path"
    if name.split()[-1] in ("in", "to", "for"):
        return f"a name cannot end in {name.split()[-1]}"
    return ""


def _links(written: Written) -> list[re.Match[str]]:
    links: list[re.Match[str]] = []
    for match in _LINK.finditer(written.text):
        if match.group() == "-[":
            after = _LINK.search(written.text, match.end())
            stop = len(written.text[: after.start() if after else None].rstrip())
            fix = "Write -[name]->. If the name holds a blank and #, put the whole path in quotes"
            written.fail(match.start(), stop, "this link is not closed", fix)
        links.append(match)
    return links


def _names(written: Written, links: list[re.Match[str]]) -> list[Word]:
    """What stands before, between and behind the links."""
    edges = [0, *(edge for link in links for edge in link.span()), len(written.text)]
    words = [written.word(*edges[i : i + 2]) for i in range(0, len(edges), 2)]
    for number, word in enumerate(words):
        _check_name(written, word, before_link=number < len(links))
    if not links:
        written.fail(0, len(written.text), 'a path needs "->"', "Write it like Bob -> m365 -> John")
    for number, word in enumerate(words):
        if not word.text:
            start, stop = links[max(0, number - 1)].span()
            written.fail(start, stop, f"a name is missing {'behind' if number else 'before'} this link")
    if words[0].text == _ANY:
        written.fail(words[0].offset, words[0].stop, "a path begins with a person", "Write who sends")
    if words[-1].text == _ANY:
        fix = "Write -> and a person, or REJECTED *, NDR *, DEFERRED *"
        written.fail(words[-1].offset, words[-1].stop, "a path needs an ending", fix)
    return words


def _check_name(written: Written, word: Word, *, before_link: bool) -> None:
    """Refuses what was meant as a link."""
    if word.text.startswith("HELD ") and not before_link:
        return  # a reason is free text
    if arrow := _WRONG_ARROW.search(word.text):
        start = word.offset + arrow.end() - len(arrow.group().lstrip())
        written.fail(start, word.offset + len(word.text[: arrow.end()].rstrip()), "this is not a link", "Write ->")
    if before_link and (bracket := _WRONG_BRACKET.search(word.text)):
        written.fail(word.offset + bracket.start(1), word.stop, "a link begins with a hyphen", "Write -[name]->")


def _hop(written: Written, match: re.Match[str], word: Word) -> Hop:
    first = word.text.split()[0]
    if first in END_WORDS:
        written.fail(word.offset, word.stop, f"{first} ends a path", "Leave out what follows it")
    if word.text == "*":
        written.fail(word.offset, word.stop, "* is not a server", "Write ... for any hops")
    link = _link(written, match)
    if word.text != _ANY:
        return Hop(link, word)
    if link.kind != "any":
        written.fail(*match.span(), "a connector cannot lead to ...", "Write -> ... and name it in the link behind")
    return Hop(link, None)


def _link(written: Written, match: re.Match[str]) -> Link:
    at = written.source(*match.span())
    if match.group(1) is None:
        return Link("any", at)
    names = written.alternatives(*match.span(1))
    if not all(name.text for name in names):
        written.fail(*match.span(), "a connector's name is missing", "Write -[none]-> if none may be used")
    special = [name for name in names if folded(name.text) in ("none", "*")]
    if special and len(names) > 1:
        written.fail(*match.span(), f"{special[0].text} stands alone in a link")
    if special:
        return Link("some" if special[0].text == "*" else "none", at)
    return Link("named", at, names)
