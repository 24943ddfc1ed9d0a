"""The pytest plugin: what is collected and how it is called, markers, failures, JUnit, labs in tests, and what it costs others."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent.parent
LAB = (ROOT / "scenarios" / "labs" / "contoso.yaml").read_text(encoding="utf-8")

FLOWS = """\
scenario: both ways
lab: labs/contoso.yaml
tags: [smoke]
flows:
  Bob to John: Bob -> m365 -[O365 to own servers]-> onprem -> John
  Sun to Bob:
    tags: [cloud-only]
    path: Sun -> internet -> m365 -> Bob
"""

STAGES = """\
scenario: a switch
lab: labs/contoso.yaml
stages:
  - stage: before
    flows: {Bob to John: "Bob -> m365 -[O365 to own servers]-> onprem -> John"}
  - stage: off
    do:
      - Set-OutboundConnector: {Identity: O365 to own servers, Enabled: false}
    flows:
      Bob to Jo: {send: {from: Bob, to: John}, path: "Bob -> m365 -> ... -> LOOP"}
  - stage: on
    do:
      - Set-OutboundConnector: {Identity: O365 to own servers, Enabled: true}
    still: [Bob to John]
"""


def installed() -> bool:
    """Whether the environment knows the plugin by its entry point; pytest refuses to load it by both names."""
    return any(e.name == "mailflow" for e in importlib.metadata.entry_points(group="pytest11"))


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder with a lab and two scenario files; one is found by its name, one by the configuration."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makeini("[pytest]\nmailflow_paths = rehearsals\nasyncio_default_fixture_loop_scope = function\n")
    for folder in ("labs", "rehearsals/labs"):
        (pytester.path / folder).mkdir(parents=True)
        (pytester.path / folder / "contoso.yaml").write_text(LAB, encoding="utf-8")
    (pytester.path / "flows.mailflow.yaml").write_text(FLOWS, encoding="utf-8")
    (pytester.path / "rehearsals" / "stages.yaml").write_text(STAGES, encoding="utf-8")
    (pytester.path / "other.yaml").write_text("nothing: of ours\n", encoding="utf-8")
    return pytester


def run(project: pytest.Pytester, *args: str) -> pytest.RunResult:
    plugin = () if installed() else ("-p", "simulator.pytest_plugin")
    return project.runpytest_subprocess(*plugin, "-p", "no:cacheprovider", *args)


def test_every_flow_is_a_test_with_its_stage_in_the_id(project: pytest.Pytester) -> None:
    result = run(project, "--collect-only", "-q")
    ids = [line for line in result.outlines if "::" in line]
    assert [
        "flows.mailflow.yaml::Bob to John",
        "flows.mailflow.yaml::Sun to Bob",
        "rehearsals/stages.yaml::before: Bob to John",
        "rehearsals/stages.yaml::off: Bob to Jo",
        "rehearsals/stages.yaml::on: Bob to John",
    ] == ids


def test_all_pass_and_one_can_be_named(project: pytest.Pytester) -> None:
    run(project, "-W", "error").assert_outcomes(passed=5)
    run(project, "rehearsals/stages.yaml::on: Bob to John").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("selection", "passed"),
    [
        (("-k", "Bob and John"), 3),
        (("-m", "smoke"), 2),
        (("-m", "cloud-only"), 1),
        (("-m", "mailflow and not smoke"), 3),
    ],
)
def test_flows_are_selected_by_name_and_by_tag(
    project: pytest.Pytester, selection: tuple[str, ...], passed: int
) -> None:
    result = run(project, "--strict-markers", "--mailflow-engine", "plan", *selection)
    result.assert_outcomes(passed=passed, deselected=5 - passed)


def test_a_failure_is_the_story_without_a_traceback(project: pytest.Pytester) -> None:
    broken = FLOWS.replace("-[O365 to own servers]-> onprem", "-[Other]-> onprem")
    (project.path / "flows.mailflow.yaml").write_text(broken, encoding="utf-8")
    result = run(project, "--junit-xml=junit.xml", "flows.mailflow.yaml")
    result.assert_outcomes(passed=1, failed=1)
    text = result.stdout.str()
    assert "got       Bob -> m365 -[O365 to own servers]-> onprem -> John" in text
    assert "left the expected path here: connector" in text
    assert "labs/contoso.yaml:22:29" in text
    assert "Traceback" not in text
    assert "pytest_plugin.py" not in text
    cases = {c.get("name"): c for c in ElementTree.parse(project.path / "junit.xml").iter("testcase")}
    failure = cases["Bob to John"].find("failure")
    assert failure is not None
    assert "expected  Bob -> m365 -[Other]-> onprem -> John" in (failure.text or "")
    properties = {(p.get("name"), p.get("value")) for p in cases["Sun to Bob"].iter("property")}
    assert ("path", "Sun -> internet -[none]-> m365 -> Bob") in properties


def test_a_broken_file_is_a_collection_error_with_line_and_caret(project: pytest.Pytester) -> None:
    (project.path / "flows.mailflow.yaml").write_text(FLOWS.replace("-> onprem", "-> onpre"), encoding="utf-8")
    result = run(project, "flows.mailflow.yaml")
    result.assert_outcomes(errors=1)
    text = result.stdout.str()
    assert 'flows.mailflow.yaml:5:53  no server "onpre"' in text
    assert "^^^^^ Did you mean onprem?" in text
    assert "Traceback" not in text


def test_what_a_file_says_without_effect_is_a_warning_at_its_line(project: pytest.Pytester) -> None:
    (project.path / "flows.mailflow.yaml").write_text(f"{FLOWS}lesson: {{title: x}}\n", encoding="utf-8")
    result = run(project, "flows.mailflow.yaml")
    result.assert_outcomes(passed=2, warnings=1)
    assert "flows.mailflow.yaml:9: MailflowWarning: lesson is not built yet" in result.stdout.str()


PYTHON = """\
import asyncio
import pytest
from simulator.api import assert_path

