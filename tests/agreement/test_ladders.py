"""A next host that is dead for longer than anybody waits: each product tries as its ladder says, then reports.

The ladders stand here as the reference has them, and not as the products' code does.
"""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from simulator.files import read_text
from simulator.policy.retry import Ladder
from simulator.runner import FlowResult, Options, Runner
from simulator.scenario.scenario import load_scenario

LABS = Path(__file__).parent.parent.parent / "scenarios" / "labs"
SLACK = 60.0  # seconds: an attempt takes mail time itself, and the waits between them count from its end


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


EXCHANGE_ONLINE = Ladder.growing(minutes(15), 1.5, most=minutes(60), expires=timedelta(hours=24))
SMARTERMAIL = Ladder.minutes(15, 30, 60, 90)
EXCHANGE_SERVER = Ladder.minutes(1, 1, 1, 1, 5, 5, 5, 5, 5, 5, 10, repeats=True, expires=timedelta(days=2))
EDGE_SERVER = Ladder.minutes(1, 1, 1, 1, 5, 5, 5, 5, 5, 5, 30, repeats=True, expires=timedelta(days=2))
GATEWAY = Ladder.growing(minutes(15), 1.5, most=timedelta(hours=6), expires=timedelta(days=4))
INTERNET = Ladder.minutes(30, 120, repeats=True, expires=timedelta(days=5))

EDGE = "{servers: {onprem: {ServerRole: Edge, SendConnectors: {Inside: {AddressSpaces: [contoso.com], SmartHosts: [mx.customer.example]}}}}}"
DEVICE = (
    "{people: {Scanner: scanner@contoso.com at scanner}, servers: {scanner: {is: device, ip: 192.0.2.50, "
    "Smart Host: contoso-com.mail.protection.outlook.com, knobs: {retry: RETRY}}}}"
)


def played(
    lab: str, sender: str, to: str, dead: str, do: str = "[]", given: str = "{}", more: str = "", down: str = "30d"
) -> FlowResult:
    text = (
        f"lab: {LABS / lab}.yaml\nflows:\n  x:\n    given: {given}\n    faults: [{{at: {dead}, down: {down}}}]\n    do: {do}\n"
        f"    send: {{from: {sender}, to: {to}{more}}}\n    copies: 0..1\n"
    )
    scenario = load_scenario(lambda name: text if name == "x.yaml" else read_text(name), "x.yaml")
    (result,) = Runner(Options()).run([scenario]).flows()
    return result


def tried(result: FlowResult, holder: str) -> list[float]:
    """Mail time of every attempt for the flow's message, in seconds from its beginning."""
    return [e.t for e in result.played.log.of("attempt") if e.host == holder and e.msg == "m-1"]


WAYS = [
    ("contoso", "Bob", "John", "onprem", "m365", EXCHANGE_ONLINE, "550 5.4.316", "{}", ""),
    ("contoso", "John", "Sun", "m365", "onprem", SMARTERMAIL, "554", "{}", ""),
    ("contoso", "Sun", "Bob", "m365", "internet", INTERNET, "554 5.4.7", "{}", ""),
    ("gateway", "Sun", "Bob", "m365", "gateway", GATEWAY, "554 5.4.7", "{}", ""),
    ("exchange", "John", "Sun", "internet", "onprem", EXCHANGE_SERVER, "550 4.4.7", "{}", ""),
    ("exchange", "Moon", "Amy", "internet", "onprem", EDGE_SERVER, "550 4.4.7", EDGE, ", server: onprem, as: 198.51.100.77"),
]  # fmt: skip
PRODUCTS = ["exchange-online", "smartermail", "internet", "gateway", "exchange-server", "edge-server"]


@pytest.mark.parametrize(
    ("lab", "sender", "to", "dead", "holder", "ladder", "code", "given", "more"), WAYS, ids=PRODUCTS
)
def test_every_attempt_is_made_when_the_ladder_says_and_then_the_sender_is_told(
    lab: str, sender: str, to: str, dead: str, holder: str, ladder: Ladder, code: str, given: str, more: str
) -> None:
    began = time.process_time()
    result = played(lab, sender, to, dead, given=given, more=more)
    spent = time.process_time() - began
    assert () == result.differences
    log = result.played.log
    found = tried(result, holder)
    planned = [(at - log.begin).total_seconds() for at in ladder.times(log.begin)]
    assert len(planned) == len(found)
    assert all(abs(a - b) < SLACK for a, b in zip(planned, found, strict=True))
    (ending,) = result.played.endings
    assert ("NDR", holder) == (ending.path.end.word, ending.path.legs[-1].server)
    assert code == ending.path.end.code
    assert sender == ending.path.end.to
    assert spent < 2


@pytest.mark.parametrize(
    ("lab", "sender", "to", "dead", "holder", "ladder", "code", "given", "more"), WAYS, ids=PRODUCTS
)
def test_a_reboot_of_ten_minutes_costs_the_attempts_that_the_ladder_has_in_them_and_no_mail(
    lab: str, sender: str, to: str, dead: str, holder: str, ladder: Ladder, code: str, given: str, more: str
) -> None:
    result = played(lab, sender, to, dead, given=given, more=more, down="10m")
    assert () == result.differences
    begin = result.played.log.begin
    planned = [(at - begin).total_seconds() for at in ladder.times(begin)]
    back = next(number for number, at in enumerate(planned) if at >= 600)
    found = tried(result, holder)
    assert back + 1 == len(found)
    assert all(abs(a - b) < SLACK for a, b in zip(planned, found, strict=False))
    assert () == result.played.balance.lost
    assert dead in [leg.server for leg in result.played.endings[0].path.legs]


@pytest.mark.parametrize("waits", [[], [1], [1, 2]])
def test_a_device_tries_once_to_three_times_and_forgets_without_a_word(waits: list[int]) -> None:
    result = played("contoso", "Scanner", "Bob", "m365", given=DEVICE.replace("RETRY", str(waits)))
    assert () == result.differences
    found = tried(result, "scanner")
    assert waits == [round((b - a) / 60) for a, b in pairwise(found)]
    (ending,) = result.played.endings
    assert ("DROPPED", "scanner") == (ending.path.end.word, ending.path.legs[-1].server)
    assert () == result.played.reports


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", [0, 15, 45, 105, 195]),
        ("Retry Intervals: [10, 10, 10, 1440]", [0, 10, 20, 30, 1470]),
        ("Retry Intervals: [5]", [0, 5]),
    ],
)  # fmt: skip
def test_smartermail_tries_as_its_list_of_intervals_says(settings: str, expected: list[int]) -> None:
    do = f"[{{settings onprem: {{{settings}}}}}]" if settings else "[]"
    found = tried(played("contoso", "John", "Sun", "m365", do), "onprem")
    assert expected == [round((at - found[0]) / 60) for at in found]
