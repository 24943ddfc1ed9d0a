"""The floors hold: the plan engine touches no network, and a wrong import does not get past `make lint`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OUTSIDE = ("asyncio", "ssl", "socket", "aiosmtpd", "aiosmtplib", "dns", "cryptography", "OpenSSL", "random")


@pytest.mark.parametrize(
    "module", ["simulator.plan", "simulator.scenario.scenario", "simulator.products.exchange_online"]
)
def test_the_pure_floors_import_nothing_of_the_network(module: str) -> None:
    code = f"import sys, {module}; print([m for m in {OUTSIDE!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports_command; sys.argv = ['x', '--no-cache']; lint_imports_command()"
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("file", "line", "told"),
    [
        ("simulator/policy/mx.py", "import socket", "simulator.policy.mx -> socket"),
        ("simulator/products/internet/host.py", "import asyncio", "simulator.products.internet.host -> asyncio"),
        ("simulator/policy/tls.py", "import simulator.products.internet", "simulator.policy.tls -> simulator.products"),
        ("simulator/plan/walk.py", "import simulator.live.clock", "simulator.plan.walk -> simulator.live"),
    ],
)
def test_a_planted_import_fails_the_lint(tmp_path: Path, file: str, line: str, told: str) -> None:
    shutil.copytree(ROOT / "simulator", tmp_path / "simulator", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / file).open("a", encoding="utf-8") as module:
        module.write(f"\n{line}  # noqa\n")
    done = lint_imports(tmp_path)
    assert done.returncode != 0
    assert told in done.stdout


def test_the_floors_hold_as_they_are(tmp_path: Path) -> None:
    done = lint_imports(ROOT)
    assert 0 == done.returncode, done.stdout
