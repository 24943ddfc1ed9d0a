"""Where a message spends its time."""

from __future__ import annotations

import pytest

from simulator.report.waterfall import waterfall_json, waterfall_text
from tests.report.tracing import recorded

DOWN = "Sun to John: {path: Sun -> internet -> m365 -> onprem -> John, faults: [{at: onprem, down: 10m}]}"
DEAD = "Sun to John: {path: 'Sun -> internet -> m365 -> NDR for John', faults: [{at: onprem, down: 3d}]}"


@pytest.mark.parametrize("engine", ["plan", "live"])
def test_each_hop_has_a_row_and_the_longest_is_the_wait(engine: str) -> None:
    rows = waterfall_json(recorded(DOWN, engine=engine), "m-1")
    expected = [
        ("internet", "receive"), ("internet", "send to m365"), ("m365", "receive"), ("m365", "send to onprem"),
        ("onprem", "receive"), ("onprem", "deliver"),
    ]  # fmt: skip
    assert expected == [(row["server"], row["what"]) for row in rows]
    (waits,) = [row for row in rows if row["waits"]]
    assert ("m365", "send to onprem") == (waits["server"], waits["what"])
    assert len(waits["waits"]) == len(waits["sessions"]) - 1
    assert waits["waited_s"] > 600
    for before, after in zip(waits["sessions"], waits["sessions"][1:], strict=False):
        assert before[1] <= after[0]


def test_no_hop_begins_before_the_one_that_led_to_it() -> None:
    begins = [
        min(t for pair in row["sessions"] for t in pair)
        for row in waterfall_json(recorded(DOWN), "m-1")
        if row["sessions"]
    ]
    assert begins == sorted(begins)


def test_the_wait_is_drawn_and_said() -> None:
    text = waterfall_text(recorded(DOWN), "m-1", 100)
    (line,) = [line for line in text.splitlines() if "send to onprem" in line]
    assert "#..." in line
    assert line.endswith("#  2 attempts, waited 15 min")
    assert "15 min" == text.splitlines()[-1].split("  ")[-1].strip()


def test_mail_that_is_given_up_ends_with_its_return() -> None:
    rows = waterfall_json(recorded(DEAD), "m-1")
    assert ("m365", "return") == (rows[-1]["server"], rows[-1]["what"])
    assert "failed at CONNECT" == rows[-2]["note"]


def test_mail_that_still_waits_says_so() -> None:
    rows = waterfall_json(
        recorded(DEAD.replace("NDR for", "DEFERRED for").replace("faults", "until: 2h, faults")), "m-1"
    )
    assert "still waits" == rows[-1]["note"]


@pytest.mark.parametrize("width", [1, 60, 80, 200])
def test_it_fits_the_terminal_as_far_as_that_is_possible(width: int) -> None:
    lines = waterfall_text(recorded(DOWN), "", width).splitlines()
    assert max(map(len, lines)) <= max(width, 84)
