from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.address import Address
from simulator.mail.envelope import Parameters
from simulator.mail.notify import (
    handed_down,
    is_envid,
    is_notify,
    is_orcpt,
    is_wanted,
    orcpt_of,
    original_recipient,
    unxtext,
    xtext,
)

ALL, BOB, SUN = map(Address.parse, ("all@contoso.com", "bob@contoso.com", "sun@customer.example"))
printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=33)


@given(printable)
def test_xtext_says_what_was_meant_and_fits_a_parameter(text: str) -> None:
    assert text == unxtext(xtext(text))
    assert is_envid(xtext(text))
    assert " " not in xtext(text)
    assert "=" not in xtext(text)


@given(st.text())
def test_what_is_no_xtext_never_brings_a_control_character(text: str) -> None:
    assert unxtext(text).isprintable()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("order+207", "order 7"), ("a+2Bb+3D", "a+b="), ("a+2bb", "a+2bb"), ("a+", "a+"), ("+0D+0AX:", "??X:"), ("", "")],
)
def test_xtext_is_read_as_it_is_written(text: str, expected: str) -> None:
    assert expected == unxtext(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("QQ314159", True),
        ("a" * 100, True),
        ("a" * 101, False),
        ("", False),
        ("a=b", False),
        ("a+b", False),
        ("a+2bb", False),  # hexadecimal digits are upper case
        ("a+0D+0Ab", False),  # a line end in a report's field
        ("a+7F", False),
        ("a+FFb", False),
        ("ü", False),
    ],
)
def test_an_envelope_id_is_printable_and_short(text: str, expected: bool) -> None:
    assert expected is is_envid(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rfc822;bob@contoso.com", True),
        ("RFC822;bob+2Bx@contoso.com", True),
        ("x400;/C=US", False),  # `=` is written +3D
        ("x400;/C+3DUS", True),
        ("utf-8;b\\x{F6}b@contoso.com", True),
        ("utf-8;böb@contoso.com", True),
        ("utf-8;b\\x{F6}b+20x", True),
        ("utf-8;", False),
        ("rfc822;böb@contoso.com", False),
        ("rfc822;", False),
        (";bob@contoso.com", False),
        ("bob@contoso.com", False),
        ("rfc 822;bob@contoso.com", False),
        ("rfc822;bob+0A@contoso.com", False),
        ("utf-8;bob\n@contoso.com", False),
        ("rfc822;" + "a" * 493, True),
        ("rfc822;" + "a" * 494, False),
    ],
)
def test_an_original_recipient_has_a_type_and_xtext(text: str, expected: bool) -> None:
    assert expected is is_orcpt(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NEVER", True), ("never", True), ("SUCCESS", True), ("failure,Delay,SUCCESS", True), ("NEVER,SUCCESS", False),
        ("SUCCESS,NEVER", False), ("", False), ("SUCCESS,", False), ("SUCCESS, DELAY", False), ("ALWAYS", False),
    ],
)  # fmt: skip
def test_never_stands_alone(text: str, expected: bool) -> None:
    assert expected is is_notify(text)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {"FAILURE", "DELAY"}),
        ({"NOTIFY": "NEVER"}, set()),
        ({"NOTIFY": "success"}, {"SUCCESS"}),
        ({"NOTIFY": "SUCCESS,FAILURE,DELAY"}, {"SUCCESS", "FAILURE", "DELAY"}),
        ({"ORCPT": "rfc822;x@y.z"}, {"FAILURE", "DELAY"}),
    ],
)
def test_who_asks_nothing_hears_of_failure_and_delay(asked: Parameters, expected: set[str]) -> None:
    assert expected == {about for about in ("SUCCESS", "FAILURE", "DELAY") if is_wanted(asked, about)}


@pytest.mark.parametrize(
    ("address", "orcpt", "field"),
    [
        ("bob@contoso.com", "rfc822;bob@contoso.com", "rfc822;bob@contoso.com"),
        ("b+x=y@contoso.com", "rfc822;b+2Bx+3Dy@contoso.com", "rfc822;b+x=y@contoso.com"),
        ("böb@contoso.com", "utf-8;b\\x{F6}b@contoso.com", "utf-8;böb@contoso.com"),
    ],
)
def test_an_address_goes_through_orcpt_unharmed(address: str, orcpt: str, field: str) -> None:
    assert orcpt == orcpt_of(Address.parse(address))
    assert is_orcpt(orcpt)
    assert field == original_recipient(orcpt)


def test_an_original_recipient_of_another_kind_stays_what_it_is() -> None:
    assert "x400;/C=US" == original_recipient("x400;/C+3DUS")
    assert "utf-8;?" == original_recipient("utf-8;\\x{D800}")


ASKED: Parameters = {"NOTIFY": "SUCCESS,FAILURE"}
NAMED = "rfc822;all@contoso.com"


@pytest.mark.parametrize(
    ("what", "asked", "expected"),
    [
        ("all", ASKED, {"NOTIFY": "SUCCESS,FAILURE", "ORCPT": NAMED}),
        ("all", {"NOTIFY": "NEVER", "ORCPT": "rfc822;x@y.z"}, {"NOTIFY": "NEVER", "ORCPT": "rfc822;x@y.z"}),
        ("less", ASKED, {"NOTIFY": "FAILURE", "ORCPT": NAMED}),
        ("less", {"NOTIFY": "SUCCESS"}, {"NOTIFY": "NEVER", "ORCPT": NAMED}),
        ("less", {"ORCPT": "rfc822;x@y.z"}, {"ORCPT": "rfc822;x@y.z"}),
        ("nothing", {"NOTIFY": "NEVER"}, None),
    ],
)
def test_what_the_addresses_in_a_recipients_place_inherit(
    what: str, asked: Parameters, expected: Parameters | None
) -> None:
    told = handed_down({ALL: asked, SUN: {"NOTIFY": "DELAY"}}, ALL, (BOB,), what)
    assert (expected, {"NOTIFY": "DELAY"}) == (told.get(BOB), told[SUN])


def test_the_recipients_own_copy_keeps_what_was_asked() -> None:
    assert ASKED == handed_down({BOB: ASKED}, BOB, (BOB, SUN), "less")[BOB]
