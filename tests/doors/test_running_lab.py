"""`up`, `send`, `break`, `clock` and `trace last` as they are typed: one terminal keeps the lab, another one speaks to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.kept import LAB, Up, kept
from tests.doors.projects import a_project, environment, mailflow

REACHED = "m365 -[O365 to own servers]-> onprem -> John"


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One lab whose time is moved by hand; tests leave nothing broken."""
    with kept(a_project(tmp_path_factory.mktemp("manual")), "--clock", "manual") as up:
        yield up


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return a_project(tmp_path)


# where it says how it is spoken to


def test_the_file_is_for_its_owner_only_and_names_process_and_lab(manual: Up) -> None:
    file = manual.folder / ".mailflow" / "running.json"
    told = json.loads(file.read_text(encoding="utf-8"))
    assert ("127.0.0.1", manual.process.pid, LAB, "manual") == tuple(told[k] for k in ("host", "pid", "lab", "clock"))
    assert len(told["token"]) >= 32
    if os.name == "posix":
        assert 0o600 == stat.S_IMODE(file.stat().st_mode)


def test_who_has_no_token_is_told_nothing(manual: Up) -> None:
    told = json.loads((manual.folder / ".mailflow" / "running.json").read_text(encoding="utf-8"))
    with socket.create_connection((told["host"], told["port"]), timeout=5) as sock, sock.makefile("rb") as lines:
        sock.sendall(b'{"do": "status"}\n')
        assert b"contoso" not in (answer := lines.readline())
    assert "the token is wrong." == json.loads(answer)["says"]


@pytest.mark.parametrize("command", [("clock",), ("break", "onprem", "down"), ("break", "--list")])
def test_without_a_lab_it_is_said_how_to_start_one(project: Path, command: tuple[str, ...]) -> None:
    code, out, err = mailflow(project, *command)
    assert (4, "", "mailflow: no lab runs in this folder. Start one:  mailflow up\n") == (code, out, err)


def test_a_file_that_was_left_behind_is_recognised_and_removed(project: Path) -> None:
    with kept(project) as up:
        up.process.kill()
        up.process.wait()
    file = project / ".mailflow" / "running.json"
    assert file.exists()
    code, _, err = mailflow(project, "clock")
    assert (4, True) == (code, "has gone; .mailflow/running.json was left and is removed" in err)
    assert not file.exists()
    code, out, err = mailflow(project, "send", "--from", "Bob", "--to", "John")  # a temporary lab
    assert (0, f"m-1  Bob -> {REACHED}\n") == (code, out), err


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"host": 1}', "\x00"])
def test_a_file_that_is_nonsense_is_told_plainly(project: Path, text: str) -> None:
    (project / ".mailflow").mkdir()
    (project / ".mailflow" / "running.json").write_text(text, encoding="utf-8")
    code, _, err = mailflow(project, "clock")
    assert (4, True) == (code, ".mailflow/running.json cannot be read" in err)
    assert "Traceback" not in err


def test_a_second_lab_in_the_folder_runs_and_says_that_it_is_not_found(project: Path) -> None:
    with kept(project) as first, kept(project) as second:
        told = json.loads((project / ".mailflow" / "running.json").read_text(encoding="utf-8"))
        assert first.process.pid == told["pid"]
        assert "a lab runs in this folder already" in second.ended()[2]
        assert (project / ".mailflow" / "running.json").exists()


# send


def test_a_message_is_sent_and_traced(manual: Up) -> None:
    out = manual.said("send", "--from", "Sun", "--to", "John", "--subject", "An offer", "--follow")
    lines = [line.partition("  ")[2] for line in out.splitlines()]
    assert "internet -> m365  TLSv1.3" in lines
    assert "m365 -[O365 to own servers]-> onprem  TLSv1.3, trusted" in lines
    assert ["delivered to John at onprem", f"Sun -> internet -[none]-> {REACHED}"] == lines[-2:]
    traced = manual.said("trace", "last").splitlines()[1]
    assert ("An offer", "Delivered") == tuple(traced[traced.index("An offer") :].split("  ")[:2])


