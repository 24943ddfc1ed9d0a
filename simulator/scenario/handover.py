"""How a scenario's messages are handed in: by which client, from which address, to which server, with what content.

A person's mail goes to their own server over authenticated submission, as a mail program does it; so does what
anybody hands in at a host that stands for more people than the lab names. A message that names another server, a source
address or port 25 comes in as an unknown client, as a device's or a stranger's does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from simulator.mail.address import Address
from simulator.mail.compose import compose
from simulator.policy.attempt import Target
from simulator.policy.dialogue import Errand
from simulator.policy.host import LAB_PASSWORD, MAIL_PROGRAMS
from simulator.policy.tls import Demand, Level
from simulator.scenario.scenario import Flow, Send
from simulator.topology import CertificateSpec, Lab, Server
from simulator.world import Passage, World

__all__ = ["CLIENT_ADDRESS", "Handover", "hand_over", "handovers"]

CLIENT_ADDRESS = MAIL_PROGRAMS


@dataclass(frozen=True, slots=True)
class Handover:
    """One message as a client hands it in, and when."""

    at: datetime
    errand: Errand
    target: Target
    person: str  # the name that the path begins with
    server: str
    certificate: CertificateSpec | None


def handovers(flow: Flow, world: World) -> Iterator[Handover]:
    """The messages of a flow in order; ids are given when each is asked for."""
    at = world.log.begin
    for send in flow.send:
        at += send.after
        yield hand_over(send, world, at)


def hand_over(send: Send, world: World, at: datetime) -> Handover:
    """One message, with the next id of the world."""
    lab = world.lab
    having = (p for p in lab.people.values() if any(a == send.sender for a, _ in p.mailboxes))
    person = lab.people.get(send.person) or next(having, None)
    server = _server(send, lab)
    owner = lab.people.get(send.auth) if send.auth else person
    own = person is not None and any(a == send.sender and s == server.name for a, s in person.mailboxes)
    submission = lab.hosts[server.name].submission
    has_door = submission.port != 25  # a door for people's own mail
    login = bool(send.auth) or (has_door and (own or submission.anybody) and not send.source and send.port in (0, 587))
    port = send.port or (submission.port if login else 25)
    msg = world.new_message()
    sender = None if send.null_sender else send.sender
    domain = send.sender.domain if send.sender else server.fqdn
    content = send.content or compose(
        sender=send.sender, to=send.to, date=at, message_id=f"<{msg}.{world.seed}@{domain}>", subject=send.subject,
        body=send.body, size=send.size, headers=send.headers,
    )  # fmt: skip
    source = send.source or CLIENT_ADDRESS
    passage = Passage(msg, 0, "", dict.fromkeys(send.to, ""))
    name = owner.address if owner and (own or send.auth) else send.sender or f"postmaster@{server.fqdn}"
    errand = Errand(
        source, send.helo or f"[{source}]", sender, send.to, content, _demand(send), port, send.parameters,
        dict(send.recipient_parameters), login=(str(name), send.password or LAB_PASSWORD) if login else None, passage=passage,
    )  # fmt: skip
    target = Target(server.fqdn, server.addresses[0])
    start = person.name if person else str(send.sender) if send.sender else "<>"
    return Handover(at, errand, target, start, server.name, send.certificate)


def _server(send: Send, lab: Lab) -> Server:
    """The server a message is handed to: the one named, the one a DNS name leads to, or the sender's own."""
    if send.server in lab.servers:
        return lab.servers[send.server]
    for address in lab.zone.lookup(send.server, "A").records if send.server else ():
        if found := lab.server_at(address):
            return found
    for person in lab.people.values():
        for mailbox, server in person.mailboxes:
            if isinstance(send.sender, Address) and mailbox == send.sender:
                return lab.servers[server]
    raise LookupError(f"nobody knows where {send.sender} hands in mail; write  server: NAME")


def _demand(send: Send) -> Demand:
    word = send.tls.casefold()
    if word == "off":
        return Demand(never=True)
    if word in ("", "on"):
        return Demand()
    return Demand(Level.ENCRYPTION, version=word if word != "required" else "")
