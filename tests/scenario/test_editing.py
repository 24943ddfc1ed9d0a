"""A changed tree put back into its text: only what changed is another."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulator
from simulator.scenario.editing import CannotEdit, edited
from simulator.scenario.load import read_yaml
from simulator.scenario.patch import apply_patch
from simulator.source import Node, ProblemList

LABS = sorted((Path(simulator.__file__).parents[1] / "scenarios" / "labs").glob("*.yaml"))

BLOCK = """\
# the company's way out
Out: # of the tenant
  Enabled: true # since May
  SmartHosts: [a.example]
  Domains:
    - one.example # the first
    - two.example
# and the way in
In: {Enabled: true, Tls: false}
"""


def changed(text: str, patch: str) -> str:
    problems = ProblemList()
    after = apply_patch(read_yaml(text, "was"), read_yaml(patch, "patch"), problems)
    assert [] == problems.items
    return edited(text, after)


def difference(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that are gone, and those that are new."""
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


@pytest.mark.parametrize(
    ("patch", "gone", "new"),
    [
        ("Out: {Enabled: false}", ["  Enabled: true # since May"], ["  Enabled: false # since May"]),
        ("Out: {Comment: 'a: b'}", [], ['  Comment: "a: b"']),
        ("Out: {SmartHosts: [b.example, '*.c.example']}", ["  SmartHosts: [a.example]"], ['  SmartHosts: [b.example, "*.c.example"]']),
        ("Out: {SmartHosts: b.example}", ["  SmartHosts: [a.example]"], ["  SmartHosts: b.example"]),
        ("Out: {Enabled: remove}", ["  Enabled: true # since May"], []),
        ("Out: {Domains: [one.example, two.example, three.example]}", [], ["    - three.example"]),
        ("Out: {Domains: [two.example]}", ["    - one.example # the first"], []),
        ("Out: {Domains: [zero.example, one.example, two.example]}", [], ["    - zero.example"]),
        ("Out: {Domains: []}", ["  Domains:", "    - one.example # the first", "    - two.example"], ["  Domains: []"]),
        ("In: {Tls: true}", ["In: {Enabled: true, Tls: false}"], ["In: {Enabled: true, Tls: true}"]),
        ("In: {More: x}", ["In: {Enabled: true, Tls: false}"], ["In: {Enabled: true, Tls: false, More: x}"]),
        ("In: {Enabled: remove}", ["In: {Enabled: true, Tls: false}"], ["In: {Tls: false}"]),
        ("In: {Tls: remove}", ["In: {Enabled: true, Tls: false}"], ["In: {Enabled: true}"]),
        ("In: {Tls: null}", ["In: {Enabled: true, Tls: false}"], ["In: {Enabled: true, Tls: null}"]),
        ("New: {A: 1, B: {C: 2}}", [], ["New:", "  A: 1", "  B: {C: 2}"]),
        ("In: remove", ["In: {Enabled: true, Tls: false}"], []),
        ("In: {Enabled: remove, Tls: remove}", ["In: {Enabled: true, Tls: false}"], ["In: {}"]),
    ],
)  # fmt: skip
def test_only_the_lines_of_the_change_are_others(patch: str, gone: list[str], new: list[str]) -> None:
    assert (gone, new) == difference(BLOCK, changed(BLOCK, patch))


def test_a_change_of_nothing_changes_nothing() -> None:
    assert changed(BLOCK, "Out: {Enabled: true}") == BLOCK


def test_a_name_is_replaced_where_it_stands() -> None:
    was = read_yaml(BLOCK, "was")
    first, second = was.entries
    after = Node.of({"Way out": first.node, "In": second.node})
    assert BLOCK.replace("Out: #", "Way out: #") == edited(BLOCK, after)


def test_line_ends_of_windows_stay() -> None:
    text = BLOCK.replace("\n", "\r\n")
    after = changed(text, "Out: {Enabled: false, Comment: x, Domains: [one.example, two.example, three.example]}")
    assert after.count("\n") == after.count("\r\n") == text.count("\n") + 2


def test_a_file_without_a_last_line_end_is_added_to() -> None:
    assert "A: {B: 1}\nC: 2" == changed("A: {B: 1}", "C: 2")


@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_stay(quote: str) -> None:
    assert f"A: {quote}y{quote} # z" == changed(f"A: {quote}x{quote} # z", "A: y")


@pytest.mark.parametrize(
    ("text", "patch"),
    [
        ("A: &same {B: 1}\nC: *same\n", "A: {B: 2}"),  # would change C as well
        ("A: &same {B: 1}\nC: *same\n", "C: {B: 2}"),
        ("A: |\n  some\n  text\n", "A: other"),
    ],
)
def test_what_would_say_something_else_is_refused(text: str, patch: str) -> None:
    with pytest.raises(CannotEdit):
        changed(text, patch)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn", "Zl", "Zp")), max_size=12)


@given(data=st.data())
def test_whatever_changes_in_a_lab_the_file_then_says_it_and_keeps_its_comments(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(LABS)).read_text(encoding="utf-8")
    tree = read_yaml(text, "lab")
    path: list[str] = []
    node = tree
    while node.is_map and node.entries and (not path or data.draw(st.booleans())):
        entry = data.draw(st.sampled_from(node.entries))
        path.append(entry.key)
        node = entry.node
    what = data.draw(
        st.one_of(TEXTS, st.lists(TEXTS, max_size=3), st.dictionaries(TEXTS.filter(str.strip), TEXTS, max_size=4))
    )
    new = Node.of(what)
    where = tree
    parents = [where]
    for key in path[:-1]:
        inner = where.get(key)
        assert inner is not None
        where = inner
        parents.append(where)
    for parent, key in zip(reversed(parents), reversed(path), strict=True):
        new = parent.with_entry(key, new)
    try:
        after = edited(text, new)
    except CannotEdit:
        assert "|" in text or "*" in text
        return
    assert new.plain() == read_yaml(after, "lab").plain()
    replaced = set(difference(text, after)[0])
    lost = [line for line in text.splitlines() if line.lstrip().startswith("#") and line not in after.splitlines()]
    assert set(lost) <= replaced
