"""Bad input, each with the whole message that a user reads: what, where, and what to write instead."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LAB = (ROOT / "scenarios" / "labs" / "contoso.yaml").read_text(encoding="utf-8")
HEAD = "scenario: x\nlab: labs/contoso.yaml\n"
GOOD = "flows:\n  Bob to Sun: Bob -> m365 -> internet -> Sun\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)

CASES = {
    "a tab": (
        HEAD + "flows:\n\tBob to Sun: Bob -> m365 -> Sun\n",
        """\
case.yaml:4:1  a tab in the indentation
    3 | flows:
    4 |     Bob to Sun: Bob -> m365 -> Sun
      | ^^^^ Indent with blanks
""",
    ),
    "a duplicate key": (
        HEAD + GOOD + "  Bob to Sun: Bob -> m365 -> Sun\n",
        """\
case.yaml:5:3  duplicate key "Bob to Sun" (first on line 4)
    4 |   Bob to Sun: Bob -> m365 -> internet -> Sun
    5 |   Bob to Sun: Bob -> m365 -> Sun
      |   ^^^^^^^^^^ Keep one of the two
""",
    ),
    "an alias bomb": (
        BOMB,
        """\
case.yaml:5:11  aliases make the file too large (over 20,000 values)
    4 | d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]
    5 | e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]
      |           ^^
""",
    ),
    "a wildcard without quotes": (
        HEAD
        + "given:\n  servers:\n    m365:\n      OutboundConnectors:\n        Other:\n"
        + "          RecipientDomains: *.contoso.com\n"
        + GOOD,
        """\
case.yaml:8:29  wildcard needs quotes
    7 |         Other:
    8 |           RecipientDomains: *.contoso.com
      |                             ^^^^^^^^^^^^^ YAML reads * as a reference. Write "*.contoso.com"
""",
    ),
    "an unknown setting": (
        HEAD + "do:\n  - Set-OutboundConnector: {Identity: O365 to own servers, SmartHost: [a.example]}\n" + GOOD,
        """\
case.yaml:4:60  unknown setting SmartHost in an outbound connector.
    3 | do:
    4 |   - Set-OutboundConnector: {Identity: O365 to own servers, SmartHost: [a.example]}
      |                                                            ^^^^^^^^^ Did you mean SmartHosts?
""",
    ),
    "a wrong value": (
        HEAD + "do:\n  - Set-OutboundConnector: {Identity: O365 to own servers, TlsSettings: Required}\n" + GOOD,
        """\
case.yaml:4:73  TlsSettings: Required is not a value of New-OutboundConnector.
    3 | do:
    4 |   - Set-OutboundConnector: {Identity: O365 to own servers, TlsSettings: Required}
      |                                                                         ^^^^^^^^ \
Use EncryptionOnly, CertificateValidation, DomainValidation or leave it out.
""",
    ),
    "an unknown server in a sentence": (
        HEAD + "flows:\n  Bob to Sun: Bob -> exchange -> internet -> Sun\n",
        """\
case.yaml:4:22  no server "exchange" in labs/contoso.yaml.
    3 | flows:
    4 |   Bob to Sun: Bob -> exchange -> internet -> Sun
      |                      ^^^^^^^^ Known: m365, onprem, internet
""",
    ),
    "a person without server": (
        HEAD + "given:\n  people:\n    Amy: amy@contoso.com\n" + GOOD,
        """\
case.yaml:5:10  Amy lacks a server.
    4 |   people:
    5 |     Amy: amy@contoso.com
      |          ^^^^^^^^^^^^^^^ Write amy@contoso.com at m365
""",
    ),
    "two servers with one address": (
        HEAD + "given:\n  servers:\n    onprem: {ip: 40.92.10.1}\n" + GOOD,
        """\
case.yaml:5:18  onprem and m365 have one address, 40.92.10.1 (first at labs/contoso.yaml:15:9).
    4 |   servers:
    5 |     onprem: {ip: 40.92.10.1}
      |                  ^^^^^^^^^^ Give each server its own.
""",
    ),
    "a lab file that is not there": (
        HEAD.replace("contoso", "none") + GOOD,
        """\
