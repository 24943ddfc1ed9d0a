from __future__ import annotations

from typing import Any

import pytest

from simulator.policy.settings import (
    BadValue,
    Settings,
    choice,
    custom,
    flag,
    ignored,
    mapping,
    nearest,
    number,
    read_bool,
    section,
    text,
    texts,
)
from simulator.source import Node, ProblemList, Source


def _positive(node: Node) -> int:
    if not node.text.isdecimal():
        raise BadValue("a number is expected", "Write 1.")
    return int(node.text)


def _member(name: str, node: Node, problems: ProblemList) -> str:
    if not node.text:
        problems.error(node.at, f"{name} is empty")
    return node.text.upper()


def _even(word: str) -> int:
    if int(word) % 2:
        raise ValueError(f"{word} is odd")
    return int(word)


class Inner(Settings):
    noun = "an inner thing"
    On: bool = flag(False, "whether it is on")


class Thing(Settings):
    noun = "a thing"
    Enabled: bool = flag(True, "whether it works")
    Unsure: bool | None = flag(None, "left out is not false", label="Not Sure")
    Comment: str = text("words")
    Even: int = text("an even number", "0", read=_even)
    Hosts: tuple[str, ...] = texts("names")
    Kind: str = choice("what it is", "Partner", "OnPremises", default="Partner", of="Kind")
    Count: int = number("how many", 3, low=1, high=9)
    Own: int = custom(_positive, 5, "its own")
    Inners: dict[str, Inner] = mapping(Inner, "by name")
    Words: dict[str, str] = mapping(_member, "by name")
    Part: Inner = section(Inner, "a part")
    Later: object = ignored("not yet")
    Note: object = ignored("metadata", silent=True)


class Needy(Settings):
    noun = "a needy thing"
    Name: str = text("its name; give one", required=True)
    Sort: str = choice("its sort", "A", "B", required=True)

    def check(self, problems: ProblemList) -> None:
        if self.Name == self.Sort:
            problems.error(self.at("Sort"), "name and sort are equal")


def _read(cls: type[Any], value: object) -> tuple[Any, list[str]]:
    problems = ProblemList()
    made = cls.read(Node.of(value), problems, name="x")
    return made, [f"{p.level}: {p.says} {p.fix}".strip() for p in problems.items]


def test_what_is_left_out_has_its_default() -> None:
    thing, said = _read(Thing, {})
    assert (True, None, "", (), "Partner", 3, 5, {}) == (
        thing.Enabled, thing.Unsure, thing.Comment, thing.Hosts, thing.Kind, thing.Count, thing.Own, thing.Inners,
    )  # fmt: skip
    assert thing.Part.On is False
    assert ([], False) == (said, thing.written("Enabled"))


def test_names_and_words_are_read_without_regard_to_case() -> None:
    thing, said = _read(Thing, {"enabled": "no", "NOT SURE": "$true", "kind": "onpremises", "part": {"ON": True}})
    assert (False, True, "OnPremises", True, []) == (thing.Enabled, thing.Unsure, thing.Kind, thing.Part.On, said)


def test_values_are_read_and_keep_their_place() -> None:
    at = Source("lab.yaml", 3, 5)
    node = Node.of({}).with_entry("Count", Node.of(7, at))
    thing = Thing.read(node, ProblemList(), name="x", at=Source("lab.yaml", 1, 1))
    assert (7, at, True) == (thing.Count, thing.at("Count"), thing.written("Count"))
    assert Source("lab.yaml", 1, 1) == thing.at("Enabled")


def test_lists_mappings_and_sections() -> None:
    thing, said = _read(
        Thing, {"Hosts": "one", "Inners": {"a": {"On": "yes"}}, "Words": {"w": "x"}, "Own": 8, "Even": "4"}
    )
    assert (("one",), True, {"w": "X"}, 8, 4, []) == (
        thing.Hosts,
        thing.Inners["a"].On,
        thing.Words,
        thing.Own,
        thing.Even,
        said,
    )
    assert "a" == thing.Inners["a"].name
    assert ("one", "two") == _read(Thing, {"Hosts": ["one", "two"]})[0].Hosts


