"""Somebody who does not reach somebody."""

from __future__ import annotations

import pytest

from tests.check.ground import OVER_THE_TENANT, a_ground, found, ids, sentence


@pytest.mark.parametrize(
    ("patch", "sender", "to", "code"),
    [
        ("servers: {onprem: {Domains: {contoso.com: {Require SMTP Authentication: true}}}}", "Bob", "John", "550"),
        ("servers: {m365: {OrganizationConfig: {RejectDirectSend: true}, InboundConnectors: {From own servers: remove}}}", "John", "Bob", "5.7.68"),
    ],
)  # fmt: skip
def test_a_refusal_that_nothing_else_explains_is_told(patch: str, sender: str, to: str, code: str) -> None:
    ground = a_ground(patch)
    told = found(ground, "MF017")
    assert code in told.says
    assert "REJECTED 550" in sentence(ground, sender, to)


def test_everybody_reaches_everybody_where_nothing_is_odd() -> None:
    assert "MF017" not in ids(a_ground())


def test_what_another_finding_tells_is_not_told_again() -> None:
    assert ["MF014"] == ids(a_ground("servers: {m365: {Recipients: {john@contoso.com: remove}}}"))
    partner = "m365: {InboundConnectors: {From own servers: {ConnectorType: Partner}}}"
    assert "MF017" not in ids(a_ground(f"servers: {{{OVER_THE_TENANT}, {partner}}}"))
    assert "MF022" in ids(a_ground(f"servers: {{{OVER_THE_TENANT}, {partner}}}"))
