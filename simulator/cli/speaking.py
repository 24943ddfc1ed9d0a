"""How a command that speaks to a running lab ends where the lab says no: as any other wrong command line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import click

from simulator.control import Denied

__all__ = ["spoken"]


@contextlib.contextmanager
def spoken() -> Iterator[None]:
    """What a lab denies becomes a usage error with its words."""
    try:
        yield
    except Denied as denied:
        raise click.UsageError(str(denied)) from None
