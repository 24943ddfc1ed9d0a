"""One connection to a listener as lines in and replies out: what of aiosmtpd is kept, and what is done differently.

aiosmtpd gives the stream, the timer and the way into TLS. Around them this class

* reads commands itself: too long, not text, or ended by a bare LF is all told apart here;
* says 421 before it hangs up on an idle client (RFC 5321 3.8), and answers what a client sent before its end of file;
* never shows the text of an exception: the client hears 451, the desk gets the exception;
* gives the handshake a time limit and throws away what came in clear text behind STARTTLS (RFC 3207 4.2);
* says 421 to a client that does nothing but break the rules, and drops one that does not read its replies;
* keeps its limits to itself, where aiosmtpd has one table for all connections of the process.

What the commands mean is none of its business; `server.LabSMTP` is the class with the verbs.
"""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from abc import abstractmethod
from asyncio import sslproto
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aiosmtpd.smtp import SMTP

from simulator.faults import CutOff
from simulator.live.network import RESET
from simulator.mail.reply import Reply

__all__ = ["BAD_SYNTAX", "Connection", "Limits"]

BAD_SYNTAX = Reply(500, "5.5.2", "Syntax error")
_CRASH = Reply(451, "4.3.0", "Local error in processing")
_LONG = Reply(500, "5.5.2", "Line too long")
_ENOUGH = Reply(421, "4.7.0", "Too many errors")
_ERRORS = range(500, 505)  # RFC 5321 4.2.3: syntax, unknown, out of order; a host's own refusals are 55x

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LINE = 2048  # RFC 5321 4.5.3.1.4 says 512; extensions add to it (DSN alone 500 and 100, RFC 3461)
_AUTH_LINE = 12288  # RFC 4954 4
_WINDOW = 2**16  # octets the stream holds before it stops reading; not a line length


@dataclass(frozen=True, slots=True)
class Limits:
    """Real seconds and numbers that keep a lab from hanging."""

    idle: float = 300.0  # RFC 5321 4.5.3.2.7
    handshake: float = 10.0
    connections: int = 1000  # to one listener at a time
    errors: int = 20  # of protocol since the last message that was taken, then 421
    message: int = 2**30 + 2**26  # octets that are kept of one where no SIZE is announced; scenarios send 1 GB at most


class _Tls(sslproto.SSLProtocol):
    # asyncio sets 256 KiB aside for every connection; a thousand idle clients would cost that much for nothing.
    max_size = 2**16


