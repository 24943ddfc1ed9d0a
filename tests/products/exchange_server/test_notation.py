from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.policy.settings import BadValue
from simulator.products.exchange_notation import recipient
from simulator.products.exchange_server.notation import (
    EVERYBODY,
    UNLIMITED,
    address_space,
    binding,
    capability,
    certificate_name,
    name_or_address,
    remote_range,
    size,
    span,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("contoso.com", "SMTP:contoso.com;1"),
        ("SMTP:contoso.com;1", "SMTP:contoso.com;1"),
        ("smtp:Contoso.com", "SMTP:contoso.com;1"),
        ("contoso.com;20", "SMTP:contoso.com;20"),
        ("*", "SMTP:*;1"),
        ("SMTP:*;100", "SMTP:*;100"),
        ("*.com", "SMTP:*.com;1"),
        ("*.contoso.com", "SMTP:*.contoso.com;1"),
        ("--", "SMTP:--;1"),
        ("X400:o=MySite;3", "X400:o=MySite;3"),
    ],
)
def test_an_address_space_is_type_space_and_cost(written: str, expected: str) -> None:
    assert expected == str(address_space(written))


@pytest.mark.parametrize(
    ("read", "written", "says"),
    [
        (address_space, "*contoso.com", "*contoso.com is not a valid SMTP address space"),
        (address_space, "mail.*.com", "mail.*.com is not a valid SMTP address space"),
        (address_space, "contoso.com;0", "the cost of contoso.com;0 is not from 1 to 100"),
        (address_space, "contoso.com;101", "the cost of contoso.com;101 is not from 1 to 100"),
        (address_space, "", "nothing is not a domain"),
        (remote_range, "192.0.2.9-192.0.2.1", "192.0.2.9-192.0.2.1 is not an IP address, range or network"),
        (remote_range, "office", "office is not an IP address, range or network"),
        (binding, "0.0.0.0", "0.0.0.0 is not an address with a port"),
        (binding, "0.0.0.0:0", "0.0.0.0:0 is not an address with a port"),
        (size, "large", "large is not a size"),
        (span, "soon", "soon is not a span of time"),
        (certificate_name, "CN=mail.contoso.com", "CN=mail.contoso.com does not name issuer and subject"),
        (capability, "mail.protection.outlook.com", "mail.protection.outlook.com is not a domain with its capabilities"),
        (capability, "a.example:Everything", "a.example:Everything is not a domain with its capabilities"),
        (name_or_address, "192.0.2", "192.0.2 is not a host"),
        (recipient, "john", "'john' is not a mail address"),
    ],
)  # fmt: skip
def test_what_the_cmdlet_would_not_take_is_refused(read: Callable[[str], object], written: str, says: str) -> None:
    with pytest.raises(BadValue) as refused:
        read(written)
    assert says == refused.value.says
    assert refused.value.fix


def test_a_space_with_a_star_covers_the_domain_itself_and_what_is_below() -> None:
    space = address_space("*.contoso.com")
    assert [True, True, True, False, False] == [
        space.covers(d) for d in ("contoso.com", "mail.contoso.com", "a.b.contoso.com", "xcontoso.com", "com")
    ]


def test_other_types_and_the_edges_own_space_cover_no_domain_by_name() -> None:
    assert not address_space("X400:o=MySite").covers("contoso.com")
    assert not address_space("--").covers("contoso.com")


def test_spaces_sort_from_exact_to_everything() -> None:
    written = ["*", "*.com", "contoso.com", "--", "*.contoso.com"]
    expected = ["contoso.com", "*.contoso.com", "*.com", "--", "*"]
    assert expected == [s.pattern for s in sorted(map(address_space, written), key=lambda s: s.exactness)]


@pytest.mark.parametrize(
    ("written", "inside", "outside", "width"),
    [
        ("192.0.2.10", "192.0.2.10", "192.0.2.11", 1),
        ("192.0.2.1-192.0.2.9", "192.0.2.9", "192.0.2.10", 9),
        ("192.0.2.7/24", "192.0.2.255", "192.0.3.0", 256),
        ("2001:db8::/32", "2001:db8::25", "192.0.2.1", 2**96),
        ("0.0.0.0", "203.0.113.9", "2001:db8::1", 2**32),
    ],
)
def test_a_remote_range_is_an_address_a_range_or_a_network(written: str, inside: str, outside: str, width: int) -> None:
    found = remote_range(written)
    assert (True, False, width) == (inside in found, outside in found, found.width)


def test_everybody_is_in_the_ranges_of_a_default_connector() -> None:
    assert [True, True] == [any(ip in r for r in EVERYBODY) for ip in ("203.0.113.9", "2001:db8::1")]


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_within_and_meets_say_what_the_addresses_say(a: int, b: int, c: int) -> None:
    low, mid, high = (str(IPv4Address(n)) for n in sorted((a, b, c)))
    whole, part = remote_range(f"{low}-{high}"), remote_range(f"{low}-{mid}")
    assert part.within(whole)
    assert part.meets(whole)
    assert whole.within(part) == (mid == high)
    assert mid in whole
    assert mid in part


@pytest.mark.parametrize(
    ("written", "expected"),
    [("25MB", 26214400), ("36 MB", 37748736), ("1.5 KB", 1536), ("1048576", 1048576), ("64 KB (65,536 bytes)", 65536),
     ("unlimited", UNLIMITED), ("Unlimited", UNLIMITED)],
)  # fmt: skip
def test_sizes_have_units(written: str, expected: int) -> None:
    assert expected == size(written)


@pytest.mark.parametrize(
    ("written", "expected"), [("2.00:00:00", 48), ("12:00:00", 12), ("48h", 48), ("2d", 48), ("90m", 1.5)]
)
def test_spans_are_written_as_powershell_does_or_short(written: str, expected: float) -> None:
    assert timedelta(hours=expected) == span(written)


@pytest.mark.parametrize(
    "written",
    [
        "<I>CN=lab-public-ca<S>CN=mail.contoso.com",
        "<i>CN=lab-public-ca, O=Lab<s>CN=mail.contoso.com, O=Contoso, C=US",
        "<I>lab-public-ca<S>mail.contoso.com",
    ],
)
def test_a_certificate_is_named_by_issuer_and_subject(written: str) -> None:
    name = certificate_name(written)
    assert name.fits("mail.contoso.com", "lab-public-ca")
    assert name.fits("Mail.Contoso.com", "LAB-public-ca")
    assert not name.fits("mail.contoso.com", "other-ca")
    assert not name.fits("other.contoso.com", "lab-public-ca")


def test_capabilities_belong_to_a_domain() -> None:
    hybrid, older = (
        capability("mail.protection.outlook.com:AcceptCloudServicesMail"),
        capability("*.d.example:AcceptOorgProtocol"),
    )
    assert ("mail.protection.outlook.com", True) == (hybrid.domain, hybrid.cloud)
    assert ("*.d.example", False) == (older.domain, older.cloud)


@pytest.mark.parametrize(("written", "expected"), [("0.0.0.0:25", 25), ("[::]:587", 587), ("10.10.1.1:2525", 2525)])
def test_of_a_binding_the_port_counts(written: str, expected: int) -> None:
    assert expected == binding(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Mail.Contoso.com", "mail.contoso.com"),
        ("192.0.2.7", "192.0.2.7"),
        ("[192.0.2.7]", "192.0.2.7"),
        ("2001:DB8::7", "2001:db8::7"),
    ],
)
def test_a_smart_host_is_a_name_or_an_address(written: str, expected: str) -> None:
    assert expected == name_or_address(written)
