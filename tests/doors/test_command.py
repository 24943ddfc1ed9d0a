"""The command as a whole: help, near misses, exit codes, and that no traceback reaches a user."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import simulator
import simulator.cli
from simulator.cli import COMMANDS, LATER, main
from simulator.live.errors import LabError
from simulator.scenario.errors import ScenarioError
from simulator.source import Problem, Source

ROOT = Path(simulator.__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def mailflow(*args: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "simulator", *args]
    return subprocess.run(
        command, cwd=cwd, env={**ENVIRONMENT, **environment}, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip


def called(*args: str, **extra: object) -> Result:
    """The command in this process."""
    return CliRunner().invoke(main, list(args), prog_name="mailflow", **extra)  # type: ignore[arg-type]


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def command_that(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Puts a command `explain` in place that does something."""

    def place(does: Callable[[], object]) -> None:
        @click.command()
        def explain() -> object:
            return does()

        monkeypatch.setattr(simulator.cli._Group, "get_command", lambda self, ctx, name: explain)

    return place


def raising(error: BaseException) -> Callable[[], object]:
    def does() -> object:
        raise error

    return does


# Help


def test_without_arguments_examples_come_first_in_at_most_14_lines() -> None:
    result = called()
    lines = result.output.splitlines()
    assert (0, "Examples:") == (result.exit_code, lines[0])
    assert lines[1].strip().startswith("mailflow ")
    assert len(lines) <= 14


def test_help_names_every_command_of_this_version_and_none_of_later_ones() -> None:
    words = {line.split()[0] for line in called("--help").output.splitlines() if line.startswith("  ")}
    assert set(COMMANDS) <= words
    assert not set(LATER) & words


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(name: str) -> None:
    result = called(name, "--help")
    assert result.exit_code == 0, result.output
    assert f"Usage: mailflow {name}" in result.output


def every_command() -> list[tuple[str, ...]]:
    """Commands, and those below a group."""
    found: list[tuple[str, ...]] = []
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        found += [(name,), *((name, below) for below in getattr(command, "commands", {}))]
    return found


@pytest.mark.parametrize("name", every_command())
def test_every_help_has_an_example_that_the_command_understands(name: tuple[str, ...]) -> None:
    text = called(*name, "--help").output
    begin = " ".join(("mailflow", *name))
    examples = [line.strip() for line in text.splitlines() if re.match(rf"  +(eval \"\$\()?{begin}\b", line)]
    assert examples, text
    command: click.Command = main
    for word in name:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    written = {word for line in examples for word in re.findall(r"(?<=\s)--?[a-z][\w-]*", re.split(r"\s{3,}", line)[0])}
    if not isinstance(command, click.Group):
        assert written <= known | {"-C"}


NO_JSON = {"up", "certs", "schema", "completion", "connector", "send", "break", "clock"}
"""Schema and completion are for programs already; certs writes files; up and what follows it talk with a running lab."""


@pytest.mark.parametrize("name", [n for n in COMMANDS if n not in NO_JSON])
def test_what_prints_data_prints_it_as_json_too(name: str) -> None:
    assert "--json" in called(name, "--help").output


@pytest.mark.skipif(os.name == "nt", reason="a shell of Unix")
@pytest.mark.parametrize(("redirection", "code"), [("2>&-", 0), (">&-", 0), (">&- 2>&-", 0), ("> /dev/full", 2)])
def test_a_stream_that_is_closed_or_full_is_no_bug(redirection: str, code: int, tmp_path: Path) -> None:
    if "/dev/full" in redirection and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    command = f'"{sys.executable}" -m simulator about {redirection}'
    done = subprocess.run(
        command, shell=True, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert (code, [], False) == (done.returncode, list(tmp_path.iterdir()), "Traceback" in done.stderr), done.stderr


def test_version_needs_no_package_metadata() -> None:
    result = mailflow("--version")
    assert (0, f"mailflow {simulator.__version__}\n") == (result.returncode, result.stdout)


HEAVY = ("asyncio", "ssl", "socket", "dns", "cryptography", "OpenSSL", "yaml", "aiosmtpd", "aiosmtplib", "trustme",
         "importlib.metadata", "simulator.live", "simulator.scenario", "simulator.products", "simulator.runner")  # fmt: skip


def imported(*args: str) -> set[str]:
    """What a fresh interpreter imports for a command."""
    command = [sys.executable, "-X", "importtime", "-m", "simulator", *args]
    result = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    return {line.rpartition("|")[2].strip() for line in result.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("args", [(), ("--help",), ("--version",)])
def test_help_imports_nothing_heavy(args: tuple[str, ...]) -> None:
    found = imported(*args)
    assert "simulator.cli" in found
    assert not found.intersection(HEAVY)


# The command line


def test_an_unknown_command_gets_the_nearest_name() -> None:
    result = called("expalin")
    assert result.exit_code == 2
    assert "Did you mean explain?" in result.output


@pytest.mark.parametrize("name", LATER)
def test_a_command_of_a_later_version_says_so(name: str) -> None:
    result = called(name)
    assert result.exit_code == 2
    assert f"{name} is not in this version yet" in result.output


def test_an_unknown_option_is_a_wrong_command_line() -> None:
    assert called("--frobnicate").exit_code == 2
    assert called("doctor", "--frobnicate").exit_code == 2


def test_another_folder_is_worked_in(tmp_path: Path) -> None:
    result = mailflow("-C", str(tmp_path), "explain", "Bob", "John", cwd=ROOT)
    assert result.returncode == 2
    assert "there is no lab in scenarios/labs or labs here" in result.stderr
    assert called("-C", "no such folder", "about").exit_code == 2


@pytest.mark.parametrize(
    ("args", "environment", "expected"),
    [
        ((), {}, True),
        (("--no-color",), {}, False),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"NO_COLOR": ""}, True),
        ((), {"TERM": "dumb"}, False),
    ],
)
def test_colours_can_be_switched_off(
    args: tuple[str, ...], environment: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch,
    command_that: Callable[[Callable[[], object]], None],
) -> None:  # fmt: skip
    for name, value in {"TERM": "xterm", "NO_COLOR": "", **environment}.items():
        monkeypatch.setenv(name, value)
    command_that(lambda: click.secho("red", fg="red"))
    assert expected == ("\x1b" in called("explain", *args, color=True).output)


