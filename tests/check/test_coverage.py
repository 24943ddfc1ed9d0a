"""Mail that no scenario looks at."""

from __future__ import annotations

from simulator.check.coverage import passed_over
from simulator.check.ground import MOST
from simulator.check.looking import look
from simulator.keyring import KEYRING
from tests.check.ground import LAB, a_ground, ids


def notes(flows: str) -> list[str]:
    files = {"lab.yaml": LAB, "flows.yaml": f"scenario: some\nlab: lab.yaml\nflows:\n{flows}"}
    looked = look(files.__getitem__, files, keys=KEYRING)
    return [f.says for f in looked.findings if f.kind.id == "MF070"]


def test_a_way_between_two_servers_without_a_flow_is_a_note() -> None:
    told = notes("  Bob to John: Bob -> m365 -> onprem -> John\n")
    assert "no scenario covers mail from onprem to m365, such as John -> Bob" in told
    assert not [says for says in told if "from m365 to onprem" in says]
    assert 5 == len(told)


def test_all_ways_covered_leaves_nothing_to_tell() -> None:
    flows = "".join(
        f"  {a} to {b}: {a} -> ... -> {b}\n" for a in ("Bob", "John", "Sun") for b in ("Bob", "John", "Sun") if a != b
    )
    assert [] == notes(flows)


def test_a_lab_without_scenarios_is_not_asked_for_them() -> None:
    assert [] == [
        f for f in look({"lab.yaml": LAB}.__getitem__, ["lab.yaml"], keys=KEYRING).findings if f.kind.id == "MF070"
    ]


def test_of_very_many_addresses_some_are_passed_over_and_that_is_told() -> None:
    many = ", ".join(
        f"u{n}@contoso.com: {{RecipientType: MailUser, ExternalEmailAddress: u{n}@customer.example}}"
        for n in range(MOST + 5)
    )
    ground = a_ground(f"servers: {{m365: {{Recipients: {{{many}}}}}}}")
    assert [f"{MOST + 3} addresses were asked for, 5 more that servers know were not"] == [
        f.says for f in passed_over(ground)
    ]


def test_of_few_addresses_none_is_passed_over() -> None:
    assert "MF071" not in ids(a_ground())