case.yaml:2:6  labs/none.yaml: there is no such file.
    1 | scenario: x
    2 | lab: labs/none.yaml
      |      ^^^^^^^^^^^^^^ Paths are relative to the file that names them.
""",
    ),
    "a lab where a scenario is meant": (
        LAB,
        """\
case.yaml:3:1  this is a lab; a scenario names it and says what to play.
    2 | # the internet. The MX is at Microsoft 365, and all internet mail of the company passes it.
    3 | mailflow: 1
      | ^^^^^^^^ Write a scenario with lab: case.yaml and flows.
""",
    ),
    "a message of a size that nothing takes": (
        HEAD + "flows:\n  Bob to Sun:\n    send: {size: 99999999999999GB}\n    path: Bob -> m365 -> internet -> Sun\n",
        """\
case.yaml:5:18  size: '99999999999999GB' is larger than 1GB.
    4 |   Bob to Sun:
    5 |     send: {size: 99999999999999GB}
      |                  ^^^^^^^^^^^^^^^^
""",
    ),
    "a broken regular expression": (
        HEAD + 'flows:\n  Bob to Sun: {path: Bob -> m365 -> internet -> Sun, headers: {Subject: "/[/"}}\n',
        """\
case.yaml:4:73  /[/ is not a regular expression: unterminated character set at position 0.
    3 | flows:
    4 |   Bob to Sun: {path: Bob -> m365 -> internet -> Sun, headers: {Subject: "/[/"}}
      |                                                                         ^^^^^
""",
    ),
    "a verb that SMTP does not have": (
        HEAD + "flows:\n  Bob to Sun: {path: Bob -> m365 -> internet -> Sun, reply: {at: RCTP}}\n",
        """\
case.yaml:4:66  'RCTP' is no SMTP verb.
    3 | flows:
    4 |   Bob to Sun: {path: Bob -> m365 -> internet -> Sun, reply: {at: RCTP}}
      |                                                                  ^^^^ Did you mean RCPT?
""",
    ),
    "nothing": ("", "case.yaml:1:1  the file is empty\n"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "labs").mkdir()
    (tmp_path / "labs" / "contoso.yaml").write_text(LAB, encoding="utf-8")
    return tmp_path


def mailflow(folder: Path, *arguments: str) -> tuple[int, str, str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "simulator", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_file_is_told_with_place_reason_and_fix(folder: Path, name: str) -> None:
    text, message = CASES[name]
    (folder / "case.yaml").write_text(text, encoding="utf-8")
    assert (3, "", message) == mailflow(folder, "run", "case.yaml")


def test_a_file_from_an_old_powershell_is_read(folder: Path) -> None:
    (folder / "case.yaml").write_text(HEAD + GOOD, encoding="utf-16")
    assert 0 == mailflow(folder, "run", "case.yaml")[0]


def test_bytes_that_are_no_text_are_refused(folder: Path) -> None:
    (folder / "case.yaml").write_bytes(b"scenario: \x93x\x94\n")
    message = "case.yaml:1:1  the file is not UTF-8 text (octet 10)"
    code, out, err = mailflow(folder, "run", "case.yaml")
    assert (3, "", message) == (code, out, err.splitlines()[0])


def test_a_folder_without_scenarios_exits_5(folder: Path) -> None:
    (folder / "empty").mkdir()
    assert (5, "", "no scenario (*.yaml) in empty\n") == mailflow(folder, "run", "empty")


def test_a_port_that_is_taken_exits_4(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = mailflow(folder, "up", "--lab", "labs/contoso.yaml", "--port", str(port), "--network", "single")
    assert (4, "") == found[:2]
    fix = "Stop the program that holds it, or let the lab choose a free port."
    assert f"mailflow: port {port} on 127.0.0.1 is taken. {fix}\n" == found[2]


def test_ctrl_c_during_a_run_exits_130_and_leaves_nothing_running(folder: Path) -> None:
    (folder / "case.yaml").write_text(HEAD + GOOD, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "simulator", "run", "case.yaml", "--repeat", "100000", "--events", "events"]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    while not (folder / "events" / "run-2").exists():
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (130, "", "\ninterrupted\n") == (process.returncode, out, err)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
