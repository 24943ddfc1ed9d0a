"""Where two outlines part: said with the fields that differ, so that a disagreement of policy and wire can be mended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from simulator.plan.compare import first_difference
from simulator.source import Source
from simulator.trace import Log

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def a_log(**fields: object) -> Log:
    log = Log(NOON)
    facts = {"host": "m365", "msg": "m-1", "hop": 1, "because": "R-1", **fields}
    log.add("kept", now=NOON + timedelta(seconds=1), **facts)  # type: ignore[arg-type]
    return log


def test_equal_logs_agree() -> None:
    assert "" == first_difference(a_log(codes="450"), a_log(codes="450"))


def test_a_list_and_a_tuple_are_told_the_same_way() -> None:
    assert "" == first_difference(a_log(names=["a", "b"]), a_log(names=("a", "b")))


def test_wire_events_are_left_out() -> None:
    live = a_log(codes="450")
    live.add("smtp.line", now=NOON, host="m365", line="QUIT")
    assert "" == first_difference(a_log(codes="450"), live)


def test_the_fields_that_differ_are_named() -> None:
    told = first_difference(a_log(codes="450", rcpt="bob"), a_log(codes="421", rcpt="bob"))
    assert "event 1: planned kept at m365 codes='450'; live kept at m365 codes='421'" == told


def test_another_rule_setting_or_hop_is_named() -> None:
    told = first_difference(a_log(), a_log(because="R-2", at=Source("a.yaml", 1, 2), hop=2))
    planned, live = told.split("; live ")
    assert "event 1: planned kept at m365 because='R-1' at='(default)' m-1 hop 1" == planned
    assert "kept at m365 because='R-2' at='a.yaml:1:2' m-1 hop 2" == live


def test_an_event_too_many_is_named() -> None:
    assert "event 1: planned nothing more; live kept at m365 (m-1 hop 1)" == first_difference(Log(NOON), a_log())
