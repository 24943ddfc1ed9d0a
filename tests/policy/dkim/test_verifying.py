"""Verdicts on signatures: every way in which one can be no good has a reason of its own."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulator.keyring import KEYRING
from simulator.mail.message import Message
from simulator.policy import dkim
from simulator.zone import Zone
from tests.policy.builders import answer
from tests.policy.dkim.builders import FORMS, KEY, KEY_NAME, NOW, a_message, crafted, outcome, signed, verified

PUBLIC = KEYRING.public("contoso.com")


def other_key(bits: int = 2048) -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def replaced(message: Message, old: str, new: str) -> Message:
    assert old.encode() in message.content
    return Message.parse(message.content.replace(old.encode(), new.encode(), 1))


@pytest.mark.parametrize("forms", FORMS)
def test_a_signature_that_was_not_touched_is_good(forms: tuple[str, str]) -> None:
    (found,) = verified(signed(forms=forms))
    assert ("pass", "good", "contoso.com", "s1", "@contoso.com") == (
        found.result, found.reason, found.domain, found.selector, found.identity,
    )  # fmt: skip
    assert 8 == len(found.header_b)


def test_a_message_without_signature_asks_nothing() -> None:
    assert ((), []) == answer(dkim.verify(a_message(), KEYRING, NOW), Zone())


def test_the_key_of_one_selector_is_asked_for_once() -> None:
    zone = Zone.of([(KEY_NAME, "TXT", "dkim-key:contoso.com")]).with_keys(KEYRING)
    found, asked = answer(dkim.verify(signed(signed()), KEYRING, NOW), zone)
    assert ["pass", "pass"] == [one.result for one in found]
    assert [f"{KEY_NAME} TXT"] == asked


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Hello.", "Hallo.", ("fail", "body-hash")),
        ("Hello.\r\n", "Hello.\r\nPay here.\r\n", ("fail", "body-hash")),
        ("Quarter", "Quarterly", ("fail", "signature")),
        ("\nSubject:", "\nSubjects:", ("fail", "signature")),
        ("t=1768467600", "t=1768467601", ("fail", "signature")),
        (
            "From: Bob",
            "From: eve@evil.example\r\nFrom: Bob",
            ("pass", "good"),
        ),  # h= lists one From, and that is the lowest
        ("Hello.\r\n", "Hello.  \r\n\r\n\r\n", ("pass", "good")),
        ("Quarter  figures", "Quarter\r\n figures", ("pass", "good")),
        ("\nSubject:", "\nSUBJECT:", ("pass", "good")),
        ("h=From:Subject", "h=From:SUBJECT", ("fail", "signature")),
        ("To: sun", "X-New: x\r\nTo: sun", ("pass", "good")),
    ],
)
def test_what_was_changed_on_the_way_is_found(old: str, new: str, expected: tuple[str, str]) -> None:
    assert expected == outcome(replaced(signed(), old, new))


def test_simple_forms_forgive_nothing() -> None:
    made = signed(forms=("simple", "simple"))
    assert ("fail", "body-hash") == outcome(replaced(made, "Hello.", "Hello. "))
    assert ("fail", "signature") == outcome(replaced(made, "Quarter  figures", "Quarter figures"))


@pytest.mark.parametrize("added", ["From: eve@evil.example", "Subject: Pay here", "Reply-To: eve@evil.example"])
def test_a_field_that_is_signed_once_more_than_it_is_there_cannot_be_added(added: str) -> None:
    guarded = signed(fields=["From", "From", "Subject", "Subject", "Reply-To"])
    assert ("pass", "good") == outcome(guarded)
    assert ("fail", "signature") == outcome(replaced(guarded, "From: Bob", f"{added}\r\nFrom: Bob"))


def test_fields_that_are_there_several_times_are_signed_from_the_bottom() -> None:
    made = signed(a_message(more="X-Note: one\r\nX-Note: two\r\n"), fields=["From", "X-Note"])
    assert ("pass", "good") == outcome(replaced(made, "X-Note: one", "X-Note: 1"))
    assert ("fail", "signature") == outcome(replaced(made, "X-Note: two", "X-Note: 2"))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, ("pass", "good")),
        ({"v": None}, ("neutral", "tag-missing")),
        ({"a": None}, ("neutral", "tag-missing")),
        ({"d": None}, ("neutral", "tag-missing")),
        ({"s": None}, ("neutral", "tag-missing")),
        ({"h": None}, ("neutral", "tag-missing")),
        ({"bh": None}, ("neutral", "tag-missing")),
        ({"bh": ""}, ("neutral", "tag-missing")),
        ({"v": "2"}, ("neutral", "version")),
        ({"a": "rsa-sha1"}, ("permerror", "algorithm-historic")),
        ({"a": "rsa-md5"}, ("neutral", "algorithm")),
        ({"a": "ed25519-sha256"}, ("permerror", "key-type")),
        ({"c": "nowsp"}, ("neutral", "canonicalization")),
        ({"c": "relaxed/nowsp"}, ("neutral", "canonicalization")),
        ({"c": "relaxed"}, ("pass", "good")),
        ({"c": None}, ("pass", "good")),
        ({"h": "to:subject"}, ("neutral", "from-unsigned")),
        ({"h": "to : From : subject"}, ("pass", "good")),
        ({"q": "dns/txt"}, ("pass", "good")),
        ({"q": "http : dns/txt"}, ("pass", "good")),
        ({"q": "http"}, ("neutral", "query-method")),
        ({"d": "-contoso.com"}, ("neutral", "domain")),
        ({"s": "a b"}, ("neutral", "domain")),
        ({"i": "@contoso.com"}, ("pass", "good")),
        ({"i": "bob=40home@mail.Contoso.com"}, ("pass", "good")),
        ({"i": "bob@contoso.com.evil.example"}, ("neutral", "identity")),
        ({"i": "bob@notcontoso.com"}, ("neutral", "identity")),
        ({"i": "contoso.com"}, ("neutral", "identity")),
        ({"bh": "=="}, ("neutral", "base64")),
        ({"bh": "QUJD"}, ("fail", "body-hash")),
        ({"l": "8"}, ("pass", "good")),
        ({"l": "5"}, ("pass", "partly-signed")),
        ({"l": "0"}, ("pass", "partly-signed")),
        ({"l": "9"}, ("fail", "body-too-short")),
        ({"l": "-1"}, ("neutral", "number")),
        ({"l": "1" * 77}, ("neutral", "number")),
        ({"t": "soon"}, ("neutral", "number")),
        ({"x": "1768467600"}, ("pass", "good")),
        ({"x": "1768467599"}, ("policy", "expired")),
        ({"t": "1768467900"}, ("pass", "good")),
        ({"t": "1768467901"}, ("policy", "from-the-future")),
        ({"t": "1768467000", "x": "1768467000"}, ("neutral", "expires-before")),
        ({"z": "From:whatever", "unknown": "x"}, ("pass", "good")),
    ],
)  # fmt: skip
def test_each_tag_that_is_wrong_has_its_reason(tags: dict[str, str | None], expected: tuple[str, str]) -> None:
    assert expected == outcome(crafted(a_message(), **tags))


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("v=1; a=rsa-sha256; what", "syntax"),
        ("v=1; =x", "syntax"),
        ("v=1; a=rsa-sha256; a=rsa-sha256", "duplicate-tag"),
        ("", "tag-missing"),
        ("v=1;;a=x", "syntax"),
    ],
)
def test_a_field_that_is_no_tag_list_is_neutral(field: str, reason: str) -> None:
    assert ("neutral", reason) == outcome(a_message(more=f"DKIM-Signature: {field}\r\n"))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (f"v=DKIM1; k=rsa; p={PUBLIC}", ("pass", "good")),
        (f"p={PUBLIC}", ("pass", "good")),
        (
            f"v=DKIM1; h=sha1 : sha256; s=email; t=y:s; n=hello; p={PUBLIC[:100]} {PUBLIC[100:]}; future=x",
            ("pass", "good"),
        ),
        (f"v=DKIM1; s=*; p={PUBLIC};", ("pass", "good")),
        (f"v=DKIM1; p={other_key()}", ("fail", "signature")),
        ("v=DKIM1; p=", ("permerror", "key-revoked")),
        ("v=DKIM1; k=rsa", ("permerror", "key-missing")),
        (f"v=DKIM2; p={PUBLIC}", ("permerror", "key-version")),
        (f"k=rsa; v=DKIM1; p={PUBLIC}", ("permerror", "key-version")),
        (f"v=DKIM1; k=ed25519; p={PUBLIC}", ("permerror", "key-type")),
        (f"v=DKIM1; k=dsa; p={PUBLIC}", ("permerror", "key-type")),
        (f"v=DKIM1; h=sha1; p={PUBLIC}", ("permerror", "key-hash")),
        (f"v=DKIM1; s=tlsrpt; p={PUBLIC}", ("permerror", "key-service")),
        ("v=DKIM1; p=QUJD", ("permerror", "key-unreadable")),
        ("v=DKIM1; p=***", ("permerror", "key-unreadable")),
        ("hello", ("permerror", "syntax")),
        (f"v=DKIM1; p={PUBLIC}; p={PUBLIC}", ("permerror", "duplicate-tag")),
    ],
)
def test_each_key_record_that_does_not_fit_has_its_reason(record: str, expected: tuple[str, str]) -> None:
    assert expected == outcome(signed(), {KEY_NAME: record})


def test_a_key_for_the_domain_itself_is_not_for_names_below_it() -> None:
    record = {KEY_NAME: f"v=DKIM1; t=s; p={PUBLIC}"}
    assert ("pass", "good") == outcome(crafted(i="bob@contoso.com"), record)
    assert ("permerror", "key-identity") == outcome(crafted(i="bob@mail.contoso.com"), record)


def test_a_key_that_is_being_tested_is_told() -> None:
    record = {KEY_NAME: f"v=DKIM1; t=y; p={PUBLIC}"}
    assert [True, True] == [verified(m, record)[0].testing for m in (signed(), replaced(signed(), "Hello", "Hallo"))]
    assert not verified(signed())[0].testing


def test_a_key_that_is_too_short_does_not_count() -> None:
    short = rsa.RSAPublicNumbers(65537, (1 << 767) + 9).public_key()
    der = short.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert ("permerror", "key-too-short") == outcome(signed(), {KEY_NAME: f"p={base64.b64encode(der).decode()}"})


def test_of_several_records_the_one_that_can_be_used_counts() -> None:
    records = [(KEY_NAME, "TXT", text) for text in ("v=spf1 -all", "v=DKIM1; p=", "dkim-key:contoso.com")]
    (found,), _ = answer(dkim.verify(signed(), KEYRING, NOW), Zone.of(records).with_keys(KEYRING))
    assert "pass" == found.result
    (found,), _ = answer(dkim.verify(signed(), KEYRING, NOW), Zone.of(records[1::-1]))
    assert ("permerror", "key-revoked") == (found.result, found.reason)


@pytest.mark.parametrize(
    ("records", "failing", "expected"),
    [
        ({}, "", ("permerror", "no-key")),
        ({f"x.{KEY_NAME}": "x"}, "", ("permerror", "no-key")),
        (KEY, "servfail", ("temperror", "key-unavailable")),
        (KEY, "timeout", ("temperror", "key-unavailable")),
    ],
)
def test_no_key_is_one_thing_and_no_answer_another(
    records: dict[str, str], failing: str, expected: tuple[str, str]
) -> None:
    assert expected == outcome(signed(), records, failing=failing)


def test_the_key_may_be_published_somewhere_else() -> None:
    there = "selector1-contoso-com._domainkey.contoso.onmicrosoft.com"
    zone = Zone.of([(KEY_NAME, "CNAME", there), (there, "TXT", "dkim-key:contoso.com")]).with_keys(KEYRING)
    (found,), _ = answer(dkim.verify(signed(), KEYRING, NOW), zone)
    assert "pass" == found.result


def test_every_signature_is_judged_by_itself() -> None:
    message = replaced(signed(signed(crafted(d="fabrikam.com")), now=NOW + timedelta(days=1)), "Quarter", "QUARTER")
    assert [("policy", "contoso.com"), ("fail", "contoso.com"), ("permerror", "fabrikam.com")] == [
        (one.result, one.domain) for one in verified(message)
    ]
