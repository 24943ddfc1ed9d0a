"""A decision that needs DNS: a generator that yields questions, is sent answers, and ends with what was decided.

Engines carry the questions out, over the wire or in process, so the decision itself needs no network and no call-back.
One that has nothing to ask begins with `yield from ()`.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from simulator.zone import Answer, Question

__all__ = ["Asking"]

T = TypeVar("T")

Asking = Generator[Question, Answer, T]
"""Yields questions, is sent the answers in the same order, ends with a `T`."""
