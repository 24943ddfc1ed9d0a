"""The names that exist with a tenant: what DNS publishes of its addresses."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from simulator.products.service_names import EXCHANGE_ONLINE, front_door
from simulator.source import Node
from simulator.topology import Server

FOUR, MORE, SIX, SIXTH = "40.92.10.1", "40.92.10.2", "2a01:111::1", "2a01:111::2"


@pytest.mark.parametrize(
    ("addresses", "records"),
    [
        ([FOUR], [("A", FOUR)]),
        ([FOUR, MORE], [("A", FOUR)]),
        ([FOUR, SIX, MORE, SIXTH], [("A", FOUR), ("AAAA", SIX)]),
        ([SIX, SIXTH, FOUR], [("AAAA", SIX), ("A", FOUR)]),
        ([], []),
    ],
)
def test_dns_publishes_the_first_address_of_each_family(
    addresses: Sequence[str], records: list[tuple[str, str]]
) -> None:
    assert [("mx.test", *record) for record in records] == list(front_door("mx.test", addresses))


@pytest.mark.parametrize("addresses", [(FOUR, SIX), (SIX, FOUR)])
@pytest.mark.parametrize(
    "name",
    [
        "contoso-com.mail.protection.outlook.com",
        "contoso.mail.protection.outlook.com",
        "contoso-mail-onmicrosoft-com.mail.protection.outlook.com",
        "smtp.office365.com",
    ],
)
def test_every_door_of_a_tenant_is_open_over_both_families(addresses: tuple[str, ...], name: str) -> None:
    server = Server("m365", "exchange-online", "contoso-com.mail.protection.outlook.com", addresses)
    node = Node.of({"AcceptedDomains": {"contoso.com": "Authoritative", "contoso.onmicrosoft.com": "Authoritative"}})
    records = set(EXCHANGE_ONLINE.records([(server, node)]))

    assert {(name, "A", FOUR), (name, "AAAA", SIX)} == {r for r in records if r[0] == name}
