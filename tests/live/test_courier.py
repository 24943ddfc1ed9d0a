"""The client side, against servers that behave as badly as a script tells them to, and against a listener of a lab."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from simulator.live.anycert import client_context, peer_facts, server_context
from simulator.live.courier import Courier
from simulator.live.network import Network
from simulator.live.pki import Authorities
from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.mail.tls import TlsFacts
from simulator.policy.attempt import Target
from simulator.policy.dialogue import (
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
    Said,
    Secured,
    StartTls,
)
from tests.live.loops import in_loop
from tests.live.tinyhost import START, certificate

OURS, THEIRS, NOBODYS = "203.0.113.1", "203.0.113.2", "203.0.113.99"
AUTHORITIES = Authorities()
BANNER, EHLO, OK = b"220 mx.test hi\r\n", b"250-mx.test hi\r\n250-SIZE 1000\r\n250 STARTTLS\r\n", b"250 2.0.0 OK\r\n"
CONNECT = Connect(Target("mx.test", THEIRS), OURS)
HELLO = Hello("client.test")
MAIL, RCPT = MailFrom(Address.parse("ann@east.test")), RcptTo(Address.parse("bob@west.test"))

HANG_UP, SILENCE = object(), object()


class Stranger:
    """A server with a script: what it says first, then one answer for each line (for each content after 354)."""

    def __init__(self, *script: object, tls: ssl.SSLContext | None = None) -> None:
        self.script, self.tls, self.heard = list(script), tls, b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for answer in self.script:
                if answer is HANG_UP:
                    break
                if answer is SILENCE:
                    await reader.read()
                    break
                assert isinstance(answer, bytes)
                writer.write(answer)
                await writer.drain()
                if self.tls and answer.startswith(b"220 go"):
                    await writer.start_tls(self.tls)
                self.heard += await reader.readuntil(b"\r\n.\r\n" if answer.startswith(b"354") else b"\n")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


class Nobody:
    """A client without a certificate."""

    def client_context(self, *, own: bool = True, version: str = "", shows: object = None) -> ssl.SSLContext:
        return client_context(None)

    def saw(self, ssl_object: Any, passage: object) -> TlsFacts:
        return peer_facts(ssl_object, AUTHORITIES)


@asynccontextmanager
async def calling(stranger: Stranger, patience: float = 5.0) -> AsyncIterator[Courier]:
    network = Network([OURS, THEIRS])
    server = await asyncio.start_server(stranger.serve, sock=network.bind(THEIRS, 25))
    courier = Courier(network, Nobody(), patience=patience)
    try:
        yield courier
    finally:
        await courier.close()
        server.close()
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:  # the stranger's connections
            await asyncio.wait(tasks)


async def played(stranger: Stranger, actions: Sequence[Action], patience: float = 5.0) -> list[Heard]:
    async with calling(stranger, patience) as courier:
        return [await courier.perform(action) for action in actions]


def codes(heard: Sequence[Heard]) -> list[object]:
    return [h.reply.code if isinstance(h, Said) else h.how if isinstance(h, Broken) else "secured" for h in heard]


FAILURES: list[tuple[str, list[object], list[Action], list[object]]] = [
    ("hangs up instead of a banner", [HANG_UP], [CONNECT, HELLO], ["reset", "reset"]),
    ("says no banner", [SILENCE], [CONNECT], ["timeout"]),
    ("refuses in the banner", [b"554 5.7.1 no\r\n"], [CONNECT, Quit()], [554, "reset"]),
    ("is busy", [b"421 4.3.2 busy\r\n"], [CONNECT, Quit()], [421, "reset"]),
    ("talks nonsense", [b"HTTP/1.1 400 Bad\r\n"], [CONNECT], ["reset"]),
    ("hangs up at EHLO", [BANNER, HANG_UP], [CONNECT, HELLO, MAIL], [220, "reset", "reset"]),
    ("does not answer EHLO", [BANNER, SILENCE], [CONNECT, HELLO, MAIL], [220, "timeout", "reset"]),
    ("does not know EHLO", [BANNER, b"502 what?\r\n", OK], [CONNECT, HELLO], [220, 250]),
    ("is closing at RCPT", [BANNER, EHLO, OK, b"421 4.3.2 closing\r\n", HANG_UP], [CONNECT, HELLO, MAIL, RCPT, Quit()],
     [220, 250, 250, 421, "reset"]),
    ("hangs up at DATA", [BANNER, EHLO, OK, OK, HANG_UP], [CONNECT, HELLO, MAIL, RCPT, Data(b"x\r\n"), Quit()],
     [220, 250, 250, 250, "reset", "reset"]),
    ("hangs up after the content", [BANNER, EHLO, OK, OK, b"354 go\r\n", HANG_UP],
     [CONNECT, HELLO, MAIL, RCPT, Data(b"x\r\n")], [220, 250, 250, 250, "reset"]),
    ("refuses DATA before 354", [BANNER, EHLO, OK, OK, b"450 4.7.0 later\r\n", b"221 bye\r\n"],
     [CONNECT, HELLO, MAIL, RCPT, Data(b"x\r\n"), Quit()], [220, 250, 250, 250, 450, 221]),
    ("refuses the content", [BANNER, EHLO, OK, OK, b"354 go\r\n", b"550 5.6.11 no\r\n"],
     [CONNECT, HELLO, MAIL, RCPT, Data(b"x\r\n")], [220, 250, 250, 250, 550]),
    ("says 251 and 252", [BANNER, EHLO, OK, b"251 will forward\r\n", b"252 cannot verify\r\n"],
     [CONNECT, HELLO, MAIL, RCPT, RCPT], [220, 250, 250, 251, 252]),
    ("refuses STARTTLS", [BANNER, EHLO, b"454 4.7.0 not now\r\n", OK], [CONNECT, HELLO, StartTls("mx.test"), MAIL],
     [220, 250, 454, 250]),
    ("hangs up at STARTTLS", [BANNER, EHLO, HANG_UP], [CONNECT, HELLO, StartTls("mx.test")], [220, 250, "reset"]),
    ("says nothing to STARTTLS", [BANNER, EHLO, SILENCE], [CONNECT, HELLO, StartTls("mx.test")], [220, 250, "timeout"]),
    ("speaks no TLS after 220", [BANNER, EHLO, b"220 go on\r\n", b"what?\r\n"], [CONNECT, HELLO, StartTls("mx.test"), MAIL],
     [220, 250, "handshake", "reset"]),
    ("hangs up in the handshake", [BANNER, EHLO, b"220 go on\r\n", HANG_UP], [CONNECT, HELLO, StartTls("mx.test")],
     [220, 250, "handshake"]),
    ("is silent in the handshake", [BANNER, EHLO, b"220 go on\r\n", SILENCE], [CONNECT, HELLO, StartTls("mx.test")],
     [220, 250, "handshake"]),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "script", "actions", "expected"), FAILURES, ids=[f[0] for f in FAILURES])
@in_loop
async def test_server_that(claim: str, script: list[object], actions: list[Action], expected: list[object]) -> None:
    patience = 0.05 if SILENCE in script else 5.0
    assert expected == codes(await played(Stranger(*script), actions, patience)), claim


@in_loop
async def test_server_that_does_not_listen_refuses_and_an_address_of_nobody_is_silent() -> None:
    courier = Courier(Network([OURS, THEIRS]), Nobody())
    assert Broken("refused") == await courier.perform(CONNECT)
    assert Broken("timeout") == await courier.perform(Connect(Target("mx.test", NOBODYS), OURS))
    assert Broken("reset") == await courier.perform(HELLO)


@in_loop
async def test_keywords_come_in_upper_case_with_their_parameters() -> None:
    ehlo = b"250-mx.test at your service\r\n250-size 1000\r\n250-Auth plain LOGIN\r\n250 8bitmime\r\n"
    heard = await played(Stranger(BANNER, ehlo), [CONNECT, HELLO])
    expected = Said(Reply(250, "", "mx.test at your service"), ("SIZE 1000", "AUTH plain LOGIN", "8BITMIME"))
    assert expected == heard[1]


@in_loop
async def test_reply_of_several_lines_is_one() -> None:
    refusal = b"550-5.1.10 not here\r\n550 5.1.10 really\r\n"
    heard = await played(Stranger(BANNER, EHLO, OK, refusal), [CONNECT, HELLO, MAIL, RCPT])
    assert Said(Reply(550, "5.1.10", "not here\nreally")) == heard[3]


@in_loop
async def test_null_sender_and_parameters_go_out_as_they_are() -> None:
    stranger = Stranger(BANNER, EHLO, OK, OK)
    told = RcptTo(Address.parse("Bob@west.test"), {"NOTIFY": "NEVER", "ORCPT": "rfc822;Bob@West.test"})
    await played(stranger, [CONNECT, HELLO, MailFrom(None, {"SIZE": "12", "SMTPUTF8": None}), told])
    assert stranger.heard.splitlines() == [
        b"EHLO client.test",
        b"MAIL FROM:<> SIZE=12 SMTPUTF8",
        b"RCPT TO:<Bob@west.test> NOTIFY=NEVER ORCPT=rfc822;Bob@West.test",
    ]


CONTENTS = [
    ("bare line feeds stay", b"a\nb\n.\nc\r\n", b"a\nb\n.\nc\r\n.\r\n"),
    ("bare carriage returns stay", b"a\rb\r\n", b"a\rb\r\n.\r\n"),
    ("dots at the start of lines are doubled", b".a\r\n..\r\n.", b"..a\r\n...\r\n..\r\n.\r\n"),
    ("a last line without end gets one", b"a", b"a\r\n.\r\n"),
]


@pytest.mark.parametrize(("claim", "content", "wire"), CONTENTS, ids=[c[0] for c in CONTENTS])
@in_loop
async def test_content_goes_out_octet_by_octet(claim: str, content: bytes, wire: bytes) -> None:
    stranger = Stranger(BANNER, EHLO, OK, OK, b"354 go\r\n", OK)
    heard = await played(stranger, [CONNECT, HELLO, MAIL, RCPT, Data(content)])
    assert 250 == codes(heard)[-1]
    assert wire == stranger.heard.partition(b"DATA\r\n")[2], claim


LOGINS = [
    ("PLAIN where it is offered", b"250-mx\r\n250 AUTH LOGIN PLAIN\r\n", [b"AUTH PLAIN AGFubgBsYWI="], [b"235 ok\r\n"]),
    ("LOGIN where nothing else is", b"250-mx\r\n250 AUTH LOGIN\r\n", [b"AUTH LOGIN", b"YW5u", b"bGFi"],
     [b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n", b"235 ok\r\n"]),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "ehlo", "said", "answers"), LOGINS, ids=[c[0] for c in LOGINS])
@in_loop
async def test_login(claim: str, ehlo: bytes, said: list[bytes], answers: list[bytes]) -> None:
    stranger = Stranger(BANNER, ehlo, *answers)
    heard = await played(stranger, [CONNECT, HELLO, Login("ann", "lab")])
    assert ([220, 250, 235], said) == (codes(heard), stranger.heard.splitlines()[1:]), claim


@pytest.mark.parametrize(
    ("offered", "said"),
    [
        ("LOGIN XOAUTH2", b"AUTH XOAUTH2 dXNlcj1hbm4BYXV0aD1CZWFyZXIgbGFiAQE="),
        ("PLAIN", b"AUTH PLAIN AGFubgBCZWFyZXIgbGFi"),
    ],
)
@in_loop
async def test_a_token_is_shown_where_it_is_taken(offered: str, said: bytes) -> None:
    stranger = Stranger(BANNER, f"250-mx\r\n250 AUTH {offered}\r\n".encode(), b"235 ok\r\n")
    heard = await played(stranger, [CONNECT, HELLO, Login("ann", "Bearer lab")])
    assert ([220, 250, 235], [said]) == (codes(heard), stranger.heard.splitlines()[1:])


@in_loop
async def test_login_of_two_steps_may_end_after_the_first() -> None:
    stranger = Stranger(BANNER, b"250-mx\r\n250 AUTH LOGIN\r\n", b"535 5.7.8 no\r\n")
    assert [220, 250, 535] == codes(await played(stranger, [CONNECT, HELLO, Login("ann", "lab")]))


@in_loop
async def test_certificate_of_the_server_is_a_fact_whatever_it_is() -> None:
    issued = AUTHORITIES.issue(certificate("mx.test", "expired"), START)
    stranger = Stranger(BANNER, EHLO, b"220 go on\r\n", EHLO, OK, tls=server_context(issued))
    heard = await played(stranger, [CONNECT, HELLO, StartTls("mx.test"), HELLO, MAIL])
    assert [220, 250, "secured", 250, 250] == codes(heard)
    secured = heard[2]
    assert isinstance(secured, Secured)
    assert certificate("mx.test", "expired").facts(START) == secured.tls.certificate


@in_loop
async def test_what_came_in_clear_behind_220_is_thrown_away() -> None:
    issued = AUTHORITIES.issue(certificate("mx.test"), START)
    go = b"220 go on\r\n250-evil.test\r\n250 AUTH PLAIN\r\n"
    stranger = Stranger(BANNER, EHLO, go, EHLO, tls=server_context(issued))
    heard = await played(stranger, [CONNECT, HELLO, StartTls("mx.test"), HELLO])
    assert Said(Reply(250, "", "mx.test hi"), ("SIZE 1000", "STARTTLS")) == heard[3]


@pytest.mark.parametrize("name", ["203.0.113.2", "2001:db8::2", "*.test", "mx_1.test", "a..b", "", "müller.test"])
@in_loop
async def test_any_name_will_do_for_the_handshake(name: str) -> None:
    issued = AUTHORITIES.issue(certificate("mx.test"), START)
    stranger = Stranger(BANNER, EHLO, b"220 go on\r\n", EHLO, tls=server_context(issued))
    assert [220, 250, "secured"] == codes(await played(stranger, [CONNECT, HELLO, StartTls(name)]))


@in_loop
async def test_one_courier_makes_one_connection_after_the_other() -> None:
    stranger = Stranger(BANNER, EHLO, OK, b"221 bye\r\n")
    heard = await played(stranger, [CONNECT, HELLO, Quit(), CONNECT, HELLO, CONNECT, HELLO, MAIL, Quit()])
    assert [220, 250, 250, 220, 250, 220, 250, 250, 221] == codes(heard)
