"""Wrong combinations in a runbook's steps get the cmdlet's own objection, at the parameter that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.scenario.errors import ScenarioError
from simulator.scenario.scenario import Scenario, load_scenario

LAB = (Path(__file__).parents[3] / "scenarios" / "labs" / "reference.yaml").read_text(encoding="utf-8")
FROM = "New-InboundConnector: {Name: x, SenderDomains: '*', "
TO = "New-OutboundConnector: {Name: x, RecipientDomains: gmail.test, "


def load(step: str) -> Scenario:
    text = f"scenario: x\nlab: lab.yaml\ndo:\n- {step}\n  server: m365\nflows: {{a: User -> m365 -> User2}}\n"
    return load_scenario(lambda name: {"x.yaml": text, "lab.yaml": LAB}[name], "x.yaml")


OBJECTIONS = [
    # what the connector has, the value that is pointed at, the objection
    (FROM + "ConnectorType: OnPremises, SenderIPAddresses: 10.1.0.0/16}", "10.1.0.0/16", "10.1.0.0/16 is wider than /24"),
    (FROM + "ConnectorType: OnPremises, SenderIPAddresses: '2001:db8::1'}", "'2001:db8::1'", "2001:db8::1 is an IPv6 address"),
    (FROM + "ConnectorType: OnPremises, SenderIPAddresses: 192.0.2.1-192.0.2.9}", "192.0.2.1-192.0.2.9", "is a range"),
    (FROM + "ConnectorType: OnPremises, TlsSenderCertificateName: a.*.b}", "a.*.b", "a.*.b has a wildcard inside"),
    (FROM + "ConnectorType: Partner, RestrictDomainsToCertificate: true}", "true", "needs TlsSenderCertificateName"),
    (FROM + "ConnectorType: Partner, TreatMessagesAsInternal: true}", "true", "is for connectors of ConnectorType OnPremises"),
    (FROM + "ConnectorType: OnPremises, CloudServicesMailEnabled: true, TreatMessagesAsInternal: on}", "on", "exclude each other"),
    (FROM + "ConnectorType: OnPremises, AssociatedAcceptedDomains: other.test}", "other.test", "other.test is not an accepted domain"),
    (TO + "ConnectorType: OnPremises, UseMXRecord: false}", "false", "UseMXRecord: false needs SmartHosts"),
    (TO + "ConnectorType: OnPremises, TlsDomain: mail.contoso.com}", "mail.contoso.com", "goes with TlsSettings DomainValidation only"),
    (TO + "ConnectorType: OnPremises, TlsSettings: EncryptionOnly, TlsDomain: mx.test}", "mx.test", "goes with TlsSettings DomainValidation only"),
    (TO + "ConnectorType: OnPremises, TlsSettings: DomainValidation}", "DomainValidation", "needs TlsDomain"),
    (TO + "ConnectorType: OnPremises, TlsSettings: DomainValidation, TlsDomain: a.*.b}", "a.*.b", "has a wildcard inside"),
    (TO + "ConnectorType: OnPremises, UseMXRecord: false, SmartHosts: 10.1.0.0/16}", "10.1.0.0/16", "is wider than /24"),
    (TO + "ConnectorType: OnPremises, UseMXRecord: false, SmartHosts: 192.0.2.1-192.0.2.9}", "192.0.2.1-192.0.2.9", "is a range"),
    (TO + "ConnectorType: Partner, RouteAllMessagesViaOnPremises: true}", "true", "is for connectors of ConnectorType OnPremises"),
    (TO.replace("RecipientDomains: gmail.test, ", "") + "ConnectorType: Partner, AllAcceptedDomains: true}", "true",
     "is for connectors of ConnectorType OnPremises"),
    (TO + "ConnectorType: Partner, SenderRewritingEnabled: true}", "true", "is for connectors of ConnectorType OnPremises"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "value", "objection"), OBJECTIONS, ids=[row[0].partition("ConnectorType: ")[2] for row in OBJECTIONS]
)
def test_a_wrong_combination_is_refused_as_the_cmdlet_does(step: str, value: str, objection: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(step)

    (problem,) = (p for p in caught.value.problems if p.level == "error")
    assert objection in problem.says
    assert problem.fix
    assert 4 == problem.at.line
    assert f"- {step}"[problem.at.column - 1 :].startswith(value)


NO_EFFECT = [
    (FROM + "ConnectorType: Partner, CloudServicesMailEnabled: true}", ["CloudServicesMailEnabled has no effect on a connector of ConnectorType Partner"]),
    (FROM + "ConnectorType: OnPremises, RestrictDomainsToIPAddresses: true}",
     ["RestrictDomainsToIPAddresses has no effect on a connector of ConnectorType OnPremises"]),
    (FROM + "ConnectorType: OnPremises, RestrictDomainsToCertificate: true, TlsSenderCertificateName: mail.contoso.com}",
     ["RestrictDomainsToCertificate has no effect on a connector of ConnectorType OnPremises"]),
    (FROM + "ConnectorType: Partner, SenderIPAddresses: 192.0.2.1}",
     ["SenderIPAddresses has no effect on a Partner connector without RestrictDomainsToIPAddresses"]),
    (FROM + "ConnectorType: OnPremises, SenderIPAddresses: 192.168.0.1/25}", []),  # host bits are tolerated
]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "warnings"), NO_EFFECT, ids=[row[0].partition("ConnectorType: ")[2] for row in NO_EFFECT]
)
def test_what_has_no_effect_is_told_once(step: str, warnings: list[str]) -> None:
    assert warnings == [problem.says for problem in load(step).warnings]
