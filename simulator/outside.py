"""Mail that is with a server that somebody else runs: what the lab knows of it, and how it finds its way back.

Nobody can look into such a server. What is known is what it took (its 250) and what it does next in sight of the lab:

    mailbox there             delivered with its yes
    it hands the mail on      a session from its address, with the sender and a recipient of a copy that it has: the same
                              message goes on, one hop further
    refused for good          the copy ends at the host that refused; a report is expected
    null sender, no copy      a report that it wrote
    anything else             mail that began there, out of the lab's sight

The two sides of its hop are joined by envelope, since a header may be changed on the way and nothing else is known before
the end of DATA. Weak spot: two messages at once with the same sender and recipient may be taken for each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulator.mail.address import Address, Sender, sender_text
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.topology import Server
from simulator.world import Away, Delivery, Passage, World, about

__all__ = ["come_back", "handed_on", "is_expecting", "refused", "take_out"]


def is_expecting(world: World) -> bool:
    """Whether something may still come from outside."""
    return bool(world.away) or world.reports_expected > 0


def take_out(
    world: World, server: Server, passage: Passage, sender: Sender, recipients: Iterable[Address], message: Message
) -> None:
    """The server said yes to these recipients of a message that came with `passage`."""
    host, hop = world.host(server.name), passage.hop + 1
    used = [passage.connector.name] if passage.connector else []
    note: dict[str, Any] = {"now": world.now, "host": server.name, "msg": passage.msg, "hop": hop}
    for recipient in recipients:
        copy = world.new_copy(passage.msg)
        world.log.add(
            "accepted", copy=copy, parent=passage.copies.get(recipient, ""), client=passage.client, rcpt=str(recipient),
            sender=sender_text(sender), connectors=used, own=False, inbound="", size=message.size, tls="", facts={},
            peer="", helo="", auth="", **about(message),
            any_connectors=bool(used) or passage.connectors, at=server.at, **note,
        )  # fmt: skip
        if host.owns(recipient):
            world.mailboxes.append(Delivery(passage.msg, copy, server.name, recipient, "Inbox", message, world.now))
            world.log.add("delivered", copy=copy, mailbox=str(recipient), folder="Inbox", rcpt=str(recipient), **note)
        else:
            world.away[copy] = Away(server.name, passage.msg, hop, sender, recipient)


def come_back(world: World, server: Server, sender: Sender) -> Passage:
    """What a session from the server carries: the copies that it has of one message."""
    mine = {copy: one for copy, one in world.away.items() if one.server == server.name}
    same = [one for one in mine.values() if one.sender == sender] or [one for one in mine.values() if sender]
    if not same:
        msg = world.new_message()
        if sender is None:
            world.reports_expected = max(0, world.reports_expected - 1)
            world.log.add("written", now=world.now, host=server.name, msg=msg, hop=0, about="", to="")
        return Passage(msg, 0, server.name)
    first = same[0]
    copies = {one.recipient: copy for copy, one in mine.items() if one.msg == first.msg}
    return Passage(first.msg, first.hop, server.name, copies)


def handed_on(world: World, passage: Passage, recipients: Iterable[Address], reply: Reply) -> None:
    """A host of the lab took these; whoever came from outside is away no longer."""
    for recipient in recipients:
        copy = passage.copies.get(recipient, "")
        one = world.away.pop(copy, None)
        if one:
            world.log.add(
                "handed on", now=world.now, host=one.server, msg=one.msg, hop=one.hop, copy=copy, rcpt=str(recipient),
                reply=str(reply), connectors=[], wire=str(recipient), to="", address="", tls="",
            )  # fmt: skip


def refused(
    world: World, passage: Passage, recipients: Iterable[Address], reply: Reply, by: str, *, loop: bool
) -> None:
    """A host of the lab refused these. For good: the copy ends there, and the outside server reports to the sender."""
    for recipient in recipients if reply.permanent else ():
        copy = passage.copies.get(recipient, "")
        one = world.away.pop(copy, None)
        if one:
            # A report to somebody who has a mailbox there is never seen here.
            seen = one.sender is not None and not world.host(one.server).owns(one.sender)
            world.reports_expected += seen
            world.log.add(
                "bounced", now=world.now, host=one.server, msg=one.msg, hop=one.hop, copy=copy, rcpt=str(recipient),
                reply=str(reply), codes=reply.codes, remote=str(reply), by=by, remote_codes=reply.codes, refused=True,
                loop=loop, report="", to="", connectors=[], attempts=1,
            )  # fmt: skip
