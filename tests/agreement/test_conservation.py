"""The conservation law finds what it is for: hosts that lose mail or send it twice without saying so, on both engines.

No host of the project does that, so here stands one that does, in front of a real one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from simulator.files import read_text
from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome
from simulator.policy.host import Held, Host
from simulator.policy.moment import Moment
from simulator.policy.route import Fate, HandedOn, Keep, Relay
from simulator.report.run_json import run_document
from simulator.report.run_text import failures, summary
from simulator.runner import Options, Runner, RunResult
from simulator.scenario.scenario import load_scenario

TEXT = """\
scenario: conservation
lab: scenarios/labs/contoso.yaml
flows:
  Bob to Sun: {path: Bob -> m365 -> internet -> Sun, copies: 1..2, faults: [FAULT]}
"""
ENGINES = ["plan", "live"]

Changes = Callable[[Host, Held, Relay, Outcome, int, Moment], Mapping[Address, Fate]]


@dataclass(frozen=True)
class Odd:
    """A host as it is, but for what it makes of an attempt."""

    inner: Host
    changes: Changes

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def after_attempt(
        self, held: Held, relay: Relay, outcome: Outcome, attempts: int, at: Moment
    ) -> Mapping[Address, Fate]:
        return self.changes(self.inner, held, relay, outcome, attempts, at)


def played(engine: str, changes: Changes | None = None, fault: str = "") -> RunResult:
    """Bob writes to Sun, and m365 has a way of its own with what the next host said."""
    text = TEXT.replace("FAULT", fault)
    scenario = load_scenario(lambda name: text if name == "x.yaml" else read_text(name), "x.yaml")
    (flow,) = scenario.flows
    if changes:
        odd: Any = Odd(flow.lab.hosts["m365"], changes)
        flow = replace(flow, lab=replace(flow.lab, hosts={**flow.lab.hosts, "m365": odd}))
    return Runner(Options(engine=engine)).run([replace(scenario, flows=(flow,))])


def believes_anything(
    host: Host, held: Held, relay: Relay, outcome: Outcome, attempts: int, at: Moment
) -> Mapping[Address, Fate]:
    """Takes a refusal for a yes: the message is nowhere, and nobody is told."""
    return {recipient: HandedOn(Reply(250, "2.0.0", "gone")) for recipient in held.recipients}


def does_not_listen(
    host: Host, held: Held, relay: Relay, outcome: Outcome, attempts: int, at: Moment
) -> Mapping[Address, Fate]:
    """Sends once more what has been taken."""
    usual = host.after_attempt(held, relay, outcome, attempts, at)
    if attempts > 1:
        return usual
    return {recipient: Keep(Reply(451, "4.4.0", "what?"), at.now.replace(hour=at.now.hour + 1)) for recipient in usual}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_host_that_loses_mail_fails_the_run_and_the_message_is_named(engine: str) -> None:
    result = played(engine, believes_anything, "{at: internet, reply: 451 4.3.0 not now, to: RCPT}")
    (flow,) = result.flows()
    assert (1, ("m-1.1",)) == (result.exit_code, flow.played.balance.lost)
    assert "nothing lost" in [d.expected for d in flow.differences]
    assert "m-1.1" in failures(result)
    assert "WITHOUT A FATE: m-1.1" in summary(result, 0.0)
    assert "violated" == run_document(result)["invariants"]["nothing lost"]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_host_loses_nothing_while_nothing_goes_wrong(engine: str) -> None:
    assert 0 == played(engine, believes_anything, "{at: internet, slow: 1s}").exit_code


@pytest.mark.parametrize("engine", ENGINES)
def test_a_duplicate_that_no_cut_explains_fails_the_run_and_the_message_is_named(engine: str) -> None:
    result = played(engine, does_not_listen, "{at: internet, slow: 1s}")
    (flow,) = result.flows()
    assert (1, ("m-1.1",), 1) == (result.exit_code, flow.played.balance.unexplained, flow.played.balance.duplicated)
    assert "1 of them duplicate; TAKEN TWICE FOR NO REASON: m-1.1" in summary(result, 0.0)
    assert "m-1.1" in failures(result)
    assert "violated" == run_document(result)["invariants"]["nothing lost"]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_duplicate_after_a_cut_behind_the_final_dot_is_counted_and_explained(engine: str) -> None:
    result = played(engine, None, "{at: internet, cut: after END, times: 1}")
    (flow,) = result.flows()
    assert (0, (), 1) == (result.exit_code, flow.played.balance.unexplained, flow.played.balance.duplicated)
    assert "1 of them duplicate after a cut connection" in summary(result, 0.0)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_duplicate_after_a_reply_that_nobody_waited_for_is_counted_and_explained(engine: str) -> None:
    result = played(engine, None, "{at: internet, slow: 20m, to: END, times: 1}")
    (flow,) = result.flows()
    assert (0, (), 1) == (result.exit_code, flow.played.balance.unexplained, flow.played.balance.duplicated)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("cut", ["before END", "during DATA", "after RCPT", "before MAIL"])
def test_a_cut_before_the_final_dot_explains_no_duplicate_and_makes_none(engine: str, cut: str) -> None:
    result = played(engine, None, f"{{at: internet, cut: {cut}, times: 1}}")
    assert (0, [0]) == (result.exit_code, [flow.played.balance.duplicated for flow in result.flows()])


@pytest.mark.parametrize("engine", ENGINES)
def test_one_cut_explains_one_duplicate_and_not_two(engine: str) -> None:
    def thrice(
        host: Host, held: Held, relay: Relay, outcome: Outcome, attempts: int, at: Moment
    ) -> Mapping[Address, Fate]:
        usual = host.after_attempt(held, relay, outcome, attempts, at)
        if attempts != 2:
            return usual
        return {one: Keep(Reply(451, "4.4.0", "what?"), at.now.replace(hour=at.now.hour + 1)) for one in usual}

    result = played(engine, thrice, "{at: internet, cut: after END, times: 1}")
    (flow,) = result.flows()
    assert (1, ("m-1.1",), 2) == (result.exit_code, flow.played.balance.unexplained, flow.played.balance.duplicated)
