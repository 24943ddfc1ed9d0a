"""A run as Markdown, for the summary page of a pipeline: what failed in a table, and each cause with story and diagram.

GitHub drops a summary that is larger than 1 MiB as a whole, so this one stops before that, however much failed, and
says what it leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from simulator.report.causes import Cause, Failure, causes
from simulator.report.mermaid import sequence
from simulator.report.run_text import heading
from simulator.runner import RunResult

__all__ = ["CAP", "run_markdown"]

CAP = 900_000
"""Octets that a summary has at most."""

_TABLE = CAP // 3  # of them for the table
_LONGEST_STORY = 20_000


def run_markdown(result: RunResult, cap: int = CAP) -> str:
    """The document."""
    found = causes(result)
    total, passed = sum(1 for _ in result.flows()), result.count("pass")
    if not found:
        title = f"### mailflow: {_count(passed, 'flow')} passed"
    else:
        title = f"### mailflow: {total - passed} of {_count(total, 'flow')} failed, {_count(len(found), 'cause')}"
    page = _Page(cap)
    page.add([f"{title}\n\n{_text(heading(result))}\n\n"])
    if not found:
        page.add([_files(result)])
        return page.text
    failures = [f for cause in found for f in cause.failures]
    page.add(["| Flow | Expected | Got |\n|---|---|---|\n"])
    left = page.add((_row(f) for f in failures), min(cap, max(_TABLE * cap // CAP, 1)))
    page.add([_more(left, "failure", "is" if left == 1 else "are")])
    left = page.add(_details(c) for c in found)
    page.add([_more(left, "cause", "is" if left == 1 else "are")], final=True)
    page.add([_files(result)])
    return page.text


class _Page:
    """Text that stays below a size. Room for a last word is kept."""

    _LAST = 200

    def __init__(self, cap: int) -> None:
        self.text, self._size, self._cap = "", 0, cap

    def add(self, parts: Iterable[str], cap: int = 0, *, final: bool = False) -> int:
        """Adds the parts that fit, in their order, and returns how many did not."""
        limit = min(cap or self._cap, self._cap) - (0 if final else self._LAST)
        left, kept = 0, []
        for part in parts:
            size = len(part.encode())
            if left or self._size + size > limit:
                left += 1
                continue
            kept.append(part)
            self._size += size
        self.text += "".join(kept)
        return left


def _row(failure: Failure) -> str:
    first = failure.first
    expected, got = (first.expected, first.got) if first else ("", "")
    what = "" if failure.kind == "path" or not first else f"{first.key}: "
    return f"| **{_cell(failure.name)}** | {_code(what + expected)} | {_code(got)} |\n"


def _details(cause: Cause) -> str:
    names = cause.first.name if len(cause.failures) == 1 else f"{cause.first.name} and {len(cause.failures) - 1} more"
    setting = f" ({cause.first.setting})" if cause.first.setting else ""
    diagram = sequence(cause.first)
    drawn = f"```mermaid\n{diagram}\n```\n\n" if diagram else ""
    story = cause.story
    if len(story) > _LONGEST_STORY:
        story = story[:_LONGEST_STORY].rpartition("\n")[0] + "\n..."
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", story)), default=0))
    summary = escape(f"{names}: {cause.first.headline}{setting}", quote=False)
    return f"\n<details><summary>{summary}</summary>\n\n{drawn}{fence}text\n{story}\n{fence}\n\n</details>\n"


def _files(result: RunResult) -> str:
    rows = "".join(
        f"| {_cell(s.scenario.file)} | {sum(f.status == 'pass' for f in s.flows)} | "
        f"{sum(f.status != 'pass' for f in s.flows)} |\n"
        for s in result.scenarios
    )  # fmt: skip
    return f"\n| File | Passed | Failed |\n|---|---|---|\n{rows}"


def _more(count: int, noun: str, verb: str) -> str:
    return f"\n{_count(count, noun)} more {verb} left out here.\n" if count else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _text(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


def _cell(text: str) -> str:
    return _text(" ".join(text.split()))


def _code(text: str) -> str:
    return f"<code>{escape(' '.join(text.split()), quote=False).replace('|', '&#124;')}</code>" if text else ""
