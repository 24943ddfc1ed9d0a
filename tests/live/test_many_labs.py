"""Labs come and go: sockets, threads, tasks and memory return, and two of them in one process are strangers to each other."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import tracemalloc
from pathlib import Path

import pytest

from simulator.live.lab import LiveLab
from simulator.topology import Lab
from simulator.transport import submit
from tests.live.loops import in_loop
from tests.live.telnet import Telnet
from tests.live.tinyhost import START, TinyHost, a_lab, a_world, an_errand, certificate, target, went_through

MAIL, RCPT = "MAIL FROM:<ann@east.test>", "RCPT TO:<bob@west.test>"
FILES = Path("/proc/self/fd")


def with_tls() -> Lab:
    return a_lab(
        TinyHost("east", "east.test", "mx.east.test"), TinyHost("west", "west.test", "mx.west.test"),
        certificates={"east": certificate("mx.east.test"), "west": certificate("mx.west.test")},
    )  # fmt: skip


async def life_of_a_lab(lab: Lab) -> None:
    """Mail over two hops with TLS, and clients that are in the middle of everything when it ends."""
    async with LiveLab(lab, start=START) as live:
        world = a_world(lab)
        await live.begin(world)
        errand = an_errand(world)
        assert went_through(await live.submit(submit(world, errand, target(lab, "east"), person="Ann", server="east")))
        await live.run()
        assert ["bob@west.test"] == [str(d.mailbox) for d in world.mailboxes]
        async with Telnet(live, "west") as data, Telnet(live, "west") as chunk, Telnet(live, "east") as tls:
            await data.all_of(MAIL, RCPT, "DATA")
            data.send(b"half of a mess")
            await chunk.all_of(MAIL, RCPT)
            chunk.send(b"BDAT 100 LAST\r\nhalf")
            await tls.say("STARTTLS")
            await live.close()
            assert [] == live.sessions


def measured() -> tuple[int, int, int]:
    gc.collect()
    return len([*FILES.iterdir()]), threading.active_count(), tracemalloc.get_traced_memory()[0]


@pytest.mark.skipif(not FILES.exists(), reason="open files are counted in /proc")
def test_fifty_labs_one_after_another_leave_nothing_behind() -> None:
    lab = with_tls()
    tracemalloc.start()
    try:
        for _ in range(10):
            asyncio.run(life_of_a_lab(lab))
        files, threads, memory = measured()
        for _ in range(40):
            asyncio.run(life_of_a_lab(lab))
        files_after, threads_after, memory_after = measured()
    finally:
        tracemalloc.stop()
    assert (files, threads) == (files_after, threads_after)
    assert memory_after - memory < 40 * 16_000  # facts of the latest 256 certificates are remembered


@in_loop
async def test_labs_in_one_loop_leave_no_task_behind() -> None:
    lab, before = with_tls(), asyncio.all_tasks()
    for _ in range(5):
        await life_of_a_lab(lab)
    await asyncio.sleep(0)
    assert before == asyncio.all_tasks()


@in_loop
async def test_two_labs_at_once_do_not_disturb_each_other() -> None:
    """The same names, the same public addresses, and the same loop."""
    lab, other = with_tls(), with_tls()
    async with LiveLab(lab, start=START) as one, LiveLab(other, start=START) as two:
        worlds = [a_world(lab), a_world(other)]
        for live, world in zip((one, two), worlds, strict=True):
            await live.begin(world)

        async def play(live: LiveLab, number: int) -> None:
            world = worlds[number]
            for _ in range(5):
                errand = an_errand(world, content=f"Subject: {number}\r\n\r\n".encode())
                assert went_through(
                    await live.submit(submit(world, errand, target(live.lab, "east"), person="Ann", server="east"))
                )
                await live.run()

        await asyncio.gather(play(one, 0), play(two, 1))
        for number, world in enumerate(worlds):
            assert [str(number)] * 5 == [d.message.get("Subject") for d in world.mailboxes]
            assert [f"m-{n}" for n in range(1, 6)] == [d.msg for d in world.mailboxes]
        await one.close()
        async with Telnet(two, "west") as client:
            assert "250 2.1.0 Sender OK" == await client.say(MAIL)


def test_labs_in_two_threads_do_not_disturb_each_other() -> None:
    failed: list[BaseException] = []

    def play() -> None:
        try:
            for _ in range(5):
                asyncio.run(life_of_a_lab(with_tls()))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=play) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [] == failed


def test_open_files_are_the_ones_of_before() -> None:
    if not FILES.exists():
        pytest.skip("open files are counted in /proc")
    before = sorted(os.listdir(FILES))
    asyncio.run(life_of_a_lab(with_tls()))
    gc.collect()
    assert before == sorted(os.listdir(FILES))
