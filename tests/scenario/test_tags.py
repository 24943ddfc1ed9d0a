"""Tags: a flow has its own, those of its stage and those of its file, and -k finds it by them."""

from __future__ import annotations

import pytest

from simulator.runner import selected
from simulator.scenario.errors import ScenarioError
from simulator.scenario.scenario import Scenario, load_scenario

LAB = """\
mailflow: 1
name: two
people: {Ann: ann@west.test at west, Ben: ben@east.test at east}
servers:
  west: {is: internet, fqdn: mx.west.test, ip: 198.51.100.1}
  east: {is: internet, fqdn: mx.east.test, ip: 198.51.100.2}
dns:
  west.test: {MX: [10 mx.west.test]}
  east.test: {MX: [10 mx.east.test]}
"""

TAGGED = """\
scenario: tags
lab: lab.yaml
tags: [smoke]
flows:
  plain: Ann -> west -> east -> Ben
  marked:
    tags: [slow, smoke]
    path: Ann -> west -> east -> Ben
stages:
  - stage: first
    tags: cut-over
    flows:
      staged: {tags: mx, path: Ann -> west -> east -> Ben}
  - stage: second
    still: [staged]
"""


def scenario(text: str) -> Scenario:
    return load_scenario({"tags.yaml": text, "lab.yaml": LAB}.__getitem__, "tags.yaml")


def test_a_flow_has_the_tags_of_file_stage_and_its_own_once_each() -> None:
    tags = [(f.stage, f.name, f.tags) for f in scenario(TAGGED).flows]
    assert [
        (None, "plain", ("smoke",)),
        (None, "marked", ("smoke", "slow")),
        ("first", "staged", ("smoke", "cut-over", "mx")),
        ("second", "staged", ("smoke", "mx")),
    ] == tags


def test_k_selects_by_tag() -> None:
    read = scenario(TAGGED)
    assert ["marked"] == [f.name for f in read.flows if selected("slow", read, f)]
    assert 4 == len([f for f in read.flows if selected("smoke", read, f)])


@pytest.mark.parametrize("tag", ["two words", "1st", "a/b", "-x", "[a, [b]]"])
def test_what_pytest_could_not_take_for_a_marker_is_no_tag(tag: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        scenario(TAGGED.replace("[smoke]", tag))
    assert "cannot be a tag" in str(caught.value)
