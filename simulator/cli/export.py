"""`mailflow export`: a lab, or the way from one to another, as a PowerShell script; a lab or a flow as a diagram."""

from __future__ import annotations

import json
from pathlib import Path

import click

from simulator.cli.which_lab import ChosenLab, lab_option, the_lab
from simulator.files import read_text, shortest
from simulator.scenario.errors import near_miss
from simulator.source import Node

__all__ = ["export"]


@click.command(short_help="A lab, or the way to another one, as PowerShell; or as a diagram.")
@lab_option
@click.option("--powershell", "form", flag_value="powershell", help="The cmdlets, each with its undo.")
@click.option(
    "--mermaid", "form", flag_value="mermaid", help="A diagram: of the lab, or with --flow of a message's path."
)
@click.option(
    "--from", "base", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Only what leads from this lab to the other.",
)  # fmt: skip
@click.option("--stage", default="", metavar="STAGE", help="Only what this stage of a scenario file changes.")
@click.option("--flow", default="", metavar="NAME", help="The flow of a scenario file whose path is drawn.")
@click.option("--server", default="", metavar="NAME", help="Only this server's commands.")
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@click.option("--json", "as_json", is_flag=True, help="The commands as JSON.")
def export(
    lab_file: Path | None, form: str | None, base: Path | None, stage: str, flow: str, server: str, out: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Write a lab for other programs.

    \b
    mailflow export --powershell --lab labs/contoso.yaml
    mailflow export --powershell --lab labs/new.yaml --from labs/today.yaml -o change.ps1
    mailflow export --powershell --lab scenarios/migration.yaml --stage "MX cut"
    mailflow export --mermaid --lab labs/contoso.yaml
    mailflow export --mermaid --lab scenarios/flows.yaml --flow "Sun to John"

    The script makes first what others name, and removes it last; New- and Remove- look first whether there is anything to
    do. What no cmdlet does (DNS, mailboxes that move, servers of other products) stands there as comments.
    mailflow import reads the script back.
    """
    if form is None:
        raise click.UsageError("say what to write: --powershell or --mermaid")
    if form == "mermaid":
        if base or stage or server or as_json:
            raise click.UsageError("--mermaid goes with --lab and --flow only")
        _write(_diagram(the_lab(lab_file, flow=flow), flow), out)
        return
    if flow:
        raise click.UsageError("--flow goes with --mermaid; --stage says which stage's commands are meant")
    _powershell(lab_file, base, stage, server, out, as_json)


def _powershell(
    lab_file: Path | None, base: Path | None, stage: str, server: str, out: Path | None, as_json: bool
) -> None:
    from simulator.exporting.script import parts, script

    chosen = the_lab(lab_file, stage=stage)
    if base is not None:
        before: Node | None = the_lab(base).tree
        title = f"from {shortest(base)} to {chosen.file}" + (f", stage {stage}" if stage else "")
    elif stage:
        before, title = _before_stage(chosen.file, stage), f"stage {stage} of {chosen.file}"
    else:
        before, title = None, f"everything in {chosen.file}"
    _check_server(chosen, server)
    found = parts(before, chosen.tree, server)
    if as_json:
        commands = [
            {
                "server": part.title,
                "about": c.section,
                "command": c.line or None,
                "undo": c.undo or None,
                "remark": c.remark or None,
            }
            for part in found
            for c in part.changes
        ]
        _write(
            json.dumps({"schema": "mailflow/export/1", "what": title, "changes": commands}, indent=2, ensure_ascii=True)
            + "\n",
            out,
        )
        return
    _write(script(found, f"mailflow export: {title}"), out)


def _before_stage(file: str, stage: str) -> Node:
    """The lab before a stage's steps: as the stage before it leaves it."""
    from simulator.scenario.scenario import load_scenario

    scenario = load_scenario(read_text, file)
    names = [s.name.casefold() for s in scenario.stages]
    place = names.index(stage.casefold())
    return scenario.stages[place - 1].tree if place else scenario.tree


def _check_server(chosen: ChosenLab, server: str) -> None:
    if server and server.casefold() not in map(str.casefold, chosen.lab.servers):
        raise click.UsageError(f"no server {server!r} in {chosen.file}.{near_miss(server, chosen.lab.servers)}")


def _diagram(chosen: ChosenLab, flow: str) -> str:
    from simulator.exporting.mermaid import flow_diagram, lab_diagram
    from simulator.plan.messages import between_servers, planned_message
    from simulator.scenario.model import Send

    if chosen.lab.outsiders:
        raise click.UsageError(
            f"{chosen.lab.outsiders[0]} is a server that somebody else runs; nobody can plan what it does"
        )
    if flow:
        played = planned_message(chosen.lab, chosen.tree, chosen.sends, chosen.begin)
        return flow_diagram([ending.path for ending in played.endings])
    paths = []
    for sender, _, address in between_servers(chosen.lab):
        send = Send(sender.address, (address,), sender.name)
        paths += [e.path for e in planned_message(chosen.lab, chosen.tree, (send,), chosen.begin).endings]
    return lab_diagram(chosen.lab, paths)


def _write(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        # PowerShell 5.1 takes a file without a mark for the computer's own code page.
        out.write_text(text, encoding="utf-8-sig" if out.suffix.lower() == ".ps1" else "utf-8", newline="\n")
    except OSError as bad:
        raise click.UsageError(f"{out} cannot be written: {bad.strerror}") from None
    click.echo(f"wrote {shortest(out)}", err=True)
