"""`mailflow run` as people and pipelines see it: exit codes, the story, the JSON document, the event files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FLOWS = (ROOT / "scenarios" / "flows.yaml").read_text(encoding="utf-8")
LAB = (ROOT / "scenarios" / "labs" / "contoso.yaml").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder as a user has it: scenarios/flows.yaml and its lab."""
    (tmp_path / "scenarios" / "labs").mkdir(parents=True)
    (tmp_path / "scenarios" / "flows.yaml").write_text(FLOWS, encoding="utf-8")
    (tmp_path / "scenarios" / "labs" / "contoso.yaml").write_text(LAB, encoding="utf-8")
    return tmp_path


def mailflow(folder: Path, *arguments: str) -> tuple[int, str, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "simulator", *arguments], cwd=folder, env=environment, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_what_is_as_expected_is_quiet_and_exits_0(project: Path) -> None:
    code, out, err = mailflow(project, "run")
    lines = out.splitlines()
    assert (0, "") == (code, err)
    assert "contoso-hybrid: 3 servers, 7 flows, policy and real SMTP, loopback only, virtual clock, seed 7" == lines[0]
    assert "  pass  Bob to Sun        Bob -> m365 -[none]-> internet -> Sun" in lines
    assert lines[-1].startswith("7 passed; 8 accepted = 8 delivered + 0 bounced + 0 queued + 0 dropped; ")


def test_one_wrong_word_in_a_sentence_is_a_story_and_exits_1(project: Path) -> None:
    file = project / "scenarios" / "flows.yaml"
    file.write_text(FLOWS.replace("Bob to Sun: Bob -> m365 -[none]->", "Bob to Sun: Bob -> m365 -[Other]->"))
    code, out, _ = mailflow(project, "run")
    assert code == 1
    story = out[out.index("\nFAIL  Bob to Sun") :]
    for told in (
        "expected  Bob -> m365 -[Other]-> internet -> Sun",
        "got       Bob -> m365 -[none]-> internet -> Sun",
        "left the expected path here: connector (hop 2, event ",
        "at        scenarios/flows.yaml:13:29",
        "not     O365 to own servers      customer.example is not an accepted domain    scenarios/labs/contoso.yaml:22:29",
        "1 failed with 1 cause, 6 passed",
    ):
        assert told in story


def test_a_connector_that_is_off_tells_its_story_once_for_every_flow_it_carried(project: Path) -> None:
    lab = project / "scenarios" / "labs" / "contoso.yaml"
    lab.write_text(LAB.replace("        Enabled: true", "        Enabled: false", 1))
    code, out, _ = mailflow(project, "run")
    assert code == 1
    for told in (
        "-> LOOP 554 5.4.14 for John",
        "not     O365 to own servers      it is disabled: Enabled is false    scenarios/labs/contoso.yaml:26:18",
        "also      Sun to John failed for the same cause (scenarios/flows.yaml:17:3)",
        "also      One mail to both failed for the same cause (scenarios/flows.yaml:24:3)",
        "3 failed with 1 cause, 4 passed",
    ):
        assert told in out


def test_the_json_document_has_its_schema_its_flows_and_its_sums(project: Path) -> None:
    code, out, err = mailflow(project, "run", "--json", "-", "-k", "Bob to John")
    document = json.loads(out)
    (flow,) = document["scenarios"][0]["flows"]
    sentence = ["Bob -> m365 -[O365 to own servers]-> onprem -> John"]
    assert (0, "mailflow/run/1", 7, "both") == (code, document["schema"], document["seed"], document["engine"])
    assert {"name": "Bob to John", "stage": None, "status": "pass", "line": 9}.items() <= flow.items()
    assert (sentence, sentence, sentence) == (flow["expected"], flow["got"], flow["planned"])
    assert (["delivered"], ["m-1"], []) == (flow["dispositions"], flow["messages"], flow["differences"])
    assert {"nothing lost": "held", "no loop": "held"}.items() <= document["invariants"].items()
    assert {"passed": 1, "failed": 0, "errors": 0, "accepted": 1, "delivered": 1}.items() <= document["summary"].items()
    assert "1 passed" in err