def test_every_copy_must_be_delivered_for_exit_code_0(manual: Up) -> None:
    code, out, _ = manual.called("send", "--from", "Bob", "--to", "John", "--to", "Sun")
    assert (0, 2) == (code, len(out.splitlines()))
    code, out, _ = manual.called("send", "--from", "eve@evil.example", "--to", "Sun", "--server", "m365")
    path, why = [line.partition("  ")[2] for line in out.splitlines()]
    assert (1, "eve@evil.example -[none]-> m365 -> REJECTED 550 5.7.64 for Sun") == (code, path)
    assert why.startswith("m365 did not take it, at RCPT: 550 5.7.64 TenantAttribution; Relay Access Denied")
    code, out, err = manual.called("send", "--from", "Bob", "--to", "Jon")
    assert (2, "", True) == (code, out, 'no person "Jon"' in err and "Did you mean John?" in err)


def test_a_message_comes_from_a_file_or_a_pipe(manual: Up) -> None:
    content = "From: <bob@contoso.com>\nSubject: from a file\nMessage-ID: <9@contoso.com>\n\nHello.\n"
    (manual.folder / "one.eml").write_text(content, encoding="utf-8")
    manual.said("send", "--from", "Bob", "--to", "John", "--eml", "one.eml")
    assert "from a file" in manual.said("trace", "last").splitlines()[1]
    command = [sys.executable, "-m", "simulator", "send", "--from", "Bob", "--to", "John", "--eml", "-"]
    subprocess.run(
        command, cwd=manual.folder, env=environment(), input=content.replace("a file", "a pipe"), text=True, check=True,
        capture_output=True,
    )  # fmt: skip
    assert "from a pipe" in manual.said("trace", "last").splitlines()[1]
    code, _, err = manual.called("send", "--from", "Bob", "--to", "John", "--eml", "none.eml")
    assert (2, True) == (code, "there is no such file" in err)


def test_a_client_may_be_a_server_or_a_stranger(manual: Up) -> None:
    told = ("send", "--from", "john@contoso.com", "--to", "Sun", "--server", "m365")
    ends = manual.json(*told, "--as", "onprem")["endings"]
    assert ["John -[own servers to O365]-> m365 -[none]-> internet -> Sun"] == [end["path"] for end in ends]
    code, out, _ = manual.called(*told, "--as", "192.0.2.66", "--json")
    assert (1, ["refused"]) == (code, [end["status"] for end in json.loads(out)["endings"]])


def test_a_temporary_lab_plays_a_message_to_its_end(project: Path) -> None:
    code, out, _ = mailflow(project, "send", "--from", "Bob", "--to", "Sun", "--lab", LAB, "--follow")
    assert (0, "m-1  Bob -> m365 -[none]-> internet -> Sun") == (code, out.splitlines()[-1])
    assert "Delivered" in mailflow(project, "trace", "last")[1]
    assert not (project / ".mailflow" / "running.json").exists()


# break and clock


def test_mail_waits_for_a_server_that_is_down_and_arrives_by_the_clock(manual: Up) -> None:
    fault, mend = manual.said("break", "onprem", "down", "10m").splitlines()
    number = mend.rpartition(" ")[2]
    assert fault.startswith(f"fault {number}: onprem: down, connections are refused, until 20")
    code, out, _ = manual.called("send", "--from", "Bob", "--to", "John")
    assert (1, True) == (code, "DEFERRED 450 4.4.316 for John" in out)
    assert "waits at m365 for John until" in out
    assert "struck once, until" in manual.said("break", "--list")
    assert "1 waiting, next at" in manual.said("clock")
    assert "delivered to John at onprem" in manual.said("clock", "next")
    assert ", ended " in manual.said("break", "--list")
    assert manual.said("break", "--undo", number).startswith(f"mended {number}: onprem: down")
    assert "nothing is broken\n" == manual.said("break", "--list")


