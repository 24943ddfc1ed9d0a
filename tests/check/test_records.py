"""SPF terms and MX names that are followed, and should not stand there."""

from __future__ import annotations

import pytest

from simulator.mail.address import Address
from simulator.policy import spf
from tests.check.ground import a_ground, found, ids, sentences


def txt(record: str) -> str:
    return f'dns: {{contoso.com: {{TXT: ["{record}"]}}}}'


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ("v=spf1 ip4:203.0.113.25 include:spf.protection.outlook.com +all", "SPF of contoso.com: +all permits every address of the world"),
        ("v=spf1 all", "SPF of contoso.com: all permits every address of the world"),
        ("v=spf1 ip4:10.5.3.2 ip4:203.0.113.25 include:spf.protection.outlook.com -all",
         "SPF of contoso.com: ip4:10.5.3.2 is in a private network, which no other organisation ever sees"),
        ("v=spf1 ip6:fd00::/8 ip4:203.0.113.25 include:spf.protection.outlook.com -all",
         "SPF of contoso.com: ip6:fd00::/8 is in a private network, which no other organisation ever sees"),
    ],
)  # fmt: skip
def test_a_term_that_permits_everybody_or_nobody_is_told(record: str, says: str) -> None:
    told = found(a_ground(txt(record)), "MF048")
    assert ("warning", says, 1) == (told.level, told.says, told.at.line)


def test_plus_all_passes_whoever_sends() -> None:
    ground = a_ground(txt("v=spf1 +all"))
    asking = spf.check("192.0.2.66", Address.parse("bob@contoso.com"), "x.example", now=ground.start)
    assert "pass" == ground.answering(asking).result


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 ip4:203.0.113.25 include:spf.protection.outlook.com -all",
        "v=spf1 -ip4:10.0.0.0/8 ip4:203.0.113.25 include:spf.protection.outlook.com ?all",
        "v=spf1 ip4:0.0.0.0/1 ip4:203.0.113.25 -all",
    ],
)
def test_public_addresses_and_refusals_are_all_right(record: str) -> None:
    assert "MF048" not in ids(a_ground(txt(record)))


ALIAS = "dns: {customer.example: {MX: [10 mail.customer.example]}, mail.customer.example: {CNAME: mx.customer.example}}"


def test_an_mx_that_is_an_alias_is_told_and_followed() -> None:
    ground = a_ground(ALIAS)
    assert (
        "the MX mail.customer.example of customer.example is an alias of mx.customer.example"
        == found(ground, "MF049").says
    )
    played = ground.mail(ground.lab.people["Bob"], Address.parse("sun@customer.example"))
    assert played is not None
    assert ["Bob -> m365 -[none]-> internet -> Sun"] == sentences(played)


def test_a_null_mx_beside_others_is_told_and_passed_over() -> None:
    ground = a_ground('dns: {customer.example: {MX: ["0 .", 10 mx.customer.example]}}')
    assert "customer.example has a null MX beside mx.customer.example" == found(ground, "MF049").says
    played = ground.mail(ground.lab.people["Bob"], Address.parse("sun@customer.example"))
    assert played is not None
    assert ["Bob -> m365 -[none]-> internet -> Sun"] == sentences(played)


def test_a_null_mx_alone_is_what_its_owner_wants() -> None:
    assert "MF049" not in ids(a_ground('dns: {customer.example: {MX: ["0 ."]}}'))
