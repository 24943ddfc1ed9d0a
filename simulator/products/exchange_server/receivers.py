"""All Receive connectors of one server: those that a lab file writes, and those that every server has; how they may stand together.

Ranges of connectors at one port may lie within each other, and may not cross or be the same (CMD New-ReceiveConnector).
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.products.exchange_server.receive_connectors import (
    CLIENT_FRONTEND,
    DEFAULT_FRONTEND,
    ReceiveConnector,
    is_default,
)
from simulator.source import Node, ProblemList, Source

__all__ = ["check_together", "receivers"]


def receivers(
    written: Sequence[ReceiveConnector], server: str, *, edge: bool, at: Source
) -> tuple[ReceiveConnector, ...]:
    """The written connectors, and those that are there anyway. An Edge server has no mailboxes, so no Client Frontend."""
    there = (DEFAULT_FRONTEND, *(() if edge else (CLIENT_FRONTEND,)))
    have = {is_default(connector.name) for connector in written}
    made = (
        ReceiveConnector.read(Node.of({}, at), ProblemList(), name=f"{name} {server}".strip(), at=at)
        for name in there
        if name not in have
    )
    return (*written, *made)


def check_together(
    written: Sequence[ReceiveConnector], every: Sequence[ReceiveConnector], problems: ProblemList
) -> None:
    """What cannot stand side by side."""
    for place, one in enumerate(written):
        twin = next(
            (c for c in written[:place] if is_default(one.name) and is_default(c.name) == is_default(one.name)), None
        )
        if twin is not None:
            problems.error(one.place, f"{one.name} is {twin.name} again.", "Keep one.")
            continue
        for other in (*written[:place], *(c for c in every if c not in written)):
            _check_pair(one, other, problems)
        if one.is_hub and set(one.ports) & {25, 587}:
            says = f"{one.name} is a HubTransport connector at a port of the Front End: clients get 4.3.2 Service not available"
            problems.warn(one.at("TransportRole"), says, "Write TransportRole: FrontendTransport.")


def _check_pair(one: ReceiveConnector, other: ReceiveConnector, problems: ProblemList) -> None:
    """CMD New-ReceiveConnector: ranges of one port may lie within each other, and not cross or be the same."""
    if not set(one.ports) & set(other.ports):
        return
    for mine in one.ranges:
        for theirs in other.ranges:
            same = mine.within(theirs) and theirs.within(mine)
            crossing = mine.meets(theirs) and not mine.within(theirs) and not theirs.within(mine)
            if same or crossing:
                how = "is a range of" if same else f"crosses {theirs} of"
                says = f"RemoteIPRanges {mine} of {one.name} {how} {other.name}, at the same port."
                problems.error(one.at("RemoteIPRanges"), says, "Make one range lie within the other.")
                return
