"""The command line: a table of commands, each in a module that is imported when it is called.

Nothing here knows mail. The group prints help from the table without importing a command, finds near misses, and
hands whatever a command raises to `outcome`, so that every command ends with a documented exit code and no traceback
reaches a user.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn, cast

import click

from simulator import __version__
from simulator.cli.ending import ends_on_signals
from simulator.cli.outcome import exit_code_of

__all__ = ["COMMANDS", "LATER", "main"]

COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("simulator.cli.run:run", "play scenarios over real SMTP and compare every path"),
    "explain": ("simulator.cli.explain:explain", "the way a message would take, and why; sends nothing"),
    "diff": ("simulator.cli.diff:diff", "which flows behave differently in two runs"),
    "check": ("simulator.cli.check:check", "findings about labs and scenarios, without running them"),
    "validate": ("simulator.cli.validate:validate", "the two tests of a connector, with their sub-steps"),
    "trace": ("simulator.cli.trace:trace", "what happened to a message, as the message trace tells it"),
    "connector": (
        "simulator.cli.connector:connector",
        "the connectors of a lab: list, show, new, set, on, off, remove",
    ),
    "headers": ("simulator.cli.headers:headers", "the way of a real message, beside the way that the rules expect"),
    "relays": ("simulator.cli.relays:relays", "who can send through each server, as whom, to whom"),
    "up": ("simulator.cli.up:up", "keep a lab's servers running for other programs"),
    "send": ("simulator.cli.send:send", "one message through the lab that runs, or a temporary one"),
    "break": ("simulator.cli.break_:break_", "a fault in the lab that runs; what is broken; mending it"),
    "clock": ("simulator.cli.clock:clock", "the mail time of the lab that runs; and moving it"),
    "init": ("simulator.cli.init:init", "a commented lab with scenarios that pass, from a template"),
    "import": ("simulator.cli.import_:import_", "a lab and its flows from a tenant's export, zone files, addresses"),
    "export": ("simulator.cli.export:export", "a lab, or the way to another one, as PowerShell; or as a diagram"),
    "doctor": ("simulator.cli.doctor:doctor", "whether labs can run on this computer"),
    "certs": ("simulator.cli.certs:certs", "write the lab's authorities and certificates"),
    "schema": ("simulator.cli.schema:schema", "the JSON Schema of lab and scenario files"),
    "about": ("simulator.cli.about:about", "version, and how well founded each rule is (--fidelity)"),
    "completion": ("simulator.cli.completion:completion", "the completion script for bash, zsh or fish"),
}
"""Command -> where it is, and its line in the help."""

LATER = (
    "learn", "fmt", "whatif", "bisect", "report", "tui",
)  # fmt: skip
"""Names that later versions give a meaning."""

_EXAMPLES = (
    ("mailflow run", "play every scenario below scenarios/"),
    ('mailflow run -k "Bob to John"', "only some flows"),
    ("mailflow explain Sun John", "the way a message would take, and why"),
    ("mailflow explain Sun John --why-not NAME", "why not that connector, and what would change it"),
    ("mailflow doctor", "can labs run on this computer?"),
)


class _Group(click.Group):
    """Commands by name, imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        return cast(click.Command, getattr(import_module(module), attribute))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in LATER:
            raise click.UsageError(f"{name} is not in this version yet. There are: {', '.join(COMMANDS)}.", ctx)
        if name not in COMMANDS and not ctx.resilient_parsing:
            from simulator.scenario.errors import near_miss

            raise click.UsageError(f"{name!r} is not a command.{near_miss(name, (*COMMANDS, *LATER))}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        # click's own method imports every command to ask whether it is hidden.
        from click.shell_completion import CompletionItem

        found = [CompletionItem(name, help=line) for name, (_, line) in COMMANDS.items() if name.startswith(incomplete)]
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _examples(formatter)
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])
        self.format_options(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text("mailflow COMMAND --help tells more. Nothing that it does leaves this computer.")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # click.Group's own would list the commands once more, and import them for it.
        click.Command.format_options(self, ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as gone:  # click would take it for a failure (1)
            sys.exit(exit_code_of(gone))

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Runs one command and leaves with its exit code."""
        extra["standalone_mode"] = False
        _open_streams()
        _tame(sys.stdout)
        try:
            with ends_on_signals():
                result = super().main(_without_color(args, extra), prog_name or "mailflow", **extra)
                sys.stdout.flush()
            code = result if type(result) is int else 0
        except BaseException as error:
            code = exit_code_of(error)
        sys.exit(code)


def _without_color(args: Sequence[str] | None, extra: dict[str, Any]) -> list[str]:
    """`--no-color` may stand anywhere, as people add it at the end."""
    words = list(sys.argv[1:] if args is None else args)
    stop = words.index("--") if "--" in words else len(words)
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or "--no-color" in words[:stop]:
        extra["color"] = False
    return [word for number, word in enumerate(words) if word != "--no-color" or number > stop]


def _open_streams() -> None:
    """Python has none where the shell closed them (`2>&-`); what is written there goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - as long as the program


def _tame(stream: Any) -> None:
    """A console that knows few characters shows the others escaped instead of failing (cp1252, cp437, ASCII)."""
    if hasattr(stream, "reconfigure") and (stream.encoding or "").lower().replace("-", "") != "utf8":
        stream.reconfigure(errors="backslashreplace")


def _examples(formatter: click.HelpFormatter) -> None:
    with formatter.section("Examples"):
        formatter.write_dl(_EXAMPLES)


def _change_folder(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value:
        os.chdir(value)


@click.group(cls=_Group, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="mailflow %(version)s")
@click.option(
    "-C", "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False), expose_value=False, is_eager=True,
    callback=_change_folder, help="Work in this folder.",
)  # fmt: skip
@click.option("--no-color", is_flag=True, expose_value=False, help="No colours, as with NO_COLOR set.")
@click.pass_context
def main(ctx: click.Context) -> None:
    """A mail-flow simulator: plays mail hosts over real SMTP on loopback and says why mail went where it went."""
    if ctx.invoked_subcommand is None:
        formatter = ctx.make_formatter()
        _examples(formatter)
        formatter.write_paragraph()
        formatter.write(f"Commands: {', '.join(COMMANDS)}\n")
        formatter.write("mailflow --help tells more. Nothing that it does leaves this computer.\n")
        click.echo(formatter.getvalue().rstrip())
