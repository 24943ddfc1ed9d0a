"""Whole flows over real sockets: the pump, its agreement with the plan engine, and that nothing is left behind."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from simulator.live.errors import LabError
from simulator.live.lab import LiveLab
from simulator.mail.reply import Reply
from simulator.plan.walk import PlanEngine
from simulator.policy.attempt import Try
from simulator.policy.tls import Demand, Level
from simulator.topology import DEFECTS, Lab
from simulator.trace import VOLATILE
from simulator.transport import submit
from simulator.world import World
from simulator.zone import Zone
from tests.live.loops import in_loop
from tests.live.telnet import Telnet
from tests.live.tinyhost import BODY, START, TinyHost, a_lab, a_world, an_errand, certificate, target

EAST = TinyHost("east", "east.test", "mx.east.test")
WEST = TinyHost("west", "west.test", "mx.west.test")
GREYLISTING = replace(WEST, greylists=timedelta(minutes=10))
CERTIFICATES = {"east": certificate("mx.east.test"), "west": certificate("mx.west.test")}


async def played(live: LiveLab, lab: Lab, **errand: Any) -> World:
    """One flow from Ann's client to east, and on until nothing waits."""
    world = a_world(lab)
    await live.begin(world)
    await live.submit(submit(world, an_errand(world, **errand), target(lab, "east"), person="Ann", server="east"))
    await live.run()
    return world


def planned(lab: Lab, **errand: Any) -> World:
    world = a_world(lab)
    engine = PlanEngine(world, START)
    engine.submit(submit(world, an_errand(world, **errand), target(lab, "east"), person="Ann", server="east"))
    engine.run()
    return world


def mailboxes(world: World) -> list[str]:
    return [str(d.mailbox) for d in world.mailboxes]


# agreement with the plan

DEMANDING = replace(EAST, tls=Demand(Level.DOMAIN, ("mx.west.test",)))
FLOWS: list[tuple[str, Lab, dict[str, Any]]] = [
    ("clear text", a_lab(EAST, WEST), {}),
    ("TLS", a_lab(EAST, WEST, certificates=CERTIFICATES), {}),
    ("TLS with a person's login", a_lab(EAST, WEST, certificates=CERTIFICATES), {"login": True, "port": 587}),
    ("a login in clear", a_lab(EAST, WEST), {"login": True, "port": 587}),
    ("a greylist", a_lab(EAST, GREYLISTING), {}),
    ("some recipients refused", a_lab(EAST, replace(WEST, answers={"no": Reply(550, "5.1.1", "Who?")})),
     {"to": "bob@west.test no@west.test x@west.test"}),
    ("the content refused", a_lab(EAST, replace(WEST, answers={"DATA": Reply(554, "5.6.0", "Bad")})), {}),
    ("the sender refused", a_lab(EAST, replace(WEST, answers={"MAIL": Reply(550, "5.7.1", "Not you")})), {}),
    ("a server that closes at RCPT", a_lab(EAST, replace(WEST, answers={"bob": Reply(421, "4.3.2", "Closing")})),
     {"to": "bob@west.test x@west.test"}),
    ("a connection refused with 554", a_lab(EAST, replace(WEST, answers={"CONNECT": Reply(554, "5.7.1", "No")})), {}),
    ("a server that is down", a_lab(EAST, WEST, down=["west"]), {}),
    ("a domain that does not exist", a_lab(EAST, WEST), {"to": "x@nowhere.test"}),
    ("an address that nobody owns", a_lab(replace(EAST, smart_host="[203.0.113.99]"), WEST), {}),
    ("a message that is too large for the next host", a_lab(EAST, replace(WEST, keyword_list=("SIZE 100",))), {}),
    ("a person refused", a_lab(replace(EAST, answers={"bob": Reply(550, "5.7.54", "No relay")}), WEST), {}),
    ("bare line feeds", a_lab(EAST, WEST), {"content": b"Subject: x\r\n\r\na\n.\nb\r\n"}),
    *((f"a certificate that is {defect or 'good'} where its name is asked for",
       a_lab(DEMANDING, WEST, certificates={**CERTIFICATES, "west": certificate("mx.west.test", defect)}), {})
      for defect in ("", *DEFECTS)),
    *((f"a client certificate that is {defect}",
       a_lab(EAST, WEST, certificates={**CERTIFICATES, "east": certificate("mx.east.test", defect)}), {})
      for defect in DEFECTS),
    ("a demand for TLS that is not offered", a_lab(DEMANDING, WEST), {}),
    ("TLS switched off", a_lab(replace(EAST, tls=Demand(never=True)), WEST, certificates=CERTIFICATES), {}),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "lab", "errand"), FLOWS, ids=[claim for claim, _, _ in FLOWS])