def test_events_of_repeated_runs_are_the_same_to_the_byte(project: Path) -> None:
    code, _, _ = mailflow(project, "run", "--repeat", "3", "--seed", "7", "--events", "events")
    runs = [sorted((project / "events" / f"run-{n}").iterdir()) for n in (1, 2, 3)]
    texts = [[f.read_bytes() for f in files] for files in runs]
    assert code == 0
    assert 7 == len(runs[0])
    assert texts[0] == texts[1] == texts[2]
    first = json.loads(texts[0][0].splitlines()[0])
    assert {"seq", "t", "host", "msg", "hop", "type", "because", "at"} <= set(first)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("run", "-k", "no such flow"), 5, "no flow is selected by -k 'no such flow'"),
        (("run", "labs"), 3, "there is no such file or folder"),
        (("run", "empty"), 5, "no scenario (*.yaml) in empty"),
        (("run", "--nonsense"), 2, "No such option"),
        (("run", "broken.yaml"), 3, "broken.yaml:2:1"),
        (("run", "nolab.yaml"), 3, "nolab.yaml:2:6"),
    ],
)
def test_what_cannot_be_run_says_so_with_its_exit_code(
    project: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    (project / "empty").mkdir()
    (project / "broken.yaml").write_text("scenario: x\n\tflows: {}\n")
    (project / "nolab.yaml").write_text("scenario: x\nlab: labs/none.yaml\nflows: {a: Bob -> m365 -> Bob}\n")
    got, out, err = mailflow(project, *arguments)
    assert code == got, err
    assert told in err + out
    assert "Traceback" not in err + out


def test_x_stops_at_the_first_failure(project: Path) -> None:
    lab = project / "scenarios" / "labs" / "contoso.yaml"
    lab.write_text(LAB.replace("        Enabled: true", "        Enabled: false", 1))
    code, out, _ = mailflow(project, "run", "-x", "--plan")
    assert (1, True) == (code, "1 failed with 1 cause, 0 passed" in out)


@pytest.mark.parametrize("engine", ["--plan", "--live"])
def test_each_engine_can_play_alone(project: Path, engine: str) -> None:
    code, out, _ = mailflow(project, "run", engine, "-q")
    assert (0, 2) == (code, len([line for line in out.splitlines() if line]))


def test_ctrl_c_ends_a_run_with_130_and_leaves_nothing(project: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "simulator", "up", "--lab", "scenarios/labs/contoso.yaml", "--port", "24617"]
    process = subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "Ctrl-C" in line:
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert (130, "interrupted") == (process.returncode, err.strip())


def test_ctrl_c_in_the_middle_of_a_run_ends_with_130(project: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "simulator", "run", "--repeat", "100000", "--events", "events"]
    process = subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    events = project / "events" / "run-2"
    while not events.exists():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert (130, "interrupted") == (process.returncode, err.strip())


def test_a_port_that_is_taken_is_named_and_exits_4(project: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, err = mailflow(
            project, "up", "--lab", "scenarios/labs/contoso.yaml", "--port", str(port), "--network", "single"
        )
    assert 4 == code
    assert f"port {port} on 127.0.0.1 is taken" in err


def test_a_fault_on_the_command_line_strikes_every_flow(project: Path) -> None:
    code, out, _ = mailflow(project, "run", "--with", "at: onprem, down: 3d", "-k", "Sun to John")
    assert 1 == code
    assert "got       Sun -> internet -[none]-> m365 -[O365 to own servers]-> NDR 550 5.4.316 to Sun for John" in out
    assert "fault     onprem: down, connections are refused, 27 times    --with:1:1" in out


def test_a_fault_that_no_lab_can_have_is_a_wrong_command_line(project: Path) -> None:
    code, _, err = mailflow(project, "run", "--with", "at: onprm, down: 3d")
    assert (2, True) == (code, '--with: at: no server "onprm" in the lab. Did you mean onprem?' in err)
    code, _, err = mailflow(project, "run", "--with", "at: onprem")
    assert (2, True) == (code, "--with: a fault says what goes wrong." in err)


def test_accept_writes_what_was_played_and_says_so(project: Path) -> None:
    file = project / "scenarios" / "flows.yaml"
    file.write_text(
        FLOWS.replace("m365 -[none]-> internet -> Sun", "m365 -> internet -> Bob  # wrong"), encoding="utf-8"
    )
    code, out, _ = mailflow(project, "run", "--plan", "-q", "--accept")
    assert 0 == code
    assert "accepted: Bob to Sun" in out
    assert "    was  Bob -> m365 -> internet -> Bob" in out
    assert FLOWS.replace("-> internet -> Sun", "-> internet -> Sun  # wrong", 1) == file.read_text(encoding="utf-8")
    assert 0 == mailflow(project, "run", "--plan", "-q")[0]


def test_accept_leaves_what_is_no_sentence_and_fails(project: Path) -> None:
    file = project / "scenarios" / "flows.yaml"
    file.write_text(FLOWS.replace("copies: 1", "copies: 2"), encoding="utf-8")
    before = file.read_text(encoding="utf-8")
    assert 1 == mailflow(project, "run", "--plan", "-q", "--accept")[0]
    assert before == file.read_text(encoding="utf-8")


def test_one_stage_can_be_played_alone_and_a_misspelt_one_is_refused(project: Path) -> None:
    stages = "scenario: s\nlab: labs/contoso.yaml\nstages:\n  - {stage: one, flows: {x: Bob -> m365 -> onprem -> John}}\n  - {stage: two, still: [x]}\n"
    (project / "scenarios" / "stages.yaml").write_text(stages, encoding="utf-8")
    code, out, _ = mailflow(project, "run", "--plan", "--stage", "TWO")
    assert (0, True, False) == (code, "  pass  two: x" in out, "one: x" in out)
    code, _, error = mailflow(project, "run", "--plan", "--stage", "tow")
    assert (2, True) == (code, "no stage 'tow'" in error)
