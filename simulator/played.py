"""What a flow came to: the log of one engine and what can be read from it, for expectations and reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from simulator.mail.path import Path
from simulator.paths import Balance, Ending, balance, begun, endings
from simulator.topology import Lab
from simulator.trace import Event, Log
from simulator.world import Delivery, World

__all__ = ["Played"]


@dataclass(frozen=True)
class Played:
    """One flow played by one engine."""

    engine: str  # "plan" or "live"
    lab: Lab
    log: Log
    endings: tuple[Ending, ...]  # of the messages that clients handed in
    reports: tuple[Ending, ...]  # of the messages that hosts wrote themselves
    deliveries: tuple[Delivery, ...]
    balance: Balance
    took: timedelta  # mail time

    @classmethod
    def read(cls, world: World, engine: str) -> Played:
        """Reads a world that has come to rest."""
        ends = endings(world.log, world.lab)
        written = {e.msg for e in world.log.of("written")}
        queued = [copy for work in world.queue for copy in work.copies.values()]
        return cls(
            engine, world.lab, world.log, tuple(e for e in ends if e.msg not in written),
            tuple(e for e in ends if e.msg in written), tuple(world.mailboxes), balance(world.log, queued),
            world.now - world.log.begin,
        )  # fmt: skip

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(e.path for e in self.endings)

    @property
    def messages(self) -> tuple[str, ...]:
        """The ids of the messages that clients handed in."""
        written = {e.msg for e in self.log.of("written")}
        mine = begun(self.log) - written
        return tuple(m for m in dict.fromkeys(e.msg for e in self.log) if m in mine)

    def of(self, *types: str) -> list[Event]:
        """Events of these types that concern the flow's own messages."""
        mine = frozenset(self.messages)
        return [e for e in self.log.of(*types) if e.msg in mine]
