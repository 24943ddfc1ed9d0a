"""The relay matrix: who can send through a host of a lab, as whom, to whom. `always: [no open relay]` looks at the same cells.

    client       anonymous     an address that no server owns, no certificate, no login; at port 25 and at the submission port
                 forged        the same with a self-signed certificate that bears another server's name
                 address       another server's address, without its certificate
                 certificate   another server's certificate, from an address that no server owns
                 login         a person of the host, on its submission port
    sender       own           people of the lab (for a login: who logged in)
                 foreign       somebody whom no server knows
                 null          <>
    recipient    local         a mailbox of the host
                 hosted        an address in its domain that nobody has
                 foreign       somebody in a domain that no server knows

Each cell is a whole session walked through the host's own policy; it is open where the host took the message. What may be open is
mail for the host's own domains, and mail to others from those whom the lab trusts: people who log in, and servers of the same
organisation, by address or certificate. Servers are of different organisations if both have people, no organizational domain in
common (mail.contoso.com and contoso.com are one), and neither takes a stranger's mail for people of the other.
An anonymous client, a forged certificate and a server of others must not get mail for others through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from simulator.mail.address import Address, Sender, sender_text
from simulator.plan.walk import PlanEngine
from simulator.policy.attempt import Target, Try
from simulator.policy.dialogue import Errand
from simulator.policy.dmarc import organization
from simulator.policy.host import LAB_PASSWORD
from simulator.policy.signing import NO_KEYS, Keys
from simulator.policy.tls import Demand
from simulator.topology import CertificateSpec, Lab, Server
from simulator.trace import Log
from simulator.transport import submit
from simulator.value import value
from simulator.world import Passage, World

__all__ = ["CLIENTS", "RECIPIENTS", "SENDERS", "Cell", "open_relays", "relay_matrix"]

CLIENTS = ("anonymous", "forged", "address", "certificate", "login")
SENDERS = ("null", "foreign", "own")
RECIPIENTS = ("local", "hosted", "foreign")

_STRANGER = "192.0.0.9"  # RFC 7723 anycast address: never an address of a lab's own host
_NOBODY = Address.parse("stranger@relay-probe.invalid")
_ELSEWHERE = Address.parse("someone@relay-probe.invalid")
_UNKNOWN = "relay-probe-nobody"


@value
class Cell:
    """One question, and the host's answer. `by` says who the client was, `may` whether it may be open."""

    server: str
    client: str
    sender: str
    recipient: str
    open: bool
    may: bool
    by: str
    mail_from: str
    reply: str  # what was said last: the refusal, or the final 250
    taken_by: str = ""  # whose mail it became: the tenants of one service share a front door

    @property
    def is_unexpected(self) -> bool:
        return self.open and not self.may


@value
class _Client:
    """Who connects, and with what."""

    kind: str
    source: str
    by: str
    other: Server | None = None  # whose address or certificate it is
    certificate: CertificateSpec | None = None
    login: Address | None = None
    port: int = 25


def relay_matrix(lab: Lab, start: datetime, keys: Keys = NO_KEYS) -> tuple[Cell, ...]:
    """Every cell of every host that listens; for senders and clients of which there are several, each one."""
    return tuple(_cells(lab, start, keys, RECIPIENTS))


def open_relays(lab: Lab, start: datetime, keys: Keys = NO_KEYS) -> list[str]:
    """One sentence for every host that takes mail to others from somebody who has no right to that."""
    found: dict[str, str] = {}
    for cell in _cells(lab, start, keys, ("foreign",)):
        if cell.is_unexpected and cell.server not in found:
            found[cell.server] = f"{cell.server} relays for {cell.by} who sends as {cell.mail_from}"
    return list(found.values())


def _cells(lab: Lab, start: datetime, keys: Keys, recipients: Iterable[str]) -> Iterator[Cell]:
    known: dict[tuple[str, str], bool] = {}

    def same(one: Server, other: Server) -> bool:
        pair = (one.name, other.name)
        if pair not in known:
            known[pair] = _same_organisation(one, other, lab, lambda at, to: _takes(lab, start, keys, at, to))
        return known[pair]

    for server in lab.servers.values():
        host = lab.hosts.get(server.name)
        if host is None or host.submission.direct or not server.addresses or server.runs_at:
            continue
        targets = {kind: address for kind in recipients if (address := _recipient(kind, server, lab))}
        for client in _clients(server, lab, host.submission.port):
            for kind, sender in _senders(client, lab):
                for name, recipient in targets.items():
                    took, said = _probe(lab, start, keys, server, client, sender, recipient)
                    may = name != "foreign" or _trusts(lab.servers[took or server.name], client, same)
                    yield Cell(
                        server.name, client.kind, kind, name, bool(took), may, client.by, sender_text(sender), said, took
                    )  # fmt: skip


