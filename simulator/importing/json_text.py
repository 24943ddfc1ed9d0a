"""JSON (RFC 8259) as nodes that know where they stand, and errors that say what was expected.

    in.json:4:3  "," or "}" is expected after a value

PowerShell's own habits are taken: a second key that differs in case only is read over with a warning, NaN and numbers keep
their text. Text stays text: a quoted "true" is not a boolean, and the setting decides.
"""

from __future__ import annotations

import json
import re

from simulator.scenario.errors import ScenarioError
from simulator.source import Entry, Node, Problem, ProblemList, Scalar, Source

__all__ = ["read_json"]

_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_WORD = re.compile(r"[-+.\w]+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?\Z")
_DEEPEST = 60


def read_json(text: str, file: str, problems: ProblemList) -> Node:
    """The value in `text`. Raises `ScenarioError` with the place and what was expected there."""
    return _Reader(text, file, problems).document()


class _Reader:
    def __init__(self, text: str, file: str, problems: ProblemList) -> None:
        self.text, self.file, self.problems, self.position = text, file, problems, 0
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.line = 0

    def document(self) -> Node:
        found = self._value(0)
        self._skip()
        if self.position < len(self.text):
            self._fail("the end of the file is expected here", "One file holds one object or one array.")
        return found

    def _at(self, start: int, stop: int = 0) -> Source:
        while self.line + 1 < len(self.starts) and self.starts[self.line + 1] <= start:
            self.line += 1
        while self.starts[self.line] > start:
            self.line -= 1
        return Source(self.file, self.line + 1, start - self.starts[self.line] + 1, max(1, stop - start))

    def _skip(self) -> str:
        """The next character after blanks; nothing at the end."""
        match = _SPACE.match(self.text, self.position)
        assert match is not None
        self.position = match.end()
        return self.text[self.position : self.position + 1]

    def _fail(self, says: str, fix: str = "") -> None:
        if self.position >= len(self.text):
            fix = "The file ends here; was it cut off?"
        raise ScenarioError(Problem(self._at(min(self.position, max(0, len(self.text) - 1))), says, fix))

    def _value(self, depth: int) -> Node:
        head, start = self._skip(), self.position
        if depth > _DEEPEST:
            self._fail("this is nested too deeply")
        if head == "{":
            return self._object(depth)
        if head == "[":
            return self._array(depth)
        if head == '"':
            text = self._string("a text")
            return Node(Scalar(text, quoted=True), self._at(start, self.position))
        match = _WORD.match(self.text, start)
        word = match[0] if match else ""
        if word in ("null", "true", "false", "NaN") or _NUMBER.match(word):
            self.position = start + len(word)
            return Node(Scalar(word), self._at(start, self.position))
        if word:
            self._fail(f"a value is expected, and {word} is none", f'Write "{word}", true, false, null or a number.')
        self._fail('a value is expected: {, [, a text in ", a number, true, false or null')
        raise AssertionError("unreachable")

    def _string(self, what: str) -> str:
        match = _STRING.match(self.text, self.position)
        if match is None:
            self._fail(f'{what} in " is expected', "It must end on its line; write \\\\ for a backslash.")
        assert match is not None
        self.position = match.end()
        text: str = json.loads(match[0])
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _object(self, depth: int) -> Node:
        start, entries = self.position, dict[str, Entry]()
        self.position += 1
        if self._skip() == "}":
            self.position += 1
            return Node(entries, self._at(start))
        while True:
            if self._skip() != '"':
                self._fail('a name in " is expected', "Take out a comma before }." if self._next("}") else "")
            where = self.position
            key = self._string("a name")
            place = self._at(where, self.position)
            if self._skip() != ":":
                self._fail(f'":" is expected after "{key}"')
            self.position += 1
            node = self._value(depth + 1)
            if key.casefold() in entries:
                self.problems.warn(place, f"{key} is there twice; the first counts")
            else:
                entries[key.casefold()] = Entry(key, place, node)
            if self._ends("}"):
                return Node(entries, self._at(start))

    def _array(self, depth: int) -> Node:
        start, items = self.position, list[Node]()
        self.position += 1
        if self._skip() == "]":
            self.position += 1
            return Node((), self._at(start))
        while True:
            items.append(self._value(depth + 1))
            if self._ends("]"):
                return Node(tuple(items), self._at(start))

    def _next(self, char: str) -> bool:
        return self.text[self.position : self.position + 1] == char

    def _ends(self, close: str) -> bool:
        """Whether the object or array ends here; otherwise a comma was read."""
        found = self._skip()
        if found not in (",", close):
            self._fail(f'"," or "{close}" is expected after a value')
        self.position += 1
        return found == close
