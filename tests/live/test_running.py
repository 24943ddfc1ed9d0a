"""A lab that runs is spoken to: mail, time, faults of every kind and their undoing, changes; with real clients besides."""

from __future__ import annotations

import asyncio
import smtplib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from simulator.control import OPERATIONS, Denied
from simulator.keyring import KEYRING
from simulator.live.lab import LiveLab
from simulator.live.running import RunningLab
from simulator.mail.path import print_path
from simulator.paths import balance, endings
from simulator.scenario.lab import START
from simulator.scenario.load import read_yaml
from simulator.scenario.scenario import load_lab
from simulator.trace import Log
from simulator.world import World
from tests.live.loops import in_loop
from tests.live.telnet import Telnet
from tests.playing import CONTOSO

REACHED = "Bob -> m365 -[O365 to own servers]-> onprem -> John"


@asynccontextmanager
async def running(clock: str = "manual", text: str = CONTOSO) -> AsyncIterator[RunningLab]:
    lab, _ = load_lab(lambda _: text, "lab.yaml")
    async with LiveLab(lab, start=START, mode=clock) as live:
        await live.begin(World(lab, Log(START), keys=KEYRING))
        yield RunningLab(live, read_yaml(text, "lab.yaml"), "lab.yaml")


async def settled(lab: RunningLab) -> None:
    """Moves what is due, until nothing is."""
    seen = -1
    while seen != len(lab.world.log.events):
        seen = len(lab.world.log.events)
        await lab.work()


async def sent(lab: RunningLab, sender: str = "Bob", to: str = "John", **words: Any) -> list[str]:
    """The path of a message, as far as it has come by itself."""
    handed = await lab.perform("send", {"send": {"from": sender, "to": [to], **words}})
    await settled(lab)
    found = await lab.perform("events", {"msg": handed["msg"]})
    return [end["path"] for end in found["endings"]]


async def paths(lab: RunningLab) -> list[str]:
    await settled(lab)
    return [print_path(e.path) for e in endings(lab.world.log, lab.live.lab)]


async def denied(lab: RunningLab, operation: str, **parameters: Any) -> str:
    with pytest.raises(Denied) as found:
        await lab.perform(operation, parameters)
    return str(found.value)


# faults: each is put on servers that run, changes what a message meets, and is undone

DEFERRED = "Bob -> m365 -[O365 to own servers]-> DEFERRED {} for John"
FAULTS: list[tuple[dict[str, str], str]] = [
    ({"at": "onprem", "down": "10m"}, DEFERRED.format("450 4.4.316")),
    ({"at": "onprem", "down": "forever", "how": "silent"}, DEFERRED.format("450 4.4.315")),
    ({"at": "onprem", "down": "1h", "how": "reset"}, DEFERRED.format("450 4.4.318")),
    ({"link": "m365 -> onprem", "down": "forever"}, DEFERRED.format("450 4.4.316")),
    ({"at": "onprem", "reply": "452 4.5.3 Too many", "to": "RCPT"}, DEFERRED.format("452 4.5.3")),
    ({"at": "onprem", "reply": "550 5.7.1 No", "to": "MAIL"},
     "Bob -> m365 -[O365 to own servers]-> onprem -> REJECTED 550 5.7.1 for John"),
    ({"link": "m365 -> onprem", "cut": "before RCPT"}, DEFERRED.format("450 4.4.318")),
    ({"link": "m365 -> onprem", "cut": "during DATA"}, DEFERRED.format("450 4.4.318")),
    ({"link": "m365 -> onprem", "cut": "before END"}, DEFERRED.format("450 4.4.318")),
    ({"at": "onprem", "strip": "STARTTLS"}, DEFERRED.format("450 4.4.317")),
    ({"at": "onprem", "cut": "during STARTTLS"}, DEFERRED.format("450 4.4.317")),
    ({"at": "onprem", "cert": "expired"}, DEFERRED.format("450 4.4.317")),
    ({"at": "onprem", "cert": "self-signed"}, DEFERRED.format("450 4.4.317")),
    ({"at": "onprem", "slow": "6m", "to": "RCPT"}, DEFERRED.format("450 4.4.315")),
    ({"dns": "mail.contoso.com A", "answer": "SERVFAIL"}, DEFERRED.format("450 4.4.312")),
    ({"dns": "mail.contoso.com A", "answer": "timeout"}, DEFERRED.format("450 4.4.312")),
    ({"dns": "mail.contoso.com A", "answer": "wrong address"}, DEFERRED.format("450 4.4.315")),
    ({"dns": "mail.contoso.com A", "answer": "NXDOMAIN"}, DEFERRED.format("450 4.4.312")),
    ({"at": "John", "full": "mailbox"}, "Bob -> m365 -[O365 to own servers]-> onprem -> NDR 552 to Bob for John"),
    ({"at": "onprem", "full": "disk"}, DEFERRED.format("452 4.3.1")),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "broken"), FAULTS, ids=[" ".join(f.values()) for f, _ in FAULTS])
