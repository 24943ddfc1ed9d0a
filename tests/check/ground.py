"""A lab in which nothing is odd, changed by a test in one point; what is found then, and what becomes of mail."""

from __future__ import annotations

from datetime import timedelta

from simulator.check.ground import LabGround
from simulator.check.looking import look_at_lab
from simulator.findings import Finding
from simulator.keyring import KEYRING
from simulator.mail.address import Address
from simulator.mail.path import print_path
from simulator.played import Played
from simulator.scenario.lab import build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.patch import apply_patch
from simulator.scenario.steps import apply_steps
from simulator.source import ProblemList

__all__ = ["LAB", "OVER_THE_TENANT", "a_ground", "findings", "found", "ids", "played", "sentence", "sentences"]

LAB = """\
mailflow: 1
people:
  Bob: bob@contoso.com at m365
  John: john@contoso.com at onprem
  Sun: sun@customer.example at internet
servers:
  m365:
    is: exchange-online
    fqdn: contoso-com.mail.protection.outlook.com
    ip: 40.92.10.1
    AcceptedDomains: {contoso.com: Authoritative, contoso.onmicrosoft.com: Authoritative}
    Recipients:
      john@contoso.com: {RecipientType: MailUser, ExternalEmailAddress: john@contoso.com}
    OutboundConnectors:
      To own servers:
        ConnectorType: OnPremises
        RecipientDomains: [contoso.com]
        UseMXRecord: false
        SmartHosts: [mail.contoso.com]
    InboundConnectors:
      From own servers: # the only one
        ConnectorType: OnPremises
        SenderDomains: ["*"]
        SenderIPAddresses: [203.0.113.25] # SmarterMail
  onprem:
    is: smartermail
    fqdn: mail.contoso.com
    ip: 203.0.113.25
    cert: good
    Domains:
      contoso.com:
        Inbound Message Delivery: External (use host address)
        Host Address: contoso-com.mail.protection.outlook.com
        Deliver locally if user exists: true
    knobs: {retry: [15, 60, 240, 480, 480, 480]}
  internet:
    is: internet
    fqdn: mx.customer.example
    ip: 198.51.100.7
dns:
  contoso.com:
    MX: [0 contoso-com.mail.protection.outlook.com]
    TXT: ["v=spf1 ip4:203.0.113.25 include:spf.protection.outlook.com -all"]
  customer.example: {MX: [10 mx.customer.example]}
"""
"""A coexistence in which only one side sends on what it does not know."""
OVER_THE_TENANT = "onprem: {Outbound Gateway: contoso-com.mail.protection.outlook.com}"
"""The own server sends everything over the tenant; its reports are then refused, since the connector goes by the address."""


def a_ground(patch: str = "", *, do: str = "", lab: str = LAB) -> LabGround:
    """The lab after a patch and steps, as they stand in a scenario."""
    problems = ProblemList()
    tree = read_yaml(lab, "lab.yaml")
    if patch:
        tree = apply_patch(tree, read_yaml(patch, "patch.yaml"), problems)
    if do:
        tree = apply_steps(tree, read_yaml(do, "do.yaml"), problems)
    made = build_lab(tree, problems, file="lab.yaml")
    assert made is not None, problems.errors
    return LabGround(made, tree, keys=KEYRING)


def findings(ground: LabGround) -> list[Finding]:
    return look_at_lab(ground.lab, ground.tree, keys=KEYRING)


def ids(ground: LabGround) -> list[str]:
    """What is found, each id once."""
    return sorted({finding.kind.id for finding in findings(ground)})


def found(ground: LabGround, id: str) -> Finding:
    """The one finding of that id."""
    (one,) = [finding for finding in findings(ground) if finding.kind.id == id]
    return one


def played(ground: LabGround, sender: str, to: str, *, after: timedelta = timedelta(), null: bool = False) -> Played:
    """A message of a person to a person or address."""
    person = ground.lab.people.get(to)
    address = person.address if person else Address.parse(to)
    done = ground.mail(ground.lab.people[sender], address, at=ground.start + after, null=null)
    assert done is not None
    return done


def sentences(done: Played) -> list[str]:
    return [print_path(path) for path in done.paths]


def sentence(ground: LabGround, sender: str, to: str, *, after: timedelta = timedelta(), null: bool = False) -> str:
    """The path of its one copy."""
    (told,) = sentences(played(ground, sender, to, after=after, null=null))
    return told