# How it ends


def test_what_a_command_returns_is_the_exit_code(command_that: Callable[[Callable[[], object]], None]) -> None:
    command_that(lambda: 6)
    assert called("explain").exit_code == 6


def test_problems_of_a_file_are_shown_with_line_and_caret(
    in_folder: Path, command_that: Callable[[Callable[[], object]], None]
) -> None:
    (in_folder / "lab.yaml").write_text("servers:\n  m365: {is: exchange}\n")
    command_that(
        raising(ScenarioError(Problem(Source("lab.yaml", 2, 14, 8), "no such kind", "Write exchange-online.")))
    )
    result = called("explain")
    assert result.exit_code == 3
    assert "lab.yaml:2:14  no such kind" in result.stderr
    assert "  m365: {is: exchange}" in result.stderr
    assert "^^^^^^^^ Write exchange-online." in result.stderr
    assert "" == result.stdout


class _UnstartedError(LabError):
    pass


class _OwnCodeError(Exception):
    exit_code = 5


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (LabError("port 25 is taken", "Choose another."), 4, "mailflow: port 25 is taken. Choose another."),
        (_UnstartedError("no loopback"), 4, "mailflow: no loopback"),
        (ExceptionGroup("tasks", [LabError("no loopback")]), 4, "mailflow: no loopback"),
        (_OwnCodeError("nothing selected"), 5, "mailflow: nothing selected"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.Abort(), 130, "interrupted"),
        (click.UsageError("no"), 2, "Error: no"),
        (BrokenPipeError(), 141, ""),
    ],
)
def test_every_end_has_its_exit_code_and_its_words(
    error: BaseException, code: int, says: str, in_folder: Path, command_that: Callable[[Callable[[], object]], None]
) -> None:
    command_that(raising(error))
    result = called("explain")
    assert (code, says) == (result.exit_code, (result.stderr.strip().splitlines() or [""])[-1])
    assert "Traceback" not in result.output
    assert not list(in_folder.iterdir())


def test_a_bug_leaves_one_line_and_a_crash_file(
    in_folder: Path, command_that: Callable[[Callable[[], object]], None]
) -> None:
    command_that(raising(RuntimeError("oh\nno")))
    results = [called("explain"), called("explain")]
    assert [70, 70] == [r.exit_code for r in results]
    assert ["mailflow-crash-1.txt", "mailflow-crash-2.txt"] == sorted(p.name for p in in_folder.iterdir())
    assert 1 == len(results[0].stderr.splitlines())
    assert "mailflow-crash-1.txt" in results[0].stderr
    assert "RuntimeError: oh" in results[0].stderr
    assert "Traceback" not in results[0].output
    text = (in_folder / "mailflow-crash-1.txt").read_text()
    assert "Traceback" in text
    assert simulator.__version__ in text


def test_a_crash_file_does_not_say_whose_computer_it_was(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch, command_that: Callable[[Callable[[], object]], None]
) -> None:
    home = in_folder / "home" / "mia"
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.setenv("TOKEN", "very secret")
    command_that(raising(RuntimeError(f"cannot read {home}/labs/contoso.yaml")))
    called("explain")
    text = (in_folder / "mailflow-crash-1.txt").read_text()
    assert "cannot read ~/labs/contoso.yaml" in text
    assert "very secret" not in text


def test_a_folder_that_cannot_be_written_does_not_hide_the_bug(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch, command_that: Callable[[Callable[[], object]], None]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(Path, "open", refuse)
    command_that(raising(RuntimeError("oh no")))
    result = called("explain")
    assert result.exit_code == 70
    assert "RuntimeError: oh no" in result.stderr


def test_a_reader_that_goes_away_is_no_error_worth_a_word() -> None:
    command = [sys.executable, "-m", "simulator", "about", "--fidelity", "--markdown"]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert (141, b"") == (process.wait(), told)


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
def test_a_console_of_few_characters_shows_the_others_escaped(encoding: str, tmp_path: Path) -> None:
    result = mailflow("explain", "\u674e", "\u0141ukasz", cwd=tmp_path, PYTHONIOENCODING=encoding)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_every_help_is_ascii() -> None:
    texts = [called().output, called("--help").output, *(called(name, "--help").output for name in COMMANDS)]
    assert all(text.isascii() for text in texts)
