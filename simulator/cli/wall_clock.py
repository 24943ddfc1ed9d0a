"""The real time, for the two commands whose results other programs compare with the clock on the wall."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["today"]


def today() -> datetime:
    """Now in UTC, in whole seconds as certificates have them. No decision of a lab depends on it."""
    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251
