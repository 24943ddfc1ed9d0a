"""`mailflow explain` as it is typed: which lab, which people, what comes out, and what it must not touch."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import simulator
from simulator.cli import main
from simulator.report.settings_to_try import FLAGS
from simulator.scenario.scenario import load_scenario

ROOT = Path(simulator.__file__).parents[1]
CONTOSO, PRECEDENCE = "scenarios/labs/contoso.yaml", "scenarios/precedence.yaml"
TWO = """\
mailflow: 1
name: two
people: {Bob: bob@contoso.com at onprem, Sun: sun@customer.example at internet}
servers:
  onprem: {is: smartermail, fqdn: mail.contoso.com, ip: 203.0.113.25, cert: good, Domains: {contoso.com: {}}}
  internet: {is: internet, fqdn: mx.customer.example, ip: 198.51.100.7}
dns: {contoso.com: {MX: 10 mail.contoso.com}, customer.example: {MX: 10 mx.customer.example}}
"""
SCENARIO = """\
scenario: Two
lab: labs/two.yaml
given: {servers: {onprem: {cert: none}}}
flows:
  Sun to Bob: Sun -> internet -> onprem -> Bob
  Nobody at home:
    do: [{stop: onprem}]
    path: Sun -> internet -> DEFERRED for Bob
"""
STAGES = """\
scenario: Two
lab: labs/two.yaml
stages:
  - stage: before
    flows: {Sun to Bob: Sun -> internet -> onprem -> Bob}
  - stage: secured
    do: [{cert internet: good}]
    still: Sun to Bob
"""


def explained(*args: str) -> Result:
    return CliRunner().invoke(main, ["explain", *args], prog_name="mailflow")


def last(result: Result, count: int = 2) -> list[str]:
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()[-count:]


@pytest.fixture
def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one lab and a scenario that changes it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labs").mkdir()
    (tmp_path / "labs/two.yaml").write_text(TWO)
    (tmp_path / "two.yaml").write_text(SCENARIO)
    return tmp_path


@pytest.fixture
def in_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the project's scenarios."""
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)


# Which lab


def test_the_only_lab_is_found(in_folder: Path) -> None:
    expected = ["Sun -> internet -> onprem -> Bob", "delivered: 2 hops, no connectors, clear text Sun -> internet"]
    assert expected == last(explained("Sun", "Bob"))


def test_without_a_lab_the_option_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = explained("Sun", "Bob")
    assert result.exit_code == 2
    assert "--lab FILE" in result.output


def test_among_several_labs_none_is_guessed(in_folder: Path) -> None:
    (in_folder / "labs/other.yaml").write_text(TWO)
    result = explained("Sun", "Bob")
    assert result.exit_code == 2
    assert "--lab labs/other.yaml or --lab labs/two.yaml" in result.output


def test_of_a_scenario_it_is_the_lab_as_the_file_changes_it(in_folder: Path) -> None:
    assert "clear text Sun -> internet, internet -> onprem" in last(explained("Sun", "Bob", "--lab", "two.yaml"))[-1]


def test_of_a_flow_it_is_the_lab_as_that_flow_has_it(in_folder: Path) -> None:
    result = explained("Sun", "Bob", "--lab", "two.yaml", "--flow", "nobody at home")
    assert result.exit_code == 0
    assert "Sun -> internet -> DEFERRED" in result.stdout


def test_at_a_stage_it_is_the_lab_as_that_stage_leaves_it(in_folder: Path) -> None:
    (in_folder / "move.yaml").write_text(STAGES)
    without = explained("Sun", "Bob", "--lab", "move.yaml")
    later = explained("Sun", "Bob", "--lab", "move.yaml", "--at", "secured")
    assert "clear text Sun -> internet" in last(without)[1]
    assert "TLS on every hop" in last(later)[1]
    wrong = explained("Sun", "Bob", "--lab", "move.yaml", "--at", "secure")
    assert wrong.exit_code == 2
    assert "Did you mean secured?" in wrong.output


