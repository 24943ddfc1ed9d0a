"""Circles and split brain: what is found, and the mail that shows it."""

from __future__ import annotations

import pytest

from tests.check.ground import a_ground, findings, found, ids, sentence

RELAYING = "{servers: {m365: {AcceptedDomains: {contoso.com: InternalRelay}, Recipients: {john@contoso.com: remove}}}}"
LOCAL = """
servers:
  m365: {AcceptedDomains: {contoso.com: InternalRelay}}
  onprem: {Domains: {contoso.com: {Inbound Message Delivery: Local, Host Address: null, Deliver locally if user exists: null}}}
"""
WITHOUT = (
    "{servers: {m365: {AcceptedDomains: {contoso.com: InternalRelay}, OutboundConnectors: {To own servers: remove}}}}"
)
DOUBLE = """
people: {John in the cloud: john@contoso.com at m365}
servers: {m365: {Recipients: {john@contoso.com: remove}}}
"""


def test_nothing_is_odd_where_one_side_refuses() -> None:
    assert [] == findings(a_ground())


def test_both_sides_sending_on_is_a_warning_since_only_unknown_addresses_go_round() -> None:
    ground = a_ground(RELAYING)
    told = found(ground, "MF010")
    assert ("warning", "patch.yaml", 1) == (told.level, told.at.file, told.at.line)
    assert "between m365 and onprem" in told.says
    assert " LOOP " in sentence(ground, "Sun", "nobody@contoso.com")
    assert sentence(ground, "Sun", "John").endswith("onprem -> John")


def test_no_circle_where_the_other_side_refuses() -> None:
    ground = a_ground(LOCAL)
    assert "MF010" not in ids(ground)
    assert sentence(ground, "John", "nobody@contoso.com").startswith("John -> onprem -> REJECTED 550")


def test_a_mail_user_whose_mailbox_is_gone_is_an_address_that_goes_round() -> None:
    # The domain is safe, and this one address is not: its server does not have it, and the tenant sends it there.
    ground = a_ground(
        "servers: {m365: {Recipients: {old@contoso.com: {RecipientType: MailUser, ExternalEmailAddress: old@contoso.com}}}}"
    )
    told = found(ground, "MF011")
    assert "old@contoso.com" in told.says
    assert "error" == told.level
    assert " LOOP " in sentence(ground, "Bob", "old@contoso.com")
    assert " LOOP " not in sentence(ground, "Bob", "nobody@contoso.com")


def test_a_relay_domain_without_connector_whose_mx_is_the_tenant_comes_back() -> None:
    ground = a_ground(WITHOUT)
    told = [f for f in findings(ground) if f.kind.id == "MF012"]
    assert ["error", "warning"] == sorted(f.level for f in told)  # John's mail; and unknown addresses
    assert any("john@contoso.com" in f.says for f in told)
    assert " LOOP 554 5.4.14" in sentence(ground, "Bob", "John")


def test_no_self_loop_with_the_connector_enabled() -> None:
    assert "MF012" not in ids(a_ground())
    off = a_ground(
        "servers: {m365: {AcceptedDomains: {contoso.com: InternalRelay}, OutboundConnectors: {To own servers: {Enabled: false}}}}"
    )
    told = [f for f in findings(off) if f.kind.id == "MF012" and f.level == "error"]
    assert ["Enable To own servers"] == [f.fix for f in told]
    assert "To own servers is not used: it is disabled" in told[0].says


def test_a_disabled_connector_for_other_mail_is_no_way_out() -> None:
    other = "OutboundConnectors: {To own servers: {Enabled: false, RecipientDomains: [fabrikam.com]}}"
    ground = a_ground(f"servers: {{m365: {{AcceptedDomains: {{contoso.com: InternalRelay}}, {other}}}}}")
    told = [f for f in findings(ground) if f.kind.id == "MF012" and f.level == "error"]
    assert 1 == len(told)
    assert "is disabled" not in told[0].says


def test_two_mailboxes_of_one_address_get_mail_by_where_it_comes_in() -> None:
    amy = "\n".join(
        (
            "people: {John in the cloud: john@contoso.com at m365, Amy: amy@contoso.com at onprem}",
            DOUBLE.splitlines()[2],
        )
    )
    ground = a_ground(amy)
    told = found(ground, "MF013")
    assert ("error", "patch.yaml", 1) == (told.level, told.at.file, told.at.line)
    assert sentence(ground, "Bob", "john@contoso.com").endswith("m365 -> John in the cloud")
    assert sentence(ground, "Amy", "john@contoso.com").endswith("onprem -> John")


def test_a_second_mailbox_that_nobody_of_the_lab_writes_to_is_a_warning() -> None:
    ground = a_ground(DOUBLE)
    assert "warning" == found(ground, "MF013").level
    assert sentence(ground, "Sun", "john@contoso.com").endswith("m365 -> John in the cloud")


def test_an_address_with_one_mailbox_has_no_split_brain() -> None:
    assert "MF013" not in ids(a_ground())


def test_a_device_has_no_mailbox_so_mail_for_it_is_mail_for_nobody() -> None:
    device = "people: {Scanner: scan@contoso.com at scanner}\nservers: {scanner: {is: device, ip: 203.0.113.40, Smart Host: mail.contoso.com}}"
    assert "MF011" not in ids(a_ground(f"{device}\n"))


@pytest.mark.parametrize("own", ["refuses", "sends on"])
@pytest.mark.parametrize("cloud", ["refuses", "sends on"])
def test_the_loop_theorem_both_sides_sending_on_is_the_only_circle(own: str, cloud: str) -> None:
    kind = {"refuses": "Authoritative", "sends on": "InternalRelay"}[cloud]
    local = "{Inbound Message Delivery: Local, Host Address: null, Deliver locally if user exists: null}"
    domains = f", onprem: {{Domains: {{contoso.com: {local}}}}}" if own == "refuses" else ""
    ground = a_ground(f"servers: {{m365: {{AcceptedDomains: {{contoso.com: {kind}}}}}{domains}}}")
    circle = (own, cloud) == ("sends on", "sends on")
    assert circle == ("MF010" in ids(ground))
    for sender in ("Bob", "John", "Sun"):
        assert circle == (" LOOP " in sentence(ground, sender, "nobody@contoso.com")), sender
