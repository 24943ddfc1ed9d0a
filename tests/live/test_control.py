"""The door of a running lab over a real socket: one answer to each line, bounds, and an end that waits for nobody."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from simulator.control import LONGEST, Denied, Request
from simulator.live.control import ControlServer
from tests.live.loops import in_loop


async def perform(do: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    if do == "undo":
        raise Denied("there is no fault 9.", "Nothing is broken.")
    if do == "faults":
        raise KeyError("a secret")
    return {"do": do, **parameters}


@asynccontextmanager
async def connected(door: ControlServer) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await asyncio.sleep(0)


async def said(reader: asyncio.StreamReader) -> dict[str, Any]:
    async with asyncio.timeout(5):
        plain: dict[str, Any] = json.loads(await reader.readline())
    return plain


@in_loop
async def test_every_line_has_its_answer_on_one_connection() -> None:
    async with ControlServer(perform) as door, connected(door) as (reader, writer):
        for wait in (1, 2):
            writer.write(Request(door.token, "events", {"since": wait}).line())
            assert {"ok": True, "answer": {"do": "events", "since": wait}} == await said(reader)


@in_loop
async def test_what_is_wrong_is_answered_and_the_connection_goes_on() -> None:
    async with ControlServer(perform) as door, connected(door) as (reader, writer):
        for noise, told in (
            (b"GET / HTTP/1.1\r\n", "that is not a line of JSON."),
            (Request("guess", "status", {}).line(), "the token is wrong."),
            (Request(door.token, "undo", {"number": 9}).line(), "there is no fault 9."),
            (b"x" * (LONGEST * 2 + 7) + b"\n", f"a request is at most {LONGEST} octets."),
        ):
            writer.write(noise)
            answer = await said(reader)
            assert (False, told) == (answer["ok"], answer["says"])
        writer.write(Request(door.token, "status", {}).line())
        assert {"do": "status"} == (await said(reader))["answer"]


@in_loop
async def test_a_bug_is_answered_without_what_it_knows() -> None:
    async with ControlServer(perform) as door, connected(door) as (reader, writer):
        writer.write(Request(door.token, "faults", {}).line())
        answer = await said(reader)
    assert (False, "the lab failed on this request (KeyError).") == (answer["ok"], answer["says"])
    assert "secret" not in json.dumps(answer)


@in_loop
async def test_a_last_line_without_its_end_is_answered_too() -> None:
    async with ControlServer(perform) as door, connected(door) as (reader, writer):
        writer.write(Request(door.token, "status", {}).line().rstrip())
        writer.write_eof()
        assert (await said(reader))["ok"]
        assert b"" == await reader.read()


@in_loop
async def test_a_client_that_says_nothing_is_hung_up_on() -> None:
    async with ControlServer(perform, idle=0.05) as door, connected(door) as (reader, _):
        async with asyncio.timeout(5):
            assert b"" == await reader.read()


@in_loop
async def test_the_end_waits_for_nobody() -> None:
    async with ControlServer(perform) as door:
        clients = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(5)]
        for _, writer in clients:
            writer.write(b'{"half": ')
        await asyncio.sleep(0.01)
        began = time.perf_counter()
    assert time.perf_counter() - began < 5  # not the minutes that a client may take
    for reader, writer in clients:
        assert await _has_ended(reader)
        writer.close()
    await asyncio.sleep(0)


async def _has_ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


@in_loop
async def test_only_loopback_hears_it_and_every_door_has_its_own_token() -> None:
    async with ControlServer(perform) as one, ControlServer(perform) as other:
        assert one.token != other.token
        assert len(one.token) >= 32
        assert one._listener is not None
        assert {"127.0.0.1"} == {sock.getsockname()[0] for sock in one._listener.sockets}