class Connection(SMTP):
    """Greets, then takes one command after the other until one side hangs up."""

    line_length_limit = _WINDOW

    def __init__(self, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        self.command_size_limits = {}  # before upstream clears the one on the class
        super().__init__(None, hostname="lab", ident="", timeout=limits.idle, loop=loop)
        self.limits = limits
        self.is_over: asyncio.Future[None] = loop.create_future()
        """Done when nothing more will come of this connection."""
        self.heard = loop.time()
        """When the client last sent anything."""
        self.hanging_up = False
        self.errors = 0
        self.most_errors: int | None = self.limits.errors  # None: the host itself says when it has had enough
        self.has_new_tls = False  # a handshake is done and no command has come since

    def __dir__(self) -> Iterable[str]:
        # For every connection, upstream looks for verbs and AUTH mechanisms among all names here; it needs none of them.
        return ()

    # for the class with the verbs

    @abstractmethod
    async def greet(self, peername: tuple[Any, ...]) -> None:
        """Says the banner, or hangs up."""

    @abstractmethod
    async def obey(self, verb: str, arg: str) -> None:
        """Does what a command asks and answers it. `verb` is in upper case."""

    @abstractmethod
    def tap(self, who: str, line: str) -> None:
        """Keeps a line that went over the wire."""

    @abstractmethod
    def gave_up(self, peername: tuple[Any, ...]) -> None:
        """The client has waited for longer than it waits."""

    @abstractmethod
    def crashed(self, error: Exception) -> None:
        """Keeps an error of ours."""

    @property
    def is_secure(self) -> bool:
        return self._tls_protocol is not None

    async def answer(self, reply: Reply) -> None:
        """Sends a reply; with 421 that is the last one (RFC 5321 3.8). Too many errors of protocol make it one."""
        self.errors += reply.code in _ERRORS
        if self.most_errors is not None and self.errors > self.most_errors:
            reply = _ENOUGH
        if reply.code == 421:
            self.hanging_up = True
        await self.push("\r\n".join(reply.lines()))

    async def response(self, challenge: bytes) -> bytes | None:
        """What the client says to a 334 (RFC 4954 4); None when it has been told that this was too long."""
        await self.push(b"334 " + challenge)
        line = await self._command()
        self._reset_timeout()
        self.tap("client", "(credentials)")
        if line is None or len(line) + 2 > _AUTH_LINE:
            await self.answer(_LONG)
            return None
        return line.strip()

    def abort(self) -> None:
        """Ends the connection at once, whatever is going on."""
        raw = self._original_transport or self.transport
        if isinstance(raw, asyncio.Transport):
            raw.abort()
        if self._handler_coroutine:
            self._handler_coroutine.cancel()

    def _break_off(self, cut: CutOff) -> None:
        """A reset, whatever is on its way: what a planned fault does to a connection."""
        raw = self._original_transport or self.transport
        if not isinstance(raw, asyncio.Transport):
            return
        self.tap("note", str(cut))
        if cut.how == "timeout":
            self.gave_up(raw.get_extra_info("peername"))
        raw.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        raw.abort()

    async def secure(self, context: ssl.SSLContext) -> None:
        """The handshake, after 220. Raises `ConnectionAbortedError` when no TLS came of it."""
        waiter = self.loop.create_future()
        raw = self.transport
        assert isinstance(raw, asyncio.Transport)
        self._tls_protocol = tls = _Tls(
            self.loop, self, context, waiter, server_side=True,
            ssl_handshake_timeout=self.limits.handshake,  # type: ignore[arg-type]  # takes fractions as well
        )  # fmt: skip
        self._original_transport = raw
        raw.set_protocol(tls)
        self.transport = tls._app_transport
        tls.connection_made(raw)
        failure: Exception | None = None
        try:
            await waiter
        except Exception as error:
            failure = error
        if not self.has_new_tls:  # the waiter is also done when the client has hung up in the middle
            self.tap("note", f"handshake failed: {failure or 'the client hung up'}")
            self.connection_lost(failure)  # sslproto tells only those whose TLS connection was made
            raise ConnectionAbortedError("no TLS") from failure

    # in place of upstream's

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.has_new_tls = self.is_secure

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        super().data_received(data)

    def eof_received(self) -> bool | None:
        # Upstream drops what was sent before the end of file; `printf ... | nc` deserves its answers.
        self._reader.feed_eof()
        return not self.is_secure

    def _reset_timeout(self, duration: float | None = None) -> None:
        # A timer that is put off for every line costs more than the line: it runs out, and looks whether it may.
        wait = duration or self.limits.idle
        self._quiet_until = self.loop.time() + wait
        if self._timeout_handle is None:
            self._timeout_handle = self.loop.call_later(wait, self._timeout_cb)

    def _timeout_cb(self) -> None:
        if self._quiet_until > self.loop.time():
            self._timeout_handle = self.loop.call_at(self._quiet_until, self._timeout_cb)
            return
        line = Reply(421, "4.4.2", "Connection timed out").lines()[0]
        self.tap("server", line)
        self._writer.write(f"{line}\r\n".encode())
        super()._timeout_cb()  # type: ignore[no-untyped-call]
        raw = self._original_transport or self.transport
        if isinstance(raw, asyncio.Transport) and raw.get_write_buffer_size():
            raw.abort()  # it does not even read

    async def push(self, status: str | bytes) -> None:
        raw = status if isinstance(status, bytes) else status.encode("utf-8", "replace")
        for line in raw.decode("utf-8", "replace").split("\r\n"):
            self.tap("server", line)
        self._writer.write(raw + b"\r\n")
        await self._writer.drain()

    async def _handle_client(self) -> None:
        assert self.transport is not None
        try:
            await self.greet(self.transport.get_extra_info("peername"))
            while not self.hanging_up:
                await self._turn()
        except CutOff as cut:
            self._break_off(cut)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client is gone, and nothing was accepted that it has not been told of
        finally:
            if self._timeout_handle:
                self._timeout_handle.cancel()
            if self.transport is not None:
                self.transport.close()
            if not self.is_over.done():
                self.is_over.set_result(None)

    async def _turn(self) -> None:
        """One command and its reply."""
        line = await self._command()
        self._reset_timeout()
        verb, arg = _split(line) if line is not None else ("", "")
        self.tap("client", _shown(line, verb))
        if line is None or len(line) + 2 > (_AUTH_LINE if verb == "AUTH" else _LINE):
            await self.answer(_LONG)
        elif not verb:
            await self.answer(BAD_SYNTAX)
        else:
            try:
                await self.obey(verb, arg)
            except (ConnectionError, asyncio.IncompleteReadError):
                raise
            except Exception as error:
                self.crashed(error)
                await self.answer(_CRASH)

    async def _command(self) -> bytes | None:
        """The next line without its end, which may be a bare LF; None for one that is longer than the window."""
        fits = True
        while True:
            try:
                line = await self._reader.readuntil(b"\n")
                return line.rstrip(b"\r\n") if fits else None
            except asyncio.LimitOverrunError as overrun:
                await self._reader.readexactly(overrun.consumed)
                fits = False


def _split(line: bytes) -> tuple[str, str]:
    """Verb and argument; no verb where the line is no text (RFC 5321 2.3.1, RFC 6531 3.3)."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return "", ""
    if _CONTROL.search(text):
        return "", ""
    verb, _, arg = text.partition(" ")
    return verb.upper(), arg.strip()


def _shown(line: bytes | None, verb: str) -> str:
    if line is None:
        return "(a line that is too long)"
    if verb == "AUTH":  # outside clients may send real passwords
        return " ".join(["AUTH", *line.decode().split()[1:2], "(credentials)"][: len(line.split())])
    return ascii(line)[2:-1] if not verb else line.decode()
