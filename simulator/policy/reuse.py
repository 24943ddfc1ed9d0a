"""Which messages share a connection: one session, several transactions (RFC 5321 3.3, 4.1.1.4).

    a message was answered          250, or a refusal of the message itself; not 421, not 500 to 504 (a command was wrong)
    the host has more to do         work in its queue that is due now
    the number is not reached       what the product sends over one connection
    -> no QUIT: the connection stays open under a number, with the `Terms` that it was made on

    the next message is routed, its targets are looked up
    the terms are the same          next hop, target, source address, EHLO name, TLS demand with the certificate shown, login
    -> MAIL on that connection; else a new one, and the first stays open until its host has nothing due any more

Where the other side answers the MAIL of a later message with 421, it has had enough of the connection and has said nothing
about the message, so that one begins again on a new connection at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from simulator.mail.tls import TlsFacts
from simulator.policy.attempt import Open, Target
from simulator.policy.decision import Candidate, Step
from simulator.policy.route import NextHop, Relay
from simulator.policy.rules import rule
from simulator.policy.tls import Demand
from simulator.value import value

__all__ = ["USUAL", "SharesConnections", "Standing", "Terms", "choose", "closed", "messages_per_connection"]

USUAL = 20
"""Messages over a connection where a product has no setting for it (inferred: what an Exchange Send connector has)."""

_TEST = "tests/policy/test_reuse.py"
SHARED = rule(
    "CONN-1", "A message goes over a connection that stands open where next hop, target, source, EHLO name, TLS demand, "
    "certificate and login are the same", fidelity="inferred", source="RFC 5321 3.3; CMD Set-SendConnector SmtpMaxMessagesPerConnection",
    test=_TEST,
)  # fmt: skip
CLOSED = rule(
    "CONN-2", "421 to the MAIL of a later message ends the connection and not the attempt", fidelity="inferred",
    source="RFC 5321 3.8, 4.2.3", test=_TEST,
)  # fmt: skip


@runtime_checkable
class SharesConnections(Protocol):
    """A host that knows how many messages it sends over a connection."""

    def messages_per_connection(self, relay: Relay) -> int:
        """0 for as many as there are, 1 for a connection of its own for every message."""
        ...


def messages_per_connection(host: object, relay: Relay) -> int:
    """What a host does, or what is usual."""
    return host.messages_per_connection(relay) if isinstance(host, SharesConnections) else USUAL


@value
class Terms:
    """What a connection was made on. Messages whose terms are equal may share one."""

    host: str  # who sends
    to: NextHop
    target: Target
    source: str
    helo: str
    tls: Demand  # the certificate that the host shows is a part of it
    login: tuple[str, str] | None = None


@value
class Standing:
    """A connection that its host has left open."""

    line: Open
    terms: Terms
    messages: int  # that went over it

    @property
    def tls(self) -> TlsFacts | None:
        return self.line.tls

    @property
    def name(self) -> str:
        return f"{self.terms.target.name} [{self.terms.target.address}]"


_WORDS = {
    "to": "another-next-hop", "target": "another-target", "source": "another-source", "helo": "another-ehlo-name",
    "tls": "another-tls-demand", "login": "another-login",
}  # fmt: skip


def choose(standing: Iterable[Standing], terms: Terms) -> tuple[Standing | None, Step | None]:
    """The first connection of the host whose terms are the same, and why the others are not it; no step where there is none."""
    own = [one for one in standing if one.terms.host == terms.host]
    if not own:
        return None, None
    fits = [_difference(one.terms, terms) for one in own]
    chosen = next((one for one, differs in zip(own, fits, strict=True) if not differs), None)
    candidates = tuple(
        Candidate(one.name, one is chosen, differs or ("shared" if one is chosen else "not-needed"), _says(differs))
        for one, differs in zip(own, fits, strict=True)
    )
    if chosen is None:
        return None, Step("CONNECTION", SHARED, "own", "no connection that stands open is for this message", candidates)
    says = f"the connection to {chosen.name} stands open: message {chosen.messages + 1} goes over it"
    return chosen, Step("CONNECTION", SHARED, "shared", says, candidates)


def closed(standing: Standing, said: str) -> Step:
    """Why a message that was to share a connection gets one of its own."""
    says = f"after {standing.messages} messages the other side closes the connection; the message begins again on a new one"
    return Step("CONNECTION", CLOSED, "closed", says, (Candidate(standing.name, False, "closed", said),))


def _difference(one: Terms, other: Terms) -> str:
    return next((word for name, word in _WORDS.items() if getattr(one, name) != getattr(other, name)), "")


def _says(differs: str) -> str:
    return f"it is for {differs.replace('-', ' ')}" if differs else ""
