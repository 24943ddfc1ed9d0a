"""Exports as they are found: nothing of them is lost without a line, and the lab that comes of them can be used."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.check.looking import look_at_lab
from simulator.exporting.script import parts, script
from simulator.importing.assembling import assemble
from simulator.importing.found import Found
from simulator.importing.mapping import mapping_lines
from simulator.importing.sorting import sort_records
from simulator.keyring import KEYRING
from simulator.products.registry import PRODUCTS
from simulator.source import Node, ProblemList
from tests.exporting.test_round_trip import KINDS, as_steps, meaning, server_of
from tests.importing.importing import imported, notes, read
from tests.importing.messy import TENANTS, files

FINDINGS = {  # what is wrong with these tenants, and nothing that is not
    "a": {"MF002", "MF010", "MF017", "MF021", "MF023", "MF051", "MF052", "MF053"},
    "b": {"MF010", "MF017"},  # MF017: a disabled user
    "c": {"MF023"},
}


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [] if value is None or value == "" else [str(value).lower() if isinstance(value, bool) else str(value)]


def plain(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


@pytest.mark.parametrize("tenant", TENANTS)
def test_every_value_of_a_record_has_its_line(tenant: str) -> None:
    found = read(*files(tenant))
    objects = sort_records(found)
    assemble(objects, found, name="lab", file="labs/lab.yaml", sources=[])
    report = mapping_lines(found)
    for name, content in TENANTS[tenant].items():
        for line in leaves(content) if not isinstance(content, str) else []:
            known = re.sub(r"\A(?i:smtp:)|;\d\Z|\.0000000Z?\Z", "", line)
            assert plain(known) in report or known in ("s3cret", "hunter2"), (name, line)


def test_passwords_are_not_written_into_the_report() -> None:
    _, found = imported(*files("b"))
    told = mapping_lines(found)
    assert "s3cret" not in told
    assert "hunter2" not in told
    assert "adminPassword: (not shown)" in told


@pytest.mark.parametrize("tenant", TENANTS)
def test_check_finds_what_is_odd_and_no_more(tenant: str) -> None:
    made, _ = imported(*files(tenant), own="smartermail" if tenant == "a" else "")
    found = {f.kind.id for f in look_at_lab(made.lab, made.tree, keys=KEYRING) if f.level != "note"}
    assert FINDINGS[tenant] == found | ({"MF002"} if made.warnings else set())


@pytest.mark.parametrize("tenant", TENANTS)
def test_import_export_import_gives_equal_labs(tenant: str) -> None:
    first, _ = imported(*files(tenant))
    for kind in KINDS:
        there = [part for part in parts(None, first.tree) if f"({PRODUCTS[kind].title})" in part.title]
        if there:
            second, _ = imported(("change.ps1", script(there, "test")))
            assert meaning(server_of(first.tree, kind), kind) == meaning(server_of(second.tree, kind), kind)


def test_the_way_from_a_messy_tenant_to_a_tidy_one_and_back() -> None:
    messy, _ = imported(*files("a"))
    tidy, _ = imported(*files("b"))
    kind = "exchange-online"
    target = messy.tree.with_entry("servers", _with_cloud(messy.tree, tidy.tree))
    after = as_steps(script(parts(messy.tree, target), "x"), messy.tree)
    mine, theirs = dict(meaning(server_of(target, kind), kind)), dict(meaning(server_of(after, kind), kind))
    for section in ("InboundConnectors", "OutboundConnectors", "TransportRules"):
        assert mine[section] == theirs[section]


def _with_cloud(messy: Node, tidy: Node) -> Node:
    servers, other = messy.get("servers"), tidy.get("servers")
    assert servers is not None
    assert other is not None
    old, new = servers.get("m365"), other.get("m365")
    assert old is not None
    assert new is not None
    for section in ("InboundConnectors", "OutboundConnectors"):
        node = new.get(section)
        assert node is not None
        old = old.with_entry(section, node)
    return servers.with_entry("m365", old.without("TransportRules").without("RemoteDomains"))


def test_a_rule_scoped_connector_to_somebody_else_is_a_service_and_not_the_own_server() -> None:
    made, _ = imported(*files("a"), own="smartermail")
    assert "smtp.sig.example" in {server.fqdn for server in made.lab.servers.values() if server.kind == "gateway"}


def test_domains_of_mail_users_and_forwards_exist_outside() -> None:
    made, _ = imported(*files("a"), own="smartermail")
    people = {str(p.address): p.server for p in made.lab.people.values()}
    assert ("internet", "internet") == (people["ann@gmail.example"], people["x@gmail.example"])
    assert ("10 mx.customer.example",) == made.lab.zone.records["gmail.example", "MX"]


def test_a_domain_type_that_the_service_lacks_does_not_make_it_another_product() -> None:
    made, found = imported(*files("a"))
    assert {"exchange-online"} == {o.kind for o in made.objects if o.shape.section == "AcceptedDomains"}
    (note,) = [n for n in notes(found, "refused") if n.where == "accepted domain legacy.example"]
    assert "ExternalRelay is not a value" in note.why


def test_users_forwards_and_aliases_of_smartermail_are_settings_of_their_domain() -> None:
    made, found = imported(*files("b"))
    domain = made.tree.get("servers").get("onprem").get("Domains").get("contoso.com")  # type: ignore[union-attr]
    assert domain is not None
    plain_ = domain.plain()
    assert isinstance(plain_, dict)
    assert "External (use host address)" == plain_["Inbound Message Delivery"]
    assert {"sales": ["john", "bob@contoso.com"]} == plain_["Aliases"]
    forward = {"Forwarding Address": ["bob@contoso.onmicrosoft.com"], "Delete messages when forwarded": "true"}
    assert {"bob": forward} == plain_["Forwarding"]
    assert {"gone": {"Status": "Disabled"}} == plain_["Users"]
    there = {str(p.address) for p in made.lab.people.values() if p.server == "onprem"}
    assert {"john@contoso.com", "amy@contoso.com", "bob@contoso.com", "gone@contoso.com"} == there
    assert [("SmarterMail user gone@contoso.com", "Status")] == [
        (n.where, n.key) for n in notes(found, "guessed") if n.key == "Status"
    ]


def test_a_bare_user_without_a_domain_has_a_note() -> None:
    _, found = imported(("alias.json", json.dumps({"name": "sales", "aliasTargetList": ["x"]})), *files("c"))
    assert ["SmarterMail alias sales"] == [n.where for n in notes(found, "not read") if "which domain" in n.why]


def test_blocks_within_blocks_and_variables_of_a_configuration() -> None:
    made, found = imported(*files("c"))
    inbound = next(o for o in made.objects if o.shape.noun == "InboundConnector")
    assert '$5 for "you"' == inbound.settings["Comment"].text
    assert ["Limits"] == [n.key for n in notes(found, "unknown")]
    assert {"contoso.com", "contoso.onmicrosoft.com"} == {
        o.name for o in made.objects if o.shape.section == "AcceptedDomains" and o.kind == "exchange-online"
    }
    assert [("TlsDomain", "$Unknown")] == [(n.key, n.value) for n in notes(found, "not read")]


def test_what_a_zone_file_has_beside_mail_is_told_and_no_error() -> None:
    found = read(("contoso.example.zone", files("a")[-1][1]))
    told = {n.key for n in found.notes}
    assert {"contoso.example SOA", "contoso.example CAA", "contoso.example TYPE65", "$INCLUDE"} == told
    (zone,) = found.zones
    dmarc = zone.get("_dmarc.contoso.example")
    assert dmarc is not None
    assert {"TXT": ["v=DMARC1;p=none"]} == {e.key: [i.text for i in e.node.items] for e in dmarc.entries}


def test_columns_of_a_list_of_addresses_that_are_not_read_are_told() -> None:
    found = read(("people.csv", "DisplayName,PrimarySmtpAddress,Department\nBob,bob@contoso.com,Sales\n"))
    assert ["Department"] == [n.key for n in notes(found, "no effect")]


KEYS = sorted({key for product in PRODUCTS.values() for shape in product.shapes for key in shape.settings.__fields__})
SCALARS = st.text("abcZé$`'\"{}<;:,", min_size=1, max_size=8).map(str.strip).filter(bool) | st.integers(2, 10**6)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
RECORDS = st.dictionaries(st.sampled_from(KEYS) | st.text("xyzQ", min_size=3, max_size=6), VALUES, max_size=6).filter(
    lambda d: len({k.casefold() for k in d}) == len(d) and not any("password" in k.casefold() for k in d)
)


@given(
    RECORDS,
    st.sampled_from(["SenderDomains", "RecipientDomains", "AddressSpaces", "domainLocation", "DomainType", "State"]),
)
def test_whatever_a_record_has_is_told(record: dict[str, Any], tell: str) -> None:
    record = {**record, tell: "contoso.com", "Name": "Own"}
    found = Found()
    from simulator.importing.reading import read_file

    read_file(json.dumps(record), "x.json", found, ProblemList())
    sort_records(found)
    if any(n.kind == "not read" for n in found.notes):
        return  # a line says that the whole record was left out
    report = mapping_lines(found)
    for leaf in leaves(record):
        assert plain(leaf) in report, (leaf, record)
