"""What a listener gives to its connections: the side of a desk that `server.LabSMTP` sees."""

from __future__ import annotations

import ssl
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Protocol

from simulator.live.connection import Limits
from simulator.live.wiretap import Link, Wiretap
from simulator.mail.reply import Reply
from simulator.mail.tls import TlsFacts
from simulator.reception import Reception
from simulator.zone import Answer, Question

if TYPE_CHECKING:
    from simulator.live.server import LabSMTP

__all__ = ["Desk"]


class Desk(Protocol):
    """What a listener gives to its connections. A desk belongs to one public address and port of one server."""

    limits: Limits
    sessions: set[LabSMTP]  # that are open here

    @property
    def wiretap(self) -> Wiretap: ...

    def admit(self, session: LabSMTP, peername: tuple[Any, ...]) -> tuple[Reception, Link]:
        """The reception of a new connection."""

    def shut(self, link: Link) -> str:
        """How a planned fault keeps a client from outside away, before whom no network of ours stands; "" for not."""

    def is_kept(self) -> bool:
        """Whether the lab is kept running for clients from outside, which then wait in real time."""

    async def pace(self, reception: Reception, link: Link) -> None:
        """Before a reply: takes the time that a fault makes it take."""

    def tick(self) -> None:
        """Lets mail time catch up where it is real."""

    def certificate_context(self, reception: Reception) -> ssl.SSLContext:
        """What STARTTLS shows in a session."""

    def tls_facts(self, ssl_object: Any) -> tuple[TlsFacts, bytes]:
        """What a finished handshake showed, and the client's certificate as it came (empty where none)."""

    def gave_up(self, peername: tuple[Any, ...]) -> None:
        """Tells a client of the lab in process what a real one would learn by waiting."""

    async def carry(self, answering: Generator[Any, Any, Reply]) -> Reply:
        """An answer for which other hosts may have to be asked."""

    async def ask(self, question: Question, link: Link) -> Answer:
        """Asks the nameserver about the sender of a message."""

    def crashed(self, error: Exception, link: Link) -> None:
        """Something here is broken; the client only hears 451."""
