"""What an Exchange server writes into a message it takes, removes from it, and does to it when it leaves.

header firewall   X-MS-Exchange-Organization-*, -CrossPremises-* and -CrossTenant-* from outside are removed
promotion         of the service (AcceptCloudServicesMail) CrossPremises-* become Organization-*
trust             AuthAs Internal after a login, from an externally secured client, or where promoted headers say so
demotion          by a Send connector with CloudServicesMailEnabled Organization-* become CrossPremises-*, by others
                  both are removed
Received          one line a pass (a server writes two or three)
"""

from __future__ import annotations

import hashlib

from simulator.mail.message import Message, rfc5322_date
from simulator.mail.session import Session
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.rules import rule

__all__ = ["AUTH_AS", "is_internal", "outgoing", "stamped"]

_TEST = "tests/products/exchange_server/test_headers.py"
FIREWALL = rule(
    "EXS-HDR-1", "Organization and CrossPremises headers from outside are removed, from the service the latter are promoted",
    fidelity="documented", source="CMD New-SendConnector CloudServicesMailEnabled; learn: Header firewall", test=_TEST,
)  # fmt: skip
TRUST = rule(
    "EXS-HDR-2", "Mail of logged-in and externally secured clients is internal, that of the service as its headers say",
    fidelity="documented", source="learn: Receive connectors; Transport routing in Exchange hybrid deployments", test=_TEST,
)  # fmt: skip
DEMOTION = rule(
    "EXS-HDR-3", "Internal headers leave as CrossPremises headers with CloudServicesMailEnabled, and not at all without",
    fidelity="documented", source="CMD New-SendConnector CloudServicesMailEnabled", test=_TEST,
)  # fmt: skip
RECEIVED = rule(
    "EXS-HDR-4", "One Received line a pass; a server writes one for each of its services", fidelity="not modelled",
    source="captured headers", test=_TEST,
)  # fmt: skip

_ORGANIZATION = "X-MS-Exchange-Organization-"
_CROSS_PREMISES = "X-MS-Exchange-CrossPremises-"
_CROSS_TENANT = "X-MS-Exchange-CrossTenant-"
AUTH_AS = f"{_ORGANIZATION}AuthAs"

_VERSION = "15.2.1544.4"
_CIPHERS = {
    "TLSv1.2": "version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLSv1.3": "version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384",
}
"""What the Received line says of TLS. Which cipher a socket negotiates must not make a difference to the message."""


def stamped(held: Held, fqdn: str, at: Moment) -> Message:
    """The message as the server keeps it; `fqdn` is the name in its Received line."""
    promotes = held.facts.get("basis") == "cloud"
    message = _through_firewall(held.message, promotes=promotes)
    known = held.facts.get("basis") in ("mailbox", "externally-secured") or held.generated
    internal = known or _said(message, AUTH_AS) == "internal"
    number = at.turn("network message id")
    written = (
        (f"{_ORGANIZATION}Network-Message-Id", _guid(fqdn, number)),
        (f"{_ORGANIZATION}AuthSource", fqdn),
        (AUTH_AS, "Internal" if internal else "Anonymous"),
        (f"{_ORGANIZATION}MessageDirectionality", "Originating" if internal else "Incoming"),
    )
    kept = {name.lower() for name, _ in written if promotes and message.has(name)} - {AUTH_AS.lower()}
    new = tuple(field for field in written if field[0].lower() not in kept)
    replaced = {name.lower() for name, _ in new}
    received = ("Received", _received(held.session, fqdn, at))
    return message.without(replaced.__contains__).topped(received, *new)


def _through_firewall(message: Message, *, promotes: bool) -> Message:
    """Without internal headers from outside. Promoted ones replace what claimed to be internal already."""
    foreign = (_ORGANIZATION, *(() if promotes else (_CROSS_PREMISES, _CROSS_TENANT)))
    prefixes = tuple(prefix.lower() for prefix in foreign)
    message = message.without(lambda name: name.startswith(prefixes))
    return message.renamed(_CROSS_PREMISES, _ORGANIZATION) if promotes else message


def _said(message: Message, name: str) -> str:
    return (message.get(name) or "").strip().lower()


def _received(session: Session, host: str, at: Moment) -> str:
    tls = ""
    if session.tls:
        tls = f" ({_CIPHERS.get(session.tls.version, f'version={session.tls.version}')})"
    return (
        f"from {session.helo or f'[{session.peer}]'} ({session.peer})\n"
        f"by {host} with Microsoft SMTP Server{tls}\n"
        f"id {_VERSION} via Frontend Transport; {rfc5322_date(at.now)}"
    )


def _guid(fqdn: str, number: int) -> str:
    """As long as a real one, and the same in every run."""
    digits = hashlib.blake2b(f"{fqdn} {number}".encode(), digest_size=16).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def is_internal(held: Held) -> bool:
    """Whether a message that was stamped here comes from somebody authenticated."""
    return held.generated or _said(held.message, AUTH_AS) == "internal"


def outgoing(message: Message, *, hybrid: bool) -> Message:
    """As it leaves: `hybrid` is CloudServicesMailEnabled of its Send connector."""
    if hybrid:
        return message.renamed(_ORGANIZATION, _CROSS_PREMISES)
    internal = (_ORGANIZATION.lower(), _CROSS_PREMISES.lower())
    return message.without(lambda name: name.startswith(internal))
