"""The listening side of one connection, verb by verb: our own reading of each command, a `Reception` that decides.

    connect -> [421 or 554] -> banner -> EHLO -> [STARTTLS -> EHLO] -> [AUTH] -> MAIL -> RCPT ... -> DATA or BDAT

Only facts go on to the reception: who calls (by the network's registry, never by a real address), what the handshake
showed, what MAIL and RCPT asked, the octets of the message. Its replies are passed back; the ones written here are
those of the protocol itself, the same for all products.

A certificate is told to the reception when the first command after the handshake arrives. With TLS 1.3 the client
is done before the server has seen its certificate, so nothing may be concluded from the end of the handshake alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from simulator.faults import CutOff
from simulator.live.commands import announced, is_binary, is_count, read_mail, read_rcpt
from simulator.live.connection import Connection
from simulator.live.counter import Desk
from simulator.live.data import CLEMENCY, Cut, Received, joined, read_chunk, read_content
from simulator.live.login import encoded, read_credentials, read_response
from simulator.live.replies import FIXED, HTTP, NESTED, NO_HELLO, NO_MAIL, NO_PARAMETERS, NO_RCPT, NONE_VALID, UNKNOWN
from simulator.live.wiretap import Link
from simulator.mail.reply import Reply
from simulator.reception import Reception
from simulator.world import Passage

__all__ = ["Desk", "LabSMTP"]

_CHUNK = 4096


class LabSMTP(Connection):
    """One connection to a listener of a lab."""

    def __init__(self, desk: Desk, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(desk.limits, loop)
        self.desk = desk
        self.reception: Reception
        self.link: Link
        self.is_ignored = False
        """Whether nobody answers this client: its server is down, and silent."""
        self._keywords: tuple[str, ...] = ()
        self._extended = False
        self._refused_rcpts = 0
        self._chunks: list[Received] = []  # of a message that comes by BDAT

    @property
    def is_from_outside(self) -> bool:
        """Whether its client is none of the lab's. False before it is known who calls, and where nobody answers."""
        return hasattr(self, "link") and self.link.passage is None and not self.is_ignored

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.desk.sessions.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.desk.sessions.discard(self)

    def carries(self, passage: Passage) -> None:
        """The client of the lab says what its next transaction carries."""
        self.reception.passage, self.link = passage, replace(self.link, passage=passage)

    def tap(self, who: str, line: str) -> None:
        self.desk.wiretap.line(self.link, who, line, encrypted=self.is_secure)

    def gave_up(self, peername: tuple[Any, ...]) -> None:
        if self.link.passage is not None:
            self.desk.gave_up(peername)

    def crashed(self, error: Exception) -> None:
        self.desk.crashed(error, self.link)

    async def greet(self, peername: tuple[Any, ...]) -> None:
        self.reception, self.link = self.desk.admit(self, peername)
        if self.reception.mistakes.are_counted:
            self.most_errors = None
        if how := self.desk.shut(self.link):
            if how == "timeout" and self.desk.is_kept():
                await self._say_nothing()
            raise CutOff(how)
        if len(self.desk.sessions) > self.limits.connections:
            await self.answer(Reply(421, "4.3.2", "Too many connections"))
            return
        try:
            reply = self.reception.open()
        except CutOff:
            raise
        except Exception as error:
            self.crashed(error)
            reply = Reply(421, "4.3.0", "Local error in processing")
        await self.answer(reply)
        self.hanging_up = not reply.ok

    async def _say_nothing(self) -> None:
        """Leaves the client alone until it goes, or a client would have given up (RFC 5321 4.5.3.2.1)."""
        self.is_ignored = True
        try:
            async with asyncio.timeout(self.limits.idle):
                while await self._reader.read(_CHUNK):
                    pass
        except TimeoutError:
            pass

    async def answer(self, reply: Reply) -> None:
        await self.desk.pace(self.reception, self.link)
        await super().answer(self.reception.counted(reply))

    async def obey(self, verb: str, arg: str) -> None:
        self.desk.tick()
        if self.has_new_tls:
            self._look_at_tls()
        if verb in _VERBS:
            await _VERBS[verb](self, arg)
            return
        # What a web page makes a browser send has a request line on top and commands in its body: those are not obeyed.
        self.hanging_up = verb in HTTP
        await self.answer(FIXED.get(verb, UNKNOWN))

    # hello and security

    async def smtp_HELO(self, hostname: str) -> None:
        await self._hello(hostname, extended=False)

    async def smtp_EHLO(self, hostname: str) -> None:
        await self._hello(hostname, extended=True)

    async def _hello(self, hostname: str, *, extended: bool) -> None:
        if not hostname:
            await self.answer(Reply(501, "5.5.4", "Domain name required"))
            return
        self._forget()
        self._extended = extended
        reply, self._keywords = self.reception.hello(hostname, extended=extended)
        listed = extended and reply.ok
        await self.answer(Reply(reply.code, "", "\n".join((reply.text, *self._keywords))) if listed else reply)

    def _announces(self, keyword: str) -> bool:
        return any(k.partition(" ")[0].upper() == keyword for k in self._keywords)

    async def smtp_STARTTLS(self, arg: str) -> None:
        if arg:
            await self.answer(NO_PARAMETERS)
        elif self.is_secure:
            await self.answer(Reply(503, "5.5.1", "TLS is already active"))  # RFC 3207 4.2 allows it once
        elif not self.reception.session.helo:
            await self.answer(NO_HELLO)
        elif not self._announces("STARTTLS"):
            await self.answer(Reply(502, "5.5.1", "STARTTLS is not offered"))
        elif self.reception.certificate is None:
            await self.answer(Reply(454, "4.7.0", "TLS not available"))  # RFC 3207 4
        else:
            ready = self.reception.starttls()
            await self.answer(ready)
            if ready.code == 220:
                await self.secure(self.desk.certificate_context(self.reception))

    def _look_at_tls(self) -> None:
        assert self.transport is not None
        self.has_new_tls = False
        self._forget()
        self._keywords = ()
        facts, der = self.desk.tls_facts(self.transport.get_extra_info("ssl_object"))
        if facts.certificate:
            self.desk.wiretap.certificate(self.link.server, "client", facts.certificate, der, self.link.passage)
        self.reception.secured(facts)

    async def smtp_AUTH(self, arg: str) -> None:
        session = self.reception.session
        if not session.helo or not self._extended:
            await self.answer(NO_HELLO)
        elif session.auth:
            await self.answer(Reply(503, "5.5.1", "Already authenticated"))  # RFC 4954 4
        elif self.reception.envelope:
            await self.answer(Reply(503, "5.5.1", "Not during a mail transaction"))
        else:
            in_clear = self.reception.host.submission.tls and not session.tls
            tokens = any("XOAUTH2" in k.upper().split() for k in self._keywords)
            found = await read_credentials(arg, self._challenge, in_clear=in_clear, tokens=tokens)
            if found is not None:
                await self.answer(found if isinstance(found, Reply) else self.reception.login(*found))

    async def _challenge(self, text: str) -> bytes | None:
        response = await self.response(encoded(text))
        if response is None:
            return None
        read = read_response(response)
        if isinstance(read, Reply):
            await self.answer(read)
            return None
        return read

    # the transaction

    def _forget(self) -> None:
        self._refused_rcpts = 0
        self._chunks = []

    async def smtp_RSET(self, arg: str) -> None:
        if arg:
            await self.answer(NO_PARAMETERS)
            return
        self._forget()
        self.reception.reset()
        await self.answer(Reply(250, "2.0.0", "OK"))

    async def smtp_QUIT(self, arg: str) -> None:
        self.hanging_up = not arg
        await self.answer(NO_PARAMETERS if arg else self.reception.quit())

    async def smtp_MAIL(self, arg: str) -> None:
        if not self.reception.session.helo:
            await self.answer(NO_HELLO)
        elif self.reception.envelope:
            await self.answer(NESTED)
        else:
            plea = read_mail(arg, extended=self._extended)
            plea = announced(plea, self._keywords)
            self._forget()
            await self.answer(plea if isinstance(plea, Reply) else self.reception.mail(plea.address, plea.parameters))

    async def smtp_RCPT(self, arg: str) -> None:
        envelope = self.reception.envelope
        if envelope is None:
            await self.answer(NO_MAIL if self.reception.session.helo else NO_HELLO)
            return
        plea = read_rcpt(arg, extended=self._extended, utf8="SMTPUTF8" in envelope.parameters)
        plea = announced(plea, self._keywords)
        if not isinstance(plea, Reply) and plea.address is not None:
            plea = await self.desk.carry(self.reception.rcpt(plea.address, plea.parameters))
        assert isinstance(plea, Reply)
        self._refused_rcpts += not plea.ok
        await self.answer(plea)

    def _not_ready(self) -> Reply | None:
        """Why no content may come now."""
        envelope = self.reception.envelope
        if envelope is None:
            return NO_MAIL if self.reception.session.helo else NO_HELLO
        if not envelope.recipients:
            return NONE_VALID if self._refused_rcpts else NO_RCPT
        return None

    async def smtp_DATA(self, arg: str) -> None:
        refusal = NO_PARAMETERS if arg else self._not_ready()
        if refusal is None and self._chunks:
            refusal = Reply(503, "5.5.1", "BDAT is under way")  # RFC 3030 2
        if refusal is None and self.reception.envelope and is_binary(self.reception.envelope.parameters):
            refusal = Reply(503, "5.5.1", "BODY=BINARYMIME needs BDAT")  # RFC 3030 3
        if refusal:
            await self.answer(refusal)
            return
        ready = self.reception.ready()
        await self.answer(ready)
        if ready.code != 354:
            return
        await self._lose_some()
        try:
            got = await read_content(self._reader, self._most, self._reset_timeout)
        except Cut as cut:
            self.tap("note", str(cut))
            raise
        self.tap("client", f"({got.size} octets)")
        await self._take(got)

    @property
    def _most(self) -> int:
        """Octets of a message that are kept, however large it is."""
        limit = self.reception.limit
        return self.limits.message if limit is None else limit + CLEMENCY

    async def _lose_some(self) -> None:
        """Where content is to be cut, takes half of what was declared before it is."""
        try:
            self.reception.receives()
        except CutOff:
            declared = int(self.reception.envelope.parameters.get("SIZE") or 0) if self.reception.envelope else 0
            taken = len(await self._reader.read(max(1, declared // 2)))
            self.tap("note", f"connection cut after {taken} octets of the message")
            raise

    async def smtp_BDAT(self, arg: str) -> None:
        size, *last = arg.split() or [""]
        if not is_count(size) or [word.upper() for word in last] not in ([], ["LAST"]):
            # Whatever follows may be a chunk or a command, nobody can tell.
            self.hanging_up = True
            await self.answer(Reply(501, "5.5.4", "Syntax: BDAT size [LAST]"))
            return
        refusal = self._not_ready() if self._announces("CHUNKING") else Reply(502, "5.5.1", "CHUNKING is not offered")
        if refusal is None:
            await self._lose_some()
        keep = refusal is None and sum(chunk.size for chunk in self._chunks) + int(size) <= self._most
        try:
            got = await read_chunk(self._reader, int(size), keep, self._reset_timeout)
        except Cut as cut:
            self.tap("note", str(cut))
            raise
        self.tap("client", f"({got.size} octets)")
        if refusal:
            await self.answer(refusal)
            return
        self._chunks.append(got)
        if last:
            await self._take(joined(self._chunks))
        else:
            await self.answer(Reply(250, "2.0.0", f"{got.size} octets received"))

    async def _take(self, got: Received) -> None:
        """Hands the content over. Nothing is waited for between the host's yes and the reply to the client."""
        self._forget()
        self.desk.tick()
        self.errors = 0
        try:
            taken = self.reception.too_large(got.size) if got.octets is None else await self._examine(got.octets)
        except Exception:
            self.reception.reset()
            raise
        await self.answer(taken)

    async def _examine(self, octets: bytes) -> Reply:
        """What the reception says of the content; its questions are asked over the wire."""
        asking = self.reception.content(octets)
        answer: Any = None
        try:
            while True:
                try:
                    question = asking.send(answer)
                except StopIteration as done:
                    reply: Reply = done.value
                    return reply
                answer = await self.desk.ask(question, self.link)
        finally:
            asking.close()


_VERBS: dict[str, Callable[[LabSMTP, str], Awaitable[None]]] = {
    verb: getattr(LabSMTP, f"smtp_{verb}")
    for verb in ("HELO", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "QUIT")
}
