"""TLS that is asked for: what is found, and that mail waits for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.check.ground import a_ground, found, ids, sentence

DEMAND = (
    "servers: {{m365: {{OutboundConnectors: {{To own servers: {{TlsSettings: {level}}}}}}}, onprem: {{cert: {cert}}}}}"
)


def demanding(level: str, cert: str) -> str:
    return DEMAND.format(level=level, cert=cert)


@pytest.mark.parametrize("level", ["EncryptionOnly", "CertificateValidation"])
def test_tls_asked_of_a_server_without_certificate_keeps_mail_waiting(level: str) -> None:
    ground = a_ground(demanding(level, "none"))
    told = found(ground, "MF030")
    assert "mail from m365 to mail.contoso.com over To own servers must have TLS" in told.says
    assert "DEFERRED" in sentence(ground, "Bob", "John")


@pytest.mark.parametrize("cert", ["expired", "self-signed", "untrusted", "incomplete-chain", "not-yet-valid"])
def test_a_certificate_that_does_not_stand_the_check_keeps_mail_waiting(cert: str) -> None:
    ground = a_ground(demanding("CertificateValidation", cert))
    assert "error" == found(ground, "MF031").level
    assert "DEFERRED" in sentence(ground, "Bob", "John")


@pytest.mark.parametrize(
    ("level", "cert"),
    [("CertificateValidation", "good"), ("CertificateValidation", "wrong-name"), ("EncryptionOnly", "self-signed")],
)
def test_a_certificate_that_is_good_enough_is_not_found(level: str, cert: str) -> None:
    ground = a_ground(demanding(level, cert))
    assert not {"MF030", "MF031"} & set(ids(ground))
    assert sentence(ground, "Bob", "John").endswith("onprem -> John")


def test_a_certificate_that_ends_within_the_migration_stops_mail_from_that_day_on() -> None:
    ground = a_ground(demanding("CertificateValidation", "{subject: mail.contoso.com, valid: 20d}"))
    assert "in 20 days" in found(ground, "MF032").says
    assert sentence(ground, "Bob", "John").endswith("onprem -> John")
    assert "DEFERRED" in sentence(ground, "Bob", "John", after=timedelta(days=21))


def test_a_certificate_that_lasts_longer_is_not_found() -> None:
    ground = a_ground(demanding("CertificateValidation", "{subject: mail.contoso.com, valid: 31d}"))
    assert [] == ids(ground)
