"""Text of a file cut into words that know where they stand; what `sentence` and `ending` are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, NoReturn

from simulator.scenario.errors import ScenarioError
from simulator.source import NOWHERE, Problem, Source

__all__ = ["NO_WORD", "Link", "Word", "Written"]

_ESCAPED = re.compile(r"\\([\\|\[\]])")


@dataclass(frozen=True, slots=True)
class Word:
    """A name or code of a sentence: its text, its place in the file, and where it begins in the sentence."""

    text: str
    at: Source
    offset: int = 0

    @property
    def stop(self) -> int:
        return self.offset + len(self.text)


NO_WORD: Final = Word("", NOWHERE)


@dataclass(frozen=True, slots=True)
class Link:
    """What is asked of the connectors of a hop. `connectors` belongs to `named`; all of them must have been used."""

    kind: Literal["any", "none", "some", "named"]
    at: Source
    connectors: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A sentence as it stands in a file."""

    text: str
    at: Source

    def word(self, start: int, stop: int) -> Word:
        """The text between two offsets without the blanks around it."""
        text = self.text[start:stop]
        offset = start + len(text) - len(text.lstrip())
        text = text.strip()
        return Word(text, self.source(offset, offset + len(text)), offset)

    def parted(self, start: int, stop: int, by: str) -> list[tuple[Word, Word]]:
        """Every way to read the text as `left by right`."""
        found = re.finditer(rf"(?:^|(?<=\s)){by}(?=\s|$)", self.text[start:stop])
        return [(self.word(start, start + m.start()), self.word(start + m.end(), stop)) for m in found]

    def alternatives(self, start: int, stop: int) -> tuple[Word, ...]:
        """The words between `|`; a backslash takes the meaning from `|`, brackets and itself."""
        words: list[Word] = []
        begin = here = start
        while here < stop:
            if _ESCAPED.match(self.text, here):
                here += 1
            elif self.text[here] == "|":
                words.append(self.word(begin, here))
                begin = here + 1
            here += 1
        words.append(self.word(begin, stop))
        return tuple(Word(_ESCAPED.sub(r"\1", word.text), word.at, word.offset) for word in words)

    def source(self, start: int, stop: int) -> Source:
        """The place in the file; the whole sentence where it goes over several lines and the place is not known."""
        at = self.at
        if not at or 1 < at.width < stop:
            return at
        return Source(at.file, at.line, at.column + start, max(1, stop - start))

    def fail(self, start: int, stop: int, says: str, fix: str = "") -> NoReturn:
        raise ScenarioError(Problem(self.source(start, stop), says, fix))
