"""Failures and their causes: one setting, one cause; the place of the setting, and what is said of it in one line."""

from __future__ import annotations

import pytest

from simulator.report.causes import causes, failures
from tests.report.failing import CONNECTOR_OFF, EXPIRED, a_run


def test_what_passes_has_no_cause() -> None:
    assert [] == causes(a_run())


def test_one_connector_that_is_off_is_one_cause_of_all_that_it_breaks() -> None:
    (cause,) = causes(a_run(CONNECTOR_OFF))
    assert ["Bob to John", "Sun to John", "One mail to both"] == [f.name for f in cause.failures]
    assert "scenarios/labs/contoso.yaml:26:18" == str(cause.first.setting)
    assert (
        "left the expected path at m365: O365 to own servers: it is disabled: Enabled is false" == cause.first.headline
    )
    assert ("EXO-CONN-2", "path") == (cause.first.rule, cause.first.kind)


@pytest.mark.parametrize(
    ("name", "setting", "headline"),
    [
        (
            "Bob to John",
            "scenarios/labs/contoso.yaml:25:22",  # TlsSettings of the connector
            "left the expected path at m365: mail.contoso.com, TLS: CN=mail.contoso.com expired",
        ),
        (
            "John to Bob",
            "scenarios/labs/contoso.yaml:32:35",  # TlsSenderCertificateName of the inbound connector
            "left the expected path at onprem: m365, own servers to O365: the certificate is not good",
        ),
    ],
)
def test_an_expired_certificate_is_named_where_it_was_not_good_enough(name: str, setting: str, headline: str) -> None:
    found = {f.name: f for f in failures(a_run(EXPIRED))}
    assert setting == str(found[name].setting)
    assert found[name].headline.startswith(headline)


def test_other_expectations_say_what_was_expected_and_what_came() -> None:
    flows = (
        "lab: labs/contoso.yaml\nflows:\n  clear:\n    path: Bob -> m365 -> onprem -> John\n"
        "    tls: {m365 -> onprem: none}\n"
    )
    (failure,) = failures(a_run(flows=flows))
    assert ("tls", "scenarios/flows.yaml:5:27") == (failure.kind, str(failure.at))
    assert "tls m365 -> onprem: expected none, got trusted" == failure.headline
    assert not failure.setting
