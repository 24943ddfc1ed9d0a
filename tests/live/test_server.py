"""The listener, verb by verb, over real sockets: what it must do that aiosmtpd as it comes does not."""

from __future__ import annotations

import asyncio
import base64
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from simulator.live.connection import Limits
from simulator.live.lab import LiveLab
from simulator.mail.reply import Reply
from simulator.policy.host import Submission
from simulator.topology import Lab
from tests.live.loops import in_loop
from tests.live.telnet import Telnet, any_certificate
from tests.live.tinyhost import BODY, KEYWORDS, START, TinyHost, a_lab, certificate

LARGE = ("SIZE 60000000", *KEYWORDS[1:])


def west(**settings: object) -> Lab:
    """A lab with one server, `west`, that has a certificate."""
    host = TinyHost("west", "west.test", "mx.west.test", **settings)  # type: ignore[arg-type]
    return a_lab(host, certificates={"west": certificate("mx.west.test")})


@asynccontextmanager
async def listening(lab: Lab | None = None, limits: Limits | None = None) -> AsyncIterator[LiveLab]:
    async with LiveLab(lab or west(), start=START, limits=limits) as live:
        yield live


def contents(live: LiveLab) -> list[bytes]:
    """The messages that wait in the queue, without the listener's Received line."""
    return [work.held.message.without(lambda name: name == "received").content for work in live.world.queue]


def notes(live: LiveLab) -> list[str]:
    return [e["line"] for e in live.world.log.of("smtp.line") if e["who"] == "note"]


MAIL, RCPT = "MAIL FROM:<ann@east.test>", "RCPT TO:<bob@west.test>"

