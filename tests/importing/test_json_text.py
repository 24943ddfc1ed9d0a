"""JSON with places: what is read, and what is expected where it breaks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.importing.json_text import read_json
from simulator.scenario.errors import ScenarioError
from simulator.source import Node, ProblemList


def plain(node: Node) -> Any:
    return node.plain()


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ('{"a": 1 "b": 2}', "in.json:1:9", '"," or "}" is expected after a value'),
        ('{"a": 1,\n "b" 2}', "in.json:2:6", '":" is expected after "b"'),
        ('{"a": 1,}', "in.json:1:9", 'a name in " is expected'),
        ("{a: 1}", "in.json:1:2", 'a name in " is expected'),
        ('[1, 2\n{"a": 1}]', "in.json:2:1", '"," or "]" is expected after a value'),
        ('{"a": True}', "in.json:1:7", "a value is expected, and True is none"),
        ('{"a": ', "in.json:1:6", "a value is expected"),
        ('{"a": "C:\\Temp"}', "in.json:1:7", 'a text in " is expected'),
        ('{"a": 1}{"b": 2}', "in.json:1:9", "the end of the file is expected here"),
        ("[" * 100, "in.json:1:62", "this is nested too deeply"),
    ],
)
def test_broken_json_gets_its_place_and_what_was_expected(text: str, place: str, expected: str) -> None:
    with pytest.raises(ScenarioError) as error:
        read_json(text, "in.json", ProblemList())
    (problem,) = error.value.problems
    assert place == str(problem.at)
    assert expected in problem.says


def test_a_file_that_was_cut_off_says_so() -> None:
    with pytest.raises(ScenarioError) as error:
        read_json('[{"Name": "x"', "in.json", ProblemList())
    assert "cut off" in error.value.problems[0].fix


def test_values_know_their_line_and_column() -> None:
    node = read_json('{\n  "Name": "Own",\n  "Enabled": true\n}', "in.json", ProblemList())
    entry = node.entry("enabled")
    assert entry is not None
    assert ("in.json:3:3", "in.json:3:14", "true") == (str(entry.key_at), str(entry.node.at), entry.node.text)


def test_a_name_that_is_there_twice_counts_once_and_is_told() -> None:
    problems = ProblemList()
    assert {"Name": "a"} == plain(read_json('{"Name": "a", "name": "b"}', "in.json", problems))
    assert ["name is there twice; the first counts"] == [p.says for p in problems.warnings]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def folded(value: Any) -> Any:
    """As PowerShell has it: names without regard to case, the first counts; values as text."""
    if isinstance(value, dict):
        found: dict[str, Any] = {}
        for key, inner in value.items():
            found.setdefault(key.casefold(), folded(inner))
        return found
    if isinstance(value, list):
        return [folded(item) for item in value]
    return value if value is None or isinstance(value, str) else str(value).lower()


@given(JSON, st.sampled_from([None, 1, 4]), st.booleans())
def test_whatever_is_json_is_read(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert folded(value) == folded(plain(read_json(text, "x.json", ProblemList())))
