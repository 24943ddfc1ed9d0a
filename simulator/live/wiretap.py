"""Keeps what went over the wires: every SMTP line, every certificate, every DNS question, as events of the log.

These are the event types of `trace.WIRE_ONLY`; no decision and no expectation about paths reads them. A line says
in which session it went (the number that the listener's own events carry), who spoke, and whether it was encrypted.
Content is abbreviated to its size, and what AUTH carries is not kept at all: an outside client may send a real
password. `port` and `wall` (real port, real seconds since the lab began) differ from run to run and stand in fields
of their own, so that a view can leave them out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from simulator.live.clock import Clock
from simulator.mail.tls import Certificate
from simulator.world import Passage, World
from simulator.zone import Answer, Question

__all__ = ["Link", "Wiretap"]

_LONGEST = 1000  # characters kept of a line


@dataclass(frozen=True, slots=True)
class Link:
    """One connection as the wiretap names it."""

    session: int  # as in the events of the reception
    server: str  # the host that listens
    peer: str  # public address of the client
    port: int  # real port of the client
    passage: Passage | None


class Wiretap:
    """Writes into the log of the world that is being played."""

    def __init__(self, world: World, clock: Clock) -> None:
        self.world, self.clock = world, clock

    def line(self, link: Link, who: str, text: str, *, encrypted: bool) -> None:
        """One line without its line end. `who` is "client", "server", or "note" for what happened without words."""
        passage, world = link.passage, self.world
        fields = {
            "session": link.session, "client": passage.client if passage else "", "peer": link.peer, "who": who,
            "line": text[:_LONGEST], "encrypted": encrypted, "port": link.port, "wall": self._wall(),
        }  # fmt: skip
        msg, hop = (passage.msg, passage.hop + 1) if passage else ("", 0)
        world.log.write("smtp.line", world.now, link.server, msg, hop, fields)

    def certificate(self, host: str, shown_by: str, shown: Certificate, der: bytes, passage: Passage | None) -> None:
        """A certificate that `host` was shown; `shown_by` is "server" or "client"."""
        self.world.log.add(
            "tls.certificate", now=self.world.now, host=host, msg=passage.msg if passage else "",
            hop=passage.hop + 1 if passage else 0, side=shown_by, subject=shown.subject, names=list(shown.names),
            issuer=shown.issuer, not_before=_told(shown.not_before), not_after=_told(shown.not_after), flaw=shown.flaw,
            sha256=_digest(der), wall=self._wall(),
        )  # fmt: skip

    def dns(self, host: str, question: Question, answer: Answer, *, msg: str, hop: int) -> None:
        """A question that was asked over the wire, and its answer."""
        self.world.log.add(
            "dns.wire", now=self.world.now, host=host, msg=msg, hop=hop, question=str(question),
            status=answer.status, answer=answer.told, chain=[f"{a} -> {b}" for a, b in answer.chain],
            wall=self._wall(),
        )  # fmt: skip

    def _wall(self) -> float:
        return round(self.clock.wall(), 6)


# The servers of a lab show each other the same few certificates over and over.


@lru_cache(256)
def _told(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M:%S}"


@lru_cache(256)
def _digest(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()
