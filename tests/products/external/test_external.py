"""A server that somebody else runs: what a lab file may say of it, and what can be known without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.cli import main
from simulator.live.errors import LabError
from simulator.plan.relays import open_relays
from simulator.runner import BEGIN, Options, Runner
from simulator.scenario.scenario import Scenario, ScenarioFileError, load_lab, load_scenario
from simulator.topology import Lab

LAB = """\
mailflow: 1
name: a peer
people: {Jo: jo@west.example at west, Sun: sun@customer.example at internet}
servers:
  west: {is: external, fqdn: mx.west.example, ip: 203.0.113.9, address: WHERE}
  internet: {is: internet, fqdn: mx.customer.example, ip: 198.51.100.7, cert: good, PORTS}
dns: {west.example: {MX: 10 mx.west.example}}
"""


def text(where: str = "127.0.0.1:2599", ports: str = "ports: {25: 2598}") -> str:
    return LAB.replace("WHERE", where).replace("PORTS", ports)


def a_lab(where: str = "127.0.0.1:2599", ports: str = "ports: {25: 2598}") -> Lab:
    return load_lab(lambda _: text(where, ports), "lab.yaml")[0]


def a_scenario(path: str) -> Scenario:
    files = {"lab.yaml": text(), "test.yaml": f"scenario: t\nlab: lab.yaml\nflows:\n  one: {path}\n"}
    return load_scenario(files.__getitem__, "test.yaml")


@pytest.mark.parametrize(
    ("where", "expected"),
    [("127.0.0.1:2599", ("127.0.0.1", 2599)), ("localhost:25", ("127.0.0.1", 25)), ("'[::1]:2525'", ("::1", 2525))],
)
def test_it_is_somewhere_on_this_computer(where: str, expected: tuple[str, int]) -> None:
    assert expected == a_lab(where).servers["west"].runs_at


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("203.0.113.9:25", "203.0.113.9 is not on this computer, and nothing leaves it"),
        ("mail.example:25", "'mail.example' is not an IP address"),
        ("127.0.0.1", "has no port"),
        ("127.0.0.1:70000", "has no port"),
    ],
)
def test_nothing_leaves_the_computer(where: str, says: str) -> None:
    with pytest.raises(ScenarioFileError, match=r"lab\.yaml:5:") as raised:
        a_lab(where)
    assert says in str(raised.value)


def test_a_server_may_have_a_port_that_others_know() -> None:
    assert ((25, 2598),) == a_lab().servers["internet"].ports


@pytest.mark.parametrize("ports", ["ports: {25: no}", "ports: {smtp: 2525}", "ports: 2525", "ports: {25: 0}"])
def test_ports_are_numbers(ports: str) -> None:
    with pytest.raises(ScenarioFileError, match="ports"):
        a_lab(ports=ports)


def test_what_it_does_cannot_be_planned() -> None:
    with pytest.raises(LabError, match="west is a server that somebody else runs"):
        Runner(Options(engine="plan")).run([a_scenario("Sun -> internet -> west -> Jo")])


def test_it_is_never_said_to_be_an_open_relay() -> None:
    assert [] == open_relays(a_lab(), BEGIN)


@pytest.mark.parametrize(
    ("recipient", "expected"), [("Jo", "delivered"), ("someone@west.example", "what it does with mail for")]
)
def test_explain_tells_the_way_up_to_there(tmp_path: Path, recipient: str, expected: str) -> None:
    lab = tmp_path / "lab.yaml"
    lab.write_text(text(), encoding="utf-8")
    result = CliRunner().invoke(main, ["explain", "Sun", recipient, "--lab", str(lab)], prog_name="mailflow")
    assert (0, True) == (result.exit_code, expected in result.output), result.output
    assert "west" in result.output


def test_one_that_is_not_there_refuses() -> None:
    result = Runner(Options(engine="live")).run([a_scenario("Sun -> internet -> DEFERRED for Jo")])
    assert [] == [d for f in result.flows() for d in f.differences]