@in_loop
async def test_a_fault_is_brought_strikes_and_is_mended(fault: dict[str, str], broken: str) -> None:
    async with running() as lab:
        told = await lab.perform("break", {"fault": fault})
        assert (1, True, 0) == (told["number"], told["active"], told["struck"])
        assert [broken] == await sent(lab)
        (listed,) = (await lab.perform("faults", {}))["faults"]
        assert listed["struck"] >= 1
        assert [1] == [gone["number"] for gone in (await lab.perform("undo", {"number": 1}))["undone"]]
        assert [] == (await lab.perform("faults", {}))["faults"]
        assert [REACHED] == await sent(lab)
        waiting = len(lab.world.queue)
        await lab.perform("clock", {"advance": "3h"})
        await settled(lab)
        delivered = [str(d.mailbox) for d in lab.world.mailboxes if d.host == "onprem"]
        assert ["john@contoso.com"] * (1 + waiting) == delivered  # what had waited is there as well
        assert balance(lab.world.log, ()).holds


@in_loop
async def test_a_cut_after_the_final_dot_makes_a_duplicate_and_is_spent() -> None:
    async with running("auto") as lab:
        await lab.perform("break", {"fault": {"link": "m365 -> onprem", "cut": "after DATA", "times": "1"}})
        await sent(lab)
        assert 2 == len([d for d in lab.world.mailboxes if d.host == "onprem"])
        (listed,) = (await lab.perform("faults", {}))["faults"]
        assert (1, False) == (listed["struck"], listed["active"])


@in_loop
async def test_a_truncated_answer_is_asked_again_over_tcp_and_mail_goes_on() -> None:
    async with running() as lab:
        await lab.perform("break", {"fault": "dns: mail.contoso.com A, answer: truncated"})
        assert [REACHED] == await sent(lab)
        assert 1 <= (await lab.perform("faults", {}))["faults"][0]["struck"]


@in_loop
async def test_a_domain_that_is_gone_from_dns_returns_the_mail_and_takes_it_again_when_it_is_back() -> None:
    async with running() as lab:
        await lab.perform("break", {"fault": {"dns": "customer.example MX", "answer": "NXDOMAIN"}})
        (path,) = await sent(lab, "Bob", "Sun")
        assert "Bob -> m365 -> NDR 550 5.4.310 to Bob for Sun" == path
        await lab.perform("undo", {"number": 1})
        assert ["Bob -> m365 -[none]-> internet -> Sun"] == await sent(lab, "Bob", "Sun")


@in_loop
async def test_a_stale_answer_is_what_dns_said_when_it_was_broken() -> None:
    moved = {"dns": {"mail.contoso.com": {"A": "198.51.100.99"}}}
    async with running() as lab:
        await lab.perform("break", {"fault": {"dns": "mail.contoso.com A", "answer": "stale"}})
        await lab.perform("connector", {"given": moved})
        assert [REACHED] == await sent(lab)
        await lab.perform("undo", {"all": True})
        assert [DEFERRED.format("450 4.4.315")] == await sent(lab)


@in_loop
async def test_a_wrong_clock_is_in_the_dates_until_it_is_mended() -> None:
    async with running() as lab:
        for fault, expected in (({"at": "onprem", "clock": "-2h"}, 7), ({"at": "onprem", "clock": "3h"}, 12)):
            await lab.perform("break", {"fault": fault})
            await sent(lab)
            received = lab.world.mailboxes[-1].message.get("Received") or ""
            assert f" {expected:02}:0" in received, received
            await lab.perform("undo", {"all": True})
        await sent(lab)
        assert " 09:0" in (lab.world.mailboxes[-1].message.get("Received") or "")


