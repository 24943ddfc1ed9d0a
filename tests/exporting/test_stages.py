"""The script of each stage of a migration leads from the stage before to it, and its undo back."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.exporting.script import parts, script
from simulator.files import load_all
from simulator.source import Node
from tests.exporting.test_round_trip import as_steps, meaning, server_of

ROOT = Path(__file__).parents[2]
FILES = [
    "scenarios/migration/variant-1.yaml", "scenarios/migration/variant-2.yaml", "scenarios/migration/exchange-hybrid.yaml",
    "scenarios/migration/devices-stay.yaml", "scenarios/migration/gateway-in-front.yaml",
    "simulator/templates/smartermail/scenarios/migration.yaml",
]  # fmt: skip
CLOUD = "exchange-online"


def steps() -> list[tuple[str, str, Node, Node]]:
    """File, stage, the tree before it and the tree after it."""
    found = []
    for name in FILES:
        (scenario,) = load_all([str(ROOT / name)])
        before = scenario.tree
        for stage in scenario.stages:
            if stage.tree is not before and not stage.name.startswith("back from"):
                found.append((name, stage.name, before, stage.tree))
            before = stage.tree
    return found


STEPS = steps()


def _made_elsewhere(tree: Node, other: Node) -> Node:
    """What no script does: people's mailboxes come and go, and domains are added in the admin centre."""
    people, servers, theirs = other.get("people"), tree.get("servers"), server_of(other, CLOUD)
    assert people is not None
    assert servers is not None
    assert theirs is not None
    for entry in servers.entries:
        if entry.node.get("is") and server_of(tree, CLOUD) is entry.node:
            node = entry.node
            mine, added = node.get("AcceptedDomains") or Node({}), theirs.get("AcceptedDomains") or Node({})
            for domain in added.entries:
                mine = mine if mine.get(domain.key) else mine.with_entry(domain.key, Node.of("Authoritative"))
            recipients = node.get("Recipients") or Node({})
            for address in _moved(tree, other):
                recipients = recipients.without(address) if _is_mailbox(recipients.get(address)) else recipients
            node = node.with_entry("AcceptedDomains", mine).with_entry("Recipients", recipients)
            servers = servers.with_entry(entry.key, node)
    return tree.with_entry("servers", servers).with_entry("people", people)


def _tenant_of(tree: Node) -> Node:
    """Without the servers whose cmdlets have the same names: a script is for one session."""
    servers = tree.get("servers")
    assert servers is not None
    for entry in servers.entries:
        if entry.key != "m365":
            servers = servers.without(entry.key)
    return tree.with_entry("servers", servers)


def _is_mailbox(node: Node | None) -> bool:
    return node is not None and node.get("RecipientType") is None


def _moved(tree: Node, other: Node) -> set[str]:
    homes = [
        {item.text for entry in (t.get("people") or Node({})).entries for item in entry.node.items}
        for t in (tree, other)
    ]
    return {text.partition(" at ")[0] for text in homes[0] ^ homes[1]}


def _told(server: Node | None, known: Node | None) -> object:
    """What the objects come to; domains that only the admin centre takes out again are left aside."""
    names = {e.key.casefold() for e in ((known or Node({})).get("AcceptedDomains") or Node({})).entries}
    return [
        (section, [o for o in some if section != "AcceptedDomains" or o[0] in names])
        for section, some in meaning(server, CLOUD)
    ]


@pytest.mark.parametrize(("before", "after"), [s[2:] for s in STEPS], ids=[f"{Path(s[0]).stem} {s[1]}" for s in STEPS])
def test_the_script_of_a_stage_leads_to_it_and_its_undo_back(before: Node, after: Node) -> None:
    before, after = _tenant_of(before), _tenant_of(after)
    found = parts(before, after)
    old, new = server_of(before, CLOUD), server_of(after, CLOUD)
    there = as_steps(script(found, "stage"), _made_elsewhere(before, after))
    assert _told(new, new) == _told(server_of(there, CLOUD), new)
    moved = tuple(f"Set-Mailbox -Identity '{address}'" for address in _moved(before, after))
    undo = [c.undo for part in found for c in part.changes if c.undo and not c.undo.startswith(moved)]
    back = as_steps("\n".join(reversed(undo)), _made_elsewhere(there, before))
    assert _told(old, old) == _told(server_of(back, CLOUD), old)


def test_a_script_never_deletes_the_mailbox_of_a_person() -> None:
    for _, _, before, after in STEPS:
        for there, back in ((before, after), (after, before)):
            assert "Remove-Mailbox" not in script(parts(there, back), "x")


def test_where_a_mail_user_becomes_a_mailbox_the_script_says_when() -> None:
    told = {stage: script(parts(before, after), "x") for name, stage, before, after in STEPS if name == FILES[1]}
    lines = told["S2 MX at SmarterMail"].splitlines()
    order = [
        next(i for i, line in enumerate(lines) if word in line)
        for word in ("Remove-MailUser", "the mailbox is made now", "Set-Mailbox -Identity 'bob@contoso.com'")
    ]
    assert sorted(order) == order
