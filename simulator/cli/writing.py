"""Writes files for the user: whole or not at all where the file is the user's own, and with one line where it cannot be done."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import click

__all__ = ["CannotWrite", "replace_file", "write_all", "write_file"]


class CannotWrite(click.ClickException):
    """A file that the command line asks for cannot be written. What was played stays played, and is told."""

    exit_code = 2

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"cannot write {path}: {error.strerror or error}")


def write_file(path: Path, text: str, *, append: bool = False) -> None:
    """An output of a command. Raises `CannotWrite`."""
    try:
        with path.open("a" if append else "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as bad:
        raise CannotWrite(path, bad) from None


def write_all(folder: Path, files: Iterable[tuple[str, str]]) -> None:
    """Files below a folder, which is made for the first of them."""
    for name, text in files:
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as bad:
            raise CannotWrite(path.parent, bad) from None
        write_file(path, text)


def replace_file(path: Path, octets: bytes) -> None:
    """New content for a file that the user has written: when the disk is full, the old content stays. Raises `CannotWrite`."""
    real = path.resolve()  # a link stays one
    new = ""
    try:
        if not os.access(real, os.W_OK):
            raise PermissionError(0, "Permission denied")
        number, new = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
        with os.fdopen(number, "wb") as file:
            file.write(octets)
        shutil.copymode(real, new)
        os.replace(new, real)
    except OSError as bad:
        if new:
            with suppress(OSError):
                os.unlink(new)
        raise CannotWrite(path, bad) from None