@in_loop
async def test_wire_and_plan_agree(claim: str, lab: Lab, errand: dict[str, Any]) -> None:
    async with LiveLab(lab, start=START) as live:
        world = await played(live, lab, **errand)
    expected = planned(lab, **errand)
    assert expected.log.outline() == world.log.outline(), claim
    assert [d.message.content for d in expected.mailboxes] == [d.message.content for d in world.mailboxes]
    assert expected.now == world.now


# the pump


@in_loop
async def test_mail_time_jumps_to_the_retry_that_is_due() -> None:
    lab = a_lab(EAST, GREYLISTING)
    async with LiveLab(lab, start=START) as live:
        world = await played(live, lab)
    assert timedelta(minutes=15) <= world.now - START < timedelta(minutes=16)
    assert ["bob@west.test"] == mailboxes(world)


@in_loop
async def test_run_stops_where_it_is_told() -> None:
    lab = a_lab(EAST, GREYLISTING)
    async with LiveLab(lab, start=START) as live:
        world = a_world(lab)
        await live.begin(world)
        await live.submit(submit(world, an_errand(world), target(lab, "east"), person="Ann", server="east"))
        await live.run(first_attempts_only=True)
        assert (1, 1) == (len(world.queue), len(world.log.of("kept")))
        await live.run(until=START + timedelta(minutes=14))
        assert 1 == len(world.queue)
        await live.run(until=START + timedelta(minutes=16))
        assert ["bob@west.test"] == mailboxes(world)


@in_loop
async def test_submission_tells_what_came_of_it() -> None:
    lab = a_lab(replace(EAST, answers={"bob": Reply(550, "5.1.1", "Who?")}), WEST)
    async with LiveLab(lab, start=START) as live:
        world = a_world(lab)
        await live.begin(world)
        journey = submit(world, an_errand(world), target(lab, "east"), person="Ann", server="east")
        one: Try = await live.submit(journey)
    assert ("RCPT", Reply(550, "5.1.1", "Who?")) == (one.stage, one.reply)


@in_loop
async def test_same_flow_gives_the_same_events_every_time() -> None:
    lab = a_lab(EAST, GREYLISTING, certificates=CERTIFICATES)

    def shown(world: World) -> list[dict[str, Any]]:
        return [{k: v for k, v in e.as_json().items() if k not in VOLATILE} for e in world.log]

    async with LiveLab(lab, start=START) as live:
        runs = [shown(await played(live, lab, to="bob@west.test cy@west.test")) for _ in range(3)]
    async with LiveLab(lab, start=START, plan="single") as live:
        runs.append(shown(await played(live, lab, to="bob@west.test cy@west.test")))
    assert {"smtp.line", "dns.wire", "tls.certificate"} <= {e["type"] for e in runs[0]}
    for run in runs[1:]:
        assert runs[0] == run


@in_loop
async def test_host_that_breaks_ends_the_run_with_its_error() -> None:
    lab = a_lab(EAST, WEST)
    async with LiveLab(lab, start=START) as live:
        with pytest.raises(KeyError, match="a secret"):
            await played(live, lab, to="boom@west.test")
        assert ["bob@west.test"] == mailboxes(await played(live, lab))


# the wiretap


