"""A server that is down for clients from outside: its ports are closed, and whoever was connected is cut off.

For the lab's own clients a fault says how their connection fails. Programs from outside see sockets: where the lab is kept
running, the listeners of a server that is down with `how: refused` are really closed, and open again at the same ports
when it is back. A `silent` one accepts (the system does that) and says nothing, see `server.LabSMTP`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from simulator.live.errors import LabError

if TYPE_CHECKING:
    from simulator.live.lab import LiveLab

__all__ = ["follow_outages"]


async def follow_outages(live: LiveLab) -> None:
    """Closes what is down now, and opens what is back. To be called whenever mail time or faults have changed."""
    world = live.world
    desks = [(ip, desk) for (ip, _), desk in live.listeners.desks.items()]
    desks += [("", desk) for desk in live.listeners.doors.desks.values()]
    for ip, desk in desks:
        shut = bool(world.faults) and world.faults.is_shut(desk.server, world.now)
        if shut and desk.is_open:
            desk.shut_door(live.network, ip)
            for session in [s for s in desk.sessions if s.is_from_outside]:
                session.abort()
        elif not shut and not desk.is_open:
            with suppress(LabError):  # somebody has taken its port meanwhile: it is tried again next time
                await desk.open_again(live.network, ip)
