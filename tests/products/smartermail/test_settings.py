"""The labels of the admin page, as people type them."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from simulator.policy.ranges import contains, read_range
from simulator.products.smartermail.values import Gateway
from simulator.source import Node, ProblemList, Source
from tests.products.builders import read_smartermail


def _domain(**settings: Any) -> dict[str, Any]:
    return {"Domains": {"contoso.com": {k.replace("_", " "): v for k, v in settings.items()}}}


def test_labels_are_read_whatever_their_case() -> None:
    made, said = read_smartermail({
        "domains": {"contoso.com": {
            "inbound message delivery": "external (USE MX record)", "DELIVER LOCALLY IF USER EXISTS": "yes",
            "Catch-All": "info", "Aliases": {"sales": ["bob", "eve@x.example"]}, "Domain Aliases": "contoso.net",
            "Outbound IPv4": "203.0.113.26", "Outbound Gateway": "gw.example", "Enabled": True,
        }},
        "Outbound Gateway": ["mx1.example", "MX2.example:2525", "192.0.2.1"], "allow relay": "nobody",
        "SMTP Authentication Bypass": ["192.0.2.0/24"], "Whitelist": "192.0.2.7", "Max Hop Count": 30,
    })  # fmt: skip
    domain = made.domains["contoso.com"]
    assert [] == said
    assert ("External (use MX record)", True, ("contoso.net",)) == (
        domain.inbound,
        domain.deliver_locally,
        domain.domain_aliases,
    )
    gateways = made.outbound_gateway or ()
    assert (Gateway("mx1.example"), Gateway("mx2.example", 2525), Gateway("192.0.2.1")) == gateways
    assert ["mx1.example", "mx2.example:2525", "192.0.2.1"] == [str(g) for g in gateways]
    assert ("Nobody", 30, {"sales": ("bob", "eve@x.example")}) == (made.allow_relay, made.max_hops, domain.aliases)


def test_defaults_are_the_safest_ones() -> None:
    made, _ = read_smartermail({})
    assert ("Nobody", False, (), {}) == (made.allow_relay, made.greylisting, made.outbound_gateway, made.domains)
    knobs = made.knobs
    assert ((15, 30, 60, 90), 20, False, "undeliverable") == (
        knobs.retry,
        knobs.max_hops,
        knobs.enhanced_codes,
        knobs.self_mx,
    )


def test_a_gateway_may_be_none() -> None:
    assert read_smartermail({"Outbound Gateway": "none"})[0].outbound_gateway is None


def test_the_older_name_of_the_gateway_still_works() -> None:
    node = Node.of({}).with_entry("Outgoing Gateway", Node.of("gw.example", Source("lab.yaml", 7, 3)))
    made = type(read_smartermail({})[0]).read(node, ProblemList())
    assert ((Gateway("gw.example"),), Source("lab.yaml", 7, 3)) == (made.outbound_gateway, made.at("outbound_gateway"))
    both = {"Outgoing Gateway": "a.example", "Outbound Gateway": "b.example"}
    assert ["error: Outgoing Gateway is the older name of Outbound Gateway. Keep one."] == read_smartermail(both)[1]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (_domain(Mailing_Lists={"staff": {"Moderator": "bob", "Digest Subscribers": ["bob"]}}),
         "Digest Subscribers is understood but not modelled; it changes nothing here"),
        (_domain(Forwarding={"bob": {"Forwarding Address": "a@b.example", "Forward Method": "Text"}}),
         "Forward Method is understood but not modelled; it changes nothing here"),
        ({"Inbound Gateways": {"x": {"Gateway Mode": "Backup MX", "Domains": "a.example", "User Verification": "Web Service"}}},
         "User Verification by Web Service is understood but not modelled; every address is taken"),
        ({"Greylisting": {"Filters": ["192.0.2.1", "US"]}}, "the country US is understood but not modelled; no address is in it"),
        ({"Whitelist": ["192.0.2.0/24", "40.92.0.0/15"]},
         "Whitelist has a range of 131072 addresses; whoever is among them relays through this server"),
        ({"SMTP Authentication Bypass": ["192.0.2.0-192.0.3.0"]},
         "SMTP Authentication Bypass has a range of 257 addresses; whoever is among them relays through this server"),
        ({"Greylisting": {"Filters": ["192.0.2.1"], "Applies To": "Everyone"}}, "Filters have no effect while Applies To is Everyone"),
    ],
)  # fmt: skip
def test_what_is_not_modelled_is_named(settings: dict[str, Any], expected: str) -> None:
    assert [f"warning: {expected}"] == read_smartermail(settings)[1]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (_domain(Inbound_Message_Delivery="External"),
         "Use Local, External (use MX record), External (use host address)"),
        (_domain(Inbound_Message_Delivery="External (use host address)"), "contoso.com is external, but has no Host Address"),
        (_domain(Host_Address="other.example"), "Host Address has no effect while the domain is Local"),
        (_domain(Deliver_locally_if_user_exists=True), "Deliver locally if user exists has no effect"),
        (_domain(Host_Address="not a host"), "'not a host' is not a domain name"),
        (_domain(Outbound_IPv4="2001:db8::1"), "2001:db8::1 is not an IPv4 address"),
        (_domain(Outbound_IPv4="here"), "'here' is not an IP address"),
        (_domain(Aliases={"sales": {"a": 1}}), "an alias leads to one address or a list of them"),
        (_domain(Aliases={"sales": []}), "an alias leads to one address or a list of them"),
        (_domain(Mailing_Lists={"staff": {"Moderator": "Staff"}}), "the moderator of staff is a mailing list. Name a user of the domain."),
        (_domain(Aliases={"sales": ["b b"]}), "'b b@contoso.com' is not a mail address"),
        (_domain(**{"Catch-All": "a b"}), "'a b@contoso.com' is not a mail address"),
        (_domain(Inbound_Delivery="Local"), "Did you mean Inbound Message Delivery?"),
        ({"Domains": {"a b": {}}}, "'a b' is not a domain name"),
        ({"Domains": {"a.example": {}, "b.example": {"Domain Aliases": "A.example"}}}, "a.example is a name of a.example already"),
        ({"Outbound Gateway": {"Port": 26}}, "an outbound gateway 'Outbound Gateway' lacks Server Address"),
        ({"Outbound Gateway": {"Server Adress": "x"}}, "Did you mean Server Address?"),
        ({"Outbound Gateway": {"Server Address": "x.example", "Encryption": "SSL"}}, "Use None, TLS or leave it out."),
        ({"Outbound IPv4": ["203.0.113.26", "here"]}, "Write an address, a list of them, or Rotate IP List, Primary IP on NIC"),
        ({"Outbound IPv4": "Disable", "Outbound IPv6": "Disable"}, "mail leaves from nowhere"),
        ({"Outbound IPv6": "Use the Domain's IP"}, "Use Primary IP on NIC, Rotate IP List, Disable"),
        ({"Max Message Size": "large"}, "'large' is not a size"),
        ({"Inbound Gateways": {"x": {"Gateway Mode": "Backup MX"}}}, "the inbound gateway x has no Domains"),
        ({"Inbound Gateways": {"x": {"Gateway Mode": "Domain Forward", "Domains": ["a.example"]}}}, "x forwards, but has no IP Addresses"),
        ({"Domains": {"a.example": {}}, "Inbound Gateways": {"x": {"Gateway Mode": "Backup MX", "Domains": ["a.example"]}}},
         "a.example belongs to a.example already"),
        (_domain(Forwarding={"bob": {"Delete messages when forwarded": True}}), "Forwarding of bob goes nowhere"),
        (_domain(Forwarding={"bob": "a b"}), "'a b@contoso.com' is not a mail address"),
        (_domain(Mailing_Lists={"staff": ["bob"]}), "the mailing list staff is a mapping. Write  {Moderator: USER, Subscribers: [ADDRESS]}"),
        (_domain(Mailing_Lists={"staff": {"Subscribers": ["bob"]}}), "a mailing list 'staff' lacks Moderator"),
        (_domain(Mailing_Lists={"staff": {"Moderator": "b b"}}), "'b b@contoso.com' is not a mail address"),
        (_domain(Mailing_Lists={"staff": {"Moderator": "bob"}}, Aliases={"Staff": "bob"}), "staff is an alias already"),
        (_domain(Mailing_Lists={"staff": {"Moderator": "bob", "Allowed Posters": "All"}}), "Use Anyone, Subscribers Only, Moderators Only"),
        (_domain(Users={"b b": {}}), "'b b@contoso.com' is not a mail address"),
        (_domain(Users={"bob": {"Status": "Off"}}), "Use Enabled, Disabled, Disabled With Mail"),
        ({"Greylisting": {"Applies To": "Nobody"}}, "Use Everyone, Only specified countries / IP addresses"),
        ({"Outbound Gateway": [["x"]]}, "Write mx.example.com or mx.example.com:2525."),
        ({"Whitelist": ["192.0.2.300"]}, "'192.0.2.300' is no IP address, range (a-b) or network (a/24)"),
        ({"Whitelist": ["192.0.2.9-2001:db8::1"]}, "is no IP address, range"),
        ({"Allow Relay": "Everyone"}, "Use Nobody, Only Local Users, Only Local Domains, Anyone"),
        ({"Require Auth Match": "maybe"}, "Use None, Domain or Email Address."),
        ({"Greylisting": {"Block Period": "soon"}}, "Write 15m, 6h or 36d; a bare number counts minutes."),
        ({"knobs": {"retry": ["x"]}}, "a list of minutes is expected"),
        ({"knobs": {"self_mx": "bounce"}}, "Use undeliverable, loop or leave it out"),
    ],
)  # fmt: skip
def test_faults_say_what_to_write(settings: dict[str, Any], expected: str) -> None:
    said = read_smartermail(settings)[1]
    assert [True] == [expected in one for one in said], said


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, "domain"), ("false", "none"), ("None", "none"), ("Domain", "domain"), ("email address", "email address")],
)
def test_require_auth_match_is_a_word_or_a_switch(value: object, expected: str) -> None:
    assert expected == read_smartermail({"Require Auth Match": value})[0].auth_match


def test_greylisting_periods_have_the_units_of_the_page() -> None:
    greylist = read_smartermail({"Greylisting": {"Block Period": 1, "Pass Period": "6h", "Record Expiration": 90}})[
        0
    ].greylist
    expected = (timedelta(minutes=1), timedelta(hours=6), timedelta(days=90))
    assert expected == (greylist.block, greylist.allow, greylist.expires)


@pytest.mark.parametrize(
    ("text", "address", "expected"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("192.0.2.0/24", "192.0.2.255", True),
        ("192.0.2.9/24", "192.0.2.1", True),
        ("192.0.2.3-192.0.2.9", "192.0.2.9", True),
        ("192.0.2.3 - 192.0.2.9", "192.0.2.10", False),
        ("2001:db8::/32", "2001:db8::1", True),
        ("2001:db8::/32", "192.0.2.1", False),
    ],
)
def test_lists_take_addresses_ranges_and_networks(text: str, address: str, expected: bool) -> None:
    assert expected is contains((read_range(text),), address)


def test_a_single_address_is_a_network_of_one() -> None:
    assert (ip_network("192.0.2.7/32"),) == read_range("192.0.2.7")
