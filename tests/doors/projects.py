"""A folder as a user has it, and the command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["FLOWS", "LAB", "ROOT", "a_project", "environment", "mailflow"]

ROOT = Path(__file__).parent.parent.parent
FLOWS = (ROOT / "scenarios" / "flows.yaml").read_text(encoding="utf-8")
LAB = (ROOT / "scenarios" / "labs" / "contoso.yaml").read_text(encoding="utf-8")


def a_project(folder: Path, *, connector: bool = True, files: int = 1) -> Path:
    """`scenarios/flows.yaml` and its lab; without the connector three of its flows fail. More files are copies."""
    (folder / "scenarios" / "labs").mkdir(parents=True)
    for number in range(files):
        name = "flows.yaml" if files == 1 else f"flows{number:02}.yaml"
        (folder / "scenarios" / name).write_text(FLOWS, encoding="utf-8")
    lab = LAB if connector else LAB.replace("        Enabled: true", "        Enabled: false", 1)
    (folder / "scenarios" / "labs" / "contoso.yaml").write_text(lab, encoding="utf-8")
    return folder


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def mailflow(folder: Path, *arguments: str, **more: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error; `more` are environment variables."""
    done = subprocess.run(
        [sys.executable, "-m", "simulator", *arguments], cwd=folder, env=environment(**more), capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr
