"""Which address a message is judged by behind a gateway."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.products.exchange_online.connectors import InboundConnector
from simulator.products.exchange_online.skip_listing import Origin, hops, origin
from tests.products.exchange_online.builders import inbound, message, session, settings

GATEWAY, RELAY, SOURCE = "203.0.113.5", "203.0.113.77", "198.51.100.7"
WAY = (
    f"from relay.example (relay.example [{RELAY}]) by gateway.example with ESMTP id 1; Mon, 2 Mar 2026 09:00:02 +0000",
    "from inside (10.1.2.3) by relay.example with ESMTP; Mon, 2 Mar 2026 09:00:01 +0000",
    f"from mx.sender.example ([{SOURCE}]) by inside with ESMTPS; Mon, 2 Mar 2026 09:00:00 +0000",
)


def connector(**plain: Any) -> InboundConnector:
    made = settings(AcceptedDomains={"contoso.com": "Authoritative"}, InboundConnectors=inbound(**plain))
    return made.InboundConnectors["own servers"]


def came(*received: str) -> Message:
    return message().topped(*(("Received", line) for line in received or WAY))


def found(
    over: InboundConnector | None, *received: str, to: str = "bob@contoso.com", centralised: bool = False
) -> Origin:
    recipients = tuple(map(Address.parse, to.split()))
    return origin(session(GATEWAY), came(*received), recipients, over, centralised=centralised)[0]


@pytest.mark.parametrize(
    ("plain", "ip", "helo"),
    [
        ({}, GATEWAY, "client.example"),
        ({"EFSkipLastIP": True}, RELAY, "relay.example"),
        ({"EFSkipIPs": [GATEWAY]}, RELAY, "relay.example"),
        ({"EFSkipIPs": [GATEWAY, RELAY]}, SOURCE, "mx.sender.example"),
        ({"EFSkipIPs": ["203.0.113.0/24"]}, SOURCE, "mx.sender.example"),
        ({"EFSkipIPs": [f"{GATEWAY}-{RELAY}"]}, SOURCE, "mx.sender.example"),
        ({"EFSkipIPs": [RELAY]}, GATEWAY, "client.example"),
        ({"EFSkipLastIP": True, "EFSkipIPs": ["203.0.113.0/24"]}, RELAY, "relay.example"),
    ],
)
def test_listed_and_private_addresses_are_skipped(plain: dict[str, Any], ip: str, helo: str) -> None:
    assert (ip, helo) == (found(connector(**plain)).ip, found(connector(**plain)).helo)


def test_without_a_connector_the_connecting_address_counts() -> None:
    assert Origin(GATEWAY, "client.example") == found(None)


@pytest.mark.parametrize(
    ("to", "ip"),
    [
        ("bob@contoso.com", RELAY), ("BOB@contoso.com", RELAY), ("amy@contoso.com", GATEWAY),
        ("bob@contoso.com amy@contoso.com", GATEWAY),
    ],
)  # fmt: skip
def test_with_users_all_recipients_must_be_among_them(to: str, ip: str) -> None:
    assert ip == found(connector(EFSkipLastIP=True, EFUsers=["bob@contoso.com"]), to=to).ip


def test_centralised_transport_has_no_enhanced_filtering() -> None:
    assert GATEWAY == found(connector(EFSkipLastIP=True), centralised=True).ip


@pytest.mark.parametrize("received", ["from inside (192.168.7.7) by gateway", "by gateway with local"])
def test_where_nothing_is_left_the_connecting_address_counts(received: str) -> None:
    assert Origin(GATEWAY, "client.example") == found(connector(EFSkipLastIP=True), received)


def test_every_address_says_why_it_was_skipped() -> None:
    over = connector(EFSkipIPs=[GATEWAY, RELAY])
    step = origin(session(GATEWAY), came(), (), over, centralised=False)[1]

    assert step is not None
    assert {GATEWAY: "listed", RELAY: "listed", "10.1.2.3": "private", SOURCE: "source"} == {
        c.name: c.reason for c in step.candidates
    }
    assert over.at("EFSkipIPs") == step.at


@pytest.mark.parametrize(
    ("received", "hop"),
    [
        (f"from x ([{SOURCE}]) by y", [(SOURCE, "x")]),
        (f"from x ({SOURCE}) by y (203.0.113.9) with Microsoft SMTP Server", [(SOURCE, "x")]),
        (f"from x (name [{SOURCE}])\n by y", [(SOURCE, "x")]),
        ("from x ([IPv6:2001:db8::7]) by y", [("2001:db8::7", "x")]),
        ("from x by y (203.0.113.9)", []),
        ("from x (12:00) by y", []),
        ("(qmail 123 invoked from network)", []),
    ],
)
def test_received_lines_of_others_are_read(received: str, hop: list[tuple[str, str]]) -> None:
    assert hop == hops(came(received))


_FIELDS = st.lists(st.text("from by([])0123456789.:aA \n-", max_size=60), max_size=4)


@given(_FIELDS)
def test_whatever_stands_in_received_an_address_is_one(fields: list[str]) -> None:
    made = Message(tuple(("Received", f"Received: {text}\r\n".encode()) for text in fields), b"")

    assert all(str(ip_address(ip)) == ip for ip, _ in hops(made))


_PRIVATE = ("10.", "172.20.", "192.168.")
_ADDRESSES = st.sampled_from(["203.0.113.5", "203.0.113.77", "10.1.2.3", "172.20.0.1", "192.168.0.9", "198.51.100.7"])


@given(st.lists(_ADDRESSES, max_size=5), st.lists(_ADDRESSES, min_size=1, max_size=3))
def test_the_source_is_neither_listed_nor_private_unless_nothing_else_is_left(
    way: list[str], skipped: list[str]
) -> None:
    over = connector(EFSkipIPs=skipped)
    received = Message(tuple(("Received", f"Received: from x ([{ip}]) by y\r\n".encode()) for ip in way), b"")
    source, step = origin(session(GATEWAY), received, (), over, centralised=False)
    assert step is not None

    if step.outcome == "exhausted":
        assert GATEWAY == source.ip
        assert all(ip in skipped or ip.startswith(_PRIVATE) for ip in (GATEWAY, *way))
    else:
        assert source.ip not in skipped
        assert not source.ip.startswith(_PRIVATE)
