"""DANE for SMTP: when TLSA records are asked for, which count, and what fits them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.mail.tls import Certificate, TlsFacts
from simulator.policy.attempt import Target
from simulator.policy.dane import TlsaSet, look_up
from simulator.policy.tls import Lookups, Verdict
from simulator.zone import Zone
from tests.policy.builders import MONDAY, a_certificate, answer, tls

HOST = "mx.customer.example"
SIGNED = Target(HOST, "198.51.100.7", 10, "customer.example", secure=True)
OWNER = f"_25._tcp.{HOST}"
OTHER = "00" * 32
RECORD = "3 1 1 cert:internet"


def zone(*records: str, signature: str = "signed") -> Zone:
    made = Zone.of([(OWNER, "TLSA", data) for data in records] or [(HOST, "A", "198.51.100.7")])
    return Zone(made.records, {}, {"customer.example": signature})


def shown(*associations: str, **changes: Any) -> Certificate:
    return a_certificate(**{"associations": frozenset(associations or ("cert:internet",)), **changes})


def verdict(record: str, certificate: Certificate | None = None, *, dates: bool = False) -> str:
    facts = TlsFacts("TLSv1.3", "", certificate or shown())
    return TlsaSet((HOST, "customer.example"), tuple(record.split("|")), dates).examine(facts, MONDAY)[0].reason


def test_no_tlsa_question_where_the_zone_is_not_signed() -> None:
    found, asked = answer(look_up(Target(HOST, "198.51.100.7"), 25, Lookups()), zone(RECORD))
    assert ([], True, "dane-not-signed") == (asked, found.ok, found.reason)


def test_the_records_of_a_signed_host_are_asked_for_at_its_port() -> None:
    found, asked = answer(
        look_up(SIGNED, 2525, Lookups()), Zone({(f"_2525._tcp.{HOST}", "TLSA"): (RECORD,)}, {}, {"example": "signed"})
    )
    assert [f"_2525._tcp.{HOST} TLSA"] == asked
    assert TlsaSet((HOST, "customer.example"), (RECORD,)) == found


@pytest.mark.parametrize(
    ("signature", "records", "required", "ok", "reason"),
    [
        ("signed", (), False, True, "dane-no-tlsa"),
        ("signed", (), True, False, "dane-no-tlsa"),
        ("unsigned", (RECORD,), False, True, "dane-no-tlsa"),
        ("bogus", (RECORD,), False, False, "dnssec-bogus"),
    ],
)
def test_what_records_count(signature: str, records: tuple[str, ...], required: bool, ok: bool, reason: str) -> None:
    found, _ = answer(look_up(SIGNED, 25, Lookups(dane_required=required)), zone(*records, signature=signature))
    assert (ok, reason) == (found.ok, found.reason)


def test_a_host_that_must_have_dane_and_is_not_signed_gets_no_mail() -> None:
    found, _ = answer(look_up(Target(HOST, "198.51.100.7"), 25, Lookups(dane_required=True)), zone())
    assert (False, "dane-not-signed") == (found.ok, found.reason)


@pytest.mark.parametrize("failure", ["servfail", "timeout"])
def test_a_host_whose_records_cannot_be_had_is_not_connected_to(failure: str) -> None:
    broken = Zone(zone(RECORD).records, {(OWNER, "TLSA"): failure}, {"customer.example": "signed"})
    found, _ = answer(look_up(SIGNED, 25, Lookups()), broken)
    assert (False, "tlsa-lookup") == (found.ok, found.reason)


PAST = {"not_after": MONDAY - timedelta(days=1)}
FUTURE = {"not_before": MONDAY + timedelta(days=1)}
MATCHES = [
    (RECORD, shown(), False, "dane"),
    (f"3 1 1 {OTHER}", shown(), False, "tlsa-mismatch"),
    (f"3 1 1 {OTHER}", shown(f"1 1 {OTHER}"), False, "dane"),
    (f"3 0 1 {OTHER}", shown(f"1 1 {OTHER}"), False, "tlsa-mismatch"),
    (f"3 1 1 {OTHER}|{RECORD}", shown(), False, "dane"),
    # RFC 7672 3.1.1: neither name nor chain nor dates count for DANE-EE
    (RECORD, shown(subject="other.example", names=(), flaw="self-signed", anchor=""), False, "dane"),
    (RECORD, shown(**PAST), False, "dane"),
    (RECORD, shown(**PAST), True, "dane-expired"),
    (RECORD, shown(**FUTURE), True, "dane-not-yet-valid"),
    # 3.1.2: for DANE-TA they do
    ("2 1 1 cert:lab-public-ca", shown(subject=HOST, names=(HOST,)), False, "dane"),
    ("2 1 1 cert:lab-public-ca", shown(subject="customer.example", names=()), False, "dane"),
    ("2 1 1 cert:lab-public-ca", shown(), False, "dane-name-mismatch"),
    ("2 1 1 cert:lab-public-ca", shown(subject=HOST, names=(), **PAST), False, "dane-expired"),
    ("2 1 1 cert:another-ca", shown(subject=HOST, names=()), False, "tlsa-mismatch"),
    ("2 1 1 cert:lab-public-ca", shown(subject=HOST, names=(), flaw="unknown-issuer"), False, "tlsa-mismatch"),
    # 3.1.3, 2.2: none can be used, so TLS is enough
    ("0 1 1 cert:lab-public-ca|1 1 1 cert:internet", shown("nothing"), False, "dane-tls-only"),
    ("3 7 1 cert:internet", shown(), False, "dane-tls-only"),
    (f"1 1 1 cert:internet|3 1 1 {OTHER}", shown(), False, "tlsa-mismatch"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "certificate", "dates", "reason"), MATCHES)
def test_what_fits_a_record(record: str, certificate: Certificate, dates: bool, reason: str) -> None:
    assert reason == verdict(record, certificate, dates=dates)


@pytest.mark.parametrize("records", [RECORD, "1 1 1 cert:internet"])
def test_a_host_with_records_must_have_tls(records: str) -> None:
    found, step = TlsaSet((HOST,), (records,)).examine(None, MONDAY)
    assert (False, "dane-no-tls", "dane-no-tls") == (found.ok, found.reason, step.outcome)


def test_every_record_is_told_with_why_it_lost() -> None:
    records = (f"3 1 1 {OTHER}", "1 1 1 cert:internet", RECORD)
    found, step = TlsaSet((HOST,), records).examine(TlsFacts("TLSv1.3", "", shown()), MONDAY)
    assert Verdict(True, "dane", step.says) == found
    told = [(c.name, c.chosen, c.reason) for c in step.candidates]
    assert [(records[0], False, "tlsa-mismatch"), (records[1], False, "unusable"), (records[2], True, "fits")] == told


def test_a_server_without_a_certificate_fits_nothing() -> None:
    found, _ = TlsaSet((HOST,), (RECORD,)).examine(TlsFacts("TLSv1.3"), MONDAY)
    assert "tlsa-mismatch" == found.reason


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_a_stranger_certificate_never_fits(usage: int, selector: int, kind: int) -> None:
    found, _ = TlsaSet((HOST,), (f"{usage} {selector} {kind} {OTHER}",)).examine(tls(), MONDAY)
    assert found.reason in ("tlsa-mismatch", "dane-tls-only")
