"""`mailflow send`: one message through the lab that runs, or through a temporary one."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from simulator.cli import running_lab
from simulator.cli.running_lab import RunningLabFile
from simulator.cli.speaking import spoken
from simulator.cli.which_lab import ChosenLab, lab_option, the_lab
from simulator.files import shortest
from simulator.report.follow import follow_lines, waiting_lines

__all__ = ["send"]

_WAIT = 2.0  # real seconds that one question for news waits
Ask = Callable[..., Awaitable[Mapping[str, Any]]]


@click.command(short_help="One message through the lab that runs, or a temporary one.")
@click.option("--from", "sender", required=True, metavar="WHO", help="A person or an address; <> for the null sender.")
@click.option("--to", multiple=True, required=True, metavar="WHO", help="A person or an address; may be repeated.")
@click.option("--subject", default="", help="Its subject.")
@click.option("--body", default="", help="Its text.")
@click.option("--eml", default="", metavar="FILE|-", help="The whole message, from a file or standard input.")
@click.option("--as", "source", default="", metavar="SERVER|IP", help="Who the client is: a server, or an address.")
@click.option("--helo", default="", metavar="NAME", help="The name that the client says.")
@click.option("--server", default="", metavar="HOST", help="Where it is handed in: a server of the lab or a host name.")
@click.option("--port", default=0, type=click.IntRange(0, 65535), metavar="PORT", help="Its port, 25 or 587.")
@click.option(
    "--tls",
    type=click.Choice(["on", "off", "required", "1.0", "1.1", "1.2", "1.3"]),
    help="Whether the client uses TLS.",
)
@click.option("--auth", default="", metavar="PERSON", help="Who logs in.")
@click.option("--follow", is_flag=True, help="Tell what happens as it happens, until every copy has its fate.")
@lab_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def send(
    sender: str, to: tuple[str, ...], subject: str, body: str, eml: str, source: str, helo: str, server: str, port: int,
    tls: str | None, auth: str, follow: bool, lab_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Hand in one message over real SMTP, and say what became of every copy. Exit code 0: all were delivered.

    \b
    mailflow send --from Sun --to John --subject Offer --follow
    mailflow send --from Sun --to Bob --to John
    mailflow send --from eve@evil.example --to Sun --server m365
    mailflow send --from john@contoso.com --to Sun --as onprem --server m365
    mailflow send --eml message.eml --from Sun --to Bob

    The lab is the one that `mailflow up` runs in this folder. Without one, or with --lab of another, a temporary lab
    plays the message to its end, with mail time as in a run. `mailflow trace last` then shows it.
    """
    words: dict[str, Any] = {
        "from": sender, "to": list(to), "subject": subject, "body": body, "as": source, "helo": helo, "server": server,
        "port": port or "", "tls": tls or "", "auth": auth,
    }  # fmt: skip
    words = {key: value for key, value in words.items() if value not in ("", [])}
    running = _running(lab_file)
    with spoken(), _message_file(eml) as file:
        words |= {"eml": file} if file else {}
        if running:
            ends = _through(running, words, follow, as_json)
        else:
            ends = _alone(the_lab(lab_file), words, follow, as_json)
    if not ends or any(end["status"] != "delivered" for end in ends):
        raise SystemExit(1)


def _running(lab_file: Path | None) -> RunningLabFile | None:
    """The lab that runs here, unless another one is asked for."""
    try:
        found = running_lab.find()
    except running_lab.NoRunningLab as gone:
        click.echo(f"mailflow: {gone}", err=True)
        return None
    return found if found and (lab_file is None or shortest(lab_file) == found.lab) else None


@contextlib.contextmanager
def _message_file(eml: str) -> Iterator[str]:
    """The absolute path of the message, since the lab may work in another folder; what comes in by a pipe is put down."""
    if eml != "-":
        yield str(Path(eml).absolute()) if eml else ""
        return
    handle, name = tempfile.mkstemp(suffix=".eml")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(sys.stdin.buffer.read())
        yield name
    finally:
        os.unlink(name)


# through a lab


def _through(lab: RunningLabFile, words: Mapping[str, Any], follow: bool, as_json: bool) -> list[Mapping[str, Any]]:
    import asyncio

    async def ask(do: str, **parameters: Any) -> Mapping[str, Any]:
        return running_lab.asked(do, lab, **parameters)

    return asyncio.run(_played(ask, words, follow, as_json))


def _alone(chosen: ChosenLab, words: Mapping[str, Any], follow: bool, as_json: bool) -> list[Mapping[str, Any]]:
    from simulator.cli.last import remember
    from simulator.keyring import KEYRING
    from simulator.live.interrupt import run_interruptibly
    from simulator.live.lab import LiveLab
    from simulator.live.running import RunningLab
    from simulator.trace import Log
    from simulator.world import World

    async def alone() -> list[Mapping[str, Any]]:
        async with LiveLab(chosen.lab, start=chosen.begin, seed=7) as live:
            world = World(chosen.lab, Log(chosen.begin), seed=7, keys=KEYRING)
            await live.begin(world)
            lab = RunningLab(live, chosen.tree, chosen.file)

            async def ask(do: str, **parameters: Any) -> Mapping[str, Any]:
                if do == "events":  # nobody else moves its mail
                    await lab.work()
                return await lab.perform(do, {key: 0 if key == "wait" else found for key, found in parameters.items()})

            try:
                return await _played(ask, words, follow, as_json)
            finally:
                remember(world.lab, world.log)

    return run_interruptibly(alone)


async def _played(ask: Ask, words: Mapping[str, Any], follow: bool, as_json: bool) -> list[Mapping[str, Any]]:
    """Hands it in and asks what becomes of it: until nothing more happens by itself, or with `follow` until the end."""
    status = await ask("status")
    people = {address: name for name, address in status["people"].items()}
    handed = await ask("send", send=dict(words))
    msg, since, said, refused = handed["msg"], handed["since"], list[str](), list[str]()
    moves_on, is_kept = status["clock"] in ("virtual", "auto"), status["clock"] != "virtual"
    while True:
        news = await ask("events", since=since, msg=msg, wait=_WAIT)
        since, waiting = news["next"], [work for work in news["waiting"] if work["msg"] == msg]
        refused += follow_lines([e for e in news["events"] if e["type"] == "client" and e["stage"]], people)
        if follow and not as_json:
            _say(follow_lines(news["events"], people))
            stuck = [] if moves_on and not news["held"] else waiting_lines(waiting, msg, people)
            stuck += [_HINTS[status["clock"]]] if stuck else []
            if stuck != said:
                _say(stuck)
                said = stuck
        by_itself = moves_on and not news["held"]
        comes = any(work["is_due"] or (by_itself and work["due"]) for work in waiting)
        comes = comes or bool(follow and waiting and is_kept)
        if not news["more"] and not comes:
            break
    ends: list[Mapping[str, Any]] = news["endings"]
    if as_json:
        told = {"schema": "mailflow/send/1", "msg": msg, "now": news["now"], "endings": ends, "waiting": waiting}
        click.echo(json.dumps(told, indent=2))
    else:
        _say([f"{msg}  {end['path']}" for end in ends] or [f"{msg}  nothing came of it"])
        if not follow:
            _say(refused + waiting_lines(waiting, msg, people))
    return ends


def _say(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)


_HINTS = {
    "manual": "    mail time stands still: mailflow clock next",
    "auto": "    a connected client holds mail time",
    "virtual": "    a connected client holds mail time",
    "real": "    mail time is real; Ctrl-C leaves it there",
}
