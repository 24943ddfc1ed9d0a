"""What is exported and read again is the same: by import, and as the steps of a scenario."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.exporting.objects import shapes_of, things
from simulator.exporting.script import parts, script
from simulator.importing.assembling import Assembled
from simulator.importing.script import commands
from simulator.scenario.errors import ScenarioError
from simulator.scenario.steps import apply_steps
from simulator.source import Node, ProblemList
from tests.importing.importing import imported

KINDS = ("exchange-online", "exchange-server")
TENANT = ("inbound.json", "outbound.json", "domains.json", "rules.json", "recipients.json")


def server_of(tree: Node, kind: str) -> Node | None:
    servers = tree.get("servers")
    assert servers is not None
    return next(
        (e.node for e in servers.entries if e.node.get("is") == Node.of(kind) or _text(e.node.get("is")) == kind), None
    )


def _text(node: Node | None) -> str:
    return node.text if node is not None else ""


def meaning(server: Node | None, kind: str) -> list[tuple[str, list[tuple[str, dict[str, Any], dict[str, object]]]]]:
    """What a server's objects come to, in a form that can be compared."""
    found = []
    for shape in shapes_of(kind):
        some = []
        defaults = {(field.label or key): field.default for key, field in shape.settings.__fields__.items()}
        for thing in things(server, shape):
            values = {key: value for key, value in thing.values.items() if value != defaults[key]}
            if "EmailAddresses" in values:
                values["EmailAddresses"] = {a for a in values["EmailAddresses"] if str(a) != thing.name}
            own = {key: node.plain() for key, node in thing.own.items() if key in ("Members", "RecipientPermission")}
            if any((values, own, shape.section != "Recipients")):
                some.append((thing.name.casefold(), values, own))
        found.append((shape.section, some if shape.ranked else sorted(some, key=lambda one: one[0])))
    return found


def exported(tree: Node, before: Node | None = None) -> str:
    return script(parts(before, tree), "test")


def as_steps(text: str, tree: Node) -> Node:
    """A lab after the commands of a script."""
    steps = Node(tuple(commands(text, "change.ps1")))
    problems = ProblemList()
    after = apply_steps(tree, steps, problems)
    assert [] == [str(p) for p in problems.errors]
    return after


def bare(tree: Node, kind: str) -> Node:
    """The same lab, whose server has nothing but its domains."""
    servers = tree.get("servers")
    assert servers is not None
    for entry in servers.entries:
        if _text(entry.node.get("is")) == kind:
            node = entry.node
            for shape in shapes_of(kind):
                section = node.get(shape.section)
                if shape.new or section is None:
                    node = node.without(shape.section)
                else:
                    node = node.with_entry(shape.section, Node.of({e.key: "Authoritative" for e in section.entries}))
            servers = servers.with_entry(entry.key, node)
    return tree.with_entry("servers", servers)


@pytest.mark.parametrize(
    "files",
    [
        TENANT,
        ("inbound.json", "outbound.json", "domains.json"),
        ("domains.json", "outbound.json"),
        ("dsc.ps1",),
        ("exchange.json",),
        ("exchange.json", *TENANT),
        ("every-property.json",),
        ("minimal.json",),
    ],
    ids=lambda files: " ".join(files),
)
def test_import_export_import_gives_equal_labs(files: tuple[str, ...]) -> None:
    first, _ = imported(*files)
    for kind in KINDS:
        if server_of(first.tree, kind) is None:
            continue
        (part,) = [p for p in parts(None, first.tree) if p.title and f"({_title(kind)})" in p.title]
        second, _ = imported(("change.ps1", script([part], "test")), *(_domains(files) if kind == KINDS[1] else ()))
        assert meaning(server_of(first.tree, kind), kind) == meaning(server_of(second.tree, kind), kind)


def _title(kind: str) -> str:
    return {"exchange-online": "Exchange Online", "exchange-server": "Exchange Server"}[kind]


def _domains(files: tuple[str, ...]) -> tuple[str, ...]:
    return ()


def test_the_script_as_steps_of_a_scenario_gives_the_same_lab() -> None:
    made, _ = imported("inbound.json", "outbound.json", "domains.json", "rules.json")
    after = as_steps(exported(made.tree), bare(made.tree, "exchange-online"))
    assert meaning(server_of(made.tree, "exchange-online"), "exchange-online") == meaning(
        server_of(after, "exchange-online"), "exchange-online"
    )


