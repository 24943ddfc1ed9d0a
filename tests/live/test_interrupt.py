"""Ctrl-C arrives in the middle of a callback: the callback ends undisturbed, and then the run is interrupted."""

from __future__ import annotations

import asyncio
import signal
import threading

import pytest

from simulator.live.interrupt import interrupted_between_callbacks


def test_a_callback_in_which_ctrl_c_arrives_still_finds_its_future_waiting() -> None:
    found: list[bool] = []

    async def main() -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def callback() -> None:
            signal.raise_signal(signal.SIGINT)
            found.append(waiter.done())

        with interrupted_between_callbacks():
            asyncio.get_running_loop().call_soon(callback)
            await waiter

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert [False] == found


def test_second_ctrl_c_works_at_once() -> None:
    async def main() -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def callback() -> None:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            assert waiter.cancelled()

        with interrupted_between_callbacks():
            asyncio.get_running_loop().call_soon(callback)
            await waiter

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())


def test_the_handler_is_put_back() -> None:
    async def main() -> None:
        before = signal.getsignal(signal.SIGINT)
        with interrupted_between_callbacks():
            assert before is not signal.getsignal(signal.SIGINT)
        assert before is signal.getsignal(signal.SIGINT)

    asyncio.run(main())


def test_another_thread_leaves_signals_alone() -> None:
    before, during = signal.getsignal(signal.SIGINT), []

    async def main() -> None:
        with interrupted_between_callbacks():
            during.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join()
    assert [before] == during
