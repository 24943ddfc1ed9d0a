"""`mailflow connector`: the connectors of a lab file, listed, shown and changed as the cmdlets would.

What changes is written into the file in place: comments, order and quotes of all else stay. The difference is shown.
"""

from __future__ import annotations

import difflib
import json
import re
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from simulator.cli.which_lab import lab_option, only_lab, the_lab
from simulator.files import read_text, rewrite, shortest
from simulator.findings import Finding
from simulator.report.connectors import connector_json, connector_text, connectors_text
from simulator.scenario.connectors import (
    KINDS,
    Refused,
    Wanted,
    after,
    connectors_in,
    find,
    objections,
    step_text,
)  # fmt: skip
from simulator.scenario.editing import CannotEdit, edited
from simulator.scenario.errors import ScenarioError
from simulator.scenario.lab import build_lab
from simulator.scenario.load import read_yaml
from simulator.source import Node, ProblemList

__all__ = ["connector"]

_F = TypeVar("_F", bound=Callable[..., Any])


@click.group(short_help="The connectors of a lab: list, show, new, set, on, off, remove.")
def connector() -> None:
    """List, show and change the connectors of a lab file.

    \b
    mailflow connector list
    mailflow connector show "O365 to own servers"
    mailflow connector off "O365 to own servers" --dry-run
    mailflow connector set "O365 to own servers" SmartHosts=mx1.contoso.com,mx2.contoso.com
    mailflow connector new outbound "To Fabrikam" ConnectorType=Partner RecipientDomains=fabrikam.com

    Settings have the names of the cmdlet's parameters. A change shows what it makes of the file; comments stay. With
    --running the lab of mailflow up is changed instead.
    """


def _which(command: _F) -> _F:
    """The options that say which connector is meant."""
    for option in (
        click.option("--server", default="", metavar="NAME", help="Whose connector, where two servers have one of that name."),
        click.option(
            "--kind", type=click.Choice(tuple(KINDS)), callback=lambda ctx, param, kind: kind or "",
            help="Which, where two have one name.",
        ),
        lab_option,
    ):  # fmt: skip
        command = option(command)
    return command


def _names(ctx: click.Context, param: click.Parameter, begin: str) -> list[str]:
    """For a shell that completes a connector's name; whatever is wrong with the lab, it completes nothing."""
    try:
        file = shortest(ctx.params.get("lab_file") or only_lab())
        names = [c.name for c in connectors_in(read_yaml(read_text(file), file))]
    except (click.UsageError, ScenarioError, OSError):
        return []
    return [name for name in names if name.casefold().startswith(begin.casefold())]


def _dry_run(command: _F) -> _F:
    """Where the change goes."""
    command = click.option("--running", is_flag=True, help="Change the lab that mailflow up runs here, not the file.")(
        command
    )
    return click.option("--dry-run", is_flag=True, help="Show the change and write nothing.")(command)


