"""`mailflow trace` as it is typed: where the message comes from, and the views of it."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import simulator
from simulator.cli import last, main

ROOT = Path(simulator.__file__).parents[1]


@pytest.fixture(autouse=True)
def _in_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    for lab in (tmp_path / "scenarios" / "labs").glob("*.yaml"):
        if lab.stem != "contoso":
            lab.unlink()  # the only lab needs no --lab
    monkeypatch.chdir(tmp_path)


def called(*args: str) -> Result:
    return CliRunner().invoke(main, list(args), prog_name="mailflow")


def traced(*args: str) -> str:
    result = called("trace", *args)
    assert 0 == result.exit_code, result.output
    return result.stdout


@pytest.mark.parametrize("engine", [(), ("--plan",)])
def test_a_message_is_played_and_told_with_its_connector(engine: tuple[str, ...]) -> None:
    lines = traced("--from", "Bob", "--to", "John", *engine).splitlines()
    assert ["Date", "(UTC)", "Sender", "Recipient", "Subject", "Status", "Connector", "Id"] == lines[0].split()
    assert lines[1].endswith("Delivered  O365 to own servers  m-1")
    words = [(line.split()[2], line.split()[3]) for line in lines[4:]]
    expected = [("m365", "Submit"), ("m365", "Route"), ("m365", "Send"), ("onprem", "Receive"), ("onprem", "Deliver")]
    assert expected == words


def test_a_flow_of_a_scenario_is_played_and_traced() -> None:
    text = traced("scenarios/flows.yaml", "-k", "Sun to Bob", "--plan")
    assert "sun@customer.example" in text
    assert "Deliver        to bob@contoso.com, Inbox" in text


def test_one_flow_is_traced_and_the_others_are_named() -> None:
    result = called("trace", "scenarios/flows.yaml")
    assert 2 == result.exit_code
    assert "Bob to John; " in result.output
    assert "selects 0 flows" in called("trace", "scenarios/flows.yaml", "-k", "zzz").output


def test_a_log_that_run_has_written_is_read() -> None:
    called("run", "scenarios/flows.yaml", "-k", "John to Sun", "--plan", "--events", "events")
    (file,) = Path("events").iterdir()
    text = traced(str(file))
    assert "own servers to O365" in text
    assert text == traced(str(file), "last") == traced(str(file), "m-1")


def test_last_is_what_was_played_last() -> None:
    assert 2 == called("trace", "last").exit_code
    called("run", "scenarios/flows.yaml", "-k", "John to Sun", "--plan")
    assert last.FILE.is_file()
    first = traced("last")
    assert "john@contoso.com  sun@customer.example" in first
    assert first == traced() == traced("m-1")


def test_run_keeps_the_first_flow_that_failed() -> None:
    text = Path("scenarios/flows.yaml").read_text(encoding="utf-8")
    Path("scenarios/wrong.yaml").write_text(
        text.replace("Bob -> m365 -[none]-> internet -> Sun", "Bob -> m365 -> onprem -> Sun")
    )
    assert 1 == called("run", "scenarios/wrong.yaml", "--plan").exit_code
    assert "bob@contoso.com  sun@customer.example" in traced("last")


def test_what_was_refused_is_shown_by_itself_and_said_to_be_in_no_trace() -> None:
    text = traced("--from", "eve@evil.example", "--to", "Sun", "--server", "m365", "--as", "192.0.2.66", "--plan")
    assert "No rows: m365 accepted nothing." in text
    assert "Refused by m365 at RCPT, sun@customer.example of m-1: 550 5.7.64" in text
    assert "The service traces only what it accepted" in text


def test_mail_that_waits_is_looked_at_in_time() -> None:
    args = ("scenarios/failures.yaml", "-k", "zzz")
    assert 2 == called("trace", *args).exit_code
    Path("off.yaml").write_text(
        "scenario: Off\nlab: scenarios/labs/contoso.yaml\ndo: [{stop: onprem}]\nflows: {A: Bob -> m365 -> DEFERRED for John}\n"
    )
    text = traced("--lab", "off.yaml", "--from", "Bob", "--to", "John", "--until", "20m", "--plan")
    assert "Pending" in text.splitlines()[1]
    assert 2 == text.count("  Defer  ")
    ended = traced("--lab", "off.yaml", "--from", "Bob", "--to", "John", "--plan")
    assert "Failed" in ended.splitlines()[1]


VIEWS = {
    "--smtp": "  C  MAIL FROM:<bob@contoso.com> SIZE=",
    "--tls": "m365 asked mail.contoso.com for a trusted certificate: TLSv1.3, trusted",
    "--headers": "  - X-MS-Exchange-Organization-AuthAs: Internal",
    "--decision": "the only match is used",
    "--waterfall": "  m365    send to onprem",
    "--data": "TenantOutboundConnectorCustomData=Name=O365 to own servers",
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The log of one message that went over the wire."""
    folder = tmp_path_factory.mktemp("kept")
    lab = str(ROOT / "scenarios/labs/contoso.yaml")
    with contextlib.chdir(folder):
        result = CliRunner().invoke(main, ["trace", "--lab", lab, "--from", "Bob", "--to", "John"])
    assert 0 == result.exit_code, result.output
    return str(folder / last.FILE)


@pytest.mark.parametrize("view", VIEWS)
def test_more_is_told_on_request(view: str, kept: str) -> None:
    assert VIEWS[view] in traced(kept, view)


def test_a_view_may_be_of_one_hop(kept: str) -> None:
    one, both = traced(kept, "--smtp", "--hop", "2"), traced(kept, "--smtp")
    assert "AUTH" in both
    assert "hop 1" not in one
    assert "hop 2  m365 40.92.10.1  ->  onprem 203.0.113.25    STARTTLS at line " in one
    assert ", TLS 1.3\n" in one
    assert 1 == one.count("-- encrypted from here --")


def test_a_computed_message_has_no_conversation() -> None:
    assert "No conversation in this log" in traced("--from", "Bob", "--to", "John", "--plan", "--smtp")


def test_json_has_the_columns_of_the_cmdlet(kept: str) -> None:
    document = json.loads(traced(kept, "--json"))
    (row,) = document["rows"]
    assert {"Received", "SenderAddress", "RecipientAddress", "Subject", "Status", "FromIP", "ToIP", "Size", "MessageId",
            "MessageTraceId"} <= set(row)  # fmt: skip
    assert ["SUBMIT", "SEND"] == [detail["Event"] for detail in row["details"]]
    assert ["onprem"] == [other["server"] for other in document["elsewhere"]]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--from", "Bob"), "--from WHO --to WHO"),
        (("last", "--from", "Bob", "--to", "John"), "--from WHO --to WHO"),
        (("nothing.jsonl",), "there is no file"),
        (("scenarios/README.md",), "is not an event log"),
        (("--from", "Bobb", "--to", "John"), "Did you mean Bob?"),
        (("--from", "Bob", "--to", "John", "--until", "soon"), "--until"),
    ],
)
def test_a_wrong_command_line_says_what_is_expected(args: tuple[str, ...], says: str) -> None:
    result = called("trace", *args)
    assert 2 == result.exit_code
    assert says in result.output


def test_an_unknown_message_gets_the_nearest(kept: str) -> None:
    assert "no message 'm-9' in this log." in called("trace", kept, "m-9").output
