from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.address import (
    Address,
    AddressError,
    covers,
    domain_of,
    parse_domain,
    parse_sender,
    sender_text,
)

_ATOM = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789!#$%&'*+-/=?^_`{|}~é", min_size=1, max_size=20)
_LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
_DOMAIN = st.lists(_LABEL, min_size=1, max_size=4).map(".".join)


@given(local=_ATOM, domain=_DOMAIN)
def test_an_address_survives_print_and_parse(local: str, domain: str) -> None:
    address = Address.parse(f"{local}@{domain}")
    assert (local, domain) == (address.local, address.domain)
    assert address == Address.parse(str(address))


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_an_address_error(text: str) -> None:
    try:
        address = Address.parse(text)
    except AddressError:
        return
    assert address == Address.parse(str(address))
    assert "\r" not in address.domain
    assert "\n" not in address.domain


@given(st.text(max_size=60))
def test_parsing_a_domain_twice_changes_nothing(text: str) -> None:
    try:
        domain = parse_domain(text)
    except AddressError:
        return
    assert domain == parse_domain(domain)


def test_case_counts_neither_in_the_local_part_nor_in_the_domain() -> None:
    assert Address.parse("Bob@Contoso.COM.") == Address.parse("bob@contoso.com")
    assert len({Address.parse("Bob@contoso.com"), Address.parse("BOB@CONTOSO.COM")}) == 1
    assert "Bob@contoso.com" == str(Address.parse("Bob@CONTOSO.com"))


@pytest.mark.parametrize("text", ['"a b"@contoso.com', '"a@b"@contoso.com', "bob@[192.0.2.1]", "bob@[IPv6:2001:db8::1]",
                                  "jürgen@bücher.example", "a.b+c@x.example"])  # fmt: skip
def test_unusual_addresses_are_addresses(text: str) -> None:
    assert text.lower() == str(Address.parse(text)).lower()


@pytest.mark.parametrize("text", ["", "bob", "@contoso.com", "bob@", "b ob@contoso.com", "bob@con toso.com", "bob@a..b",
                                  "bob@-a.example", "<bob@contoso.com>", "bob@[]", "bob@[1.2.3.4]\r\nRCPT TO:<x@y.example>",
                                  "bob@[a\r\nb]", f"{'x' * 300}@contoso.com", '"a\tb"@contoso.com', '"a\\\x00"@contoso.com'])  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError, match="is not a"):
        Address.parse(text)


@pytest.mark.parametrize(
    "text", ["", ".", "a..b", "a b", f"{'x' * 64}.example", ".".join(["abcdefgh"] * 32), "a-.example"]
)
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_domain(text)


def test_service_labels_may_begin_with_an_underscore() -> None:
    assert "_dmarc.contoso.com" == parse_domain("_DMARC.contoso.com.")


@pytest.mark.parametrize("text", ["", "<>", " <> "])
def test_the_null_sender_is_none(text: str) -> None:
    assert parse_sender(text) is None


def test_senders_are_told_with_and_without_brackets() -> None:
    bob = parse_sender("<bob@contoso.com>")
    assert bob == parse_sender("bob@contoso.com")
    assert ("bob@contoso.com", "<>") == (sender_text(bob), sender_text(None))
    assert ("contoso.com", None) == (domain_of(bob), domain_of(None))


@pytest.mark.parametrize(
    ("pattern", "domain", "expected"),
    [
        ("*", "anything.example", True),
        ("contoso.com", "contoso.com", True),
        ("Contoso.com", "contoso.com", True),
        ("contoso.com", "mail.contoso.com", False),
        ("*.contoso.com", "mail.contoso.com", True),
        ("*.contoso.com", "a.b.contoso.com", True),
        ("*.contoso.com", "contoso.com", True),
        ("*.contoso.com", "evilcontoso.com", False),
    ],
)
def test_domain_patterns(pattern: str, domain: str, expected: bool) -> None:
    assert expected is covers(pattern, domain)


def test_a_pattern_may_leave_its_apex_out() -> None:
    assert not covers("*.contoso.com", "contoso.com", apex=False)
