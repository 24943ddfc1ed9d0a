"""The macro language of SPF: RFC 7208 7."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.address import Address
from simulator.policy.spf import check
from simulator.policy.spf_macro import (
    expand,
    is_domain_spec,
    is_explanation,
    is_macro_string,
    is_name,
    letters,
    name_of,
)
from simulator.zone import Zone
from tests.answering import answered
from tests.policy.builders import MONDAY

# The sender, client and host of the examples in RFC 7208 7.4.
_FACTS = {
    "s": "strong-bad@email.example.com", "l": "strong-bad", "o": "email.example.com", "d": "email.example.com",
    "i": "192.0.2.3", "p": "mx.example.org", "v": "in-addr", "h": "mail.example.com", "c": "192.0.2.3",
    "r": "a.example", "t": "1772442000",
}  # fmt: skip
_NIBBLES = "2.0.0.1.0.D.B.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.C.B.0.1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%{s}", "strong-bad@email.example.com"),
        ("%{o}", "email.example.com"),
        ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d3}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{d1}", "com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}", "strong-bad"),
        ("%{l-}", "strong.bad"),
        ("%{lr}", "strong-bad"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}", "strong"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
    ],
)
def test_the_examples_of_the_rfc_expand_as_it_says(text: str, expected: str) -> None:
    assert expected == expand(text, _FACTS)


def test_an_ipv6_address_expands_to_its_nibbles() -> None:
    expected = ".".join(reversed(_NIBBLES.split("."))) + ".ip6._spf.example.com"
    assert expected == expand("%{ir}.%{v}._spf.%{d2}", {**_FACTS, "i": _NIBBLES, "v": "ip6"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100%%%_off%-now", "100% off%20now"),
        ("%{S}", "strong-bad%40email.example.com"),
        ("%{Lr-}", "bad.strong"),
        ("%{dR}", "com.example.email"),
        ("%{s-@}", "%{s-@}"),
        ("%{s.-}", "strong.bad@email.example.com"),
        ("%{d-}", "email.example.com"),
        ("%{d0002}", "example.com"),
        ("%{d99999999999999999999}", "email.example.com"),
        ("%{d" + "9" * 5000 + "}", "email.example.com"),
        ("%%{d}", "%{d}"),
    ],
)
def test_corners_of_the_language(text: str, expected: str) -> None:
    assert expected == expand(text, _FACTS)


def test_parts_are_joined_with_dots_and_empty_ones_stay() -> None:
    assert ["a..b", "b..a", ".b"] == [expand(text, {"l": "a--b"}) for text in ("%{l-}", "%{lr-}", "%{l2-}")]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("example.com", True),
        ("example.com.", True),
        ("%{d}", True),
        ("%{ir}.%{v}._spf.%{d2}", True),
        ("a:b/c.example", True),
        (".com", True),  # its empty label shows only when it is asked for
        ("x.xn--zckzah", True),
        ("x.1-2", True),
        ("%%.example", True),
        ("x%_", True),
        ("com", False),
        ("com.", False),
        ("", False),
        ("%{d}x", False),
        ("a.123", False),
        ("a.-b", False),
        ("a.b-", False),
        ("a.b..", False),
        ("a b.example", False),
        ("ä.example", False),
        ("%{d0}.example", False),
        ("%{x}.example", False),
        ("%{ſ}.example", False),
        ("%{c}.example", False),
        ("%{d.example", False),
        ("%{d!}.example", False),
        ("100%.example", False),
    ],
)
def test_a_domain_spec_ends_in_a_macro_or_a_top_label(spec: str, expected: bool) -> None:
    assert expected == is_domain_spec(spec)


def test_only_explanations_may_hold_blanks_and_the_letters_c_r_t() -> None:
    text = "%{c} refused by %{r} at %{t}"
    assert (True, False) == (is_explanation(text), is_macro_string(text))
    assert ["c", "r", "t"] == sorted(letters(text))
    assert [False, False, False] == [is_explanation(bad) for bad in ("%{x}", "line\nbreak", "schön")]


def test_a_name_that_is_too_long_loses_its_first_labels() -> None:
    long = ".".join(["label"] * 60) + ".example.com"
    shortened = name_of(long)
    assert len(shortened) <= 253 < len("label." + shortened)
    assert long.endswith(shortened)


def test_a_name_is_asked_for_in_lower_case_and_without_final_dot() -> None:
    assert "mail.example.com" == name_of("Mail.Example.COM.")


@pytest.mark.parametrize("name", ["", ".", "a..b", ".com", "x" * 64 + ".example", "a\x00b.example"])
def test_names_that_cannot_be_asked_for(name: str) -> None:
    assert not is_name(name)


_MACROS = st.from_regex(r"%\{[slodihvSLODIHV][1-9]?[rR]?[-.+,/_=]{0,2}\}", fullmatch=True)
_TEXT = st.lists(_MACROS | st.sampled_from([".", "a", "-", "x.y", "%%", "%_", "%-"])).map("".join)


@given(_TEXT)
def test_what_the_grammar_allows_expands_without_a_macro_left(text: str) -> None:
    assert is_macro_string(text)
    assert not re.search(r"%\{", expand(text.replace("%%", ""), _FACTS))


@given(st.text(alphabet="%{}sldipx019rR-._ "))
def test_any_text_can_be_judged(text: str) -> None:
    if is_domain_spec(text):
        assert is_macro_string(text)
    if is_macro_string(text):
        assert is_explanation(text)
        expand(text, _FACTS)


# RFC 8616 4: no name can be made of a local part beyond ASCII


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 exists:%{l}.users.example +all", "pass"),
        ("v=spf1 -exists:%{L}.users.example +all", "pass"),
        ("v=spf1 include:%{s}.users.example +all", "pass"),
        ("v=spf1 redirect=%{l}.users.example", "permerror"),
        ("v=spf1 exists:%{o}.users.example -all", "pass"),
    ],
)
def test_a_local_part_beyond_ascii_makes_its_term_match_nothing(record: str, expected: str) -> None:
    zone = Zone.of([("d.example", "TXT", record), ("*.users.example", "A", "127.0.0.2")])
    assert (
        expected == answered(check("192.0.2.1", Address("jürgen", "d.example"), "h.example", now=MONDAY), zone).result
    )
