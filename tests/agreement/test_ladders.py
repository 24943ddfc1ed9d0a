"""A next host that is dead for longer than anybody waits: each product tries as its ladder says, then reports."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest

from simulator.files import read_text
from simulator.policy.retry import Ladder
from simulator.runner import FlowResult, Options, Runner
from simulator.scenario.scenario import load_scenario

LABS = Path(__file__).parent.parent.parent / "scenarios" / "labs"
SLACK = 60.0  # seconds: an attempt takes mail time itself, and the waits between them count from its end


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def played(lab: str, sender: str, to: str, dead: str, do: str = "[]") -> FlowResult:
    text = (
        f"lab: {LABS / lab}.yaml\nflows:\n  x:\n    faults: [{{at: {dead}, down: 30d}}]\n    do: {do}\n"
        f"    send: {{from: {sender}, to: {to}}}\n    copies: 0\n"
    )
    scenario = load_scenario(lambda name: text if name == "x.yaml" else read_text(name), "x.yaml")
    (result,) = Runner(Options()).run([scenario]).flows()
    return result


@pytest.mark.parametrize(
    ("lab", "sender", "to", "dead", "holder", "ladder", "code"),
    [
        ("contoso", "Bob", "John", "onprem", "m365",
         Ladder.growing(minutes(15), 1.5, most=minutes(60), expires=timedelta(hours=24)), "550 5.4.316"),
        ("contoso", "John", "Sun", "m365", "onprem", None, "554"),
        ("contoso", "Sun", "Bob", "m365", "internet", None, None),
        ("gateway", "Sun", "Bob", "m365", "gateway",
         Ladder.growing(minutes(15), 1.5, most=timedelta(hours=6), expires=timedelta(days=4)), None),
    ],
)  # fmt: skip
def test_every_attempt_is_made_when_the_ladder_says_and_then_the_sender_is_told(
    lab: str, sender: str, to: str, dead: str, holder: str, ladder: Ladder | None, code: str | None
) -> None:
    began = time.perf_counter()
    result = played(lab, sender, to, dead)
    wall = time.perf_counter() - began
    assert [] == [d for d in result.differences if d.key != "copies"]
    log = result.played.log
    tried = [e.t for e in log.of("attempt") if e.host == holder and e.msg == "m-1"]
    own = ladder or result.flow.lab.hosts[holder].ladder  # type: ignore[attr-defined]
    planned = [(at - log.begin).total_seconds() for at in own.times(log.begin)]
    assert len(planned) == len(tried)
    assert all(abs(a - b) < SLACK for a, b in zip(planned, tried, strict=True))
    (ending,) = result.played.endings
    assert ("NDR", holder) == (ending.path.end.word, ending.path.legs[-1].server)
    assert code is None or code == ending.path.end.code
    assert sender == ending.path.end.to
    assert wall < 2


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", [0, 15, 45, 105, 195]),
        ("Retry Intervals: [10, 10, 10, 1440]", [0, 10, 20, 30, 1470]),
        ("Retry Intervals: [5]", [0, 5]),
    ],
)  # fmt: skip
def test_smartermail_tries_as_its_list_of_intervals_says(settings: str, expected: list[int]) -> None:
    do = f"[{{settings onprem: {{{settings}}}}}]" if settings else "[]"
    log = played("contoso", "John", "Sun", "m365", do).played.log
    tried = [e.t / 60 for e in log.of("attempt") if e.host == "onprem" and e.msg == "m-1"]
    assert expected == [round(at - tried[0]) for at in tried]
