"""Ctrl-C arrives in the middle of a callback, or before there is a loop: the run ends undisturbed, and then is interrupted."""

from __future__ import annotations

import asyncio
import signal
import threading

import pytest

from simulator.live.interrupt import run_interruptibly


def test_a_callback_in_which_ctrl_c_arrives_still_finds_its_future_waiting() -> None:
    found: list[bool] = []

    async def main() -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def callback() -> None:
            signal.raise_signal(signal.SIGINT)
            found.append(waiter.done())

        asyncio.get_running_loop().call_soon(callback)
        await waiter

    with pytest.raises(KeyboardInterrupt):
        run_interruptibly(main)
    assert [False] == found


def test_second_ctrl_c_works_at_once() -> None:
    async def main() -> None:
        def callback() -> None:
            signal.raise_signal(signal.SIGINT)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)

        asyncio.get_running_loop().call_soon(callback)
        await asyncio.get_running_loop().create_future()

    with pytest.raises(KeyboardInterrupt):
        run_interruptibly(main)


def test_ctrl_c_while_the_loop_is_made_keeps_the_run_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    make, started = asyncio.new_event_loop, list[bool]()

    def interrupted() -> asyncio.AbstractEventLoop:
        signal.raise_signal(signal.SIGINT)
        return make()

    async def main() -> None:
        started.append(True)

    monkeypatch.setattr(asyncio.events, "new_event_loop", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_interruptibly(main)
    assert [] == started


def test_ctrl_c_after_the_last_callback_is_not_lost() -> None:
    async def main() -> int:
        signal.raise_signal(signal.SIGINT)
        return 1

    with pytest.raises(KeyboardInterrupt):
        run_interruptibly(main)


def test_what_was_done_is_returned_and_the_handler_is_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)

    async def main() -> bool:
        return before is not signal.getsignal(signal.SIGINT)

    assert run_interruptibly(main)
    assert before is signal.getsignal(signal.SIGINT)


def test_another_thread_leaves_signals_alone() -> None:
    before, during = signal.getsignal(signal.SIGINT), []

    async def main() -> None:
        during.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=lambda: run_interruptibly(main))
    thread.start()
    thread.join()
    assert [before] == during


def test_sigterm_ends_it_as_ctrl_c_does_and_its_handler_is_put_back() -> None:
    before, closed = signal.getsignal(signal.SIGTERM), list[str]()

    async def main() -> None:
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGTERM)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            closed.append("everything")

    with pytest.raises(KeyboardInterrupt):
        run_interruptibly(main)
    assert (["everything"], before) == (closed, signal.getsignal(signal.SIGTERM))


def test_sigterm_that_somebody_else_has_taken_is_left_to_them() -> None:
    heard: list[int] = []

    async def main() -> None:
        signal.raise_signal(signal.SIGTERM)
        await asyncio.sleep(0)

    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        run_interruptibly(main)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert [signal.SIGTERM] == heard