@in_loop
async def test_wiretap_keeps_both_sides_of_every_session() -> None:
    lab = a_lab(EAST, WEST, certificates={"west": certificate("mx.west.test")})
    async with LiveLab(lab, start=START) as live:
        world = await played(live, lab)
    lines = [(e["who"], e["line"], e["encrypted"]) for e in world.log.of("smtp.line") if e.host == "west"]
    said = [line for who, line, _ in lines if who == "client"]
    assert said[:3] == ["EHLO mx.east.test", "STARTTLS", "EHLO mx.east.test"]
    assert [line.split()[0] for line in said[3:]] == ["MAIL", "RCPT", "DATA", f"({len(BODY) + 77}", "QUIT"]
    assert ("server", "220 2.0.0 SMTP server ready", False) in lines
    assert ("server", "250 2.6.0 Queued", True) in lines
    (session,) = {e["session"] for e in world.log.of("smtp.line", "smtp") if e.host == "west"}
    assert 2 == session


@in_loop
async def test_wiretap_sees_the_certificates_of_both_sides() -> None:
    lab = a_lab(EAST, WEST, certificates=CERTIFICATES)
    async with LiveLab(lab, start=START) as live:
        world = await played(live, lab)
    seen = [(e.host, e["side"], e["subject"], len(e["sha256"])) for e in world.log.of("tls.certificate")]
    assert seen == [
        ("", "server", "mx.east.test", 64),
        ("east", "server", "mx.west.test", 64),
        ("west", "client", "mx.east.test", 64),
    ]


# fresh state, changed labs


@in_loop
async def test_every_flow_starts_from_fresh_state() -> None:
    lab = a_lab(EAST, GREYLISTING)
    async with LiveLab(lab, start=START) as live:
        for _ in range(2):
            world = await played(live, lab)
            assert 1 == len(world.log.of("kept"))
            assert ["m-1"] == [e.msg for e in world.log.of("submitted")]


@in_loop
async def test_begin_cuts_off_who_is_still_connected() -> None:
    lab = a_lab(EAST, WEST)
    async with LiveLab(lab, start=START) as live, Telnet(live, "west") as client:
        await live.begin(a_world(lab))
        assert await client.is_cut_off()
        assert [] == live.sessions


@in_loop
async def test_changed_hosts_zone_and_certificates_need_no_new_listener() -> None:
    lab = a_lab(EAST, WEST)
    async with LiveLab(lab, start=START) as live:
        before = live.endpoint("west")
        assert ["bob@west.test"] == mailboxes(await played(live, lab))
        changed = a_lab(EAST, replace(WEST, answers={"bob": Reply(550, "5.1.1", "Left")}), certificates=CERTIFICATES)
        world = await played(live, changed)
        assert ["ann@east.test"] == mailboxes(world)
        assert {"TLSv1.3"} == {e["tls"] for e in world.log.of("accepted") if not e["own"]}
        assert before == live.endpoint("west")
        moved = replace(changed, zone=Zone.of([("west.test", "MX", "0 .")]))
        assert {"null-mx"} == {e["reason"] for e in (await played(live, moved)).log.of("unroutable")}


@in_loop
async def test_server_can_be_stopped_and_started_while_mail_waits() -> None:
    up, down = a_lab(EAST, WEST), a_lab(EAST, WEST, down=["west"])
    async with LiveLab(up, start=START) as live:
        world = a_world(up)
        await live.begin(world)
        await live.relab(down)
        await live.submit(submit(world, an_errand(world), target(down, "east"), person="Ann", server="east"))
        await live.run(first_attempts_only=True)
        assert ["refused"] == [e["broken"] for e in world.log.of("attempt")]
        with pytest.raises(LabError, match="west does not listen"):
            live.endpoint("west")
        await live.relab(up)
        await live.run()
        assert ["bob@west.test"] == mailboxes(world)


@in_loop
async def test_server_that_is_gone_is_silent() -> None:
    lab, alone = (
        a_lab(replace(EAST, smart_host="[203.0.113.2]"), WEST),
        a_lab(replace(EAST, smart_host="[203.0.113.2]")),
    )
    async with LiveLab(lab, start=START) as live:
        assert ["bob@west.test"] == mailboxes(await played(live, lab))
        assert {"timeout"} == {e["broken"] for e in (await played(live, alone)).log.of("attempt")}
        assert ["bob@west.test"] == mailboxes(await played(live, lab))