DIALOGUES = [
    ("a banner comes first and HELO gets one line", [("HELO c.test", "250 mx.west.test Hello")]),
    ("EHLO needs a name", [("EHLO", "501 5.5.4"), ("HELO ", "501 5.5.4")]),
    ("nothing goes before hello", [(MAIL, "503 5.5.1"), (RCPT, "503 5.5.1"), ("DATA", "503 5.5.1"),
                                   ("STARTTLS", "503 5.5.1"), ("AUTH PLAIN x", "503 5.5.1")]),
    ("the null sender is a sender", [("EHLO c", "250"), ("MAIL FROM:<>", "250 2.1.0"), (RCPT, "250 2.1.5")]),
    ("a blank after the colon is tolerated", [("EHLO c", "250"), ("MAIL FROM: <a@b.test>", "250 2.1.0")]),
    ("verbs may be in lower case", [("ehlo c", "250"), ("mail from:<a@b.test>", "250 2.1.0"),
                                    ("rcpt to:<b@west.test>", "250 2.1.5")]),
    ("brackets are needed", [("EHLO c", "250"), ("MAIL FROM:a@b.test", "501 5.5.4"), ("MAIL FROM:", "501 5.5.4"),
                             ("MAIL", "501 5.5.4"), ("MAIL FROM:<a@b.test", "501 5.5.4")]),
    ("an address must be one", [("EHLO c", "250"), ("MAIL FROM:<a>", "501 5.1.7"), ("MAIL FROM:<a@b c>", "501 5.1.7"),
                                (MAIL, "250"), ("RCPT TO:<bob>", "501 5.1.3"), ("RCPT TO:<>", "501 5.1.3"),
                                ("RCPT TO:bob@west.test", "501 5.5.4")]),
    ("a source route is dropped", [("EHLO c", "250"), (MAIL, "250"), ("RCPT TO:<@a.test,@b.test:bob@west.test>", "250")]),
    ("a quoted local part may hold anything", [("EHLO c", "250"), ('MAIL FROM:<"a > b"@c.test> SIZE=1', "250 2.1.0")]),
    ("every option of MAIL is known", [("EHLO c", "250"), (
        "MAIL FROM:<a@b.test> SIZE=10 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=AbC+20 AUTH=<> XOORG=contoso.com",
        "250 2.1.0")]),
    ("every option of RCPT is known", [("EHLO c", "250"), (MAIL, "250"), (
        "RCPT TO:<bob@west.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bob@West.test", "250 2.1.5")]),
    ("a promise that nobody keeps is not given", [("EHLO c", "250"), (f"{MAIL} REQUIRETLS", "555 5.5.4")]),
    ("an unknown option is refused", [("EHLO c", "250"), (f"{MAIL} MT-PRIORITY=3", "555 5.5.4"), (MAIL, "250"),
                                      (f"{RCPT} FOO", "555 5.5.4")]),
    ("a wrong value is refused", [("EHLO c", "250"), (f"{MAIL} SIZE=big", "501 5.5.4"), (f"{MAIL} BODY=9BIT", "501 5.5.4"),
                                  (f"{MAIL} SMTPUTF8=yes", "501 5.5.4"), (f"{MAIL} SIZE=1 SIZE=2", "501 5.5.4"),
                                  (f"{MAIL} =x", "501 5.5.4"), (MAIL, "250"), (f"{RCPT} NOTIFY=NEVER,DELAY", "501 5.5.4")]),
    ("after HELO there are no options", [("HELO c", "250"), (f"{MAIL} SIZE=1", "555 5.5.4"), (MAIL, "250")]),
    ("a size over the announced one is refused at MAIL", [("EHLO c", "250"), (f"{MAIL} SIZE=1000001", "552 5.3.4"),
                                                          (f"{MAIL} SIZE=1000000", "250")]),
    ("a sender is said once", [("EHLO c", "250"), (MAIL, "250"), (MAIL, "503 5.5.1")]),
    ("the null sender is said once", [("EHLO c", "250"), ("MAIL FROM:<>", "250"), (MAIL, "503 5.5.1")]),
    ("recipients need a sender", [("EHLO c", "250"), (RCPT, "503 5.5.1"), ("DATA", "503 5.5.1")]),
    ("content needs a recipient", [("EHLO c", "250"), (MAIL, "250"), ("DATA", "503 5.5.1")]),
    ("content needs a recipient that was accepted", [("EHLO c", "250"), (MAIL, "250"), ("RCPT TO:<bob>", "501"),
                                                     ("DATA", "554 5.5.1 No valid recipients")]),
    ("DATA takes no parameter", [("EHLO c", "250"), (MAIL, "250"), (RCPT, "250"), ("DATA now", "501 5.5.4")]),
    ("RSET forgets the sender", [("EHLO c", "250"), (MAIL, "250"), ("RSET", "250 2.0.0"), (RCPT, "503"), (MAIL, "250")]),
    ("EHLO forgets the sender", [("EHLO c", "250"), (MAIL, "250"), ("EHLO c", "250"), (RCPT, "503")]),
    ("RSET and QUIT take no parameter", [("RSET x", "501 5.5.4"), ("QUIT x", "501 5.5.4")]),
    ("NOOP, VRFY and HELP are answered", [("NOOP anything", "250 2.0.0"), ("VRFY bob", "252 2.1.5"), ("HELP", "214")]),
    ("what is not there says so", [("EXPN list", "502 5.5.1"), ("XCLIENT ADDR=1.2.3.4", "500 5.5.1"), ("GET / HTTP/1.1", "500")]),
    ("an empty line is no command", [("", "500 5.5.2"), ("NOOP", "250")]),
    ("control characters are no text", [("NOOP \x01", "500 5.5.2"), ("NO\x00OP", "500 5.5.2"), ("NOOP", "250")]),
    ("a long line is refused and the next one heard", [("NOOP " + "x" * 3000, "500 5.5.2 Line too long"),
                                                       ("NOOP " + "x" * 300_000, "500 5.5.2 Line too long"), ("NOOP", "250")]),
    ("an address in UTF-8 needs SMTPUTF8", [("EHLO c", "250"), ("MAIL FROM:<jürgen@b.test>", "553 5.6.7"),
                                            ("MAIL FROM:<jürgen@b.test> SMTPUTF8", "250 2.1.0"),
                                            ("RCPT TO:<zoë@west.test>", "250 2.1.5")]),
    ("a recipient in UTF-8 needs SMTPUTF8 at MAIL", [("EHLO c", "250"), (MAIL, "250"), ("RCPT TO:<zoë@west.test>", "553 5.6.7")]),
    ("STARTTLS takes no parameter", [("EHLO c", "250"), ("STARTTLS now", "501 5.5.4")]),
    ("AUTH waits for TLS where the host says so", [("EHLO c", "250"), ("AUTH LOGIN", "538 5.7.11"),
                                                   ("AUTH PLAIN", "538 5.7.11"), ("AUTH CRAM-MD5", "504 5.5.4"),
                                                   ("AUTH", "501 5.5.4"), ("AUTH PLAIN a b", "501 5.5.4")]),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "dialogue"), DIALOGUES, ids=[claim for claim, _ in DIALOGUES])
