"""The sending side of one connection: carries out what `policy.dialogue` wants said, and reports what was heard.

aiosmtplib gives the stream and the pairing of commands with replies; its verbs raise where this project wants values
and its `data` would rewrite bare line ends, so commands go through `execute_command` and content is written here,
octet by octet what the sending host decided on. Its timeouts are not used either: up to Python 3.11 `wait_for` may
swallow a cancellation. Whatever goes wrong becomes one of the four words that policies know:

| heard               | because                                                                    |
| ------------------- | -------------------------------------------------------------------------- |
| Broken("refused")   | the server is there and does not listen                                    |
| Broken("timeout")   | nobody owns the address, or no reply came in `patience` real seconds       |
| Broken("reset")     | the connection ended where a reply was due                                 |
| Broken("handshake") | STARTTLS was welcome and no TLS came of it                                 |

The certificate that the server shows is accepted whatever it is, and passed on as facts for `policy.tls` to judge.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from aiosmtplib import SMTP
from aiosmtplib.errors import (
    SMTPConnectResponseError,
    SMTPException,
    SMTPResponseException,
)
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse

from simulator.live.data import stuffed
from simulator.live.hearing import Nonsense, heard
from simulator.live.network import Endpoint, Network, Refused, Silent
from simulator.live.patience import Patience
from simulator.mail.address import sender_text
from simulator.mail.envelope import told
from simulator.mail.tls import TlsFacts
from simulator.policy.dialogue import (
    NO_EHLO,
    Action,
    Broken,
    Connect,
    Data,
    Heard,
    Hello,
    Login,
    MailFrom,
    Quit,
    RcptTo,
    Reset,
    Said,
    Secured,
    StartTls,
)

__all__ = ["PATIENCE", "Courier", "Identity"]

PATIENCE = 10.0
"""Real seconds to wait for a reply. Slow peers are played in mail time, so only a broken one takes that long."""

_HASTE = 2 * 2**20  # octets a second at which even a busy computer moves a message over loopback
_GONE = Broken("reset")
_SLICE = 2**16  # octets of content written at a time


class Identity(Protocol):
    """Who a courier is to the other side of a handshake."""

    def client_context(self, *, own: bool = True, version: str = "", shows: object = None) -> ssl.SSLContext:
        """Presents the sending server's certificate (`shows` is which of several), or none; accepts any."""
        ...

    def saw(self, ssl_object: Any, link: object) -> TlsFacts:
        """Reads what the server showed."""
        ...


