"""What the README shows is run: its scenario in both engines, and its commands are there."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.cli import COMMANDS, main
from simulator.runner import Options, Runner
from simulator.scenario.scenario import load_scenario

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_rehearsal_of_the_readme_passes() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", README, re.S)

    def read(name: str) -> str:
        return str(block) if name == "mine.yaml" else (ROOT / name).read_text(encoding="utf-8")

    result = Runner(Options()).run([load_scenario(read, "mine.yaml")])
    assert ["pass", "pass"] == [f.status for f in result.flows()]


def test_the_commands_of_the_readme_are_there() -> None:
    named = set(re.findall(r"bin/mailflow (\w+)", README))
    assert named <= set(COMMANDS)
    assert named


def test_the_commands_of_the_readme_run_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```yaml\n(.*?)```", README, re.S)
    Path("mine.yaml").write_text(block, encoding="utf-8")
    lines = re.findall(r"^ {4}\.venv/bin/mailflow (.+)$", README, re.M)
    codes = {line: CliRunner().invoke(main, shlex.split(line), prog_name="mailflow").exit_code for line in lines}
    assert len(lines) >= 5
    assert dict.fromkeys(lines, 0) == codes


def test_the_pages_that_the_readme_names_are_there() -> None:
    pages = re.findall(r"\]\(([^)]+)\)", README)
    assert [] == [page for page in pages if not (ROOT / page).exists()]
