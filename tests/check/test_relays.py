"""Open relays."""

from __future__ import annotations

from simulator.mail.address import Address
from simulator.plan.relays import open_relays
from tests.check.ground import a_ground, found, ids, sentences

ANYONE = "servers: {onprem: {Allow Relay: Anyone, Outbound Gateway: null}}"
DEVICE = """
people: {Scanner: scan@contoso.com at scanner}
servers: {scanner: {is: device, ip: 203.0.113.25, Smart Host: contoso-com.mail.protection.outlook.com}}
"""


def test_a_server_that_relays_for_anyone_is_an_error() -> None:
    ground = a_ground(ANYONE)
    told = found(ground, "MF020")
    assert ("error", 25) == (told.level, told.at.line)
    played = ground.stranger(
        "onprem", "192.0.2.66", Address.parse("eve@evil.example"), Address.parse("sun@customer.example")
    )
    assert played is not None
    assert ["eve@evil.example -> onprem -> internet -> Sun"] == sentences(played)


def test_a_server_that_relays_for_nobody_refuses_the_stranger() -> None:
    ground = a_ground()
    assert "MF020" not in ids(ground)
    played = ground.stranger(
        "onprem", "192.0.2.66", Address.parse("eve@evil.example"), Address.parse("sun@customer.example")
    )
    assert played is not None
    assert "refused" == played.endings[0].status


def test_a_device_listens_to_nobody_so_it_is_no_relay() -> None:
    ground = a_ground(DEVICE)
    assert [] == open_relays(ground.lab, ground.start)
    assert "MF020" not in ids(ground)


def test_a_server_of_somebody_else_in_the_lab_hides_no_open_relay() -> None:
    west = 'west: {is: external, fqdn: mx.west.example, ip: 192.0.2.66, address: "127.0.0.1:2599"}'
    assert "MF020" not in ids(a_ground(f"servers: {{{west}}}"))
    told = found(a_ground(f"servers: {{{west}, onprem: {{Allow Relay: Anyone, Outbound Gateway: null}}}}"), "MF020")
    assert told.says.startswith("onprem relays for ")
