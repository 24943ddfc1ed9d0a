"""What is wrong with YAML that does not parse, said for somebody who writes mail settings and not YAML.

`what_is_wrong` turns a parser's error, the C one's or the pure one's, into a `Problem` at the place where the author
has to type. For mistakes that hide others it also returns the lines with one character replaced by a harmless one
of the same width, so that the parser can go on and all positions stay true.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import yaml

from simulator.source import Node, Problem, Scalar, Source

__all__ = ["Mistake", "forbidden_characters", "hidden_comments", "unquoted_wildcard", "what_is_wrong"]

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_BLANKS = re.compile("[ \t]*([\u00a0\u2000-\u200b\u202f\u3000]+)")
_WILDCARD = re.compile(r"\*[^\s,\]}]*")
_PATH_LINK = re.compile(r"\[[^\]]*\]\s*->")

_INDENTED = "Check the indentation; text after a closing quote or bracket belongs inside it"
_QUOTED = "Put the text in quotes if it is one value"

# A part of the parser's `context, problem`; what we say; what to do. The first that occurs counts.
_BY_PROBLEM: Final[tuple[tuple[str, str, str], ...]] = (
    ("mapping values", "a second colon", 'YAML reads ": " as the start of a value. Put the text in quotes or indent it'),
    ("entries are not allowed", "a list cannot begin here", "Begin it on its own line, or put the text in quotes"),
    ("escape character", "unknown escape after \\", r"Use single quotes, or write \\ for a backslash"),
    ("a tag,", "tags (!) have no meaning here", "A value that begins with ! needs quotes"),
    ("node content", "a value is missing", "If it begins with this character, put it in quotes"),
    ("a block collection", "wrong indentation", "Begin the line where the entries above it begin"),
    ("a block mapping", "this does not belong here", _INDENTED),
    ("<document start>", "this does not belong here", _INDENTED),
    ("an anchor,", "a value cannot begin with &", "Put it in quotes"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mistake:
    """What to tell the author, if anything, and the lines with which reading can go on, if it can."""

    problem: Problem | None
    mended: list[str] | None = None


def forbidden_characters(lines: list[str], file: str) -> list[Problem]:
    """Characters that no YAML file may hold, and blanks that only look like blanks where indentation counts."""
    found: list[Problem] = []
    for number, line in enumerate(lines, 1):
        if bad := _FORBIDDEN.search(line):
            says = f"the character U+{ord(bad.group()):04X} does not belong in a text file"
            found.append(Problem(Source(file, number, bad.start() + 1), says, "Remove it"))
        elif not line.isascii() and (odd := _BLANKS.match(line)) and not line.isspace():
            at = Source(file, number, odd.start(1) + 1, len(odd.group(1)))
            says = f"the indentation holds U+{ord(odd.group(1)[0]):04X}, which only looks like a blank"
            found.append(Problem(at, says, "Type blanks instead"))
    return found[:100]


def unquoted_wildcard(lines: list[str], at: Source) -> Problem:
    """`RecipientDomains: *.contoso.com`. YAML reads the star as a reference to an anchor."""
    written = _WILDCARD.match(lines[at.line - 1], at.column - 1)
    text = written.group().removesuffix(":") if written else "*"
    place = Source(at.file, at.line, at.column, len(text))
    return Problem(place, "wildcard needs quotes", f'YAML reads * as a reference. Write "{text}"')


def hidden_comments(node: Node, text: str) -> list[Problem]:
    """Warnings for unquoted values that a ` #` cuts short, as in `subject: Hello #1`. `text` is the whole file."""
    lines = text.removeprefix("\ufeff").splitlines()
    found: list[Problem] = []
    pending = [node]
    while pending:
        here = pending.pop()
        pending += [entry.node for entry in here.entries] + (list(here.items) if here.is_list else [])
        scalar, at = here.value, here.at
        if not isinstance(scalar, Scalar) or scalar.quoted or not scalar.text or not 0 < at.line <= len(lines):
            continue
        rest = lines[at.line - 1][at.column - 1 + at.width :]
        if re.match(r"[ \t]+#[^\s#]", rest):
            place = Source(at.file, at.line, at.column + at.width + rest.index("#"), len(rest[rest.index("#") :]))
            whole = f"{scalar.text} {rest.strip()}"
            found.append(Problem(place, "a blank and # start a comment", f"Write {_quoted(whole)}", "warning"))
    return sorted(found)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def what_is_wrong(error: yaml.MarkedYAMLError, lines: list[str], file: str) -> Mistake:
    """The parser's error in our words."""
    problem, context = str(error.problem or ""), str(error.context or "")
    at = _source(error.problem_mark, lines, file)
    opened = _source(error.context_mark, lines, file) if error.context_mark else at
    character = _character(lines, at)
    if context == "while scanning an alias":
        return Mistake(unquoted_wildcard(lines, opened), _replaced(lines, opened, "_"))
    if character == "\t":
        return _tab(lines, at)
    if "expected ','" in problem:
        return _unclosed(problem, character, lines, at, opened)
    if "quoted scalar" in context and "unexpected end" in problem:
        return Mistake(Problem(opened, "this quote is never closed", f"Add {_character(lines, opened)} at the end"))
    if "cannot start any token" in problem:
        value = re.sub(r"\s+#.*", "", _rest(lines, at)).strip()
        return Mistake(Problem(at, f"a value cannot begin with {character}", f'Write "{value}"'))
    if "expected ':'" in problem:
        place = Source(opened.file, opened.line, opened.column, max(1, len(_rest(lines, opened).rstrip())))
        return Mistake(Problem(place, "a line without a colon", 'Write NAME: value, or "- value" in a list'))
    for part, says, fix in _BY_PROBLEM:
        if part in f"{context}, {problem}":
            return Mistake(Problem(at, says, fix))
    says = " ".join(f"{context}, {problem}".strip(", ").split()) or "this is not YAML"
    return Mistake(Problem(at, says))


