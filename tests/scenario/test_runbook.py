"""Steps as people write them do what the one form of each does."""

from __future__ import annotations

import pytest

from simulator.scenario.load import read_yaml
from simulator.scenario.steps import apply_steps
from simulator.scenario.waiting import Waited
from simulator.source import Node, ProblemList
from tests.playing import difference
from tests.scenario.labs import CONTOSO, told, tree_of


def after(steps: str) -> tuple[object, list[float]]:
    """The tree after the `do` of a file, and how long it waits."""
    problems, waits = ProblemList(), list[Waited]()
    do = read_yaml(steps, "steps.yaml").get("do")
    tree = apply_steps(tree_of(CONTOSO), do, problems, None, waits)
    assert [] == told(problems)
    return tree.plain(), [wait.span.total_seconds() for wait in waits]


OWN = "O365 to own servers"
OFF = f"do: [{{Set-OutboundConnector: {{Identity: {OWN}, Enabled: $false}}}}]"
TWO = f"do:\n  - Set-OutboundConnector: {{Identity: {OWN}, Enabled: $false}}\n  - stop: onprem"
MOVED = "do: [{move: {Bob: onprem, John: m365}}]"
SAME = [
    ("do: {stop: onprem}", "do: [{stop: onprem}]"),
    ("do: [stop onprem]", "do: [{stop: onprem}]"),
    ("do: [{stop onprem: }]", "do: [{stop: onprem}]"),
    ("do: stop onprem", "do: [{stop: onprem}]"),
    ("do: [stop onprem, start onprem]", "do: []"),
    ("do: [wait 10m, wait 1w]", "do: [{wait: 10m}, {wait: 7d}]"),
    (f'do: Set-OutboundConnector "{OWN}" -Enabled $false', OFF),
    (f"do: [{{Set-OutboundConnector {OWN}: {{Enabled: $false}}}}]", OFF),
    (f"do: [{{Set-OutboundConnector '{OWN}': {{Enabled: $false}}}}]", OFF),
    (f"do: [{{Set-OutboundConnector: '{OWN}'}}]\n".replace(f"'{OWN}'", f'-Identity "{OWN}" -Enabled $false'), OFF),
    (f"do:\n  - Set-OutboundConnector: -Identity '{OWN}' -Enabled $false\n    server: m365", OFF),
    (f"do: {{Set-OutboundConnector: {{Identity: {OWN}, Enabled: $false}}, server: m365}}", OFF),
    (f'do: |\n  # window\n  Set-OutboundConnector -Identity "{OWN}" `\n    -Enabled $false # for an hour\n\n  stop onprem\n', TWO),
    (f"do:\n  - '# a remark'\n  - Set-OutboundConnector: {{Identity: {OWN}, Enabled: $false}}", OFF),
    ("do: [{move: Bob to onprem}, {move John: m365}]", MOVED),
    ("do: [move Bob to onprem, move John -> m365]", MOVED),
    ("do: [{move: [{Bob: onprem}, {John: m365}]}]", MOVED),
    ("do: [{move: [Bob to onprem, John to m365]}]", MOVED),
    ("do: ['move: Bob to onprem, John to m365']", MOVED),
    ("do: [{cert: {onprem: expired}}]", "do: [{cert onprem: expired}]"),
    ("do: [cert onprem expired]", "do: [{cert onprem: expired}]"),
    ("do: [{settings: {onprem: {Max Hop Count: 9}, internet: {retry after: 5m}}}]",
     "do: [{settings onprem: {Max Hop Count: 9}}, {settings internet: {retry after: 5m}}]"),
    ("do: [{dns contoso.com: {MX: [10 mail.contoso.com]}}]", "do: [{dns: {contoso.com: {MX: [10 mail.contoso.com]}}}]"),
    (f"do: [{{Remove-OutboundConnector {OWN}: }}]", f"do: [{{Remove-OutboundConnector: {OWN}}}]"),
    ("do:\n  - New-AcceptedDomain:\n      - {DomainName: a.example}\n      - {DomainName: b.example}",
     "do: [{New-AcceptedDomain: {DomainName: a.example}}, {New-AcceptedDomain: {DomainName: b.example}}]"),
    ("do: [{fault: [{at: onprem, down: 1h}, {at: internet, slow: 5s}]}]",
     "do: [{fault: {at: onprem, down: 1h}}, {fault: {at: internet, slow: 5s}}]"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "meant"), SAME)
def test_a_step_in_another_form_does_the_same(written: str, meant: str) -> None:
    assert after(meant) == after(written)


@pytest.mark.parametrize("step", ["stop", "stopp onprem", "settings onprem", "cert onprem", "nonsense"])
def test_what_is_no_step_is_still_none(step: str) -> None:
    problems = ProblemList()
    before = tree_of(CONTOSO)
    after_all = apply_steps(before, read_yaml(f"do: [{step}]", "steps.yaml").get("do"), problems)
    assert before.plain() == after_all.plain()
    assert [f"1:6 {step!r} is not a step."] == [text.partition(" | ")[0] for text in told(problems)]


