"""Load from programs of others: Postfix's smtp-source with 50 sessions, and nodemailer, lose nothing at any listener."""

from __future__ import annotations

import asyncio
import os

import pytest

from simulator.paths import balance
from tests.peers.peers import spoken_by
from tests.peers.test_clients import SENDER, TO, delivered, running

pytestmark = pytest.mark.asyncio

_SESSIONS, _MESSAGES = 50, 150


@pytest.mark.parametrize("server", TO)
async def test_smtp_source_with_fifty_sessions_loses_nothing(server: str) -> None:
    async with running() as (live, world):
        ip, port = live.endpoint(server)
        most = 0

        async def count() -> None:
            nonlocal most
            while True:
                most = max(most, len(live.sessions))
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        code, said = await spoken_by(
            "smtp-source", "-s", str(_SESSIONS), "-m", str(_MESSAGES), "-f", SENDER, "-t", TO[server], "-M",
            "source.example", f"{ip}:{port}", package="postfix",
        )  # fmt: skip
        counting.cancel()
        assert (0, "") == (code, said)
        assert [TO[server]] * _MESSAGES == await delivered(live, world)
        assert balance(world.log, ()).accepted == _MESSAGES
        assert most > _SESSIONS / 2  # they are served together, not one after the other


_NODEMAILER = """
module.paths.push("/usr/share/nodejs");  // where Debian keeps it; its own node looks there by itself
let nodemailer;
try { nodemailer = require("nodemailer"); } catch { process.exit(3); }
const [host, port, tls, from, to, count] = process.argv.slice(1);
const transport = nodemailer.createTransport({
    host, port: Number(port), pool: true, maxConnections: 5, maxMessages: 4, name: "client.example",
    ignoreTLS: tls === "off", requireTLS: tls === "on", tls: {rejectUnauthorized: false},
});
const sending = Array.from({length: Number(count)}, (_, n) => transport.sendMail({from, to, subject: `${n}`, text: "Hello."}));
Promise.all(sending).then(() => transport.close(), (error) => { console.log(error.message); process.exit(1); });
"""


@pytest.mark.parametrize("tls", ["off", "on"])
@pytest.mark.parametrize("server", TO)
async def test_nodemailer_with_a_pool_of_connections_loses_nothing(server: str, tls: str) -> None:
    count = 25
    async with running() as (live, world):
        ip, port = live.endpoint(server)
        code, said = await spoken_by(
            "node",
            "-e",
            _NODEMAILER,
            ip,
            str(port),
            tls,
            SENDER,
            TO[server],
            str(count),
            package="nodejs node-nodemailer",
        )
        if code == 3:
            why = "nodemailer is not here; apt-get install node-nodemailer"
            pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)
        assert (0, "") == (code, said)
        assert [TO[server]] * count == await delivered(live, world)
        sessions = world.log.of("session.open")
        assert len([e for e in sessions if e.host == server]) < count  # several messages share a connection
