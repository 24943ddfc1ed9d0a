"""`mailflow relays` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import simulator
from simulator.cli import main

LABS = Path(simulator.__file__).parents[1] / "scenarios" / "labs"


def called(*args: str) -> Result:
    return CliRunner().invoke(main, ["relays", *args], prog_name="mailflow")


def test_the_matrix_is_a_table_for_each_server() -> None:
    result = called("--lab", str(LABS / "contoso.yaml"))
    lines = result.stdout.splitlines()
    assert (0, 3) == (result.exit_code, len([line for line in lines if line in ("m365", "onprem", "internet")]))
    (row,) = [line.split() for line in lines if "john@contoso.com, logged in" in line and " own " in line]
    assert ["own", "open", "open", "open"] == row[-4:]
    assert lines[-1].endswith("questions, 0 open that should not be")


def test_a_hole_is_told_and_is_exit_code_1(tmp_path: Path) -> None:
    text = (
        (LABS / "contoso.yaml")
        .read_text(encoding="utf-8")
        .replace("    is: smartermail\n", "    is: smartermail\n    Allow Relay: Anyone\n")
    )
    (tmp_path / "lab.yaml").write_text(text, encoding="utf-8")
    result = called("--lab", str(tmp_path / "lab.yaml"))
    assert 1 == result.exit_code
    assert "OPEN: onprem relays for a stranger at 192.0.0.9 who sends as <>" in result.stdout


@pytest.mark.parametrize("lab", ["contoso", "gateway"])
def test_json_has_every_question_with_its_answer(lab: str) -> None:
    document = json.loads(called("--lab", str(LABS / f"{lab}.yaml"), "--json").stdout)
    assert ("mailflow/relays/1", 0) == (document["schema"], document["unexpected"])
    assert all(cell["reply"] for cell in document["cells"])
