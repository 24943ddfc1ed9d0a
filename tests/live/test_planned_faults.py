"""Planned faults on the wire: what really happens to the sockets, and what somebody from outside sees of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import dns.flags
import dns.message
import pytest

from simulator.faults import Fault
from simulator.live.lab import LiveLab
from simulator.live.nameserver import Nameserver
from simulator.live.network import Network, Refused, Silent
from simulator.mail.reply import Reply
from simulator.topology import Lab
from simulator.transport import submit
from simulator.world import World
from simulator.zone import TRUNCATED, Question, Zone
from tests.live.loops import in_loop
from tests.live.telnet import Telnet
from tests.live.tinyhost import START, TinyHost, a_lab, a_world, an_errand, certificate, target

EAST, WEST = TinyHost("east", "east.test", "mx.east.test"), TinyHost("west", "west.test", "mx.west.test")
SECURE = a_lab(EAST, WEST, certificates={"west": certificate("mx.west.test")})
LINK = ("east", "west")
OURS, THEIRS = "203.0.113.1", "203.0.113.2"


def lab_with(*faults: Fault, lab: Lab = SECURE) -> Lab:
    return replace(lab, faults=faults)


async def played(live: LiveLab, lab: Lab, **errand: Any) -> World:
    """One flow from Ann's client to east, and its first attempt to hand it to west."""
    world = a_world(lab)
    await live.begin(world)
    await live.submit(submit(world, an_errand(world, **errand), target(lab, "east"), person="Ann", server="east"))
    await live.run(first_attempts_only=True)
    return world


def wire(world: World, server: str = "west") -> list[str]:
    return [f"{e['who']}: {e['line']}" for e in world.log.of("smtp.line") if e.host == server]


def attempt(world: World) -> tuple[str, str]:
    (found,) = world.log.of("attempt")
    return found["stage"], found["broken"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("down", at="west", how="refused"), ("CONNECT", "refused")),
        (Fault("down", at="west", how="silent"), ("CONNECT", "timeout")),
        (Fault("down", at="west", how="reset"), ("CONNECT", "reset")),
        (Fault("cut", link=LINK, verb="CONNECT", how="before"), ("CONNECT", "reset")),
        (Fault("cut", link=LINK, verb="CONNECT", how="after"), ("CONNECT", "reset")),
        (Fault("cut", link=LINK, verb="EHLO", how="after", nth=2), ("EHLO", "reset")),
        (Fault("cut", link=LINK, verb="STARTTLS", how="before"), ("STARTTLS", "reset")),
        (Fault("cut", link=LINK, verb="MAIL", how="after"), ("MAIL", "reset")),
        (Fault("cut", link=LINK, verb="RCPT", how="before"), ("RCPT", "reset")),
        (Fault("cut", link=LINK, verb="DATA", how="before"), ("DATA", "reset")),
        (Fault("cut", link=LINK, verb="DATA", how="during"), ("DATA", "reset")),
        (Fault("cut", link=LINK, verb="END", how="before"), ("DATA", "reset")),
        (Fault("cut", link=LINK, verb="END", how="after"), ("DATA", "reset")),
        (Fault("slow", link=LINK, verb="RCPT", span=START.resolution * 10**9 * 400), ("RCPT", "timeout")),
    ],
)
@in_loop
async def test_a_connection_breaks_where_it_is_planned_to(fault: Fault, expected: tuple[str, str]) -> None:
    lab = lab_with(fault)
    async with LiveLab(lab, start=START) as live:
        assert expected == attempt(await played(live, lab))


@in_loop
async def test_half_of_the_message_has_come_when_it_is_cut_in_the_middle() -> None:
    lab = lab_with(Fault("cut", link=LINK, verb="DATA", how="during"))
    content = b"Subject: long\r\n\r\n" + b"All work and no play.\r\n" * 20_000
    async with LiveLab(lab, start=START) as live:
        world = await played(live, lab, content=content)
    told = [line for line in wire(world) if line.startswith("note: connection cut after")]
    octets = int(told[0].split()[4])
    assert 0 < octets <= len(content) // 2 + 100
    assert [] == [d for d in world.mailboxes if d.host == "west"]


@in_loop
async def test_after_the_final_dot_the_message_is_there_and_its_sender_does_not_know() -> None:
    lab = lab_with(Fault("cut", link=LINK, verb="END", how="after", times=1))
    async with LiveLab(lab, start=START) as live:
        world = await played(live, lab)
        assert ("DATA", "reset") == attempt(world)
        await live.run()
    assert ["bob@west.test"] * 2 == [str(d.mailbox) for d in world.mailboxes]


