"""Disks that are full or take nothing: a line that says what could not be written; what was played is told all the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.doors.projects import a_project, environment, mailflow

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")

FILES = ["--json", "--junit", "--markdown", "--sarif", "--otlp"]


def in_little_room(folder: Path, *arguments: str, blocks: int = 1) -> tuple[int, str, str]:
    """With files of at most so many times 512 octets: a disk that fills up while it is written to."""
    words = f'trap "" XFSZ; ulimit -f {blocks}; exec "$0" -m simulator "$@"'
    done = subprocess.run(
        ["sh", "-c", words, sys.executable, *arguments], cwd=folder, env=environment(), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("option", FILES)
def test_an_output_on_a_full_disk_does_not_hide_what_was_played(tmp_path: Path, option: str) -> None:
    code, out, err = mailflow(a_project(tmp_path), "run", "--plan", option, "/dev/full", "--junit", "junit.xml")
    missing = [] if option == "--junit" else ["mailflow: cannot write /dev/full: No space left on device\n"]
    assert (2 if missing else 0, "".join(missing)) == (code, err)
    assert out.splitlines()[-1].startswith("7 passed; 8 accepted = 8 delivered")
    assert (tmp_path / "junit.xml").exists(), "the files that can be written are"


def test_a_failure_counts_more_than_a_full_disk(tmp_path: Path) -> None:
    code, out, err = mailflow(a_project(tmp_path, connector=False), "run", "--plan", "--json", "/dev/full")
    assert (1, "mailflow: cannot write /dev/full: No space left on device\n") == (code, err)
    assert out.splitlines()[-1].startswith("3 failed")


@pytest.mark.parametrize("option", ["--events", "--artifacts"])
def test_a_folder_that_cannot_be_made_or_filled(tmp_path: Path, option: str) -> None:
    folder = a_project(tmp_path, connector=False)
    code, out, err = mailflow(folder, "run", "--plan", option, "/dev/full/x")
    assert (1, "mailflow: cannot write /dev/full/x: Not a directory\n") == (
        code,
        err.replace("/x/scenarios.flows.001", "/x"),
    )
    assert out.splitlines()[-1].startswith("3 failed")
    code, out, err = in_little_room(folder, "run", "--plan", option, "kept")
    assert (1, True) == (code, err.endswith(": File too large\n"))
    assert out.splitlines()[-1].startswith("3 failed")


def test_a_full_standard_output_is_no_bug_and_the_files_are_written(tmp_path: Path) -> None:
    folder = a_project(tmp_path)
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "simulator", "run", "--plan", "--json", "run.json"], cwd=folder, env=environment(),
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert (2, "mailflow: cannot write the output: No space left on device\n") == (done.returncode, done.stderr)
    assert 7 == json.loads((folder / "run.json").read_text())["summary"]["passed"]
    assert [] == list(folder.glob("mailflow-crash*"))


def test_the_users_own_files_stay_whole_when_the_disk_is_full(tmp_path: Path) -> None:
    folder = a_project(tmp_path, connector=False)
    before = (folder / "scenarios" / "flows.yaml").read_bytes()
    code, out, _ = in_little_room(folder, "run", "--plan", "--accept")
    assert (1, True) == (code, "not accepted: cannot write scenarios/flows.yaml: File too large" in out)
    assert before == (folder / "scenarios" / "flows.yaml").read_bytes()
    assert ["flows.yaml", "labs"] == sorted(p.name for p in (folder / "scenarios").iterdir())


def test_half_a_log_is_not_kept(tmp_path: Path) -> None:
    folder = a_project(tmp_path)
    assert 0 == in_little_room(folder, "run", "--plan")[0]
    assert not (folder / ".mailflow" / "last" / "events.jsonl").exists()
    code, _, err = mailflow(folder, "trace", "last")
    assert (2, True) == (code, "there is no last log here yet" in err)


def test_certificates_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = a_project(tmp_path)
    code, out, err = in_little_room(folder, "certs", "--lab", "scenarios/labs/contoso.yaml", "--out", "kept")
    assert (2, "", True) == (code, out, err.endswith("cannot write into kept: File too large\n"))
    assert [] == list((folder / "kept").iterdir())


@pytest.mark.parametrize(
    "arguments", [("init", "new"), ("export", "--powershell", "-o", "out.ps1")], ids=["init", "export"]
)
def test_other_commands_say_it_in_a_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    folder = a_project(tmp_path)
    lab = [] if arguments[0] == "init" else ["--lab", "scenarios/labs/contoso.yaml"]
    code, _, err = in_little_room(folder, *arguments, *lab)
    assert (2, True) == (code, err.endswith("cannot be written: File too large\n"))
    assert [] == list(folder.glob("mailflow-crash*"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("setpriv"),
                    reason="needs root and setpriv, to become nobody")  # fmt: skip
def test_a_folder_that_is_read_only_is_enough_to_play() -> None:
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    command = [*nobody, sys.executable, "-m", "simulator", "run", "--live", "-q"]

    def played(*more: str) -> tuple[int, str]:
        done = subprocess.run(
            [*command, *more], cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=60
        )
        return done.returncode, done.stderr

    with tempfile.TemporaryDirectory() as name:  # pytest's own folders cannot be entered by anybody else
        folder = a_project(Path(name))
        folder.chmod(0o755)
        assert (0, "") == played()
        assert (2, "mailflow: cannot write x.json: Permission denied\n") == played("--json", "x.json")
