"""A lab with a listener of every product, for what must hold at each of them whatever its own rules are."""

from __future__ import annotations

from simulator.scenario.lab import build_lab
from simulator.scenario.load import read_yaml
from simulator.source import ProblemList
from simulator.topology import Lab

__all__ = ["OWN", "everyone"]

OWN = {
    "m365": "bob@cloud.example", "smarter": "john@own.example", "exchange": "amy@exch.example",
    "gateway": "sun@filtered.example", "internet": "sun@customer.example",
}  # fmt: skip
"""Server -> somebody whose mail it takes from strangers."""

_TEXT = """\
mailflow: 1
name: everyone
people:
  Bob: bob@cloud.example at m365
  John: john@own.example at smarter
  Amy: amy@exch.example at exchange
  Sun: sun@customer.example at internet
servers:
  m365:
    is: exchange-online
    fqdn: cloud-example.mail.protection.outlook.com
    ip: 40.92.10.1
    AcceptedDomains: {cloud.example: Authoritative, cloud.onmicrosoft.com: Authoritative}
  smarter:
    is: smartermail
    fqdn: mail.own.example
    ip: 203.0.113.25
    cert: good
    Domains: {own.example: {Inbound Message Delivery: Local}}
  exchange:
    is: exchange-server
    fqdn: mail.exch.example
    ip: 203.0.113.26
    cert: good
    AcceptedDomains: {exch.example: {DomainType: Authoritative, Default: true}}
    SendConnectors: {Internet: {AddressSpaces: ["*"]}}
  gateway:
    is: gateway
    fqdn: mx.filter.example
    ip: 192.0.2.80
    cert: good
    routes: {filtered.example: MX}
  internet:
    is: internet
    fqdn: mx.customer.example
    ip: 198.51.100.7
    cert: good
dns:
  cloud.example: {MX: [10 cloud-example.mail.protection.outlook.com]}
  own.example: {MX: [10 mail.own.example]}
  exch.example: {MX: [10 mail.exch.example]}
  filtered.example: {MX: [10 mx.customer.example]}
  customer.example: {MX: [10 mx.customer.example]}
  stranger.example: {TXT: ["v=spf1 ip4:192.0.2.1 -all"]}
"""


def everyone() -> Lab:
    problems = ProblemList()
    lab = build_lab(read_yaml(_TEXT, "everyone.yaml"), problems, file="everyone.yaml")
    assert lab is not None, problems
    return lab
