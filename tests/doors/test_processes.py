"""`run -n N`: the same results in the same order, one failure that ends it, Ctrl-C, and nobody left behind."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulator.files import find_scenarios, load_all
from simulator.live.errors import LabError
from simulator.parallel import run_in_processes
from simulator.report.record import record_text
from simulator.report.run_json import run_document
from simulator.runner import Options, Runner
from tests.doors.projects import FLOWS, ROOT, a_project, environment, mailflow

SCENARIOS = ROOT / "scenarios"


def body(out: str) -> list[str]:
    """What is printed, without the time that it took."""
    lines = out.splitlines()
    return [*lines[:-1], lines[-1].rpartition(";")[0]]


def test_two_processes_print_what_one_prints(tmp_path: Path) -> None:
    project = a_project(tmp_path, connector=False, files=4)
    one = mailflow(project, "run", "--plan", "--json", "one.json", "--events", "one")
    two = mailflow(project, "run", "--plan", "--json", "two.json", "--events", "two", "-n", "2")
    assert (1, 1) == (one[0], two[0])
    assert body(one[1]) == body(two[1])
    assert (project / "one.json").read_bytes() == (project / "two.json").read_bytes()
    names = [sorted(f.name for f in (project / name).iterdir()) for name in ("one", "two")]
    assert names[0] == names[1]


def test_stages_and_kept_state_stay_together_over_real_smtp(tmp_path: Path) -> None:
    a_project(tmp_path)
    staged = FLOWS.replace("always:", "state: kept\nalways:")
    for name in ("a", "b", "c"):
        (tmp_path / "scenarios" / f"{name}.yaml").write_text(staged, encoding="utf-8")
    scenarios = load_all(find_scenarios([tmp_path / "scenarios"]))
    one, two = Runner(Options()).run(scenarios), run_in_processes(Options(), scenarios, 2)
    assert run_document(one) == run_document(two)
    events = [[record_text(f.played.lab, f.played.log) for f in result.flows()] for result in (one, two)]
    assert events[0] == events[1]
    assert 28 == two.count("pass")


@pytest.mark.parametrize("plan", [True, False])
def test_x_ends_where_one_process_would_end(tmp_path: Path, plan: bool) -> None:
    project = a_project(tmp_path, files=6)
    file = project / "scenarios" / "flows03.yaml"
    file.write_text(
        FLOWS.replace("Bob -> m365 -[none]-> internet", "Bob -> m365 -[Other]-> internet"), encoding="utf-8"
    )
    last = project / "scenarios" / "flows05.yaml"
    last.write_text(FLOWS.replace("Bob -> m365 -[O365", "Bob -> m365 -[Other"), encoding="utf-8")
    engine = "--plan" if plan else "--live"
    one, two = (mailflow(project, "run", "-x", engine, "-n", n) for n in ("1", "2"))
    assert 1 == one[0]
    assert "1 failed with 1 cause, 23 passed" in one[1]
    assert body(one[1]) == body(two[1])


@pytest.mark.parametrize("count", ["0", "-1", "1000", "many", "1.5"])
def test_another_number_is_a_wrong_command_line(tmp_path: Path, count: str) -> None:
    code, _, err = mailflow(a_project(tmp_path), "run", "-n", count)
    assert (2, True) == (code, "write a number from 1 to 64, or auto" in err)


def test_auto_is_one_for_each_processor(tmp_path: Path) -> None:
    code, out, _ = mailflow(a_project(tmp_path, files=3), "run", "-n", "auto", "--plan", "-q")
    assert (0, True) == (code, "21 passed" in out)


def test_a_repeated_run_in_processes_gives_the_same_events(tmp_path: Path) -> None:
    project = a_project(tmp_path, files=2)
    code, _, _ = mailflow(project, "run", "--repeat", "2", "-n", "2", "--live", "--events", "events")
    runs = [{f.name: f.read_bytes() for f in (project / "events" / f"run-{n}").iterdir()} for n in (1, 2)]
    assert (0, 14) == (code, len(runs[0]))
    assert runs[0] == runs[1]


def test_a_lab_that_cannot_start_in_a_worker_ends_the_run_with_4(tmp_path: Path) -> None:
    project = a_project(tmp_path, files=2)
    lab = project / "scenarios" / "labs" / "contoso.yaml"
    foreign = "  external: {is: external, fqdn: mx.ext.test, ip: 198.51.100.99, address: 127.0.0.1:1}\n\ndns:\n"
    lab.write_text(lab.read_text().replace("\ndns:\n", foreign), encoding="utf-8")
    code, _, err = mailflow(project, "run", "--plan", "-n", "2")
    assert (4, True) == (code, "nobody can plan what it does" in err)


# Ends


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == process:
                    found.append(int(entry.name))
            except (OSError, ValueError, IndexError):
                continue
    return found


def is_there(process: int) -> bool:
    try:
        return "Z" != Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Waits for something that another process does."""
    import threading

    pause, left = threading.Event(), seconds
    while not true():
        pause.wait(0.02)
        left -= 0.02
        assert left > 0, "it did not happen"


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A run in two processes that is in the middle of its work, and its workers."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("needs /proc to see other processes")
    project = a_project(tmp_path, files=4)
    command = [sys.executable, "-m", "simulator", "run", "-n", "2", "--repeat", "100000", "--events", "events"]
    process = subprocess.Popen(
        command, cwd=project, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )  # fmt: skip
    try:
        until(lambda: (project / "events" / "run-2").exists() or process.poll() is not None)
        workers: list[int] = []

        def two_workers() -> bool:
            workers[:] = children(process.pid)
            return len(workers) == 2

        until(two_workers)
        yield process, workers
    finally:
        process.kill()
        process.communicate()