@in_loop
async def test_verbs(claim: str, dialogue: list[tuple[str, str]]) -> None:
    async with listening() as live, Telnet(live, "west", greets=False) as client:
        for command, expected in dialogue:
            reply = await client.say(command)
            assert reply.startswith(expected), f"{claim}: {command!r} was answered {reply!r}"


# hello


@in_loop
async def test_banner_and_keywords_are_the_hosts_own() -> None:
    async with listening() as live, Telnet(live, "west") as client:
        assert client.banner == "220 mx.west.test Tiny ready"
        greeting, *keywords = client.ehlo.split("\n")
        assert greeting.startswith("250-mx.west.test Hello")
        assert [line[4:] for line in keywords] == [*KEYWORDS, "STARTTLS"]


@in_loop
async def test_banner_of_several_lines() -> None:
    lab = west(answers={"CONNECT": Reply(220, "", "mx.west.test\nno spam please")})
    async with listening(lab) as live, Telnet(live, "west") as client:
        assert client.banner == "220-mx.west.test\n220 no spam please"


@pytest.mark.parametrize("reply", [Reply(554, "5.7.1", "Go away"), Reply(421, "4.3.2", "Busy")])
@in_loop
async def test_refused_connection_is_closed_after_its_reply(reply: Reply) -> None:
    lab = west(answers={"CONNECT": reply})
    async with listening(lab) as live, Telnet(live, "west", greets=False) as client:
        assert client.banner == reply.lines()[0]
        assert await client.is_cut_off()


@in_loop
async def test_too_many_connections_are_told_421() -> None:
    async with (
        listening(limits=Limits(connections=1)) as live,
        Telnet(live, "west") as first,
        Telnet(live, "west", greets=False) as second,
    ):
        assert second.banner == "421 4.3.2 Too many connections"
        assert await second.is_cut_off()
        assert await first.say("NOOP") == "250 2.0.0 OK"


@in_loop
async def test_idle_client_is_told_421_before_the_end() -> None:
    async with listening(limits=Limits(idle=0.05)) as live, Telnet(live, "west") as client:
        assert (await client.hear()).startswith("421 4.4.2")
        assert await client.is_cut_off()


@in_loop
async def test_quit_says_goodbye_and_hangs_up() -> None:
    async with listening() as live, Telnet(live, "west") as client:
        assert (await client.say("QUIT")).startswith("221 2.0.0")
        assert await client.is_cut_off()


@in_loop
async def test_421_of_the_host_ends_the_session() -> None:
    lab = west(answers={"bye": Reply(421, "4.3.2", "Shutting down")})
    async with listening(lab) as live, Telnet(live, "west") as client:
        assert (await client.all_of(MAIL, "RCPT TO:<bye@west.test>"))[1] == "421 4.3.2 Shutting down"
        assert await client.is_cut_off()


# commands as they come


@in_loop
async def test_pipelined_commands_are_answered_in_order() -> None:
    async with listening() as live, Telnet(live, "west") as client:
        client.send(f"{MAIL}\r\n{RCPT}\r\nDATA\r\n".encode())
        assert [(await client.hear())[:3] for _ in range(3)] == ["250", "250", "354"]
        client.send(BODY + b".\r\nMAIL FROM:<next@east.test>\r\nRSET\r\nQUIT\r\n")
        assert [(await client.hear())[:3] for _ in range(4)] == ["250", "250", "250", "221"]
        assert [BODY] == contents(live)


