"""Enhanced Filtering for Connectors: which address a message is judged by when something stands in front of the service.

    EFSkipLastIP            the connecting address is skipped, the one that it got the message from counts
    EFSkipIPs               addresses are skipped as long as they are listed
    neither                 off: the connecting address counts
    EFUsers                 only where all recipients are listed; empty: for everybody

The connecting address comes first, then those of the Received fields, newest first. Private addresses (RFC 1918) are passed
over like listed ones. Where the fields end before an address is left, the connecting one counts after all (inferred).

Only the judgement follows it: SPF, the allow list, CIP. Whose message it is stays a matter of the connecting address. A tenant
with centralised transport has no Enhanced Filtering (learn: Enhanced filtering for connectors in Exchange Online).
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, ip_address

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.policy.decision import Candidate, Step
from simulator.policy.rules import rule
from simulator.products.exchange_online.connectors import InboundConnector
from simulator.products.exchange_online.ip_list import listed
from simulator.products.exchange_online.steps import single
from simulator.value import value

__all__ = ["SKIP", "Origin", "origin"]

_TEST = "tests/products/exchange_online/test_skip_listing.py"
SKIP = rule(
    "EXO-EF-1", "With Enhanced Filtering mail is judged by the last address in Received that is neither skipped nor private",
    fidelity="documented", source="learn: Enhanced filtering for connectors in Exchange Online; CMD New-InboundConnector", test=_TEST,
)  # fmt: skip
EXHAUSTED = rule(
    "EXO-EF-2", "Where every address in Received is skipped, mail is judged by the connecting one", fidelity="inferred",
    source="no page says what happens then", test=_TEST,
)  # fmt: skip

_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))  # RFC 1918 3
_FROM = re.compile(r"\s*from\s+(\S+)", re.I)
_ADDRESS = re.compile(r"[\[(](?:IPv6:)?([0-9a-f.:]*[.:][0-9a-f.:]*)[\])]", re.I)


@value
class Origin:
    """By whom a message is judged: its address, the name it called itself, and whether something was skipped for that."""

    ip: str
    helo: str
    skipped: tuple[str, ...] = ()


def origin(
    session: Session, message: Message, recipients: tuple[Address, ...], connector: InboundConnector | None, *,
    centralised: bool,
) -> tuple[Origin, Step | None]:  # fmt: skip
    """Where a message really comes from; no step where no connector has Enhanced Filtering."""
    here = Origin(session.peer, session.helo)
    if connector is None or not connector.skips:
        return here, None
    if centralised:
        at = connector.at("EFSkipLastIP" if connector.EFSkipLastIP else "EFSkipIPs")
        says = "Enhanced Filtering does not go with centralised transport"
        return here, single("SOURCE", SKIP, "centralised", says, name=connector.name, chosen=False, at=at)
    strangers = [r for r in recipients if r not in connector.EFUsers] if connector.EFUsers else []
    if strangers:
        says = f"{strangers[0]} is not in EFUsers, so Enhanced Filtering is off for this message"
        return here, single(
            "SOURCE", SKIP, "not-for-them", says, name="EFUsers", chosen=False, at=connector.at("EFUsers")
        )
    return _walk(here, hops(message), connector)


def _walk(here: Origin, earlier: list[tuple[str, str]], connector: InboundConnector) -> tuple[Origin, Step]:
    skipped: list[str] = []
    candidates: list[Candidate] = []
    at = connector.at("EFSkipLastIP" if connector.EFSkipLastIP else "EFSkipIPs")
    for number, (ip, helo) in enumerate([(here.ip, here.helo), *earlier]):
        reason, says = _skips(ip, number, connector)
        candidates.append(Candidate(ip, not reason, reason or "source", f"{ip} {says}", at))
        if not reason:
            found = Origin(ip, helo, tuple(skipped))
            says = f"judged by {ip}" + (f"; skipped: {', '.join(skipped)}" if skipped else "")
            return found, Step("SOURCE", SKIP, "skipped" if skipped else "connecting", says, tuple(candidates), at)
        skipped.append(ip)
    says = f"every address is skipped ({', '.join(skipped)}), so the connecting one counts"
    return here, Step("SOURCE", EXHAUSTED, "exhausted", says, tuple(candidates), at)


def _skips(ip: str, number: int, connector: InboundConnector) -> tuple[str, str]:
    """Why an address is skipped (slug and words); no slug where it is the source."""
    if connector.EFSkipLastIP:
        if number == 0:
            return "last-hop", "is the connecting address, and EFSkipLastIP is set"
    elif entry := listed(ip, connector.EFSkipIPs):
        return "listed", f"is in EFSkipIPs ({entry})"
    address = ip_address(ip)
    if address.version == 4 and any(address in network for network in _PRIVATE):
        return "private", "is a private address"
    return "", "is the source"


def hops(message: Message) -> list[tuple[str, str]]:
    """Address and name of the client in each Received field, newest first; fields that name no address are left out."""
    found: list[tuple[str, str]] = []
    for field in message.all("Received"):
        name = _FROM.match(field)
        client = re.split(r"\sby\s", field, maxsplit=1, flags=re.I)[0]
        for text in _ADDRESS.findall(client):
            try:
                found.append((str(ip_address(text)), name[1] if name else ""))
            except ValueError:
                continue
            break
    return found
