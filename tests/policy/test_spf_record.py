"""SPF records as text: RFC 7208 4.5, 4.6.1 and 12."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.policy.spf_record import Record, RecordError, Term, is_spf, parse_record


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v=spf1", True),
        ("v=spf1 ", True),
        ("V=SPF1 -all", True),
        ("v=spf10 -all", False),
        ("v=spf1-all", False),
        ("v=spf1\t-all", False),
        (" v=spf1 -all", False),
        ("spf2.0/pra -all", False),
        ("", False),
    ],
)
def test_a_record_begins_with_its_version_and_a_blank(text: str, expected: bool) -> None:
    assert expected == is_spf(text)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("all", Term("all", "pass", "all")),
        ("-ALL", Term("-ALL", "fail", "all")),
        ("?include:a.example", Term("?include:a.example", "neutral", "include", "a.example")),
        ("~a", Term("~a", "softfail", "a")),
        ("a/24", Term("a/24", "pass", "a", prefix4=24)),
        ("a//64", Term("a//64", "pass", "a", prefix6=64)),
        ("mx:b.example/0//0", Term("mx:b.example/0//0", "pass", "mx", "b.example", prefix4=0, prefix6=0)),
        ("a:%{d}/24//64", Term("a:%{d}/24//64", "pass", "a", "%{d}", prefix4=24, prefix6=64)),
        ("a:x/9.example", Term("a:x/9.example", "pass", "a", "x/9.example")),
        ("ptr", Term("ptr", "pass", "ptr")),
        ("+Exists:%{i}.x.example", Term("+Exists:%{i}.x.example", "pass", "exists", "%{i}.x.example")),
        ("ip4:192.0.2.9/24", Term("ip4:192.0.2.9/24", "pass", "ip4", network=ip_network("192.0.2.0/24"))),
        ("ip6:2001:db8::/32", Term("ip6:2001:db8::/32", "pass", "ip6", network=ip_network("2001:db8::/32"))),
    ],
)
def test_directives_are_read(written: str, expected: Term) -> None:
    assert Record((expected,)) == parse_record(f"v=spf1 {written}")


def test_modifiers_may_stand_anywhere_and_unknown_ones_are_ignored() -> None:
    expected = Record((Term("-all", "fail", "all"),), "r.example", "e.example", ("x.y_z=%{d}", "ip4=192.0.2.1"))
    assert expected == parse_record("v=spf1 Redirect=r.example x.y_z=%{d}  -all EXP=e.example ip4=192.0.2.1 ")


@pytest.mark.parametrize(
    ("term", "says"),
    [
        ("moo", "moo is no SPF mechanism"),
        ("ipv4:192.0.2.1", "ipv4 is no SPF mechanism; ip4 is one"),
        ("192.0.2.1", "it is no SPF term"),
        ("all.", "it is no SPF term"),
        ("--all", "it is no SPF term"),
        ("=all", "it is no SPF term"),
        ("-redirect=a.example", "it is no SPF term"),
        ("-all:x.example", "all stands alone"),
        ("include", "include needs a name behind a colon"),
        ("include:", "the name is missing"),
        ("exists/24", "exists takes no /24"),
        ("ptr/24", "ptr takes no /24"),
        ("a:", "the name is missing"),
        ("a:192.0.2.1", "192.0.2.1 is no domain name; an address is written ip4:192.0.2.1"),
        ("a:localhost", "localhost is no full domain name"),
        ("a:%{x}.example", "it has a % that begins no macro allowed there"),
        ("a/33", "/33 is no prefix length from 0 to 32"),
        ("a/024", "/024 is no prefix length from 0 to 32"),
        ("mx//129", "/129 is no prefix length from 0 to 128"),
        ("a/24/64", "/64 is no prefix length from 0 to 32"),
        ("a/x", "a takes no /x"),
        ("ip4:", "ip4 needs an address behind a colon"),
        ("ip4/24", "ip4 needs an address behind a colon"),
        ("ip4:192.0.2", "192.0.2 is no IPv4 address"),
        ("ip4:192.0.2.01", "192.0.2.01 is no IPv4 address"),
        ("ip4:2001:db8::1", "2001:db8::1 is no IPv4 address"),
        ("ip4:192.0.2.1/", "/ is no prefix length from 0 to 32"),
        ("ip4:192.0.2.1//32", "//32 is no prefix length from 0 to 32"),
        ("ip4:192.0.2.1/" + "9" * 5000, "/" + "9" * 5000 + " is no prefix length from 0 to 32"),
        ("ip6:192.0.2.1", "192.0.2.1 is no IPv6 address"),
        ("ip6:fe80::1%1", "fe80::1%1 is no IPv6 address"),
        ("redirect:a.example", "redirect is a modifier and takes ="),
        ("redirect=", "the name is missing"),
        ("exp=-all", "-all is no full domain name"),
        ("x=%", "it has a % that begins no macro allowed there"),
        ("a:müller.example", "it holds a character that is not visible ASCII"),
        ("a\tmx", "it holds a character that is not visible ASCII"),
    ],
)
def test_mistakes_are_named(term: str, says: str) -> None:
    assert RecordError(term, says) == parse_record(f"v=spf1 ip4:192.0.2.0/24 {term} -all")


@pytest.mark.parametrize("name", ["redirect", "exp"])
def test_redirect_and_exp_stand_in_a_record_once(name: str) -> None:
    expected = RecordError(f"{name.upper()}=b.example", f"{name}= may stand in a record only once")
    assert expected == parse_record(f"v=spf1 {name}=a.example {name.upper()}=b.example")


def test_other_modifiers_may_be_repeated() -> None:
    assert Record((), ignored=("x=1", "x=2")) == parse_record("v=spf1 x=1 x=2")


def test_a_record_is_read_once() -> None:
    text = "v=spf1 ip4:192.0.2.77 -all"
    assert parse_record(text) is parse_record(text)


@given(st.text(alphabet="aimx4p:=/.-+~?%{d} 129\x00é\n", max_size=40))
def test_any_text_is_a_record_or_a_mistake_in_one_of_its_terms(text: str) -> None:
    read = parse_record(f"v=spf1 {text}")
    assert isinstance(read, Record) or read.term in text.split(" ")


@given(st.lists(st.sampled_from(["ip4:192.0.2.1", "a", "mx/24", "?ptr", "x=y", "-all", "exists:%{i}.example"])))
def test_every_term_is_kept_in_its_order(terms: list[str]) -> None:
    read = parse_record("v=spf1  " + "  ".join(terms))
    assert isinstance(read, Record)
    assert [t for t in terms if t != "x=y"] == [term.text for term in read.terms]