def _trusts(server: Server, client: _Client, same: Callable[[Server, Server], bool]) -> bool:
    """Whether a server may relay for a client: it logged in, or belongs to the same organisation."""
    return client.login is not None or (client.other is not None and same(server, client.other))


def _recipient(kind: str, server: Server, lab: Lab) -> Address | None:
    if kind == "foreign":
        return _ELSEWHERE
    box = next(iter(_mailboxes(server, lab)), None)
    return box if box is None or kind == "local" else Address(_UNKNOWN, box.domain)


def _mailboxes(server: Server, lab: Lab) -> list[Address]:
    return [box for person in lab.people.values() for box, where in person.mailboxes if where == server.name]


def _clients(server: Server, lab: Lab, submission: int) -> Iterator[_Client]:
    yield _Client("anonymous", _STRANGER, f"a stranger at {_STRANGER}")
    if submission != 25:
        yield _Client("anonymous", _STRANGER, f"a stranger at port {submission}", port=submission)
    for other in lab.servers.values():
        if other is server or other.name not in lab.hosts or not other.addresses:
            continue
        shown = other.certificate
        if shown:
            by = f"a stranger with a self-signed certificate of {shown.subject}"
            yield _Client("forged", _STRANGER, by, certificate=replace(shown, defect="self-signed"))
        yield _Client("address", other.addresses[0], f"{other.addresses[0]}, the address of {other.name},", other)
        if shown:
            by = f"the certificate of {other.name}, shown from {_STRANGER},"
            yield _Client("certificate", _STRANGER, by, other, shown)
    if box := next(iter(_mailboxes(server, lab)), None):
        yield _Client("login", _STRANGER, f"{box}, logged in,", login=box, port=submission)


def _same_organisation(one: Server, other: Server, lab: Lab, takes: Callable[[Server, Address], bool]) -> bool:
    boxes = [_mailboxes(server, lab) for server in (one, other)]
    theirs = [{organization(box.domain) for box in mine} for mine in boxes]
    if not all(theirs) or theirs[0] & theirs[1]:
        return True
    return takes(one, boxes[1][0]) or takes(other, boxes[0][0])


def _takes(lab: Lab, start: datetime, keys: Keys, server: Server, to: Address) -> bool:
    """Whether a server itself takes a stranger's mail for somebody, and not for everybody."""
    host = lab.hosts.get(server.name)
    if host is None or host.submission.direct or not server.addresses or server.runs_at:
        return False
    stranger = _Client("anonymous", _STRANGER, "")
    took = [_probe(lab, start, keys, server, stranger, _NOBODY, address)[0] for address in (to, _ELSEWHERE)]
    return took == [server.name, ""]


def _senders(client: _Client, lab: Lab) -> Iterator[tuple[str, Sender]]:
    yield "null", None
    yield "foreign", _NOBODY
    everybody = dict.fromkeys(box for person in lab.people.values() for box, _ in person.mailboxes)
    yield from (("own", box) for box in ([client.login] if client.login else everybody))  # anybody can write MAIL FROM


def _probe(
    lab: Lab, start: datetime, keys: Keys, server: Server, client: _Client, sender: Sender, recipient: Address
) -> tuple[str, str]:
    """One session: which host took the message, if one did, and what was said."""
    world = World(lab, Log(start), keys=keys)
    engine = PlanEngine(world, start)
    content = f"From: <{sender or _NOBODY}>\r\nTo: <{recipient}>\r\nSubject: probe\r\n\r\n".encode()
    errand = Errand(
        client.source, "stranger.invalid", sender, (recipient,), content, Demand(),
        client.port,
        login=(str(client.login), LAB_PASSWORD) if client.login else None, passage=Passage(world.new_message(), 0, ""),
    )  # fmt: skip
    journey = submit(world, errand, Target(server.fqdn, server.addresses[0]), person="", server=server.name)
    one = engine.submit(journey, client.certificate)
    took = next((e.host for e in world.log.of("accepted") if e["rcpt"] == str(recipient)), "")
    return took, _said(one, recipient)


def _said(one: Try, recipient: Address) -> str:
    reply = one.recipients.get(recipient) or one.reply
    return str(reply) if reply else one.broken or (one.verdict.says if one.verdict else "")
