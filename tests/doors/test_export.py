"""`mailflow export`: scripts and diagrams."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from simulator.cli import main

ROOT = Path(__file__).parents[2]
LABS = ROOT / "scenarios" / "labs"
MIGRATION = ROOT / "simulator/templates/smartermail/scenarios/migration.yaml"


def called(*args: str) -> Result:
    return CliRunner().invoke(main, ["export", *args], prog_name="mailflow")


def lines(result: Result) -> list[str]:
    """The commands of a script."""
    assert 0 == result.exit_code, result.output
    return [line for line in result.output.splitlines() if line and not line.startswith("#")]


def test_a_stage_is_the_commands_that_lead_to_it() -> None:
    done = called("--powershell", "--lab", str(MIGRATION), "--stage", "SmarterMail is left")
    verbs = [line.split("{ ")[-1].split()[0] for line in lines(done)]
    assert ["Set-AcceptedDomain", "Remove-OutboundConnector", "Remove-InboundConnector"] == verbs
    assert "# undo: Set-AcceptedDomain -Identity 'contoso.com' -DomainType InternalRelay" in done.output
    assert (
        "#   contoso.com TXT v=spf1 include:spf.protection.outlook.com -all (was v=spf1 ip4:203.0.113.25" in done.output
    )


def test_what_no_cmdlet_does_is_a_comment() -> None:
    done = called("--powershell", "--lab", str(MIGRATION), "--stage", "Bob moves")
    verbs = [line.split("{ ")[-1].split()[0] for line in lines(done)]
    assert ["Remove-MailUser", "Set-Mailbox"] == verbs
    assert "#   Bob moves: bob@contoso.com at m365 (was bob@contoso.com at onprem)" in done.output
    assert "#   Domains / contoso.com / Aliases / bob: bob@contoso.onmicrosoft.com (new)" in done.output


def test_the_order_is_safe_there_and_back(tmp_path: Path) -> None:
    """What a rule names is there before the rule, and goes after it."""
    text = (LABS / "contoso.yaml").read_text(encoding="utf-8")
    rule = "    TransportRules: {Over it: {FromScope: NotInOrganization, RouteMessageOutboundConnector: Special}}\n    OutboundConnectors:\n"
    rule += "      Special: {ConnectorType: Partner, IsTransportRuleScoped: true, UseMXRecord: false, SmartHosts: [mail.contoso.com]}\n"
    more = tmp_path / "more.yaml"
    more.write_text(text.replace("    OutboundConnectors:\n", rule), encoding="utf-8")
    there = lines(called("--powershell", "--lab", str(more), "--from", str(LABS / "contoso.yaml")))
    back = lines(called("--powershell", "--lab", str(LABS / "contoso.yaml"), "--from", str(more)))
    assert ["New-OutboundConnector", "New-TransportRule"] == [line.split("{ ")[-1].split()[0] for line in there]
    assert ["Remove-TransportRule", "Remove-OutboundConnector"] == [line.split("{ ")[-1].split()[0] for line in back]


def test_a_difference_is_one_setting(tmp_path: Path) -> None:
    text = (LABS / "contoso.yaml").read_text(encoding="utf-8")
    new = tmp_path / "new.yaml"
    new.write_text(text.replace("TlsSettings: CertificateValidation", "TlsSettings: EncryptionOnly"), encoding="utf-8")
    done = called("--powershell", "--lab", str(new), "--from", str(LABS / "contoso.yaml"))
    assert ["Set-OutboundConnector -Identity 'O365 to own servers' -TlsSettings EncryptionOnly"] == lines(done)
    assert (
        "# undo: Set-OutboundConnector -Identity 'O365 to own servers' -TlsSettings CertificateValidation"
        in done.output
    )


def test_two_equal_labs_need_nothing() -> None:
    done = called("--powershell", "--lab", str(LABS / "hybrid.yaml"), "--from", str(LABS / "hybrid.yaml"))
    assert [] == lines(done)
    assert "# nothing is to be done" in done.output


@pytest.mark.parametrize("lab", sorted(p.name for p in LABS.glob("*.yaml")))
def test_every_lab_of_the_project_is_exported(lab: str) -> None:
    done = called("--powershell", "--lab", str(LABS / lab))
    assert 0 == done.exit_code, done.output
    drawn = called("--mermaid", "--lab", str(LABS / lab))
    assert drawn.output.startswith("flowchart LR\n")


def test_one_server_alone() -> None:
    done = called("--powershell", "--lab", str(LABS / "hybrid.yaml"), "--server", "onprem")
    assert all("Connector" not in line or "Send" in line or "Receive" in line for line in lines(done))
    assert 2 == called("--powershell", "--lab", str(LABS / "hybrid.yaml"), "--server", "nobody").exit_code


def test_json_has_command_undo_and_remark() -> None:
    done = called("--powershell", "--lab", str(MIGRATION), "--stage", "SmarterMail is left", "--json")
    told = json.loads(done.output)
    assert "mailflow/export/1" == told["schema"]
    first = told["changes"][0]
    assert "Set-AcceptedDomain -Identity 'contoso.com' -DomainType Authoritative" == first["command"]
    assert "Set-AcceptedDomain -Identity 'contoso.com' -DomainType InternalRelay" == first["undo"]


def test_a_script_file_begins_with_a_mark_for_windows_powershell(tmp_path: Path) -> None:
    out = tmp_path / "change.ps1"
    assert 0 == called("--powershell", "--lab", str(LABS / "contoso.yaml"), "-o", str(out)).exit_code
    assert out.read_bytes().startswith(b"\xef\xbb\xbf# mailflow export")


@pytest.mark.parametrize(
    "words",
    [[], ["--mermaid", "--stage", "x"], ["--powershell", "--flow", "x"], ["--powershell", "--stage", "no such stage"]],
)
def test_what_does_not_go_together_is_told(words: list[str]) -> None:
    assert 2 == called(*words, "--lab", str(MIGRATION)).exit_code


def test_the_diagram_of_a_lab_has_the_ways_mail_takes() -> None:
    done = called("--mermaid", "--lab", str(LABS / "contoso.yaml"))
    assert '  m365["m365<br>Exchange Online<br>Bob"]' in done.output
    assert "  m365 -->|O365 to own servers| onprem" in done.output
    assert "  onprem -->|own servers to O365| m365" in done.output


def test_the_diagram_of_a_flow_is_its_path() -> None:
    done = called(
        "--mermaid",
        "--lab",
        str(ROOT / "scenarios/failures.yaml"),
        "--flow",
        "Unknown user when the domain is authoritative",
    )
    expected = [
        "sequenceDiagram", "  participant Sun as Sun", "  participant internet as internet", "  participant m365 as m365",
        "  Sun->>internet: hands in", "  internet->>m365: no connector",
        "  Note over m365: REJECTED 550 5.4.1 for nobody@contoso.com",
    ]  # fmt: skip
    assert expected == done.output.splitlines()