def test_a_script_that_was_run_leaves_nothing_to_do() -> None:
    made, _ = imported(*TENANT)
    assert [] == parts(made.tree, made.tree)


NAMES = st.text("abZ é'\"’`$;#,()->:[]{}!%&\U0002ebe1", min_size=1, max_size=12).filter(
    lambda name: name == name.strip() and not name.startswith("$")
)
DOMAINS = st.sampled_from(
    ["contoso.com", "*.contoso.com", "fabrikam.example", "*.woodgrove.example", "tailspin.example"]
)
ADDRESSES = st.sampled_from(["192.0.2.10", "192.0.2.0/24", "203.0.113.25", "198.51.100.128/25"])
INBOUND = st.fixed_dictionaries(
    {"ConnectorType": st.sampled_from(["OnPremises", "Partner"]), "SenderDomains": st.lists(DOMAINS, min_size=1, max_size=3, unique=True)},
    optional={
        "Enabled": st.booleans(), "RequireTls": st.booleans(), "SenderIPAddresses": st.lists(ADDRESSES, max_size=3, unique=True),
        "CloudServicesMailEnabled": st.booleans(), "TlsSenderCertificateName": st.sampled_from(["mail.contoso.com", "*.contoso.com"]),
        "EFSkipLastIP": st.booleans(), "Comment": NAMES,
    },
)  # fmt: skip
RULES = st.fixed_dictionaries(
    {"PrependSubject": NAMES.map(lambda text: f"{text} ")},
    optional={
        "Enabled": st.booleans(), "FromScope": st.sampled_from(["InOrganization", "NotInOrganization"]),
        "SubjectContainsWords": st.lists(NAMES, min_size=1, max_size=3), "SetSCL": st.sampled_from(["-1", "5"]),
        "StopRuleProcessing": st.booleans(), "SetHeaderName": st.just("X-Mark"), "SetHeaderValue": NAMES,
    },
)  # fmt: skip


def tenant(inbound: dict[str, Any], rules: dict[str, Any]) -> Node:
    return Node.of({
        "mailflow": "1",
        "servers": {
            "m365": {
                "is": "exchange-online", "fqdn": "contoso-com.mail.protection.outlook.com", "ip": "40.92.10.1",
                "AcceptedDomains": {"contoso.com": "Authoritative"}, "InboundConnectors": inbound, "TransportRules": rules,
            }
        },
    })  # fmt: skip


def by_name(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(NAMES, values, max_size=4).filter(lambda d: len({k.casefold() for k in d}) == len(d))


TENANTS = st.builds(tenant, by_name(INBOUND), by_name(RULES))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(TENANTS, TENANTS)
def test_the_way_from_one_lab_to_another_leads_there_and_its_undo_back(before: Node, after: Node) -> None:
    text = exported(after, before)
    there = as_steps(text, before)
    kind = "exchange-online"
    assert meaning(server_of(after, kind), kind) == meaning(server_of(there, kind), kind)
    undone = [c for p in parts(before, after) for c in p.changes if c.undo]
    back = as_steps("\n".join(line for c in reversed(undone) for line in [c.undo]), there)
    mine, theirs = dict(meaning(server_of(before, kind), kind)), dict(meaning(server_of(back, kind), kind))
    assert mine["InboundConnectors"] == theirs["InboundConnectors"]
    assert mine["TransportRules"] == theirs["TransportRules"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(TENANTS)
def test_a_tenant_exported_and_imported_is_the_same(lab: Node) -> None:
    kind = "exchange-online"
    second: Assembled
    try:
        second, _ = imported(("change.ps1", exported(lab)))
    except ScenarioError as bad:
        raise AssertionError(str(bad)) from None
    refused = {(one.shape.section, one.name.casefold()) for one, _ in second.dropped}
    mine = [
        (section, [o for o in some if (section, o[0]) not in refused])
        for section, some in meaning(server_of(lab, kind), kind)
    ]
    made_up = {
        one.address.casefold() for one in second.people if one.guessed
    }  # whom the tenant then knows as a mail user
    theirs = [
        (section, [o for o in some if o[0] not in made_up])
        for section, some in meaning(server_of(second.tree, kind), kind)
    ]
    assert mine == theirs
