"""Real clients hand a message to a listener of every kind of server: swaks, msmtp, smtplib.

At port 25 in clear text and with TLS, as a stranger; at port 587 with TLS and a login, as a mailbox of that server.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from simulator.live.lab import LiveLab
from simulator.paths import balance
from simulator.products.registry import PRODUCTS
from simulator.runner import BEGIN
from simulator.scenario.scenario import load_lab
from simulator.trace import Log
from simulator.world import World
from tests.peers.peers import spoken_by

pytestmark = pytest.mark.asyncio

LAB = """\
mailflow: 1
name: every listener
people:
  A: a@cloud.example at exchange-online
  B: b@smarter.example at smartermail
  C: c@server.example at exchange-server
  D: d@world.example at internet
servers:
  exchange-online: {is: exchange-online, fqdn: cloud-example.mail.protection.outlook.com, ip: 40.92.10.1, AcceptedDomains: {cloud.example: Authoritative}}
  smartermail: {is: smartermail, fqdn: mail.smarter.example, ip: 203.0.113.1, cert: good, Domains: {smarter.example: {}}}
  exchange-server: {is: exchange-server, fqdn: mail.server.example, ip: 203.0.113.2, cert: good, AcceptedDomains: {server.example: Authoritative}}
  gateway: {is: gateway, fqdn: mx.filter.example, ip: 203.0.113.3, cert: good, routes: {world.example: mx.world.example}}
  internet: {is: internet, fqdn: mx.world.example, ip: 203.0.113.4, cert: good}
