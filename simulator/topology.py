"""A lab as data: who is where, which hosts there are, what DNS says, and the certificates they show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from simulator.faults import Fault
from simulator.mail.address import Address, readable
from simulator.mail.tls import Certificate
from simulator.policy.host import Host
from simulator.policy.tls import PUBLIC_AUTHORITY
from simulator.source import NOWHERE, Source
from simulator.zone import Cache, Zone

__all__ = ["DEFECTS", "HOP_LATENCY", "CertificateSpec", "Lab", "Person", "Server", "holder"]

HOP_LATENCY = timedelta(milliseconds=100)

DEFECTS = (
    "expired", "not-yet-valid", "self-signed", "wrong-name", "untrusted", "no-client-auth", "incomplete-chain",
)  # fmt: skip
"""What `cert:` can have wrong with it."""


@dataclass(frozen=True, slots=True)
class CertificateSpec:
    """A certificate to be made. Times are relative to the lab's start; the live engine makes a real one of it."""

    subject: str
    names: tuple[str, ...] = ()
    issuer: str = PUBLIC_AUTHORITY
    valid: timedelta = timedelta(days=90)
    defect: str = ""
    at: Source = NOWHERE

    def facts(self, start: datetime) -> Certificate:
        """What the other side will know of it: the same that the live engine reads off the real one."""
        ends = start + self.valid  # may lie in the past: then it has expired
        begins = min(start, ends) - timedelta(days=30)
        subject, names, issuer = self.subject, self.names or (self.subject,), self.issuer
        anchor, flaw = issuer, ""
        if self.defect == "expired":
            begins, ends = start - timedelta(days=90), start - timedelta(days=1)
        elif self.defect == "not-yet-valid":
            begins, ends = start + timedelta(days=1), start + timedelta(days=1) + self.valid
        elif self.defect == "self-signed":
            issuer, anchor, flaw = subject, "", "self-signed"
        elif self.defect == "wrong-name":
            subject, names = (
                f"wrong.{subject.removeprefix('*.')}.invalid",
                (f"wrong.{subject.removeprefix('*.')}.invalid",),
            )
        elif self.defect == "untrusted":
            issuer = anchor = "lab-untrusted-ca"
        elif self.defect == "incomplete-chain":
            issuer, anchor, flaw = f"{issuer} intermediate", "", "unknown-issuer"
        names = tuple(map(readable, names))  # in the certificate they are A-labels
        purposes = {"server"} if self.defect == "no-client-auth" else {"server", "client"}
        return Certificate(subject, names, issuer, begins, ends, frozenset(purposes), anchor, flaw)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with one or more mailboxes; the first address is the one they send from."""

    name: str
    mailboxes: tuple[tuple[Address, str], ...]  # address, server name
    at: Source = NOWHERE

    @property
    def address(self) -> Address:
        return self.mailboxes[0][0]

    @property
    def server(self) -> str:
        return self.mailboxes[0][1]


@dataclass(frozen=True, slots=True)
class Server:
    """What is common to all hosts of a lab file: names, addresses, certificate."""

    name: str
    kind: str
    fqdn: str
    addresses: tuple[str, ...]
    certificate: CertificateSpec | None = None
    at: Source = NOWHERE
    runs_at: tuple[str, int] | None = None  # the loopback address and port of a server that somebody else runs
    certificates: tuple[CertificateSpec, ...] = ()  # all it has, where there are several
    ports: tuple[tuple[int, int], ...] = ()  # a port of the lab, and the real one at which it is to listen


def holder(servers: Iterable[Server], server: Server) -> str:
    """Whose certificate a server shows, as TLSA data names it: the first server's that has the very same."""
    same = (other.name for other in servers if other.certificate == server.certificate)
    return server.name if server.certificate is None else next(same, server.name)


@dataclass(frozen=True)
class Lab:
    """Everything a run needs to know. Hosts hold the products' decisions; nothing here opens or waits."""

    name: str
    people: Mapping[str, Person]
    servers: Mapping[str, Server]
    hosts: Mapping[str, Host]
    zone: Zone
    file: str = ""
    down: frozenset[str] = frozenset()  # servers that are switched off
    faults: tuple[Fault, ...] = ()  # what is planned to go wrong
    authorities: frozenset[str] = field(default_factory=lambda: frozenset({PUBLIC_AUTHORITY}))
    caches: Mapping[str, Cache] = field(default_factory=dict)  # by server: DNS as it still remembers it
    reuses_connections: bool = True  # whether hosts send several messages over a connection
    hop_latency: timedelta = HOP_LATENCY  # mail time that a session takes

    def person_of(self, address: Address, server: str = "") -> str:
        """The name that stands for an address in a sentence; the address itself where nobody has it.

        Two people may have one address at two servers (a mailbox that was not removed): `server` tells them apart.
        """
        return self._at_server.get((address, server)) or self._people.get(address) or str(address)

    @property
    def outsiders(self) -> tuple[str, ...]:
        """The servers that somebody else runs: only the live engine can play with them."""
        return tuple(server.name for server in self.servers.values() if server.runs_at)

    def holder(self, server: Server) -> str:
        """The server that TLSA data names for the certificate that this one shows."""
        return self._holders[server.name]

    def server_at(self, ip: str) -> Server | None:
        """The server that a public address belongs to."""
        return self._servers.get(ip)

    @cached_property
    def _holders(self) -> Mapping[str, str]:
        return {name: holder(self.servers.values(), server) for name, server in self.servers.items()}

    @cached_property
    def _people(self) -> Mapping[Address, str]:
        """Names by mailbox; where several people have one, the first."""
        every = reversed(list(self.people.values()))
        return {mailbox: person.name for person in every for mailbox, _ in person.mailboxes}

    @cached_property
    def _at_server(self) -> Mapping[tuple[Address, str], str]:
        return {mailbox: person.name for person in self.people.values() for mailbox in person.mailboxes}

    @cached_property
    def _servers(self) -> Mapping[str, Server]:
        # Behind one address may be a server and machines that only send: who calls it means the server.
        ranked = sorted(
            self.servers.values(), key=lambda s: s.name in self.hosts and self.hosts[s.name].submission.direct
        )
        return {ip: server for server in reversed(ranked) for ip in server.addresses}
