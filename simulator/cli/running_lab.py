"""The lab that runs in this folder: where it says how it is spoken to, and speaking to it.

`mailflow up` writes `.mailflow/running.json` (address, token, process, lab; readable by its owner only) and removes it at its
end. One that was left behind is recognised by its process or by a refused connection, said so, and removed.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulator.control import Answer, Denied, Request, parse_answer
from simulator.value import value

__all__ = ["FILE", "AnotherRuns", "NoRunningLab", "RunningLabFile", "asked", "find", "registered"]

FILE = Path(".mailflow/running.json")
_PATIENCE = 60.0  # real seconds: an attempt with a server that is silent takes its time


class NoRunningLab(Exception):
    """Nobody is there to be spoken to."""

    exit_code = 4


class AnotherRuns(Exception):
    """A lab runs in this folder already."""


@value
class RunningLabFile:
    """What the file says."""

    host: str
    port: int
    token: str
    pid: int
    lab: str
    clock: str


@contextlib.contextmanager
def registered(found: RunningLabFile) -> Iterator[None]:
    """Writes the file for as long as this lasts. Raises `AnotherRuns`, or `OSError` where it cannot be written."""
    if FILE.exists() and _answers(_read()):
        raise AnotherRuns(f"a lab runs in this folder already (process {_read().pid})")
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.unlink(missing_ok=True)
    plain = {key: getattr(found, key) for key in ("host", "port", "token", "pid", "lab", "clock")}
    with os.fdopen(os.open(FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(json.dumps({"schema": "mailflow/running/1", **plain}) + "\n")
    here = FILE.resolve()
    try:
        yield
    finally:
        with contextlib.suppress(OSError, ValueError):
            if json.loads(here.read_text(encoding="utf-8")).get("token") == found.token:
                here.unlink()


def find() -> RunningLabFile | None:
    """The lab that runs here; None where there is none. Raises `NoRunningLab` for one that has gone without a word."""
    if not FILE.exists():
        return None
    found = _read()
    if _answers(found):
        return found
    with contextlib.suppress(OSError):
        FILE.unlink()
    raise NoRunningLab(
        f"the lab that ran here (process {found.pid}) has gone; {FILE.as_posix()} was left and is removed"
    )


def asked(do: str, /, found: RunningLabFile | None = None, **parameters: Any) -> dict[str, Any]:
    """Has the running lab carry out an operation. Raises `Denied` with its words, `NoRunningLab` without a lab."""
    lab = found or find()
    if lab is None:
        raise NoRunningLab("no lab runs in this folder. Start one:  mailflow up")
    try:
        with socket.create_connection((lab.host, lab.port), timeout=_PATIENCE) as sock, sock.makefile("rb") as lines:
            sock.sendall(Request(lab.token, do, parameters).line())
            line = lines.readline()
    except OSError as failure:
        raise NoRunningLab(f"the lab (process {lab.pid}) does not answer: {failure}") from None
    if not line:
        raise NoRunningLab(f"the lab (process {lab.pid}) has ended")
    answer: Answer = parse_answer(line)
    if not answer.ok:
        raise Denied(answer.says, answer.fix)
    return dict(answer.answer)


def _read() -> RunningLabFile:
    try:
        plain = json.loads(FILE.read_text(encoding="utf-8"))
        return RunningLabFile(
            str(plain["host"]), int(plain["port"]), str(plain["token"]), int(plain["pid"]), str(plain["lab"]),
            str(plain["clock"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as bad:
        raise NoRunningLab(f"{FILE.as_posix()} cannot be read ({bad}). Remove it, and start  mailflow up") from None


def _answers(found: RunningLabFile) -> bool:
    """Whether its process is there and listens."""
    if os.name == "posix":  # elsewhere signal 0 is no question
        try:
            os.kill(found.pid, 0)
        except ProcessLookupError:
            return False
        except OSError:
            pass  # it belongs to somebody else: let the connection tell
    try:
        socket.create_connection((found.host, found.port), timeout=5).close()
    except OSError:
        return False
    return True
