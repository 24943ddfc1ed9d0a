"""The relay matrix as people read it, and as JSON: a table for each server, its surprises below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulator.plan.relays import RECIPIENTS, Cell

__all__ = ["relay_json", "relay_text"]

_OPEN, _CLOSED, _WRONG = "open", "-", "OPEN"


def relay_text(cells: Sequence[Cell]) -> str:
    """One table a server: who, sending as whom, and to whom the server lets that through."""
    return "\n\n".join(_table(name, [c for c in cells if c.server == name]) for name in _servers(cells))


def _table(server: str, cells: Sequence[Cell]) -> str:
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for cell in cells:
        row = rows.setdefault((cell.by.rstrip(","), cell.sender), {})
        word = _WRONG if cell.is_unexpected else _OPEN if cell.open else _CLOSED
        known = row.get(cell.recipient, _CLOSED)
        row[cell.recipient] = max((known, word), key=(_CLOSED, _OPEN, _WRONG).index)
    wide = max(len(by) for by, _ in rows)
    heads = "".join(f"{'to ' + kind:<12}" for kind in RECIPIENTS)
    lines = [server, f"  {'client':<{wide}}  {'as':<8}{heads}".rstrip()]
    for (by, sender), row in rows.items():
        told = "".join(f"{row.get(kind, ''):<12}" for kind in RECIPIENTS)
        lines.append(f"  {by:<{wide}}  {sender:<8}{told}".rstrip())
    wrong = dict.fromkeys(
        f"  {_WRONG}: {server} relays for {c.by} who sends as {c.mail_from}" for c in cells if c.is_unexpected
    )
    return "\n".join([*lines, *wrong])


def _servers(cells: Sequence[Cell]) -> list[str]:
    return list(dict.fromkeys(cell.server for cell in cells))


def relay_json(cells: Sequence[Cell]) -> dict[str, Any]:
    """Every cell with the host's answer."""
    return {
        "schema": "mailflow/relays/1",
        "unexpected": sum(1 for cell in cells if cell.is_unexpected),
        "cells": [
            {
                "server": c.server, "client": c.client, "by": c.by.rstrip(","), "sender": c.sender, "mail_from": c.mail_from,
                "recipient": c.recipient, "open": c.open, "expected": not c.is_unexpected, "taken_by": c.taken_by, "reply": c.reply,
            }
            for c in cells
        ],
    }  # fmt: skip