def _tab(lines: list[str], at: Source) -> Mistake:
    """A tab in the indentation is a mistake; elsewhere, and on blank or comment lines, it is read as a blank."""
    line = lines[at.line - 1]
    before, after = line[: at.column - 1], line[at.column - 1 :].strip()
    if before.strip() or not after or after.startswith("#"):
        return Mistake(None, _replaced(lines, at, " "))
    width = len(line[at.column - 1 :]) - len(line[at.column - 1 :].lstrip("\t"))
    place = Source(at.file, at.line, at.column, width)
    others = sum(1 for other in lines[at.line :] if re.match(r" *\t\s*\S", other))
    says = "a tab in the indentation" + (f" (and in {others} more lines)" if others else "")
    return Mistake(Problem(place, says, "Indent with blanks"))


def _unclosed(problem: str, character: str, lines: list[str], at: Source, opened: Source) -> Mistake:
    """Inside `{...}` or `[...]`: a path with a connector, or a bracket that is never closed."""
    if character == "[" and at.column > 1 and lines[at.line - 1][at.column - 2] == "-":
        link = _PATH_LINK.match(lines[at.line - 1], at.column - 1)
        width = len(link.group()) + 1 if link else 2
        place = Source(at.file, at.line, at.column - 1, width)
        mended = None
        if link:
            end = Source(at.file, at.line, at.column + link.group().index("]"))
            mended = _replaced(_replaced(lines, at, "("), end, ")")
        fix = "Put the path on a line of its own, or in quotes: [ and , have a meaning inside brackets"
        return Mistake(Problem(place, "a path inside brackets needs quotes", fix), mended)
    closing = "}" if "'}'" in problem else "]"
    opening = "{" if closing == "}" else "["
    if at.line > opened.line or not _rest(lines, at).strip():
        return Mistake(Problem(opened, f"this {opening} is never closed", f"Add {closing}"))
    return Mistake(Problem(at, f'"," or "{closing}" expected', _QUOTED))


def _source(mark: yaml.Mark | None, lines: list[str], file: str) -> Source:
    """The mark's place; marks behind the end of the file move to the end of its last line."""
    line, column = (mark.line, mark.column) if mark else (0, 0)
    if line < len(lines):
        return Source(file, line + 1, column + 1)
    return Source(file, max(1, len(lines)), len(lines[-1].rstrip()) + 1 if lines else 1)


def _rest(lines: list[str], at: Source) -> str:
    return lines[at.line - 1][at.column - 1 :]


def _character(lines: list[str], at: Source) -> str:
    return _rest(lines, at)[:1]


def _replaced(lines: list[str], at: Source, character: str) -> list[str]:
    line = lines[at.line - 1]
    mended = line[: at.column - 1] + character + line[at.column :]
    return [*lines[: at.line - 1], mended, *lines[at.line :]]
