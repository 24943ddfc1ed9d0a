"""How many messages each product sends over a connection."""

from __future__ import annotations

import pytest

from simulator.policy.decision import Connector
from simulator.policy.reuse import USUAL, messages_per_connection
from simulator.policy.route import NextHop, Relay
from simulator.scenario.scenario import load_lab

LAB = """\
mailflow: 1
servers:
  onprem:
    is: exchange-server
    fqdn: mail.contoso.com
    ip: 203.0.113.25
    SendConnectors:
      Partner: {AddressSpaces: [partner.example], SmtpMaxMessagesPerConnection: 5}
      Everything: {AddressSpaces: [partner.example], SmtpMaxMessagesPerConnection: 0}
      Internet: {AddressSpaces: ["*"]}
  m365: {is: exchange-online, fqdn: contoso-com.mail.protection.outlook.com, ip: 40.92.10.1, knobs: {messages_per_connection: 7}}
  sm: {is: smartermail, fqdn: sm.contoso.com, ip: 203.0.113.26, knobs: {messages_per_connection: 9}}
  internet: {is: internet, fqdn: mx.customer.example, ip: 198.51.100.7}
  filter: {is: gateway, fqdn: mx.filter.example, ip: 192.0.2.80, routes: {contoso.com: mail.contoso.com}}
  scanner: {is: device, ip: 203.0.113.90, Smart Host: mail.contoso.com}
"""


@pytest.mark.parametrize(
    ("server", "connector", "expected"),
    [
        ("onprem", "Partner", 5),
        ("onprem", "Everything", 0),  # as many as there are
        ("onprem", "Internet", 20),
        ("onprem", "", 20),
        ("m365", "", 7),
        ("sm", "", 9),
        ("internet", "", USUAL),
        ("filter", "", USUAL),
        ("scanner", "", 1),
    ],
)
def test_the_number_is_a_setting_a_knob_or_what_is_usual(server: str, connector: str, expected: int) -> None:
    lab, _ = load_lab(lambda _: LAB, "lab.yaml")
    relay = Relay(NextHop(), Connector(connector, "outbound") if connector else None)
    assert expected == messages_per_connection(lab.hosts[server], relay)