@in_loop
async def test_nobody_waits_for_what_is_silent_or_slow() -> None:
    began = time.perf_counter()
    span = START.resolution * 10**6 * 3600
    for fault in (Fault("down", at="west", how="silent"), Fault("slow", at="west", span=span)):
        lab = lab_with(fault)
        async with LiveLab(lab, start=START) as live:
            await played(live, lab)
    assert time.perf_counter() - began < 30  # not the hour of the fault, nor the minutes of a patient client


@in_loop
async def test_a_stripped_starttls_is_not_announced_and_not_understood() -> None:
    lab = lab_with(Fault("strip", at="west", how="STARTTLS"))
    async with LiveLab(lab, start=START) as live, Telnet(live, "west") as client:
        assert "STARTTLS" not in client.ehlo
        assert "502 5.5.1 STARTTLS is not offered" == await client.say("STARTTLS")


@in_loop
async def test_a_client_from_outside_is_cut_off_as_well() -> None:
    lab = lab_with(Fault("cut", at="west", verb="RCPT", how="before", nth=2, times=1))
    async with LiveLab(lab, start=START) as live, Telnet(live, "west") as client:
        said = await client.all_of("MAIL FROM:<x@y.test>", "RCPT TO:<bob@west.test>")
        assert ["250", "250"] == [reply[:3] for reply in said]
        client.send(b"RCPT TO:<bob@west.test>\r\n")
        assert await client.is_cut_off()


@in_loop
async def test_a_client_from_outside_hears_the_reply_that_is_planned() -> None:
    lab = lab_with(Fault("reply", at="west", verb="MAIL", reply=Reply(451, "4.7.1", "Not now"), times=1))
    async with LiveLab(lab, start=START) as live, Telnet(live, "west") as client:
        said = await client.all_of("MAIL FROM:<x@y.test>", "MAIL FROM:<x@y.test>")
        assert ["451 4.7.1 Not now", "250 2.1.0 Sender OK"] == said


@in_loop
async def test_a_client_from_outside_gets_no_banner_of_a_server_that_is_down() -> None:
    lab = lab_with(Fault("down", at="west", how="refused"))
    async with LiveLab(lab, start=START) as live, Telnet(live, "west", listens=False) as client:
        assert await client.is_cut_off()
        assert 0 == len(live.sessions)


@in_loop
async def test_a_bad_certificate_is_a_real_one() -> None:
    lab = lab_with(Fault("cert", at="west", how="self-signed"))
    async with LiveLab(lab, start=START) as live:
        world = await played(live, lab)
    (shown,) = world.log.of("tls.certificate")
    assert ("self-signed", "mx.west.test") == (shown["flaw"], shown["subject"])


# the network by itself


@in_loop
async def test_a_connection_in_vain_fails_as_real_ones_do() -> None:
    network = Network([OURS, THEIRS])
    with pytest.raises(Refused):
        await network.connect_in_vain(OURS, THEIRS, "refused")
    with pytest.raises(Silent):
        await network.connect_in_vain(OURS, THEIRS, "timeout")
    sock = await network.connect_in_vain(OURS, THEIRS, "reset")
    with sock, pytest.raises(ConnectionResetError):
        await asyncio.get_running_loop().sock_recv(sock, 10)


# DNS


@in_loop
async def test_a_truncated_answer_is_asked_for_again_over_tcp() -> None:
    asked: list[str] = []
    zone = replace(Zone.of([("a.test", "MX", "10 mx.a.test")]), failures={("a.test", "MX"): TRUNCATED})
    async with Nameserver(zone, on_query=lambda question, answer, by: asked.append(by)) as nameserver:
        query = dns.message.make_query("a.test", "MX")
        said = nameserver.respond(query.to_wire(), "udp")
        assert said is not None
        response = dns.message.from_wire(said)
        assert (True, []) == (bool(response.flags & dns.flags.TC), list(response.answer))
        asked.clear()
        assert ("10 mx.a.test",) == (await nameserver.ask(Question("a.test", "MX"))).records
    assert ["udp", "tcp"] == asked


@in_loop
async def test_only_the_planned_occasion_is_answered_otherwise() -> None:
    lab = lab_with(Fault("answer", dns=("west.test", "MX"), how="servfail", times=1))
    async with LiveLab(lab, start=START) as live:
        world = await played(live, lab)
        assert ["servfail"] == [e["status"] for e in world.log.of("dns")]
        await live.run()
    assert ["bob@west.test"] == [str(d.mailbox) for d in world.mailboxes]
