from __future__ import annotations

import asyncio
from typing import Any

import pytest

from simulator.live.lab import LiveLab
from simulator.runner import BEGIN
from simulator.scenario.scenario import load_lab
from simulator.trace import Log
from simulator.world import World
from tests.products.exchange_server.builders import exchange, session

_WORDS = "421 4.7.0 Too many errors on this connection, closing transmission channel"


def _said(errors: int, logins: int, **parameters: Any) -> str:
    host = exchange(ReceiveConnectors={"Default Frontend": parameters})
    found = host.has_enough(session(), errors, logins)
    return str(found.reply) if found else ""


@pytest.mark.parametrize(
    ("errors", "logins", "parameters", "expected"),
    [
        (5, 3, {}, ""),
        (6, 0, {}, _WORDS),
        (0, 4, {}, _WORDS),
        (2, 0, {"MaxProtocolErrors": 1}, _WORDS),
        (99, 0, {"MaxProtocolErrors": "unlimited"}, ""),
        (0, 99, {"MaxLogonFailures": 0}, ""),
        (0, 2, {"MaxLogonFailures": 1}, _WORDS),
    ],
)
def test_a_session_ends_with_one_mistake_more_than_allowed(
    errors: int, logins: int, parameters: dict[str, Any], expected: str
) -> None:
    assert expected == _said(errors, logins, **parameters)


def test_the_setting_that_decided_is_named() -> None:
    found = exchange().has_enough(session(), 0, 4)
    assert found is not None
    assert ["MaxLogonFailures"] == [c.name for c in found.steps[0].candidates]


def test_where_no_connector_is_for_a_client_nothing_is_counted() -> None:
    connectors = {"Default Frontend": {"Enabled": False}}
    assert exchange(ReceiveConnectors=connectors).has_enough(session(), 99, 99) is None


LAB = """\
mailflow: 1
name: impatient
people: {John: john@contoso.com at onprem}
servers: {onprem: {is: exchange-server, fqdn: mail.contoso.com, ip: 203.0.113.25, AcceptedDomains: {contoso.com: Authoritative}}}
"""


async def _replies(port: int, *lines: str) -> list[str]:
    """The replies to these lines over a real connection, until it is closed."""
    lab, _ = load_lab(lambda _: LAB, "lab.yaml")
    async with LiveLab(lab, start=BEGIN) as live:
        await live.begin(World(lab, Log(BEGIN)))
        reader, writer = await asyncio.open_connection(*live.endpoint("onprem", port))
        writer.write("".join(f"{line}\r\n" for line in lines).encode())
        said = (await asyncio.wait_for(reader.read(), 10)).decode().splitlines()
        writer.close()
    return [line for line in said if line[3:4] == " "]


def test_a_client_that_babbles_is_cut_off() -> None:
    said = asyncio.run(_replies(25, "EHLO pc.example", *["NONSENSE"] * 9))
    assert ["220", "250", *["500"] * 5, "421"] == [line[:3] for line in said]
    assert _WORDS == said[-1]


def test_a_client_that_guesses_passwords_is_cut_off() -> None:
    wrong = "AUTH PLAIN AGpvaG5AY29udG9zby5jb20AbGFiMg=="  # john@contoso.com, lab2
    said = asyncio.run(_replies(587, "EHLO pc.example", *[wrong] * 9))
    assert ["220", "250", *["535"] * 3, "421"] == [line[:3] for line in said]
