"""A gateway that relays for a whole service."""

from __future__ import annotations

from simulator.mail.address import Address
from tests.check.ground import a_ground, found, ids, sentences

GATEWAY = """
servers:
  gateway:
    is: gateway
    fqdn: gw.filter.example
    ip: 198.51.100.60
    routes: {{contoso.com: contoso-com.mail.protection.outlook.com, "*": MX}}
    relays for: [40.92.0.0/16]
    {0}
"""
EVE, SUN = Address.parse("eve@evil.example"), Address.parse("sun@customer.example")


def by_another_customer(domains: str) -> str:
    """What another customer of the service gets, whose mail comes from the same addresses."""
    played = a_ground(GATEWAY.format(domains)).stranger("gateway", "40.92.77.7", EVE, SUN)
    assert played is not None
    return sentences(played)[0]


def test_without_sender_domains_every_other_customer_of_the_service_may_send() -> None:
    told = found(a_ground(GATEWAY.format("")), "MF024")
    assert ("warning", "patch.yaml", 8) == (told.level, told.at.file, told.at.line)
    assert "eve@evil.example -> gateway -> internet -> Sun" == by_another_customer("")


def test_sender_domains_keep_them_out() -> None:
    own = "sender domains: [contoso.com]"
    assert "MF024" not in ids(a_ground(GATEWAY.format(own)))
    assert "REJECTED 550" in by_another_customer(own)
