"""Mail time passes at every hop: with a second or more the stamps of the hops all differ, in both engines alike."""

from __future__ import annotations

import email
from email.utils import parsedate_to_datetime

from simulator.files import read_text
from simulator.runner import Options, Runner
from simulator.scenario.scenario import load_scenario

TEXT = """\
scenario: stamps
lab: scenarios/labs/contoso.yaml
given: {hop latency: 2s}
flows:
  John to Sun: John -> onprem -[own servers to O365]-> m365 -> internet -> Sun
"""


def test_no_two_hops_have_the_same_stamp() -> None:
    scenario = load_scenario(lambda name: TEXT if name == "x.yaml" else read_text(name), "x.yaml")
    (flow,) = Runner(Options()).run([scenario]).flows()
    assert "pass" == flow.status
    assert flow.live is not None
    message = email.message_from_bytes(flow.live.deliveries[-1].message.content)
    stamps = [parsedate_to_datetime(line.rpartition(";")[2].strip()) for line in message.get_all("Received", [])]
    assert sorted(stamps, reverse=True) == stamps, "newest first"
    assert [2, 2] == [(a - b).seconds for a, b in zip(sorted({*stamps})[1:], sorted({*stamps}), strict=False)]
