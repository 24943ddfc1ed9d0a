"""Real clients ask for reports (RFC 3461), and the reports that come are read with the standard library's parser."""

from __future__ import annotations

import asyncio
import smtplib
from email import message_from_bytes, policy
from typing import Any

import pytest

from simulator.live.lab import LiveLab
from simulator.world import World
from tests.peers.peers import spoken_by
from tests.peers.test_clients import LAB, running

pytestmark = pytest.mark.asyncio

SENDER = "d@world.example"
TEXT = f"From: <{SENDER}>\r\nSubject: by a real client\r\nMessage-ID: <1@world.example>\r\n\r\nsecret words\r\n"
DELIVERED_BY = {"exchange-online": "a@cloud.example", "internet": SENDER, "gateway": SENDER}
"""Those who can write back; the lab's Exchange Server has no Send connector."""


async def reports(live: LiveLab, world: World) -> list[Any]:
    """What the sender's mailbox has of reports, after everything is done."""
    await live.run()
    mine = [d.message.content for d in world.mailboxes if str(d.mailbox) == SENDER and d.message.has("Auto-Submitted")]
    return [message_from_bytes(octets, policy=policy.default) for octets in mine]


def fields(report: Any) -> tuple[dict[str, str], dict[str, str]]:
    assert ("multipart/report", "delivery-status") == (
        report.get_content_type(),
        report["Content-Type"].params["report-type"],
    )
    _, status, _ = report.iter_parts()
    of_message, of_recipient = status.get_payload()
    return dict(of_message.items()), dict(of_recipient.items())


@pytest.mark.parametrize("server", DELIVERED_BY)
async def test_smtplib_asks_for_a_report_of_success_and_gets_it(server: str) -> None:
    to = DELIVERED_BY[server]

    def send(ip: str, port: int) -> dict[str, tuple[int, bytes]]:
        with smtplib.SMTP(ip, port, local_hostname="client.example", timeout=10) as client:
            return client.sendmail(
                SENDER, [to], TEXT, mail_options=["RET=HDRS", "ENVID=order+207"],
                rcpt_options=["NOTIFY=SUCCESS,FAILURE", f"ORCPT=rfc822;{to}"],
            )  # fmt: skip

    async with running() as (live, world):
        assert {} == await asyncio.to_thread(send, *live.endpoint(server))
        (report,) = await reports(live, world)
    of_message, of_recipient = fields(report)
    assert "order 7" == of_message["Original-Envelope-Id"]
    assert ("delivered", f"rfc822; {to}", f"rfc822;{to}", "2.1.5") == tuple(
        of_recipient[name] for name in ("Action", "Final-Recipient", "Original-Recipient", "Status")
    )
    assert "secret words" not in report.as_string()


async def test_swaks_asks_for_a_report_of_success_and_gets_it() -> None:
    # swaks has no option for DSN. It puts an address between angle brackets as it is, so what follows the address ends with
    # a bracket, which xtext may hold.
    async with running() as (live, world):
        ip, port = live.endpoint("exchange-online")
        code, said = await spoken_by(
            "swaks", "--server", f"{ip}:{port}", "--from", f"{SENDER}> ENVID=swaks", "--to",
            "a@cloud.example> NOTIFY=SUCCESS ORCPT=rfc822;a@cloud.example", "--header", f"From: <{SENDER}>", "--header",
            "To: <a@cloud.example>", package="swaks",
        )  # fmt: skip
        assert 0 == code, said
        (report,) = await reports(live, world)
    of_message, of_recipient = fields(report)
    assert ("swaks>", "delivered") == (of_message["Original-Envelope-Id"], of_recipient["Action"])


@pytest.mark.parametrize(("ret", "expected"), [("full", True), ("hdrs", False)])
async def test_msmtp_chooses_how_much_of_a_message_comes_back(ret: str, expected: bool) -> None:
    async with running() as (live, world):
        ip, port = live.endpoint("gateway")
        code, said = await spoken_by(
            "msmtp", f"--host={ip}", f"--port={port}", f"--from={SENDER}", "--auth=off", "--tls=off", "--dsn-notify=failure",
            f"--dsn-return={ret}", "ghost@world.example", package="msmtp", says=TEXT.encode(),
        )  # fmt: skip
        assert 0 == code, said
        (report,) = await reports(live, world)
    _, of_recipient = fields(report)
    *_, last = report.iter_parts()
    assert ("failed", "5.1.1") == (of_recipient["Action"], of_recipient["Status"])
    assert expected is (last.get_content_type() == "message/rfc822")
    assert expected is ("secret words" in report.as_string())


@pytest.mark.parametrize(
    ("mail_options", "rcpt_options", "expected"),
    [
        (["RET=HALF"], [], 501),
        (["RET=FULL", "RET=FULL"], [], 501),
        (["ENVID=a+0D+0Ab"], [], 501),
        (["ENVID="], [], 501),
        ([], ["NOTIFY=NEVER,SUCCESS"], 501),
        ([], ["NOTIFY=SUCCESS", "NOTIFY=DELAY"], 501),
        ([], ["ORCPT=a@cloud.example"], 501),
        ([], ["NOTIFY"], 501),
        (["NOTIFY=NEVER"], [], 555),
        ([], ["RET=FULL"], 555),
        (["RET=FULL"], ["NOTIFY=NEVER"], 250),
    ],
)
async def test_what_is_asked_wrongly_is_refused(
    mail_options: list[str], rcpt_options: list[str], expected: int
) -> None:
    def ask(ip: str, port: int) -> tuple[int, bytes]:
        with smtplib.SMTP(ip, port, local_hostname="client.example", timeout=10) as client:
            client.ehlo()
            found = client.mail(SENDER, mail_options)
            return client.rcpt("a@cloud.example", rcpt_options) if found[0] == 250 else found

    async with running() as (live, _):
        code, said = await asyncio.to_thread(ask, *live.endpoint("exchange-online"))
    assert expected == code
    assert code == 250 or b"5.5.4" in said


async def test_a_host_that_does_not_offer_dsn_does_not_know_its_parameters() -> None:
    def ask(ip: str, port: int) -> list[int]:
        with smtplib.SMTP(ip, port, local_hostname="client.example", timeout=10) as client:
            client.ehlo()
            assert not client.has_extn("dsn")
            asked = [client.mail(SENDER, ["RET=FULL"])[0], client.mail(SENDER, ["SIZE=10"])[0]]
            return [*asked, client.rcpt(SENDER, ["NOTIFY=NEVER"])[0], client.rcpt(SENDER)[0]]

    async with running(LAB.replace("{is: internet,", "{is: internet, dsn: false,")) as (live, _):
        assert [555, 250, 555, 250] == await asyncio.to_thread(ask, *live.endpoint("internet"))
