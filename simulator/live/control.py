"""The door through which a lab that runs is spoken to: on 127.0.0.1, at a port that the system picks, with a token.

    async with ControlServer(perform) as door:      # perform(operation, parameters) -> answer; raises Denied
        ... door.port, door.token

A connection may carry one request after the other. What cannot be understood is answered, never with a traceback. A
client that says nothing is hung up on, and closing the door waits for nobody.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any

from simulator.control import LONGEST, Answer, Denied, parse_request
from simulator.live.addresses import HOME
from simulator.live.errors import LabError

__all__ = ["ControlServer"]

_log = logging.getLogger(__name__)
_IDLE = 60.0  # real seconds between two requests
_MOST = 32  # connections at a time

Perform = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class ControlServer:
    """Takes requests and hands them to `perform`."""

    def __init__(self, perform: Perform, *, idle: float = _IDLE) -> None:
        self._perform, self._idle = perform, idle
        self.token = secrets.token_hex(24)
        self.port = 0
        self._listener: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> ControlServer:
        try:
            self._listener = await asyncio.start_server(self._take, HOME, 0, limit=LONGEST)
        except OSError as failure:
            raise LabError(f"no port of {HOME} is free: {failure.strerror}") from None
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._listener is not None
        self._listener.close()
        for client in self._clients:
            client.cancel()
        if self._clients:
            await asyncio.wait(self._clients, timeout=1)
        await asyncio.sleep(0)  # for the transports to notice

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            while len(self._clients) <= _MOST and (answer := await self._turn(reader)):
                writer.write(answer.line())
                await writer.drain()
        except (ConnectionError, TimeoutError, asyncio.CancelledError):
            pass  # gone, silent, or the lab ends: nobody waits for this task
        finally:
            self._clients.discard(task)
            writer.transport.abort() if writer.transport.get_write_buffer_size() else writer.close()

    async def _turn(self, reader: asyncio.StreamReader) -> Answer | None:
        """One request and its answer; None where the client has gone."""
        try:
            async with asyncio.timeout(self._idle):
                line = await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as rest:
            line = rest.partial
            if not line.strip():
                return None
        except asyncio.LimitOverrunError as overrun:
            await _skipped(reader, overrun.consumed)
            return Answer.no(Denied(f"a request is at most {LONGEST} octets.", "Name a file by its path."))
        try:
            request = parse_request(line, self.token)
            return Answer(True, await self._perform(request.do, request.parameters))
        except Denied as denied:
            return Answer.no(denied)
        except Exception as error:
            _log.error("a request to the running lab failed: %s", type(error).__name__)
            _log.debug("it failed here", exc_info=error)
            return Answer.no(Denied(f"the lab failed on this request ({type(error).__name__}).", "That is a bug."))


async def _skipped(reader: asyncio.StreamReader, octets: int) -> None:
    """Throws away the rest of a line that is too long."""
    while True:
        await reader.readexactly(octets)
        try:
            await reader.readuntil(b"\n")
            return
        except asyncio.LimitOverrunError as overrun:
            octets = overrun.consumed
