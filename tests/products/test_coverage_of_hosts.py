"""docs/coverage-hosts.md has every rule of the other hosts in one row, and names only tests that are there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from simulator.cli.about import registered_rules
from simulator.products.exchange_server.knobs import Knobs

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "coverage-hosts.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| \d", line)]
PRODUCTS = ("SM-", "EXS-", "GW-", "NET-", "DEV-", "EXT-")
RULES = {rule.id: rule for rule in registered_rules() if not rule.id.startswith("EXO-")}
_TEST = re.compile(r"`([\w./-]+\.(?:py|yaml))`")


def _rules(row: str) -> list[str]:
    return row.split("|")[3].split()


def placed() -> Counter[str]:
    """How often a rule stands in the column of rules."""
    return Counter(rule for row in ROWS for rule in _rules(row))


def test_every_rule_of_these_products_stands_in_one_row() -> None:
    ours = {id: rule for id, rule in RULES.items() if id.startswith(PRODUCTS)}
    missing = [f"{id} ({rule.test})" for id, rule in ours.items() if id not in placed()]
    twice = [id for id, count in placed().items() if count > 1]

    assert [] == missing, f"docs/coverage-hosts.md: put into the row of its section: {', '.join(missing)}"
    assert [] == twice, f"docs/coverage-hosts.md: in more than one row: {', '.join(twice)}"


def test_every_rule_of_the_page_is_registered() -> None:
    assert [] == sorted(set(placed()) - set(RULES))


def test_the_test_of_every_rule_is_there_and_is_named_beside_it() -> None:
    unnamed = [
        f"{id} ({RULES[id].test})" for row in ROWS for id in _rules(row)
        if RULES[id].test and not any(RULES[id].test.endswith(f"/{named}") for named in _TEST.findall(row))
    ]  # fmt: skip

    assert [] == [
        f"{id}: {RULES[id].test}" for id in placed() if RULES[id].test and not (ROOT / RULES[id].test).is_file()
    ]
    assert [] == [id for id in placed() if not RULES[id].test and RULES[id].fidelity != "not modelled"]
    assert [] == unnamed, f"docs/coverage-hosts.md: name in the row of the rule: {', '.join(unnamed)}"


def test_every_test_of_the_page_is_there() -> None:
    there = [str(path) for folder in ("tests", "scenarios") for path in (ROOT / folder).rglob("*.*")]

    assert [] == [name for name in sorted(set(_TEST.findall(PAGE))) if not any(p.endswith(f"/{name}") for p in there)]


def test_every_knob_of_an_exchange_server_answers_a_question() -> None:
    missing = [knob for knob in Knobs.__fields__ if f"`{knob}`" not in PAGE]

    assert [] == missing, f"docs/coverage-hosts.md: under What no source settles: {', '.join(missing)}"


def test_every_section_has_one_row() -> None:
    sections = [row.split("|")[1].strip() for row in ROWS]
    expected = [
        *(f"1.{n}" for n in range(1, 12)), *(f"2.{n}" for n in range(1, 7)), *(f"3.{n}" for n in range(1, 4)),
        *(f"4.{n}" for n in range(1, 10)), *(f"5.{n}" for n in range(1, 4)),
    ]  # fmt: skip

    assert expected == sections
