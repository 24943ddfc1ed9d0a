"""Finds scenario files and reads them: the one place beside the live floor that opens files of the user.

Paths in messages are as short as they can be: relative to the working directory where the file lies below it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from simulator.scenario.errors import ScenarioError, render
from simulator.scenario.scenario import Scenario, load_scenario
from simulator.source import Problem, Source

__all__ = ["NothingFound", "UnreadableFiles", "find_scenarios", "load_all", "read_text", "rewrite", "shortest"]

_LARGEST = 8 * 2**20


class NothingFound(Exception):
    """No scenario is where the command line points. Exit code 5."""


class UnreadableFiles(ScenarioError):
    """Problems of several files, already rendered with their lines."""

    def __init__(self, problems: Sequence[Problem], text: str) -> None:
        super().__init__(problems)
        self.text = text

    def __str__(self) -> str:
        return self.text


def shortest(path: Path) -> str:
    """The path as the user would type it, with forward slashes."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def find_scenarios(paths: Iterable[Path]) -> list[str]:
    """The scenario files of files and folders (default `scenarios`), in order. Lab folders are not scenarios.

    Raises `NothingFound` for a folder without any, `ScenarioError` for a path that is not there.
    """
    found: list[str] = []
    for path in tuple(paths) or (Path("scenarios"),):
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix in (".yaml", ".yml") and "labs" not in p.parts)
            if not inside:
                raise NothingFound(f"no scenario (*.yaml) in {shortest(path)}")
            found += [shortest(p) for p in inside]
        elif path.exists():
            found.append(shortest(path))
        elif path == Path("scenarios"):
            raise NothingFound("there is no folder scenarios here; name a scenario file or folder")
        else:
            raise ScenarioError(Problem(Source(path.as_posix(), 1, 1), "there is no such file or folder"))
    return list(dict.fromkeys(found))


def read_text(name: str) -> str:
    """The text of a file; raises `ScenarioError` with the reason when it cannot be had."""
    path = Path(name)
    try:
        if path.stat().st_size > _LARGEST:
            raise ScenarioError(Problem(Source(name, 1, 1), "the file is larger than 8 MB"))
        octets = path.read_bytes()
        # PowerShell 5.1 writes UTF-16 with a byte order mark.
        return octets.decode("utf-16" if octets[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except FileNotFoundError:
        raise ScenarioError(Problem(Source(name, 1, 1), "there is no such file")) from None
    except UnicodeDecodeError as bad:
        says = f"the file is not UTF-8 text (octet {bad.start})"
        raise ScenarioError(Problem(Source(name, 1, 1), says, "Save it as UTF-8.")) from None
    except OSError as bad:
        says = f"the file cannot be read: {os.strerror(bad.errno or 0)}"
        raise ScenarioError(Problem(Source(name, 1, 1), says)) from None


def rewrite(path: Path, text: str) -> None:
    """Writes a file anew that was read here, in the encoding that it has; raises `OSError` where it cannot be written."""
    first = path.read_bytes()[:3]
    marks = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
    encoding = marks.get(first[:2], "utf-8")
    mark = first[:2] if first[:2] in marks else first if first == b"\xef\xbb\xbf" else b""
    path.write_bytes(mark + text.encode(encoding))


def load_all(files: Iterable[str]) -> list[Scenario]:
    """Every file; raises one `ScenarioError` with the problems of all of them."""
    scenarios: list[Scenario] = []
    problems: list[Problem] = []
    texts: dict[str, str] = {}

    def read(name: str) -> str:
        texts[name] = read_text(name)
        return texts[name]

    for file in files:
        try:
            scenarios.append(load_scenario(read, file))
        except ScenarioError as error:
            problems += [p for p in error.problems if p not in problems]
    if problems:
        raise UnreadableFiles(problems, render(problems, texts))
    return scenarios
