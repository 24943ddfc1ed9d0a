"""Any one sentence broken by hand: the flow fails, and the story says where, by which setting, and who else could."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from simulator.files import find_scenarios, load_all
from simulator.report.story import full_name, story
from simulator.runner import Options, Runner
from simulator.scenario.model import Flow, Scenario
from simulator.scenario.sentence import Sentence, parse

SCENARIOS = load_all(find_scenarios([Path(__file__).parent.parent.parent / "scenarios"]))
FLOWS = [
    (s, f) for s in SCENARIOS for f in s.flows
    if f.paths and not f.repeats and not f.back
    if len({p.text for p in f.paths[0]}) == len(f.paths[0])  # the same sentence twice: the other copy fits the broken one
]  # fmt: skip


def another_ending(sentence: Sentence) -> Sentence:
    """The same way with another end."""
    head = sentence.text.rpartition("->")[0].removesuffix(" ")
    head = re.sub(r"\s*-(\[[^\]]*\])?$", "", head)  # the link before the ending
    return parse(f"{head} -> {'HELD *' if sentence.end.word == 'delivered' else sentence.start.text}", sentence.at)


def another_connector(sentence: Sentence) -> Sentence:
    """The last hop with a server over a connector that is not there."""
    last = next(hop for hop in reversed(sentence.hops) if hop.server is not None)
    assert last.server is not None
    *_, place = re.finditer(rf"(?<=> ){re.escape(last.server.text)}(?= -|$)", sentence.text)
    head, tail = sentence.text[: place.start()], sentence.text[place.end() :]
    head = re.sub(r"-(\[[^\]]*\]-)?>\s*$", "", head)
    return parse(f"{head} -[A connector that is not there]-> {last.server.text}{tail}", sentence.at)


def broken(flow: Flow, how: Sentence) -> Flow:
    return replace(
        flow,
        paths=((how, *flow.paths[0][1:]),),
        expectations={k: v for k, v in flow.expectations.items() if k == "until"},
    )


@pytest.mark.parametrize(("scenario", "flow"), FLOWS, ids=[f"{s.name}: {f.name}" for s, f in FLOWS])
@pytest.mark.parametrize("breaks", [another_ending, another_connector])
def test_a_broken_sentence_is_a_story(scenario: Scenario, flow: Flow, breaks: Callable[[Sentence], Sentence]) -> None:
    wrong = replace(scenario, flows=(broken(flow, breaks(flow.paths[0][0])),))
    result = Runner(Options(engine="plan")).run([wrong])
    (failed,) = result.flows()
    told = story(failed)
    assert 1 == result.exit_code
    assert "left the expected path here" in told
    assert f"FAIL  {full_name(failed)}" in told
    why = told[told.index("      why") :]
    assert re.search(r"\.yaml:\d+:\d+", why), told
