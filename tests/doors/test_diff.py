"""`mailflow diff`: exit codes and what it prints; what it finds is tried in tests/report/test_behaviour.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulator.cli import main


def document(sentence: str = "A -> b -> C") -> str:
    flow = {
        "name": "A to C",
        "stage": None,
        "status": "pass",
        "line": 3,
        "got": [sentence],
        "hops": [],
        "deferrals": [],
    }
    scenario = {"file": "flows.yaml", "scenario": "s", "flows": [flow]}
    return json.dumps({"schema": "mailflow/run/1", "seed": 7, "engine": "both", "scenarios": [scenario]})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("base.json").write_text(document())
    Path("same.json").write_text(document())
    Path("head.json").write_text(document("A -> b -> d -> C"))
    Path("damaged.json").write_text('{"schema": "mailflow/run/1",\n "scenarios": [')
    Path("odd.json").write_text(document().replace('"hops": []', '"hops": [{"from": "A"}]'))
    Path("other.json").write_text("{}")


def diff(*arguments: str, **more: str) -> Result:
    return CliRunner().invoke(main, ["diff", *arguments], prog_name="mailflow", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("base.json", "same.json"), 0),
        (("base.json", "same.json", "--exit-code"), 0),
        (("base.json", "head.json"), 0),
        (("base.json", "head.json", "--exit-code"), 6),
        (("base.json", "none.json"), 2),
        (("base.json", "other.json"), 3),
        (("base.json", "damaged.json"), 3),
        (("base.json", "odd.json"), 3),
        (("-", "-"), 2),
    ],
)
def test_the_exit_code_says_whether_mail_goes_another_way(arguments: tuple[str, ...], code: int) -> None:
    result = diff(*arguments)
    assert code == result.exit_code, result.output
    assert "Traceback" not in result.output


def test_a_change_is_shown_with_its_flow_and_both_paths() -> None:
    assert [
        "path      A to C  (flows.yaml:3)",
        "    - A -> b -> C",
        "    + A -> b -> d -> C",
        "",
        "1 of 1 flow behave differently (1 path), 0 broke",
    ] == diff("base.json", "head.json").output.splitlines()


def test_json_is_for_programs() -> None:
    told = json.loads(diff("base.json", "head.json", "--json").output)
    assert ("mailflow/diff/1", 1, 1, 0) == (told["schema"], told["compared"], told["flows"], told["broke"])
    assert {"kind": "path", "file": "flows.yaml", "stage": None, "name": "A to C"}.items() <= told["changes"][0].items()


def test_one_side_may_come_from_standard_input() -> None:
    assert 6 == diff("base.json", "-", "--exit-code", input=document("A -> b -> d -> C")).exit_code


def test_a_damaged_file_is_named_with_its_line() -> None:
    assert "damaged.json:2:" in diff("base.json", "damaged.json").output