def test_a_flow_that_is_not_there_gets_the_nearest_name(in_folder: Path) -> None:
    result = explained("Sun", "Bob", "--lab", "two.yaml", "--flow", "Sun to Bb")
    assert result.exit_code == 2
    assert "Did you mean Sun to Bob?" in result.output
    assert explained("Sun", "Bob", "--flow", "Sun to Bob").exit_code == 2


def test_a_lab_with_errors_is_shown_with_its_lines(in_folder: Path) -> None:
    (in_folder / "labs/two.yaml").write_text(TWO.replace("is: internet", "is: internt"))
    result = explained("Sun", "Bob")
    assert result.exit_code == 3
    assert "labs/two.yaml:6:18" in result.stderr
    assert "^^^^^^^ Did you mean internet?" in result.stderr


# Who to whom


@pytest.mark.parametrize(
    "pair", [("sun", "BOB"), ("sun@customer.example", "bob@contoso.com"), ("Sun", "BOB@contoso.com")]
)
def test_people_go_by_name_or_address_in_any_case(pair: tuple[str, str], in_folder: Path) -> None:
    assert "Sun -> internet -> onprem -> Bob" == last(explained(*pair))[0]


def test_an_unknown_name_gets_the_nearest(in_folder: Path) -> None:
    result = explained("Sun", "Bobb")
    assert result.exit_code == 2
    assert "Did you mean Bob?" in result.output


def test_a_stranger_says_where_the_message_is_handed_in(in_folder: Path) -> None:
    result = explained("eve@evil.example", "Sun")
    assert result.exit_code == 2
    assert "--server (onprem, internet)" in result.output
    expected = "eve@evil.example -> onprem -> REJECTED 550 for Sun"
    assert expected == last(explained("eve@evil.example", "Sun", "--server", "onprem", "--as", "192.0.2.66"))[0]


def test_a_server_or_an_address_that_is_none_is_a_wrong_command_line(in_folder: Path) -> None:
    assert explained("Sun", "Bob", "--server", "onprm").exit_code == 2
    assert explained("Sun", "Bob", "--as", "203.0.113").exit_code == 2


def test_the_client_does_without_starttls_when_told(in_folder: Path) -> None:
    text = explained("eve@evil.example", "Bob", "--server", "onprem", "--tls", "off").stdout
    assert "clear text eve@evil.example -> onprem" in text


def test_the_null_sender_gets_no_report(in_folder: Path) -> None:
    result = explained("Sun", "nobody@contoso.com", "--server", "onprem", "--null-sender")
    assert result.exit_code == 0
    assert result.stdout.startswith("<> -> nobody@contoso.com")
    assert "\nreport " not in result.stdout


# What it must not touch


