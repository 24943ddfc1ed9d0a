"""The end of a command that somebody ends: at once, clean, with open sessions, and with the code that shells know."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.doors.projects import a_project, environment, mailflow

SECOND = 4.0  # it takes a fraction of one; a busy computer may need more
HALF_WAY = [
    b"",
    b"EHLO c.test\r\nMAIL FROM:<a@customer.example>\r\nRCPT TO:<bob@contoso.com>\r\nDATA\r\nhalf of",
    b"EHLO c.test\r\nSTARTTLS\r\n",
    b"EHLO c.test\r\nAUTH LOGIN\r\n",
    b"EHLO c.test\r\nMAIL FROM:<a@customer.example>\r\nRCPT TO:<bob@contoso.com>\r\nBDAT 1000000 LAST\r\nhalf",
]
ENDINGS = [
    (signal.SIGINT, 130, "\ninterrupted\n"),
    (signal.SIGTERM, 143, "ended by a signal\n"),
    (signal.SIGHUP, 129, "ended by a signal\n"),
]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send a signal to one process")


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "simulator", *arguments], cwd=folder, env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def heard(process: subprocess.Popen[str], word: str) -> str:
    """What it says up to this word."""
    assert process.stdout is not None
    said = ""
    while word not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(("number", "code", "told"), ENDINGS, ids=[s.name for s, _, _ in ENDINGS])
def test_servers_end_within_a_second_with_sessions_open(
    tmp_path: Path, number: signal.Signals, code: int, told: str
) -> None:
    port = min(free_port(), 60_000)
    with running(a_project(tmp_path), "up", "--lab", "scenarios/labs/contoso.yaml", "--port", str(port)) as up:
        found = re.search(r"25 -> ([\d.]+):(\d+)", heard(up, "Ctrl-C stops it."))
        assert found is not None
        with ExitStack() as clients:
            for octets in HALF_WAY * 4:
                client = clients.enter_context(socket.create_connection((found[1], int(found[2])), timeout=5))
                assert client.recv(200).startswith(b"220 ")
                client.sendall(octets)
            began = time.perf_counter()
            up.send_signal(number)
            _, err = up.communicate(timeout=10)
        assert (code, told) == (up.returncode, err)
        assert time.perf_counter() - began < SECOND
    with socket.socket() as again:  # nothing listens there any more
        again.settimeout(5)
        assert 0 != again.connect_ex((found[1], int(found[2])))


@pytest.mark.parametrize("engine", [["--plan"], ["--live"], ["--live", "-n", "2"]], ids=" ".join)
@pytest.mark.parametrize(("number", "code", "told"), ENDINGS[:2], ids=[s.name for s, _, _ in ENDINGS[:2]])
def test_a_run_ends_within_a_second_and_says_so(
    tmp_path: Path, engine: list[str], number: signal.Signals, code: int, told: str
) -> None:
    folder = a_project(tmp_path, files=2)
    with running(folder, "run", "--repeat", "100000", "--events", "events", *engine) as run:
        while not (folder / "events" / "run-2").exists():
            assert run.poll() is None
        began = time.perf_counter()
        run.send_signal(number)
        out, err = run.communicate(timeout=10)
        assert (code, "", told) == (run.returncode, out, err)
        assert time.perf_counter() - began < SECOND


def test_a_signal_that_the_process_was_told_to_ignore_stays_ignored(tmp_path: Path) -> None:
    """As `nohup` does it."""
    words = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    )
    words += "import os; os.kill(os.getpid(), signal.SIGHUP)\nfrom simulator.cli import main\n"
    words += "main(['run', '--live', '-q'])"
    done = subprocess.run(
        [sys.executable, "-c", words], cwd=a_project(tmp_path), env=environment(), timeout=60, check=False
    )
    assert 0 == done.returncode


def test_two_runs_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    folder = a_project(tmp_path)
    with ExitStack() as both:
        runs = [both.enter_context(running(folder, "run", "--repeat", "3")) for _ in range(2)]
        ends = [run.communicate(timeout=60) for run in runs]
    assert [(0, ""), (0, "")] == [(run.returncode, err) for run, (_, err) in zip(runs, ends, strict=True)]
    assert ["7 passed"] * 2 == [out.splitlines()[-1][:8] for out, _ in ends]


@pytest.mark.skipif(not hasattr(os, "pread"), reason="limits of a process are set with ulimit")
def test_too_few_files_are_said_and_are_no_bug(tmp_path: Path) -> None:
    """Whichever of many sockets is the first that this computer does not give."""
    folder = a_project(tmp_path)
    for most in (12, 16, 17):
        words = f"ulimit -n {most}; exec {sys.executable} -m simulator run --live -q"
        done = subprocess.run(
            ["sh", "-c", words], cwd=folder, env=environment(), capture_output=True, text=True, timeout=60, check=False
        )
        fix = "End other programs, or raise the limit (ulimit -a)."
        assert (4, f"mailflow: this computer gives no more: Too many open files. {fix}\n") == (
            done.returncode, done.stderr,
        )  # fmt: skip
    assert [] == list(folder.glob("mailflow-crash*"))
    assert 0 == mailflow(folder, "run", "--live", "-q")[0]