def test_two_instructions_in_one_map_have_no_order() -> None:
    problems = ProblemList()
    apply_steps(tree_of(CONTOSO), read_yaml("stop: onprem\nstart: onprem", "steps.yaml"), problems)
    assert ["1:1 do is a list of steps."] == [text.partition(" | ")[0] for text in told(problems)]


def test_an_error_in_another_form_stands_at_its_word() -> None:
    problems = ProblemList()
    steps = read_yaml("do:\n  - stop onprm\n  - move Bob to onprm\n", "steps.yaml").get("do")
    apply_steps(tree_of(CONTOSO), steps, problems)
    assert ['2:10 no server "onprm" in the lab.', '3:10 no server "onprm" in the lab.'] == [
        text.partition(" | ")[0] for text in told(problems)
    ]


@pytest.mark.parametrize(
    "step",
    [f"validate {OWN} to John", f"validate: {{connector: {OWN}, to: John}}", f"{{validate {OWN}: {{to: John}}}}"],
)
def test_a_validation_in_another_form_is_played(step: str) -> None:
    broken = f"x:\n  do:\n    - stop onprem\n    - {step}\n  path: Bob -> m365 -> DEFERRED for John"
    assert "validate" == difference(broken)[0]


CHANGED = [
    ("{Add: b.example}", ["mail.contoso.com", "b.example"]),
    ("{Add: [mail.contoso.com, b.example]}", ["mail.contoso.com", "b.example"]),
    ("{Remove: MAIL.contoso.com, Add: [b.example, c.example]}", ["b.example", "c.example"]),
    ("{Remove: x.example}", ["mail.contoso.com"]),
]


@pytest.mark.parametrize(("change", "expected"), CHANGED)
def test_a_list_is_changed_part_by_part(change: str, expected: list[str]) -> None:
    problems = ProblemList()
    steps = read_yaml(f"- Set-OutboundConnector: {{Identity: {OWN}, SmartHosts: {change}}}", "steps.yaml")
    tree = apply_steps(tree_of(CONTOSO), steps, problems)
    hosts: Node | None = tree
    for key in ("servers", "m365", "OutboundConnectors", OWN, "SmartHosts"):
        hosts = hosts.get(key) if hosts else None
    assert ([], expected) == (told(problems), hosts.plain() if hosts else None)


def test_members_of_a_group_come_and_go_one_at_a_time() -> None:
    group = "[bob@contoso.com, sun@customer.example]"
    made = (
        f"New-DistributionGroup: {{PrimarySmtpAddress: staff@contoso.com, Members: {group}, "
        "RequireSenderAuthenticationEnabled: false}"
    )
    flow = (
        f"x:\n  do:\n    - {made}\n"
        "    - Remove-DistributionGroupMember: {Identity: staff, Member: sun@customer.example, Confirm: $false}\n"
        "    - Add-DistributionGroupMember -Identity staff -Member John\n"
        "  send: {from: Sun, to: staff@contoso.com}\n"
        "  path:\n    - Sun -> internet -> m365 -> Bob\n    - Sun -> internet -> m365 -> onprem -> John"
    )
    assert ("", "", "") == difference(flow)


BROKEN = "fault: {at: onprem, down: 5d}"
MENDED = [
    "fault: none", "fault: {remove: all}", "fault: {at: onprem, remove: true}", "fault: {at: OnPrem, down: none}",
    "fault: {at: onprem, down: off}",
]  # fmt: skip


@pytest.mark.parametrize("mend", MENDED)
def test_a_fault_without_a_name_is_mended_by_its_place(mend: str) -> None:
    flow = (
        f"x:\n  do: [{BROKEN}]\n  later:\n    after: 2h\n    do: [{{{mend}}}]\n  path: Bob -> m365 -> onprem -> John\n"
    )
    assert ("", "", "") == difference(flow.replace(f"[{BROKEN}]", f"{{{BROKEN}}}") + "  not before: 2h")


def test_another_fault_at_the_same_place_stays() -> None:
    flow = (
        f"x:\n  do:\n    - {BROKEN}\n    - fault: {{link: m365 -> onprem, strip: STARTTLS}}\n"
        "    - fault: {link: m365->onprem, strip: none}\n  path: Bob -> m365 -> DEFERRED 450 4.4.316 for John"
    )
    assert ("", "", "") == difference(flow)


@pytest.mark.parametrize("mend", ["{at: m365, down: none}", "{at: onprem, slow: none}", "{down: none}"])
def test_a_fault_that_is_not_there_is_not_mended(mend: str) -> None:
    problems = ProblemList()
    steps = read_yaml(f"- {BROKEN}\n- fault: {mend}", "steps.yaml")
    apply_steps(tree_of(CONTOSO), steps, problems)
    assert ["2:10 there is no such fault to mend."] == [text.partition(" | ")[0] for text in told(problems)]
