"""Validation carried out by both engines: the same rows, the same events, over real sockets where they are real."""

from __future__ import annotations

import asyncio

import pytest

from simulator.live.lab import LiveLab
from simulator.mail.address import Address
from simulator.plan import PlanEngine
from simulator.plan.compare import first_difference
from simulator.scenario.lab import START
from simulator.trace import Log
from simulator.validation import Validation, validate
from simulator.world import World
from tests.scenario.labs import CONTOSO, lab_of

NAME = "O365 to own servers"
TWO_HOSTS = ("SmartHosts: [mail.contoso.com]", "SmartHosts: [mail.contoso.com, mx.contoso.com, 192.0.2.9]")
CASES = {
    "works": (("", ""), "john@contoso.com", ""),
    "loops": (("", ""), "nobody@contoso.com", "Hop count exceeded"),
    "outside": (("", ""), "sun@customer.example", "not configured as part of connector"),
    "a mailbox here": (("", ""), "bob@contoso.com", "without using any connector"),
    "no TLS": (("cert: {subject: mail.contoso.com, issuer: lab-public-ca, valid: 60d}", "cert: none"), "john@contoso.com", "STARTTLS"),
    "untrusted": (("issuer: lab-public-ca", "issuer: my-own-ca"), "john@contoso.com", "certificate"),
    "several hosts": (TWO_HOSTS, "john@contoso.com", "resolve: the domain mx.contoso.com does not exist"),
    "off": (("is: smartermail", "stopped: true\n    is: smartermail"), "john@contoso.com", "connection refused"),
    "to the MX": (("AllAcceptedDomains: true", "IsTransportRuleScoped: true"), "john@contoso.com", "Hop count exceeded"),
}  # fmt: skip


def planned(world: World, recipient: str) -> Validation:
    return PlanEngine(world, START).play(validate(world, "m365", NAME, (Address.parse(recipient),)))


async def played(world: World, recipient: str) -> Validation:
    async with LiveLab(world.lab, start=START) as live:
        await live.begin(world)
        return await live.play(validate(world, "m365", NAME, (Address.parse(recipient),)))


@pytest.mark.parametrize("case", CASES)
def test_both_engines_say_the_same_of_a_connector(case: str) -> None:
    (old, new), recipient, says = CASES[case]
    assert old in CONTOSO
    lab = lab_of(CONTOSO.replace(old, new, 1) if old else CONTOSO)
    plan, live = World(lab, Log(START), seed=7), World(lab, Log(START), seed=7)
    computed, real = planned(plan, recipient), asyncio.run(played(live, recipient))
    assert computed == real
    assert "" == first_difference(plan.log, live.log)
    assert (says == "") == real.ok
    assert says in real.says


def test_the_smart_host_sees_a_session_without_a_message_and_then_one_with() -> None:
    world = World(lab_of(CONTOSO), Log(START), seed=7)
    asyncio.run(played(world, "john@contoso.com"))
    said = [
        (e["session"], e["line"].split()[0])
        for e in world.log.of("smtp.line")
        if e.host == "onprem" and e["who"] == "client"
    ]
    first = [verb for session, verb in said if session == said[0][0]]
    second = [verb for session, verb in said if session != said[0][0]]
    assert ["EHLO", "STARTTLS", "EHLO", "QUIT"] == first
    assert ["EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "DATA"] == second[:6]
    assert ["O365ConnectorValidation@contoso.com"] == [
        e["sender"] for e in world.log.of("accepted") if e.host == "onprem"
    ]


def test_a_test_message_that_cannot_be_handed_on_is_reported_to_nobody() -> None:
    world = World(
        lab_of(CONTOSO.replace("External (use MX record), Deliver locally if user exists: true", "Local")), Log(START)
    )
    found = planned(world, "nobody@contoso.com")
    assert "RCPT: mail.contoso.com: 550" in found.says
    assert [""] == [e["report"] for e in world.log.of("bounced")]


def test_a_host_without_validation_says_so() -> None:
    world = World(lab_of(CONTOSO), Log(START))
    found = PlanEngine(world, START).play(validate(world, "onprem", "x", ()))
    assert (False, "SmarterMail has no validation of connectors.") == (found.ok, found.refusal)


def test_what_another_host_decided_is_told_beside_its_refusal() -> None:
    world = World(
        lab_of(CONTOSO.replace("External (use MX record), Deliver locally if user exists: true", "Local")), Log(START)
    )
    task = planned(world, "nobody@contoso.com").tasks[-1]
    assert next(step.says for step in task.steps if step.name == "why").startswith("onprem: ")
