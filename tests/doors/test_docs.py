"""The pages for pipelines and for Python: recipes are YAML whose commands run, and tests pass as they stand.

Commands and YAML of all pages: test_pages.py.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from simulator.api import Message, OpenLab
from tests.doors.projects import ROOT, a_project, environment, mailflow
from tests.doors.test_pytest_plugin import installed

CI = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
PYTHON = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^```yaml\n(.*?)^```", CI, re.S | re.M)


def commands(recipe: Any) -> list[str]:
    """Every line that a recipe has a shell run."""
    if isinstance(recipe, list):
        return [c for item in recipe for c in ([item] if isinstance(item, str) else commands(item))]
    found = []
    for key, value in recipe.items() if isinstance(recipe, dict) else ():
        found += value.splitlines() if key in ("run", "script") and isinstance(value, str) else commands(value)
    return found


def in_order(folder: Path, lines: list[str]) -> None:
    for line in lines:
        words = shlex.split(line)
        if words[0] == "mailflow":
            code, out, err = mailflow(folder, *words[1:])
            assert 0 == code, (line, out, err)


def test_there_is_a_recipe_for_each_service() -> None:
    assert ["GitHub Actions", "GitLab", "Azure Pipelines"] == re.findall(r"^## (Git.*|Azure.*)$", CI, re.M)
    assert 4 == len(RECIPES)


@pytest.mark.parametrize("number", range(4))
def test_a_recipe_is_yaml_and_its_commands_run(number: int, tmp_path: Path) -> None:
    lines = commands(yaml.safe_load(RECIPES[number]))
    assert any(line.startswith("mailflow ") for line in lines)
    for folder in ("base", "head", ""):
        a_project(tmp_path / folder)
    in_order(tmp_path, lines)


def test_the_options_of_the_page_are_those_of_run() -> None:
    _, out, _ = mailflow(ROOT, "run", "--help")
    named = set(re.findall(r"^\| `(--\w+)", CI, re.M))
    assert {"--junit", "--markdown", "--sarif", "--artifacts", "--json", "--events", "--otlp"} == named
    assert [] == [name for name in named if name not in out]


def test_the_test_of_the_python_page_passes(tmp_path: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", PYTHON, re.S | re.M)
    (settings,) = re.findall(r"^```toml\n(.*?)^```", PYTHON, re.S | re.M)
    a_project(tmp_path)
    (tmp_path / "test_page.py").write_text(code, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    plugin = [] if installed() else ["-p", "simulator.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", *plugin, "-p", "no:cacheprovider", "-q", "test_page.py", "scenarios"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**environment(), "PYTEST_ADDOPTS": ""}, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert 0 == done.returncode, done.stdout
    assert "8 passed" in done.stdout


def test_the_calls_of_the_python_page_are_there() -> None:
    for owner, kind in (("lab", OpenLab), ("message", Message)):
        named = set(re.findall(rf"(?<!\.)\b{owner}\.(\w+)", PYTHON))
        assert [] == [name for name in sorted(named) if not hasattr(kind, name)]
