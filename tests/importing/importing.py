"""Files of an import, and the lab that comes of them."""

from __future__ import annotations

from pathlib import Path

from simulator.importing.assembling import Assembled, assemble
from simulator.importing.found import Found, Note
from simulator.importing.reading import read_file
from simulator.importing.sorting import sort_records
from simulator.source import ProblemList

__all__ = ["FILES", "imported", "notes", "read"]

FILES = Path(__file__).parent / "files"


def read(*texts: tuple[str, str]) -> Found:
    """What some files hold, each a name and a text."""
    found, problems = Found(), ProblemList()
    for name, text in texts:
        read_file(text, name, found, problems)
    assert [] == problems.errors
    return found


def imported(*files: str | tuple[str, str], own: str = "") -> tuple[Assembled, Found]:
    """The lab of some fixtures (by name) or texts (name and text)."""
    texts = [(f, (FILES / f).read_text(encoding="utf-8")) if isinstance(f, str) else f for f in files]
    found = read(*texts)
    made = assemble(
        sort_records(found), found, name="lab", file="labs/lab.yaml", sources=[name for name, _ in texts], own=own
    )
    return made, found


def notes(found: Found, kind: str) -> list[Note]:
    return [note for note in found.notes if note.kind == kind]