def test_in_a_loop_of_its_own(mailflow_lab):
    async def main():
        async with mailflow_lab("labs/contoso.yaml") as lab:
            message = await lab.send("Bob", to="John")
            await lab.settle()
            assert_path(message, "Bob -> ... -> John")
    asyncio.run(main())

@pytest.mark.asyncio
async def test_in_an_asynchronous_test(mailflow_lab):
    async with mailflow_lab("labs/contoso.yaml", given="people: {Jo: jo@contoso.com at onprem}") as lab:
        message = await lab.send("Jo", to=["Bob", "Sun"], subject="Price list")
        await lab.settle()
        assert message.path_to("Bob") == "Jo -> onprem -[own servers to O365]-> m365 -> Bob"
        assert len(lab.mailbox("Sun")) == 1
"""

WRONG = """\
import asyncio
from simulator.api import assert_path

def test_wrong(mailflow_lab):
    async def main():
        async with mailflow_lab("labs/contoso.yaml") as lab:
            message = await lab.send("Bob", to="John")
            await lab.settle()
            assert_path(message, "Bob -> internet -> John")
    asyncio.run(main())
"""


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_labs_open_in_every_kind_of_test(project: pytest.Pytester, mode: str) -> None:
    (project.path / "tests").mkdir()
    (project.path / "tests" / "test_paths.py").write_text(PYTHON, encoding="utf-8")
    run(project, "-W", "error", "-o", f"asyncio_mode={mode}", "tests").assert_outcomes(passed=2)


def test_a_wrong_path_in_python_reads_like_one_in_yaml(project: pytest.Pytester) -> None:
    (project.path / "test_wrong.py").write_text(WRONG, encoding="utf-8")
    result = run(project, "test_wrong.py")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "*expected  Bob -> internet -> John",
        "*got       Bob -> m365 -[[]O365 to own servers[]]-> onprem -> John",
        "*left the expected path here: different server*",
    ])  # fmt: skip


def test_flows_are_played_in_several_processes(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist", reason="needs pytest-xdist")
    run(project, "-n", "2").assert_outcomes(passed=5)


def test_importing_the_plugin_imports_nothing_else() -> None:
    code = (
        "import sys, pytest, warnings; before = set(sys.modules); import simulator.pytest_plugin; "
        "print(sorted(set(sys.modules) - before))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "['simulator', 'simulator.pytest_plugin']" == done.stdout.strip()


def test_a_run_without_scenarios_never_loads_more_of_it(project: pytest.Pytester) -> None:
    (project.path / "test_other.py").write_text(
        "import sys\n\ndef test_other():\n"
        "    ours = {m for m in sys.modules if m.partition('.')[0] in ('simulator', 'aiosmtpd', 'yaml', 'cryptography')}\n"
        "    assert {'simulator', 'simulator.pytest_plugin'} == ours\n",
        encoding="utf-8",
    )
    run(project, "test_other.py").assert_outcomes(passed=1)


def test_the_entry_point_is_the_plugin() -> None:
    import tomllib

    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {"mailflow": "simulator.pytest_plugin"} == told["project"]["entry-points"]["pytest11"]