class Courier:
    """Makes one connection after the other, each for one conversation, or for several that follow each other.

    `hung_up` is awaited with the local endpoint after a connection to a lab server was closed, so that whatever the
    other side still does about it is done before anything else happens. `carries` is told what comes over a connection
    when that is another message than it was made for.
    """

    def __init__(
        self, network: Network, identity: Identity, *, patience: float = PATIENCE,
        hung_up: Callable[[Endpoint], Awaitable[None]] | None = None,
        carries: Callable[[Endpoint, object], None] | None = None,
    ) -> None:  # fmt: skip
        self._network, self._identity, self._patience, self._hung_up = network, identity, patience, hung_up
        self._carries = carries
        self._timer = Patience()
        self._client: SMTP | None = None
        self._here: Endpoint = ("", 0)
        self._keywords: tuple[str, ...] = ()
        self._passage: object = None
        self._is_shaking_hands = False

    async def perform(self, action: Action, in_vain: str = "") -> Heard:
        """Does one thing and says what was heard. Never raises for what the other side does.

        `in_vain` is how a connection is to fail that a planned fault forbids: refused, reset or timeout.
        """
        if isinstance(action, Connect):
            return await self._connect(action, in_vain)
        if self._client is None:
            return _GONE
        self._is_shaking_hands = False
        patience = self._patience + (len(action.octets) / _HASTE if isinstance(action, Data) else 0)
        try:
            with self._timer.of(patience):
                return await self._carry(self._client, action)
        except TimeoutError:
            return await self._lost("handshake" if self._is_shaking_hands else "timeout")
        except (SMTPException, OSError):
            return await self._lost("reset")

    async def close(self) -> None:
        """Ends the connection if there is one, without a word."""
        client, self._client = self._client, None
        self._keywords = ()
        self._timer.end()
        if client is None:
            return
        transport = client.transport
        client.close()
        if self._hung_up:
            await self._hung_up(self._here)
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()  # a stranger may take its time to end TLS; everything has been said
            await asyncio.sleep(0)

    async def _lost(self, how: str) -> Broken:
        await self.close()
        return Broken("timeout" if self._network.gave_up(self._here) else how)

    async def _connect(self, action: Connect, in_vain: str) -> Heard:
        await self.close()
        source, target = action.source, action.target.address
        try:
            if in_vain:
                sock = await self._network.connect_in_vain(source, target, in_vain)
            else:
                sock = await self._network.connect(source, target, action.port, action.passage)
        except Refused:
            return Broken("refused")
        except Silent:
            return Broken("timeout")
        self._here = sock.getsockname()[:2]
        self._passage = action.passage
        # start_tls=False: otherwise the library upgrades by itself and verifies. local_hostname: it would ask DNS.
        self._client = client = SMTP(sock=sock, local_hostname="lab", start_tls=False, timeout=None)
        try:
            with self._timer.of(self._patience):
                banner: SMTPResponse = await client.connect()
        except SMTPConnectResponseError as refusal:
            try:
                said = self._refused(refusal)
            except Nonsense:
                return await self._lost("reset")
            await self.close()
            return said
        except TimeoutError:
            return await self._lost("timeout")
        except (SMTPException, OSError):
            return await self._lost("reset")
        finally:
            if not client.is_connected:
                sock.close()
        return Said(heard(banner))

    async def _carry(self, client: SMTP, action: Action) -> Heard:
        if isinstance(action, Hello):
            return await self._hello(client, action.name)
        if isinstance(action, StartTls):
            return await self._secure(client, action)
        if isinstance(action, Login):
            return await self._login(client, action.user, action.password)
        if isinstance(action, MailFrom):
            if self._carries and action.passage is not self._passage:
                self._passage = action.passage
                self._carries(self._here, action.passage)
            return await self._say(client, f"MAIL FROM:{_path(sender_text(action.sender))}{told(action.parameters)}")
        if isinstance(action, RcptTo):
            return await self._say(client, f"RCPT TO:{_path(str(action.recipient))}{told(action.parameters)}")
        if isinstance(action, Data):
            return await self._send(client, action.octets)
        if isinstance(action, Reset):
            return await self._say(client, "RSET")
        assert isinstance(action, Quit)
        try:
            return await self._say(client, "QUIT")
        finally:
            await self.close()

    async def _say(self, client: SMTP, line: str, go_on: int = 0) -> Said:
        return Said(heard(await client.execute_command(line.encode()), go_on))

    async def _hello(self, client: SMTP, name: str) -> Said:
        self._keywords = ()
        answer = await client.execute_command(b"EHLO", name.encode())
        if answer.code in NO_EHLO:
            return await self._say(client, f"HELO {name}")
        greeting, *lines = answer.message.split("\n")
        if answer.code == 250:
            self._keywords = tuple(_keyword(line) for line in lines if line.strip())
        return Said(heard(SMTPResponse(answer.code, greeting)), self._keywords)

    async def _secure(self, client: SMTP, asked: StartTls) -> Heard:
        protocol = client.protocol
        assert protocol is not None
        raw = protocol.transport
        context = self._identity.client_context(own=asked.certificate, version=asked.version, shows=asked.shows)
        try:
            await protocol.start_tls(context, _sni(asked.server_name))
        except SMTPResponseException as refusal:
            return self._refused(refusal)
        except SMTPException as failure:
            if "upgrading" in str(failure):  # the library's word for a handshake, not for the 220 before it
                return await self._lost("handshake")
            raise
        except OSError:  # among them ssl.SSLError
            return await self._lost("handshake")
        except asyncio.CancelledError:
            self._is_shaking_hands = isinstance(raw, asyncio.Transport) and raw.get_protocol() is not protocol
            raise
        client.transport = protocol.transport
        ssl_object = client.get_transport_info("ssl_object")
        return Secured(self._identity.saw(ssl_object, self._passage))

    async def _login(self, client: SMTP, user: str, password: str) -> Said:
        offered = next((k.upper().split() for k in self._keywords if k.upper().startswith("AUTH ")), [])
        if password.startswith("Bearer ") and "XOAUTH2" in offered:
            return await self._say(
                client, f"AUTH XOAUTH2 {_encoded(f'user={user}{chr(1)}auth={password}{chr(1)}{chr(1)}')}"
            )
        if "LOGIN" in offered and "PLAIN" not in offered:
            for command in ("AUTH LOGIN", _encoded(user)):
                asked = await self._say(client, command, go_on=334)
                if asked.reply.code != 334:
                    return asked
            return await self._say(client, _encoded(password))
        return await self._say(client, f"AUTH PLAIN {_encoded(f'{chr(0)}{user}{chr(0)}{password}')}")

    async def _send(self, client: SMTP, content: bytes) -> Said:
        ready = await self._say(client, "DATA", go_on=354)
        if ready.reply.code != 354:
            return ready
        protocol = client.protocol
        if protocol is None:
            raise ConnectionResetError
        # In slices: TLS copies what it could not send yet, again for each record. From here on a reply may come, since some
        # servers refuse a message in the middle of it.
        protocol._response_pending = True
        octets = stuffed(content)
        for start in range(0, len(octets), _SLICE):
            if start:
                await protocol._drain_helper()  # asyncio's own flow control
            if _has_answered(protocol):
                return await self._refused_halfway(client, protocol)
            protocol.write(octets[start : start + _SLICE])
        answer = await protocol.read_response()
        if answer.code == 421:
            client.close()
        return Said(heard(answer))

    async def _refused_halfway(self, client: SMTP, protocol: SMTPProtocol) -> Said:
        """A no is a no; a yes to half of a message means nothing. There is no way on from here."""
        answer = await protocol.read_response()
        client.close()
        if answer.code < 400:
            raise Nonsense(f"{answer.code} before the end of the content")
        return Said(heard(answer))

    @staticmethod
    def _refused(refusal: SMTPResponseException) -> Said:
        if refusal.code < 400:  # the library's own word for what it could not read among them
            raise Nonsense(f"reply code {refusal.code}")
        return Said(heard(SMTPResponse(refusal.code, refusal.message)))


def _has_answered(protocol: SMTPProtocol) -> bool:
    return protocol._response_waiter is not None and protocol._response_waiter.done()


def _keyword(line: str) -> str:
    name, _, rest = line.strip().partition(" ")
    return f"{name.upper()} {rest}".strip()


def _path(text: str) -> str:
    return text if text == "<>" else f"<{text}>"


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _sni(name: str) -> str | None:
    """The name for the handshake; None where it cannot be one (the check of names is policy's, not TLS's)."""
    try:
        name.encode("idna")
    except UnicodeError:
        return None
    return None if not name or name.startswith(".") or "*" in name else name
