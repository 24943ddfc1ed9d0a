"""What is wrong with a scenario, shown to the person who wrote it.

All problems of a file are shown at once, each with its place, the line, a caret, and what to write instead:

    labs/contoso.yaml:31:27  wildcard needs quotes
       30 |       Connector 3:
       31 |         RecipientDomains: *.contoso.com
          |                           ^^^^^^^^^^^^^ YAML reads * as a reference. Write "*.contoso.com"
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping

from simulator.source import Problem, Source

__all__ = ["ScenarioError", "near_miss", "render"]

_SHOWN = 150  # characters of a line that are shown
_FEW = 12  # known names that are worth listing
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class ScenarioError(Exception):
    """A file that cannot be used. `problems` holds everything that is wrong with it, warnings included."""

    def __init__(self, problems: Iterable[Problem] | Problem) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__(render(self.problems, {}))


def render(problems: Iterable[Problem], sources: Mapping[str, str]) -> str:
    """The problems as text, by file and line. `sources` maps file names to their text; it may lack some."""
    lines = {name: text.removeprefix("\ufeff").splitlines() for name, text in sources.items()}
    blocks = [_block(problem, lines.get(problem.at.file, [])) for problem in sorted(problems)]
    return ("\n\n" if any("\n" in block for block in blocks) else "\n").join(blocks)


def near_miss(word: str, known: Iterable[str], label: str = "Did you mean") -> str:
    """` Did you mean X?`, or ` Known: a, b` when nothing is close and there are few, or nothing. Begins with a blank."""
    names = list(dict.fromkeys(known))
    by_key = {_bare(name): name for name in reversed(names)}
    close = difflib.get_close_matches(_bare(word), by_key, n=1, cutoff=0.7)
    if close:
        return f" {label} {by_key[close[0]]}?"
    return f" Known: {', '.join(names)}" if 0 < len(names) <= _FEW else ""


def _bare(name: str) -> str:
    """A name without what people forget: case, blanks, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "", name).casefold() or name


def _block(problem: Problem, lines: list[str]) -> str:
    at = problem.at
    head = f"{at}  {'warning: ' if problem.level == 'warning' else ''}{problem.says}"
    fix = " ".join(problem.fix.split())
    if not 0 < at.line <= len(lines):
        return f"{head}{'' if head.endswith(('.', '?', '!')) else '.'} {fix}" if fix else head
    line, before, carets = _excerpt(lines[at.line - 1], at)
    shown = [head]
    if at.line > 1:
        shown.append(f"{at.line - 1:>5} | {_line(lines[at.line - 2])}".rstrip())
    shown += [f"{at.line:>5} | {line}", f"{'':>5} | {' ' * before}{'^' * carets} {fix}".rstrip()]
    return "\n".join(shown)


def _excerpt(line: str, at: Source) -> tuple[str, int, int]:
    """The line as shown, the screen columns before the caret, and how many carets."""
    start = min(at.column - 1, len(line))
    stop = min(start + max(1, at.width), max(len(line), start + 1))
    shown, marked = _expanded(line[:start]), _expanded(line[:stop])
    before, until = _columns(shown), _columns(marked) if stop <= len(line) else _columns(shown) + 1
    whole = _expanded(line)
    if before <= _SHOWN - 20:
        return _cut(whole), before, max(1, min(until, _SHOWN) - before)
    tail = "..." + whole[len(shown) - 60 :]  # a very long line: only what stands around the caret
    before = _columns(tail[: 60 + 3])
    return _cut(tail), before, max(1, min(before + until - _columns(shown), _SHOWN) - before)


def _line(line: str) -> str:
    return _cut(_expanded(line))


def _cut(line: str) -> str:
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "..."


def _expanded(text: str) -> str:
    """Tabs as blanks, so that carets stand right; and nothing that a terminal would obey."""
    return _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", text.expandtabs(4))


def _columns(text: str) -> int:
    """How many screen columns the text takes: wide characters two, combining marks none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in ("W", "F") else 1 for c in text
    )