@in_loop
async def test_everything_sent_before_the_end_of_file_is_answered() -> None:
    async with listening() as live, Telnet(live, "west") as client:
        client.send(f"{MAIL}\r\n{RCPT}\r\nDATA\r\n".encode() + BODY + b".\r\nQUIT\r\n")
        client.half_close()
        assert [(await client.hear())[:3] for _ in range(5)] == ["250", "250", "354", "250", "221"]
        assert [BODY] == contents(live)


@in_loop
async def test_a_command_may_end_in_a_bare_line_feed() -> None:
    async with listening() as live, Telnet(live, "west") as client:
        client.send(b"NOOP\n")
        assert await client.hear() == "250 2.0.0 OK"


@in_loop
async def test_octets_that_are_no_text_are_no_command() -> None:
    async with listening() as live, Telnet(live, "west") as client:
        client.send(b"MAIL FROM:<\xff\xfe@b.test> SMTPUTF8\r\n")
        assert (await client.hear()).startswith("500 5.5.2")


@in_loop
async def test_limits_of_one_connection_are_not_those_of_another() -> None:
    async with listening() as live, Telnet(live, "west"), Telnet(live, "west"):
        one, other = live.sessions
        assert one.command_size_limits is not other.command_size_limits


# what goes wrong on our side


@in_loop
async def test_crash_of_a_host_is_451_and_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with listening() as live, Telnet(live, "west") as client:
        replies = await client.all_of(MAIL, "RCPT TO:<boom@west.test>", RCPT, "NOOP")
        assert replies[1] == "451 4.3.0 Local error in processing"
        assert [r[:3] for r in replies] == ["250", "451", "250", "250"]
        assert ["west broke while it spoke with 192.0.2.1"] == [r.message for r in caplog.records]
        assert "a secret" in caplog.text


# DATA