@in_loop
async def test_work_of_a_server_that_is_back_before_its_time_goes_on_at_once() -> None:
    async with running() as lab:
        await lab.perform("break", {"fault": "at: m365, down: 3h, from: 0s"})
        await lab.perform("undo", {"all": True})
        await lab.perform("break", {"fault": "link: m365 -> onprem, down: forever"})
        await sent(lab)
        await lab.perform("break", {"fault": "at: m365, down: 3h"})
        await lab.perform("clock", {"advance": "1h"})  # its retries fell into the time in which it was down
        await lab.perform("undo", {"all": True})
        assert [REACHED] == await paths(lab)
        assert lab.world.now < START + timedelta(hours=2)


@in_loop
async def test_faults_keep_their_numbers_and_their_count() -> None:
    faulty = CONTOSO + "faults:\n  - {at: onprem, reply: 451 4.7.1 later, to: MAIL, name: from the file}\n"
    async with running(text=faulty) as lab:
        await sent(lab)
        assert 2 == (await lab.perform("break", {"fault": {"at": "internet", "down": "5m"}}))["number"]
        assert 3 == (await lab.perform("break", {"fault": {"at": "internet", "down": "5m"}}))["number"]
        found = (await lab.perform("faults", {}))["faults"]
        assert [(1, 1), (2, 0), (3, 0)] == [(f["number"], f["struck"]) for f in found]
        ends = datetime.fromisoformat(found[1]["ends"])
        assert timedelta(minutes=4) < ends - lab.world.now <= timedelta(minutes=5)
        await lab.perform("undo", {"number": 2})
        assert [1, 3] == [f["number"] for f in (await lab.perform("faults", {}))["faults"]]
        assert "there is no fault 2. There are 1, 3." == await denied(lab, "undo", number=2)
        await lab.perform("clock", {"advance": "10m"})
        assert [True, False] == [f["active"] for f in (await lab.perform("faults", {}))["faults"]]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"at": "onprm", "down": "10m"}, 'no server "onprm" in the lab. Did you mean onprem?'),
        ({"at": "onprem", "dwon": "10m"}, "unknown key dwon in a fault. Did you mean down?"),
        ({"at": "onprem"}, "a fault says what goes wrong."),
        ({"at": "onprem", "down": "soon"}, "'soon' is not a span of time"),
        ({"at": "internet", "cert": "expired"}, "internet has no certificate"),
        ("at: onprem, down: [", "a value is missing"),
        ("onprem", "a fault"),
        ({}, "a fault is a map"),
    ],
)
@in_loop
async def test_a_fault_that_cannot_be_is_told_and_changes_nothing(fault: Any, told: str) -> None:
    async with running() as lab:
        why = await denied(lab, "break", fault=fault)
        assert told in why
        assert "Nothing is broken." in await denied(lab, "undo", number=1)
        assert [REACHED] == await sent(lab)


# programs from outside


@in_loop
async def test_a_server_that_is_down_refuses_programs_from_outside_and_is_back_at_the_same_port() -> None:
    async with running("real") as lab:
        ip, port = lab.live.endpoint("onprem")
        async with Telnet(lab.live, "onprem") as client:
            await lab.perform("break", {"fault": {"at": "onprem", "down": "forever"}})
            assert await client.is_cut_off()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(ip, port)
            assert [DEFERRED.format("450 4.4.316")] == await sent(lab)
            await lab.perform("undo", {"all": True})
        assert (ip, port) == lab.live.endpoint("onprem")
        async with Telnet(lab.live, "onprem") as client:
            assert client.banner.startswith("220 ")


@in_loop
async def test_an_outage_that_is_over_by_the_clock_lets_the_retry_through() -> None:
    async with running() as lab:
        await lab.perform("break", {"fault": {"at": "onprem", "down": "10m"}})
        await sent(lab)
        await lab.perform("clock", {"next": True})
        assert [REACHED] == await paths(lab)


