"""A lab that `mailflow up` keeps running in a folder, as a user has it, for as long as a test needs it."""

from __future__ import annotations

import contextlib
import json
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from simulator.cli import main
from tests.doors.projects import environment

__all__ = ["Up", "kept"]

LAB = "scenarios/labs/contoso.yaml"


@dataclass
class Up:
    """The process, its folder, and what it printed until it was ready."""

    process: subprocess.Popen[str]
    folder: Path
    printed: str

    def called(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, output and errors of a command in the lab's folder; in this process, which is faster."""
        with contextlib.chdir(self.folder):
            done = CliRunner().invoke(main, list(arguments), prog_name="mailflow")
        return done.exit_code, done.stdout, done.stderr

    def said(self, *arguments: str) -> str:
        """The output of a command that succeeds."""
        code, out, err = self.called(*arguments)
        assert 0 == code, (arguments, out, err)
        return out

    def json(self, *arguments: str) -> Any:
        return json.loads(self.said(*arguments, "--json"))

    def endpoint(self, server: str, port: int = 25) -> tuple[str, int]:
        told = next(s for s in self.json("clock")["servers"] if s["name"] == server)
        ip, real = told["ports"][str(port)]
        return ip, real

    def door(self, server: str, client: str) -> tuple[str, int]:
        told = next(s for s in self.json("clock")["servers"] if s["name"] == server)
        ip, real = told["doors"][client]
        return ip, real

    def ended(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str, str, float]:
        """Exit code, what it printed to the end, and the real seconds that the end took."""
        began = time.perf_counter()
        self.process.send_signal(how)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err, time.perf_counter() - began


@contextlib.contextmanager
def kept(folder: Path, *options: str, lab: str = LAB) -> Iterator[Up]:
    for _ in range(5):
        up = _started(folder, lab, options)
        if up.printed.rstrip().endswith("Ctrl-C stops it."):
            break
        _, err = up.process.communicate(timeout=20)
        assert " is taken" in err, err  # somebody was faster: another port will do
    try:
        yield up
    finally:
        if up.process.poll() is None:
            up.process.send_signal(signal.SIGTERM)
        try:
            up.process.communicate(timeout=20)
        except (subprocess.TimeoutExpired, ValueError):
            up.process.kill()
            up.process.wait()


def _started(folder: Path, lab: str, options: tuple[str, ...]) -> Up:
    port = 10_000 + secrets.randbelow(20_000)  # below those that systems hand out
    command = [sys.executable, "-m", "simulator", "up", "--lab", lab, "--port", str(port), *options]
    process = subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=_hears_ctrl_c,
    )  # fmt: skip
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if line.startswith("Ctrl-C"):
            break
    return Up(process, folder, printed)


def _hears_ctrl_c() -> None:
    """A shell's background job is told to ignore it, and hands that on."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
