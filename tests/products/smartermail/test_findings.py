"""Catch-alls and greylisting."""

from __future__ import annotations

from datetime import timedelta

from simulator.check.ground import LabGround
from simulator.keyring import KEYRING
from simulator.plan.walk import PlanEngine
from simulator.played import Played
from simulator.scenario.handover import handovers
from simulator.scenario.model import Flow, Send
from simulator.source import NOWHERE
from simulator.trace import Log
from simulator.transport import submit
from simulator.world import World
from tests.check.ground import a_ground, found, ids, sentence

CATCHING = "servers: {{onprem: {{Domains: {{contoso.com: {{Catch-All: john@contoso.com}}}}, knobs: {{catch_all_is_user: {0}}}}}}}"
GREY = "servers: {{onprem: {{Enable Greylisting: true{1}}}, m365: {{ip: [{0}]}}}}"


def test_a_catch_all_that_counts_as_a_user_swallows_mail_for_who_has_moved() -> None:
    patch = CATCHING.format("true") + "\npeople: {Amy: amy@contoso.com at onprem}"
    ground = a_ground(patch)
    assert "warning" == found(ground, "MF015").level
    assert sentence(ground, "Amy", "bob@contoso.com").endswith("onprem -> John")


def test_a_catch_all_that_does_not_catches_nothing() -> None:
    patch = CATCHING.format("false") + "\npeople: {Amy: amy@contoso.com at onprem}"
    ground = a_ground(patch)
    assert "note" == found(ground, "MF015").level
    assert sentence(ground, "Amy", "bob@contoso.com").endswith("m365 -> Bob")


def test_a_local_domain_may_have_a_catch_all() -> None:
    local = "{Catch-All: john@contoso.com, Inbound Message Delivery: Local, Host Address: null, Deliver locally if user exists: null}"
    assert "MF015" not in ids(a_ground(f"servers: {{onprem: {{Domains: {{contoso.com: {local}}}}}}}"))


def waiting(ground: LabGround, seed: int = 0) -> timedelta:
    """Mail time until Bob's mail for John has its fate; the seed draws the addresses that it comes from."""
    bob, john = ground.lab.people["Bob"], ground.lab.people["John"]
    flow = Flow("test", NOWHERE, None, ground.lab, ground.tree, (Send(bob.address, (john.address,), "Bob"),), ())
    world = World(ground.lab, Log(ground.start), seed=seed, keys=KEYRING)
    engine = PlanEngine(world, ground.start)
    (one,) = handovers(flow, world)
    engine.submit(submit(world, one.errand, one.target, person=one.person, server=one.server), one.certificate)
    engine.run()
    return Played.read(world, "plan").took


def test_greylisting_puts_mail_from_rotating_addresses_off_again_and_again() -> None:
    ground = a_ground(GREY.format("40.92.10.1, 40.92.10.2, 40.92.10.3, 40.92.10.4", ""))
    told = found(ground, "MF060")
    assert "which sends from 40.92.10.1, 40.92.10.2, 40.92.10.3, 40.92.10.4 in turn" in told.says
    one = a_ground(GREY.format("40.92.10.1", ""))
    assert 1 == len({waiting(one, seed) for seed in range(5)})
    assert waiting(one) < max(waiting(ground, seed) for seed in range(5))


def test_one_address_is_put_off_once() -> None:
    assert "MF060" not in ids(a_ground(GREY.format("40.92.10.1", "")))


def test_addresses_that_are_let_by_are_not_put_off() -> None:
    ground = a_ground(GREY.format("40.92.10.1, 40.92.10.2", ", IP Bypass: [40.92.0.0/16]"))
    assert "MF060" not in ids(ground)
    assert waiting(ground) < timedelta(minutes=1)
