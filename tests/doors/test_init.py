"""`mailflow init`: what a template makes passes, in a folder of its own, by both engines."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.cli.init import TEMPLATES, init

ROOT = Path(__file__).parents[2]


def mailflow(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "simulator", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_passes_in_a_folder_outside_the_project(tmp_path: Path, template: str) -> None:
    made = mailflow(tmp_path, "init", "mine", "--template", template)
    assert (0, "") == (made.returncode, made.stderr)
    played = mailflow(tmp_path / "mine", "run")
    assert 0 == played.returncode, played.stdout + played.stderr
    assert " 0 passed" not in played.stdout
    assert "warning" not in played.stderr


@pytest.mark.parametrize("template", TEMPLATES)
def test_check_has_nothing_against_a_template(tmp_path: Path, template: str) -> None:
    mailflow(tmp_path, "init", ".", "--template", template)
    checked = mailflow(tmp_path, "check")
    assert 0 == checked.returncode
    assert "0 errors, 0 warnings" in checked.stdout


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_command_of_a_templates_readme_works(tmp_path: Path, template: str) -> None:
    mailflow(tmp_path, "init", ".", "--template", template)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    block = text.partition("```sh\n")[2].partition("```")[0]
    commands = [shlex.split(line, comments=True) for line in block.splitlines()]
    assert len(commands) > 2
    for program, *words in commands:
        done = mailflow(tmp_path, *words)
        assert ("mailflow", 0) == (program, done.returncode), (words, done.stdout, done.stderr)
    assert "Next: " in text


def test_every_template_is_there_and_every_folder_is_a_template() -> None:
    folders = sorted(path.name for path in (ROOT / "simulator" / "templates").iterdir() if path.is_dir())
    assert sorted(TEMPLATES) == folders


def test_nothing_is_written_over_unless_forced(tmp_path: Path) -> None:
    own = tmp_path / "labs" / "contoso.yaml"
    own.parent.mkdir()
    own.write_text("mine", encoding="utf-8")
    refused = CliRunner().invoke(init, [str(tmp_path)])
    assert (2, "mine") == (refused.exit_code, own.read_text(encoding="utf-8"))
    assert "--force" in refused.output
    assert 0 == CliRunner().invoke(init, [str(tmp_path), "--force"]).exit_code
    assert own.read_text(encoding="utf-8").startswith("# Exchange hybrid")


def test_json_names_the_files(tmp_path: Path) -> None:
    done = CliRunner().invoke(init, [str(tmp_path / "x"), "--template", "gateway", "--json"])
    told = json.loads(done.output)
    assert ("mailflow/init/1", "gateway") == (told["schema"], told["template"])
    assert ["README.md", "labs/contoso.yaml", "scenarios/flows.yaml"] == [f.split("/x/")[1] for f in told["files"]]