def test_ctrl_c_ends_everybody_with_130(endless: tuple[subprocess.Popen[str], list[int]]) -> None:
    process, _ = endless
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=5)
    assert (130, "interrupted") == (process.returncode, err.strip())
    until(lambda: not children(process.pid), 1.0)


def test_workers_of_a_run_that_is_killed_end_by_themselves(endless: tuple[subprocess.Popen[str], list[int]]) -> None:
    process, workers = endless
    process.kill()
    process.wait()
    until(lambda: not any(is_there(worker) for worker in workers), 10.0)


def test_a_worker_that_is_killed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenarios = load_all(find_scenarios([a_project(tmp_path, files=3) / "scenarios"]))
    started: list[subprocess.Popen[bytes]] = []
    original = subprocess.Popen

    def noted(*args: object, **more: object) -> subprocess.Popen[bytes]:
        started.append(original(*args, **more))  # type: ignore[call-overload]
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)

    def progress(*_: object) -> None:
        for worker in started:
            worker.kill()

    with pytest.raises(LabError, match="has ended by itself while it played"):
        run_in_processes(Options("plan"), scenarios, 2, progress)
    assert [True, True] == [worker.returncode is not None for worker in started]


def test_a_bug_in_a_worker_reaches_the_crash_file(tmp_path: Path) -> None:
    project = a_project(tmp_path, files=2)
    (project / "sitecustomize.py").write_text(
        "import sys\nif 'work()' in ' '.join(sys.orig_argv):\n"
        "    import simulator.runner\n"
        "    def broken(*_): raise ZeroDivisionError('in the worker')\n"
        "    simulator.runner.Runner._plan = broken\n"
    )
    code, _, err = mailflow(project, "run", "--plan", "-n", "2", PYTHONPATH=os.pathsep.join((str(project), str(ROOT))))
    assert (70, True) == (code, "ZeroDivisionError: in the worker" in err)
    assert "raise ZeroDivisionError" in (project / "mailflow-crash-1.txt").read_text()


def test_progress_is_a_sign_of_life_in_a_pipeline_and_nothing_elsewhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from simulator.cli.progress import Progress

    with Progress(10, heartbeat=0.001):
        pass
    assert "" == capsys.readouterr().err
    monkeypatch.setenv("CI", "true")
    with Progress(10, heartbeat=0.001):
        until(lambda: "0 of 10 flows, 0 failed, 0 s\n" in capsys.readouterr().err)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", [30, 80, 200])
def test_progress_on_a_terminal_is_one_line_that_is_gone_at_the_end(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simulator.cli import progress
    from simulator.runner import Options, Runner

    result = Runner(Options("plan")).run(load_all([str(ROOT / "scenarios" / "flows.yaml")]))
    stream = _Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(progress, "_PATIENCE", 0.0)
    with progress.Progress(7) as shown:
        for scenario in result.scenarios:
            for flow in scenario.flows:
                shown.told(scenario.scenario, flow)
    lines = stream.getvalue().split("\r")
    assert "\n" not in stream.getvalue()
    assert max(map(len, lines)) < min(columns, 80)
    assert "7/7" in lines[-3]
    assert ("", "") == (lines[-2].strip(), lines[-1])


def test_the_json_document_of_processes_is_the_usual_one(tmp_path: Path) -> None:
    code, out, err = mailflow(a_project(tmp_path, files=2), "run", "--plan", "-n", "2", "--json", "-")
    document = json.loads(out)
    assert (0, 14) == (code, document["summary"]["passed"])
    assert "14 passed" in err
