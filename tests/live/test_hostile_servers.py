"""Servers that break the rules, as a courier meets them: every one ends in an outcome, soon, and no mail is believed to be gone."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeAlias

import pytest

from simulator.live.anycert import server_context
from simulator.live.lab import LiveLab
from simulator.live.pki import Authorities
from simulator.paths import balance
from simulator.policy.tls import Demand, Level
from simulator.topology import Lab
from simulator.transport import submit
from simulator.world import World
from tests.live.loops import in_loop
from tests.live.tinyhost import START, TinyHost, a_lab, a_world, an_errand, certificate, target

Reader: TypeAlias = asyncio.StreamReader
Writer: TypeAlias = asyncio.StreamWriter
Play = Callable[[Reader, Writer], Coroutine[Any, Any, None]]

GREETING = b"220 mx.far.test hi\r\n"
EHLO = b"250-mx.far.test hi\r\n250-SIZE 100000000\r\n250 8BITMIME\r\n"
OK, GO, BYE = b"250 2.0.0 OK\r\n", b"354 go\r\n", b"221 bye\r\n"
GOOD = [GREETING, EHLO, OK, OK, GO, OK, BYE]
LARGE = ("SIZE 100000000",)
STAGES = ["banner", "EHLO", "MAIL", "RCPT", "DATA", "the final dot", "QUIT"]


class Server:
    """Says one thing after the other: at once the banner, then an answer to each line, to the content after a 354."""

    def __init__(self, *script: bytes | None, tls: ssl.SSLContext | None = None) -> None:
        self.script, self.tls = script, tls
        self.connections = 0
        self.content: list[bytes] = []

    async def serve(self, reader: Reader, writer: Writer) -> None:
        self.connections += 1
        is_content = False
        try:
            for number, answer in enumerate(self.script):
                if number:
                    line = await reader.readuntil(b"\r\n.\r\n" if is_content else b"\r\n")
                    if is_content:
                        self.content.append(line)
                if answer is None:
                    break
                is_content = answer.startswith(b"354")
                writer.write(answer)
                await writer.drain()
                if self.tls and answer.startswith(b"220 go"):
                    await writer.start_tls(self.tls)
            await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            pass
        finally:
            writer.close()


def a_far_lab(address: str, **settings: Any) -> Lab:
    """East sends to `far`, which somebody else runs."""
    lab = a_lab(
        TinyHost("east", "east.test", "mx.east.test", **settings), TinyHost("far", "far.test", "mx.far.test"),
        certificates={"far": certificate("mx.far.test")},
    )  # fmt: skip
    host, _, port = address.rpartition(":")
    servers = {**lab.servers, "far": replace(lab.servers["far"], runs_at=(host, int(port)))}
    return replace(lab, servers=servers)


@asynccontextmanager
async def meeting(play: Play, patience: float = 5.0, **settings: Any) -> AsyncIterator[tuple[LiveLab, World]]:
    """A message from Ann has been handed in at east, for Bob at the far server."""
    server = await asyncio.start_server(play, "127.0.0.1", 0)
    ip, port = server.sockets[0].getsockname()[:2]
    lab = a_far_lab(f"{ip}:{port}", **settings)
    try:
        async with LiveLab(lab, start=START) as live:
            world = a_world(lab)
            await live.begin(world)
            errand = an_errand(world, "bob@far.test")
            await live.submit(submit(world, errand, target(lab, "east"), person="Ann", server="east"))
            live.patience = patience
            yield live, world
    finally:
        server.close()
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(tasks, timeout=1)


async def met(play: Play, patience: float = 5.0, **settings: Any) -> str:
    """What became of the message after one attempt: handed on, kept or bounced, and the reply that says why."""
    async with meeting(play, patience, **settings) as (live, world), asyncio.timeout(30):
        await live.run(until=START + timedelta(minutes=1))
        queued = [copy for work in world.queue for copy in work.copies.values()]
        assert balance(world.log, queued).holds
        fates = [e for e in world.log if e.type in ("handed on", "kept", "bounced", "delivered") and e.msg == "m-1"]
        assert fates, "the message has a fate"
        return f"{fates[0].type} {fates[0].get('codes', '')}".strip()


@in_loop
async def test_a_server_that_behaves_gets_the_message() -> None:
    server = Server(*GOOD)
    assert "handed on" == (await met(server.serve))[:9]
    assert [True] == [b"How do you do?" in content for content in server.content]


KEPT, BOUNCED = "kept 451 4.4.1", "bounced"
NONSENSE = {
    "999": b"999 what\r\n", "199": b"199 what\r\n", "600": b"600 what\r\n", "000": b"000 what\r\n", "two digits": b"25 OK\r\n",
    "a minus": b"-50 OK\r\n", "a plus": b"+50 OK\r\n", "a blank in front": b" 250 OK\r\n", "an underscore": b"2_5 OK\r\n",
    "letters": b"2x0 OK\r\n", "nothing": b"\r\n", "octets": b"\xff\xfe\xfd\r\n", "HTTP": b"HTTP/1.1 200 OK\r\n\r\n",
    "a line of 100 KB": b"250 " + b"x" * 100_000 + b"\r\n", "100 KB without an end": b"2" * 100_000,
    "a reply of 100,000 lines": b"250-more\r\n" * 100_000 + b"250 end\r\n", "a 3xx": b"300 what\r\n",
    "the end of the connection": None,
}  # fmt: skip


@pytest.mark.parametrize("stage", STAGES[:-1])
@in_loop
async def test_a_reply_that_is_none_keeps_the_message(stage: str) -> None:
    number = STAGES.index(stage)
    for name, answer in NONSENSE.items():
        server = Server(*GOOD[:number], answer, *GOOD[number + 1 :])
        assert KEPT == await met(server.serve, 0.5), f"{name} at {stage}"


@in_loop
async def test_nonsense_at_quit_changes_nothing() -> None:
    for name, answer in NONSENSE.items():
        server = Server(*GOOD[:-1], answer)
        assert "handed on" == (await met(server.serve, 0.5))[:9], name


UNFINISHED = {
    "without CRLF": b"250 OK", "with a carriage return only": b"250 OK\r", "of several lines without the last": b"250-OK\r\n",
    "that does not come": b"",
}  # fmt: skip


@pytest.mark.parametrize("stage", STAGES[:-1])
@in_loop
async def test_a_reply_that_never_ends_is_waited_for_as_long_as_the_courier_has_patience(stage: str) -> None:
    number = STAGES.index(stage)
    for name, answer in UNFINISHED.items():
        server = Server(*GOOD[:number], answer)
        assert KEPT == await met(server.serve, 0.05), f"{name} at {stage}"


@in_loop
async def test_a_reply_that_goes_on_and_on_ends_with_the_couriers_patience() -> None:
    async def drip(reader: Reader, writer: Writer) -> None:
        try:
            writer.write(b"220-")
            while not writer.is_closing():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.005)
        except ConnectionError:
            pass

    async def pour(reader: Reader, writer: Writer) -> None:
        try:
            while not writer.is_closing():
                writer.write(b"220-" + b"x" * 1000 + b"\r\n")
                await writer.drain()
        except ConnectionError:
            pass

    for play in (drip, pour):
        assert KEPT == await met(play, 0.2)


WRONG_PLACE = [
    ("250 instead of 354 is no yes to the content", [*GOOD[:4], OK, OK, OK], KEPT),
    ("354 to MAIL", [*GOOD[:2], GO], KEPT),
    ("354 to RCPT", [*GOOD[:3], GO], KEPT),
    ("354 after the content", [*GOOD[:5], GO], KEPT),
    ("334 to MAIL", [*GOOD[:2], b"334 \r\n"], KEPT),
    ("250 for a banner", [OK, *GOOD[1:]], KEPT),
    ("a refusal for a banner", [b"554 5.7.1 no\r\n"], KEPT),
    ("a refusal in the middle of a reply with several codes", [*GOOD[:3], b"250-2.1.5 OK\r\n550 5.1.1 no\r\n"], "bounced 550"),
    ("a refusal of the content", [*GOOD[:5], b"554 5.6.0 no\r\n"], "bounced 554 5.6.0"),
    ("a reply that ends in LF only", [line.replace(b"\r\n", b"\n") for line in GOOD], "handed on"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "script", "expected"), WRONG_PLACE, ids=[claim for claim, _, _ in WRONG_PLACE])
@in_loop
async def test_a_reply_at_the_wrong_place(claim: str, script: list[bytes], expected: str) -> None:
    found = await met(Server(*script).serve, 0.3)
    assert expected == found[: len(expected)], claim


@in_loop
async def test_ten_thousand_keywords_are_too_many() -> None:
    lines = b"".join(b"250-X-KEYWORD-%d\r\n" % n for n in range(10_000))
    assert KEPT == await met(Server(GREETING, lines + b"250 SIZE\r\n", *GOOD[2:]).serve)


@in_loop
async def test_keywords_cannot_put_words_into_the_couriers_mouth() -> None:
    """Nor into the log: what is no text is replaced."""
    said = (
        b"250-mx.far.test \x1b[2J\r\n250-SIZE 10 MAIL FROM:<x@y>\r\n250-\x1b]0;title\x07 \xff\r\n250 8BITMIME\rDATA\r\n"
    )
    server = Server(GREETING, said, *GOOD[2:])
    assert "handed on" == (await met(server.serve))[:9]


@in_loop
async def test_a_refusal_in_octets_that_are_no_text_becomes_a_report() -> None:
    said = b"550-5.1.1 \xff\xfe\x1b[31m no\x00body\r\n550 5.1.1 Subject: not a header\rX-Evil: yes\r\n"
    async with meeting(Server(*GOOD[:3], said, BYE).serve) as (live, world), asyncio.timeout(30):
        await live.run()
        (bounced,) = [e for e in world.log.of("bounced") if e.msg == "m-1"]
        assert "550 5.1.1" == bounced["codes"]
        (report,) = [d.message for d in world.mailboxes]
        assert "X-Evil" not in [name for name, _ in report.fields]
        assert not set(report.content) & {0, 0x1B}


@in_loop
async def test_a_yes_to_half_of_the_content_is_none() -> None:
    async def hasty(reader: Reader, writer: Writer) -> None:
        try:
            for answer in GOOD[:5]:
                writer.write(answer)
                if answer is not GO:
                    await reader.readline()
            writer.write(OK)
            await writer.drain()
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with meeting(hasty, 0.5) as (live, world), asyncio.timeout(30):
        large = an_errand(world, "bob@far.test", content=b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n" * 400_000)
        await live.submit(submit(world, large, target(live.lab, "east"), person="Ann", server="east"))
        await live.run(until=START + timedelta(minutes=1))
        assert ["kept"] == [e.type for e in world.log.of("handed on", "kept") if e.msg == "m-2"]


@in_loop
async def test_a_no_to_half_of_the_content_is_one() -> None:
    async def fussy(reader: Reader, writer: Writer) -> None:
        try:
            for answer in GOOD[:5]:
                writer.write(answer)
                await (reader.read(100_000) if answer is GO else reader.readline())
            writer.write(b"552 5.3.4 too large\r\n")
            await writer.drain()
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with meeting(fussy, 0.5, keyword_list=LARGE) as (live, world), asyncio.timeout(30):
        large = an_errand(world, "bob@far.test", content=b"Subject: x\r\n\r\n" + (b"x" * 70 + b"\r\n") * 200_000)
        await live.submit(submit(world, large, target(live.lab, "east"), person="Ann", server="east"))
        await live.run(until=START + timedelta(minutes=1))
        assert ["552 5.3.4"] == [e["codes"] for e in world.log.of("bounced") if e.msg == "m-2"]


@in_loop
async def test_a_server_that_does_not_read_the_content_gets_no_more_than_patience() -> None:
    async def deaf(reader: Reader, writer: Writer) -> None:
        try:
            for answer in GOOD[:5]:
                writer.write(answer)
                if answer is not GO:
                    await reader.readline()
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.sleep(1.5)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with meeting(deaf, 0.3, keyword_list=LARGE) as (live, world), asyncio.timeout(30):
        await live.run(until=START)
        large = an_errand(world, "bob@far.test", content=b"Subject: x\r\n\r\n" + (b"x" * 70 + b"\r\n") * 20_000)
        await live.submit(submit(world, large, target(live.lab, "east"), person="Ann", server="east"))
        await live.run(until=START + timedelta(minutes=1))
        assert ["kept"] == [e.type for e in world.log.of("handed on", "kept") if e.msg == "m-2"]


@in_loop
async def test_replies_injected_before_the_handshake_are_thrown_away() -> None:
    """Clear text behind the 220 of STARTTLS would answer the EHLO inside TLS (RFC 3207 5; CVE-2021-38371 and its kin)."""
    context = server_context(Authorities().issue(certificate("mx.far.test"), START), minimum="")
    hello = b"250-mx.far.test hi\r\n250 STARTTLS\r\n"
    fake = b"250-mx.far.test fake\r\n250 X-INJECTED\r\n"
    server = Server(GREETING, hello, b"220 go\r\n" + fake, EHLO, *GOOD[2:], tls=context)
    async with meeting(server.serve, tls=Demand(Level.ENCRYPTION)) as (live, world), asyncio.timeout(30):
        await live.run(until=START + timedelta(minutes=1))
        assert ["handed on"] == [e.type for e in world.log.of("handed on", "kept") if e.msg == "m-1"]
        assert "X-INJECTED" not in str([dict(e.fields) for e in world.log])
