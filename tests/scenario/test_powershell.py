"""A command line as it stands in a page, read as a step."""

from __future__ import annotations

import pytest

from simulator.scenario.powershell import as_step, is_command
from simulator.source import Node, ProblemList, Scalar, Source

_AT = Source("steps.yaml", 4, 9, 200)


def _read(text: str) -> tuple[object, list[str]]:
    problems = ProblemList()
    step = as_step(Node(Scalar(text), _AT), problems)
    return (step.plain() if step else None), [f"{p.at}: {p.says}" for p in problems.items]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("New-SendConnector -Name Out -AddressSpaces *", {"New-SendConnector": {"Name": "Out", "AddressSpaces": "*"}}),
        ('New-SendConnector -Name "My company" -AddressSpaces *', {"New-SendConnector": {"Name": "My company", "AddressSpaces": "*"}}),
        ("New-SendConnector -Internet -Name 'a b' -AddressSpaces a.example,b.example",
         {"New-SendConnector": {"Internet": "true", "Name": "a b", "AddressSpaces": ["a.example", "b.example"]}}),
        ("New-SendConnector -AddressSpaces a.example, b.example -RequireTLS $true",
         {"New-SendConnector": {"AddressSpaces": ["a.example", "b.example"], "RequireTLS": "$true"}}),
        ('Set-SendConnector Out -SmartHosts @("a.example", "b.example") -Enabled $true',
         {"Set-SendConnector": {"Identity": "Out", "SmartHosts": ["a.example", "b.example"], "Enabled": "$true"}}),
        ("Set-SendConnector Out -SmartHosts @(a.example)", {"Set-SendConnector": {"Identity": "Out", "SmartHosts": "a.example"}}),
        ("Set-SendConnector Out -SmartHosts @() -Fqdn a.example",
         {"Set-SendConnector": {"Identity": "Out", "SmartHosts": [], "Fqdn": "a.example"}}),
        ('Set-SendConnector Out -SmartHosts @{Add="a.example","b.example"; Remove=\'c.example\'} -Fqdn d.example',
         {"Set-SendConnector": {"Identity": "Out", "SmartHosts": {"Add": ["a.example", "b.example"], "Remove": ["c.example"]}, "Fqdn": "d.example"}}),
        ("Remove-SendConnector Out to the world", {"Remove-SendConnector": {"Identity": "Out to the world"}}),
        ("Set-SendConnector -Identity Out to all -Enabled $false", {"Set-SendConnector": {"Identity": "Out to all", "Enabled": "$false"}}),
        ("Set-SendConnector Out -Enabled $false # until Monday", {"Set-SendConnector": {"Identity": "Out", "Enabled": "$false"}}),
        ('Set-SendConnector "Out bound" -Enabled $false', {"Set-SendConnector": {"Identity": "Out bound", "Enabled": "$false"}}),
        ("Remove-SendConnector Out -Confirm:$false", {"Remove-SendConnector": {"Identity": "Out", "Confirm": "$false"}}),
        ('New-SendConnector -AddressSpaces "SMTP:*;5","a.example;2"', {"New-SendConnector": {"AddressSpaces": ["SMTP:*;5", "a.example;2"]}}),
        ('Set-Mailbox John -Name "say ""hi"""', {"Set-Mailbox": {"Identity": "John", "Name": 'say "hi"'}}),
        (r"Set-ReceiveConnector 'ONPREM\Relay' -RemoteIPRanges 192.0.2.1-192.0.2.9",
         {"Set-ReceiveConnector": {"Identity": r"ONPREM\Relay", "RemoteIPRanges": "192.0.2.1-192.0.2.9"}}),
        ("New-InboundConnector -Name X -SenderDomains smtp:*;1 -Enabled $null",
         {"New-InboundConnector": {"Name": "X", "SenderDomains": "smtp:*;1", "Enabled": None}}),
        ("Set-TransportConfig -MaxSendSize 15MB", {"Set-TransportConfig": {"MaxSendSize": "15MB"}}),
    ],
)  # fmt: skip
def test_a_line_is_the_step_that_it_is(line: str, expected: object) -> None:
    assert (expected, []) == _read(line)


def test_quoted_words_are_text() -> None:
    step = as_step(Node(Scalar('Set-Mailbox John -Name "$null"'), _AT), ProblemList())
    assert step is not None
    name = step.entries[0].node.get("Name")
    assert name is not None
    assert not name.is_null


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("Set-SendConnector $name -Enabled $true", "steps.yaml:4:27: $name cannot be read here."),
        ("Get-ReceiveConnector Relay | Add-ADPermission", "steps.yaml:4:36: | cannot be read here."),
        ("Set-SendConnector Out -Fqdn (hostname)", "steps.yaml:4:37: (hostname) cannot be read here."),
        ('Set-SendConnector "Out', 'steps.yaml:4:27: "Out cannot be read here.'),
    ],
)
def test_what_is_no_plain_line_is_refused_at_its_place(line: str, says: str) -> None:
    assert (None, [says]) == _read(line)


def test_parameters_keep_their_places() -> None:
    step = as_step(Node(Scalar("Set-SendConnector Out -Fqdn mx.contoso.com"), _AT), ProblemList())
    assert step is not None
    cmdlet = step.entries[0]
    assert ["4:9", "4:27", "4:31", "4:37"] == [
        f"{at.line}:{at.column}"
        for at in (
            cmdlet.key_at,
            cmdlet.node.entries[0].node.at,
            cmdlet.node.entries[1].key_at,
            cmdlet.node.entries[1].node.at,
        )
    ]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("New-SendConnector -Name X", True), ("Remove-SendConnector X", True), ("stop", False), ("New-SendConnector", False),
        ("stop: onprem", False), ("a - b", False),
    ],
)  # fmt: skip
def test_which_steps_are_command_lines(step: str, expected: bool) -> None:
    assert expected == is_command(Node(Scalar(step)))


def test_a_mapping_is_no_command_line() -> None:
    assert not is_command(Node.of({"stop": "onprem"}))
