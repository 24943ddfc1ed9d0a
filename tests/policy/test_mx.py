"""The order of targets: RFC 5321 5.1, RFC 7505."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.policy.attempt import Target, Unroutable
from simulator.policy.mx import families, resolve
from simulator.policy.route import NextHop
from simulator.zone import Zone
from tests.policy.builders import a_moment, answer, targets

_RECORDS = [
    ("customer.example", "MX", "20 b.example"),
    ("customer.example", "MX", "10 a.example"),
    ("a.example", "A", "192.0.2.1"),
    ("b.example", "A", "192.0.2.2"),
    ("b.example", "A", "192.0.2.3"),
    ("both.example", "A", "192.0.2.4"),
    ("both.example", "AAAA", "2001:db8::4"),
    ("alias.example", "CNAME", "a.example"),
    ("text.example", "TXT", "nothing else"),
]


def _zone(*records: tuple[str, str, str], failing: dict[tuple[str, str], str] | None = None) -> Zone:
    return Zone(Zone.of([*_RECORDS, *records]).records, failing or {})


def _names(found: Any) -> list[str]:
    assert isinstance(found, tuple), found
    return [t.name for t in found]


def _addresses(found: Any) -> list[str]:
    assert isinstance(found, tuple), found
    return [t.address for t in found]


def _why(found: Any) -> tuple[str, bool]:
    assert isinstance(found, Unroutable), found
    return found.reason, found.permanent


def test_mx_hosts_come_by_rising_preference_and_with_all_their_addresses() -> None:
    expected = (
        Target("a.example", "192.0.2.1", 10),
        Target("b.example", "192.0.2.2", 20),
        Target("b.example", "192.0.2.3", 20),
    )
    assert expected == targets(NextHop("customer.example"), _zone())


def test_ipv6_goes_first_unless_told_otherwise() -> None:
    zone = _zone(("d.example", "MX", "10 both.example"))
    assert ["2001:db8::4", "192.0.2.4"] == _addresses(targets(NextHop("d.example"), zone))
    assert ["192.0.2.4", "2001:db8::4"] == _addresses(targets(NextHop("d.example", families=("A", "AAAA")), zone))


def test_a_host_asks_only_for_addresses_that_it_can_connect_to() -> None:
    zone = _zone(("d.example", "MX", "10 both.example"))
    found, asked = answer(resolve(NextHop("d.example", families=("A",)), a_moment()), zone)
    assert ["d.example MX", "both.example A"] == asked
    assert ["192.0.2.4"] == _addresses(found)


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [(["192.0.2.1"], ("A",)), (["192.0.2.1", "2001:db8::1", "192.0.2.2"], ("A", "AAAA")), (["2001:db8::1"], ("AAAA",))],
)
def test_families_follow_from_a_hosts_own_addresses(addresses: list[str], expected: tuple[str, ...]) -> None:
    assert expected == families(addresses)


def test_equal_preferences_are_shuffled_and_the_same_seed_shuffles_alike() -> None:
    records = [(f"{n}.pool.example", "A", f"192.0.2.{n}") for n in range(1, 6)]
    zone = _zone(*records, *(("pool.example", "MX", f"10 {name}") for name, _, _ in records))
    orders = {seed: tuple(_names(targets(NextHop("pool.example"), zone, seed))) for seed in range(20)}
    assert len(set(orders.values())) > 5
    assert {frozenset(name for name, _, _ in records)} == {frozenset(order) for order in orders.values()}
    assert orders[7] == tuple(_names(targets(NextHop("pool.example"), zone, 7)))


def test_equal_preferences_are_drawn_anew_at_every_attempt() -> None:
    records = [(f"{n}.pool.example", "A", f"192.0.2.{n}") for n in range(1, 6)]
    zone = _zone(*records, *(("pool.example", "MX", f"10 {name}") for name, _, _ in records))
    moment = a_moment()
    assert len({tuple(_names(answer(resolve(NextHop("pool.example"), moment), zone)[0])) for _ in range(10)}) > 3


def test_a_domain_without_mx_is_its_own_mx() -> None:
    assert (Target("a.example", "192.0.2.1"),) == targets(NextHop("a.example"), _zone())


def test_a_domain_that_is_an_alias_has_the_mx_of_its_target() -> None:
    zone = _zone(("www.example", "CNAME", "customer.example"))
    assert ["a.example", "b.example", "b.example"] == _names(targets(NextHop("www.example"), zone))


def test_an_mx_host_that_is_an_alias_is_used_all_the_same() -> None:
    zone = _zone(("d.example", "MX", "10 alias.example"))
    assert ["192.0.2.1"] == _addresses(targets(NextHop("d.example"), zone))


@pytest.mark.parametrize(
    ("records", "domain", "reason", "permanent"),
    [
        ([], "missing.example", "nxdomain", True),
        ([], "text.example", "no-address", True),
        ([("d.example", "MX", "0 .")], "d.example", "null-mx", True),
        # RFC 5321 5.1: MX present but unusable, no fall-back to the domain's own address
        ([("d.example", "MX", "10 missing.example"), ("d.example", "A", "192.0.2.9")], "d.example", "no-address", True),
        ([("d.example", "MX", "10 text.example")], "d.example", "no-address", True),
        ([("d.example", "MX", "10 192.0.2.1")], "d.example", "no-address", True),
    ],
)
def test_domains_that_no_mail_reaches(
    records: list[tuple[str, str, str]], domain: str, reason: str, permanent: bool
) -> None:
    assert (reason, permanent) == _why(targets(NextHop(domain), _zone(*records)))


def test_an_address_in_an_mx_record_is_told_as_the_mistake_it_is() -> None:
    found = targets(NextHop("d.example"), _zone(("d.example", "MX", "10 192.0.2.1")))
    assert isinstance(found, Unroutable)
    assert "the MX of d.example is 192.0.2.1, but an MX record must name a host, not an address" == found.says


def test_a_null_mx_among_others_counts_for_nothing() -> None:
    zone = _zone(("d.example", "MX", "0 ."), ("d.example", "MX", "10 a.example"))
    assert ["a.example"] == _names(targets(NextHop("d.example"), zone))


def test_mx_data_that_cannot_be_read_is_skipped() -> None:
    zone = _zone(
        ("d.example", "MX", "a.example"), ("d.example", "MX", "ten b.example"), ("d.example", "MX", "5 A.example.")
    )
    assert ["a.example"] == _names(targets(NextHop("d.example"), zone))


@pytest.mark.parametrize("status", ["servfail", "timeout"])
@pytest.mark.parametrize("question", [("customer.example", "MX"), ("a.example", "*")])
def test_a_missing_answer_is_no_reason_to_give_up(status: str, question: tuple[str, str]) -> None:
    zone = _zone(("customer.example", "A", "192.0.2.77"), failing={question: status, ("b.example", "*"): status})
    assert (status, False) == _why(targets(NextHop("customer.example"), zone))


def test_hosts_that_can_be_found_are_used_while_others_cannot() -> None:
    zone = _zone(failing={("a.example", "A"): "servfail"})
    assert ["b.example", "b.example"] == _names(targets(NextHop("customer.example"), zone))


def test_a_host_drops_itself_and_all_worse_mx() -> None:
    zone = _zone(
        ("d.example", "MX", "10 a.example"), ("d.example", "MX", "20 me.example"), ("d.example", "MX", "30 b.example")
    )
    assert ["a.example"] == _names(targets(NextHop("d.example", exclude=("Me.example",)), zone))


def test_a_host_knows_itself_by_its_address_too() -> None:
    zone = _zone(("d.example", "MX", "10 a.example"), ("d.example", "MX", "20 b.example"))
    assert ["a.example"] == _names(targets(NextHop("d.example", exclude=("192.0.2.3",)), zone))
    assert ("self-mx", True) == _why(targets(NextHop("d.example", exclude=("192.0.2.1",)), zone))


def test_equal_preference_is_dropped_with_the_host_itself() -> None:
    zone = _zone(
        ("d.example", "MX", "10 a.example"), ("d.example", "MX", "10 me.example"), ("me.example", "A", "192.0.2.8")
    )
    for seed in range(8):
        assert ("self-mx", True) == _why(targets(NextHop("d.example", exclude=("me.example",)), zone, seed))


def test_the_implicit_mx_may_be_the_host_itself() -> None:
    assert ("self-mx", True) == _why(targets(NextHop("a.example", exclude=("a.example",)), _zone()))


def test_without_exclusion_a_host_goes_in_circles() -> None:
    zone = _zone(("d.example", "MX", "10 a.example"))
    assert ["a.example"] == _names(targets(NextHop("d.example"), zone))


def test_a_better_mx_that_cannot_be_looked_up_keeps_the_mail_waiting() -> None:
    zone = _zone(
        ("d.example", "MX", "10 a.example"),
        ("d.example", "MX", "20 me.example"),
        failing={("a.example", "A"): "timeout"},
    )
    assert ("timeout", False) == _why(targets(NextHop("d.example", exclude=("me.example",)), zone))


def test_a_domain_literal_needs_no_lookup() -> None:
    found, asked = answer(resolve(NextHop("[192.0.2.7]"), a_moment()), _zone())
    assert ([], ["192.0.2.7"]) == (asked, _addresses(found))
    assert ["2001:db8::7"] == _addresses(targets(NextHop("[ipv6:2001:db8::7]"), _zone()))


# smart hosts


def test_smart_hosts_keep_their_order_and_are_not_asked_for_mx() -> None:
    found, asked = answer(
        resolve(NextHop(hosts=("b.example", "192.0.2.99", "a.example"), families=("A",)), a_moment()), _zone()
    )
    assert ["192.0.2.2", "192.0.2.3", "192.0.2.99", "192.0.2.1"] == _addresses(found)
    assert ["b.example A", "a.example A"] == asked


def test_a_smart_host_may_be_a_domain_whose_mx_counts() -> None:
    zone = _zone()
    assert ["192.0.2.1", "192.0.2.2", "192.0.2.3"] == _addresses(
        targets(NextHop(hosts=("customer.example",), mx_first=True), zone)
    )
    assert ["192.0.2.1"] == _addresses(targets(NextHop(hosts=("a.example",), mx_first=True), zone))


def test_a_smart_host_may_be_the_host_itself() -> None:
    hop = NextHop(hosts=("a.example",), exclude=("a.example",))
    assert ["192.0.2.1"] == _addresses(targets(hop, _zone()))


@pytest.mark.parametrize(
    ("hosts", "reason", "permanent"),
    [
        (("missing.example",), "nxdomain", True),
        (("text.example",), "no-address", True),
        (("missing.example", "broken.example"), "servfail", False),
        ((), "no-address", True),
    ],
)
@pytest.mark.parametrize("mx_first", [False, True])
def test_smart_hosts_that_cannot_be_found(hosts: tuple[str, ...], reason: str, permanent: bool, mx_first: bool) -> None:
    zone = _zone(failing={("broken.example", "*"): "servfail"})
    assert (reason, permanent) == _why(targets(NextHop(hosts=hosts, mx_first=mx_first), zone))


def test_one_smart_host_is_enough() -> None:
    assert ["192.0.2.1"] == _addresses(targets(NextHop(hosts=("missing.example", "a.example")), _zone()))


@pytest.mark.parametrize(
    ("signed", "secure"),
    [({}, False), ({"customer.example": "signed"}, False), ({"a.example": "signed"}, False),
     ({"customer.example": "signed", "a.example": "signed"}, True)],
)  # fmt: skip
def test_a_target_is_secure_where_mx_and_address_are_signed(signed: dict[str, str], secure: bool) -> None:
    found = targets(NextHop("customer.example"), Zone(_zone().records, {}, signed))
    assert isinstance(found, tuple)
    assert (secure, "customer.example") == (found[0].secure, found[0].domain)


@pytest.mark.parametrize(("mx_first", "domain"), [(True, "customer.example"), (False, "a.example")])
def test_a_smart_host_is_its_own_domain(mx_first: bool, domain: str) -> None:
    zone = Zone(_zone().records, {}, {"example": "signed"})
    found = targets(NextHop(hosts=(domain,), mx_first=mx_first), zone)
    assert isinstance(found, tuple)
    assert ("a.example", domain, True) == (found[0].name, found[0].domain, found[0].secure)


@pytest.mark.parametrize("bogus", ["customer.example", "a.example"])
def test_wrong_signatures_are_told_from_other_failures(bogus: str) -> None:
    zone = Zone(_zone(("customer.example", "MX", "30 a.example")).records, {}, {bogus: "bogus", "b.example": "bogus"})
    found = targets(NextHop("customer.example"), zone)
    assert isinstance(found, Unroutable)
    assert ("servfail", False, True) == (found.reason, found.permanent, found.bogus)
    assert "its DNSSEC signatures are wrong" in found.says
