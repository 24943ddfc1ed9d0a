"""`mailflow trace`: what happened to a message, in the words of the message trace."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import click

from simulator.cli import last
from simulator.cli.which_lab import lab_option, the_lab
from simulator.played import Played
from simulator.report.record import NoLog, Record

__all__ = ["trace"]


@click.command(short_help="What happened to a message, as the message trace tells it.")
@click.argument("source", required=False, metavar="[FILE|last]")
@click.argument("message", required=False, metavar="[ID]")
@click.option("-k", "keyword", default="", help="Which flow of a scenario file (as in run).")
@lab_option
@click.option("--from", "sender", default="", metavar="WHO", help="Play a message from this person or address,")
@click.option("--to", "recipients", multiple=True, metavar="WHO", help="to this one; may be repeated.")
@click.option("--as", "address", default="", metavar="IP", help="The address that the message comes from.")
@click.option("--server", default="", metavar="HOST", help="Where it is handed in: a server of the lab or a host name.")
@click.option(
    "--until", default="", metavar="TIME", help="Look after this mail time (10m, 6h), not when all is settled."
)
@click.option("--plan", is_flag=True, help="Computed: nothing is sent.")
@click.option("--smtp", "more", flag_value="smtp", help="The conversations.")
@click.option("--tls", "more", flag_value="tls", help="Versions and certificates.")
@click.option("--headers", "more", flag_value="headers", help="The header, and what each hop changed in it.")
@click.option("--decision", "more", flag_value="decision", help="Every decision with its candidates.")
@click.option("--waterfall", "more", flag_value="waterfall", help="Time by hop, and what waited, in mail time.")
@click.option("--data", "more", flag_value="data", help="The Data XML of every event.")
@click.option(
    "--hop", default=0, type=click.IntRange(0), help="With --smtp, --tls, --headers, --decision: this hop only."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def trace(
    source: str | None, message: str | None, keyword: str, lab_file: Path | None, sender: str,
    recipients: tuple[str, ...], address: str, server: str, until: str, plan: bool, more: str | None, hop: int, as_json: bool,
) -> None:  # fmt: skip
    """Say what happened to a message: rows, events, and the connector at once.

    \b
    mailflow trace --from Bob --to John             play one message, and trace it
    mailflow trace scenarios/flows.yaml -k "Sun to John"
    mailflow trace last                             of the last run, trace, validate or up
    mailflow trace events/flows.001.jsonl m-1       a log that run --events has written
    mailflow trace last --smtp --hop 2              the conversation of one hop
    mailflow trace last --waterfall                 where it spent its time

    FILE is a scenario or an event log. ID is a message of it (m-1); "last" is the last one that was handed in.
    Only tenants of the service have a message trace. It lists what they accepted: what they refused in the SMTP
    session is in no trace, and shown by itself.
    """
    if sender or recipients:
        if source or not (sender and recipients):
            raise click.UsageError("a message is played with --from WHO --to WHO and no FILE")
        played = _message(lab_file, sender, recipients, address, server, until, "plan" if plan else "live")
        record = Record.of(played.lab, played.log)
    elif source and source.casefold().endswith((".yaml", ".yml")):
        played = _flow(Path(source), keyword, "plan" if plan else "live")
        record = Record.of(played.lab, played.log)
    else:
        is_file = bool(source) and ("." in str(source) or "/" in str(source) or Path(str(source)).exists())
        record = _read(Path(str(source)) if is_file else last.FILE)
        if source and not is_file and not message:
            message = source  # an id of the last log
    _tell(record, _id(record, message or ""), more, hop, as_json)


def _tell(record: Record, msg: str, more: str | None, hop: int, as_json: bool) -> None:
    from simulator.report.trace_text import data_text, trace_json, trace_text
    from simulator.report.trace_wire import decisions_text, headers_text, smtp_text, tls_text

    if as_json:
        told = trace_json(record, msg)
        if more == "waterfall":
            from simulator.report.waterfall import waterfall_json

            told["waterfall"] = waterfall_json(record, msg)
        click.echo(json.dumps(told, indent=2, ensure_ascii=True))
        return
    click.echo(trace_text(record, msg))
    views = {"smtp": smtp_text, "tls": tls_text, "headers": headers_text, "decision": decisions_text}
    if more == "waterfall":
        from simulator.report.waterfall import waterfall_text

        click.echo(f"\n{waterfall_text(record, msg, shutil.get_terminal_size((100, 24)).columns)}")
    elif more == "data":
        click.echo(f"\n{data_text(record, msg)}")
    elif more:
        click.echo(f"\n{views[more](record, msg, hop)}")
    elif sys.stdout.isatty():
        click.echo(
            "\n--smtp shows the conversation, --tls the certificates, --headers the differences per hop, "
            "--waterfall the time of each hop",
            err=True,
        )


def _id(record: Record, wanted: str) -> str:
    """Which message: all of them without an id, the last that was handed in for `last`."""
    if not wanted:
        return ""
    if wanted.casefold() == "last":
        written = {e.msg for e in record.of_type("written")}
        return next((m for m in reversed(record.messages) if m not in written), "")
    if wanted not in record.messages:
        from simulator.scenario.errors import near_miss

        raise click.UsageError(f"no message {wanted!r} in this log.{near_miss(wanted, record.messages)}")
    return wanted


def _read(file: Path) -> Record:
    try:
        return Record.read(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "there is no last log here yet; play something, or say --from WHO --to WHO"
        raise click.UsageError(hint if file == last.FILE else f"there is no file {file}") from None
    except NoLog as bad:
        raise click.UsageError(f"{file}: {bad}") from None
    except (OSError, UnicodeDecodeError) as bad:
        raise click.UsageError(f"cannot read {file}: {bad}") from None


def _message(
    lab_file: Path | None, sender: str, recipients: tuple[str, ...], address: str, server: str, until: str, engine: str
) -> Played:
    from simulator.cli.explain import message_of
    from simulator.scenario.model import Flow, Scenario
    from simulator.scenario.values import duration
    from simulator.source import NOWHERE

    chosen = the_lab(lab_file)
    send = message_of(chosen, sender, recipients, address, server)
    flow = Flow("trace", NOWHERE, None, chosen.lab, chosen.tree, (send,), ())
    try:
        flow = replace(flow, until=duration(until)) if until else flow
    except ValueError as bad:
        raise click.UsageError(f"--until: {bad}.") from None
    return _played(Scenario(chosen.file, "trace", "", "", chosen.lab, chosen.tree, (flow,)), "", engine)


def _flow(file: Path, keyword: str, engine: str) -> Played:
    from simulator.files import NothingFound, find_scenarios, load_all
    from simulator.runner import selected

    try:
        (scenario,) = load_all(find_scenarios((file,)))
    except NothingFound as nothing:
        raise click.UsageError(str(nothing)) from None
    names = [f.name for f in scenario.flows if selected(keyword, scenario, f)]
    exact = [f.name for f in scenario.flows if f.name.casefold() == keyword.casefold()]
    if len(exact) == 1:
        scenario = replace(scenario, flows=tuple(f for f in scenario.flows if f.name in exact))
    elif len(names) != 1:
        told = f": {'; '.join(names[:12])}" if names else ""
        raise click.UsageError(f"-k selects {len(names)} flows{told}. One is traced; say which.")
    return _played(scenario, keyword, engine)


def _played(scenario: object, keyword: str, engine: str) -> Played:
    from simulator.runner import Options, Runner
    from simulator.scenario.model import Scenario

    assert isinstance(scenario, Scenario)
    (result,) = Runner(Options(engine, keyword)).run([scenario]).flows()
    last.remember(result.played.lab, result.played.log)
    return result.played
