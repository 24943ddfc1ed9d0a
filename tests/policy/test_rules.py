from __future__ import annotations

import pytest

from simulator.policy import rules
from simulator.policy.rules import all_rules, rule


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_RULES", {})


def test_a_rule_is_registered_under_its_id() -> None:
    assert "B-1" == rule("B-1", "says so", fidelity="documented", source="RFC 5321")
    rule("A-1", "says that", fidelity="inferred", source="")
    assert ["A-1", "B-1"] == [r.id for r in all_rules()]


def test_a_rule_may_be_registered_again_but_not_contradicted() -> None:
    rule("A-1", "says that", fidelity="inferred", source="")
    rule("A-1", "says that", fidelity="inferred", source="")
    with pytest.raises(ValueError, match="twice"):
        rule("A-1", "says something else", fidelity="inferred", source="")


def test_fidelity_is_one_of_four_words() -> None:
    with pytest.raises(ValueError, match="no fidelity"):
        rule("A-1", "says that", fidelity="certain", source="")
