"""DNSSEC, MTA-STS and `cert:` under `dns:`."""

from __future__ import annotations

import pytest

from simulator.policy.mta_sts import Policy, announcement_name, policy_name
from simulator.topology import CertificateSpec, Lab, Server, holder
from tests.scenario.labs import CONTOSO, lab_errors, lab_of

DOMAIN = "customer.example"


def dns(text: str) -> str:
    return CONTOSO.replace("  customer.example: {MX: [10 mx.customer.example]}", f"  customer.example: {text}")


def policy(lab: Lab) -> Policy | None:
    return Policy.parse(DOMAIN, lab.zone.lookup(policy_name(DOMAIN), "TXT").records[0])


def test_a_zone_is_unsigned_unless_told() -> None:
    assert {} == lab_of().zone.signed


@pytest.mark.parametrize("word", ["signed", "Bogus", "unsigned"])
def test_a_signed_zone_reaches_down_to_the_next_word(word: str) -> None:
    lab = lab_of(dns(f"{{MX: [10 mx.customer.example], DNSSEC: {word}}}\n  sub.customer.example: {{DNSSEC: unsigned}}"))
    found = [
        lab.zone.signature(name)
        for name in (DOMAIN, "_25._tcp.mx.customer.example", "a.sub.customer.example", "example")
    ]
    assert [word.lower(), word.lower(), "unsigned", "unsigned"] == found


def test_a_policy_is_two_records() -> None:
    lab = lab_of(dns("{MTA-STS: {mode: testing, mx: [mx.customer.example, '*.customer.example'], max_age: 1d}}"))
    assert Policy(DOMAIN, "testing", ("mx.customer.example", "*.customer.example"), 86400) == policy(lab)
    (said,) = lab.zone.lookup(announcement_name(DOMAIN), "TXT").records
    assert said.startswith("v=STSv1; id=")


def test_a_policy_is_enforced_for_a_week_unless_told() -> None:
    assert Policy(DOMAIN, "enforce", ("mx.customer.example",), 604800) == policy(
        lab_of(dns("{MTA-STS: {mx: mx.customer.example}}"))
    )


def test_a_changed_policy_has_another_id() -> None:
    said = {
        lab_of(dns(f"{{MTA-STS: {{mx: mx.customer.example, max_age: {age}}}}}"))
        .zone.lookup(announcement_name(DOMAIN), "TXT")
        .records
        for age in ("1d", "2d")
    }
    assert 2 == len(said)


def test_a_written_record_goes_before_that_of_the_policy() -> None:
    text = dns("{MTA-STS: {mx: mx.customer.example}}\n  _mta-sts.customer.example: {TXT: none}")
    assert ("none",) == lab_of(text).zone.lookup(announcement_name(DOMAIN), "TXT").records


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{DNSSEC: singed}", "DNSSEC: 'singed' is not a state of a zone. Did you mean signed?"),
        ("{DNSSEC: [signed]}", "DNSSEC: this is not a state of a zone."),
        ("{MTA-STS: enforce}", "MTA-STS is a mapping of mode, mx and max_age."),
        ("{MTA-STS: {mode: enforce}}", "MTA-STS: a policy names the MX hosts that it is for."),
        ("{MTA-STS: {mode: strict, mx: a.example}}", "MTA-STS: 'strict' is not a mode."),
        ("{MTA-STS: {mx: 'a b'}}", "MTA-STS: 'a b' is not a domain name"),
        ("{MTA-STS: {mx: a.example, max_age: long}}", "max_age: 'long' is not a span of time"),
        ("{MTA-STS: {mx: a.example, max_age: 400d}}", "max_age: a policy is kept for a year at most"),
        ("{MTA-STS: {mx: a.example, made: enforce}}", "unknown key made in an MTA-STS policy."),
        ("{DNSSEK: signed}", "unknown record type DNSSEK. Did you mean DNSSEC?"),
        ("{TLSA: [3 1 1 cert:internte]}", "TLSA: cert:internte names no server of the lab. Did you mean internet?"),
        ("{TLSA: [x 1 1 cert:internet]}", "TLSA: 'x 1 1 cert:internet' is not usage"),
    ],
)
def test_what_is_wrong_is_said(text: str, error: str) -> None:
    found = [told.replace(" | ", " ") for told in lab_errors(dns(text))]
    assert any(error in told for told in found), found


def test_a_record_names_the_holder_as_the_lab_spells_it() -> None:
    lab = lab_of(dns("{TLSA: [3 1 1 cert:INTERNET, 2 1 1 cert:lab-public-ca]}"))
    assert ("3 1 1 cert:internet", "2 1 1 cert:lab-public-ca") == lab.zone.lookup(DOMAIN, "TLSA").records


def test_servers_with_one_certificate_are_one_holder() -> None:
    one, other = CertificateSpec("mail.contoso.com"), CertificateSpec("mx.customer.example")
    servers = [Server(name, "internet", f"{name}.example", (), spec) for name, spec in
               (("a", one), ("b", other), ("c", one), ("d", None), ("e", None))]  # fmt: skip
    assert ["a", "b", "a", "d", "e"] == [holder(servers, server) for server in servers]
