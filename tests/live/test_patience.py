"""A wait ends when it is over, and only then; what was cancelled by others stays cancelled."""

from __future__ import annotations

import asyncio

import pytest

from simulator.live.patience import Patience
from tests.live.loops import in_loop

pytestmark = pytest.mark.filterwarnings("error")


@in_loop
async def test_what_takes_too_long_is_a_timeout_and_the_task_lives_on() -> None:
    patience = Patience()
    for _ in range(2):
        with pytest.raises(TimeoutError), patience.of(0.01):
            await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None
    assert 0 == task.cancelling()


@in_loop
async def test_a_shorter_wait_after_a_longer_one_is_kept() -> None:
    patience = Patience()
    with patience.of(3600):
        await asyncio.sleep(0)
    with pytest.raises(TimeoutError), patience.of(0.01):
        await asyncio.Event().wait()


@in_loop
async def test_the_timer_of_an_earlier_wait_does_not_end_a_later_one() -> None:
    patience = Patience()
    with patience.of(0.01):
        await asyncio.sleep(0)
    with patience.of(3600):
        await asyncio.sleep(0.03)
    patience.end()


@in_loop
async def test_who_is_cancelled_while_waiting_is_cancelled() -> None:
    patience = Patience()

    async def wait() -> None:
        try:
            with patience.of(3600):
                await asyncio.Event().wait()
        finally:
            patience.end()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@in_loop
async def test_another_error_passes() -> None:
    patience = Patience()
    with pytest.raises(ConnectionResetError), patience.of(3600):
        raise ConnectionResetError
    patience.end()
