"""Every knob has the default that was settled, and a scenario flow at each of its values.

A flow shows a value by its name, which ends with it: `... (selection_order doc-list)`, or with `, the default` where the
lab does not write the knob. Any scenario file may have such flows. Where no flow shows a knob, a unit test must name it
together with each of its values.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.mail.reply import Reply
from simulator.products.exchange_online.knobs import Knobs
from simulator.scenario.model import Flow
from simulator.scenario.scenario import load_scenario
from tests.products.exchange_online.test_settings import read

ROOT = Path(__file__).parents[3]
SHOWS = re.compile(r"\((\w+) ([^()]+?)(, the default)?\)\Z")

DEFAULTS = {
    "attribution_mode": "strict",
    "selection_order": "doc-example",
    "tenant_attribution_limit": 3,
    "received_limit": 30,
    "queue_life": None,  # MessageExpiration, 24 hours
    "retry": None,  # 15 minutes, growing by half up to 60
    "require_tls_reply": Reply(451, "5.7.3", "STARTTLS is required to send mail"),
    "dbeb_on_connector_mail": False,
    "partner_restrict_combination": "and",
    "cert_wildcard": "any",
    "outbound_wildcard": "with_apex",
    "one_domain_per_session": False,
}
"""Settled beforehand. The other knobs are this simulator's own."""


def a_flow_of(name: str) -> re.Match[str] | None:
    found = SHOWS.search(name)
    return found if found and found[1] in Knobs.__fields__ else None


def flows() -> list[tuple[str, str, bool, Flow]]:
    """Knob, value, whether it is the default, and the flow that shows it."""
    found: list[tuple[str, str, bool, Flow]] = []
    for path in sorted((ROOT / "scenarios").rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        if "labs" in path.parts or not any(f"({knob} " in text for knob in Knobs.__fields__):
            continue
        scenario = load_scenario(lambda name: Path(name).read_text(encoding="utf-8"), str(path))
        found += [(m[1], m[2], bool(m[3]), f) for f in scenario.flows if (m := a_flow_of(f.name))]
    return found


FLOWS = flows()
MODELLED = [knob for knob, field in Knobs.__fields__.items() if field.modelled]


def shown(value: object) -> str:
    """A value as the name of a flow has it."""
    if value is None:
        return "left out"
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def wanted(knob: str) -> tuple[set[str], int]:
    """The values that must be shown, and how many at least."""
    field = Knobs.__fields__[knob]
    if "enum" in field.schema:
        return set(field.schema["enum"]), len(field.schema["enum"])
    if isinstance(field.default, bool):
        return {"true", "false"}, 2
    return {shown(field.default)}, 2


def unit_tests(knob: str) -> list[str]:
    """The test files that name a knob and each of its values (of numbers and texts: the knob alone)."""
    values, _ = wanted(knob)
    fixed = len(values) > 1
    words = {"true": "True", "false": "False"}
    needed = [rf"\b{knob}\b", *(rf"\b{re.escape(words.get(v, v))}\b" for v in values if fixed)]
    return [p.name for p, text in UNIT_TESTS.items() if all(re.search(word, text) for word in needed)]


UNIT_TESTS = {
    path: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")
    if path.name not in ("test_knobs.py", "test_settings.py")
}  # fmt: skip


@pytest.mark.parametrize("knob", MODELLED)
def test_every_knob_is_shown_at_each_of_its_values(knob: str) -> None:
    values, least = wanted(knob)
    there = {value for name, value, _, _ in FLOWS if name == knob}
    missing = [f"({knob} {value})" for value in sorted(values - there)]
    if not there and unit_tests(knob):
        return

    ways = f"no flow under scenarios/ has a name that ends with {' or '.join(missing)}, and no unit test has them all"
    assert [] == missing, ways
    assert len(there) >= least, f"no flow under scenarios/ shows {knob} at another value than its default"


@pytest.mark.parametrize(("knob", "value", "default", "flow"), FLOWS, ids=[f"{k} {v}" for k, v, _, _ in FLOWS])
def test_a_flow_plays_the_value_that_its_name_says(knob: str, value: str, default: bool, flow: Flow) -> None:
    written = [
        node for server in (flow.tree.get("servers") or flow.tree).entries
        if (knobs := server.node.get("knobs")) and (node := knobs.get(knob))
    ]  # fmt: skip
    if default:
        assert [] == written
        assert shown(Knobs.__fields__[knob].default) == value
    else:
        assert [value] == [" ".join(item.text for item in node.items) for node in written]


@pytest.mark.parametrize("knob", sorted({knob for knob, _, _, _ in FLOWS}))
def test_two_values_of_a_knob_make_a_difference(knob: str) -> None:
    mine = [flow for name, _, _, flow in FLOWS if name == knob]
    outcomes = [
        ([s.text for sentences in f.paths for s in sentences], {k: n.plain() for k, n in f.expectations.items()})
        for f in mine
    ]

    assert all(one not in outcomes[n + 1 :] for n, one in enumerate(outcomes))


@pytest.mark.parametrize(("knob", "default"), DEFAULTS.items())
def test_defaults_are_as_settled(knob: str, default: object) -> None:
    assert default == Knobs.__fields__[knob].default


def test_a_knob_that_nothing_obeys_yet_warns() -> None:
    for knob in Knobs.__fields__.keys() - set(MODELLED):
        problems = read(knobs={knob: "true"})[1]

        assert [f"{knob} is understood but not modelled; it changes nothing here"] == [
            p.says for p in problems.warnings
        ]