@in_loop
async def test_a_silent_server_says_nothing_to_programs_from_outside_and_holds_no_time() -> None:
    async with running("auto") as lab:
        await lab.perform("break", {"fault": {"at": "onprem", "down": "1h", "how": "silent"}})
        async with Telnet(lab.live, "onprem", listens=False) as client:
            hearing = asyncio.ensure_future(client.line())
            await asyncio.sleep(0.05)
            assert not hearing.done()
            assert [REACHED] == await sent(lab)  # an hour later: nobody who only waits holds the clock
            hearing.cancel()


@in_loop
async def test_a_slow_server_takes_real_time_where_time_is_real() -> None:
    async with running("real") as lab:
        await lab.perform("break", {"fault": {"at": "onprem", "slow": "0.3s", "to": "MAIL"}})
        async with Telnet(lab.live, "onprem") as client:
            began = time.perf_counter()
            assert "250" == (await client.say("MAIL FROM:<a@b.example>"))[:3]
            assert 0.25 < time.perf_counter() - began < 20
        assert [REACHED] == await sent(lab)


@in_loop
async def test_faults_meet_programs_from_outside_and_are_mended_for_them() -> None:
    def spoken(ip: str, port: int) -> int:
        with smtplib.SMTP(ip, port, local_hostname="client.example", timeout=10) as client:
            client.ehlo()
            return client.mail("a@b.example")[0] if client.has_extn("starttls") else 0

    async with running() as lab:
        where = lab.live.endpoint("onprem")
        await lab.perform("break", {"fault": "at: onprem, reply: 451 4.7.1 later, to: MAIL"})
        assert 451 == await asyncio.to_thread(spoken, *where)
        await lab.perform("undo", {"number": 1})
        await lab.perform("break", {"fault": "at: onprem, strip: STARTTLS"})
        assert 0 == await asyncio.to_thread(spoken, *where)
        await lab.perform("undo", {"number": 2})
        assert 250 == await asyncio.to_thread(spoken, *where)


# time


@in_loop
async def test_time_is_moved_on_to_a_time_and_to_what_is_next() -> None:
    async with running() as lab:
        await lab.perform("break", {"fault": "at: onprem, down: 40m"})
        await sent(lab)
        (waits,) = (await lab.perform("status", {}))["waiting"]
        assert ("m365", 1, False) == (waits["host"], waits["attempts"], waits["is_due"])
        moved = await lab.perform("clock", {"next": True})
        assert datetime.fromisoformat(moved["now"]) >= datetime.fromisoformat(waits["due"])
        moved = await lab.perform("clock", {"to": "22:30"})
        assert START.replace(hour=22, minute=30) == datetime.fromisoformat(moved["now"])
        assert [REACHED] == await paths(lab)
        moved = await lab.perform("clock", {"to": "08:00"})  # the next one, tomorrow
        assert START.replace(hour=8) + timedelta(days=1) == datetime.fromisoformat(moved["now"])
        assert "never runs backwards" in await denied(lab, "clock", to="2026-01-01")
        assert "nothing waits" in await denied(lab, "clock", next=True)
        assert "not a span" in await denied(lab, "clock", advance="soon")
        assert "not a date" in await denied(lab, "clock", to="later")
        assert "say one of" in await denied(lab, "clock", to="22:30", next=True)


@in_loop
async def test_real_time_is_not_moved() -> None:
    async with running("real") as lab:
        assert "mail time is real here. Start the lab with" in await denied(lab, "clock", next=True)


@in_loop
async def test_two_days_pass_in_a_moment_and_end_in_a_report() -> None:
    async with running("auto") as lab:
        began = time.perf_counter()
        await lab.perform("break", {"fault": "at: onprem, down: 3d"})
        assert ["Bob -> m365 -[O365 to own servers]-> NDR 550 5.4.316 to Bob for John"] == await sent(lab)
        assert time.perf_counter() - began < 5
        assert lab.world.now - START > timedelta(hours=23)


@in_loop
async def test_a_certificate_expires_when_mail_time_has_passed_it() -> None:
    async with running() as lab:
        assert [REACHED] == await sent(lab)
        await lab.perform("clock", {"advance": "61d"})
        assert [DEFERRED.format("450 4.4.317")] == await sent(lab)


@in_loop
async def test_a_greylist_goes_by_mail_time() -> None:
    listed = {"servers": {"onprem": {"Domains": {"contoso.com": {"Enable Greylisting": True}}}}}
    async with running() as lab:
        await lab.perform("connector", {"given": listed})
        (path,) = await sent(lab)
        assert path.startswith("Bob -> m365 -[O365 to own servers]-> DEFERRED 451"), path
        await lab.perform("clock", {"next": True})
        assert [REACHED] == await paths(lab)