@connector.command("list", short_help="Every connector of the lab.")
@lab_option
@click.option("--at", "stage", default="", metavar="STAGE", help="The lab as it is in this stage of a scenario file.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(lab_file: Path | None, stage: str, as_json: bool) -> None:
    """List the connectors: on or off, from whom, to whom, with what TLS, and where they stand.

    \b
    mailflow connector list
    mailflow connector list --lab scenarios/migration.yaml --at "MX cut" --json
    """
    chosen = the_lab(lab_file, stage=stage)
    found = connectors_in(chosen.tree)
    if as_json:
        _print_json([connector_json(c) for c in found], chosen.file)
        return
    click.echo(connectors_text(found))


@connector.command("show", short_help="One connector with all its settings.")
@click.argument("name", shell_complete=_names)
@_which
@click.option("--at", "stage", default="", metavar="STAGE", help="The lab as it is in this stage of a scenario file.")
@click.option("--all", "every", is_flag=True, help="The settings that are not written as well, with their defaults.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(name: str, lab_file: Path | None, kind: str, server: str, stage: str, every: bool, as_json: bool) -> None:
    """Show one connector: each setting that is written, where it stands, and what it does.

    \b
    mailflow connector show "O365 to own servers"
    mailflow connector show "O365 to own servers" --all --json
    """
    chosen = the_lab(lab_file, stage=stage)
    found = _asked(lambda: find(chosen.tree, name, kind, server))
    if as_json:
        _print_json(connector_json(found, every=every), chosen.file)
        return
    click.echo(connector_text(found, every=every))


@connector.command("new", short_help="Make a connector.")
@click.argument("kind", type=click.Choice(tuple(KINDS)))
@click.argument("name")
@click.argument("settings", nargs=-1, metavar="[SETTING=VALUE]...")
@click.option("--server", default="", metavar="NAME", help="Whose, where several servers have such connectors.")
@lab_option
@_dry_run
def new(
    kind: str, name: str, settings: tuple[str, ...], server: str, lab_file: Path | None, dry_run: bool, running: bool
) -> None:
    """Make a connector, as New-OutboundConnector and its like do. Commas make a list.

    \b
    mailflow connector new outbound "To Fabrikam" ConnectorType=Partner RecipientDomains=fabrikam.com
    mailflow connector new inbound "From Fabrikam" ConnectorType=Partner SenderDomains=fabrikam.com --dry-run
    """
    wanted = Wanted("New", name, _settings(settings), kind, server)
    _change(lab_file, wanted, dry_run, running, f"mailflow connector remove {_quoted(name)}")


@connector.command("set", short_help="Change settings of a connector.")
@click.argument("name", shell_complete=_names)
@click.argument("settings", nargs=-1, required=True, metavar="SETTING=VALUE...")
@_which
@_dry_run
def set_(
    name: str, settings: tuple[str, ...], lab_file: Path | None, kind: str, server: str, dry_run: bool, running: bool
) -> None:
    """Change settings, as Set-OutboundConnector and its like do. Commas make a list; SETTING=remove takes one out.

    \b
    mailflow connector set "O365 to own servers" TlsSettings=DomainValidation TlsDomain="*.contoso.com"
    mailflow connector set "O365 to own servers" Name="To own servers" --dry-run
    """
    _change(lab_file, Wanted("Set", name, _settings(settings), kind, server), dry_run, running)


@connector.command("on", short_help="Switch a connector on.")
@click.argument("name", shell_complete=_names)
@_which
@_dry_run
def on(name: str, lab_file: Path | None, kind: str, server: str, dry_run: bool, running: bool) -> None:
    """Switch a connector on.

    \b
    mailflow connector on "O365 to own servers"
    """
    wanted = Wanted("Set", name, (("Enabled", "true"),), kind, server)
    _change(lab_file, wanted, dry_run, running, f"mailflow connector off {_quoted(name)}")


@connector.command("off", short_help="Switch a connector off.")
@click.argument("name", shell_complete=_names)
@_which
@_dry_run
def off(name: str, lab_file: Path | None, kind: str, server: str, dry_run: bool, running: bool) -> None:
    """Switch a connector off; it stays in the file.

    \b
    mailflow connector off "O365 to own servers"
    """
    wanted = Wanted("Set", name, (("Enabled", "false"),), kind, server)
    _change(lab_file, wanted, dry_run, running, f"mailflow connector on {_quoted(name)}")


@connector.command("remove", short_help="Take a connector out.")
@click.argument("name", shell_complete=_names)
@_which
@_dry_run
def remove(name: str, lab_file: Path | None, kind: str, server: str, dry_run: bool, running: bool) -> None:
    """Take a connector out of the file. Comments above it stay.

    \b
    mailflow connector remove "O365 to own servers" --dry-run
    """
    _change(lab_file, Wanted("Remove", name, (), kind, server), dry_run, running)


# Changing


def _change(lab_file: Path | None, wanted: Wanted, dry_run: bool, running: bool, undo: str = "") -> None:
    if running:
        if lab_file or dry_run:
            raise click.UsageError("--running changes the lab that runs here; it goes without --lab and --dry-run")
        _change_running(wanted, undo)
        return
    file = shortest(lab_file or only_lab())
    text = read_text(file)
    tree = read_yaml(text, file)
    if lab := tree.get("lab"):
        where = f"; its lab is {lab.text}" if lab.text else ", with its lab inside"
        raise click.UsageError(f"{file} is a scenario{where}. Connectors are changed in a lab file: --lab FILE")
    changed = _asked(lambda: after(tree, wanted))
    errors, warnings = objections(tree, changed, file)
    if errors:
        told = (f"{p.says} {p.fix}".strip() + (f"  ({p.at})" if p.at.file == file else "") for p in errors)
        raise click.UsageError("\n".join(told))
    try:
        new_text = edited(text, changed)
    except CannotEdit as why:
        raise click.UsageError(f"{file} was not changed: {why}.") from None
    for warning in warnings:
        click.echo(f"warning: {warning.says}", err=True)
    if new_text == text:
        click.echo(f"{file} says this already", err=True)
        return
    _print_difference(file, text, new_text)
    _print_findings(tree, read_yaml(new_text, file), file)
    if dry_run:
        click.echo(f"{file} was not changed (--dry-run)", err=True)
        return
    try:
        rewrite(Path(file), new_text)
    except OSError as bad:
        raise click.UsageError(f"cannot write {file}: {bad.strerror}") from None
    at = f" --lab {_quoted(file)}" if lab_file else ""
    click.echo(f"wrote {file}{f'        undo: {undo}{at}' if undo else ''}", err=True)


def _change_running(wanted: Wanted, undo: str) -> None:
    """In the lab that runs. Names and settings are looked up in its file, the change is made to what runs."""
    from simulator.cli.running_lab import asked
    from simulator.cli.speaking import spoken

    with spoken():
        file = str(asked("status")["file"])
        step = _asked(lambda: step_text(read_yaml(read_text(file), file), wanted))
        asked("connector", do=step)
    click.echo(
        f"changed in the lab that runs; {file} stays as it is{f'        undo: {undo} --running' if undo else ''}",
        err=True,
    )


def _print_difference(file: str, before: str, now: str) -> None:
    lines = difflib.unified_diff(before.splitlines(), now.splitlines(), file, file, n=2, lineterm="")
    for line in lines:
        colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        bold = line.startswith(("+++", "---"))
        click.echo(click.style(line, fg=None if bold else colour, bold=bold or None))


def _print_findings(before: Node, now: Node, file: str) -> None:
    """What `check` finds that it did not find before, and what it does not find any more."""
    was, new = ({(f.kind.id, f.says): f for f in found} for found in (_findings(before, file), _findings(now, file)))
    for key, finding in new.items():
        if key not in was:
            click.echo(f"{finding.at}  {finding.level} {finding.kind.id}  {finding.says}.", err=True)
    if gone := [f"{f.kind.id} {f.kind.title}" for key, f in was.items() if key not in new]:
        click.echo(f"no longer found: {'; '.join(gone)}", err=True)


def _findings(tree: Node, file: str) -> Sequence[Finding]:
    from simulator.check.looking import look_at_lab
    from simulator.keyring import KEYRING

    lab = build_lab(tree, ProblemList(), file=file)
    return [] if lab is None or lab.outsiders else look_at_lab(lab, tree, keys=KEYRING)


def _settings(words: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found = []
    for word in words:
        name, is_pair, text = word.partition("=")
        if not is_pair or not name.strip():
            raise click.UsageError(f"{word!r} is no setting. Write SETTING=VALUE, such as Enabled=false.")
        found.append((name.strip().removeprefix("-"), text))
    return tuple(found)


_T = TypeVar("_T")


def _asked(ask: Callable[[], _T]) -> _T:
    try:
        return ask()
    except Refused as why:
        raise click.UsageError(str(why)) from None


def _quoted(text: str) -> str:
    """As a shell takes it."""
    if re.fullmatch(r"[\w./-]+", text):
        return text
    return shlex.quote(text) if set('"$`\\!') & set(text) else f'"{text}"'


def _print_json(what: object, file: str) -> None:
    key = "connectors" if isinstance(what, list) else "connector"
    document = {"schema": "mailflow/connectors/1", "lab": file, key: what}
    click.echo(json.dumps(document, indent=2, ensure_ascii=True))
