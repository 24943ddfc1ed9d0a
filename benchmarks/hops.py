"""What a hop with STARTTLS costs: through the lab, and raw, between stock aiosmtpd and aiosmtplib.

Measured is the CPU time of the process, which runs both sides: other programs on the computer do not count.
"""

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

from benchmarks.loads import chain, hand_in
from simulator.keyring import KEYRING
from simulator.live.lab import LiveLab
from simulator.runner import BEGIN
from simulator.scenario.handover import handovers
from simulator.scenario.scenario import Scenario
from simulator.trace import Log
from simulator.transport import submit
from simulator.world import World

__all__ = ["lab_hop_ms", "raw_hop_ms", "three_hops_ms"]

_TIMES = 60
_CONTENT = b"Subject: benchmark\r\n\r\n" + b"Hello, this is one line of an ordinary message.\r\n" * 40


class _Sink:
    async def handle_DATA(self, *_: Any) -> str:
        return "250 2.6.0 queued"


def _usual_ms(taken: list[float]) -> float:
    """What a quarter of them stays below: what others do on the computer only ever makes it more."""
    return statistics.quantiles(taken, n=4)[0] * 1000


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
        began = time.process_time()
        smtp = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=port, start_tls=False, tls_context=client, local_hostname="c.example"
        )
        await smtp.connect()
        await smtp.ehlo()
        await smtp.starttls(server_hostname="mx.example")
        await smtp.sendmail("a@x.example", ["b@y.example"], _CONTENT)
        await smtp.quit()
        taken.append(time.process_time() - began)
    server.close()
    return _usual_ms(taken[5:])


async def three_hops_ms() -> float:
    """A client logs in and hands in, two servers pass on, the last one delivers: a whole flow over three TLS hops."""
    lab, taken = chain(), []
    async with LiveLab(lab, start=BEGIN) as live:
        for number in range(_TIMES):
            world = World(lab, Log(BEGIN), keys=KEYRING)
            await live.begin(world)
            journey = hand_in(world, number, len(_CONTENT))
            began = time.process_time()
            await live.submit(journey)
            await live.run()
            taken.append(time.process_time() - began)
            assert world.mailboxes
    return _usual_ms(taken[5:])


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
            began = time.process_time()
            await live.run()
            taken.append(time.process_time() - began)
            assert world.mailboxes
    return _usual_ms(taken[5:])
