"""The built wheel in an environment of its own, and a project outside the repository that uses it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from tests.doors.projects import LAB, ROOT

FLOWS = """\
scenario: what must not break
lab: labs/contoso.yaml
tags: [smoke]
flows:
  Bob to John: Bob -> m365 -[O365 to own servers]-> onprem -> John
  John to Bob: John -> onprem -[own servers to O365]-> m365 -> Bob
  Sun to Bob: Sun -> internet -[none]-> m365 -> Bob
"""

TESTS = """\
import asyncio

from simulator.api import assert_path

LAB = "labs/contoso.yaml"


def test_customers_reach_john(mailflow_lab):
    async def go():
        async with mailflow_lab(LAB) as lab:
            message = await lab.send("Sun", "John")
            await lab.settle()
            assert_path(message, "Sun -> internet -> m365 -[O365 to own servers]-> onprem -> John")

    asyncio.run(go())


def test_bob_writes_to_customers_without_a_connector(mailflow_lab):
    async def go():
        async with mailflow_lab(LAB) as lab:
            message = await lab.send("Bob", "Sun")
            await lab.settle()
            assert_path(message, "Bob -> m365 -[none]-> internet -> Sun")

    asyncio.run(go())


def test_the_inbox_has_what_was_sent(mailflow_lab):
    async def go():
        async with mailflow_lab(LAB) as lab:
            await lab.send("John", "Bob", subject="Price list")
            await lab.settle()
            assert 1 == len(lab.mailbox("Bob"))

    asyncio.run(go())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as a release would be, from a copy; without a network, with the setuptools that is here."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("simulator", "tests", "scenarios"):
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    options = ["--no-deps", "--no-index", "--no-build-isolation", "--quiet", "-w", str(folder)]
    done = subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(source)], capture_output=True, text=True, check=False)  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel; what it needs is lent by this one. The path of its programs."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    python = programs / "python"
    install = [
        sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--no-deps", "--quiet", "--no-compile", str(wheel)
    ]  # fmt: skip
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    lent = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    (site,) = folder.glob("**/site-packages")
    # Behind its own packages; links of development installs stand in .pth files, which are not read there.
    (site / "lent.pth").write_text("".join(f"{path}\n" for path in lent), encoding="utf-8")
    return programs


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "their project"
    (folder / "labs").mkdir(parents=True)
    (folder / "labs" / "contoso.yaml").write_text(LAB, encoding="utf-8")
    (folder / "flows.mailflow.yaml").write_text(FLOWS, encoding="utf-8")
    (folder / "test_mail.py").write_text(TESTS, encoding="utf-8")
    return folder


def called(program: Path, folder: Path, *args: str) -> tuple[int, str]:
    outside = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTEST_ADDOPTS", "PYTHONHOME")}
    done = subprocess.run(
        [str(program), *args], cwd=folder, env=outside, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def under_pytest(programs: Path, folder: Path, *args: str) -> tuple[int, str]:
    return called(programs / "python", folder, "-m", "pytest", "-p", "no:cacheprovider", "-q", *args)


def test_the_wheel_holds_the_program_and_nothing_else(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {"simulator"} == {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert [] == [name for name in names if name.endswith((".so", ".pyd", ".c", ".key", ".pem"))]
    assert [] == [
        name for name in names if "test" in Path(name).name and not name.startswith("simulator/pytest_plugin")
    ]
    assert "simulator/py.typed" in names


def test_the_wheel_needs_nothing_that_only_tests_need(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        needs = HeaderParser().parsestr(archive.read(metadata).decode()).get_all("Requires-Dist") or []
    always = {
        need.split(";")[0].split(">")[0].split("<")[0].split("=")[0].strip() for need in needs if "extra ==" not in need
    }
    assert {"aiosmtpd", "aiosmtplib", "click", "cryptography", "dnspython", "pyOpenSSL", "PyYAML", "trustme"} == always


def test_the_installed_command_and_plugin_are_those_of_the_wheel(environment: Path, project: Path) -> None:
    where = "import simulator.pytest_plugin as p; print(p.__file__)"
    _, file = called(environment / "python", project, "-c", where)
    assert Path(file.strip()).is_relative_to(environment.parent)
    code, out = called(environment / "mailflow", project, "run", "flows.mailflow.yaml", "--plan")
    assert (0, True) == (code, "3 passed" in out), out
    code, out = called(
        environment / "mailflow", project, "init", "new one", "--template", "gateway"
    )  # templates came along
    assert (0, True) == (code, 'next: cd "new one"; mailflow run' in out), out


def test_a_project_of_flows_and_tests_is_green_in_two_processes(environment: Path, project: Path) -> None:
    code, out = under_pytest(environment, project, "-n", "2")
    assert (0, True) == (code, "6 passed" in out), out


def test_a_broken_connector_names_file_line_setting_and_path(environment: Path, project: Path) -> None:
    lab = project / "labs" / "contoso.yaml"
    lab.write_text(LAB.replace("        Enabled: true", "        Enabled: false", 1), encoding="utf-8")
    line = 1 + LAB.splitlines().index("        Enabled: true")
    code, out = under_pytest(environment, project, "-n", "2")
    assert (1, True) == (code, "2 failed, 4 passed" in out), out
    for failed in ("flows.mailflow.yaml::Bob to John", "test_mail.py::test_customers_reach_john"):
        assert f"FAILED {failed}" in out
    assert out.count(f"labs/contoso.yaml:{line}:18") >= 2, out
    assert "O365 to own servers" in out
    assert out.count("Enabled is false") >= 2, out
    assert "expected  Bob -> m365 -[O365 to own servers]-> onprem -> John" in out
    assert "-> LOOP 554 5.4.14" in out
    assert "Traceback" not in out


def test_flows_are_chosen_by_name_and_tag_as_tests_are(environment: Path, project: Path) -> None:
    assert "1 passed, 5 deselected" in under_pytest(environment, project, "-k", "Sun and to and Bob")[1]
    assert "3 passed, 3 deselected" in under_pytest(environment, project, "-m", "smoke")[1]
