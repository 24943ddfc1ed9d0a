"""`mailflow connector` as it is typed."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulator.cli import main
from tests.doors.kept import kept
from tests.doors.projects import LAB, a_project

FILE = Path("scenarios/labs/contoso.yaml")
NAME = "O365 to own servers"


@pytest.fixture(autouse=True)
def _in_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "odd \u00e9 folder"
    a_project(folder)
    monkeypatch.chdir(folder)


def called(*args: str) -> Result:
    result = CliRunner().invoke(main, ["connector", *args], prog_name="mailflow")
    assert not list(Path().glob("mailflow-crash-*")), result.output
    return result


def done(*args: str) -> str:
    result = called(*args)
    assert 0 == result.exit_code, result.output
    return result.stdout


def test_the_list_says_what_is_on_and_where_it_stands() -> None:
    lines = done("list").splitlines()
    assert 3 == len(lines)
    assert lines[1].startswith("On      O365 to own servers  m365    Outbound   OnPremises  all accepted domains")
    assert lines[1].endswith("scenarios/labs/contoso.yaml:20:7")
    found = json.loads(done("list", "--json"))["connectors"]
    assert [NAME, "own servers to O365"] == [c["name"] for c in found]
    assert {"SmartHosts": ["mail.contoso.com"]}.items() <= found[0]["settings"].items()


def test_show_tells_each_setting_its_place_and_what_it_does() -> None:
    text = done("show", NAME)
    (line,) = [line for line in text.splitlines() if "SmartHosts  " in line]
    assert ["SmartHosts", "mail.contoso.com", "scenarios/labs/contoso.yaml:24:21"] == line.split()[:3]
    assert "SenderRewritingEnabled" not in text
    assert "SenderRewritingEnabled" in done("show", NAME, "--all")
    assert json.loads(done("show", NAME, "--json"))["connector"]["enabled"]


def test_show_of_a_stage_has_the_stages_settings() -> None:
    Path("scenarios/stages.yaml").write_text(
        "scenario: two\nlab: labs/contoso.yaml\nstages:\n  - stage: later\n    do:\n"
        "      - Set-OutboundConnector: {Identity: O365 to own servers, Enabled: false}\n",
        encoding="utf-8",
    )
    found = json.loads(done("show", NAME, "--lab", "scenarios/stages.yaml", "--at", "later", "--json"))
    assert not found["connector"]["enabled"]


def test_off_changes_one_line_shows_it_and_says_how_to_undo_it() -> None:
    result = called("off", NAME)
    assert ["-        Enabled: true", "+        Enabled: false"] == result.stdout.splitlines()[5:7]
    assert f'undo: mailflow connector on "{NAME}"' in result.stderr
    now = FILE.read_text(encoding="utf-8")
    assert LAB.replace("Enabled: true", "Enabled: false", 1) == now
    assert "says this already" in called("off", NAME).stderr
    done("on", NAME)
    assert FILE.read_text(encoding="utf-8") == LAB


def test_a_change_says_what_check_finds_now_and_what_no_more() -> None:
    told = called("off", NAME).stderr
    assert "scenarios/labs/contoso.yaml:26:18  error MF012  m365 sends mail for john@contoso.com back to itself" in told
    told = called("on", NAME).stderr
    assert "no longer found: MF012 " in told
    assert "error" not in told


def test_a_dry_run_writes_nothing_and_shows_the_same() -> None:
    result = called("set", NAME, "SmartHosts=a.example,b.example", "--dry-run")
    assert "+        SmartHosts: [a.example, b.example]" in result.stdout
    assert FILE.read_text(encoding="utf-8") == LAB
    assert done("set", NAME, "SmartHosts=a.example,b.example") == result.stdout


def test_what_is_made_is_removed_again() -> None:
    done("new", "outbound", "To F", "ConnectorType=Partner", "RecipientDomains=*.f.example,f.example")
    assert 'RecipientDomains: ["*.f.example", f.example]' in FILE.read_text(encoding="utf-8")
    assert "Partner" in done("show", "to f")
    done("remove", "To F")
    assert FILE.read_text(encoding="utf-8") == LAB


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_of_windows_keeps_its_mark_and_its_line_ends(encoding: str) -> None:
    FILE.write_bytes(LAB.replace("\n", "\r\n").encode(encoding))
    before = FILE.read_bytes()
    done("off", NAME)
    after = FILE.read_bytes()
    assert after[:2] == before[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF8[:2])
    assert LAB.replace("Enabled: true", "Enabled: false", 1).replace("\n", "\r\n") == after.decode(encoding)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("show", "O365"), "no connector"),
        (("off", "O365 to own server"), "Did you mean O365 to own servers?"),
        (("set", NAME, "TlsSetings=x"), "Did you mean TlsSettings?"),
        (("set", NAME, "TlsSettings=DomainValidation"), "needs TlsDomain"),
        (("set", NAME, "Enabled"), "Write SETTING=VALUE"),
        (("set", NAME, "=x"), "Write SETTING=VALUE"),
        (("new", "outbound", "X"), "lacks ConnectorType"),
        (("off", NAME, "--lab", "scenarios/flows.yaml"), "its lab is labs/contoso.yaml"),
    ],
)
def test_what_cannot_be_done_is_a_wrong_command_line_and_changes_nothing(args: tuple[str, ...], says: str) -> None:
    result = called(*args)
    assert 2 == result.exit_code
    assert says in result.stderr
    assert FILE.read_text(encoding="utf-8") == LAB


def test_a_file_that_is_broken_elsewhere_is_still_changed_where_it_is_meant() -> None:
    FILE.write_text(LAB.replace("UseMXRecord: false", "UseMXRecord: perhaps"), encoding="utf-8")
    done("set", NAME, "UseMXRecord=false")
    assert FILE.read_text(encoding="utf-8") == LAB


def test_a_file_that_is_no_yaml_is_exit_code_3() -> None:
    FILE.write_text("servers: [", encoding="utf-8")
    assert 3 == called("off", NAME).exit_code


def test_a_lab_that_runs_is_changed_and_its_file_is_not(tmp_path: Path) -> None:
    with kept(a_project(tmp_path / "up"), "--clock", "manual") as up:
        assert 0 == up.called("send", "--from", "Bob", "--to", "John")[0]
        assert "stays as it is" in up.called("connector", "off", NAME, "--running")[2]
        code, out, err = up.called("send", "--from", "Bob", "--to", "John")
        assert (1, True) == (code, "5.4.14" in out), (out, err)
        assert 0 == up.called("connector", "on", NAME, "--running")[0]
        assert 0 == up.called("connector", "set", NAME, "Enabled=remove", "SmartHosts=mail.contoso.com", "--running")[0]
        assert 0 == up.called("send", "--from", "Bob", "--to", "John")[0]
        assert "needs TlsDomain" in up.called("connector", "set", NAME, "TlsSettings=DomainValidation", "--running")[2]
        assert "Did you mean" in up.called("connector", "off", "O365 to own server", "--running")[2]
        assert LAB == (up.folder / FILE).read_text(encoding="utf-8")
    assert 4 == called("off", NAME, "--running").exit_code


@pytest.mark.parametrize(("begin", "expected"), [("", [NAME, "own servers to O365"]), ("o3", [NAME]), ("x", [])])
def test_a_shell_completes_the_names_of_connectors(begin: str, expected: list[str]) -> None:
    from click.shell_completion import ShellComplete

    found = ShellComplete(main, {}, "mailflow", "_MAILFLOW_COMPLETE").get_completions(["connector", "off"], begin)
    assert expected == [item.value for item in found]
    FILE.write_text("servers: [", encoding="utf-8")
    assert [] == ShellComplete(main, {}, "mailflow", "_MAILFLOW_COMPLETE").get_completions(["connector", "off"], begin)
