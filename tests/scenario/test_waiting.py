"""Mail time in steps and changes while mail waits: what a flow plays when, and what of it is left behind."""

from __future__ import annotations

from datetime import timedelta

import pytest

from simulator.paths import Ending
from simulator.runner import FlowResult
from tests.playing import play, run
from tests.scenario.labs import flow_of, scenario_errors

WAY = "Sun -> internet -> m365 -> onprem -> John"


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def ended(result: FlowResult) -> Ending:
    (found,) = result.played.endings
    return found


def test_later_changes_come_in_the_order_of_their_times_each_on_the_one_before() -> None:
    flow = flow_of("""\
flows:
  x:
    path: Bob -> m365 -> Bob
    later:
      - {after: 1h, do: [{start: internet}]}
      - {after: 10m, do: [{stop: [onprem, internet]}, {wait: 20m}, {start: onprem}]}
""")
    down = [(change.after, set(change.lab.down)) for change in flow.later]
    assert [(minutes(10), {"onprem", "internet"}), (minutes(30), {"internet"}), (minutes(60), set())] == down
    assert set() == flow.lab.down


@pytest.mark.parametrize(
    ("later", "error"),
    [
        ("soon", "2:46 later is a list. | Write  - {after: 10m, do: [...]}"),
        ("[{do: []}]", "2:47 a later change says when and what. | Write  - {after: 10m, do: [...]}"),
        ("[{after: soon, do: []}]", "2:55 after: 'soon' is not a span of time; write 30s, 10m, 22h30m or 60d."),
        ("[{after: 1m, od: []}]", "2:59 unknown key od in later. | Known: after, do"),
        ("[{after: 1m, do: [{stop: onprm}]}]", '2:71 no server "onprm" in the lab. | Did you mean onprem?'),
    ],
)
def test_what_is_wrong_with_a_later_change_is_said(later: str, error: str) -> None:
    assert error in scenario_errors(f"flows: {{x: {{path: Bob -> m365 -> Bob, later: {later}}}}}")


@pytest.mark.parametrize("engine", ["plan", "live"])
def test_mail_that_is_on_its_way_goes_on_by_the_changed_lab(engine: str) -> None:
    result = play(
        f"x: {{do: [{{stop: onprem}}], later: [{{after: 1h, do: [{{start: onprem}}]}}], path: {WAY}}}", engine=engine
    )
    assert [] == list(result.differences)
    assert 3600 <= ended(result).event.t < 2 * 3600
    assert 3 == len(result.played.log.of("kept"))  # nobody was there at 0, 15 and 37.5 minutes; at 71 he was


def test_a_change_that_nobody_waits_for_is_not_waited_for() -> None:
    result = play(f"x: {{later: [{{after: 20d, do: [{{stop: onprem}}]}}], path: {WAY}}}")
    assert [] == list(result.differences)
    assert result.played.took < minutes(1)


def test_time_passes_before_a_flow_that_waits() -> None:
    result = play(f"x: {{do: [{{wait: 30m}}], path: {WAY}, not before: 30m, within: 31m}}")
    assert [] == list(result.differences)


def test_the_lab_of_a_wait_is_that_of_its_step() -> None:
    steps = "[{fault: {at: onprem, down: 10m}}, {wait: 11m}]"
    assert [] == list(play(f"x: {{do: {steps}, path: {WAY}, retries: 0}}").differences)
    steps = "[{wait: 11m}, {fault: {at: onprem, down: 10m}}]"
    assert [] == list(play(f"x: {{do: {steps}, path: {WAY}, retries: 1}}").differences)


STAGES = """\
stages:
  - stage: out of order
    do: [{stop: onprem}]
    flows:
      Sun writes: Sun -> internet -> m365 -> DEFERRED 450 4.4.316 for John
  - stage: mended
    do: [{wait: 6h}, {start: onprem}, {wait: 2h}]
    flows:
      Sun writes again: {path: Sun -> internet -> m365 -> onprem -> John, not before: 8h, within: 9h}
      and again: {path: Sun -> internet -> m365 -> onprem -> John, within: 1m}
"""


@pytest.mark.parametrize("engine", ["plan", "live"])
def test_a_stage_waits_once_and_the_queue_of_the_one_before_is_worked_off(engine: str) -> None:
    result = run("{}", more=STAGES, engine=engine)
    first, second, third = result.flows()
    assert [[], [], []] == [list(f.differences) for f in (first, second, third)]
    delivered = [e.msg for e in second.played.log.of("delivered") if e.host == "onprem"]
    assert [first.played.messages[0], second.played.messages[0]] == delivered


@pytest.mark.parametrize("engine", ["plan", "live"])
def test_mail_at_a_server_that_is_switched_off_stays_there(engine: str) -> None:
    stages = """\
stages:
  - stage: John writes while nobody is there
    do: [{stop: m365}]
    flows: {John writes: John -> onprem -> DEFERRED for Bob}
  - stage: his server is off too
    do: [{stop: onprem}, {start: m365}, {wait: 4h}]
    flows: {Bob writes: Bob -> m365 -> DEFERRED for John}
  - stage: it is back
    do: [{start: onprem}, {wait: 1d}]
    flows: {Sun writes: Sun -> internet -> m365 -> Bob}
"""
    first, second, third = run("{}", more=stages, engine=engine).flows()
    mine = first.played.messages[0]
    assert [] == [e for e in second.played.log if e.msg == mine]
    assert ["delivered"] == [e.type for e in third.played.log if e.msg == mine and e.type in ("delivered", "bounced")]


def test_of_several_messages_the_last_one_says_when_it_is_settled() -> None:
    flow = (
        "x:\n  faults: [{at: onprem, reply: 451 4.3.0 later, to: MAIL, from: 1h, for: 1h}]\n"
        "  send:\n    - {from: Bob, to: John}\n    - {from: Bob, to: John, after: 70m}\n"
        "  path: [Bob -> m365 -> onprem -> John, Bob -> m365 -> onprem -> John]\n"
    )
    assert [[], ["not before"]] == [[d.key for d in play(f"{flow}  not before: {t}").differences] for t in ("2h", "6h")]
