"""A log that grows is read once: what became of each message is the same as when all is read together."""

from __future__ import annotations

from simulator.live.by_message import ByMessage
from simulator.paths import endings
from simulator.trace import Log
from tests.playing import play


def test_each_message_ends_as_it_does_in_the_whole_log() -> None:
    played = play(
        "One mail to both:\n  send: [{from: Sun, to: [Bob, John]}, {from: Bob, to: Sun}]\n  path: [...]"
    ).played
    growing = Log(played.log.begin)
    mail = ByMessage(growing)
    assert [] == mail.news()
    seen: list[str] = []
    for event in played.log:
        growing.events.append(event)
        seen += mail.news()
    assert ["m-1", "m-2"] == list(dict.fromkeys(seen))
    assert [] == mail.news()
    expected = endings(played.log, played.lab)
    assert 3 == len(expected)
    assert expected == [end for msg in ("m-1", "m-2") for end in mail.endings(msg, played.lab)]
    assert [] == mail.endings("m-9", played.lab)
