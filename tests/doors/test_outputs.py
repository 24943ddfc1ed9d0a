"""The files of `run`, and what a pipeline gets by itself: its summary, and marks in the change."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.doors.projects import a_project, mailflow


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    return a_project(tmp_path, connector=False)


def test_every_file_that_is_asked_for_is_written(broken: Path) -> None:
    code, out, err = mailflow(
        broken, "run", "--plan", "--json", "run.json", "--junit", "junit.xml", "--markdown", "run.md", "--sarif", "run.sarif",
        "--otlp", "traces.jsonl", "--artifacts", "kept/all",
    )  # fmt: skip
    assert (1, "") == (code, err)
    document = json.loads((broken / "run.json").read_text())
    (cause,) = document["causes"]
    assert ("scenarios/labs/contoso.yaml:26:18", 3) == (cause["at"], len(cause["flows"]))
    suites = ElementTree.parse(broken / "junit.xml").getroot()
    assert ["3"] == [suite.get("failures") for suite in suites]
    assert "3 of 7 flows failed, 1 cause" in (broken / "run.md").read_text()
    assert 3 == len(json.loads((broken / "run.sarif").read_text())["runs"][0]["results"])
    assert 7 == len((broken / "traces.jsonl").read_text().splitlines())
    kept = sorted(p.name for p in (broken / "kept" / "all").iterdir())
    assert ["scenarios.flows.001", "scenarios.flows.005", "scenarios.flows.007"] == kept
    assert out.splitlines()[-1].startswith("3 failed with 1 cause, 4 passed")


def test_artifacts_have_story_events_conversation_and_trace_of_what_failed(broken: Path) -> None:
    mailflow(broken, "run", "-k", "Bob to John", "--artifacts", "kept")
    folder = broken / "kept" / "scenarios.flows.001"
    assert ["events.jsonl", "smtp.txt", "story.txt", "trace.txt"] == sorted(p.name for p in folder.iterdir())
    assert (folder / "story.txt").read_text().startswith("FAIL  Bob to John")
    assert "C  MAIL FROM:<bob@contoso.com>" in (folder / "smtp.txt").read_text()
    assert "Message events of m-1" in (folder / "trace.txt").read_text()
    assert "lab" == json.loads((folder / "events.jsonl").read_text().splitlines()[0])["type"]


def test_nothing_is_kept_of_what_passes(tmp_path: Path) -> None:
    code, _, _ = mailflow(a_project(tmp_path), "run", "--plan", "--artifacts", "kept")
    assert (0, False) == (code, (tmp_path / "kept").exists())


@pytest.mark.parametrize("option", ["--json", "--junit", "--markdown", "--sarif", "--otlp"])
def test_a_folder_that_is_not_there_is_said_before_anything_is_played(broken: Path, option: str) -> None:
    code, out, err = mailflow(broken, "run", option, "nowhere/file")
    assert (2, "") == (code, out)
    assert "cannot write nowhere/file: there is no such folder" in err


def test_github_gets_marks_on_the_lines_and_a_summary(broken: Path) -> None:
    (broken / "before.md").write_text("# of another command\n")
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "before.md", "GITHUB_WORKSPACE": str(broken.parent)}
    code, out, _ = mailflow(broken, "run", "--plan", "-q", **variables)
    marks = [line for line in out.splitlines() if line.startswith("::error ")]
    assert (1, 4) == (code, len(marks))
    assert f"file={broken.name}/scenarios/labs/contoso.yaml,line=26,col=18," in marks[0]
    assert out.splitlines()[-1].startswith("3 failed with 1 cause")
    page = (broken / "before.md").read_text()
    assert page.startswith("# of another command\n### mailflow: 3 of 7 flows failed, 1 cause\n")


def test_a_full_summary_is_left_alone(broken: Path) -> None:
    (broken / "full.md").write_text("x" * 890_000)
    mailflow(broken, "run", "--plan", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY="full.md")
    assert 890_000 == (broken / "full.md").stat().st_size


def test_azure_gets_marks_and_the_summary_that_was_written(broken: Path) -> None:
    _, out, _ = mailflow(broken, "run", "--plan", "-q", "--markdown", "run.md", TF_BUILD="True")
    lines = [line for line in out.splitlines() if line.startswith("##vso")]
    assert "##vso[task.logissue type=error;sourcepath=scenarios/labs/contoso.yaml;linenumber=26;" in lines[0]
    assert f"##vso[task.uploadsummary]{broken / 'run.md'}" == lines[-1]


@pytest.mark.parametrize(
    ("arguments", "variables", "marked"),
    [((), {}, False), (("--ci", "none"), {"GITHUB_ACTIONS": "true"}, False), (("--ci", "github"), {}, True)],
)
def test_marks_can_be_forced_and_switched_off(
    broken: Path, arguments: tuple[str, ...], variables: dict[str, str], marked: bool
) -> None:
    _, out, _ = mailflow(broken, "run", "--plan", "-q", *arguments, **variables)
    assert marked == ("::error " in out)


def test_json_on_stdout_stays_json_in_a_pipeline(broken: Path) -> None:
    code, out, err = mailflow(broken, "run", "--plan", "--json", "-", GITHUB_ACTIONS="true", CI="true")
    assert (1, 3) == (code, json.loads(out)["summary"]["failed"])
    assert "::error file=scenarios/labs/contoso.yaml" in err
