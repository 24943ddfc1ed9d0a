"""`mailflow validate` as it is typed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import simulator
from simulator.cli import main

ROOT = Path(simulator.__file__).parents[1]
OWN = "O365 to own servers"


@pytest.fixture(autouse=True)
def _in_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    for lab in (tmp_path / "scenarios" / "labs").glob("*.yaml"):
        if lab.stem != "contoso":
            lab.unlink()  # the only lab needs no --lab
    monkeypatch.chdir(tmp_path)


def called(*args: str) -> Result:
    return CliRunner().invoke(main, list(args), prog_name="mailflow")


@pytest.mark.parametrize("engine", [(), ("--plan",)])
def test_the_two_tests_are_told_with_their_sub_steps(engine: tuple[str, ...]) -> None:
    result = called("validate", OWN, "--to", "John", *engine)
    assert 0 == result.exit_code, result.output
    lines = result.stdout.splitlines()
    assert f'Validating "{OWN}" (Office 365 -> your organization\'s email server)' == lines[0]
    heads = [line.split("  ")[-1].strip() for line in lines if line.startswith(("  1 ", "  2 "))]
    assert ["Succeeded", "Succeeded"] == heads
    steps = [line.split()[0] for line in lines if line.startswith("      ")]
    assert ["resolve", "connect", "banner", "EHLO", "STARTTLS", "certificate", "route", "MAIL", "RCPT", "DATA"] == steps
    assert "Validation succeeded: 2 of 2 steps. The connector stays as it was." == lines[-1]


def test_a_failed_task_is_exit_code_1_and_named_last() -> None:
    result = called("validate", OWN, "--to", "John", "--to", "nobody@contoso.com", "--plan")
    assert 1 == result.exit_code
    assert "Validation failed at step 3 of 3. The connector stays as it was." == result.stdout.splitlines()[-1]


def test_what_stops_before_is_told_with_the_setting() -> None:
    result = called("validate", OWN, "--to", "Sun", "--plan")
    assert 1 == result.exit_code
    assert "The domain of the recipient is not configured as part of connector." in result.stdout
    assert "customer.example is not among them    scenarios/labs/contoso.yaml:" in result.stdout


def test_an_inbound_connector_gets_a_clear_word() -> None:
    result = called("validate", "own servers to O365", "--to", "Bob", "--plan")
    assert 1 == result.exit_code
    assert "Inbound connectors cannot be validated" in result.stdout


def test_json_has_the_names_of_the_cmdlet() -> None:
    document = json.loads(called("validate", OWN, "--to", "John", "--plan", "--json").stdout)
    assert ("mailflow/validate/1", "plan", True) == (document["schema"], document["engine"], document["succeeded"])
    assert [True, True] == [task["IsTaskSuccessful"] for task in document["tasks"]]
    assert ["Check connectivity to 'mail.contoso.com'", "Send test email"] == [t["TaskName"] for t in document["tasks"]]


def test_the_lab_may_be_that_of_a_flow() -> None:
    flow = ("--lab", "scenarios/exchange-online/validation.yaml", "--flow", "It offers no TLS")
    result = called("validate", OWN, "--to", "John", "--plan", *flow)
    assert 1 == result.exit_code
    assert "no TLS; TlsSettings asks for CertificateValidation" in result.stdout


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("O365 to own server", "--to", "John"), f"Did you mean {OWN}?"),
        ((OWN, "--to", "Jon"), "Did you mean John?"),
        ((OWN,), "Missing option '--to'"),
        ((OWN, "--to", "John", "--server", "m356"), "Did you mean m365?"),
        ((OWN, "--to", "John", "--server", "onprem"), "no connector"),
    ],
)
def test_a_wrong_command_line_names_the_nearest(args: tuple[str, ...], says: str) -> None:
    result = called("validate", *args)
    assert 2 == result.exit_code
    assert says in result.output


def test_the_test_message_is_in_the_message_trace() -> None:
    called("validate", OWN, "--to", "John", "--plan")
    every = json.loads(called("trace", "last", "--json").stdout)["rows"]
    assert [("O365ConnectorValidation@contoso.com", "Delivered", OWN)] == [
        (row["SenderAddress"], row["Status"], row["Connector"]) for row in every
    ]


OUTSIDE = """\
mailflow: 1
people: {Bob: bob@contoso.com at m365, John: john@contoso.com at onprem}
servers:
  m365:
    is: exchange-online
    fqdn: contoso-com.mail.protection.outlook.com
    ip: 40.92.10.1
    AcceptedDomains: {contoso.com: InternalRelay}
    OutboundConnectors: {Out: {ConnectorType: OnPremises, AllAcceptedDomains: true, UseMXRecord: false, SmartHosts: mail.contoso.com}}
  onprem: {is: external, fqdn: mail.contoso.com, ip: 203.0.113.25, address: "127.0.0.1:1"}
"""


def test_a_server_that_somebody_else_runs_is_tried_and_never_planned() -> None:
    Path("outside.yaml").write_text(OUTSIDE, encoding="utf-8")
    planned = called("validate", "Out", "--to", "John", "--lab", "outside.yaml", "--plan")
    assert 2 == planned.exit_code
    assert "somebody else runs" in planned.output
    tried = called("validate", "Out", "--to", "John", "--lab", "outside.yaml")
    assert 1 == tried.exit_code
    assert "203.0.113.25 port 25: connection refused" in tried.stdout
