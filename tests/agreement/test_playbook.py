"""The playbook of a migration: every cell of its flow matrix stands in the scenarios, and all of it plays fast.

The cells are the servers of the path, stage by stage; that the paths hold is `test_scenarios`' business.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.check.looking import look
from simulator.files import load_all, read_text
from simulator.keyring import KEYRING
from simulator.runner import Options, Runner
from simulator.scenario.model import Flow, Scenario

FOLDER = Path(__file__).parent.parent.parent / "scenarios" / "migration"
VARIANTS = ("variant-1.yaml", "variant-2.yaml")
SM, CLOUD, BACK = "onprem", "onprem m365", "m365 onprem"  # at SmarterMail; from there to the tenant; the other way
MATRIX: dict[str, tuple[str, str, str, str]] = {  # flow: S0, S2 (MX at SmarterMail), S3 (MX at Microsoft 365), S6
    "Sun to John": (f"internet {SM}", f"internet {SM}", f"internet {BACK}", "internet m365"),
    "Sun to Bob": (f"internet {SM}", f"internet {CLOUD}", "internet m365", "internet m365"),
    "John to Bob": (SM, CLOUD, CLOUD, "m365"),
    "Bob to John": (SM, BACK, BACK, "m365"),
    "John to Sun": (f"{SM} internet", f"{SM} internet", "* internet", "m365 internet"),
    "Bob to Sun": (f"{SM} internet", "m365 internet", "m365 internet", "m365 internet"),
    "Scanner to Sun": (f"scanner {SM} internet", f"scanner {SM} internet", f"scanner {SM} * internet", "scanner m365 internet"),
    "Sun to nobody": (f"internet {SM}", "internet *", "internet *", "internet m365"),
    "Sun to both": (f"internet {SM}", "internet *", "internet *", "internet m365"),
}  # fmt: skip


def _ways(scenario: Scenario, stage: str, name: str) -> list[str]:
    flows = [f for s in scenario.stages if s.name.startswith(f"{stage} ") for f in s.flows if not f.meanwhile]
    (flow,) = [f for f in flows if f.name == name]
    return [" ".join(hop.server.text for hop in s.hops if hop.server) for s in flow.expected]


def _fits(cell: str, way: str) -> bool:
    before, star, after = cell.partition("*")
    return way == cell if not star else way.startswith(before.strip()) and way.endswith(after.strip())


@pytest.mark.parametrize("name", MATRIX)
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_cell_of_the_matrix_is_asserted(variant: str, name: str) -> None:
    (scenario,) = load_all([str(FOLDER / variant)])
    for stage, cell in zip(("S0", "S2", "S3", "S6"), MATRIX[name], strict=True):
        ways = _ways(scenario, stage, name)
        assert ways and all(_fits(cell, way) for way in ways), (stage, cell, ways)  # noqa: PT018
    for stage in ("S1", "S4", "S5", "S7"):
        assert _ways(scenario, stage, name), f"{name} is played in {stage} too"


NOBODY = {  # by variant and stage: the servers, how it ends, and who writes the report
    ("variant-1.yaml", "S0"): ("internet onprem", "REJECTED 550", "internet"),
    ("variant-1.yaml", "S2"): (
        "internet onprem m365",
        "REJECTED 550",
        "onprem",
    ),  # knob dbeb_on_connector_mail; see below
    ("variant-1.yaml", "S3"): ("internet m365", "REJECTED 550 5.4.1", "internet"),
    ("variant-1.yaml", "S6"): ("internet m365", "REJECTED 550 5.4.1", "internet"),
    ("variant-2.yaml", "S0"): ("internet onprem", "REJECTED 550", "internet"),
    ("variant-2.yaml", "S2"): ("internet onprem", "REJECTED 550", ""),  # a repetition asserts its sentence
    ("variant-2.yaml", "S3"): ("internet m365 onprem", "REJECTED 550", "m365"),
    ("variant-2.yaml", "S6"): ("internet m365", "REJECTED 550 5.4.1", "internet"),
}


@pytest.mark.parametrize(("variant", "stage"), NOBODY)
def test_who_refuses_nobody_and_who_reports_it(variant: str, stage: str) -> None:
    (scenario,) = load_all([str(FOLDER / variant)])
    way, end, reporter = NOBODY[variant, stage]
    flows = [
        f for s in scenario.stages if s.name.startswith(f"{stage} ") for f in s.flows
        if f.name.startswith("Sun to nobody") and not f.meanwhile
    ]  # fmt: skip
    # Where sources disagree (the tenant refuses at the door or accepts and reports) both are played.
    told = [
        (" ".join(hop.server.text for hop in s.hops if hop.server), f"{s.end.word} {s.end.code.text}".strip(), _reporter(f))
        for f in flows for s in f.expected
    ]  # fmt: skip
    assert (way, end, reporter) in told
    assert {way} == {path for path, _, _ in told}


def _reporter(flow: Flow) -> str:
    """Who writes the report, where the flow says so."""
    report = flow.expectations.get("ndr")
    by = report.get("by") if report is not None else None
    return by.text if by is not None else ""


@pytest.mark.parametrize("variant", VARIANTS)
def test_both_recipients_of_one_mail_part_where_the_mx_is(variant: str) -> None:
    (scenario,) = load_all([str(FOLDER / variant)])
    assert {"internet onprem", "internet onprem m365"} == set(_ways(scenario, "S2", "Sun to both"))
    assert {"internet m365", "internet m365 onprem"} == set(_ways(scenario, "S3", "Sun to both"))


def test_both_variants_step_back_in_both_engines_and_all_flows_hold() -> None:
    scenarios = load_all([str(FOLDER / variant) for variant in VARIANTS])
    result = Runner(Options()).run(scenarios)
    assert any(f.flow.back for f in result.flows())
    assert 0 == result.count("fail")


@pytest.mark.parametrize("file", [*VARIANTS, "exchange-hybrid.yaml", "devices-stay.yaml", "gateway-in-front.yaml"])
def test_check_finds_no_error_at_any_stage(file: str) -> None:
    assert [] == [str(f) for f in look(read_text, [str(FOLDER / file)], keys=KEYRING).findings if f.level == "error"]
