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


OLD = """
people: {Fax: fax@contoso.com at fax}
servers: {fax: {is: device, ip: 203.0.113.27, Smart Host: contoso-com.mail.protection.outlook.com, TLS: true, TLS Version: "%s"}}
"""


def test_a_host_that_knows_only_old_versions_of_tls_gets_nothing_through() -> None:
    ground = a_ground(OLD % "1.0")
    told = found(ground, "MF033")
    assert ("error", "patch.yaml") == (told.level, told.at.file)
    assert "DEFERRED 450" in sentence(ground, "Fax", "Bob")


def test_tls_1_2_is_enough() -> None:
    ground = a_ground(OLD % "1.2")
    assert "MF033" not in ids(ground)
    assert "m365 -> Bob" in sentence(ground, "Fax", "Bob")


STRICT = "servers: {onprem: {Enforce Strict Certificate Validation: %s}, internet: {cert: self-signed}}"


def test_a_server_that_checks_every_certificate_keeps_mail_for_a_bad_one() -> None:
    ground = a_ground(STRICT % "true")
    assert "has its certificate checked" in found(ground, "MF031").says
    assert "DEFERRED" in sentence(ground, "John", "Sun")


def test_a_server_that_does_not_check_sends_on_as_if_there_were_none() -> None:
    ground = a_ground(STRICT % "false")
    assert "MF031" not in ids(ground)
    assert sentence(ground, "John", "Sun").endswith("internet -> Sun")
