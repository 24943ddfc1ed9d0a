"""An event log as a file: what is written is read again, and what is none is said to be none."""

from __future__ import annotations

import json

import pytest

from simulator.report.record import NoLog, Record, record_text
from tests.playing import play

PLAYED = play("A: Bob -> m365 -> onprem -> John", engine="live").played
TEXT = record_text(PLAYED.lab, PLAYED.log)


def test_the_first_line_says_which_lab_it_was() -> None:
    head = json.loads(TEXT.splitlines()[0])
    assert (0, "lab", "mailflow/events/1", "contoso-hybrid") == (head["seq"], head["type"], head["schema"], head["lab"])
    assert {"m365": True, "onprem": False, "internet": False} == {n: s["trace"] for n, s in head["servers"].items()}


def test_what_was_written_is_read_again() -> None:
    record = Record.read(TEXT)
    assert PLAYED.log.begin == record.begin
    assert [(e.seq, e.type, e.host, str(e.at)) for e in PLAYED.log] == [
        (e.seq, e.type, e.host, str(e.at)) for e in record.events
    ]
    lines = TEXT.splitlines()[1:]
    assert [json.loads(line) for line in lines] == [e.as_json() for e in record.events]


@pytest.mark.parametrize(
    "text", ["", "{}", "not json", "[1]", '{"type": "lab"}', TEXT.split("\n", 1)[1], TEXT.replace('"seq": 1,', "")]
)
def test_what_is_no_log_is_refused(text: str) -> None:
    with pytest.raises(NoLog):
        Record.read(text)
