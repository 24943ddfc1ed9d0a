"""`--fix`: edits made in the text of files, everything else left as it was typed.

An edit is made only where its old text still stands at its place, and only one at a place: what two findings ask of one
value is left to the next time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from simulator.findings import Edit, Finding

__all__ = ["mended"]


def mended(findings: Iterable[Finding], texts: Mapping[str, str]) -> tuple[dict[str, str], list[Finding]]:
    """The files that change, by name, and the findings that this mends."""
    lines = {name: text.splitlines(keepends=True) for name, text in texts.items()}
    done: list[Finding] = []
    taken: set[tuple[str, int]] = set()
    ordered = sorted(
        (f for f in findings if f.edits), key=lambda f: (f.edits[0].at.line, f.edits[0].at.column), reverse=True
    )
    for finding in ordered:
        places = {(edit.at.file, edit.at.line) for edit in finding.edits}
        if taken & places or not all(_stands(edit, lines) for edit in finding.edits):
            continue
        taken |= places
        for edit in finding.edits:
            _make(edit, lines[edit.at.file])
        done.append(finding)
    changed = {name: "".join(new) for name, new in lines.items() if "".join(new) != texts[name]}
    return changed, sorted(done, key=lambda f: f.at)


def _stands(edit: Edit, lines: Mapping[str, list[str]]) -> bool:
    text = lines.get(edit.at.file, [])
    if not 0 < edit.at.line <= len(text):
        return False
    return text[edit.at.line - 1].startswith(edit.old, edit.at.column - 1)


def _make(edit: Edit, lines: list[str]) -> None:
    line, begin = lines[edit.at.line - 1], edit.at.column - 1
    before, rest = line[:begin], line[begin:]
    if not edit.entry:
        lines[edit.at.line - 1] = before + edit.new + rest[len(edit.old) :]
    elif before.strip():  # within braces
        lines[edit.at.line - 1] = f"{before}{edit.entry}, {rest}"
    else:
        end = "\r\n" if line.endswith("\r\n") else "\n"
        lines[edit.at.line - 1] = f"{before}{edit.entry}{end}{line}"