# mail, the lab, what is asked


@in_loop
async def test_who_a_client_is_decides_how_it_is_treated() -> None:
    async with running() as lab:
        relayed = "John -[own servers to O365]-> m365 -[none]-> internet -> Sun"
        assert [relayed] == await sent(lab, "John", "Sun", **{"as": "onprem", "server": "m365"})
        by_mx = "John -[own servers to O365]-> m365 -> Bob"
        assert [by_mx] == await sent(lab, "John", "Bob", **{"as": "onprem"})
        stranger = "John -[none]-> m365 -> REJECTED 550 5.7.64 for Sun"
        assert [stranger] == await sent(lab, "John", "Sun", **{"as": "192.0.2.66", "server": "m365"})


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"from": "Bob", "to": ["Jon"]}, 'no person "Jon" in lab.yaml. Did you mean John?'),
        ({"from": "eve@evil.example", "to": ["Bob"]}, "it is not said where eve@evil.example hands in this mail."),
        ({"from": "Bob", "to": ["John"], "server": "m36"}, 'no server "m36" in lab.yaml. Did you mean m365?'),
        ({"from": "Bob", "to": ["John"], "as": "onprm"}, "'onprm' is neither a server of the lab nor an IP address."),
        ({"from": "Bob", "to": ["x@nowhere.example"], "as": "onprem"}, "it is not said which server takes this mail."),
        ({"from": "Bob", "to": ["John"], "eml": "/no/such/file"}, "there is no such file"),
        ({"from": "Bob", "to": ["John"], "colour": "red"}, "unknown key colour in send."),
        ({"from": "Bob"}, "whom this mail is for"),
        ({}, "nobody sends this mail"),
    ],
)
@in_loop
async def test_a_message_that_cannot_be_handed_in_is_told(words: dict[str, Any], told: str) -> None:
    async with running() as lab:
        assert told in await denied(lab, "send", send=words)
        assert [] == lab.world.log.events


@in_loop
async def test_a_connector_is_switched_off_while_servers_run() -> None:
    off = {"Set-OutboundConnector": {"Identity": "O365 to own servers", "Enabled": False}}
    async with running() as lab:
        await lab.perform("connector", {"do": [off]})
        (path,) = await sent(lab)
        assert "O365 to own servers" not in path
        await lab.perform(
            "connector", {"do": "- Set-OutboundConnector: {Identity: O365 to own servers, Enabled: true}"}
        )
        assert [REACHED] == await sent(lab)
        assert "Did you mean O365 to own servers?" in await denied(
            lab, "connector", do=[{"Set-OutboundConnector": {"Identity": "O365 to own server", "Enabled": True}}]
        )
        assert "say what is to change" in await denied(lab, "connector")


@in_loop
async def test_events_are_told_from_a_number_on_and_of_one_message() -> None:
    async with running() as lab:
        first = await lab.perform("send", {"send": {"from": "Bob", "to": ["John"]}})
        second = await lab.perform("send", {"send": {"from": "Sun", "to": ["Bob"]}})
        await settled(lab)
        every = await lab.perform("events", {})
        assert [e["seq"] for e in every["events"]] == list(range(1, every["next"] + 1))
        mine = await lab.perform("events", {"since": second["since"], "msg": first["msg"]})
        assert {first["msg"]} == {e["msg"] for e in mine["events"]}
        assert min(e["seq"] for e in mine["events"]) > second["since"]
        assert not mine["more"]
        began = time.perf_counter()
        nothing = await lab.perform("events", {"since": every["next"], "wait": 0.1})
        assert ([], True) == (nothing["events"], 0.05 < time.perf_counter() - began < 20)


@in_loop
async def test_every_operation_of_the_table_is_carried_out() -> None:
    async with running() as lab:
        assert set(OPERATIONS) == set(lab._operations)
        status = await lab.perform("status", {})
        assert ["m365", "onprem", "internet"] == [server["name"] for server in status["servers"]]
        assert list(lab.live.endpoint("m365", 587)) == status["servers"][0]["ports"]["587"]
