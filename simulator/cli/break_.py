"""`mailflow break`: something goes wrong in the lab that runs, and is mended again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import click

from simulator.cli.running_lab import asked
from simulator.cli.speaking import spoken
from simulator.scenario.fault_words import fault_of

__all__ = ["break_"]


@click.command("break", context_settings={"ignore_unknown_options": True}, short_help="A fault in the lab that runs.")
@click.argument("words", nargs=-1, metavar="[WHERE WHAT [WHEN]]")
@click.option(
    "--fault", "--with", "faults", metavar="FAULT", multiple=True, help="As in a file: {at: onprem, down: 10m}."
)
@click.option("--list", "listing", is_flag=True, help="The faults, how often each struck, and when it ends.")
@click.option("--undo", metavar="N|all", help="Mend the fault with this number, or all.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def break_(words: tuple[str, ...], faults: tuple[str, ...], listing: bool, undo: str | None, as_json: bool) -> None:
    """Break something in the lab that `mailflow up` runs in this folder, in the words of docs/faults.md.

    \b
    mailflow break onprem down 10m
    mailflow break "m365 -> onprem" reply "452 4.5.3 too many" to RCPT times 2
    mailflow break dns mail.contoso.com A NXDOMAIN
    mailflow break onprem slow 5s to RCPT
    mailflow break --fault "{at: onprem, cert: expired, name: old certificate}"
    mailflow break --list
    mailflow break --undo 1

    WHERE is a server, a link "a -> b", a question dns NAME TYPE, or with `full mailbox` a person.
    """
    wants = [bool(words), bool(faults), listing, undo is not None]
    if sum(wants) > 1:
        raise click.UsageError("break something, --list or --undo: one at a time")
    with spoken():
        if undo is not None:
            _undone(undo, as_json)
        elif words or faults:
            told = [asked("break", fault=text) for text in (faults or (_fault(words),))]
            _show({"faults": told}, as_json, lambda: [line for fault in told for line in _broken(fault)])
        else:
            found = asked("faults")
            _show(found, as_json, lambda: _listed(found))


def _fault(words: tuple[str, ...]) -> dict[str, str]:
    try:
        return fault_of(words)
    except ValueError as bad:
        raise click.UsageError(str(bad)) from None


def _undone(undo: str, as_json: bool) -> None:
    if undo.casefold() != "all" and not undo.isdecimal():
        raise click.UsageError(f"--undo takes the number of a fault or all, not {undo!r}. See  mailflow break --list")
    found = asked("undo", all=True) if undo.casefold() == "all" else asked("undo", number=int(undo))
    lines = [f"mended {fault['number']}: {fault['where']}: {fault['says']}" for fault in found["undone"]]
    _show(found, as_json, lambda: lines or ["nothing was broken"])


def _show(found: Mapping[str, Any], as_json: bool, lines: Callable[[], list[str]]) -> None:
    click.echo(json.dumps(found, indent=2) if as_json else "\n".join(lines()))


def _broken(fault: Mapping[str, Any]) -> list[str]:
    number = fault["number"]
    return [
        f"fault {number}: {fault['where']}: {fault['says']}, {_until(fault)}",
        f"mend it:  mailflow break --undo {number}",
    ]


def _listed(found: Mapping[str, Any]) -> list[str]:
    if not found["faults"]:
        return ["nothing is broken"]
    lines = [f"mail time {datetime.fromisoformat(found['now']):%Y-%m-%d %H:%M:%S}"]
    for fault in found["faults"]:
        struck = {0: "not struck yet", 1: "struck once"}.get(fault["struck"], f"struck {fault['struck']} times")
        name = f" ({fault['name']})" if fault["name"] else ""
        lines.append(f"{fault['number']:>4}  {fault['where']}: {fault['says']}{name}  {struck}, {_until(fault)}")
    return lines


def _until(fault: Mapping[str, Any]) -> str:
    ends = datetime.fromisoformat(fault["ends"]) if fault["ends"] else None
    if fault["times"] is not None and fault["struck"] >= fault["times"]:
        return "spent"
    if ends is None:
        return "until it is mended" if fault["active"] else "not yet"
    return f"until {ends:%Y-%m-%d %H:%M:%S}" if fault["active"] else f"ended {ends:%Y-%m-%d %H:%M:%S}"
