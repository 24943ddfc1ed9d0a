"""Marks in the change: the lines of GitHub and Azure, their escapes, and never more than ten."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from simulator.report.annotations import marks
from simulator.runner import RunResult, ScenarioResult
from simulator.source import Source
from tests.report.failing import CONNECTOR_OFF, a_run


@pytest.mark.parametrize("service", ["github", "azure"])
def test_what_passes_is_not_marked(service: str) -> None:
    assert [] == marks(a_run(), service)


def test_github_marks_the_setting_with_the_story_and_each_sentence() -> None:
    lines = marks(a_run(CONNECTOR_OFF), "github", "mail")
    assert 4 == len(lines)
    head, _, text = lines[0].removeprefix("::").partition("::")
    assert head.startswith("error file=mail/scenarios/labs/contoso.yaml,line=26,col=18,title=3 flows fail here%3A ")
    assert "%0A      got       Bob -> m365" in text
    assert lines[1].startswith("::error file=mail/scenarios/flows.yaml,line=9,col=")
    assert not any("\n" in line for line in lines)


def test_azure_marks_the_same_places() -> None:
    lines = marks(a_run(CONNECTOR_OFF), "azure")
    assert lines[0].startswith(
        "##vso[task.logissue type=error;sourcepath=scenarios/labs/contoso.yaml;linenumber=26;columnnumber=18;]"
        "3 flows fail here: Bob to John, Sun to John, One mail to both%0AFAIL  Bob to John"
    )
    assert 4 == len(lines)


def many(count: int) -> RunResult:
    run = a_run(CONNECTOR_OFF)
    (scenario,) = run.scenarios
    failed = next(f for f in scenario.flows if f.status == "fail")
    flows = tuple(
        replace(failed, flow=replace(failed.flow, name=f"flow {n}"), differences=(replace(failed.differences[0], at=Source("f.yaml", n, 1)),))
        for n in range(1, count + 1)
    )  # fmt: skip
    return RunResult(run.options, [ScenarioResult(scenario.scenario, flows)])


@pytest.mark.parametrize(("count", "lines", "left"), [(9, 10, 0), (10, 10, 2), (200, 10, 192)])
def test_there_are_never_more_than_ten_and_the_last_says_how_many_are_left(count: int, lines: int, left: int) -> None:
    found = marks(many(count), "github")  # one for the setting, and one for each sentence
    assert lines == len(found)
    told = re.search(r"and (\d+) more", found[-1])
    assert left == (int(told[1]) if told else 0)
    assert ("file=" not in found[-1]) == bool(left)


def test_what_means_something_to_the_service_is_escaped() -> None:
    run = many(1)
    (scenario,) = run.scenarios
    at = Source("50%;x],a:b.yaml", 1, 1)
    flow = replace(scenario.flows[0], differences=(replace(scenario.flows[0].differences[0], at=at, got="100%\r\n]"),))
    result = RunResult(run.options, [ScenarioResult(scenario.scenario, (flow,))])
    assert "file=50%25;x]%2Ca%3Ab.yaml,line=1" in marks(result, "github")[1]
    assert "got      100%25%0D%0A]" in marks(result, "github")[1]
    assert "sourcepath=50%AZP25%3Bx%5D,a:b.yaml;" in marks(result, "azure")[1]
    assert "got      100%AZP25%0D%0A]" in marks(result, "azure")[1]
