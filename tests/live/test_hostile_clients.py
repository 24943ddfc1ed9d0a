"""Clients that break the rules, at the listener of every product: what they get, what is taken, and who is let in after them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from simulator.live.connection import Limits
from simulator.live.data import stuffed
from simulator.live.lab import LiveLab
from tests.live.everyone import OWN, everyone
from tests.live.loops import in_loop
from tests.live.telnet import Telnet
from tests.live.tinyhost import START

LAB = everyone()
SENDER = b"MAIL FROM:<a@stranger.example>\r\n"
HEADER = (
    b"From: Ann <a@stranger.example>\r\nTo: Somebody <b@x.example>\r\nSubject: hello\r\n"
    b"Date: Thu, 15 Jan 2026 09:00:00 +0000\r\nMessage-ID: <1@stranger.example>\r\n"
)
SECOND = b"MAIL FROM:<evil@evil.example>\r\nRCPT TO:<TO>\r\nDATA\r\nSubject: smuggled\r\n\r\n"
BEGIN = SENDER + b"RCPT TO:<TO>\r\nDATA\r\n" + HEADER + b"\r\nhello"
BEGUN = ["250", "250", "354"]


async def asked(live: LiveLab, server: str, octets: bytes, *, greets: bool = True, port: int = 25) -> list[str]:
    """The code of every reply to these octets, sent at once, with an end of file behind them."""
    async with Telnet(live, server, port, greets=greets) as client:
        client.send(octets.replace(b"TO:<TO>", f"TO:<{OWN[server]}>".encode()))
        client.half_close()
        replies = []
        while reply := await client.hear():
            replies.append(reply[:3])
        return replies


# An end of DATA that only some servers believe: what stands behind it is a second message for them.
FALSE_ENDS = {
    "LF . LF": b"\n.\n", "LF . CRLF": b"\n.\r\n", "LF . CR": b"\n.\r", "CR . CR": b"\r.\r", "CR . LF": b"\r.\n",
    "CR . CRLF": b"\r.\r\n", "CRLF . LF": b"\r\n.\n", "CRLF . CR": b"\r\n.\r", "CRLF . CR CRLF": b"\r\n.\r\r\n",
    "CRLF NUL . CRLF": b"\r\n\0.\r\n", "CRLF . NUL CRLF": b"\r\n.\0\r\n", "CRLF . blank CRLF": b"\r\n. \r\n",
    "CRLF .. CRLF": b"\r\n..\r\n",
}  # fmt: skip


@pytest.mark.parametrize("server", OWN)
@in_loop
async def test_a_second_message_cannot_be_smuggled_into_the_first(server: str) -> None:
    async with LiveLab(LAB, start=START) as live:
        for name, end in FALSE_ENDS.items():
            live.world.queue.take()
            replies = await asked(live, server, BEGIN + end + SECOND + b"\r\n.\r\nQUIT\r\n")
            assert BEGUN == replies[:3], name
            assert replies[3] in ("250", "550"), f"{name}: one reply to one message, in the host's own words: {replies}"
            assert ["221"] == replies[4:], name
        senders = {e["sender"] for e in live.world.log.of("accepted")}
        assert senders <= {"a@stranger.example"}


@pytest.mark.parametrize("server", OWN)
@in_loop
async def test_the_end_is_found_wherever_the_network_cuts_the_octets(server: str) -> None:
    """Dots and line ends, one octet at a time and in pieces of every size that could split them."""
    body = b"\r\n".join((b"", b".", b"..", b"...", b"a.", b".b", b"", b"\r", b".")) + b"\r\n"
    async with LiveLab(LAB, start=START) as live:
        for step in (1, 2, 3, 4, 5, 7):
            async with Telnet(live, server) as client:
                client.send(SENDER + f"RCPT TO:<{OWN[server]}>\r\nDATA\r\n".encode())
                assert BEGUN == [(await client.hear())[:3] for _ in BEGUN]
                wire = stuffed(HEADER + b"\r\n" + body)
                for start in range(0, len(wire), step):
                    client.send(wire[start : start + step])
                    await asyncio.sleep(0)
                assert "250" == (await client.hear())[:3]
        messages = [work.held.message.rest for work in live.world.queue]
        assert [b"\r\n" + body] * 6 == messages


BROKEN = {
    "NUL, control characters and octets that are no text": (
        b"\0\r\nNOOP\0\r\nNOOP \x07\r\n\xff\xfe\r\nHELO \xff\r\nNOOP\r\n", ["500"] * 5 + ["250"]),
    "empty lines": (b"\r\n\n \r\n\t\r\nNOOP\r\n", ["500"] * 4 + ["250"]),
    "a carriage return ends no command": (b"NOOP\rNOOP\r\nNOOP\r\n", ["500", "250"]),
    "lines that are too long": (b"NOOP " + b"x" * 3000 + b"\r\nNOOP " + b"x" * 300_000 + b"\r\nNOOP\r\n", ["500", "500", "250"]),
    "commands that nobody knows": (b"XYZZY\r\nBDATX 4\r\nMAILFROM:<a@b.example>\r\nNOOP\r\n", ["500"] * 3 + ["250"]),
    "VRFY, EXPN, HELP and NOOP with anything": (
        b"VRFY\r\nVRFY bob\r\nEXPN list\r\nHELP MAIL\r\nNOOP a b c\r\n", ["252", "252", "502", "214", "250"]),
    "a sender twice": (SENDER + SENDER + b"RSET\r\n" + SENDER, ["250", "503", "250", "250"]),
    "everything out of order": (
        b"RCPT TO:<TO>\r\nDATA\r\nRSET\r\nRSET\r\n" + SENDER + b"DATA\r\nRSET\r\nDATA\r\n", ["503", "503", "250", "250", "250", "503", "250", "503"]),
    "EHLO in the middle": (SENDER + b"RCPT TO:<TO>\r\nEHLO again.test\r\nDATA\r\n", ["250", "250", "250", "503"]),
    "what follows QUIT": (b"QUIT\r\n" + SENDER, ["221"]),
    "addresses that are none": (
        SENDER + b"RCPT TO:<>\r\nRCPT TO:<@>\r\nRCPT TO:<a@b@c>\r\nRCPT TO:<a\r\n", ["250"] + ["501"] * 4),
    "addresses that are too long": (
        SENDER + b"RCPT TO:<" + b"x" * 300 + b"@own.example>\r\nRCPT TO:<a@" + b"y" * 300 + b".example>\r\n", ["250", "501", "501"]),
    "sizes that are none": (
        b"MAIL FROM:<a@stranger.example> SIZE=-1\r\nMAIL FROM:<a@stranger.example> SIZE=1e3\r\n"
        b"MAIL FROM:<a@stranger.example> SIZE=" + b"9" * 30 + b"\r\n" + SENDER, ["501", "501", "501", "250"]),
    "BDAT with a size that is none": (SENDER + b"BDAT -4 LAST\r\n" + SENDER, ["250", "501"]),
    "BDAT with digits of another script": (SENDER + "BDAT ４ LAST\r\n".encode() + SENDER, ["250", "501"]),
    "BDAT with more than anybody has": (SENDER + b"BDAT " + b"9" * 21 + b" LAST\r\n" + SENDER, ["250", "501"]),
    "a chunk without a recipient is swallowed": (SENDER + b"BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n", ["250", "50x", "250"]),
    "STARTTLS with a parameter": (b"STARTTLS now\r\nNOOP\r\n", ["501", "250"]),
    "STARTTLS and commands behind it": (b"STARTTLS\r\n" + SENDER + b"RCPT TO:<TO>\r\n", ["220"]),
    "DATA and commands behind it are content": (SENDER + b"RCPT TO:<TO>\r\nDATA\r\nRSET\r\nQUIT\r\n", ["250", "250", "354"]),
}  # fmt: skip


@pytest.mark.parametrize("server", OWN)
@in_loop
async def test_what_breaks_the_rules_is_answered_and_the_session_goes_on(server: str) -> None:
    async with LiveLab(LAB, start=START) as live:
        for name, (octets, expected) in BROKEN.items():
            replies = await asked(live, server, octets)
            assert len(expected) == len(replies), f"{name}: {replies}"
            for want, got in zip(expected, replies, strict=True):
                assert want in (got, got[:2] + "x"), f"{name}: {replies}"
        assert [] == live.world.log.of("accepted")


STRANGERS = {
    "a browser": (b"GET / HTTP/1.1\r\nHost: mail\r\nUser-Agent: x\r\n\r\n", ["500"]),
    "a web page that makes a browser send commands": (
        b"POST / HTTP/1.1\r\nHost: mail\r\nContent-Length: 99\r\n\r\nEHLO x.test\r\n" + SENDER + b"RCPT TO:<TO>\r\n", ["500"]),
    "a proxy that announces its client": (b"PROXY TCP4 192.0.2.9 192.0.2.10 1 25\r\nNOOP\r\n", ["500", "250"]),
    "a proxy that does it in binary": (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + b"\0" * 12, ["500", "500", "500", "221"]),
    "a client that begins with TLS": (bytes.fromhex("16030100a5010000a10303") + b"\xee" * 160, []),
}  # fmt: skip


@pytest.mark.parametrize("server", OWN)
@in_loop
async def test_what_is_no_mail_client_at_all(server: str) -> None:
    async with LiveLab(LAB, start=START) as live:
        for name, (octets, expected) in STRANGERS.items():
            assert expected == await asked(live, server, octets, greets=False), name
        for _ in range(20):
            replies = await asked(live, server, os.urandom(2000), greets=False)
            assert set(replies) <= {"500", "421"}
        async with Telnet(live, server) as client:
            assert "250" == (await client.say("NOOP"))[:3]


@pytest.mark.parametrize("server", sorted(OWN.keys() - {"exchange"}))  # it counts by its connector: test_patience.py
@in_loop
async def test_a_client_that_only_makes_errors_is_told_421(server: str) -> None:
    async with LiveLab(LAB, start=START, limits=Limits(errors=3)) as live, Telnet(live, server) as client:
        assert ["500", "503", "501"] == [r[:3] for r in await client.all_of("WHAT", "DATA", "MAIL FROM:x")]
        assert "421 4.7.0 Too many errors" == await client.say("WHAT")
        assert await client.is_cut_off()


@in_loop
async def test_a_message_that_is_taken_forgives_the_errors_before_it() -> None:
    async with LiveLab(LAB, start=START, limits=Limits(errors=2)) as live, Telnet(live, "internet") as client:
        for _ in range(3):
            assert ["500", "500"] == [r[:3] for r in await client.all_of("WHAT", "WHAT")]
            client.send(SENDER + f"RCPT TO:<{OWN['internet']}>\r\nDATA\r\n".encode() + HEADER + b"\r\n.\r\n")
            assert [*BEGUN, "250"] == [(await client.hear())[:3] for _ in range(4)]


STOPPING = {
    "before hello": b"",
    "in the middle of a command": b"EHLO x.te",
    "in the middle of DATA": b"EHLO x.test\r\n" + BEGIN,
    "in the middle of the end of DATA": b"EHLO x.test\r\n" + BEGIN + b"\r\n.\r",
    "in the middle of AUTH": b"EHLO x.test\r\nAUTH LOGIN\r\n",
    "in the middle of a chunk": b"EHLO x.test\r\n" + SENDER + b"RCPT TO:<TO>\r\nBDAT 1000 LAST\r\nhalf",
    "in the middle of a handshake": b"EHLO x.test\r\nSTARTTLS\r\n",
}


@pytest.mark.parametrize("way", ["is silent", "hangs up", "is cut off"])
@pytest.mark.parametrize("server", OWN)
@in_loop
async def test_a_client_that_stops_anywhere_leaves_nothing_behind(server: str, way: str) -> None:
    limits = Limits(idle=0.05, handshake=0.05) if way == "is silent" else Limits(handshake=1.0)
    async with LiveLab(LAB, start=START, limits=limits) as live:
        for where, octets in STOPPING.items():
            async with Telnet(live, server, greets=False) as client:
                client.send(octets.replace(b"TO:<TO>", f"TO:<{OWN[server]}>".encode()))
                (session,) = live.sessions
                if way == "hangs up":
                    client.half_close()
                elif way == "is cut off":
                    client.cut()
                async with asyncio.timeout(5):
                    await session.is_over
                    while live.sessions:
                        await asyncio.sleep(0)
                if way == "is silent" and where != "in the middle of a handshake":
                    heard = [line async for line in rest_of(client)]
                    assert "421 4.4.2 Connection timed out" == heard[-1], where
        assert [] == live.world.log.of("accepted")
        assert [] == live.crashes


async def rest_of(client: Telnet) -> AsyncIterator[str]:
    while line := await client.line():
        yield line


@in_loop
async def test_a_client_that_never_reads_its_replies_is_dropped() -> None:
    """Its replies fill the buffers until the listener waits for it; then it has the time of an idle client."""
    async with LiveLab(LAB, start=START, limits=Limits(idle=0.2)) as live, Telnet(live, "internet") as client:
        (session,) = live.sessions
        client.send(b"HELP\r\n" * 200_000)
        async with asyncio.timeout(20):
            await session.is_over
        assert [] == live.sessions


@in_loop
async def test_a_client_that_sends_a_command_octet_by_octet_gets_no_more_time_than_others() -> None:
    async with LiveLab(LAB, start=START, limits=Limits(idle=0.1)) as live, Telnet(live, "internet") as client:
        (session,) = live.sessions
        async with asyncio.timeout(5):
            while not session.is_over.done():
                client.send(b"X")
                await asyncio.sleep(0.01)
        assert "421 4.4.2 Connection timed out" == await client.line()


BOMBS = {
    "10,000 header fields": HEADER + b"".join(b"X-Field-%d: v\r\n" % n for n in range(10_000)) + b"\r\nhi\r\n",
    "one field of 2 MB": HEADER + b"X-Field: " + b"x" * 2_000_000 + b"\r\n\r\nhi\r\n",
    "one field of 100,000 lines": HEADER + b"X-Field: x\r\n" + b" x\r\n" * 100_000 + b"\r\nhi\r\n",
    "10,000 Received fields": b"Received: from a by b; Thu, 15 Jan 2026 09:00:00 +0000\r\n" * 10_000 + HEADER + b"\r\nhi\r\n",
    "10,000 lines that are no fields": HEADER + b"what is this\r\n" * 10_000 + b"\r\nhi\r\n",
    "10,000 recipients in To": HEADER.replace(b"b@x.example", b"b@x.example>, <" * 10_000 + b"b@x.example") + b"\r\nhi\r\n",
    "an author of 50,000 brackets": HEADER.replace(b"Ann", b"(" * 50_000) + b"\r\nhi\r\n",
    "a subject of 20,000 encoded words": HEADER.replace(b"hello", b"=?utf-8?q?=41?= " * 20_000) + b"\r\nhi\r\n",
    "2,000 MIME parts in each other": HEADER + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(2_000)) + b"\r\nhi\r\n",
    "500 DKIM signatures": HEADER + b"DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=s; h=from; bh=AA; b=AA\r\n" * 500 + b"\r\nhi\r\n",
    "300 ARC sets": HEADER + b"".join(b"ARC-Seal: i=%d; a=rsa-sha256; cv=none; d=x.example; s=s; b=AA\r\n" % n for n in range(300)) + b"\r\nhi\r\n",
    "no header at all": b"",
    "a header that is not ended": b"Subject: x",
    "octets of every value": HEADER + b"\r\n" + bytes(range(256)) + b"\r\n",
}  # fmt: skip


@pytest.mark.parametrize("server", OWN)
@in_loop
async def test_a_message_made_to_choke_on_is_taken_or_refused_and_keeps_its_fate(server: str) -> None:
    async with LiveLab(LAB, start=START) as live:
        for name, bomb in BOMBS.items():
            async with Telnet(live, server) as client:
                client.send(SENDER + f"RCPT TO:<{OWN[server]}>\r\nDATA\r\n".encode())
                assert BEGUN == [(await client.hear())[:3] for _ in BEGUN]
                client.send(stuffed(bomb))
                assert (await client.hear())[:3] in ("250", "550", "552", "554"), name
                assert "250" == (await client.say("NOOP"))[:3], name
            await live.run()
        accepted = {e["copy"] for e in live.world.log.of("accepted")}
        fates = {
            e["copy"] for e in live.world.log.of("delivered", "bounced", "handed on", "expanded", "held", "dropped")
        }
        assert accepted <= fates
        assert [] == live.crashes
