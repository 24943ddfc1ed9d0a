"""A client from outside that is connected holds mail time; the lab's own connections and silent clients do not."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from simulator.live import holding
from simulator.live.clock import MODES, Clock
from simulator.live.connection import Limits
from simulator.live.lab import LiveLab
from simulator.transport import submit
from simulator.world import World
from tests.live.loops import in_loop
from tests.live.telnet import Telnet
from tests.live.tinyhost import START, TinyHost, a_lab, a_world, an_errand, target

EAST = TinyHost("east", "east.test", "mx.east.test")
WEST = TinyHost("west", "west.test", "mx.west.test", greylists=timedelta(minutes=10))
LAB = a_lab(EAST, WEST)
QUARTER = timedelta(minutes=15)


async def waiting_mail(live: LiveLab) -> World:
    """A message at east that west has greylisted: its next attempt is due in 15 minutes."""
    world = a_world(LAB)
    await live.begin(world)
    await live.submit(submit(world, an_errand(world), target(LAB, "east"), person="Ann", server="east"))
    await live.run(first_attempts_only=True)
    assert (1, []) == (len(world.queue), world.mailboxes)
    return world


async def in_the_middle_of_data(client: Telnet) -> None:
    said = await client.all_of("MAIL FROM:<eve@else.test>", "RCPT TO:<ann@east.test>", "DATA")
    assert ["250", "250", "354"] == [reply[:3] for reply in said]
    client.send(b"Subject: half\r\n\r\nHalf of")


def delivered(world: World) -> list[str]:
    return [str(d.mailbox) for d in world.mailboxes]


@in_loop
async def test_retry_waits_until_the_client_in_the_middle_of_data_is_done() -> None:
    async with LiveLab(LAB, start=START, mode="auto") as live:
        world = await waiting_mail(live)
        async with Telnet(live, "east") as client:
            await in_the_middle_of_data(client)
            await live.run()
            assert ([], 1) == (delivered(world), len(world.queue))
            assert world.now - START < timedelta(minutes=1)
            assert (await client.say(" it.\r\n.")).startswith("250")
            await live.run()
            assert ["ann@east.test"] == delivered(world)  # what is due now moves; time does not
            assert "221" == (await client.say("QUIT"))[:3]
            assert await client.is_cut_off()
        await live.run()
    assert ["ann@east.test", "bob@west.test"] == delivered(world)
    assert QUARTER <= world.now - START < QUARTER + timedelta(minutes=1)


@in_loop
async def test_idle_timeout_ends_what_holds_the_clock() -> None:
    async with LiveLab(LAB, start=START, mode="auto", limits=Limits(idle=0.05)) as live:
        world = await waiting_mail(live)
        async with Telnet(live, "east") as client:
            await in_the_middle_of_data(client)
            assert "421 4.4.2 Connection timed out" == await client.hear()
            assert await client.is_cut_off()
            await live.run()
    assert ["bob@west.test"] == delivered(world)


@in_loop
async def test_in_a_run_the_queue_waits_for_the_client_to_finish() -> None:
    async with LiveLab(LAB, start=START) as live:
        world = await waiting_mail(live)
        async with Telnet(live, "east") as client:
            await in_the_middle_of_data(client)
            settling = asyncio.ensure_future(live.run())
            assert (await client.say(" it.\r\n.")).startswith("250")  # the lab is at work while the queue waits
            assert not settling.done()
            assert [] == [d for d in world.mailboxes if d.host == "west"]
            client.cut()
            await settling
    assert "bob@west.test" in delivered(world)


@in_loop
async def test_in_a_run_a_client_that_keeps_its_connection_open_holds_time_only_for_a_while() -> None:
    before, holding.SILENCE = holding.SILENCE, 0.05
    try:
        async with LiveLab(LAB, start=START) as live:
            world = await waiting_mail(live)
            async with Telnet(live, "east"):
                began = time.perf_counter()
                await live.run()
                assert 0.04 < time.perf_counter() - began < 20
    finally:
        holding.SILENCE = before
    assert ["bob@west.test"] == delivered(world)


@in_loop
async def test_time_that_is_set_by_hand_stands_still_until_it_is_told_how_far_to_go() -> None:
    async with LiveLab(LAB, start=START, mode="manual") as live:
        world = await waiting_mail(live)
        await live.run()
        assert [] == delivered(world)
        await live.run(until=START + timedelta(minutes=14))
        assert [] == delivered(world)
        async with Telnet(live, "east"):  # who moves the time himself means it
            await live.run(until=START + timedelta(minutes=16))
    assert ["bob@west.test"] == delivered(world)


def test_a_clock_has_four_modes() -> None:
    for mode in MODES:
        assert mode == Clock(START, mode).mode
    with pytest.raises(ValueError, match="no clock mode 'fast'"):
        Clock(START, "fast")
