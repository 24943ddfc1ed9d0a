"""`mailflow diff`: which flows behave differently in two runs, although both may have passed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from simulator.report.behaviour import NoRun, behaviour, behaviour_json, behaviour_text, read_run

__all__ = ["diff"]

_DIFFERS = 6


@click.command(short_help="Which flows behave differently in two runs.")
@click.argument("base", type=click.Path(dir_okay=False, allow_dash=True))
@click.argument("head", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--exit-code", is_flag=True, help=f"Exit with {_DIFFERS} when anything differs.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def diff(base: str, head: str, exit_code: bool, as_json: bool) -> None:
    """Compare two documents that run --json has written: paths, codes, TLS, waiting, and which flows there are.

    \b
    mailflow run --json base.json                   on the main branch
    mailflow run --json head.json                   with the change
    mailflow diff base.json head.json --exit-code   6 when mail goes another way, 0 when it does not

    BASE or HEAD may be - for standard input.
    """
    if base == head == "-":
        raise click.UsageError("only one of the two can come from standard input")
    before, after = _read(base), _read(head)
    try:
        found = behaviour(before, after)
    except (KeyError, TypeError, ValueError, AttributeError) as bad:
        raise NoRun(f"{base} or {head} is damaged ({type(bad).__name__}: {bad})") from None
    if as_json:
        click.echo(json.dumps(behaviour_json(found), indent=1, ensure_ascii=True))
    else:
        for note in found.notes:
            click.echo(f"note: {note}", err=True)
        click.echo(behaviour_text(found))
    if exit_code and found.changes:
        sys.exit(_DIFFERS)


def _read(name: str) -> Mapping[str, Any]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise click.UsageError(f"there is no file {name}") from None
    except (OSError, UnicodeDecodeError) as bad:
        raise NoRun(f"cannot read {name}: {bad}") from None
    try:
        return read_run(json.loads(text), "standard input" if name == "-" else name)
    except json.JSONDecodeError as bad:
        raise NoRun(f"{name}:{bad.lineno}:{bad.colno}: {bad.msg}") from None
