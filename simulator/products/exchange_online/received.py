"""The Received fields of one pass through the service, newest first as they stand in the message.

    from MW2PR16CA0043.namprd16.prod.outlook.com by BL0PR11MB1234.namprd11.prod.outlook.com        to the mailbox server
    from BN8NAM11FT058.eop-nam11.prod.protection.outlook.com by MW2PR16CA0043.outlook.office365.com    behind the edge
    from the client by BN8NAM11FT058.mail.protection.outlook.com                                    the edge, port 25

A mailbox's own mail comes in at MW2PR16CA0043.outlook.office365.com (port 587), so it has two of them (inferred). Delivery to a
mailbox adds one more on top, with HTTPS in place of SMTP. The shapes are captured; addresses inside the service are made up.
"""

from __future__ import annotations

from simulator.mail.message import rfc5322_date
from simulator.mail.session import Session
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.products.exchange_online.identifiers import (
    frontend,
    inside_address,
    mailbox_server,
    stores,
    submission_server,
)

__all__ = ["delivery_line", "pass_lines"]

RECEIVED = rule(
    "EXO-HDR-4", "A pass writes three Received fields, two where a mailbox submits, and one more at delivery",
    fidelity="observed", source="captured headers; two for submission is inferred",
    test="tests/products/exchange_online/test_received.py",
)  # fmt: skip

_VERSION = "15.20.8699.15"
_INSIDE = "version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
_CIPHERS = {"TLSv1.2": _INSIDE, "TLSv1.3": "version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384"}
"""What is said of TLS. The cipher is the usual one of that version: which one a socket negotiates must not make a difference
to the message."""


def pass_lines(session: Session, tenant: str, at: Moment) -> tuple[tuple[str, str], ...]:
    """The fields of a message that came in by `session`."""
    date = rfc5322_date(at.now)
    edge, hub, store = frontend(tenant), submission_server(tenant), mailbox_server(tenant)
    tls = f" ({_CIPHERS.get(session.tls.version, f'version={session.tls.version}')})" if session.tls else ""
    first = hub if session.auth else edge
    lines = [
        f"from {session.helo or f'[{session.peer}]'} ({session.peer})\nby {first} ({inside_address(first)}) with Microsoft SMTP "
        f"Server{tls}\nid {_VERSION} via Frontend Transport; {date}"
    ]  # fmt: skip
    if not session.auth:
        alias = f"{edge.partition('.')[0]}.eop-nam11.prod.protection.outlook.com"
        lines.append(
            f"from {alias} ({inside_address(alias)})\nby {hub} ({inside_address(hub)}) with Microsoft SMTP Server ({_INSIDE})\n"
            f"id {_VERSION} via Frontend Transport; {date}"
        )  # fmt: skip
    hub_inside = f"{hub.partition('.')[0]}.namprd16.prod.outlook.com"
    lines.append(
        f"from {hub_inside} ({inside_address(hub_inside)})\nby {store} ({inside_address(store)}) with Microsoft SMTP Server "
        f"({_INSIDE})\nid {_VERSION}; {date}"
    )  # fmt: skip
    return tuple(("Received", line) for line in reversed(lines))


def delivery_line(tenant: str, at: Moment) -> tuple[str, str]:
    """The field that delivery to a mailbox puts on top."""
    hub, store = mailbox_server(tenant), stores(tenant)
    line = f"from {hub} ({inside_address(hub)})\nby {store} with HTTPS; {rfc5322_date(at.now)}"
    return ("Received", line)