@in_loop
async def test_server_listens_on_every_address_it_has() -> None:
    lab = a_lab(EAST, WEST)
    two = replace(lab.servers["west"], addresses=("203.0.113.2", "2001:db8::2"))
    lab = replace(
        lab,
        servers={**lab.servers, "west": two},
        zone=Zone.of([("west.test", "MX", "1 w"), ("w", "AAAA", "2001:db8::2")]),
    )
    async with LiveLab(lab, start=START) as live:
        assert ["bob@west.test"] == mailboxes(await played(live, lab))


# clients from outside


def hand_in(endpoint: tuple[str, int]) -> Callable[[], object]:
    def send() -> None:
        with smtplib.SMTP(*endpoint, local_hostname="printer.test") as client:
            client.sendmail("ann@east.test", ["bob@west.test"], BODY)

    return send


@in_loop
async def test_mail_from_outside_goes_on_with_the_next_run() -> None:
    lab = a_lab(EAST, WEST)
    async with LiveLab(lab, start=START) as live:
        await asyncio.to_thread(hand_in(live.endpoint("east")))
        assert [] == live.world.mailboxes
        await live.run()
        assert ["bob@west.test"] == mailboxes(live.world)
        assert [("east", "m-1", 1), ("west", "m-1", 2)] == [
            (e.host, e.msg, e.hop) for e in live.world.log.of("accepted")
        ]
        assert ["192.0.2.1", "203.0.113.1"] == [e["peer"] for e in live.world.log.of("session.open")]


@in_loop
async def test_ports_can_be_fixed_for_people() -> None:
    lab = a_lab(EAST, WEST)
    async with LiveLab(lab, start=START) as live:
        free = live.endpoint("west")[1]
    async with LiveLab(lab, start=START, fixed_ports={("west", 25): free}) as live:
        assert free == live.endpoint("west")[1]


@in_loop
async def test_kept_servers_live_in_real_time() -> None:
    lab = a_lab(EAST, GREYLISTING)
    async with LiveLab(lab, start=START, mode="real") as live:
        await asyncio.to_thread(hand_in(live.endpoint("east")))
        await live.run()
        (kept,) = live.world.log.of("kept")
        assert START < live.world.now < START + timedelta(minutes=1)
        assert 900 < kept["due_s"] < 960
        await live.run()
        assert 1 == len(live.world.queue)


# the end


@in_loop
async def test_closing_waits_for_nobody_and_leaves_nothing() -> None:
    loop = asyncio.get_running_loop()
    lab = a_lab(EAST, WEST, certificates=CERTIFICATES)
    async with LiveLab(lab, start=START) as live, Telnet(live, "west") as idle, Telnet(live, "east") as sending:
        await idle.say("STARTTLS")
        await sending.all_of("MAIL FROM:<a@b.test>", "RCPT TO:<b@west.test>", "DATA")
        began = loop.time()
        await live.close()
        assert loop.time() - began < 1
        assert {asyncio.current_task()} == asyncio.all_tasks()
        assert await idle.is_cut_off()


@in_loop
async def test_cancelling_a_run_leaves_nothing() -> None:
    lab = a_lab(EAST, WEST)
    entered = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        entered.set()
        await reader.read()  # until the client hangs up
        writer.close()

    async def run() -> None:
        async with LiveLab(lab, start=START) as live:
            silent = await asyncio.start_server(say_nothing, host="127.0.0.1", port=0)
            async with silent:
                live.network.attach("203.0.113.2", 25, silent.sockets[0].getsockname()[:2])
                await played(live, lab)

    task = asyncio.create_task(run())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    while left := asyncio.all_tasks() - {asyncio.current_task()}:
        assert ["say_nothing"] == [t.get_coro().__name__ for t in left]  # type: ignore[union-attr]
        await asyncio.wait(left)


@in_loop
async def test_lab_that_cannot_start_leaves_nothing() -> None:
    lab = a_lab(EAST, WEST)
    async with LiveLab(lab, start=START) as live:
        taken = live.endpoint("west")[1]
        with pytest.raises(LabError, match="taken"):
            async with LiveLab(lab, start=START, fixed_ports={("west", 25): taken}):
                pass
    assert {asyncio.current_task()} == asyncio.all_tasks()
