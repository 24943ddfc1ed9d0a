"""`always` and `violates`: what must hold in every flow, whatever its path."""

from __future__ import annotations

import textwrap
from dataclasses import replace

import pytest

from simulator.paths import balance
from simulator.scenario.invariants import check_invariants
from simulator.source import NOWHERE
from simulator.trace import Log
from tests.playing import difference, play

LOOPING = """\
flow:
  do: [Set-OutboundConnector: {Identity: O365 to own servers, Enabled: false}]
  path: Sun -> internet -> ... -> m365 -> LOOP for John
"""
OPEN = """\
flow:
  do: [settings onprem: {Allow Relay: Anyone}]
  path: Bob -> m365 -> onprem -> John
"""
CLEAR = """\
flow:
  do:
    - Set-OutboundConnector: {Identity: O365 to own servers, TlsSettings: null}
    - cert onprem: none
  path: Bob -> m365 -> onprem -> John
"""
PLAIN = "flow:\n  path: Bob -> m365 -> onprem -> John\n"


@pytest.mark.parametrize("word", ["no open relay", "no loop", "nothing lost", "no duplicates", "no clear text"])
def test_an_ordinary_flow_breaks_no_invariant(word: str) -> None:
    assert ("", "", "") == difference(PLAIN, more=f"always: [{word}]")


@pytest.mark.parametrize(
    ("flow", "word", "told"),
    [
        (LOOPING, "no loop", "a loop detector stopped mail for john@contoso.com at m365"),
        (OPEN, "no open relay", "onprem relays for a stranger at 192.0.0.9 who sends as <>"),
        (CLEAR, "no clear text", "m365 -> onprem went in clear text"),
    ],
)
def test_a_broken_invariant_is_told_and_may_be_meant(flow: str, word: str, told: str) -> None:
    assert ("always", word, told) == difference(flow, more=f"always: [{word}]")
    assert ("", "", "") == difference(flow + f"  violates: [{word}]", more=f"always: [{word}]")


def test_a_violation_that_did_not_happen_is_told() -> None:
    assert ("violates", "no loop is violated", "it holds") == difference(PLAIN + "  violates: [no loop]")


TWICE = "flow:\n  faults: [{link: m365 -> onprem, cut: after DATA, times: 1}]\n  path: Bob -> m365 -> onprem -> John\n"


@pytest.mark.parametrize("more", ["", "  violates: no duplicates\n", "  copies: 2\n"])
def test_a_duplicate_that_a_cut_explains_may_be_called_one(more: str) -> None:
    assert ("", "", "") == difference(TWICE + more, more="always: [no duplicates]")


def test_no_duplicate_is_none_when_it_is_meant() -> None:
    assert ("violates", "no duplicates is violated", "it holds") == difference(PLAIN + "  violates: [no duplicates]")


def test_a_list_may_name_every_copy_of_a_duplicate_and_no_more() -> None:
    way = "    - Bob -> m365 -> onprem -> John\n"
    flow = TWICE.replace("path: Bob -> m365 -> onprem -> John\n", "path:\n")
    assert ("", "", "") == difference(flow + way + way)
    assert ["no such copy"] * 2 == [d.got for d in play(flow + way + way + way).differences]


def test_always_of_a_flow_adds_to_that_of_the_file() -> None:
    flow = textwrap.indent("always: [no clear text]\n", "  ")
    assert "always" == difference(CLEAR + flow, more="always: [nothing lost]")[0]


def test_a_copy_without_a_fate_fails_every_flow_and_two_copies_are_told() -> None:
    played = play(PLAIN).played
    log = Log(played.log.begin)
    log.events = [e for e in played.log if e.type != "delivered"]
    delivered = [e for e in played.log if e.type == "delivered"]
    lost = replace(played, log=log, balance=balance(log, []))
    told = [d.got for d in check_invariants({}, {}, lost, list)]
    assert ["accepted 1, delivered 0, bounced 0, queued 0, dropped 0, held 0; without a fate: m-1.2"] == told
    log.events = [*played.log, *delivered]
    twice = replace(played, log=log)
    got = [d.got for d in check_invariants({"no duplicates": NOWHERE}, {}, twice, list)]
    assert ["john@contoso.com got m-1 2 times"] == got


def test_a_copy_that_was_taken_twice_without_a_cut_connection_breaks_the_law() -> None:
    cut = (
        "flow:\n  faults: [{link: m365 -> onprem, cut: after DATA, times: 1}]\n  path: Bob -> m365 -> onprem -> John\n"
    )
    played = play(cut).played
    assert played.balance.holds
    log = Log(played.log.begin)
    log.events = [e for e in played.log if e.type != "fault"]
    twice = replace(played, log=log, balance=balance(log, []))
    told = {d.expected: d.got for d in check_invariants({"no duplicates": NOWHERE}, {}, twice, list)}
    assert "john@contoso.com got m-1 2 times" == told["no duplicates"]
    assert told["nothing lost"].endswith("; taken twice for no reason: m-1.1")