dns: {world.example: {MX: 10 mx.filter.example}}
"""
TO = {
    "exchange-online": "a@cloud.example", "smartermail": "b@smarter.example", "exchange-server": "c@server.example",
    "gateway": "d@world.example", "internet": "d@world.example",
}  # fmt: skip
SENDER = "stranger@elsewhere.example"
MESSAGE = f"From: <{SENDER}>\r\nSubject: by a real client\r\nMessage-ID: <1@elsewhere.example>\r\n\r\nHello.\r\n"
MAILBOXES = {
    "exchange-online": "a@cloud.example", "smartermail": "b@smarter.example", "exchange-server": "c@server.example",
    "internet": "d@world.example",
}  # fmt: skip
"""Who logs in where. Nobody has a mailbox at a gateway."""
_WITHOUT_LISTENER = {"device", "external"}  # the one has none, the other is somebody else's


@asynccontextmanager
async def running(text: str = LAB) -> AsyncIterator[tuple[LiveLab, World]]:
    lab, _ = load_lab(lambda _: text, "lab.yaml")
    async with LiveLab(lab, start=BEGIN) as live:
        world = World(lab, Log(BEGIN), keys=live.world.keys)
        await live.begin(world)
        yield live, world


async def delivered(live: LiveLab, world: World) -> list[str]:
    await live.run()
    assert balance(world.log, ()).holds
    return [str(d.mailbox) for d in world.mailboxes]


async def test_every_kind_of_listener_is_here() -> None:
    assert set(PRODUCTS) - _WITHOUT_LISTENER == set(TO)


@pytest.mark.parametrize("tls", [(), ("--tls",)])
@pytest.mark.parametrize("server", TO)
async def test_swaks_sends_to_every_listener(server: str, tls: tuple[str, ...]) -> None:
    async with running() as (live, world):
        ip, port = live.endpoint(server)
        code, said = await spoken_by(
            "swaks",
            "--server",
            f"{ip}:{port}",
            "--from",
            SENDER,
            "--to",
            TO[server],
            *tls,
            package="swaks libnet-ssleay-perl",
        )
        assert (0, [TO[server]]) == (code, await delivered(live, world)), said
        assert bool(tls) == any(e["version"] for e in world.log.of("tls") if e.host == server)


@pytest.mark.parametrize("tls", ["off", "on"])
@pytest.mark.parametrize("server", TO)
async def test_msmtp_sends_to_every_listener(server: str, tls: str) -> None:
    secured = ("--tls=on", "--tls-starttls=on", "--tls-certcheck=off") if tls == "on" else ("--tls=off",)
    async with running() as (live, world):
        ip, port = live.endpoint(server)
        code, said = await spoken_by(
            "msmtp", f"--host={ip}", f"--port={port}", f"--from={SENDER}", "--auth=off", *secured, TO[server],
            package="msmtp", says=MESSAGE.encode(),
        )  # fmt: skip
        assert (0, [TO[server]]) == (code, await delivered(live, world)), said


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("server", TO)
async def test_smtplib_sends_to_every_listener(server: str, tls: bool) -> None:
    def send(ip: str, port: int) -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP(ip, port, local_hostname="client.example", timeout=10) as client:
            if tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                client.starttls(context=context)
            return client.sendmail(SENDER, [TO[server]], MESSAGE)

    async with running() as (live, world):
        refused = await asyncio.to_thread(send, *live.endpoint(server))
        assert ({}, [TO[server]]) == (refused, await delivered(live, world))


# port 587


async def test_every_server_with_mailboxes_is_logged_in_at() -> None:
    assert set(TO) - {"gateway"} == set(MAILBOXES)


@pytest.mark.parametrize("server", MAILBOXES)
async def test_swaks_logs_in_at_every_submission_listener(server: str) -> None:
    user = MAILBOXES[server]
    async with running() as (live, world):
        ip, port = live.endpoint(server, 587)
        code, said = await spoken_by(
            "swaks", "--server", f"{ip}:{port}", "--tls", "--auth", "LOGIN", "--auth-user", user, "--auth-password", "lab",
            "--from", user, "--to", user, package="swaks libnet-ssleay-perl",
        )  # fmt: skip
        assert (0, [user]) == (code, await delivered(live, world)), said


@pytest.mark.parametrize("server", MAILBOXES)
async def test_swaks_with_a_wrong_password_gets_nowhere(server: str) -> None:
    user = MAILBOXES[server]
    async with running() as (live, world):
        ip, port = live.endpoint(server, 587)
        code, said = await spoken_by(
            "swaks", "--server", f"{ip}:{port}", "--tls", "--auth", "LOGIN", "--auth-user", user, "--auth-password", "wrong",
            "--from", user, "--to", user, package="swaks libnet-ssleay-perl",
        )  # fmt: skip
        assert (28, []) == (code, await delivered(live, world)), said  # 28: the login failed
        assert "535" in said


@pytest.mark.parametrize("server", MAILBOXES)
async def test_without_a_login_nothing_is_taken_at_a_submission_listener(server: str) -> None:
    user = MAILBOXES[server]
    async with running() as (live, world):
        ip, port = live.endpoint(server, 587)
        code, said = await spoken_by(
            "swaks", "--server", f"{ip}:{port}", "--tls", "--from", user, "--to", "somebody@elsewhere.example",
            package="swaks libnet-ssleay-perl",
        )  # fmt: skip
        assert code != 0
        assert [] == await delivered(live, world), said


@pytest.mark.parametrize("server", MAILBOXES)
async def test_msmtp_logs_in_at_every_submission_listener(server: str) -> None:
    user = MAILBOXES[server]
    async with running() as (live, world):
        ip, port = live.endpoint(server, 587)
        code, said = await spoken_by(
            "msmtp", f"--host={ip}", f"--port={port}", f"--from={user}", "--auth=login", f"--user={user}",
            "--passwordeval=echo lab", "--tls=on", "--tls-starttls=on", "--tls-certcheck=off", user,
            package="msmtp", says=MESSAGE.replace(SENDER, user).encode(),
        )  # fmt: skip
        assert (0, [user]) == (code, await delivered(live, world)), said


@pytest.mark.parametrize("server", MAILBOXES)
async def test_smtplib_logs_in_at_every_submission_listener(server: str) -> None:
    user = MAILBOXES[server]

    def send(ip: str, port: int) -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP(ip, port, local_hostname="client.example", timeout=10) as client:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            client.starttls(context=context)
            client.login(user, "lab")
            return client.sendmail(user, [user], MESSAGE.replace(SENDER, user))

    async with running() as (live, world):
        refused = await asyncio.to_thread(send, *live.endpoint(server, 587))
        assert ({}, [user]) == (refused, await delivered(live, world))
