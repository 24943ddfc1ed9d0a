"""docs/migrating.md: its files are written, its commands run in their order, and what it shows of their output is there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "migrating.md").read_text(encoding="utf-8")
PART = re.compile(r"(?:^`(?P<file>[\w./-]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```", re.M | re.S)


def run(line: str) -> str:
    words = shlex.split(line, comments=True)
    assert "mailflow" == words[0]
    wanted = re.search(r"# exit code (\d)", line)
    done = CliRunner().invoke(main, words[1:], prog_name="mailflow")
    assert int(wanted[1] if wanted else 0) == done.exit_code, (line, done.output)
    return done.output


def spaced(text: str) -> str:
    return " ".join(text.split())


def test_the_page_runs_from_the_first_file_to_the_last_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    output, commands, shown = "", 0, 0
    for part in PART.finditer(PAGE):
        if part["file"]:
            path = Path(part["file"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(part["text"], encoding="utf-8")
        elif part["kind"] == "sh":
            lines = part["text"].splitlines()
            output = "\n".join(run(line) for line in lines)
            commands += len(lines)
        elif part["kind"] == "text":
            for line in part["text"].splitlines():
                assert spaced(line) in spaced(output), (line, output)
                shown += 1
    assert (commands, shown) >= (18, 18)


def test_the_pages_that_it_names_are_there() -> None:
    assert [] == [page for page in re.findall(r"\]\(([^)]+)\)", PAGE) if not (ROOT / "docs" / page).exists()]
