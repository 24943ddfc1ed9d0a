"""An Exchange server without a way out, and one that lets a network relay."""

from __future__ import annotations

import pytest

from simulator.check.ground import LabGround
from simulator.mail.address import Address
from tests.check.ground import a_ground, findings, found, ids, sentences

LAB = """\
mailflow: 1
people:
  John: john@contoso.com at onprem
  Bob: bob@contoso.com at cloud
  Sun: sun@customer.example at internet
servers:
  onprem:
    is: exchange-server
    fqdn: mail.contoso.com
    ip: 203.0.113.25
    AcceptedDomains: {contoso.com: Authoritative}
    Recipients: {bob@contoso.com: {RecipientType: MailUser, ExternalEmailAddress: bob@cloud.example}}
  cloud: {is: internet, fqdn: mx.cloud.example, ip: 198.51.100.8}
  internet: {is: internet, fqdn: mx.customer.example, ip: 198.51.100.7}
dns:
  contoso.com: {MX: [10 mail.contoso.com]}
  cloud.example: {MX: [10 mx.cloud.example]}
  customer.example: {MX: [10 mx.customer.example]}
"""
STAR = 'servers: {onprem: {SendConnectors: {Out: {AddressSpaces: ["*"]}}}}'
RELAY = """
servers:
  onprem:
    SendConnectors: {Out: {AddressSpaces: ["*"]}}
    ReceiveConnectors:
      Relay:
        Usage: Custom
        Bindings: 0.0.0.0:25
        RemoteIPRanges: RANGES
        RIGHT
"""
ANONYMOUS = "PermissionGroups: AnonymousUsers, ExtendedRights: Ms-Exch-SMTP-Accept-Any-Recipient".replace(
    ", ", "\n        "
)
SECURED = "PermissionGroups: ExchangeServers, AuthMechanism: ExternalAuthoritative".replace(", ", "\n        ")
EVE, SUN = Address.parse("eve@evil.example"), Address.parse("sun@customer.example")


def lab(patch: str = "") -> LabGround:
    return a_ground(patch, lab=LAB)


def test_without_a_send_connector_every_domain_is_told_once() -> None:
    ground = lab()
    told = [f.says for f in findings(ground) if f.kind.id == "MF018"]
    assert [
        "mail from onprem to bob@cloud.example finds no Send connector and waits in the Unreachable queue",
        "mail from onprem to sun@customer.example finds no Send connector and waits in the Unreachable queue",
    ] == told
    played = ground.mail(ground.lab.people["John"], SUN)
    assert played is not None
    assert ["John -> onprem -> DEFERRED 450 4.4.0 for Sun"] == sentences(played)


@pytest.mark.parametrize(
    ("patch", "left"),
    [
        (STAR, []),
        (STAR.replace('"*"', "customer.example"), ["bob@cloud.example"]),
        (STAR.replace('["*"]', '["*"], Enabled: false'), ["bob@cloud.example", "sun@customer.example"]),
        ("people: {John: remove}", []),  # nobody writes
    ],
)
def test_a_connector_that_covers_the_domain_is_a_way_out(patch: str, left: list[str]) -> None:
    told = [f.says.split()[4] for f in findings(lab(patch)) if f.kind.id == "MF018"]
    assert left == told


@pytest.mark.parametrize("right", [ANONYMOUS, SECURED])
def test_a_network_that_may_relay_holds_strangers(right: str) -> None:
    ground = lab(RELAY.replace("RANGES", "192.0.2.0/24").replace("RIGHT", right))
    told = found(ground, "MF026")
    assert ("warning", "patch.yaml", 9) == (told.level, told.at.file, told.at.line)
    played = ground.stranger("onprem", "192.0.2.66", EVE, SUN)
    assert played is not None
    assert ["eve@evil.example -[Relay]-> onprem -[Out]-> internet -> Sun"] == sentences(played)


@pytest.mark.parametrize(
    ("ranges", "right"),
    [("[192.0.2.50, 192.0.2.51]", ANONYMOUS), ("192.0.2.0/24", "PermissionGroups: AnonymousUsers")],
)
def test_devices_by_address_and_networks_without_the_right_are_all_right(ranges: str, right: str) -> None:
    assert "MF026" not in ids(lab(RELAY.replace("RANGES", ranges).replace("RIGHT", right)))
