"""Whether a tenant lets its mailboxes forward to outside, and how that is written."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.products.exchange_online.outbound_policy import HostedOutboundSpamFilterPolicy
from simulator.source import Node, ProblemList, Source

AT = Source("lab.yaml", 3, 5)


def read(plain: Any) -> tuple[HostedOutboundSpamFilterPolicy, ProblemList]:
    problems = ProblemList()
    return HostedOutboundSpamFilterPolicy.read(Node.of(plain, AT), problems, name="policy"), problems


@pytest.mark.parametrize(
    ("written", "mode", "allowed"),
    [
        ({}, "Automatic", False),
        ({"AutoForwardingMode": "automatic"}, "Automatic", False),
        ({"AutoForwardingMode": "Off"}, "Off", False),
        ({"autoforwardingmode": "on"}, "On", True),
        ({"Default": {"AutoForwardingMode": "On"}}, "On", True),
        ({"default": {"Identity": "Default", "AutoForwardingMode": "Off"}}, "Off", False),
        ({"Default": None}, "Automatic", False),
        ({"Default": {"AutoForwardingMode": "Off"}, "AutoForwardingMode": "On"}, "On", True),  # after the cmdlet
        ({"Managers": {"AutoForwardingMode": "On"}, "Default": {}}, "Automatic", False),
    ],
)
def test_the_policy_stands_there_directly_or_by_its_name(written: Any, mode: str, allowed: bool) -> None:
    policy, problems = read(written)

    assert ([], mode, allowed) == (problems.errors, policy.AutoForwardingMode, policy.forwarding_allowed)


@pytest.mark.parametrize(
    ("written", "error"),
    [
        ({"AutoForwardingMode": "Never"}, "AutoForwardingMode: Never is not a value of Set-HostedOutboundSpamFilterPolicy."),
        ({"Default": {"AutoForwarding": "On"}}, "unknown setting AutoForwarding in HostedOutboundSpamFilterPolicy."),
        ({"Default": "On"}, "unknown setting Default in HostedOutboundSpamFilterPolicy."),
        ("On", "HostedOutboundSpamFilterPolicy is a mapping of settings"),
    ],
)  # fmt: skip
def test_what_the_policy_does_not_take(written: Any, error: str) -> None:
    assert [error] == [p.says for p in read(written)[1].errors]


def test_the_schema_has_both_forms() -> None:
    schema: dict[str, Any] = HostedOutboundSpamFilterPolicy.json_schema()
    direct, by_name = schema["anyOf"]

    assert direct == by_name["additionalProperties"]
