"""Is this TLS good enough: every flaw of a certificate against every level."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simulator.policy.tls import Demand, Level, chain_verdict, grade, judge, name_verdict
from simulator.topology import DEFECTS, CertificateSpec
from tests.policy.builders import MONDAY, a_certificate, tls

_NAMES = ("mail.contoso.com",)
_FLAWS: dict[str, tuple[dict[str, Any], str]] = {
    "good": ({}, "trusted"),
    "self-signed": ({"flaw": "self-signed", "anchor": ""}, "self-signed"),
    "unknown issuer": ({"flaw": "unknown-issuer", "anchor": ""}, "unknown-issuer"),
    "bad signature": ({"flaw": "bad-signature", "anchor": ""}, "bad-signature"),
    "untrusted": ({"anchor": "lab-untrusted-ca"}, "untrusted-authority"),
    "not yet valid": ({"not_before": MONDAY + timedelta(seconds=1)}, "not-yet-valid"),
    "expired": ({"not_after": MONDAY - timedelta(seconds=1)}, "expired"),
    "client only": ({"purposes": frozenset({"client"})}, "wrong-purpose"),
}


@pytest.mark.parametrize("flaw", _FLAWS)
def test_the_chain_verdict_names_the_flaw(flaw: str) -> None:
    changes, expected = _FLAWS[flaw]
    verdict = chain_verdict(a_certificate(**changes), MONDAY, purpose="server")
    assert (expected, expected == "trusted") == (verdict.reason, verdict.ok)
    assert "CN=mail.contoso.com" in verdict.says


@pytest.mark.parametrize("flaw", _FLAWS)
@pytest.mark.parametrize("level", Level)
def test_only_validation_looks_at_certificates(flaw: str, level: Level) -> None:
    changes, reason = _FLAWS[flaw]
    expected = {
        Level.OPPORTUNISTIC: (True, "opportunistic"),
        Level.ENCRYPTION: (True, "encrypted"),
        Level.CERTIFICATE: (flaw == "good", reason),
        Level.DOMAIN: (flaw == "good", "verified" if flaw == "good" else reason),
    }[level]
    verdict = judge(Demand(level, _NAMES), tls(**changes), MONDAY)
    assert expected == (verdict.ok, verdict.reason)


@pytest.mark.parametrize("level", Level)
def test_without_tls_only_opportunism_goes_on(level: Level) -> None:
    verdict = judge(Demand(level, _NAMES), None, MONDAY)
    assert (level == Level.OPPORTUNISTIC, "opportunistic" if level == Level.OPPORTUNISTIC else "no-tls") == (
        verdict.ok, verdict.reason,
    )  # fmt: skip


@pytest.mark.parametrize("defect", ["", *DEFECTS])
def test_the_defects_of_lab_files_are_flaws(defect: str) -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    certificate = CertificateSpec("mail.contoso.com", defect=defect).facts(start)
    server = judge(Demand(Level.DOMAIN, _NAMES), tls(certificate), start).reason
    client = chain_verdict(certificate, start, purpose="client").reason
    expected = {
        "": ("verified", "trusted"), "expired": ("expired", "expired"), "not-yet-valid": ("not-yet-valid", "not-yet-valid"),
        "self-signed": ("self-signed", "self-signed"), "wrong-name": ("name-mismatch", "trusted"),
        "untrusted": ("untrusted-authority", "untrusted-authority"), "no-client-auth": ("verified", "wrong-purpose"),
        "incomplete-chain": ("unknown-issuer", "unknown-issuer"),
    }[defect]  # fmt: skip
    assert expected == (server, client)


def test_no_certificate_is_no_trust() -> None:
    assert "no-certificate" == chain_verdict(None, MONDAY, purpose="client").reason
    assert "name-mismatch" == name_verdict(None, _NAMES).reason


def test_another_authority_may_be_trusted() -> None:
    verdict = chain_verdict(a_certificate(anchor="own-ca"), MONDAY, purpose="server", trusted=frozenset({"own-ca"}))
    assert verdict.ok


@pytest.mark.parametrize(
    ("names", "wanted", "expected"),
    [
        (("mail.contoso.com",), ("mail.contoso.com",), True),
        (("MAIL.contoso.com",), ("Mail.Contoso.com",), True),
        (("*.contoso.com",), ("mail.contoso.com",), True),
        (("*.contoso.com",), ("a.mail.contoso.com",), False),  # RFC 6125 6.4.3: one label
        (("*.contoso.com",), ("contoso.com",), False),
        (("mail.contoso.com",), ("*.contoso.com",), True),
        (("*.contoso.com",), ("*.contoso.com",), True),
        (("mail.fabrikam.com",), ("*.contoso.com",), False),
        (("mail.fabrikam.com",), ("mail.contoso.com", "mail.fabrikam.com"), True),
        (("mail.contoso.com.evil.example",), ("mail.contoso.com",), False),
        (("mail.contoso.com",), (), False),
    ],
)
def test_names_of_certificates(names: tuple[str, ...], wanted: tuple[str, ...], expected: bool) -> None:
    assert expected is name_verdict(a_certificate(subject=names[0], names=names), wanted).ok


@pytest.mark.parametrize(
    ("level", "has_tls", "expected"),
    [
        (Level.OPPORTUNISTIC, False, "none"), (Level.OPPORTUNISTIC, True, "encrypted"), (Level.ENCRYPTION, True, "encrypted"),
        (Level.CERTIFICATE, True, "trusted"), (Level.DOMAIN, True, "verified"),
    ],
)  # fmt: skip
def test_the_grade_is_what_was_asked_and_met(level: Level, has_tls: bool, expected: str) -> None:
    assert expected == grade(Demand(level), tls() if has_tls else None)


@pytest.mark.parametrize(
    ("level", "facts", "host", "expected"),
    [
        (Level.OPPORTUNISTIC, None, "mail.contoso.com", "opportunistic"),
        (Level.OPPORTUNISTIC, tls(), "mail.contoso.com", "opportunistic"),
        (Level.OPPORTUNISTIC, tls(), "mx.other.example", "name-mismatch"),
        (Level.OPPORTUNISTIC, tls(not_after=MONDAY - timedelta(days=1)), "mail.contoso.com", "expired"),
        (Level.OPPORTUNISTIC, tls(flaw="self-signed"), "mail.contoso.com", "self-signed"),
        (Level.ENCRYPTION, None, "mail.contoso.com", "no-tls"),
        (Level.ENCRYPTION, tls(), "mail.contoso.com", "encrypted"),
    ],
)  # fmt: skip
def test_a_strict_sender_asks_for_a_good_certificate_where_there_is_tls(
    level: Level, facts: Any, host: str, expected: str
) -> None:
    demand = Demand(level, strict=True)
    assert expected == judge(demand, facts, MONDAY, host).reason
    assert ("none" if facts is None else "verified") == grade(demand, facts)
