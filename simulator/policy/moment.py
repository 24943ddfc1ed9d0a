"""What a decision may know besides its configuration: the mail time, what the host remembers, chance, and keys.

Chance is a function of the seed, so both engines draw alike and a run can be repeated (no random module).
"""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from simulator.policy.signing import NO_KEYS, Keys

__all__ = ["Memory", "Moment"]

Memory = MutableMapping[str, Any]
"""What one host remembers between decisions (greylist, counters, last smart host); fresh for every flow."""


@dataclass(slots=True)
class Moment:
    """The time and circumstances of a decision."""

    now: datetime  # mail time, aware UTC
    memory: Memory = field(default_factory=dict)
    seed: int = 0
    keys: Keys = NO_KEYS

    def draw(self, label: str, below: int) -> int:
        """A number from 0 to below-1: the next one of the sequence that belongs to seed and label."""
        counters: dict[str, int] = self.memory.setdefault("draws", {})
        turn = counters[label] = counters.get(label, 0) + 1
        digest = hashlib.blake2b(f"{self.seed}:{label}:{turn}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % below

    def turn(self, label: str) -> int:
        """How often this was asked before: 0, 1, 2, ... (round robin, session numbers)."""
        turns: dict[str, int] = self.memory.setdefault("turns", {})
        turns[label] = turns.get(label, -1) + 1
        return turns[label]