BODIES = [
    ("an empty message", b".\r\n", b""),
    ("one line", b"a\r\n.\r\n", b"a\r\n"),
    ("dots are taken off once", b"..a\r\n...\r\nb.\r\n.\r\n", b".a\r\n..\r\nb.\r\n"),
    ("LF . LF ends nothing", b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n"),
    ("LF . CRLF ends nothing", b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n"),
    ("CRLF . LF ends nothing", b"a\r\n.\nb\r\n.\r\n", b"a\r\n\nb\r\n"),
    ("CR . CR ends nothing", b"a\r.\rb\r\n.\r\n", b"a\r.\rb\r\n"),
    ("CR LF . CR ends nothing", b"a\r\n.\rb\r\n.\r\n", b"a\r\n\rb\r\n"),
    ("a NUL stays", b"a\0b\r\n.\r\n", b"a\0b\r\n"),
    ("a line of 5000 octets stays", b"x" * 5000 + b"\r\n.\r\n", b"x" * 5000 + b"\r\n"),
    ("an empty last line stays", b"a\r\n\r\n.\r\n", b"a\r\n\r\n"),
]


@pytest.mark.parametrize("apiece", [False, True], ids=["at once", "octet by octet"])
@pytest.mark.parametrize(("claim", "sent", "kept"), BODIES, ids=[claim for claim, _, _ in BODIES])
@in_loop
async def test_data_ends_at_crlf_dot_crlf_only(claim: str, sent: bytes, kept: bytes, apiece: bool) -> None:
    async with listening() as live, Telnet(live, "west") as client:
        await client.all_of(MAIL, RCPT, "DATA")
        for octet in sent if apiece else ():
            client.send(bytes([octet]))
            await asyncio.sleep(0)
        if not apiece:
            client.send(sent)
        assert await client.hear() == "250 2.6.0 Queued"
        assert [kept] == contents(live), claim


@in_loop
async def test_message_over_the_announced_size_is_refused_after_the_dot() -> None:
    async with listening() as live, Telnet(live, "west") as client:
        await client.all_of(MAIL, RCPT, "DATA")
        client.send(b"Subject: x\r\n\r\n" + b"0123456789\r\n" * 100_000 + b".\r\n")
        assert await client.hear() == "552 5.3.4 Message size exceeds fixed maximum message size"
        assert [] == contents(live)
        assert ["552 5.3.4"] == [e["codes"] for e in live.world.log.of("refused")]
        assert await client.say(MAIL) == "250 2.1.0 Sender OK"


@in_loop
async def test_message_far_over_the_size_is_swallowed_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.live.server.CLEMENCY", 1000)
    async with listening() as live, Telnet(live, "west") as client:
        await client.all_of(MAIL, RCPT, "DATA")
        client.send(b"0123456789\r\n" * 200_000 + b".\r\nNOOP\r\n")
        assert (await client.hear()).startswith("552 5.3.4")
        assert await client.hear() == "250 2.0.0 OK"
        assert ["", "2400000 octets"] == [e["line"] for e in live.world.log.of("smtp") if e["verb"] == "DATA"]


@in_loop
async def test_large_message_arrives_whole() -> None:
    body = b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * 270_000
    async with listening(west(keyword_list=LARGE)) as live:
        host, port = live.endpoint("west")

        def send() -> None:
            with smtplib.SMTP(host, port, local_hostname="c.test") as client:
                client.sendmail("ann@east.test", ["bob@west.test"], body)

        await asyncio.to_thread(send)
        assert len(body) > 20 * 2**20
        assert [body] == contents(live)


@in_loop
async def test_client_that_is_cut_off_in_the_middle_has_sent_nothing() -> None:
    async with listening() as live, Telnet(live, "west") as client:
        await client.all_of(MAIL, RCPT, "DATA")
        client.send(b"Subject: half\r\n\r\nand th")
        (session,) = live.sessions
        client.half_close()
        await session.is_over
        assert [] == contents(live)
        assert ["connection cut after 23 octets of the message"] == notes(live)


@in_loop
async def test_refusal_of_the_content_queues_nothing() -> None:
    lab = west(answers={"DATA": Reply(550, "5.6.11", "bare line feeds\nare not accepted")})
    async with listening(lab) as live, Telnet(live, "west") as client:
        await client.all_of(MAIL, RCPT, "DATA")
        assert await client.say("a\n\r\n.") == "550-5.6.11 bare line feeds\n550 5.6.11 are not accepted"
        assert [] == contents(live)


# BDAT


@in_loop
async def test_chunks_make_one_message() -> None:
    async with listening() as live, Telnet(live, "west") as client:
        await client.all_of(MAIL, RCPT)
        client.send(b"BDAT 12\r\nSubject: a\r\nBDAT 4\r\n\r\n.\r")
        assert [await client.hear(), await client.hear()] == [
            "250 2.0.0 12 octets received",
            "250 2.0.0 4 octets received",
        ]
        assert await client.say("DATA") == "503 5.5.1 BDAT is under way"
        client.send(b"BDAT 6 LAST\r\n\n\nbare")
        assert await client.hear() == "250 2.6.0 Queued"
        assert [b"Subject: a\r\n\r\n.\r\n\nbare"] == contents(live)


BDATS = [
    ("the last chunk may be empty", [b"BDAT 3\r\na\r\n", b"BDAT 0 LAST\r\n"], ["250 2.0.0", "250 2.6.0"]),
    ("a chunk without recipient is read and refused", [b"RSET\r\n", b"BDAT 4\r\nNOOP", b"NOOP\r\n"], ["250", "503", "250"]),
    ("RSET throws chunks away", [b"BDAT 3\r\nabc", b"RSET\r\n", b"BDAT 0 LAST\r\n"], ["250", "250", "503"]),
    ("a message over the size is refused at its end", [b"BDAT 900000\r\n" + b"x" * 900_000, b"BDAT 100001 LAST\r\n" + b"x" * 100_001],
     ["250", "552 5.3.4"]),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "sent", "expected"), BDATS, ids=[claim for claim, _, _ in BDATS])
@in_loop
async def test_chunking(claim: str, sent: list[bytes], expected: list[str]) -> None:
    async with listening() as live, Telnet(live, "west") as client:
        await client.all_of(MAIL, RCPT)
        for octets, start in zip(sent, expected, strict=True):
            client.send(octets)
            reply = await client.hear()
            assert reply.startswith(start), f"{claim}: {reply}"


@in_loop
async def test_bdat_that_cannot_be_read_ends_the_session() -> None:
    async with listening() as live, Telnet(live, "west") as client:
        await client.all_of(MAIL, RCPT)
        assert (await client.say("BDAT many")).startswith("501 5.5.4")
        assert await client.is_cut_off()


@in_loop
async def test_bdat_that_was_not_announced_is_read_and_refused() -> None:
    async with listening(west(keyword_list=("SIZE 100",))) as live, Telnet(live, "west") as client:
        await client.all_of(MAIL, RCPT)
        client.send(b"BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n")
        assert [(await client.hear())[:9], (await client.hear())[:9]] == ["502 5.5.1", "250 2.0.0"]


@in_loop
async def test_client_that_is_cut_off_in_a_chunk_has_sent_nothing() -> None:
    async with listening() as live, Telnet(live, "west") as client:
        await client.all_of(MAIL, RCPT)
        client.send(b"BDAT 100 LAST\r\nSubject")
        (session,) = live.sessions
        client.half_close()
        await session.is_over
        assert [] == contents(live)
        assert ["connection cut after 7 octets of the message"] == notes(live)


# STARTTLS


@in_loop
async def test_tls_begins_the_session_anew() -> None:
    async with listening() as live, Telnet(live, "west") as client:
        assert (await client.all_of(MAIL, "STARTTLS"))[1] == "220 2.0.0 SMTP server ready"
        await client.secure()
        assert (await client.say(MAIL)).startswith("503 5.5.1")
        ehlo = await client.say("EHLO client.test")
        assert "STARTTLS" not in ehlo
        assert await client.say("STARTTLS") == "503 5.5.1 TLS is already active"
        assert (await client.all_of(MAIL, RCPT, "DATA", BODY.decode() + "."))[-1] == "250 2.6.0 Queued"
        assert ["TLSv1.3"] == [e["tls"] for e in live.world.log.of("accepted")]


@in_loop
async def test_what_was_sent_in_clear_behind_starttls_is_thrown_away() -> None:
    async with listening() as live, Telnet(live, "west") as client:
        client.send(b"STARTTLS\r\nEHLO evil.test\r\nMAIL FROM:<evil@east.test>\r\n")
        assert (await client.hear()).startswith("220")
        await client.secure()
        assert (await client.say(RCPT)).startswith("503 5.5.1 Send EHLO first")
        assert ["client.test"] == [e["line"] for e in live.world.log.of("smtp") if e["verb"] == "EHLO"]


@in_loop
async def test_server_without_certificate_has_no_tls() -> None:
    async with listening(a_lab(TinyHost("west", "west.test", "mx.west.test"))) as live, Telnet(live, "west") as client:
        assert await client.say("STARTTLS") == "502 5.5.1 STARTTLS is not offered"


@in_loop
async def test_server_that_announces_tls_and_lost_its_certificate_says_454() -> None:
    lab = a_lab(TinyHost("west", "west.test", "mx.west.test", starttls=True))
    async with listening(lab) as live, Telnet(live, "west") as client:
        assert await client.say("STARTTLS") == "454 4.7.0 TLS not available"


@in_loop
async def test_handshake_that_does_not_come_ends_the_connection() -> None:
    async with listening(limits=Limits(handshake=0.05)) as live, Telnet(live, "west") as client:
        await client.say("STARTTLS")
        assert await client.is_cut_off()
        assert ["handshake failed"] == [note.partition(":")[0] for note in notes(live)]


@pytest.mark.parametrize("garbage", [b"EHLO client.test\r\n", b""], ids=["no TLS", "hung up"])
@in_loop
async def test_handshake_that_is_none_ends_the_connection(garbage: bytes) -> None:
    async with listening() as live, Telnet(live, "west") as client:
        await client.say("STARTTLS")
        (session,) = live.sessions
        client.send(garbage)
        client.half_close()
        await session.is_over
        assert ["handshake failed"] == [note.partition(":")[0] for note in notes(live)]
        assert [] == live.sessions


# AUTH


def plain(user: str, password: str) -> str:
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


IN_CLEAR = west(submission=Submission(tls=False))
LOGINS = [
    ("PLAIN in one line", [f"AUTH PLAIN {plain('bob@west.test', 'lab')}"], "235 2.7.0"),
    ("mechanisms in any case", [f"auth plain {plain('bob@west.test', 'lab')}"], "235 2.7.0"),
    ("PLAIN when asked", ["AUTH PLAIN", plain("bob@west.test", "lab")], "235 2.7.0"),
    ("LOGIN when asked", ["AUTH LOGIN", b64("bob@west.test"), b64("lab")], "235 2.7.0"),
    ("LOGIN with the user in the first line", [f"AUTH LOGIN {b64('bob@west.test')}", b64("lab")], "235 2.7.0"),
    ("a wrong password", [f"AUTH PLAIN {plain('bob@west.test', 'hello')}"], "535 5.7.8"),
    ("no base64", ["AUTH PLAIN !!!"], "501 5.5.2"),
    ("no base64 when asked", ["AUTH LOGIN", "!!!"], "501 5.5.2"),
    ("not two parts", [f"AUTH PLAIN {b64('bob@west.test')}"], "501 5.5.2"),
    ("no text", ["AUTH PLAIN AP8A/w=="], "501 5.5.2"),
    ("nothing at all", ["AUTH PLAIN ="], "501 5.5.2"),
    ("a change of mind", ["AUTH LOGIN", "*"], "501 5.7.0"),
]


@pytest.mark.parametrize(("claim", "lines", "expected"), LOGINS, ids=[claim for claim, _, _ in LOGINS])
@in_loop
async def test_login(claim: str, lines: list[str], expected: str) -> None:
    async with listening(IN_CLEAR) as live, Telnet(live, "west", 587) as client:
        replies = await client.all_of(*lines)
        assert ["334"] * (len(lines) - 1) == [r[:3] for r in replies[:-1]]
        assert replies[-1].startswith(expected), f"{claim}: {replies}"
        assert await client.say("NOOP") == "250 2.0.0 OK"


@in_loop
async def test_login_is_done_once_and_not_within_a_transaction() -> None:
    good = f"AUTH PLAIN {plain('bob@west.test', 'lab')}"
    async with listening(IN_CLEAR) as live, Telnet(live, "west", 587) as client:
        replies = await client.all_of(MAIL, good, "RSET", good, good)
        assert ["250", "503", "250", "235", "503"] == [r[:3] for r in replies]


@in_loop
async def test_password_in_clear_is_refused_where_tls_comes_first() -> None:
    async with listening() as live, Telnet(live, "west", 587) as client:
        assert (await client.say(f"AUTH PLAIN {plain('bob@west.test', 'lab')}")).startswith("538 5.7.11")
        await client.say("STARTTLS")
        await client.secure()
        replies = await client.all_of("EHLO c.test", f"AUTH PLAIN {plain('bob@west.test', 'lab')}")
        assert replies[1].startswith("235")


@in_loop
async def test_wiretap_keeps_no_passwords() -> None:
    async with listening(IN_CLEAR) as live, Telnet(live, "west", 587) as client:
        await client.all_of("AUTH LOGIN", b64("bob@west.test"), b64("lab"), f"AUTH PLAIN {plain('x@west.test', 'lab')}")
        said = [e["line"] for e in live.world.log.of("smtp.line") if e["who"] == "client"]
        assert ["EHLO client.test", "AUTH LOGIN", "(credentials)", "(credentials)", "AUTH PLAIN (credentials)"] == said


# library clients from outside


@in_loop
async def test_library_client_logs_in_over_tls_and_hands_in_mail() -> None:
    async with listening() as live:
        host, port = live.endpoint("west", 587)

        def send() -> dict[str, tuple[int, bytes]]:
            with smtplib.SMTP(host, port, local_hostname="c.test") as client:
                client.starttls(context=any_certificate())
                client.login("bob@west.test", "lab")
                return client.sendmail("bob@west.test", ["bob@west.test", "x@west.test"], BODY)

        assert {} == await asyncio.to_thread(send)
        await live.run()
        assert ["bob@west.test", "x@west.test"] == [str(d.mailbox) for d in live.world.mailboxes]
        (first, _) = live.world.log.of("accepted")
        assert ("west", 587, "m-1") == (first.host, live.world.log.of("session.open")[0]["port"], first.msg)
