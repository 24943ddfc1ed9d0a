"""What a record is told by, and what becomes of each of its keys."""

from __future__ import annotations

import json

import pytest

from simulator.importing.found import KINDS
from simulator.importing.sorting import recognised, sort_records
from tests.importing.importing import FILES, imported, notes, read


def records(**values: object) -> str:
    return json.dumps(values)


@pytest.mark.parametrize(
    ("record", "kind", "noun"),
    [
        ({"Name": "a", "SenderDomains": ["*"]}, "exchange-online", "InboundConnector"),
        ({"Name": "a", "RecipientDomains": ["x.example"]}, "exchange-online", "OutboundConnector"),
        ({"Name": "a", "IsTransportRuleScoped": True}, "exchange-online", "OutboundConnector"),
        ({"Name": "a", "AddressSpaces": ["*"]}, "exchange-server", "SendConnector"),
        ({"Name": "a", "Bindings": ["0.0.0.0:25"]}, "exchange-server", "ReceiveConnector"),
        ({"Name": "a", "RuleErrorAction": "Ignore"}, "exchange-online", "TransportRule"),
        ({"Name": "a", "AllowedOOFType": "External"}, "exchange-online", "RemoteDomain"),
        (
            {"PrimarySmtpAddress": "a@b.example", "RemoteRoutingAddress": "a@c.example"},
            "exchange-server",
            "RemoteMailbox",
        ),
        ({"name": "b.example", "domainLocation": 0}, "smartermail", "domain"),
    ],
)
def test_a_record_is_told_by_its_keys(record: dict[str, object], kind: str, noun: str) -> None:
    (found,) = read(("x.json", json.dumps(record))).records
    ((its_kind, shape),) = recognised(found)
    assert (kind, noun) == (its_kind, shape.noun)


@pytest.mark.parametrize("file", sorted(p.name for p in FILES.glob("*.json")))
def test_every_key_of_a_file_has_exactly_one_line(file: str) -> None:
    found = read((file, (FILES / file).read_text(encoding="utf-8")))
    sort_records(found)
    told = [note for note in found.notes if note.kind != "guessed"]
    assert set(KINDS) >= {note.kind for note in told}
    for record in found.records:
        for entry in record.node.entries:
            inner = {str(e.node.at) for e in entry.node.entries} | {str(entry.node.at)}
            lines = [n for n in told if str(n.at) in inner]
            object_ = [n for n in told if n.kind == "not read" and n.at == record.node.at]
            assert lines or object_, entry.key
            assert len([n for n in lines if str(n.at) == str(entry.node.at)]) <= 1


def test_an_unknown_setting_is_a_comment_and_no_error() -> None:
    made, found = imported("outbound.json", "domains.json")
    (note,) = notes(found, "unknown")
    assert ("FutureSetting", "outbound connector To the bank") == (note.key, note.where)
    assert "# unknown: FutureSetting: {a: 1, 2}" in made.text


def test_what_is_not_modelled_is_a_comment() -> None:
    made, found = imported("inbound.json", "domains.json")
    assert ["TrustedOrganizations"] == [n.key for n in notes(found, "not modelled")]
    assert "# not modelled: TrustedOrganizations: fabrikam.example" in made.text


def test_a_value_that_the_cmdlet_refuses_is_a_comment_with_the_objection() -> None:
    made, found = imported(
        (
            "in.json",
            records(Name="Wide", ConnectorType="OnPremises", SenderDomains="*", SenderIPAddresses=["203.0.0.0/16"]),
        )
    )
    (note,) = notes(found, "refused")
    assert "SenderIPAddresses" == note.key
    assert "wider than /24" in note.why
    assert "# refused: SenderIPAddresses: 203.0.0.0/16" in made.text


def test_an_object_that_the_product_refuses_is_left_out_as_a_whole() -> None:
    connector = {
        "Name": "Unnamed",
        "ConnectorType": "Partner",
        "RecipientDomains": "x.example",
        "TlsSettings": "DomainValidation",
    }
    made, found = imported("domains.json", "outbound.json", ("out.json", json.dumps(connector)))
    assert "# refused: OutboundConnectors Unnamed: TlsSettings DomainValidation needs TlsDomain." in made.text
    assert ["Unnamed"] == [one.name for one, _ in made.dropped]
    keys = {n.key for n in notes(found, "refused") if n.where == "outbound connector Unnamed"}
    assert {"ConnectorType", "RecipientDomains", "TlsSettings", ""} <= keys
    assert "To the bank" in made.text


def test_a_connector_without_a_type_is_taken_for_a_partners() -> None:
    made, found = imported("minimal.json")
    assert ("Out", "Partner") == next(
        (o.name, o.settings["ConnectorType"].text) for o in made.objects if o.name == "Out"
    )
    assert any(("ConnectorType", "Partner") == (n.key, n.value) for n in notes(found, "guessed"))


def test_absent_is_not_false_and_null_is_not_set() -> None:
    made, _ = imported("minimal.json", "domains.json")
    (inbound,) = [o for o in made.objects if o.name == "In"]
    assert "RequireTls" not in inbound.settings  # the cmdlet's default is true


def test_rules_keep_their_order_and_their_state() -> None:
    made, _ = imported("rules.json", "domains.json")
    rules = made.tree.get("servers").get("m365").get("TransportRules")  # type: ignore[union-attr]
    assert rules is not None
    assert ["Mark outside", "Mark invoices"] == [entry.key for entry in rules.entries]
    enabled = rules.entries[1].node.get("Enabled")
    assert enabled is not None
    assert "false" == enabled.text


def test_only_the_default_policy_counts() -> None:
    _, found = imported("every-property.json")
    assert ["Strict"] == [n.key for n in notes(found, "not read") if n.where == "outbound spam policies"]


def test_records_of_one_mailbox_from_two_cmdlets_are_one() -> None:
    both = [
        {"PrimarySmtpAddress": "bob@contoso.com", "RecipientType": "UserMailbox", "DisplayName": "Bob"},
        {
            "PrimarySmtpAddress": "bob@contoso.com",
            "DeliverToMailboxAndForward": True,
            "ForwardingSmtpAddress": "sun@x.example",
        },
    ]
    made, _ = imported(("r.json", json.dumps(both)), "domains.json")
    (bob,) = [o for o in made.objects if o.shape.section == "Recipients"]
    assert {"DisplayName", "ForwardingSmtpAddress", "DeliverToMailboxAndForward", "RecipientType"} == set(bob.settings)


def test_which_product_domains_are_of_is_told_by_the_file_they_are_in() -> None:
    made, _ = imported("exchange.json", "inbound.json", "outbound.json", "domains.json")
    kinds = {(o.kind, o.name) for o in made.objects if o.shape.section == "AcceptedDomains"}
    expected = {
        ("exchange-server", "contoso.com"),
        ("exchange-online", "contoso.com"),
        ("exchange-online", "contoso.onmicrosoft.com"),
    }
    assert expected == kinds
