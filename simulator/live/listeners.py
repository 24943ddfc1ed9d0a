"""The listeners of a lab: which server listens where, who is connected, and how connections end.

Every server of the lab that listens has a `ServerDesk` for each of its addresses and ports. They are kept as long as
servers and addresses stay the same, so `open` after a change of the lab costs next to nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from simulator.live.desk import ServerDesk
from simulator.live.doors import Doors
from simulator.live.network import Endpoint
from simulator.live.server import LabSMTP
from simulator.topology import Lab, Server
from simulator.world import Passage

if TYPE_CHECKING:
    from simulator.live.lab import LiveLab

__all__ = ["Listeners", "addresses"]

_PORTS = (25, 587)
_LINGER = 1.0  # real seconds that a closed connection may take to end


def addresses(lab: Lab) -> tuple[str, ...]:
    """The public addresses of all servers, in the order of the file."""
    servers: list[Server] = list(lab.servers.values())
    return tuple(dict.fromkeys(ip for server in servers for ip in server.addresses))


class Listeners:
    """The desks of one lab, by public address and port."""

    def __init__(self, live: LiveLab) -> None:
        self.live = live
        self.desks: dict[tuple[str, int], ServerDesk] = {}
        self.doors = Doors(live, live.first_door)
        self._callers: dict[Endpoint, LabSMTP] = {}

    @property
    def sessions(self) -> list[LabSMTP]:
        """The connections that are open now."""
        return [session for desk in self.desks.values() for session in desk.sessions] + self.doors.sessions

    async def open(self) -> None:
        """Opens the listeners that should be there, closes those that should not."""
        lab, network = self.live.lab, self.live.network
        wanted = {
            (ip, port): server.name
            for server in lab.servers.values()
            if server.name in lab.hosts and server.name not in lab.down and not server.runs_at
            if not lab.hosts[server.name].submission.direct
            for ip in server.addresses
            if lab.server_at(ip) is server
            for port in dict.fromkeys((*_PORTS, lab.hosts[server.name].submission.port))
        }
        await self._close([at for at, desk in self.desks.items() if wanted.get(at) != desk.server])
        for (ip, port), server in wanted.items():
            if (ip, port) not in self.desks:
                first = ip == lab.servers[server].addresses[0]
                self.desks[ip, port] = desk = ServerDesk(self.live, server, port)
                wanted_port = self.live.fixed_ports.get((server, port)) or dict(lab.servers[server].ports).get(port)
                await desk.open(network, ip, wanted_port if first else None)
        for outsider in map(lab.servers.__getitem__, lab.outsiders):
            for ip in outsider.addresses:
                self._attach(outsider, ip)
        await self.doors.open()

    def _attach(self, server: Server, ip: str) -> None:
        """A server that somebody else runs: only port 25 of it is known."""
        assert server.runs_at is not None
        if server.name in self.live.lab.down:
            self.live.network.detach(ip, 25)
        else:
            self.live.network.attach(ip, 25, server.runs_at)

    async def close(self) -> None:
        """Closes all; nothing waits for a client."""
        await self.hang_up()
        self.doors.close()
        await self._close(list(self.desks))

    async def _close(self, places: list[tuple[str, int]]) -> None:
        desks = [self.desks.pop(place) for place in places]
        for desk in desks:
            desk.close()
        await self._ended([s for desk in desks for s in desk.sessions])

    async def hang_up(self) -> None:
        """Ends every connection."""
        await self._ended(self.sessions)

    async def _ended(self, sessions: list[LabSMTP]) -> None:
        for session in sessions:
            session.abort()
        if sessions:
            await asyncio.wait([session.is_over for session in sessions], timeout=_LINGER)
            await asyncio.sleep(0)  # for the transports to notice

    async def hung_up(self, here: Endpoint) -> None:
        """Waits until the listener is done with a connection that its client has closed."""
        session = self._callers.get(here)
        if session is not None and not session.is_over.done():
            await asyncio.wait([session.is_over], timeout=_LINGER)

    def carries(self, here: Endpoint, passage: object) -> None:
        """What comes next over a connection that a client of the lab has."""
        session = self._callers.get(here)
        if session is not None and isinstance(passage, Passage):
            session.carries(passage)

    def caller(self, session: LabSMTP, peername: tuple[Any, ...]) -> tuple[str, Passage | None]:
        """Who is calling: the public address, and what a client of the lab gave along."""
        caller = self.live.network.caller_of(peername)
        here: Endpoint = (peername[0], peername[1])
        if not caller.outside:
            self._callers[here] = session
            session.is_over.add_done_callback(lambda _: self._callers.pop(here, None))
        return caller.public_ip, caller.note if isinstance(caller.note, Passage) else None
