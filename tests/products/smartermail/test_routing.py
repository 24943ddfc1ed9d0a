"""Where mail for other servers goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.policy.route import Deliver, Expand, NextHop, Relay, Return, Routing
from simulator.policy.tls import Level
from simulator.products.smartermail import SmarterMail
from tests.policy.builders import JOHN, MONDAY, SUN, a_held, a_moment
from tests.products.builders import a_smartermail, address, reasons, step

_MX, _HOST = "External (use MX record)", "External (use host address)"
_OWN = ("mail.contoso.com", "203.0.113.25")
_EXTERNAL = {"Inbound Message Delivery": _HOST, "Host Address": "192.0.2.80"}
_UNSET = object()


def _route(host: SmarterMail, to: str | Address = SUN, sender: Any = JOHN) -> Routing:
    recipient = Address.parse(to) if isinstance(to, str) else to
    return host.route(a_held(recipient, sender=sender), recipient, a_moment())


def _relay(routing: Routing) -> Relay:
    assert isinstance(routing.route, Relay)
    return routing.route


def _hop(routing: Routing) -> tuple[str, tuple[str, ...], int, tuple[str, ...]]:
    to: NextHop = _relay(routing).to
    return to.domain, to.hosts, to.port, to.exclude


def _lab(domain: dict[str, Any] | None = None, **server: Any) -> dict[str, Any]:
    return {"Domains": {"contoso.com": domain or {}}, **{k.replace("_", " "): v for k, v in server.items()}}


_TO_MX = ("customer.example", (), 25, _OWN)


@pytest.mark.parametrize(
    ("settings", "to", "expected", "taken"),
    [
        (_lab(), SUN, _TO_MX, "mx"),
        (_lab(Outbound_Gateway="none"), SUN, _TO_MX, "mx"),
        (_lab(Outbound_Gateway="gw.example"), SUN, ("", ("gw.example",), 25, ()), "outbound-gateway"),
        (_lab(Outbound_Gateway="gw.example:2525"), SUN, ("", ("gw.example",), 2525, ()), "outbound-gateway"),
        (_lab({"Outbound Gateway": "own.example"}, Outbound_Gateway="gw.example"), SUN,
         ("", ("own.example",), 25, ()), "domain-gateway"),
        (_lab({"Outbound Gateway": "none"}, Outbound_Gateway="gw.example"), SUN,
         ("", ("gw.example",), 25, ()), "outbound-gateway"),
        (_lab({"Inbound Message Delivery": _MX}), "bob@contoso.com", ("contoso.com", (), 25, _OWN), "mx"),
        (_lab({"Inbound Message Delivery": _MX}, Outbound_Gateway="gw.example"), "bob@contoso.com",
         ("", ("gw.example",), 25, ()), "outbound-gateway"),
        (_lab(_EXTERNAL), "bob@contoso.com", ("", ("192.0.2.80",), 25, ()), "host-address"),
        (_lab(_EXTERNAL, Outbound_Gateway="gw.example"), "bob@contoso.com", ("", ("192.0.2.80",), 25, ()), "host-address"),
        (_lab({**_EXTERNAL, "Outbound Gateway": "own.example"}), "bob@contoso.com",
         ("", ("192.0.2.80",), 25, ()), "host-address"),
        (_lab({**_EXTERNAL, "Outbound Gateway": "own.example"}), SUN, ("", ("own.example",), 25, ()), "domain-gateway"),
    ],
)  # fmt: skip
def test_next_hop(settings: dict[str, Any], to: str | Address, expected: Any, taken: str) -> None:
    routing = _route(a_smartermail(settings), to)
    assert (expected, taken) == (_hop(routing), step(routing, "ROUTE").outcome)


def test_every_way_out_is_told_with_its_reason() -> None:
    routing = _route(a_smartermail(_lab(_EXTERNAL, Outbound_Gateway="gw.example")), "bob@contoso.com")
    assert {
        "Host Address": "host-address", "domain gateway": "not-set", "Outbound Gateway": "comes-later", "MX": "comes-later",
    } == reasons(routing, "ROUTE")  # fmt: skip


def test_a_knob_lets_gateways_go_before_the_host_address() -> None:
    host = a_smartermail(_lab(_EXTERNAL, Outbound_Gateway="gw.example"), host_address_first=False)
    assert ("gw.example",) == _relay(_route(host, "bob@contoso.com")).to.hosts
    alone = a_smartermail(_lab(_EXTERNAL), host_address_first=False)
    assert ("192.0.2.80",) == _relay(_route(alone, "bob@contoso.com")).to.hosts


def test_a_strangers_mail_has_the_servers_gateway() -> None:
    host = a_smartermail(
        _lab({"Inbound Message Delivery": _MX, "Outbound Gateway": "own.example"}, Outbound_Gateway="gw.example")
    )
    assert ("gw.example",) == _relay(_route(host, "bob@contoso.com", SUN)).to.hosts
    assert ("gw.example",) == _relay(_route(host, "bob@contoso.com", None)).to.hosts


def test_the_naive_loop_can_be_rehearsed() -> None:
    host = a_smartermail(_lab({"Inbound Message Delivery": _MX}), self_mx="loop")
    assert ("contoso.com", (), 25, ()) == _hop(_route(host, "bob@contoso.com"))


def test_gateways_take_turns_from_message_to_message_and_retry_to_retry() -> None:
    host, at = a_smartermail({"Outbound Gateway": ["one.example", "two.example"]}), a_moment()

    def gateway(to: str, minutes: int, sender: str = "john@contoso.com") -> str:
        at.now = MONDAY + timedelta(minutes=minutes)
        held = a_held(address(to), sender=address(sender))
        route = host.route(held, address(to), at).route
        assert isinstance(route, Relay)
        return route.to.hosts[0]

    # all recipients of a message leave together; its retry and the next message take the next gateway
    assert ["one.example", "one.example"] == [gateway("a@x.example", 0), gateway("b@y.example", 0)]
    assert ["two.example", "two.example"] == [gateway("a@x.example", 15), gateway("b@y.example", 15)]
    assert "one.example" == gateway("a@x.example", 15, "ann@contoso.com")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "203.0.113.25"),
        ({"Outbound IPv4": "203.0.113.30"}, "203.0.113.30"),
        (
            {"Outbound IPv4": "203.0.113.30", "Domains": {"contoso.com": {"Outbound IPv4": "203.0.113.31"}}},
            "203.0.113.31",
        ),
    ],
)
def test_the_source_address_is_the_senders_domains_then_the_servers(settings: dict[str, Any], expected: str) -> None:
    host = a_smartermail(settings)
    relay = _relay(_route(host))
    assert (expected, "mail.contoso.com") == host.egress(a_held(), relay, a_moment())


def test_a_host_connects_to_the_families_that_it_has() -> None:
    two = a_smartermail(addresses=("2001:db8::25", "203.0.113.25"))
    assert (("A",), ("AAAA", "A")) == (_relay(_route(a_smartermail())).to.families, _relay(_route(two)).to.families)
    chosen = a_smartermail({"Outbound IPv4": "203.0.113.25"}, addresses=("2001:db8::25", "203.0.113.25"))
    assert ("A", "AAAA") == _relay(_route(chosen)).to.families


@pytest.mark.parametrize(
    ("domain", "knobs", "never", "shows"),
    [
        ({}, {}, False, True),
        ({"Enable TLS if supported by the remote server": False}, {}, True, True),
        ({}, {"present_client_certificate": False}, False, False),
    ],
)
def test_tls_is_opportunistic(domain: dict[str, Any], knobs: dict[str, Any], never: bool, shows: bool) -> None:
    demand = _relay(_route(a_smartermail(_lab(domain), **knobs))).tls
    assert (Level.OPPORTUNISTIC, never, shows) == (demand.level, demand.never, demand.certificate)


def test_tls_does_not_hang_on_who_sends() -> None:
    assert Level.OPPORTUNISTIC == _relay(_route(a_smartermail(), sender=None)).tls.level


def test_mail_for_a_mailbox_is_delivered() -> None:
    assert Deliver(JOHN) == _route(a_smartermail(), JOHN).route


def test_mail_to_a_domain_alias_is_mail_for_the_domains_mailbox() -> None:
    host = a_smartermail(_lab({"Domain Aliases": ["contoso.net"]}))
    assert Expand((JOHN,), "domain alias") == _route(host, "john@contoso.net").route


def test_mail_to_a_domain_alias_leaves_under_the_domains_name() -> None:
    host = a_smartermail(_lab({"Domain Aliases": ["contoso.net"], "Inbound Message Delivery": _MX}))
    relay = _relay(_route(host, "bob@contoso.net"))
    assert ("contoso.com", address("bob@contoso.com")) == (relay.to.domain, relay.recipient)
    assert _relay(_route(host, "bob@contoso.com")).recipient is None


@pytest.mark.parametrize(
    ("domain", "to", "expected"),
    [
        (
            {"Aliases": {"sales": ["john", "eve@x.example"]}},
            "sales@contoso.com",
            (Expand((JOHN, address("eve@x.example")), "alias")),
        ),
        ({"Catch-All": "john"}, "bob@contoso.com", Expand((JOHN,), "catch-all")),
        ({"Catch-All": "eve@x.example"}, "bob@contoso.com", Expand((address("eve@x.example"),), "catch-all")),
    ],
)
def test_aliases_and_catch_alls_are_replaced(domain: dict[str, Any], to: str, expected: Expand) -> None:
    assert expected == _route(a_smartermail(_lab(domain)), to).route


@pytest.mark.parametrize("domain", [{}, {"Enabled": False}])
def test_what_vanished_while_it_waited_is_returned(domain: dict[str, Any]) -> None:
    route = _route(a_smartermail(_lab(domain)), "bob@contoso.com").route
    assert isinstance(route, Return)
    assert "550 <bob@contoso.com> No such user here" == str(route.reply)


_GATEWAYS = {
    "shop": {"Gateway Mode": "Backup MX", "Domains": ["shop.example"]},
    "old": {"Gateway Mode": "Domain Forward", "Domains": ["old.example"], "IP Addresses": ["192.0.2.80"]},
}


@pytest.mark.parametrize(
    ("to", "expected"),
    [("x@shop.example", ("shop.example", (), 25, _OWN)), ("x@old.example", ("", ("192.0.2.80",), 25, ()))],
)
def test_an_inbound_gateway_passes_on_to_the_server_behind_it(to: str, expected: Any) -> None:
    routing = _route(a_smartermail(_lab(Inbound_Gateways=_GATEWAYS, Outbound_Gateway="gw.example")), to)
    assert (expected, "inbound-gateway") == (_hop(routing), step(routing, "ROUTE").outcome)


@pytest.mark.parametrize(
    ("gateway", "level", "never", "login"),
    [
        ({"Server Address": "gw.example"}, Level.OPPORTUNISTIC, False, None),
        ({"Server Address": "gw.example", "Encryption": "TLS"}, Level.ENCRYPTION, False, None),
        ({"Server Address": "gw.example", "Encryption": "None"}, Level.OPPORTUNISTIC, True, None),
        ({"Server Address": "gw.example", "Username": "u", "Password": "p"}, Level.OPPORTUNISTIC, False, ("u", "p")),
    ],
)  # fmt: skip
def test_a_gateway_has_its_own_encryption_and_login(gateway: Any, level: Level, never: bool, login: Any) -> None:
    relay = _relay(_route(a_smartermail({"Outbound Gateway": gateway})))
    assert (level, never, login) == (relay.tls.level, relay.tls.never, relay.login)


def test_a_disabled_gateway_takes_no_turn() -> None:
    gateways = [{"Server Address": "one.example", "Status": "Disabled"}, "two.example"]
    assert ("two.example",) == _relay(_route(a_smartermail({"Outbound Gateway": gateways}))).to.hosts


@pytest.mark.parametrize("gateway", ["none", "gw.example"])
def test_strict_validation_is_for_every_way_out(gateway: str) -> None:
    settings = _lab(Outbound_Gateway=gateway, Enforce_Strict_Certificate_Validation=True)
    assert [True, True] == [_relay(_route(a_smartermail(settings), sender=who)).tls.strict for who in (JOHN, SUN)]


_ADDRESSES = ("203.0.113.25", "203.0.113.26", "2001:db8::25")


@pytest.mark.parametrize(
    ("server", "domain", "expected"),
    [
        (None, None, ["203.0.113.25"] * 3),
        (None, "203.0.113.26", ["203.0.113.26"] * 3),
        ("203.0.113.26", None, ["203.0.113.26"] * 3),
        ("Primary IP on NIC", "203.0.113.26", ["203.0.113.25"] * 3),
        ("Use the Domain's IP", "203.0.113.26", ["203.0.113.26"] * 3),
        ("Rotate IP List", None, ["203.0.113.25", "203.0.113.26", "203.0.113.25"]),
        (["203.0.113.26", "203.0.113.25"], None, ["203.0.113.26", "203.0.113.25", "203.0.113.26"]),
        ("Disable", None, ["2001:db8::25"] * 3),
    ],
)  # fmt: skip
def test_what_mail_leaves_from(server: Any, domain: str | None, expected: list[str]) -> None:
    settings = _lab({"Outbound IPv4": domain} if domain else {}, **({"Outbound_IPv4": server} if server else {}))
    host, at = a_smartermail(settings, addresses=_ADDRESSES), a_moment()
    relay = _relay(_route(host))
    assert expected == [host.egress(a_held(SUN, sender=JOHN), relay, at)[0] for _ in range(3)]


def test_without_ipv4_only_ipv6_is_asked_for() -> None:
    assert ("AAAA",) == _relay(_route(a_smartermail({"Outbound IPv4": "Disable"}, addresses=_ADDRESSES))).to.families


@pytest.mark.parametrize(
    ("settings", "addresses", "expected", "families"),
    [
        ({}, ("2001:db8::25", "203.0.113.25"), ["2001:db8::25"] * 3, ("AAAA", "A")),
        ({"Outbound IPv6": "Disable"}, ("2001:db8::25", "203.0.113.25"), ["203.0.113.25"] * 3, ("A",)),
        ({"Outbound IPv6": "Rotate IP List", "Outbound IPv4": "Disable"}, ("2001:db8::25", "203.0.113.25", "2001:db8::26"),
         ["2001:db8::25", "2001:db8::26", "2001:db8::25"], ("AAAA",)),
        ({"Outbound IPv6": "Primary IP on NIC", "Outbound IPv4": "Disable"}, ("203.0.113.25", "2001:db8::25", "2001:db8::26"),
         ["2001:db8::25"] * 3, ("AAAA",)),
    ],
)  # fmt: skip
def test_ipv6_has_its_own_choice(
    settings: dict[str, Any], addresses: tuple[str, ...], expected: list[str], families: tuple[str, ...]
) -> None:
    host, at = a_smartermail(settings, addresses=addresses), a_moment()
    relay = _relay(_route(host))
    assert expected == [host.egress(a_held(SUN, sender=JOHN), relay, at)[0] for _ in range(3)]
    assert families == relay.to.families
