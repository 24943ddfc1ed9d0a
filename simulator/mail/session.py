"""What a listening host knows of a connection when it has to decide."""

from __future__ import annotations

from typing import Any

from simulator.mail.address import Address
from simulator.mail.tls import TlsFacts
from simulator.value import value

__all__ = ["Session"]


@value
class Session:
    """One connection. Addresses are the public ones of the lab file, never loopback."""

    peer: str  # IP address of the client
    server: str  # name of the host that was called
    port: int = 25
    helo: str = ""
    tls: TlsFacts | None = None
    auth: Address | None = None  # who logged in

    def with_(self, **changes: object) -> Session:
        """A copy with some facts changed."""
        now: dict[str, Any] = {
            "peer": self.peer, "server": self.server, "port": self.port, "helo": self.helo, "tls": self.tls,
            "auth": self.auth,
        }  # fmt: skip
        return Session(**{**now, **changes})
