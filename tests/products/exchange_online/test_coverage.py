"""docs/coverage.md has every rule in one row, and names only tests that are there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from simulator.cli.about import registered_rules
from simulator.products.exchange_online.knobs import Knobs

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| \d", line)]
RULES = {rule.id: rule for rule in registered_rules() if rule.id.startswith("EXO-")}


def placed() -> Counter[str]:
    """How often a rule stands in the column of rules."""
    return Counter(rule for row in ROWS for rule in re.findall(r"EXO-[A-Z]+-\d+", row.split("|")[3]))


def test_every_rule_stands_in_one_row() -> None:
    missing = [f"{id} ({Path(rule.test).name})" for id, rule in RULES.items() if id not in placed()]
    twice = [id for id, count in placed().items() if count > 1]

    assert [] == missing, f"docs/coverage.md: put into the row of its section: {', '.join(missing)}"
    assert [] == twice, f"docs/coverage.md: in more than one row: {', '.join(twice)}"


def test_every_rule_of_the_page_is_registered() -> None:
    assert [] == sorted(set(re.findall(r"EXO-[A-Z]+-\d+", PAGE)) - set(RULES))


def test_the_test_of_every_rule_is_there_and_is_named_beside_it() -> None:
    beside = {id: row for row in ROWS for id in re.findall(r"EXO-[A-Z]+-\d+", row.split("|")[3])}
    proven = {id: rule for id, rule in RULES.items() if rule.test or rule.fidelity != "not modelled"}
    unnamed = [
        f"{id} ({name})" for id, row in beside.items()
        if id in proven and f"`{(name := Path(proven[id].test).name)}`" not in row
    ]  # fmt: skip

    assert [] == [f"{id}: {rule.test}" for id, rule in proven.items() if not (ROOT / rule.test).is_file()]
    assert [] == unnamed, f"docs/coverage.md: name in the row of the rule: {', '.join(unnamed)}"


def test_every_test_of_the_page_is_there() -> None:
    there = {path.name for folder in ("tests", "scenarios") for path in (ROOT / folder).rglob("*.*")}

    assert [] == sorted(set(re.findall(r"`([\w.-]+\.(?:py|yaml))`", PAGE)) - there)


def test_every_knob_answers_a_question() -> None:
    missing = [knob for knob in Knobs.__fields__ if f"`{knob}`" not in PAGE]

    assert [] == missing, f"docs/coverage.md: under What no source settles: {', '.join(missing)}"


def test_every_section_has_one_row() -> None:
    sections = [row.split("|")[1].strip() for row in ROWS]

    assert sorted(sections, key=lambda s: [int(n) for n in s.split(".")]) == sections
    assert len(sections) == len(set(sections))
