"""Of every product: what is understood but not modelled warns by its name, and what is unknown is an error with the near miss."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import pytest

import simulator.products
from simulator.policy.settings import Field, Settings
from simulator.products.registry import PRODUCTS
from simulator.source import Node, ProblemList, Source

PLACE = Source("lab.yaml", 3, 5)

for module in walk_packages(simulator.products.__path__, "simulator.products."):
    import_module(module.name)


def _all(base: type[Settings] = Settings) -> Iterator[type[Settings]]:
    for one in base.__subclasses__():
        if one.__module__.startswith("simulator.products."):
            yield one
        yield from _all(one)


CLASSES = sorted(set(_all()), key=lambda c: (c.__module__, c.__name__))
IGNORED = [
    (cls, key, field)
    for cls in CLASSES for key, field in cls.__fields__.items() if not field.modelled and not field.effect
]  # fmt: skip


def said(cls: type[Settings], written: dict[str, Any]) -> list[str]:
    problems = ProblemList()
    cls.read(Node.of(written, PLACE), problems, name="somebody@contoso.com", at=PLACE)
    return [f"{p.level}: {p.says} {p.fix}".strip() for p in problems.items]


def test_every_kind_of_server_has_settings() -> None:
    packages = {cls.__module__.split(".")[2].replace("_", "-") for cls in CLASSES}
    assert set() == {p.kind for p in PRODUCTS.values() if p.is_built} - packages


@pytest.mark.parametrize(
    ("cls", "key", "field"), IGNORED, ids=lambda v: getattr(v, "__name__", v if isinstance(v, str) else "")
)
def test_what_is_not_modelled_warns_by_its_name(cls: type[Settings], key: str, field: Field) -> None:
    name = field.label or key
    assert f"warning: {name} is understood but not modelled; it changes nothing here" in said(
        cls, {name: "something odd"}
    )
    warned = [line for usual in field.usual for line in said(cls, {name: usual}) if f" {name} is understood" in line]
    assert [] == warned, "what the product has anyway needs no warning"


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: f"{c.__module__.split('.')[2]}-{c.__name__}")
def test_a_slip_of_the_pen_is_an_error_that_says_what_was_meant(cls: type[Settings]) -> None:
    for key, field in cls.__fields__.items():
        name = field.label or key
        slip = f"{name}x"
        if any(slip.casefold() == (f.label or k).casefold() for k, f in cls.__fields__.items()):
            continue
        told = [line for line in said(cls, {slip: "1"}) if line.startswith(f"error: unknown setting {slip} in ")]
        assert 1 == len(told), f"{cls.__name__}: {slip} was taken for a setting"
        assert told[0].endswith(f"Did you mean {name}?"), told


@pytest.mark.parametrize("kind", [k for k, p in PRODUCTS.items() if p.is_built])
def test_a_word_like_nothing_known_is_an_error_too(kind: str) -> None:
    told = said(PRODUCTS[kind].settings, {"Zzyzx Qqq": "1"})
    assert [True] == [line.startswith("error: unknown setting Zzyzx Qqq in ") for line in told if "Zzyzx" in line]


ODD: tuple[Any, ...] = (
    None, "", "x", [], {}, [1], {"a": 1}, [[1]], [{"a": "b"}], [None], {"a": None}, {"": "x"}, "9" * 30, "-1", "\x00", "*", "@", "a@b",
    "192.0.2.4/99", "::/0", "0.0.0.0-192.0.2.1", "<I><S>", "99999999.00:00:00", "99999999999d", "SMTP:*;0", "*.", "..", "d" * 300,
    {"a@b.example": {}}, {"UserName": [1]}, {"UserName": "a", "Password": [1]}, True, 1.5,
)  # fmt: skip


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: f"{c.__module__.split('.')[2]}-{c.__name__}")
def test_whatever_somebody_writes_is_read_or_objected_to(cls: type[Settings]) -> None:
    for key, field in cls.__fields__.items():
        for value in ODD:
            assert all(line.startswith(("error: ", "warning: ")) for line in said(cls, {field.label or key: value}))
