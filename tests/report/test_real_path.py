"""A real message beside the plan: messages of a lab in which one thing is different, read with the lab at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

import simulator
from simulator.cli.which_lab import the_lab
from simulator.mail.message import Message
from simulator.mail.received import the_header
from simulator.plan.messages import between_servers, planned_message
from simulator.report.real_path import Compared, KnownNames, compare, real_hops
from simulator.report.real_path_text import clean, compared_text, hops_text
from simulator.scenario.model import Send
from tests.report.real_mail import as_saved, contoso, planned, saved, send

ROOT = Path(simulator.__file__).parents[1]
LABS = [
    file
    for file in sorted((*ROOT.glob("scenarios/labs/*.yaml"), *ROOT.glob("simulator/templates/*/labs/*.yaml")))
    if not the_lab(file).lab.outsiders
]
ALL = [(a, b) for a in ("Bob", "John", "Sun") for b in ("Bob", "John", "Sun") if a != b]


def compared(octets: bytes, who: str, to: str) -> Compared:
    chosen = contoso()
    message = the_header(octets)
    base = planned(chosen, send(chosen, who, to))
    assert base is not None
    plans = [p for a, b in ALL if (p := planned(chosen, send(chosen, a, b)))]
    hops = real_hops(message, KnownNames.of(chosen.lab, *plans))
    return compare(message, hops, base, chosen.tree, lambda tree: planned(chosen, send(chosen, who, to), tree))


@pytest.mark.parametrize(("who", "to"), ALL)
def test_a_message_of_the_same_lab_went_the_expected_way(who: str, to: str) -> None:
    found = compared(saved(who, to), who, to)
    assert (None, found.expected, ()) == (found.left, found.real, found.differs)


@pytest.mark.parametrize("file", LABS, ids=lambda file: f"{file.parent.parent.name} {file.stem}")
def test_a_message_of_any_lab_is_read_as_having_gone_the_way_that_it_went(file: Path) -> None:
    chosen = the_lab(file)
    plans = [
        planned_message(chosen.lab, chosen.tree, (Send(who.address, (to,), who.name),), chosen.begin)
        for who, _, to in between_servers(chosen.lab)
    ]
    known = KnownNames.of(chosen.lab, *plans)
    ended = [p for p in plans if p.endings and p.of("accepted")]
    for played in ended:
        message = the_header(as_saved(played))
        found = compare(message, real_hops(message, known), played, chosen.tree, lambda tree: None)
        assert (None, ()) == (found.left, found.differs), found.real
        assert found.real == found.expected[: len(found.real)]
    assert ended


CHANGES = {
    "MX": ("Sun", "John", "dns: {contoso.com: {MX: [10 mail.contoso.com]}}", 1, "DNS of contoso.com", "MX: 0 mail.contoso.com"),
    "gateway": ("John", "Sun", "servers: {onprem: {Outbound Gateway: null}}", 1, "onprem", "without Outbound Gateway"),
    "inbound off": (
        "John", "Bob", "servers: {m365: {InboundConnectors: {own servers to O365: {Enabled: false}}}}", None,
        "own servers to O365", "Enabled: false",
    ),
    "outbound off": (
        "Bob", "John", "servers: {m365: {OutboundConnectors: {O365 to own servers: {Enabled: false}}}}", None,
        "O365 to own servers", "Enabled: false",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_the_setting_that_was_different_is_among_those_that_would_explain_it(name: str) -> None:
    who, to, patch, left, owner, reads = CHANGES[name]
    found = compared(saved(who, to, patch), who, to)
    assert left == found.left
    assert (owner, reads) in [(c.owner, c.reads) for c in found.remedies]
    assert all(change.at for change in found.remedies)
    assert left is not None or found.differs or found.stopped


def test_what_the_plan_decided_is_told_where_the_ways_part() -> None:
    found = compared(saved("John", "Sun", "servers: {onprem: {Outbound Gateway: null}}"), "John", "Sun")
    text = compared_text(found, "sun@customer.example")
    assert "left the expected path behind onprem (hop 1): it went to internet, expected m365." in text
    assert "to the outbound gateway contoso-com.mail.protection.outlook.com" in text
    assert "contoso.yaml:44:23" in text


def test_what_no_single_change_explains_is_said_to_be_so() -> None:
    two = "servers: {m365: {InboundConnectors: remove}}\ndns: {contoso.com: {MX: [0 nowhere.example]}, nowhere.example: {A: 203.0.113.25}}"
    strange = saved("Sun", "John", two).replace(b"by mail.contoso.com", b"by gw.elsewhere.example")
    found = compared(strange, "Sun", "John")
    assert (1, ()) == (found.left, found.remedies)
    assert "None of" in compared_text(found, "john@contoso.com")


def test_a_host_of_the_world_stands_for_the_labs_internet() -> None:
    octets = saved("Sun", "Bob").replace(b"by mx.customer.example", b"by mail-ej1.provider.example")
    octets = octets.replace(b"from mx.customer.example (198.51.100.7)", b"from mail-ej1.provider.example (192.0.2.43)")
    found = compared(octets, "Sun", "Bob")
    assert (None, "internet") == (found.left, found.stand_in)


def test_a_front_end_of_another_name_is_known_by_its_domain() -> None:
    octets = saved("Sun", "Bob").replace(b"BN8NAM11FT913.mail.protection", b"AM4PEPF00027A6B.mail.protection")
    hops = compared(octets, "Sun", "Bob").hops
    assert [("internet", "name"), ("m365", "domain")] == [(hop.server, hop.how) for hop in hops]


def test_a_server_that_left_no_line_is_named_by_the_next() -> None:
    lines = saved("John", "Bob").split(b"\r\n")
    without = b"\r\n".join(line for line in lines if b"by mail.contoso.com with ESMTPSA" not in line)
    hops = compared(without, "John", "Bob").hops
    assert [("onprem", "named by the next"), ("m365", "name")] == [(hop.server, hop.how) for hop in hops]


def test_a_loop_is_seen_in_its_repeated_names() -> None:
    found = compared(saved("Bob", "John", CHANGES["outbound off"][2]), "Bob", "John")
    assert "passed 4 times" in hops_text(found.hops)


def test_a_message_without_received_has_no_hops() -> None:
    hops = real_hops(Message.parse(b"Subject: x\r\n\r\n"), KnownNames.of(contoso().lab))
    assert [] == hops
    assert "does not say which way" in hops_text(hops)


def test_what_strangers_wrote_is_safe_for_a_terminal() -> None:
    assert "?[31mred a" == clean("\x1b[31mred\r\n a")
    assert 300 == len(clean("x" * 9000))
