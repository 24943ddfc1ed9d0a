"""Servers, people and DNS around the records."""

from __future__ import annotations

import json

import pytest

from simulator.importing.flows import todays_flows
from simulator.scenario.lab import build_lab
from simulator.source import ProblemList
from tests.importing.importing import imported, notes


def test_the_own_server_stands_where_connectors_say() -> None:
    made, found = imported("inbound.json", "outbound.json", "domains.json")
    server = made.lab.servers["onprem"]
    assert ("smartermail", "mail.contoso.com", ("203.0.113.25",)) == (server.kind, server.fqdn, server.addresses)
    assert any("is: smartermail" == n.key for n in notes(found, "guessed"))


def test_what_the_own_server_is_can_be_said() -> None:
    made, found = imported("inbound.json", "outbound.json", "domains.json", own="exchange-server")
    assert "exchange-server" == made.lab.servers["onprem"].kind
    assert not any(n.key.startswith("is:") for n in notes(found, "guessed"))
    sentences = [s for flow in todays_flows(made, found) for s in flow.sentences]
    assert "John -> onprem -[To Microsoft 365 | own servers to O365]-> m365 -> Bob" in sentences


def test_a_partner_over_every_domain_is_a_gateway() -> None:
    made, found = imported("dsc.ps1")
    assert ["exchange-online", "gateway", "internet"] == [s.kind for s in made.lab.servers.values()]
    expected = [
        "Bob -> m365 -[To gateway]-> gateway -> internet -> Sun",
        "Sun -> internet -> gateway -[From gateway]-> m365 -> Bob",
    ]
    assert expected == [s for flow in todays_flows(made, found) for s in flow.sentences]


def test_a_partner_has_a_server_and_somebody() -> None:
    made, found = imported("outbound.json", "domains.json")
    assert "mail.bank.example" == made.lab.servers["bank"].fqdn
    assert "Bob -> m365 -[To the bank]-> bank -> Pat" in [s for f in todays_flows(made, found) for s in f.sentences]


def test_people_follow_from_recipients_and_from_csv() -> None:
    made, _ = imported("inbound.json", "outbound.json", "domains.json", "recipients.json", "people.csv")
    homes = {person.name: (str(person.address), person.server) for person in made.lab.people.values()}
    assert ("bob@contoso.com", "m365") == homes["Bob Berg"]
    assert ("john@contoso.com", "onprem") == homes["John Jones"]  # a mail user with an address of the organisation
    assert ("jo@contoso.com", "onprem") == homes["Jo Ann"]


def test_a_zone_file_says_where_mail_goes() -> None:
    made, found = imported("inbound.json", "outbound.json", "domains.json", "contoso.com.zone")
    assert ("0 contoso-com.mail.protection.outlook.com",) == made.lab.zone.records["contoso.com", "MX"]
    assert not any(n.where == "dns" and n.key.startswith("contoso.com") for n in notes(found, "guessed"))
    assert ["www.contoso.com A"] == [n.key for n in notes(found, "no effect") if n.where == "dns" and " A" in n.key]


def test_an_mx_that_leads_elsewhere_is_a_gateway() -> None:
    zone = '$ORIGIN contoso.com.\n@ IN MX 10 mx.filter.example.\n@ IN TXT "v=spf1 -all"\n'
    made, found = imported("domains.json", ("contoso.com.zone", zone))
    assert "mx.filter.example" == made.lab.servers["gateway"].fqdn
    assert "Sun -> internet -> gateway -> m365 -> Bob" in [s for f in todays_flows(made, found) for s in f.sentences]


def test_smartermails_domain_location_is_its_inbound_message_delivery() -> None:
    made, found = imported("smartermail.json")
    (domain,) = made.objects
    assert "External (use MX record)" == domain.settings["Inbound Message Delivery"].text
    assert any("domainLocation 1" in n.why for n in notes(found, "guessed"))
    assert ["Hostname", "isSplitDomain"] == [n.key for n in notes(found, "not modelled")]


@pytest.mark.parametrize(
    "name", ["Bob -> Amy", "REJECTED", "for", "...", "a|b", "m365", "", "x" * 300, "\u202eevil", "Bob\nBerg", "#5: yes"]
)
def test_whatever_people_are_called_the_lab_is_one(name: str) -> None:
    record = {"PrimarySmtpAddress": "bob@contoso.com", "RecipientType": "UserMailbox", "DisplayName": name}
    made, _ = imported("domains.json", ("r.json", json.dumps(record)))
    assert build_lab(made.tree, ProblemList(), file="x") is not None
    assert "bob@contoso.com" in {str(p.address) for p in made.lab.people.values()}


def test_a_hundred_connectors_with_awkward_names() -> None:
    names = [
        "null",
        "remove",
        "yes",
        "1",
        "a: b",
        "# x",
        "'",
        '"',
        "[x]",
        "{y}",
        "*",
        "&a",
        "!t",
        "- z",
        "\u2019",
        "é",
        "\U0001f600",
    ]
    connectors = [{"Name": n, "ConnectorType": "OnPremises", "SenderDomains": "*"} for n in names]
    made, _ = imported("domains.json", ("in.json", json.dumps(connectors)))
    section = made.tree.get("servers").get("m365").get("InboundConnectors")  # type: ignore[union-attr]
    assert section is not None
    assert names == [entry.key for entry in section.entries]


def test_a_domain_with_a_wildcard_and_one_that_is_none_leave_the_rest_alone() -> None:
    domains = [
        {"DomainName": "*.contoso.com", "DomainType": "ExternalRelay", "Name": "Sub"},
        {"DomainName": "contoso.com", "DomainType": "ExternalRelay", "Name": "contoso.com"},
        {"DomainName": "not a domain", "DomainType": "ExternalRelay", "Name": "x"},
    ]
    made, _ = imported(("domains.json", json.dumps(domains)))
    assert ["not a domain"] == [one.name for one, _ in made.dropped]
    assert ("10 mail.contoso.com",) == made.lab.zone.records["contoso.com", "MX"]
