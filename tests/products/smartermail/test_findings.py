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


def test_colleagues_of_the_other_half_are_greylisted() -> None:
    ground = a_ground(GREY.format("40.92.10.1", ""))
    told = found(ground, "MF061")
    assert ("warning", "Add 40.92.10.1 to IP Bypass") == (told.level, told.fix)
    assert "DEFERRED 451" in sentence(ground, "Bob", "John")


def test_colleagues_on_ip_bypass_are_not() -> None:
    ground = a_ground(GREY.format("40.92.10.1", ", IP Bypass: [40.92.10.1]"))
    assert "MF061" not in ids(ground)
    assert sentence(ground, "Bob", "John").endswith("onprem -> John")


SHIELD = """
servers: {onprem: {Domains: {contoso.com: {Enable Sender Verification: true}}%s}}
dns: {customer.example: {TXT: ["v=spf1 ip4:198.51.100.7 -all"]}}
"""


def marks(ground: LabGround) -> list[str]:
    """The mark of a message from outside."""
    done = ground.mail(ground.lab.people["Sun"], ground.lab.people["John"].address)
    assert done is not None
    return [e["outcome"] for e in done.log.of("decision") if e["step"] == "SENDER VERIFICATION"]


def test_senders_behind_the_tenant_are_judged_by_its_address() -> None:
    ground = a_ground(SHIELD % "")
    assert "Add 40.92.10.1 to IP Bypass" == found(ground, "MF062").fix
    assert ["fail"] == marks(ground)


def test_the_address_of_the_tenants_inner_hop_is_told_next() -> None:
    ground = a_ground(SHIELD % ", IP Bypass: [40.92.10.1]")
    assert "Add 2603:1000::/24 to IP Bypass" == found(ground, "MF062").fix
    assert ["fail"] == marks(ground)


def test_senders_behind_a_bypassed_address_are_judged_by_their_own() -> None:
    ground = a_ground(SHIELD % ", IP Bypass: [40.92.10.1, '2603:1000::/24']")
    assert "MF062" not in ids(ground)
    assert ["pass"] == marks(ground)


def test_a_short_list_of_retries_is_a_note_and_two_days_are_none() -> None:
    ground = a_ground("servers: {onprem: {knobs: {retry: [15, 30]}}}")
    told = found(ground, "MF063")
    assert ("note", "patch.yaml") == (told.level, told.at.file)
    assert "returns mail after 0 h 45 min" in told.says
    assert "MF063" not in ids(a_ground())
