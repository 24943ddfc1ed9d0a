"""What the README shows is run: its scenario in both engines, and its commands are there."""

from __future__ import annotations

import re
from pathlib import Path

from simulator.cli import COMMANDS
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


def test_the_pages_that_the_readme_names_are_there() -> None:
    pages = re.findall(r"\]\(([^)]+)\)", README)
    assert [] == [page for page in pages if not (ROOT / page).exists()]
