"""What a host decides to do with an accepted recipient, and what becomes of an attempt.

A route that needs DNS says which question; the engine asks it and hands the answer to `policy.mx`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.policy.decision import Connector, Step
from simulator.policy.tls import Demand
from simulator.source import NOWHERE, Source
from simulator.value import value

__all__ = [
    "Bounce",
    "Deliver",
    "Discard",
    "Drop",
    "Expand",
    "Fate",
    "HandedOn",
    "Hold",
    "Keep",
    "NextHop",
    "Relay",
    "Return",
    "Revise",
    "Route",
    "Routing",
]


@value
class NextHop:
    """Where to look for the next host: the MX of `domain`, or `hosts` in this order.

    A host is a name or an IP address. `mx_first` asks MX before A for each host name. `exclude` are the sending
    host's own names and addresses: an MX list that contains them is cut there (RFC 5321 5.1); empty keeps a naive
    loop. `families` are the address records that the host can connect to, in the order in which it prefers them.
    """

    domain: str = ""
    hosts: tuple[str, ...] = ()
    mx_first: bool = False
    exclude: tuple[str, ...] = ()
    port: int = 25
    at: Source = NOWHERE
    families: tuple[str, ...] = ("AAAA", "A")


@value
class Deliver:
    """Into a mailbox of this host. `message` is what the mailbox keeps where delivery writes to it once more."""

    mailbox: Address
    folder: str = "Inbox"
    message: Message | None = field(default=None, compare=False)


@value
class Relay:
    """To another host. Recipients with equal relays travel in one transaction."""

    to: NextHop
    connector: Connector | None = None
    tls: Demand = field(default_factory=Demand)
    recipient: Address | None = None  # replaced address (mail user, contact), None keeps it
    login: tuple[str, str] | None = None  # user and password for the next host
    pool: str = ""  # from which of several pools of addresses it leaves, where the host tells


@value
class Return:
    """Not deliverable here: back to the sender with this reply as the report's diagnostic."""

    reply: Reply
    loop: bool = False


@value
class Expand:
    """Replaced by other recipients (group, forwarding); each is routed anew. `keep` also delivers here."""

    to: tuple[Address, ...]
    why: str  # "group", "forward", "alias", ...
    keep: bool = False


@value
class Revise:
    """The copy goes on at this host in another state: with this message, and `facts` added to what is known of it.

    `instead` takes the recipient's place (None keeps it), `also` are recipients beside it; each is routed anew. `why`
    says what did it. Recipients with equal revisions stay together.
    """

    message: Message
    facts: Mapping[str, str] = field(default_factory=dict)
    instead: tuple[Address, ...] | None = None
    also: tuple[Address, ...] = ()
    why: str = "rule"


@value
class Discard:
    """Silently dropped by a rule."""

    why: str


@value
class Hold:
    """Quarantine."""

    reason: str


Route = Deliver | Relay | Return | Expand | Revise | Discard | Hold


@value
class HandedOn:
    """The next host took responsibility."""

    reply: Reply


@value
class Keep:
    """Still queued: the queue's own text, and when the next attempt is due. `notice` tells somebody of the delay."""

    reply: Reply
    due: datetime
    remote: Reply | None = None
    notice: tuple[Address, Message] | None = None


@value
class Bounce:
    """Given up: `reply` is what the report's Status and Diagnostic-Code say, `remote` what the other host said.

    `refused` is true when the remote host refused in the session (the path ends REJECTED there); false when this
    host itself gave up (the path ends NDR here).
    """

    reply: Reply
    remote: Reply | None = None
    refused: bool = True
    loop: bool = False


@value
class Drop:
    """Given up, and nobody is told."""

    why: str
    reply: Reply


Fate = HandedOn | Keep | Bounce | Drop


@value
class Routing:
    """A route and how it was found."""

    route: Route
    steps: tuple[Step, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
