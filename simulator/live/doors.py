"""Where all servers share one address: a port at each server for every other one that a client may want to be.

On Linux a program from outside is the host whose loopback address it binds. Where there is only 127.0.0.1 (macOS, or
`--network single`) nobody can do that, so a server has doors instead:

    127.0.0.1:2525   m365, and the client is a stranger
    127.0.0.1:2625   m365, and the client counts as onprem
    127.0.0.1:2626   m365, and the client counts as internet

Ports follow from the order of the servers in the file, so they are the same every time.
"""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from simulator.live.desk import ServerDesk
from simulator.live.errors import LabError
from simulator.live.server import LabSMTP

if TYPE_CHECKING:
    from simulator.live.lab import LiveLab

__all__ = ["Doors"]

_HIGHEST = 65535


class Doors:
    """The doors of a lab, by server and the one that its client counts as. `first` is the first port; none without."""

    def __init__(self, live: LiveLab, first: int | None) -> None:
        self.live, self.first = live, first
        self.desks: dict[tuple[str, str], ServerDesk] = {}

    @property
    def sessions(self) -> list[LabSMTP]:
        return [session for desk in self.desks.values() for session in desk.sessions]

    async def open(self) -> None:
        """Opens those of servers that listen, closes the others."""
        if self.first is None or self.live.network.plan != "single":
            return
        servers = self.live.lab.servers
        if self.first + len(servers) * (len(servers) - 1) > _HIGHEST:
            raise LabError(f"there are too few ports from {self.first} on", "Choose a lower --port.")
        listening = {desk.server for desk in self.live.listeners.desks.values()}
        for number, pair in enumerate(permutations(servers, 2)):
            server, client = pair
            if server not in listening:
                if pair in self.desks:
                    self.desks.pop(pair).close()
                continue
            counts_as = servers[client].addresses[0]
            if pair not in self.desks or self.desks[pair].counts_as != counts_as:
                if pair in self.desks:
                    self.desks[pair].close()
                self.desks[pair] = desk = ServerDesk(self.live, server, 25, counts_as=counts_as)
                await desk.open(self.live.network, servers[server].addresses[0], self.first + number)

    def close(self) -> None:
        for desk in self.desks.values():
            desk.close()
        self.desks.clear()
