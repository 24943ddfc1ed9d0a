"""Failures as the lines that GitHub Actions and Azure Pipelines turn into marks on the changed lines.

GitHub keeps ten of a level for each step, so there are never more: first one for each cause, at the setting that decided,
then the expectations that did not hold, and a last one that says how many more there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice

from simulator.report.causes import Cause, Failure, causes
from simulator.runner import RunResult
from simulator.source import NOWHERE, Source

__all__ = ["SERVICES", "marks"]

_MOST = 10
_NAMED = 5  # flows named in one title


def marks(result: RunResult, service: str, folder: str = "") -> list[str]:
    """The lines; `folder` is where relative file names begin, seen from the root of the repository."""
    write = SERVICES[service]
    every = _marks(result)
    keep = every if len(every) <= _MOST else every[: _MOST - 1]
    lines = [write(_under(folder, at), at, title, text) for at, title, text in keep]
    if left := len(every) - len(keep):
        lines.append(write("", NOWHERE, "mailflow", f"and {left} more; the log and the reports have all of them"))
    return lines


def _marks(result: RunResult) -> list[tuple[Source, str, str]]:
    """Place, title and text of each mark; a place is marked once."""
    found = causes(result)
    told: dict[Source, tuple[str, str]] = {}
    for cause in found:
        told.setdefault(cause.first.setting or cause.first.at, (_title(cause), cause.story))
    for cause in found:
        for failure in cause.failures:
            told.setdefault(failure.at, (f"{failure.name} fails", _short(failure)))
    return [(at, *text) for at, text in told.items()]


def _title(cause: Cause) -> str:
    names = [f.name for f in cause.failures]
    if len(names) == 1:
        return f"{names[0]} fails: {cause.first.headline}"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{len(names)} flows fail here: {', '.join(islice(names, _NAMED))}{more}"


def _short(failure: Failure) -> str:
    first = failure.first
    if first is None:
        return failure.headline
    return f"expected {first.expected}\ngot      {first.got}\n{failure.headline}"


def _under(folder: str, at: Source) -> str:
    name = at.file.replace("\\", "/")
    return name if not folder or name.startswith("/") else f"{folder.rstrip('/')}/{name}"


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(c, c) for c in text)


_GITHUB = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_GITHUB_PROPERTY = {**_GITHUB, ":": "%3A", ",": "%2C"}
_AZURE = {"%": "%AZP25", "\r": "%0D", "\n": "%0A"}
_AZURE_PROPERTY = {**_AZURE, ";": "%3B", "]": "%5D"}


def _github(file: str, at: Source, title: str, text: str) -> str:
    place = {"file": file, "line": str(at.line), "col": str(at.column)} if at else {}
    properties = {**place, "title": title}
    return f"::error {','.join(f'{k}={_escaped(v, _GITHUB_PROPERTY)}' for k, v in properties.items())}::{_escaped(text, _GITHUB)}"


def _azure(file: str, at: Source, title: str, text: str) -> str:
    place = {"sourcepath": file, "linenumber": str(at.line), "columnnumber": str(at.column)} if at else {}
    properties = "".join(f"{k}={_escaped(v, _AZURE_PROPERTY)};" for k, v in {"type": "error", **place}.items())
    return f"##vso[task.logissue {properties}]{_escaped(title + chr(10) + text, _AZURE)}"


SERVICES: Mapping[str, Callable[[str, Source, str, str], str]] = {"github": _github, "azure": _azure}
"""How each service wants a mark."""