def test_nothing_is_imported_that_could_send(in_folder: Path) -> None:
    code = (
        "import sys; from simulator.cli import main\n"
        "try: main(['explain', 'Sun', 'Bob', '--why-not', 'x'])\nexcept SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    modules = set(result.stderr.split())
    assert "simulator.plan.walk" in modules
    assert not modules & {"asyncio", "socket", "ssl", "selectors", "dns", "cryptography", "trustme", "simulator.live"}


# With connectors


@pytest.mark.usefixtures("in_project")
def test_the_six_flows_of_contoso_are_explained_as_they_are_expected() -> None:
    scenario = load_scenario(lambda name: (ROOT / name).read_text(encoding="utf-8"), "scenarios/flows.yaml")
    for flow in scenario.flows:
        sender, _, recipient = flow.name.partition(" to ")
        if recipient in scenario.lab.people:
            result = explained(sender, recipient, "--lab", "scenarios/flows.yaml")
            assert "delivered: " in last(result)[1]
            assert [s.person for s in flow.send] == [sender]
            stops = [hop.server.text for hop in flow.expected[0].hops if hop.server]
            assert stops == [w for w in last(result)[0].split() if w in scenario.lab.servers]


@pytest.mark.usefixtures("in_project")
def test_candidates_come_with_the_line_of_the_setting_that_decided() -> None:
    document = json.loads(explained("Bob", "Jo", "--lab", PRECEDENCE, "--json").stdout)
    assert ["Bob -> m365 -[Connector 3]-> onprem -> Jo"] == document["path"]
    step = next(
        s for hop in document["hops"] for s in hop["steps"] if any(c["name"] == "Connector 2" for c in s["candidates"])
    )
    verdicts = {c["name"]: c["chosen"] for c in step["candidates"]}
    assert {"Connector 1": False, "Connector 2": False, "Connector 3": True} == verdicts
    assert all(c["at"].startswith("scenarios/") for c in step["candidates"])
    assert step["rule"]


@pytest.mark.parametrize("noun", ["OutboundConnectors", "InboundConnectors"])
def test_defaults_that_are_told_are_those_of_the_product(noun: str) -> None:
    from simulator.products.exchange_online import connectors

    inbound, outbound = connectors.InboundConnector.__fields__, connectors.OutboundConnector.__fields__
    fields = inbound if noun == "InboundConnectors" else outbound
    assert {name: fields[name].default for name in FLAGS[noun]} == FLAGS[noun]


def changes(*args: str) -> set[str]:
    document = json.loads(explained(*args, "--json").stdout)
    return {f"{c['of']}: {c['setting']}" for a in document["connectors"] for r in a["remedies"] for c in r["changes"]}


@pytest.mark.usefixtures("in_project")
def test_why_not_names_both_ways_out_of_the_worked_example() -> None:
    found = changes("Bob", "Jo", "--lab", PRECEDENCE, "--why-not", "Connector 1")
    expected = {"Connector 3: Enabled: false", "Connector 3: RecipientDomains did not cover sales.contoso.com"}
    assert expected <= found


@pytest.mark.usefixtures("in_project")
def test_why_not_of_a_connector_that_is_used_says_so() -> None:
    result = explained("Bob", "John", "--lab", CONTOSO, "--why-not", "o365 to OWN servers")
    assert ['"O365 to own servers" is used:', "Bob -> m365 -[O365 to own servers]-> onprem -> John"] == last(result)


@pytest.mark.usefixtures("in_project")
def test_why_not_of_an_inbound_connector_whose_certificate_does_not_fit() -> None:
    args = (
        "John",
        "Bob",
        "--lab",
        "scenarios/failures.yaml",
        "--flow",
        "Own server has another certificate, mail to a colleague",
    )
    found = changes(*args, "--why-not", "own servers to O365")
    assert "onprem: cert: good" in found
    assert "own servers to O365: TlsSenderCertificateName: *.contoso.local" in found


@pytest.mark.usefixtures("in_project")
def test_an_unknown_connector_gets_the_nearest_name() -> None:
    result = explained("Bob", "John", "--lab", CONTOSO, "--why-not", "O365 to own server")
    assert result.exit_code == 2
    assert "Did you mean O365 to own servers?" in result.output


def test_a_fault_is_explained_with_where_mail_waits_and_what_becomes_of_it() -> None:
    result = explained("Sun", "John", "--lab", CONTOSO, "--with", "{at: onprem, down: 10m}")
    assert "Sun -> internet -[none]-> m365 -[O365 to own servers]-> DEFERRED 450 4.4.316 for John" in result.stdout
    assert "onprem: down, connections are refused" in result.stdout
    assert last(result, 1) == [
        "in the end, after 15 min and 2 attempts: Sun -> internet -[none]-> m365 -[O365 to own servers]-> onprem -> John"
    ]


def test_copies_that_came_more_than_once_are_told_once() -> None:
    result = explained("Sun", "John", "--lab", CONTOSO, "--with", "link: m365 -> onprem, cut: after DATA, times: 2")
    assert last(result, 1)[0].endswith("m365 -[O365 to own servers]-> onprem -> John (3 copies)")
