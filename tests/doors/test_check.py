"""`mailflow check` as a command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulator.cli import main
from tests.check.ground import LAB

WIDE = LAB.replace("[203.0.113.25] #", "[203.0.113.0/24] #")
OPEN = LAB.replace("    knobs: {retry", "    Allow Relay: Anyone\n    knobs: {retry")


def check(*args: str) -> Result:
    return CliRunner().invoke(main, ["check", *args], prog_name="mailflow")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labs").mkdir()
    path = tmp_path / "labs" / "contoso.yaml"
    path.write_text(LAB, encoding="utf-8")
    return path


def test_nothing_to_find_is_said_and_is_no_error(lab: Path) -> None:
    done = check()
    assert (0, "0 errors, 0 warnings, 0 notes") == (done.exit_code, done.output.strip())


def test_an_error_has_its_place_its_id_and_exit_code_three(lab: Path) -> None:
    lab.write_text(OPEN, encoding="utf-8")
    done = check("labs")
    assert 3 == done.exit_code
    assert done.output.startswith("labs/contoso.yaml\n  25:3     error    MF020  onprem relays for a stranger")
    assert "fix: Let only listed" in done.output
    assert done.output.rstrip().endswith("explain one: mailflow check --explain MF020")


def test_warnings_are_no_errors_unless_asked_for(lab: Path) -> None:
    lab.write_text(WIDE, encoding="utf-8")
    assert 0 == check().exit_code
    assert 3 == check("--strict").exit_code


def test_fix_changes_the_file_says_what_and_keeps_the_comment(lab: Path) -> None:
    lab.write_text(WIDE, encoding="utf-8")
    done = check("--fix")
    assert 0 == done.exit_code
    assert "MF021: 203.0.113.0/24 -> 203.0.113.25" in done.stderr
    assert LAB == lab.read_text(encoding="utf-8")
    assert "0 errors, 0 warnings, 0 notes" in done.stdout


def test_json_has_the_place_and_the_sum(lab: Path) -> None:
    lab.write_text(WIDE, encoding="utf-8")
    told = json.loads(check("--json").stdout)
    (one,) = told["findings"]
    assert "mailflow/check/1" == told["schema"]
    assert ("MF021", "warning", "labs/contoso.yaml", 24, True) == tuple(
        one[k] for k in ("id", "severity", "file", "line", "fixable")
    )
    assert {"files": 1, "labs": 1, "errors": 0, "warnings": 1, "notes": 0} == told["summary"]


def test_sarif_has_a_result_at_the_place(lab: Path, tmp_path: Path) -> None:
    lab.write_text(WIDE, encoding="utf-8")
    assert 0 == check("--sarif", "found.sarif").exit_code
    (run,) = json.loads((tmp_path / "found.sarif").read_text(encoding="utf-8"))["runs"]
    (result,) = run["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert ("MF021", "warning", 24) == (result["ruleId"], result["level"], region["startLine"])
    assert 2 == check("--sarif", "no/folder/found.sarif").exit_code


def test_explain_tells_one_id_and_knows_a_near_miss(lab: Path) -> None:
    assert check("--explain", "mf012").output.startswith("MF012  error: a server sends mail back to itself")
    wrong = check("--explain", "MF999")
    assert 2 == wrong.exit_code
    assert "there is no finding 'MF999'" in wrong.output


def test_a_broken_file_is_a_finding_like_any_other(lab: Path) -> None:
    lab.write_text("mailflow: 1\nservers: {m365: {is: exchange-onlin}}\n", encoding="utf-8")
    done = check("labs/contoso.yaml")
    assert 3 == done.exit_code
    assert "MF001" in done.output


def test_no_file_and_no_lab_have_codes_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert 5 == check().exit_code
    assert 3 == check("none.yaml").exit_code


def test_help_has_examples(lab: Path) -> None:
    assert "mailflow check labs/contoso.yaml --fix" in check("--help").output
