"""The Received fields of a pass."""

from __future__ import annotations

import pytest

from simulator.mail.address import Address
from simulator.mail.session import Session
from simulator.products.exchange_online.received import delivery_line, pass_lines
from tests.products.exchange_online.builders import at, session

LOGGED_IN = session(port=587, tls=True, auth=Address.parse("bob@contoso.com"))


def lines(client: Session) -> list[str]:
    """The newest first."""
    return [value for _, value in pass_lines(client, "m365", at())]


def test_a_pass_writes_three_lines_that_follow_on_each_other() -> None:
    store, hub, edge = lines(session())

    assert edge.startswith("from client.example (203.0.113.5)\nby BN8NAM11FT")
    assert hub.startswith("from BN8NAM11FT")
    assert ".eop-nam11.prod.protection.outlook.com (2603:10b6:" in hub
    assert "\nby SY5P282CA" in hub
    assert store.startswith("from SY5P282CA")
    assert ".prod.outlook.com (2603:10b6:" in store
    assert "\nby DM6PR11MB" in store
    assert [True, True, False] == ["via Frontend Transport" in line for line in (edge, hub, store)]


def test_a_mailboxs_own_mail_has_two() -> None:
    store, hub = lines(LOGGED_IN)

    assert "\nby SY5P282CA" in hub
    assert "\nby DM6PR11MB" in store


@pytest.mark.parametrize(
    ("client", "words"),
    [
        (session(), "from client.example (203.0.113.5)\n"),
        (session(helo=""), "from [203.0.113.5] (203.0.113.5)\n"),
        (session(tls=True), "with Microsoft SMTP Server (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384)\nid 15.20."),
        (session(), "with Microsoft SMTP Server\nid 15.20."),
        (session(), " via Frontend Transport; Thu, 15 Jan 2026 09:00:00 +0000"),
    ],
)
def test_the_edge_tells_who_came_and_how(client: Session, words: str) -> None:
    assert words in lines(client)[-1]


def test_delivery_adds_a_line_without_smtp() -> None:
    name, line = delivery_line("m365", at())

    assert "Received" == name
    assert line.startswith("from DM6PR11MB")
    assert "with HTTPS; Thu, 15 Jan 2026" in line