def test_one_who_follows_in_a_lab_that_stands_still_is_told_what_waits(manual: Up) -> None:
    manual.said("break", "m365 -> onprem", "reply", "452 4.5.3 Too many", "to", "RCPT", "times", "1")
    command = [sys.executable, "-m", "simulator", "send", "--from", "Bob", "--to", "John", "--follow"]
    process = subprocess.Popen(command, cwd=manual.folder, env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if "mail time stands still: mailflow clock next" in line:
            manual.said("clock", "next")
    assert 0 == process.wait(20)
    process.stdout.close()
    assert any("keeps it for John and tries again: 452 4.5.3 Too many" in line for line in lines)
    assert lines[-1].endswith(f"Bob -> {REACHED}")
    assert "spent" in manual.said("break", "--list")
    manual.said("break", "--undo", "all")


def test_faults_are_written_as_in_a_file_too(manual: Up) -> None:
    (told,) = manual.json("break", "--fault", "{at: onprem, cert: expired, for: 2h}")["faults"]
    assert "the certificate is expired" in told["says"]
    manual.said("break", "--undo", str(told["number"]))
    told = manual.json("break", "--with", "at: onprem, clock: 2h", "--with", "dns: contoso.com MX, answer: SERVFAIL")
    assert 2 == len(told["faults"])
    assert 2 == len(manual.json("break", "--undo", "all")["undone"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("break", "onprm", "down"), 'no server "onprm" in the lab. Did you mean onprem?'),
        (("break", "onprem", "dwon"), "'dwon' is not known here. Did you mean down?"),
        (("break", "onprem"), "a fault says what goes wrong"),
        (("break", "onprem", "reply", "250 OK", "to", "RCPT"), "250 refuses nothing"),
        (("break", "onprem", "down", "--list"), "one at a time"),
        (("break", "--undo", "77"), "there is no fault 77."),
        (("break", "--undo", "first"), "--undo takes the number of a fault or all"),
        (("clock", "faster"), "Write  clock,  clock advance 15m"),
        (("clock", "advance"), "Write  clock,  clock advance 15m"),
        (("clock", "advance", "-15m"), "is not a span of time"),
        (("clock", "to", "yesterday"), "is not a date"),
        (("clock", "next"), "nothing waits, so there is no next time."),
    ],
)
def test_what_cannot_be_done_is_a_wrong_command_line(manual: Up, arguments: tuple[str, ...], told: str) -> None:
    code, out, err = manual.called(*arguments)
    assert (2, "", True) == (code, out, told in err), err
    assert "Traceback" not in err


def test_time_that_is_real_is_not_moved_and_time_that_jumps_needs_no_help(project: Path) -> None:
    with kept(project) as up:
        code, _, err = up.called("clock", "advance", "1h")
        assert (2, True) == (code, "mail time is real here." in err)
    with kept(project, "--clock", "auto") as up:
        up.said("break", "onprem", "down", "3h")
        assert REACHED in up.said("send", "--from", "Bob", "--to", "John")


# the end


@pytest.mark.parametrize(
    ("how", "code", "told"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "ended by a signal")]
)
def test_the_end_comes_within_a_second_with_clients_connected_and_leaves_nothing(
    project: Path, how: signal.Signals, code: int, told: str
) -> None:
    with kept(project) as up:
        kept_by = json.loads((project / ".mailflow" / "running.json").read_text(encoding="utf-8"))
        at = up.endpoint("m365")
        with (
            socket.create_connection((kept_by["host"], kept_by["port"])) as control, socket.create_connection(at) as typing,
            socket.create_connection(at) as idle, typing.makefile("rb") as said,
        ):  # fmt: skip
            control.sendall(b'{"token": ')
            for line in (
                b"EHLO x",
                b"MAIL FROM:<sun@customer.example>",
                b"RCPT TO:<bob@contoso.com>",
                b"DATA",
                b"Half",
            ):
                typing.sendall(line + b"\r\n")
            while not said.readline().startswith(b"354"):
                pass
            ended, _, err, took = up.ended(how)
            assert (code, told, True) == (ended, err.strip(), took < 1.5)
            for sock in (control, idle):
                sock.settimeout(5)
            assert control.recv(100) == b""
    assert not (project / ".mailflow" / "running.json").exists()
    for port in (at, (kept_by["host"], kept_by["port"])):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(port, timeout=5)
