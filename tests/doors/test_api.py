"""Mail paths from Python: what is sent, what is asked of a message, and how a wrong path reads."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path

import pytest

from simulator.api import LAB_PASSWORD, OpenLab, assert_path, open_lab
from simulator.scenario.errors import ScenarioError

LAB = Path(__file__).parent.parent.parent / "scenarios" / "labs" / "contoso.yaml"


def in_lab(test: Callable[[OpenLab], Coroutine[None, None, None]]) -> Callable[[], None]:
    """The test as a plain function, with the hybrid lab."""

    @wraps(test)
    def run() -> None:
        async def main() -> None:
            async with open_lab(LAB) as lab:
                await test(lab)

        asyncio.run(main())

    del run.__wrapped__  # pytest would take the test's parameter for a fixture
    return run


@in_lab
async def test_a_message_to_two_people_has_a_path_for_each(lab: OpenLab) -> None:
    message = await lab.send("Sun", to=["Bob", "John"], subject="Price list")
    await lab.settle()
    assert "Sun -> internet -[none]-> m365 -> Bob" == message.path_to("Bob")
    assert "Sun -> internet -[none]-> m365 -[O365 to own servers]-> onprem -> John" == message.path_to(
        "john@contoso.com"
    )
    assert_path(message, "Sun -> ... -> John", "Sun -> ... -> m365 -> Bob")
    assert_path(message, "Sun -> ... -> John", "...")
    with pytest.raises(LookupError, match="path_to"):
        assert message.path


@in_lab
async def test_a_wrong_path_says_where_it_was_left_and_why(lab: OpenLab) -> None:
    message = await lab.send("Bob", "Sun")
    await lab.settle()
    with pytest.raises(AssertionError) as caught:
        assert_path(message, "Bob -> m365 -[O365 to own servers]-> internet -> Sun")
    told = str(caught.value)
    assert "got       Bob -> m365 -[none]-> internet -> Sun" in told
    assert "^^^^^^^^^ left the expected path here: connector" in told
    assert "not     O365 to own servers      customer.example is not an accepted domain" in told


@in_lab
async def test_a_list_of_sentences_is_complete(lab: OpenLab) -> None:
    message = await lab.send("Sun", to=["Bob", "John"])
    await lab.settle()
    with pytest.raises(AssertionError, match="no further copy"):
        assert_path(message, "Sun -> ... -> Bob")


@in_lab
async def test_what_was_delivered_is_in_the_mailbox(lab: OpenLab) -> None:
    assert () == lab.mailbox("Bob")
    await lab.send("Sun", "Bob", subject="Price list", headers={"X-Colour": "blue"})
    await lab.settle()
    (mail,) = lab.mailbox("Bob")
    assert ("Price list", "blue", "Inbox") == (mail.message.get("Subject"), mail.message.get("X-Colour"), mail.folder)
    assert lab.mailbox("bob@contoso.com") == (mail,)
    assert () == lab.mailbox("John")


@in_lab
async def test_a_program_is_a_client_like_any_other(lab: OpenLab) -> None:
    host, port = lab.endpoint("m365", 587)

    def program() -> None:
        with smtplib.SMTP(host, port) as client:
            client.starttls()
            client.login("bob@contoso.com", LAB_PASSWORD)
            client.sendmail("bob@contoso.com", ["john@contoso.com"], "Subject: from a program\r\n\r\nhello\r\n")

    await asyncio.to_thread(program)
    await lab.settle()
    (message,) = lab.messages
    assert_path(message, "Bob -> m365 -[O365 to own servers]-> onprem -> John")
    assert "Deliver" in message.trace
    assert ["from a program"] == [d.message.get("Subject") for d in lab.mailbox("John")]


@in_lab
async def test_a_refusal_and_a_report_are_paths_too(lab: OpenLab) -> None:
    refused = await lab.send("eve@evil.example", "Sun", server="m365", as_="192.0.2.66")
    await lab.settle()
    assert_path(refused, "eve@evil.example -> m365 -> REJECTED 550 5.7.64 for Sun")
    lost = await lab.send("Bob", "nobody@customer.example")
    await lab.settle()
    report = lab.messages[-1]
    assert_path(lost, "Bob -> m365 -> internet -> REJECTED 5xx")
    assert_path(report, "m365 -> Bob")


@in_lab
async def test_mail_that_waits_meets_the_changed_lab(lab: OpenLab) -> None:
    await lab.change(do="- stop: onprem")
    message = await lab.send("Bob", "John")
    await lab.settle("10m")
    assert_path(message, "Bob -> m365 -> DEFERRED")
    await lab.change(do=[{"start": "onprem"}])
    await lab.settle()
    assert "Bob -> m365 -[O365 to own servers]-> onprem -> John" == message.path


def test_a_lab_is_changed_before_it_starts_and_may_be_plain_data() -> None:
    async def main() -> None:
        off = "servers: {m365: {OutboundConnectors: {O365 to own servers: {Enabled: false}}}}"
        async with open_lab(LAB, given=off) as lab:
            message = await lab.send("Bob", "John")
            await lab.settle()
            assert "LOOP 554 5.4.14" in message.path
        tiny = {
            "mailflow": 1,
            "people": {"Ann": "ann@west.test at west", "Ben": "ben@east.test at east"},
            "servers": {
                "west": {"is": "internet", "fqdn": "mx.west.test", "ip": "198.51.100.1"},
                "east": {"is": "internet", "fqdn": "mx.east.test", "ip": "198.51.100.2"},
            },
            "dns": {"east.test": {"MX": ["10 mx.east.test"]}},
        }
        async with open_lab(tiny) as lab:
            message = await lab.send("Ann", "Ben")
            await lab.settle()
            assert "Ann -> west -> east -> Ben" == message.path

    asyncio.run(main())


@in_lab
async def test_mistakes_in_a_call_name_the_nearest_word(lab: OpenLab) -> None:
    message = await lab.send("Bob", "John")
    await lab.settle()
    with pytest.raises(ValueError, match="Did you mean onprem"):
        assert_path(message, "Bob -> m365 -> onpre -> John")
    with pytest.raises(ValueError, match="needs"):
        assert_path(message, "Bob")
    with pytest.raises(ValueError, match="no person"):
        await lab.send("Bobby", "John")
    with pytest.raises(LookupError, match="Bob, John, Sun"):
        lab.mailbox("Eve")
    with pytest.raises(LookupError, match="m365, onprem, internet"):
        lab.endpoint("m366")


def test_a_lab_that_is_wrong_says_so_with_its_lines() -> None:
    async def main() -> None:
        async with open_lab(LAB, do="- Set-OutboundConnector: {Identity: O365 to own serves, Enabled: false}"):
            pass

    with pytest.raises(ScenarioError, match="O365 to own serve"):
        asyncio.run(main())
