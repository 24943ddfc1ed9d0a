"""What a device does with its mail, and what its panel may say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome, Target, Try
from simulator.policy.host import Host
from simulator.policy.route import Bounce, Drop, HandedOn, Keep, Relay
from simulator.policy.tls import Level
from simulator.products.device import DeviceSettings, build
from simulator.scenario.scenario import load_lab
from simulator.source import Node, ProblemList
from simulator.topology import Server
from tests.playing import CONTOSO
from tests.policy.builders import MONDAY, SUN, a_held, a_moment

TARGET = Target("mail.contoso.com", "203.0.113.25")


def read(settings: dict[str, Any]) -> tuple[DeviceSettings, list[str]]:
    problems = ProblemList()
    made = DeviceSettings.read(Node.of({"Smart Host": "mail.contoso.com", **settings}), problems)
    return made, [f"{p.level}: {p.says}" for p in problems.items]


def a_device(**settings: Any) -> Host:
    made, problems = read({key.replace("_", " "): value for key, value in settings.items()})
    assert [] == problems
    (host,) = build([(Server("scanner", "device", "scanner.device.invalid", ("203.0.113.99",)), made)], [])
    return host


def relay(host: Host) -> Relay:
    found = host.route(a_held(SUN), SUN, a_moment()).route
    assert isinstance(found, Relay)
    return found


@pytest.mark.parametrize(
    ("settings", "level", "never"),
    [
        ({}, Level.OPPORTUNISTIC, True),
        ({"TLS": False}, Level.OPPORTUNISTIC, True),
        ({"TLS": True}, Level.ENCRYPTION, False),
    ],
)
def test_tls_is_all_or_nothing(settings: dict[str, Any], level: Level, never: bool) -> None:
    demand = relay(a_device(**settings)).tls
    assert (level, never) == (demand.level, demand.never)


def test_everything_goes_to_the_smart_host() -> None:
    found = relay(a_device(Port=587, User_Name="bob@contoso.com"))
    assert (("mail.contoso.com",), False, 587) == (found.to.hosts, found.to.mx_first, found.to.port)
    assert ("bob@contoso.com", "lab") == found.login


REFUSED = Try(TARGET, "RCPT", recipients={SUN: Reply(550, "5.7.64", "Relay Access Denied")})

PUT_OFF = Try(TARGET, "RCPT", recipients={SUN: Reply(451, "5.7.3", "STARTTLS is required to send mail")})


@pytest.mark.parametrize(
    ("outcome", "attempts", "expected"),
    [
        (
            Outcome((Try(TARGET, recipients={SUN: Reply(250, "", "OK")}),), None, {SUN: Reply(250, "", "OK")}),
            1,
            HandedOn,
        ),
        (Outcome((REFUSED,), None, dict(REFUSED.recipients)), 1, Bounce),
        (Outcome((Try(TARGET, "AUTH", Reply(535, "5.7.139", "Basic authentication is disabled")),)), 1, Bounce),
        (Outcome((Try(TARGET, "AUTH", Reply(454, "4.7.0", "Temporary failure")),)), 1, Keep),
        (Outcome((PUT_OFF,), None, dict(PUT_OFF.recipients)), 1, Keep),
        (Outcome((PUT_OFF,), None, dict(PUT_OFF.recipients)), 3, Bounce),
        (Outcome((Try(TARGET, "CONNECT", broken="refused"),)), 1, Keep),
        (Outcome((Try(TARGET, "CONNECT", broken="refused"),)), 2, Keep),
        (Outcome((Try(TARGET, "CONNECT", broken="refused"),)), 3, Drop),
    ],
)
def test_it_tries_a_little_and_then_forgets(outcome: Outcome, attempts: int, expected: type) -> None:
    host = a_device()
    at = a_moment(MONDAY + timedelta(minutes=attempts))
    (fate,) = host.after_attempt(a_held(SUN), relay(host), outcome, attempts, at).values()
    assert expected is type(fate)


def test_nobody_is_told_and_nobody_is_there() -> None:
    host = a_device()
    assert host.report(a_held(SUN), SUN, Reply(550, "", "no"), None, "", a_moment()) is None
    assert not host.owns(Address.parse("scanner@contoso.com"))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"TLS Version": "2.0"}, ["error: TLS Version: 2.0 is none."]),
        ({"Port": "smtp"}, ["error: Port: 'smtp' is not a whole number from 1 to 65535."]),
        ({"Smart Hosts": "x"}, ["error: unknown setting Smart Hosts in a device."]),
        (
            {"Port": 465},
            ["warning: port 465 wants TLS from the first octet, which is not modelled; servers of a lab refuse it"],
        ),
        ({"Smart Host": "203.0.113.25"}, []),
    ],
)
def test_what_the_panel_takes(settings: dict[str, Any], expected: list[str]) -> None:
    assert expected == read(settings)[1]


def test_a_device_may_stand_behind_the_address_of_a_server() -> None:
    text = CONTOSO.replace(
        "\n  internet:", "\n  scanner: {is: device, ip: 203.0.113.25, Smart Host: mail.contoso.com}\n  internet:", 1
    )
    lab, _ = load_lab(lambda _: text, "lab.yaml")
    found = lab.server_at("203.0.113.25")
    assert found is not None
    assert "onprem" == found.name
    assert ("mail.contoso.com",) == lab.zone.lookup("25.113.0.203.in-addr.arpa", "PTR").records