@pytest.mark.parametrize("key", ["Enabled", "Hosts", "Count", "Inners", "Part"])
def test_null_is_the_default(key: str) -> None:
    thing, said = _read(Thing, {key: None})
    fresh = _read(Thing, {})[0]
    assert [] == said
    assert key == "Part" or getattr(fresh, key) == getattr(thing, key)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Enabeld": True}, "error: unknown setting Enabeld in a thing. Did you mean Enabled?"),
        ({"Enabled": "perhaps"}, "error: Enabled: 'perhaps' is neither true nor false. Write true or false."),
        ({"Enabled": [1]}, "error: Enabled: a list is neither true nor false. Write true or false."),
        ({"Enabled": {}}, "error: Enabled: a mapping is neither true nor false. Write true or false."),
        ({"Comment": ["a"]}, "error: Comment: one value is expected, not a list or a mapping."),
        ({"Even": "3"}, "error: Even: 3 is odd."),
        ({"Kind": "Other"}, "error: Kind: Other is not a value of Kind. Use Partner, OnPremises or leave it out."),
        ({"Count": "10"}, "error: Count: '10' is not a whole number from 1 to 9."),
        ({"Count": "²"}, "error: Count: '²' is not a whole number from 1 to 9."),
        ({"Own": "x"}, "error: Own: a number is expected. Write 1."),
        ({"Inners": ["a"]}, "error: a mapping by name is expected Write  NAME: {...}"),
        ({"Inners": {"a": "b"}}, "error: an inner thing is a mapping of settings"),
        ({"Words": {"w": ""}}, "error: w is empty"),
        ({"Part": {"Off": True}}, "error: unknown setting Off in an inner thing. Known: On"),
        ("text", "error: a thing is a mapping of settings"),
        ({"Later": 1}, "warning: Later is understood but not modelled; it changes nothing here"),
    ],
)
def test_faults_are_told_with_what_to_write_instead(value: object, expected: str) -> None:
    assert [expected] == _read(Thing, value)[1]


def test_metadata_is_taken_without_a_word() -> None:
    assert [] == _read(Thing, {"Note": {"a": [1]}})[1]


def test_all_faults_are_told_at_once_and_the_rest_is_read() -> None:
    thing, said = _read(Thing, {"Enabled": "x", "Count": "x", "Comment": "kept"})
    assert (2, "kept") == (len(said), thing.Comment)


def test_what_is_required_is_missed() -> None:
    said = _read(Needy, {})[1]
    assert "error: a needy thing 'x' lacks Name. its name; give one" in said
    assert "error: a needy thing 'x' lacks Sort. its sort" in said
    assert "error: Sort: 'C' is not known here. Use A, B." in _read(Needy, {"Name": "n", "Sort": "C"})[1]


def test_combinations_are_checked() -> None:
    assert ["error: name and sort are equal"] == _read(Needy, {"Name": "A", "Sort": "A"})[1]


def test_settings_can_be_made_of_values() -> None:
    assert 4 == Thing(Count=4).Count  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="Thing has no Nonsense"):
        Thing(Nonsense=1)  # type: ignore[call-arg]


def test_near_names_are_offered_and_short_lists_shown() -> None:
    assert "Did you mean SmartHosts?" == nearest("smarthost", ["SmartHosts", "Enabled"])
    assert "Known: A, B" == nearest("zzz", ["A", "B"])
    assert "" == nearest("zzz", [str(n) * 5 for n in range(13)])


def test_booleans_as_powershell_and_yaml_write_them() -> None:
    assert [True] * 4 == [read_bool(Node.of(word)) for word in ("true", "$TRUE", "on", "Yes")]
    assert [False] * 4 == [read_bool(Node.of(word)) for word in ("false", "$false", "OFF", "no")]


def test_the_schema_lists_every_setting_under_its_label() -> None:
    schema = Thing.json_schema()
    assert {"type": ["boolean", "string"], "description": "left out is not false"} == schema["properties"]["Not Sure"]
    assert schema["additionalProperties"] is False
    assert "On" in schema["properties"]["Part"]["properties"]


def test_an_empty_setting_that_is_not_modelled_asks_for_nothing() -> None:
    class Tenant(Settings):
        Rules: object = ignored("rules")

    problems = ProblemList()
    Tenant.read(Node.of({"Rules": {}}), problems)
    Tenant.read(Node.of({"Rules": []}), problems)
    assert [] == problems.items
    Tenant.read(Node.of({"Rules": {"A": {}}}), problems)
    assert ["Rules is understood but not modelled; it changes nothing here"] == [p.says for p in problems.items]


def test_a_setting_that_stands_a_level_too_high_is_told_where_it_belongs() -> None:
    class Inner(Settings):
        noun = "a domain"
        aliases: tuple[str, ...] = texts("", label="Aliases")

    class Outer(Settings):
        noun = "a server"
        domains: dict[str, Inner] = mapping(Inner, "", label="Domains")

    problems = ProblemList()
    Outer.read(Node.of({"aliases": ["a"]}), problems)
    says = ("unknown setting aliases in a server.", "Write it under a name: Domains: {NAME: {Aliases: ...}}.")
    assert [says] == [(p.says, p.fix) for p in problems.items]
