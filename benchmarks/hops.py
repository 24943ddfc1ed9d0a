"""One SMTP hop with STARTTLS: through the lab, and raw, between stock aiosmtpd and aiosmtplib."""

from __future__ import annotations

import asyncio
import logging
import ssl
import statistics
import time
from typing import Any

import aiosmtplib
import trustme
from aiosmtpd.smtp import SMTP

from simulator.keyring import KEYRING
from simulator.live.lab import LiveLab
from simulator.runner import BEGIN
from simulator.scenario.handover import handovers
from simulator.scenario.scenario import Scenario
from simulator.trace import Log
from simulator.transport import submit
from simulator.world import World

__all__ = ["lab_hop_ms", "raw_hop_ms"]

_TIMES = 60
_CONTENT = b"Subject: benchmark\r\n\r\n" + b"Hello, this is one line of an ordinary message.\r\n" * 40


class _Sink:
    async def handle_DATA(self, *_: Any) -> str:
        return "250 2.6.0 queued"


async def raw_hop_ms() -> float:
    """Connect, EHLO, STARTTLS, EHLO, one message, QUIT; a new connection each time, as the lab's couriers make."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("mx.example").configure_cert(context)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    loop = asyncio.get_running_loop()
    sink = _Sink()
    server = await loop.create_server(
        lambda: SMTP(sink, hostname="mx.example", tls_context=context, loop=loop), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    taken = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        smtp = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=port, start_tls=False, tls_context=client, local_hostname="c.example"
        )
        await smtp.connect()
        await smtp.ehlo()
        await smtp.starttls(server_hostname="mx.example")
        await smtp.sendmail("a@x.example", ["b@y.example"], _CONTENT)
        await smtp.quit()
        taken.append(time.perf_counter() - began)
    server.close()
    return statistics.median(taken[5:]) * 1000


async def lab_hop_ms(scenario: Scenario) -> float:
    """Bob's tenant routes and sends, the own server takes and delivers: everything a hop is, over STARTTLS."""
    flow = next(f for f in scenario.flows if f.name == "Bob to John")
    taken = []
    async with LiveLab(flow.lab, start=BEGIN) as live:
        for _ in range(_TIMES):
            world = World(flow.lab, Log(BEGIN), keys=KEYRING)
            await live.begin(world)
            for one in handovers(flow, world):
                await live.submit(submit(world, one.errand, one.target, person=one.person, server=one.server))
            began = time.perf_counter()
            await live.run()
            taken.append(time.perf_counter() - began)
            assert world.mailboxes
    return statistics.median(taken[5:]) * 1000
