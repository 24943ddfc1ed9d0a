"""The state of one flow: the lab, the log, mail time, what each host remembers, and the queue.

Both engines hold a `World` and let `reception` and `transport` work on it; they differ only in how an action of a
sending host reaches the listening one. Ids (`m-1`, `m-1.2`) are given in order, so they are the same in both.

A *copy* is one recipient of one message at one host. Its parent is the copy at the host before; following parents
from a copy's fate back to the start gives the delivery path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any

from simulator.faults import Faults
from simulator.mail.address import Address, Sender
from simulator.mail.message import Message
from simulator.mail.notify import handed_down
from simulator.policy.decision import Connector
from simulator.policy.host import Held, Host
from simulator.policy.moment import Memory, Moment
from simulator.policy.reuse import Standing
from simulator.policy.signing import NO_KEYS, Keys
from simulator.queue import NEVER, Queue, Work
from simulator.source import Source
from simulator.topology import Lab
from simulator.trace import Log
from simulator.value import value
from simulator.zone import Zone

__all__ = ["Away", "Delivery", "Passage", "World", "about"]

"""Mail time that an attempt takes, so that the Received stamps of two hops differ."""


@value
class Passage:
    """What a lab client's session carries: it tells the listener which copies are coming in.

    An outside client has none; its recipients start a new message.
    """

    msg: str
    hop: int  # of the sending host; 0 for a person's client
    client: str  # name of the sending host, "" for a person's client
    copies: Mapping[Address, str] = field(default_factory=dict)  # recipient -> the sender's copy id
    connector: Connector | None = None  # outbound
    connectors: bool = False  # whether the sending host has connectors at all


@value
class Delivery:
    """A message in a mailbox."""

    msg: str
    copy: str
    host: str
    mailbox: Address
    folder: str
    message: Message
    at: datetime


@value
class Away:
    """A copy that is with a server that somebody else runs."""

    server: str
    msg: str
    hop: int
    sender: Sender
    recipient: Address


def about(message: Message) -> dict[str, Any]:
    """What the log keeps of a message that a host takes; the header is read when somebody asks."""
    return {
        "message_id": message.get("Message-ID") or "", "subject": message.get("Subject") or "", "headers": message,
    }  # fmt: skip


class World:
    """Everything that changes while mail moves. `keys` are for those who sign and verify; without them nobody can."""

    def __init__(self, lab: Lab, log: Log, *, seed: int = 0, keys: Keys = NO_KEYS) -> None:
        self.lab, self.log, self.seed, self.keys = lab, log, seed, keys
        self.now = log.begin
        self.faults = Faults(lab.faults, self.now, seed)
        self.queue = Queue()
        self.mailboxes: list[Delivery] = []
        self.away: dict[str, Away] = {}  # copies, in the order in which they were taken
        self.reports_expected = 0  # from servers that somebody else runs
        self.standing: list[Standing] = []  # connections that hosts have left open, in that order
        self.paused: set[Source] = set()  # the waits that are over
        self._memories: dict[str, Memory] = {}
        self._moments: dict[str, tuple[datetime, Moment]] = {}  # the latest of each host, and when it was
        self._messages = 0
        self._copies: dict[str, int] = {}
        self._sessions = 0
        self._lines = 0

    def host(self, name: str) -> Host:
        return self.lab.hosts[name]

    def moment(self, host: str) -> Moment:
        """The circumstances of a decision of `host` at this time."""
        found = self._moments.get(host)
        if found is None or found[0] is not self.now:
            made = Moment(self.clock(host), self._memories.setdefault(host, {}), self.seed, self.keys)
            found = self._moments[host] = (self.now, made)
        return found[1]

    def clock(self, host: str) -> datetime:
        """What a host believes that the time is."""
        return self.now + self.faults.skew(host, self.now) if self.faults else self.now

    def down_until(self, host: str) -> datetime | None:
        """When a host that is switched off or down works again (`NEVER`: nobody knows); None where it works."""
        if host in self.lab.down or host not in self.lab.hosts:
            return NEVER
        return self.faults.down_until(host, self.now) if self.faults else None

    def relab(self, lab: Lab) -> None:
        """Goes on in a changed lab: what waits and what hosts remember stays."""
        was = {name: self.down_until(name) for name in self.lab.hosts} if self.faults else {}
        self.lab = lab
        self._moments.clear()
        self.standing.clear()  # hosts that start with other settings have no connections
        self.faults.change(lab.faults, self.now)
        # A host that is back before its time goes through its queue at once.
        self.queue.wake(self.now, {n: until for n, until in was.items() if until and until != self.down_until(n)})

    def remembered(self, host: str) -> Zone | None:
        """DNS as the host's resolver still has it in its cache, from before a change."""
        cache = self.lab.caches.get(host)
        if cache is None or (cache.ttl is not None and self.now >= self.log.begin + cache.ttl):
            return None
        return cache.zone.with_keys(self.keys)

    def elapse(self, span: timedelta) -> None:
        self.now += span

    def remember(self, before: World) -> None:
        """Carries on from an earlier flow: what hosts remember, what waits, how far the ids got."""
        self._memories, self._moments, self.queue = before._memories, {}, before.queue
        self._messages, self._copies, self._sessions = before._messages, before._copies, before._sessions
        self.paused = set(before.paused)
        self.faults.carry_on(before.faults)
        self.queue.wake(self.now)

    def new_message(self) -> str:
        self._messages += 1
        return f"m-{self._messages}"

    def new_session(self) -> int:
        self._sessions += 1
        return self._sessions

    def new_line(self) -> int:
        self._lines += 1
        return self._lines

    def new_copy(self, msg: str) -> str:
        self._copies[msg] = self._copies.get(msg, 0) + 1
        return f"{msg}.{self._copies[msg]}"

    def take_in(self, held: Held, host: Host, passage: Passage) -> None:
        """Notes that `host` is now responsible for `held` and queues it."""
        copies: dict[Address, str] = {}
        hop = passage.hop + 1
        seen = about(held.message)
        for recipient in held.recipients:
            copies[recipient] = copy = self.new_copy(passage.msg)
            used = [c.name for c in (passage.connector, held.connector) if c]
            self.log.add(
                "accepted", now=self.now, host=host.name, msg=passage.msg, hop=hop, copy=copy,
                parent=passage.copies.get(recipient, ""), client=passage.client, rcpt=str(recipient),
                sender=str(held.sender or "<>"), connectors=used, own=held.generated,
                inbound=held.connector.name if held.connector else "",
                any_connectors=bool(used) or self._wired(passage, held, host), size=held.message.size,
                tls=held.session.tls.version if held.session.tls else "", facts=dict(held.facts),
                peer=held.session.peer, helo=held.session.helo, auth=str(held.session.auth or ""),
                at=held.connector.at if held.connector else self.lab.servers[host.name].at, **seen,
            )  # fmt: skip
        self.queue.put(Work(self.now, host.name, held, passage.msg, hop, copies))

    def _wired(self, passage: Passage, held: Held, host: Host) -> bool:
        # A mailbox's own client meets no connector; every other hop could have used one if a side has any.
        if held.session.auth or held.generated:
            return False
        return passage.connectors or host.has_connectors

    def split(self, work: Work, recipient: Address, to: tuple[Address, ...], asked: str = "less") -> Work:
        """The work for recipients that replace one (group members, forwards): new copies at the same host.

        `asked` says how much of what the sender asks of reports goes on to them (`mail.notify.handed_down`).
        """
        parent = work.copies[recipient]
        copies = {address: self.new_copy(work.msg) for address in to}
        for address, copy in copies.items():
            self.log.add(
                "replaced", now=self.now, host=work.host, msg=work.msg, hop=work.hop, copy=copy, parent=parent,
                rcpt=str(address), was=str(recipient),
            )  # fmt: skip
        held = work.held
        told = handed_down(held.recipient_parameters, recipient, to, asked)
        held = replace(held, recipients=to, original=held.original or recipient, recipient_parameters=told)
        return Work(self.now, work.host, held, work.msg, work.hop, copies)
