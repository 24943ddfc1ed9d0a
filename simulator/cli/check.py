"""`mailflow check`: what is odd about labs and scenarios, without running them."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

import click

from simulator.check.looking import Looked, look
from simulator.check.mending import mended
from simulator.check.page import every_kind, explained, page
from simulator.cli.writing import replace_file, write_file
from simulator.files import NothingFound, read_text, shortest
from simulator.findings import Finding
from simulator.keyring import KEYRING
from simulator.scenario.errors import ScenarioError, near_miss
from simulator.source import Problem, Source

__all__ = ["check"]

_DEFAULTS = (Path("scenarios"), Path("labs"))
_COLORS = {"error": "red", "warning": "yellow", "note": None}


@click.command(short_help="Findings about labs and scenarios, without running them.")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option("--fix", "fixing", is_flag=True, help="Make the changes that are safe, in the files; comments are kept.")
@click.option("--explain", "explain", metavar="ID", help="What a finding means, how it comes and what to do.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--sarif", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="SARIF, for code review."
)
@click.option("--markdown", is_flag=True, help="Every finding there is, as a page (docs/findings.md).")
def check(
    paths: tuple[Path, ...], fixing: bool, explain: str | None, strict: bool, as_json: bool, sarif: Path | None, markdown: bool
) -> int:  # fmt: skip
    """Say what is odd about labs and scenarios, and what will come of it. Nothing is sent and no socket is opened.

    PATH is a lab, a scenario or a folder; without it everything below scenarios and labs. A scenario's lab is looked at as
    the file's own changes leave it, and as each stage leaves it.

    \b
    mailflow check
    mailflow check labs/contoso.yaml --fix
    mailflow check --explain MF012
    mailflow check --json > findings.json

    Exit code 3 when there are errors (with --strict also when there are warnings), otherwise 0.
    """
    if markdown:
        click.echo(page())
        return 0
    if explain is not None:
        _explain(explain)
        return 0
    try:
        files = _files(paths)
    except NothingFound as nothing:
        click.echo(f"mailflow: {nothing}", err=True)
        return 5
    looked = look(read_text, files, keys=KEYRING)
    if fixing:
        done = _fix(looked.findings)
        looked = look(read_text, files, keys=KEYRING) if done else looked
    if sarif:
        _write_sarif(looked, sarif)
    if as_json:
        click.echo(json.dumps(_json(looked), indent=2, ensure_ascii=True))
    else:
        _print(looked)
    bad = looked.count("error") + (looked.count("warning") if strict else 0)
    return 3 if bad else 0


def _files(paths: Sequence[Path]) -> list[str]:
    """Labs and scenarios of the paths. Raises `NothingFound`, or `ScenarioError` for a path that is not there."""
    found: list[str] = []
    for path in paths or [p for p in _DEFAULTS if p.is_dir()]:
        if path.is_dir():
            found += [shortest(p) for p in sorted(path.rglob("*")) if p.suffix in (".yaml", ".yml")]
        elif path.exists():
            found.append(shortest(path))
        else:
            raise ScenarioError(Problem(Source(path.as_posix(), 1, 1), "there is no such file or folder"))
    if not found:
        raise NothingFound("there is no lab and no scenario here; name a file or folder")
    return list(dict.fromkeys(found))


def _explain(id: str) -> None:
    kinds = {kind.id: kind for kind in every_kind()}
    found = kinds.get(id.strip().upper())
    if found is None:
        raise click.UsageError(
            f"there is no finding {id!r}.{near_miss(id.upper(), kinds)} All are in docs/findings.md."
        )
    click.echo(explained(found))


def _fix(findings: Iterable[Finding]) -> bool:
    fixable = [f for f in findings if f.edits]
    # As they are on the disk: line ends and a byte order mark stay what they were.
    names = {edit.at.file for f in fixable for edit in f.edits}
    texts: dict[str, str] = {}
    for name in names:
        try:
            with Path(name).open(encoding="utf-8", newline="") as file:
                texts[name] = file.read()
        except (OSError, UnicodeDecodeError):
            click.echo(f"{name} cannot be changed here; it is left as it is", err=True)
    changed, done = mended([f for f in fixable if {e.at.file for e in f.edits} <= set(texts)], texts)
    for name, text in changed.items():
        replace_file(Path(name), text.encode("utf-8"))
    for finding in done:
        edit = finding.edits[0]
        what = f"added {edit.entry}" if edit.entry else f"{edit.old.strip()} -> {edit.new.strip()}"
        click.echo(f"fixed {edit.at}  {finding.kind.id}: {what}", err=True)
    return bool(done)


def _json(looked: Looked) -> dict[str, object]:
    return {
        "schema": "mailflow/check/1",
        "findings": [
            {
                "id": f.kind.id, "severity": f.level, "file": f.at.file, "line": f.at.line, "column": f.at.column,
                "title": f.kind.title, "says": f.says, "why": f.kind.about, "fix": f.fix, "fixable": bool(f.edits),
                "where": f.where,
            }
            for f in looked.findings
        ],
        "summary": {
            "files": looked.files, "labs": looked.labs, "errors": looked.count("error"),
            "warnings": looked.count("warning"), "notes": looked.count("note"),
        },
    }  # fmt: skip


def _write_sarif(looked: Looked, file: Path) -> None:
    from simulator.cli.pipeline import folder_in_repository
    from simulator.report.sarif import Finding as Result
    from simulator.report.sarif import sarif_log

    results = [
        Result(f.kind.id, f"{f.says}. Fix: {f.fix}", f.at, f.kind.title, f.level, f"{f.at.file} {f.says}")
        for f in looked.findings
    ]
    write_file(file, json.dumps(sarif_log(results, folder_in_repository()), indent=1) + "\n")


def _print(looked: Looked) -> None:
    wide = max(80, min(120, shutil.get_terminal_size((110, 24)).columns))
    for file, group in groupby(looked.findings, key=lambda f: f.at.file):
        click.echo(file or "(no file)")
        for finding in group:
            _print_one(finding, wide)
    counts = [_counted(looked.count(level), level) for level in ("error", "warning", "note")]
    told = ", ".join(counts)
    if looked.findings:
        worst = next(f for level in ("error", "warning", "note") for f in looked.findings if f.level == level)
        told += f"        explain one: mailflow check --explain {worst.kind.id}"
    click.echo(f"{chr(10) if looked.findings else ''}{told}")


def _print_one(finding: Finding, wide: int) -> None:
    place = f"{finding.at.line}:{finding.at.column}"
    head = f"  {place:<8} {click.style(f'{finding.level:<7}', fg=_COLORS[finding.level])}  {finding.kind.id}  "
    where = f" ({finding.where})" if finding.where else ""
    fix = f"   fix: {finding.fix}{' (--fix does it)' if finding.edits else ''}" if finding.fix else ""
    lines = textwrap.wrap(f"{finding.says}{where}.{fix}", wide - 27, break_long_words=False, break_on_hyphens=False)
    click.echo(head + lines[0])
    for line in lines[1:]:
        click.echo(" " * 27 + line)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
