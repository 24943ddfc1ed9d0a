"""A page of documentation as what can be run: its commands and blocks, in order, with what the page says about them.

<!-- commands begin in an empty folder -->            or: in a folder with the scenarios (as a page does
                                                          that says nothing), in a folder with a scenario, in another
                                                          test: FILE (which runs them)
<!-- flows of LAB -->            the block after it is `flows:` of that lab
<!-- ..., saved as FILE -->      it is saved, and the commands use it
<!-- not run: REASON -->         the block after it is not run, and counted
<!-- a recipe: WHERE -->         another test runs it
mailflow run # exit 1            four blanks before it; ends with that exit code
mailflow up # until Ctrl-C       not run
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Item", "items_of", "pages"]

ROOT = Path(__file__).parent.parent.parent

_FENCE = re.compile(r"^ *```(\w*)$")
_MARK = re.compile(r"^ *<!-- (.+?) -->$")
_COMMAND = re.compile(r"^ {4}(?:\.venv/bin/)?(mailflow .+?)(?:\s+#\s*(.*))?$")
_MARKS = ("commands begin in ", "flows of ", "a scenario", "not run: ", "a recipe: ")


@dataclass(frozen=True)
class Item:
    """`kind` is folder, command, or the language of a block. `note` is what the page says of it."""

    kind: str
    text: str
    line: int
    note: str = ""


def pages() -> list[str]:
    return ["README.md", *sorted(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]


def items_of(page: str) -> list[Item]:
    """Raises `ValueError` for a mark that nothing understands, so that a misspelt one is no licence to skip."""
    found: list[Item] = []
    mark, block, language, begun = "", list[str](), "", 0
    for number, line in enumerate((ROOT / page).read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if begun:
            if fence:
                found.append(Item(language or "text", "\n".join(block) + "\n", begun, mark))
                mark, block, begun = "", [], 0
            else:
                block.append(line)
        elif fence:
            language, begun = fence[1], number
        elif told := _MARK.match(line):
            if not told[1].startswith(_MARKS):
                raise ValueError(f"{page}:{number}: nobody knows what {told[1]!r} means")
            if told[1].startswith("commands begin in "):
                found.append(Item("folder", told[1].removeprefix("commands begin in "), number))
            else:
                mark = told[1]
        elif command := _COMMAND.match(line):
            found.append(Item("command", command[1], number, command[2] or ""))
    return found
