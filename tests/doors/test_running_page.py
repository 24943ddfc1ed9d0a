"""docs/running.md: its commands run in their order against the lab that its first one starts, and its table is the truth."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from simulator.control import LONGEST, OPERATIONS
from tests.doors.kept import kept
from tests.doors.projects import ROOT, a_project

PAGE = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
MESSAGE = "From: <bob@contoso.com>\nSubject: a file\nMessage-ID: <1@contoso.com>\n\nHello.\n"


def test_the_commands_of_the_page_run(tmp_path: Path) -> None:
    first, *commands = [shlex.split(line)[1:] for line in re.findall(r"^ {4}(mailflow .+)$", PAGE, re.M)]
    assert ("up", "--lab", "scenarios/labs/contoso.yaml") == tuple(first)
    assert {"send", "trace", "break", "clock"} == {command[0] for command in commands}
    (tmp_path / "message.eml").write_text(MESSAGE, encoding="utf-8")
    with kept(a_project(tmp_path), "--clock", "manual") as up:
        for command in commands:
            if command == ["clock", "next"]:  # something must wait for it
                up.said("break", "onprem", "down", "1h")
                assert 1 == up.called("send", "--from", "Bob", "--to", "John")[0]
            up.said(*command)


def test_the_table_of_the_page_has_every_operation_with_its_parameters() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \| (.*?) ?\|$", PAGE, re.M)
    assert {name: set(op.parameters) for name, op in OPERATIONS.items()} == {
        name: set(re.findall(r"`(\w+)`", told)) for name, told in rows
    }
    assert 2**20 == LONGEST


def test_the_page_is_found_from_the_other_pages() -> None:
    assert "running.md" in (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
