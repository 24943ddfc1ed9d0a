"""Every setting of the product: what is not modelled warns by its name, and what is misspelt is told the right one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from simulator.policy.settings import Field, Settings
from simulator.products.smartermail.domain_settings import DomainSettings
from simulator.products.smartermail.settings import (
    Greylisting,
    InboundGateway,
    Knobs,
    SmarterMailSettings,
)
from simulator.products.smartermail.user_settings import Forwarding, MailingList, User
from simulator.products.smartermail.values import GatewayPage
from simulator.source import Node, ProblemList

_WHOLE: Mapping[type[Settings], dict[str, Any]] = {
    SmarterMailSettings: {},
    DomainSettings: {},
    Greylisting: {},
    InboundGateway: {"Gateway Mode": "Backup MX", "Domains": ["a.example"]},
    Knobs: {},
    Forwarding: {"Forwarding Address": "a@b.example"},
    MailingList: {"Moderator": "john"},
    User: {},
    GatewayPage: {"Server Address": "gw.example"},
}
"""Every class with what it cannot do without."""
_METADATA = {"Description"}


def _said(kind: type[Settings], more: Mapping[str, Any]) -> list[str]:
    problems = ProblemList()
    kind.read(Node.of({**_WHOLE[kind], **more}), problems, name="contoso.com")
    return [f"{p.level}: {p.says} {p.fix}".strip() for p in problems.items]


def _every() -> Iterator[tuple[type[Settings], str, Field]]:
    for kind in _WHOLE:
        for key, field in kind.__fields__.items():
            yield kind, field.label or key, field


_NOT_MODELLED = [(kind, label) for kind, label, field in _every() if not field.effect and label not in _METADATA]


def test_nothing_is_wrong_with_what_every_class_needs() -> None:
    assert [] == [problem for kind in _WHOLE for problem in _said(kind, {})]


@pytest.mark.parametrize(("kind", "label"), _NOT_MODELLED, ids=lambda v: v if isinstance(v, str) else v.__name__)
def test_what_is_understood_and_not_modelled_warns_by_name(kind: type[Settings], label: str) -> None:
    expected = f"warning: {label} is understood but not modelled; it changes nothing here"
    assert [expected] == _said(kind, {label: "x"})


def test_the_settings_without_effect_are_known() -> None:
    assert {
        "Auto-Responder", "Priority Range", "Command Timeout", "Digest Subscribers", "Forward Method", "Hostname", "Max Bad Commands", "Max Bad Recipients",
        "Max Connections", "Max Recipients Per Message", "Session Timeout", "SmarterMail Gateway Mode",
    } == {label for _, label in _NOT_MODELLED}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "label"), [(k, n) for k, n, _ in _every()], ids=lambda v: v if isinstance(v, str) else v.__name__
)
def test_a_misspelt_setting_is_an_error_with_the_right_name(kind: type[Settings], label: str) -> None:
    wrong = label[0] + label
    (said,) = _said(kind, {wrong: "x"})
    assert said == f"error: unknown setting {wrong} in {kind.noun}. Did you mean {label}?"


def test_every_class_that_a_file_can_reach_is_looked_at() -> None:
    here = {kind for kind in Settings.__subclasses__() if kind.__module__.startswith("simulator.products.smartermail")}
    here = {kind for kind in here if not kind.__module__.endswith(".accounts")}  # what the API answers stands in no lab
    assert here == set(_WHOLE)


def test_every_setting_says_what_it_is() -> None:
    assert [] == [label for _, label, field in _every() if not field.doc]
