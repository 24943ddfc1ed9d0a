"""`mailflow init`: a folder with a lab and scenarios that pass, to be changed into one's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from simulator.files import shortest

__all__ = ["TEMPLATES", "init"]

TEMPLATES: Mapping[str, str] = {
    "hybrid": "Exchange Server and Exchange Online, as the Hybrid Configuration Wizard leaves them",
    "smartermail": "SmarterMail today, and the way to Microsoft 365 in five stages, with the way back",
    "relay-device": "a scanner and an application that send through Microsoft 365",
    "partner-tls": "mail with a partner by TLS with checked certificates",
    "gateway": "a security gateway in front of Microsoft 365 and behind it",
}


class _Templates(click.Command):
    """The help with the list of templates."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Templates"):
            formatter.write_dl(list(TEMPLATES.items()))


@click.command(cls=_Templates, short_help="A commented lab with scenarios that pass, from a template.")
@click.argument("folder", metavar="[DIR]", default="rehearsal", type=click.Path(file_okay=False, path_type=Path))
@click.option("--template", type=click.Choice(list(TEMPLATES)), default="hybrid", show_default=True, help="Which one.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def init(folder: Path, template: str, force: bool, as_json: bool) -> None:
    """Make DIR (`rehearsal` unless told) with a lab and scenarios.

    \b
    mailflow init
    mailflow init migration --template smartermail
    mailflow init . --template relay-device

    The files are commented, and pass as they are: cd DIR, mailflow run.
    """
    files = dict(_files(resources.files("simulator") / "templates" / template))
    there = [name for name in files if (folder / name).exists()]
    if there and not force:
        raise click.UsageError(f"{shortest(folder / there[0])} is there already; --force writes over it")
    for name, text in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as bad:
            raise click.UsageError(f"{path} cannot be written: {bad.strerror}") from None
    if as_json:
        written = [shortest(folder / name) for name in files]
        click.echo(json.dumps({"schema": "mailflow/init/1", "template": template, "files": written}, indent=2))
        return
    width = max(map(len, files))
    click.echo(f"created {folder.as_posix()}/   {TEMPLATES[template]}")
    for name, text in files.items():
        click.echo(f"  {name:<{width}}   {_about(name, text)}")
    click.echo(f"next: {'' if folder == Path() else f'cd {_typed(folder)}; '}mailflow run")


def _typed(folder: Path) -> str:
    """The folder as a shell takes it."""
    name = folder.as_posix()
    return name if re.fullmatch(r"[\w./~-]+", name) else f'"{name}"'


def _files(folder: Traversable, prefix: str = "") -> list[tuple[str, str]]:
    """Every file of a template by its path, labs first."""
    found: list[tuple[str, str]] = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            found += _files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith((".yaml", ".md")):
            found.append((prefix + entry.name, entry.read_text(encoding="utf-8")))
    return found


def _about(name: str, text: str) -> str:
    if name.endswith(".md"):
        return "what this is, and what to do next"
    if name.startswith("labs/"):
        return "the lab: people, servers, connectors, DNS      <- start here"
    return text.partition("\n")[0].removeprefix("scenario:").strip()
