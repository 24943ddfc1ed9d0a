"""SmarterMail and the internet together, planned: what the decisions come to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.path import print_path
from simulator.paths import balance, endings
from simulator.plan.walk import PlanEngine
from simulator.policy.attempt import Target
from simulator.policy.dialogue import Errand
from simulator.policy.host import LAB_PASSWORD
from simulator.products.smartermail import SmarterMailSettings
from simulator.topology import Lab, Person
from simulator.trace import Log
from simulator.transport import submit
from simulator.world import Passage, World
from simulator.zone import Zone
from tests.policy.builders import MONDAY
from tests.products.builders import a_smartermail, an_internet, people

_DNS = [
    ("mail.contoso.com", "A", "203.0.113.25"),
    ("contoso.com", "MX", "10 mail.contoso.com"),
    ("mx.customer.example", "A", "198.51.100.7"),
    ("customer.example", "MX", "10 mx.customer.example"),
    ("silent.example", "A", "192.0.2.200"),
    ("nobody.example", "MX", "0 ."),
]
_EXTERNAL = {
    "Domains": {"contoso.com": {
        "Inbound Message Delivery": "External (use MX record)", "Deliver locally if user exists": True,
    }},
}  # fmt: skip


def _play(
    settings: dict[str, Any],
    person: str,
    *to: str,
    at: str = "",
    dns: tuple[tuple[str, str, str], ...] = (),
    **knobs: Any,
) -> tuple[World, list[str]]:
    """One mail from a person by their own host, or without a login by the host `at`."""
    smartermail, internet = a_smartermail(settings, **knobs), an_internet()
    folks = [*people("onprem", "john@contoso.com"), *people("internet", "sun@customer.example")]
    named = {"John": folks[0], "Sun": folks[1]}
    lab = Lab(
        "lab", {name: Person(name, p.mailboxes) for name, p in named.items()},
        {h.server.name: h.server for h in (smartermail, internet)}, {h.name: h for h in (smartermail, internet)},
        Zone.of([*_DNS, *dns]),
    )  # fmt: skip
    log = Log(MONDAY)
    world = World(lab, log)
    who = lab.people[person]
    server = lab.servers[at or who.server]
    errand = Errand(
        "192.0.2.9", "pc", who.address, tuple(map(Address.parse, to)), b"Subject: x\r\n\r\nHello.\r\n",
        port=25 if at else 587, login=None if at else (str(who.address), LAB_PASSWORD), passage=Passage(world.new_message(), 0, ""),
    )  # fmt: skip
    engine = PlanEngine(world, MONDAY)
    engine.submit(submit(world, errand, Target(server.fqdn, server.addresses[0]), person=person, server=server.name))
    engine.run()
    assert balance(log, []).holds
    return world, [print_path(e.path) for e in endings(log, lab)]


@pytest.mark.parametrize(
    ("person", "to", "expected"),
    [
        ("John", ["sun@customer.example", "john@contoso.com"], ["John -> onprem -> internet -> Sun", "John -> onprem -> John"]),
        ("Sun", ["john@contoso.com"], ["Sun -> internet -> onprem -> John"]),
        ("Sun", ["bob@contoso.com"], [
            "Sun -> internet -> onprem -> REJECTED 550 for bob@contoso.com", "internet -> Sun"]),
        ("John", ["x@nobody.example"], ["John -> onprem -> NDR 556 to John for x@nobody.example", "onprem -> John"]),
        ("Sun", ["x@missing.example"], ["Sun -> internet -> NDR 550 5.1.2 to Sun for x@missing.example", "internet -> Sun"]),
    ],
)  # fmt: skip
def test_paths(person: str, to: list[str], expected: list[str]) -> None:
    assert expected == _play({}, person, *to)[1]


def test_strangers_do_not_relay() -> None:
    assert ["Sun -> onprem -> REJECTED 550 for x@missing.example"] == _play(
        {}, "Sun", "x@missing.example", at="onprem"
    )[1]
    assert ["John -> internet -> REJECTED 550 5.7.1 for x@missing.example"] == _play(
        {}, "John", "x@missing.example", at="internet"
    )[1]


def test_an_external_domain_with_its_mx_here_is_not_sent_in_circles() -> None:
    said = _play(_EXTERNAL, "Sun", "bob@contoso.com")[1]
    assert ["Sun -> internet -> onprem -> LOOP 554 5.4.6 for bob@contoso.com", "onprem -> internet -> Sun"] == said


def test_the_naive_loop_ends_at_the_hop_limit() -> None:
    world, said = _play(_EXTERNAL, "Sun", "bob@contoso.com", self_mx="loop")
    circle = " -> ".join(["onprem"] * 21)  # the first 20 passes bring the count from 1 to the limit
    assert f"Sun -> internet -> {circle} -> LOOP 554 5.4.6 for bob@contoso.com" == said[0]
    assert 20 == sum(1 for e in world.log.of("accepted") if e.msg == "m-1" and e.host == "onprem")


def test_a_gateway_that_is_silent_gives_the_mail_back_when_the_list_is_used_up() -> None:
    world, said = _play({"Outbound Gateway": "silent.example"}, "John", "sun@customer.example")
    assert ["John -> onprem -> NDR 554 to John for Sun", "onprem -> John"] == said
    took = world.now - MONDAY
    assert timedelta(minutes=195) <= took < timedelta(minutes=196)
    assert b"Failed four Attempts" in world.mailboxes[-1].message.content


def test_greylisting_delays_a_host_that_comes_back() -> None:
    world, said = _play({"Enable Greylisting": True}, "Sun", "john@contoso.com")
    assert ["Sun -> internet -> onprem -> John"] == said
    assert timedelta(minutes=30) <= world.now - MONDAY < timedelta(minutes=31)


def test_aliases_lead_on() -> None:
    settings = {"Domains": {"contoso.com": {"Aliases": {"all": ["john", "sun@customer.example"]}}}}
    assert [
        "Sun -> internet -> onprem -> John", "Sun -> internet -> onprem -> internet -> Sun",
    ] == _play(settings, "Sun", "all@contoso.com")[1]  # fmt: skip


def test_settings_of_tests_are_settings_of_files() -> None:
    assert "Inbound Message Delivery" in str(SmarterMailSettings.json_schema())
