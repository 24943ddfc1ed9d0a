"""Plays the golden dialogues in `tests/transcripts` against a lab of two tiny hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.live.lab import LiveLab
from simulator.mail.reply import Reply
from simulator.policy.host import Submission
from tests.live.loops import in_loop
from tests.live.tinyhost import START, TinyHost, a_lab, certificate
from tests.live.transcripts import play, read

FILES = sorted((Path(__file__).parent.parent / "transcripts").glob("*.smtp"))
LAB = a_lab(
    TinyHost("east", "east.test", "mx.east.test", submission=Submission(tls=False), keyword_list=("SIZE 100",)),
    TinyHost(
        "west", "west.test", "mx.west.test",
        answers={"full": Reply(452, "4.2.2", "Mailbox full"), "gone": Reply(550, "5.1.1", "Unknown user\nsorry")},
    ),
    certificates={"west": certificate("mx.west.test")},
)  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
@in_loop
async def test_dialogue(path: Path) -> None:
    transcript = read(path)
    assert transcript.proves, f"{path.name} does not say what it proves"
    async with LiveLab(LAB, start=START) as live:
        assert [] == await play(transcript, live), transcript.proves


def test_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.smtp").write_text("# nothing\nC: NOOP\nX: what\n")
    with pytest.raises(ValueError, match=r"x\.smtp:3"):
        read(tmp_path / "x.smtp")


@in_loop
async def test_first_difference_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.smtp").write_text("# nothing\nS: 220 *\nC: NOOP\nS: 250 2.0.0 Fine\n")
    async with LiveLab(LAB, start=START) as live:
        found = await play(read(tmp_path / "x.smtp"), live)
    assert ["line 4: expected '250 2.0.0 Fine', got '250 2.0.0 OK'"] == found
