"""How a command ends that did not end well: what the user reads, and the exit code.

| raised | shown on stderr | code |
| --- | --- | --- |
| click's usage errors | usage, and what is wrong | 2 |
| `ScenarioError` | every problem with file:line:column, the line and a caret | 3 |
| `LabError`, and any error with an `exit_code` | its text | its own, 4 |
| Ctrl-C | interrupted | 130 |
| SIGTERM, SIGHUP | ended by a signal | 143, 129 |
| the disk is full, or does not take what is written | what it was, in a line | 2 |
| no more files, sockets or memory | what it was, in a line | 4 |
| the reader of a pipe went away | nothing | 141 |
| anything else | one line; the traceback goes to a crash file | 70 |
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.cli.ending import Terminated

if TYPE_CHECKING:
    from simulator.source import Problem

__all__ = ["BUG", "INTERRUPTED", "exit_code_of"]

BUG, INTERRUPTED, NO_READER = 70, 130, 141
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EROFS, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)}
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_ISSUES = "the project's issue tracker"


def exit_code_of(error: BaseException) -> int:
    """Tells the user what `error` means for them and returns the exit code. Never raises."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]  # the one failure of a task group
    if isinstance(error, SystemExit):
        if isinstance(error, Terminated):
            _tell("ended by a signal")
        if isinstance(error.code, str):
            _tell(error.code)
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, (KeyboardInterrupt, EOFError, click.Abort)):
        _tell("interrupted")
        return INTERRUPTED
    if isinstance(error, BrokenPipeError) or (isinstance(error, OSError) and error.errno == errno.EPIPE):
        _forget_output()
        return NO_READER
    return _fault(error)


def _fault(error: BaseException) -> int:
    # By name, because the classes stand in floors that a command may have had no need to import.
    kinds = {cls.__name__ for cls in type(error).__mro__}
    if "ScenarioError" in kinds:
        _tell(getattr(error, "text", "") or _rendered(getattr(error, "problems", ()), getattr(error, "sources", {})))
        return 3
    code = getattr(error, "exit_code", 4 if "LabError" in kinds else None)
    if isinstance(code, int):
        _tell(f"mailflow: {error}")
        return code
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        _forget_output()  # what is still to be written of it would fail once more
        _tell(f"mailflow: cannot write {error.filename or 'the output'}: {error.strerror}")
        return 2
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _EXHAUSTED):
        says = error.strerror if isinstance(error, OSError) else "Out of memory"
        _tell(f"mailflow: this computer gives no more: {says}. End other programs, or raise the limit (ulimit -a).")
        return 4
    _tell(_bug(error))
    return BUG


def _rendered(found: Sequence[Problem], sources: Mapping[str, str]) -> str:
    """The problems with the lines they stand in, read again where the error does not bring them."""
    from simulator.scenario.errors import render

    texts = dict(sources)
    for name in {p.at.file for p in found if p.at} - set(sources):
        try:
            texts[name] = Path(name).read_text(encoding="utf-8-sig", errors="replace")
        except OSError:
            continue  # a file that is not there is shown without its lines
    count = sum(1 for p in found if p.level == "error")
    return f"{render(found, texts)}\n\n{count} {'error' if count == 1 else 'errors'}"


def _bug(error: BaseException) -> str:
    what = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    name = _crash_file(error)
    kept = f" Details are in {name}; please attach it to a report at {_ISSUES}." if name else ""
    return f"mailflow: a bug in mailflow itself ({what}).{kept}"


def _crash_file(error: BaseException) -> str:
    """Writes the traceback where the user works; the name of the file, or nothing where that was impossible."""
    import platform
    import tempfile
    import traceback

    from simulator import __version__

    text = "\n".join((
        f"mailflow {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"command: mailflow {' '.join(sys.argv[1:])}",
        "",
        "".join(traceback.format_exception(error)),
    ))  # fmt: skip
    text = text.replace(str(Path.home()), "~")  # whose computer it was is nobody's business
    for folder in (Path.cwd(), Path(tempfile.gettempdir())):
        for number in range(1, 1000):
            path = folder / f"mailflow-crash-{number}.txt"
            try:
                with path.open("x", encoding="utf-8", errors="backslashreplace") as file:
                    file.write(text)
            except FileExistsError:
                continue
            except OSError:
                break
            return path.name if folder == Path.cwd() else str(path)
    return ""


def _tell(text: str) -> None:
    try:
        sys.stdout.flush()
        click.echo(text, err=True)
    except OSError:
        pass  # nobody reads; the exit code says it all


def _forget_output() -> None:
    """The rest goes nowhere, so that the interpreter does not complain about the pipe on its way out."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
