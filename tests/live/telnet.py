"""A client from outside that sends exactly what it is told, for input that no library would send."""

from __future__ import annotations

import asyncio
import ssl
from types import TracebackType

from simulator.live.lab import LiveLab

__all__ = ["Telnet", "any_certificate"]

_PATIENCE = 5.0


def any_certificate() -> ssl.SSLContext:
    """What a client that checks nothing uses."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Telnet:
    """`async with Telnet(live, "west") as t` has heard the banner (`listens`) and said EHLO (`greets`)."""

    def __init__(
        self, live: LiveLab, server: str, port: int = 25, *, greets: bool = True, listens: bool = True
    ) -> None:
        self._endpoint, self._greets, self._listens = live.endpoint(server, port), greets and listens, listens
        self.banner = self.ehlo = ""
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def __aenter__(self) -> Telnet:
        self._reader, self._writer = await asyncio.open_connection(*self._endpoint)
        if self._listens:
            self.banner = await self.hear()
        if self._greets:
            self.ehlo = await self.say("EHLO client.test")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        try:
            await self._writer.wait_closed()
        except OSError:
            pass

    def send(self, octets: bytes) -> None:
        self._writer.write(octets)

    async def line(self) -> str:
        """One line, "" at the end of the connection."""
        async with asyncio.timeout(_PATIENCE):
            return (await self._reader.readline()).decode().rstrip("\r\n")

    async def hear(self) -> str:
        """One reply, its lines joined by newlines; "" at the end of the connection."""
        lines: list[str] = []
        while line := await self.line():
            lines.append(line)
            if line[3:4] != "-":
                break
        return "\n".join(lines)

    async def say(self, command: str) -> str:
        self.send(f"{command}\r\n".encode())
        return await self.hear()

    async def all_of(self, *commands: str) -> list[str]:
        """The reply to each command, sent one after the other."""
        return [await self.say(command) for command in commands]

    async def secure(self) -> None:
        """The client's side of the handshake, after 220."""
        await self._writer.start_tls(any_certificate())

    async def is_cut_off(self) -> bool:
        """Whether the server has hung up (waits for it)."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._reader.read() == b""
        except ConnectionError:
            return True

    async def everything(self) -> bytes:
        """All that comes until the server hangs up, as it comes."""
        try:
            return await self._reader.read()
        except ConnectionError:
            return b""

    def half_close(self) -> None:
        self._writer.write_eof()

    def cut(self) -> None:
        self._writer.transport.abort()
