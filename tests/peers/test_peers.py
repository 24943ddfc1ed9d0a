"""Programs that know nothing of mailflow speak to a running lab: SMTP, STARTTLS and DNS are real."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dns.message
import dns.query
import pytest

from simulator.live.lab import LiveLab
from simulator.mail.path import print_path
from simulator.paths import endings
from simulator.runner import BEGIN
from simulator.scenario.scenario import load_lab
from simulator.trace import Log
from simulator.world import World
from tests.peers.peers import spoken_by
from tests.playing import CONTOSO

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def running() -> AsyncIterator[tuple[LiveLab, World]]:
    lab, _ = load_lab(lambda _: CONTOSO, "lab.yaml")
    async with LiveLab(lab, start=BEGIN) as live:
        world = World(lab, Log(BEGIN))
        await live.begin(world)
        yield live, world


async def paths(live: LiveLab, world: World) -> list[str]:
    await live.run()
    return [print_path(e.path) for e in endings(world.log, world.lab)]


async def test_openssl_is_shown_the_certificate_of_the_lab() -> None:
    async with running() as (live, _):
        ip, port = live.endpoint("onprem")
        _, said = await spoken_by(
            "openssl", "s_client", "-starttls", "smtp", "-connect", f"{ip}:{port}", package="openssl", says=b"QUIT\r\n"
        )
    assert "CN = mail.contoso.com" in said
    assert "TLSv1.3" in said


@pytest.mark.parametrize("tls", [(), ("--tls",)])
async def test_swaks_sends_as_a_stranger(tls: tuple[str, ...]) -> None:
    async with running() as (live, world):
        ip, port = live.endpoint("m365")
        code, said = await spoken_by(
            "swaks", "--server", f"{ip}:{port}", "--from", "sun@customer.example", "--to", "bob@contoso.com", *tls,
            package="swaks libnet-ssleay-perl",
        )  # fmt: skip
        assert (0, ["Sun -[none]-> m365 -> Bob"]) == (code, await paths(live, world)), said


async def test_swaks_is_refused_when_it_wants_to_relay() -> None:
    async with running() as (live, world):
        ip, port = live.endpoint("m365")
        code, said = await spoken_by(
            "swaks", "--server", f"{ip}:{port}", "--from", "a@evil.example", "--to", "sun@customer.example",
            package="swaks",
        )  # fmt: skip
        assert ["a@evil.example -[none]-> m365 -> REJECTED 550 5.7.64 for Sun"] == await paths(live, world)
    assert code != 0
    assert "550 5.7.64 TenantAttribution; Relay Access Denied" in said


async def test_swaks_logs_in_and_its_mail_takes_the_connector() -> None:
    async with running() as (live, world):
        ip, port = live.endpoint("m365", 587)
        code, said = await spoken_by(
            "swaks", "--server", f"{ip}:{port}", "--tls", "--auth", "LOGIN", "--auth-user", "bob@contoso.com",
            "--auth-password", "lab", "--from", "bob@contoso.com", "--to", "john@contoso.com",
            package="swaks libnet-ssleay-perl",
        )  # fmt: skip
        expected = ["Bob -> m365 -[O365 to own servers]-> onprem -> John"]
        assert (0, expected) == (code, await paths(live, world)), said


async def test_msmtp_sends() -> None:
    async with running() as (live, world):
        ip, port = live.endpoint("internet", 25)
        code, said = await spoken_by(
            "msmtp", f"--host={ip}", f"--port={port}", "--from=bob@contoso.com", "--auth=off", "--tls=off",
            "sun@customer.example", package="msmtp", says=b"Subject: by msmtp\r\n\r\nHello.\r\n",
        )  # fmt: skip
        assert (0, ["Bob -> internet -> Sun"]) == (code, await paths(live, world)), said


async def test_smtplib_sends_to_two_at_once() -> None:
    def send(ip: str, port: int) -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP(ip, port, local_hostname="client.example", timeout=10) as client:
            to = ["bob@contoso.com", "john@contoso.com"]
            return client.sendmail(
                "sun@customer.example", to, "From: <sun@customer.example>\r\nSubject: two\r\n\r\nHello.\r\n"
            )

    async with running() as (live, world):
        refused = await asyncio.to_thread(send, *live.endpoint("m365"))
        expected = ["Sun -[none]-> m365 -> Bob", "Sun -[none]-> m365 -[O365 to own servers]-> onprem -> John"]
        assert ({}, expected) == (refused, await paths(live, world))


async def test_dig_reads_the_zone() -> None:
    async with running() as (live, _):
        ip, port = live.nameserver.endpoint
        for transport in ("+notcp", "+tcp"):
            code, said = await spoken_by(
                "dig", f"@{ip}", "-p", str(port), transport, "+short", "contoso.com", "MX", package="bind9-dnsutils"
            )
            assert (0, "0 contoso-com.mail.protection.outlook.com.") == (code, said.strip())


async def test_dnspython_reads_the_zone_over_udp_and_tcp() -> None:
    question = dns.message.make_query("mail.contoso.com", "A")
    async with running() as (live, _):
        ip, port = live.nameserver.endpoint
        for ask in (dns.query.udp, dns.query.tcp):
            answer = await asyncio.to_thread(ask, question, ip, 5, port)
            assert ["203.0.113.25"] == [item.to_text() for rrset in answer.answer for item in rrset]
