"""`mailflow clock`: what mail time it is in the lab that runs, and moving it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from simulator.cli.running_lab import asked
from simulator.cli.speaking import spoken
from simulator.report.follow import follow_lines

__all__ = ["clock"]

_FORMS = "Write  clock,  clock advance 15m,  clock to 22:30  or  clock next"


@click.command(
    context_settings={"ignore_unknown_options": True}, short_help="The mail time of the lab that runs; and moving it."
)
@click.argument("words", nargs=-1, metavar="[advance SPAN | to TIME | next]")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def clock(words: tuple[str, ...], as_json: bool) -> None:
    """Tell or move mail time in the lab that `mailflow up --clock manual` (or auto) runs in this folder.

    \b
    mailflow clock                   what time it is, and what waits
    mailflow clock advance 15m       so much on; what becomes due on the way happens at its time
    mailflow clock to 22:30          the next 22:30, UTC; or a date: 2026-11-23T08:00
    mailflow clock next              to what is due next
    """
    with spoken():
        if not words:
            found = asked("status")
            click.echo(json.dumps(found, indent=2) if as_json else "\n".join(_told(found)))
            return
        status = asked("status")
        found = asked("clock", **_moves(words))
        events = asked("events", since=found["since"])
        if as_json:
            click.echo(json.dumps({**found, "events": events["events"]}, indent=2))
            return
        people = {address: name for name, address in status["people"].items()}
        click.echo("\n".join([*follow_lines(events["events"], people), *_told({**status, **found})]))


def _moves(words: tuple[str, ...]) -> dict[str, Any]:
    verb, *rest = words
    if verb == "next" and not rest:
        return {"next": True}
    if verb in ("advance", "to") and rest:
        return {verb: " ".join(rest)}
    raise click.UsageError(_FORMS)


def _told(found: Mapping[str, Any]) -> list[str]:
    lines = [f"mail time {datetime.fromisoformat(found['now']):%Y-%m-%d %H:%M:%S} UTC, {found['clock']}"]
    dues = sorted(w["due"] for w in found["waiting"] if w["due"])
    if dues:
        lines.append(f"{len(found['waiting'])} waiting, next at {datetime.fromisoformat(dues[0]):%Y-%m-%d %H:%M:%S}")
    if found["held"]:
        lines.append(f"held by {found['held']} connected client{'s' if found['held'] > 1 else ''}")
    return lines
