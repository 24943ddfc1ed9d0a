"""Lab and scenario files as text for tests, and what reading them says."""

from __future__ import annotations

from collections.abc import Callable

from simulator.scenario.errors import ScenarioError
from simulator.scenario.lab import START, build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.scenario import Flow, Scenario, load_scenario
from simulator.source import Node, ProblemList
from simulator.topology import Lab

CONTOSO = """\
mailflow: 1
name: contoso-hybrid
people:
  Bob: bob@contoso.com at m365
  John: john@contoso.com at onprem
  Sun: sun@customer.example at internet
servers:
  m365:
    is: exchange-online
    fqdn: contoso-com.mail.protection.outlook.com
    ip: 40.92.10.1
    AcceptedDomains: {contoso.com: InternalRelay, contoso.onmicrosoft.com: Authoritative}
    OutboundConnectors:
      O365 to own servers:
        ConnectorType: OnPremises
        AllAcceptedDomains: true
        UseMXRecord: false
        SmartHosts: [mail.contoso.com]
        TlsSettings: CertificateValidation
    InboundConnectors:
      own servers to O365:
        ConnectorType: OnPremises
        SenderDomains: ["*"]
        RequireTls: true
        TlsSenderCertificateName: "*.contoso.com"
  onprem:
    is: smartermail
    fqdn: mail.contoso.com
    ip: 203.0.113.25
    cert: {subject: mail.contoso.com, issuer: lab-public-ca, valid: 60d}
    Domains:
      contoso.com: {Inbound Message Delivery: External (use MX record), Deliver locally if user exists: true}
    Outbound Gateway: contoso-com.mail.protection.outlook.com
  internet: {is: internet, fqdn: mx.customer.example, ip: 198.51.100.7}
dns:
  contoso.com:
    MX: [0 contoso-com.mail.protection.outlook.com]
    TXT: ["v=spf1 ip4:203.0.113.25 include:spf.protection.outlook.com -all"]
  customer.example: {MX: [10 mx.customer.example]}
"""

TWO_TENANTS = """\
mailflow: 1
people:
  Bob: bob@contoso.com at contoso
  Eve: eve@fabrikam.com at fabrikam
servers:
  contoso:
    is: exchange-online
    fqdn: contoso-com.mail.protection.outlook.com
    ip: 40.92.10.1
    AcceptedDomains: {contoso.com: Authoritative}
    InboundConnectors: {From partner: {ConnectorType: Partner, SenderDomains: [partner.example]}}
  fabrikam:
    is: exchange-online
    fqdn: fabrikam-com.mail.protection.outlook.com
    ip: 40.92.10.2
    AcceptedDomains: {fabrikam.com: Authoritative}
"""


def tree_of(text: str, file: str = "lab.yaml") -> Node:
    return read_yaml(text, file)


def lab_of(text: str = CONTOSO) -> Lab:
    """The lab of a text that is all right."""
    problems = ProblemList()
    lab = build_lab(tree_of(text), problems, START, file="lab.yaml")
    assert lab is not None, problems.items
    return lab


def told(problems: ProblemList) -> list[str]:
    """Errors as place, words and advice, in order."""
    return [line(p.at.line, p.at.column, p.says, p.fix) for p in problems.errors]


def line(row: int, column: int, says: str, fix: str) -> str:
    return f"{row}:{column} {says}{f' | {fix}' if fix else ''}"


def lab_errors(text: str) -> list[str]:
    """What is wrong with a lab."""
    problems = ProblemList()
    assert build_lab(tree_of(text), problems, START, file="lab.yaml") is None
    return told(problems)


def reader(**files: str) -> Callable[[str], str]:
    """A reader of files by name; `labs__x` stands for `labs/x.yaml`."""
    texts = {name.replace("__", "/") + ".yaml": text for name, text in files.items()}

    def read(name: str) -> str:
        if name not in texts:
            raise FileNotFoundError(name)
        return texts[name]

    return read


def scenario_of(text: str, lab: str = CONTOSO) -> Scenario:
    """A scenario beside the contoso lab. Its first line is `lab: lab.yaml` unless it names one."""
    text = text if "lab:" in text.split("flows:")[0] else f"lab: lab.yaml\n{text}"
    return load_scenario(reader(scenario=text, lab=lab), "scenario.yaml")


def flow_of(text: str, lab: str = CONTOSO) -> Flow:
    """The only flow of a scenario."""
    (flow,) = scenario_of(text, lab).flows
    return flow


def scenario_errors(text: str, lab: str = CONTOSO) -> list[str]:
    """What is wrong with a scenario; problems of its lab carry the lab's name."""
    text = text if "lab:" in text.split("flows:")[0] else f"lab: lab.yaml\n{text}"
    try:
        load_scenario(reader(scenario=text, lab=lab), "scenario.yaml")
    except ScenarioError as error:
        return [
            ("" if p.at.file == "scenario.yaml" else f"{p.at.file} ") + line(p.at.line, p.at.column, p.says, p.fix)
            for p in error.problems
            if p.level == "error"
        ]
    return []
