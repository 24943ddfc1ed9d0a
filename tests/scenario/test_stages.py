"""Stages: what one leaves is there in the next, `still` repeats sentences, mail in flight keeps its own fate."""

from __future__ import annotations

import pytest

from simulator.runner import Options, Runner
from simulator.scenario.scenario import load_scenario
from tests.playing import CONTOSO

STAGES = """\
scenario: stages
lab: lab.yaml
stages:
  - stage: before
    flows:
      Bob to John: {path: "Bob -> m365 -[O365 to own servers]-> onprem -> John", retries: 0}
  - stage: the own server is down
    do:
      - stop: onprem
    flows:
      while it is down: {path: "Bob -> m365 -> DEFERRED for John", send: {from: Bob, to: John}}
  - stage: the own server is back, and it greylists
    do:
      - start: onprem
      - settings onprem: {Domains: {contoso.com: {Enable Greylisting: true}}}
    still: [Bob to John]
    flows:
      fresh mail: {path: "Sun -> internet -> m365 -> onprem -> John", copies: 1, retries: 1..4, within: 2h}
"""


@pytest.mark.parametrize("engine", ["plan", "both"])
def test_stages_are_played_one_after_the_other(engine: str) -> None:
    files = {"stages.yaml": STAGES, "lab.yaml": CONTOSO}
    result = Runner(Options(engine=engine)).run([load_scenario(files.__getitem__, "stages.yaml")])
    assert [] == [(f.flow.name, d) for f in result.flows() for d in f.differences]
    assert ["before", "the own server is down", "the own server is back, and it greylists"] == list(
        dict.fromkeys(f.flow.stage for f in result.flows())
    )
    repeated = [f.flow for f in result.flows() if f.flow.repeats]
    assert [("Bob to John", {})] == [(f.name, dict(f.expectations)) for f in repeated]
