"""YAML as mail engineers type it: what is read, and what is said about what cannot be."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.scenario.errors import ScenarioError, render
from simulator.scenario.load import MAX_BYTES, read_yaml
from simulator.scenario.syntax import hidden_comments
from simulator.source import Node, Problem, Source

LOADERS = [pytest.param(False, id="c"), pytest.param(True, id="pure")]
TAG = "tags (!) have no meaning here"
both_loaders = pytest.mark.parametrize("pure", LOADERS)


def value(node: Node | None) -> Node:
    assert node is not None
    return node


def problems(text: str | bytes, *, pure: bool = False) -> list[tuple[str, str, str]]:
    """Every problem as (place, text, fix)."""
    with pytest.raises(ScenarioError) as caught:
        read_yaml(text, "f", pure=pure)
    return [(f"{p.at.line}:{p.at.column}+{p.at.width}", p.says, p.fix) for p in caught.value.problems]


def says(text: str | bytes, *, pure: bool = False) -> list[tuple[str, str]]:
    return [(place, what) for place, what, _ in problems(text, pure=pure)]


@both_loaders
@pytest.mark.parametrize(
    "word", ["on", "off", "yes", "NO", "y", "true", "null", "~", "22:30", "5.4", "0123", "0x1F", "="]
)
def test_scalars_stay_as_typed(word: str, pure: bool) -> None:
    node = value(read_yaml(f"{word}: {word}\nlist: [{word}]\n", "f", pure=pure).get(word))
    assert word == node.text
    assert (word in ("null", "~")) == node.is_null


@both_loaders
def test_quoted_scalars_are_never_null(pure: bool) -> None:
    node = read_yaml("a: 'null'\nb: null\nc:\nd: |\n  null\ne: \"$null\"\nf: $null", "f", pure=pure)
    assert [False, True, True, False, False, True] == [e.node.is_null for e in node.entries]


@both_loaders
def test_mappings_keep_order_and_are_looked_up_without_case(pure: bool) -> None:
    node = read_yaml("RequireTls: on\nenabled: off\n", "f", pure=pure)
    assert ["RequireTls", "enabled"] == [e.key for e in node.entries]
    assert "on" == value(node.get("requiretls")).text


@both_loaders
@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Bob to John: Bob -> m365 -[x]-> y", {"Bob to John": "Bob -> m365 -[x]-> y"}),
        ("Bob: bob@contoso.com at m365", {"Bob": "bob@contoso.com at m365"}),
        ("a: [b, ...]", {"a": ["b", "..."]}),
        ("- ...", ["..."]),
        ("a: Bob ->\n  m365 -> John", {"a": "Bob -> m365 -> John"}),
        ("a:\tb\nc: d\t# e\n\t\n\t# f\ng: h\n", {"a": "b", "c": "d", "g": "h"}),
        ("a: {b: c, d: [e]}", {"a": {"b": "c", "d": ["e"]}}),
        ("a: x\r\nb: y\r\n", {"a": "x", "b": "y"}),
        ("a: &x [1, 2]\nb: *x\n&k c: *k", {"a": ["1", "2"], "b": ["1", "2"], "c": "c"}),
        ("%YAML 1.2\n---\na: b\n...\n", {"a": "b"}),
        ("text", "text"),
        ("a: {}\nb: []", {"a": {}, "b": []}),
        ("a: |\n\n   b\n    c\n", {"a": "\nb\n c\n"}),
    ],
)
def test_documents_that_are_fine(text: str, plain: object, pure: bool) -> None:
    assert plain == read_yaml(text, "f", pure=pure).plain()


@both_loaders
@pytest.mark.parametrize("text", ["a: ü", "a: ü".encode(), b"\xef\xbb\xbfa: \xc3\xbc", "\ufeffa: ü"])
def test_text_and_bytes_with_or_without_a_byte_order_mark(text: str | bytes, pure: bool) -> None:
    node = read_yaml(text, "f", pure=pure)
    assert ({"a": "ü"}, 4) == (node.plain(), value(node.get("a")).at.column)


# --- positions ---------------------------------------------------------------------------------------------------

PLACES = """\
plain: some text   # a comment
😀 key: "quoted"
flow: [one, {two: 2} ]
block:
  - item
  -  other: 'x'
text: >-

    first line
    second
&k key: &v value
alias: *v
inner:
  below: &b
    deep: x
folded: one
  two
empty:
none: |
"""


@both_loaders
@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("plain", (1, 8, 9)),
        ("😀 key", (2, 8, 8)),
        ("flow", (3, 7, 16)),
        ("flow/1", (3, 13, 8)),
        ("flow/1/two", (3, 19, 1)),
        ("block", (5, 3, 1)),
        ("block/0", (5, 5, 4)),
        ("block/1", (6, 6, 5)),
        ("block/1/other", (6, 13, 3)),
        ("text", (9, 5, 10)),
        ("key", (11, 12, 5)),
        ("alias", (12, 8, 2)),
        ("inner/below", (15, 5, 4)),
        ("folded", (16, 9, 3)),
        ("empty", (18, 7, 1)),
        ("none", (19, 7, 1)),
    ],
)
def test_every_value_knows_where_it_stands(path: str, place: tuple[int, int, int], pure: bool) -> None:
    node = read_yaml(PLACES, "f", pure=pure)
    for step in path.split("/"):
        node = node.items[int(step)] if step.isdigit() else value(node.get(step))
    assert place == (node.at.line, node.at.column, node.at.width)


@both_loaders
def test_every_key_knows_where_it_stands(pure: bool) -> None:
    node = read_yaml(PLACES, "f", pure=pure)
    places = {e.key: (e.key_at.line, e.key_at.column, e.key_at.width) for e in node.entries}
    assert ((2, 1, 5), (11, 4, 3)) == (places["😀 key"], places["key"])


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: Bob -> x", (4, 8)),
        ("a: 'Bob -> x'", (5, 8)),
        ('a: "Bob"', (5, 3)),
        ("a: ''", (5, 1)),
        ("a: |\n  Bob", (3, 3)),
    ],
)
def test_the_text_of_a_quoted_scalar_begins_behind_the_quote(text: str, place: tuple[int, int]) -> None:
    at = value(read_yaml(text, "f").get("a")).text_at
    assert place == (at.column, max(1, at.width))


def test_lists_have_no_text_of_their_own_place() -> None:
    node = read_yaml("[a]", "f")
    assert node.at == node.text_at


# --- wildcards and paths without quotes ---------------------------------------------------------------------------


@both_loaders
@pytest.mark.parametrize(
    ("text", "place", "write"),
    [
        ("RecipientDomains: *.contoso.com", "1:19+13", "*.contoso.com"),
        ("RecipientDomains: *.contoso.com  # all", "1:19+13", "*.contoso.com"),
        ("RecipientDomains: [*.contoso.com]", "1:20+13", "*.contoso.com"),
        ("RecipientDomains: [a, *.contoso.com, b]", "1:23+13", "*.contoso.com"),
        ("R: {a: *}", "1:8+1", "*"),
        ("- *", "1:3+1", "*"),
        ("SenderDomains: *", "1:16+1", "*"),
        ("SenderDomains: *contoso", "1:16+8", "*contoso"),
        ("SenderDomains: *contoso.com", "1:16+12", "*contoso.com"),
        ("*.contoso.com: InternalRelay", "1:1+13", "*.contoso.com"),
        ("a:\n  b:\n    c: *", "3:8+1", "*"),
    ],
)
def test_a_wildcard_needs_quotes(text: str, place: str, write: str, pure: bool) -> None:
    fix = f'YAML reads * as a reference. Write "{write}"'
    assert [(place, "wildcard needs quotes", fix)] == problems(text, pure=pure)


def test_the_message_about_a_wildcard_is_the_documented_one() -> None:
    text = "\n" * 29 + "       Connector 3:\n         RecipientDomains: *.contoso.com\n"
    with pytest.raises(ScenarioError) as caught:
        read_yaml(text, "labs/contoso.yaml")
    assert (
        "labs/contoso.yaml:31:28  wildcard needs quotes\n"
        "   30 |        Connector 3:\n"
        "   31 |          RecipientDomains: *.contoso.com\n"
        '      |                            ^^^^^^^^^^^^^ YAML reads * as a reference. Write "*.contoso.com"'
    ) == render(caught.value.problems, {"labs/contoso.yaml": text})


@both_loaders
def test_all_wildcards_paths_and_duplicates_of_a_file_are_told_at_once(pure: bool) -> None:
    text = "A: *.x\nB: [*, *.y]\nC: {p: a -[b]-> c}\nD: *z\na: 1\n"
    assert [
        ("1:4+3", "wildcard needs quotes"),
        ("2:5+1", "wildcard needs quotes"),
        ("2:8+3", "wildcard needs quotes"),
        ("3:10+6", "a path inside brackets needs quotes"),
        ("4:4+2", "wildcard needs quotes"),
        ("5:1+1", 'duplicate key "a" (first on line 1)'),
    ] == says(text, pure=pure)


@both_loaders
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: {path: Bob -> m365 -[x y]-> b -> J}", "1:23+8"),
        ("a: {path: Bob -> m365 -[x, y]-> b -> J, within: 2s}", "1:23+9"),
        ("a: [Bob -> m365 -[x]-> b]", "1:17+6"),
        ("a: [Bob -[x]b]", "1:9+2"),
    ],
)
def test_a_path_in_braces_needs_its_own_line_or_quotes(text: str, place: str, pure: bool) -> None:
    at, what, fix = problems(text, pure=pure)[0]
    assert (place, "a path inside brackets needs quotes") == (at, what)
    assert fix.startswith("Put the path on a line of its own, or in quotes")


@both_loaders
def test_a_path_without_connector_is_fine_in_braces(pure: bool) -> None:
    assert {"a": {"p": "B -> m -> J", "w": "1s"}} == read_yaml("a: {p: B -> m -> J, w: 1s}", "f", pure=pure).plain()


# --- refused -----------------------------------------------------------------------------------------------------


@both_loaders
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("1:1+1", "the file is empty")]),
        ("# only a comment\n", [("1:1+1", "the file is empty")]),
        ("---\n", [("1:1+1", "the file is empty")]),
        ("a: 1\n---\nb: 2\n", [("2:1+3", "a second document in one file")]),
        ("a: 1\nA: 2\n", [("2:1+1", 'duplicate key "A" (first on line 1)')]),
        ("x:\n  k: 1\n  'K': 2\n", [("3:3+3", 'duplicate key "K" (first on line 2)')]),
        ("a: !foo 1", [("1:4+4", TAG)]),
        ("a: &x !!python/name:os.system y", [("1:7+23", TAG)]),
        ("a: !!str 1\nb: ! x", [("1:4+5", TAG), ("2:4+1", TAG)]),
        ("!k a: 1\nb: !!map {}", [("1:1+2", TAG), ("2:4+5", TAG)]),
        ("a: !<x y", [("1:7+1", TAG)]),
        ("a:\n  <<: {b: 1}", [("2:3+2", "merge keys (<<) have no meaning here")]),
        ("? [a]\n: 1", [("1:3+1", "a key must be text")]),
        ("a: &k b\n*k : 1", [("2:1+2", "a key must be text")]),
        ("? \n: 1", [("1:2+1", "a key is missing before the colon")]),
        ("a: &a [*a]", [("1:8+2", "*a stands inside what it refers to")]),
        ("a: &a\n  b: {c: *a}", [("2:10+2", "*a stands inside what it refers to")]),
        ("a:\n\tb: 1", [("2:1+1", "a tab in the indentation")]),
        ("a:\n  b: 1\n\t\tc: 2\n\td: 3", [("3:1+2", "a tab in the indentation (and in 1 more lines)")]),
        ("a: b: c", [("1:5+1", "a second colon")]),
        ("a: x\n  b: y", [("2:4+1", "a second colon")]),
        ("a: - b", [("1:4+1", "a list cannot begin here")]),
        ("a: 'x\nb: y", [("1:4+1", "this quote is never closed")]),
        ("a: [1\nb: 2", [("1:4+1", "this [ is never closed")]),
        ("a: {b: [1", [("1:8+1", "this [ is never closed")]),
        ("a: {b: c\n", [("1:4+1", "this { is never closed")]),
        ("a: {b: c]", [("1:9+1", '"," or "}" expected')]),
        ("a: @x y # c", [("1:4+1", "a value cannot begin with @")]),
        ("a: ,", [("1:4+1", "a value is missing")]),
        ("a: & b", [("1:5+1", "a value cannot begin with &")]),
        ("- a\n-b\n", [("2:1+2", "a line without a colon")]),
        ("a: 1\nb\nc: 2", [("2:1+1", "a line without a colon")]),
        ("- a\nb: 1", [("2:1+1", "wrong indentation")]),
        ("a:\n    b: 1\n  c: 2", [("3:3+1", "this does not belong here")]),
        ('a: "x" y', [("1:8+1", "this does not belong here")]),
        ("{a: b}}", [("1:7+1", "this does not belong here")]),
        ("a: x\0y", [("1:5+1", "the character U+0000 does not belong in a text file")]),
        ("a: \ud800", [("1:4+1", "the character U+D800 does not belong in a text file")]),
        ("a:\n \u00a0b: 1", [("2:2+1", "the indentation holds U+00A0, which only looks like a blank")]),
        (b"a: 1\nb: \xff", [("2:4+1", "byte 0xFF is not UTF-8")]),
    ],
)
def test_what_is_refused(text: str | bytes, expected: list[tuple[str, str]], pure: bool) -> None:
    assert expected == says(text, pure=pure)


@both_loaders
def test_a_rare_mistake_is_told_in_the_words_of_the_parser(pure: bool) -> None:
    (place, what), *more = says("%YAML x\n---\na: b\n", pure=pure)
    assert ("1:7+1", True, []) == (place, "%YAML directive" in what or "directive" in what, more)


@both_loaders
def test_an_unknown_escape_is_refused(pure: bool) -> None:
    assert ["unknown escape after \\"] == [what for _, what in says('a: "\\d"', pure=pure)]


def test_a_value_that_begins_with_a_reserved_character_is_shown_in_quotes() -> None:
    assert 'Write "@x y"' == problems("a: @x y # c")[0][2]


# --- limits ------------------------------------------------------------------------------------------------------


@both_loaders
def test_an_alias_bomb_is_refused(pure: bool) -> None:
    text = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        text += f"{name}: &{name} [{','.join(['*' + before] * 9)}]\n"
    assert ["aliases make the file too large (over 20,000 values)"] == [what for _, what in says(text, pure=pure)]


@both_loaders
@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000, "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 40 + "*a"])
def test_a_deep_file_is_refused(text: str, pure: bool) -> None:
    assert ["nested too deeply"] == [what for _, what in says(text, pure=pure)]


@both_loaders
def test_sixty_levels_are_allowed(pure: bool) -> None:
    read_yaml("[" * 60 + "]" * 60, "f", pure=pure)


@pytest.mark.parametrize("text", ["#" * (MAX_BYTES + 1), b"#" * (MAX_BYTES + 1), "ü" * (MAX_BYTES // 2 + 1)])
def test_a_file_over_8_mb_is_refused(text: str | bytes) -> None:
    assert [("1:1+1", "the file is larger than 8 MB")] == says(text)


def test_a_file_full_of_errors_shows_a_hundred() -> None:
    assert 100 == len(says("a: 1\n" * 300))
    assert 100 == len(says("\0\n" * 300))


def test_a_file_full_of_wildcards_shows_forty() -> None:
    assert 40 == len(says("- *\n" * 300))


def test_a_file_in_which_nothing_but_tabs_needs_mending_ends() -> None:
    assert ["too many syntax errors"] == [
        what for _, what in says("".join(f"k{n}:\tb\n" for n in range(99)), pure=True)
    ]


def test_large_files_without_aliases_have_no_limit_of_values() -> None:
    assert 30_000 == len(read_yaml("- x\n" * 30_000, "f").items)


# --- whatever is typed -------------------------------------------------------------------------------------------

_TYPED = st.text(st.sampled_from(list("ab:- \n\t[]{},*&!|>'\"#%@?.\u00a0\ufeff\x00é")), max_size=30)


@given(_TYPED)
@example("*")
@example("&a")
@example("!")
@example("a: !\n")
@example("|")
@example("\n\n ]")
def test_whatever_is_typed_is_read_or_refused_with_a_place(text: str) -> None:
    found: list[Problem] = []
    for pure in (False, True):
        try:
            read_yaml(text, "f", pure=pure)
        except ScenarioError as error:
            found += error.problems
    assert all(p.at.line >= 1 and p.at.column >= 1 and p.at.width >= 1 for p in found)
    assert render(found, {"f": text}) or not found


@given(st.binary(max_size=30))
def test_whatever_bytes_come_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(ScenarioError):
        read_yaml(data, "f")


# --- comments that were meant as text ----------------------------------------------------------------------------


def test_a_number_sign_that_cuts_a_value_is_warned_about() -> None:
    text = 'send:\n  subject: Hello #1\n  to: [Bob]\n  from: Sun # the customer\n  body: "x" #2\n  x: say "a" #b\n'
    found = hidden_comments(read_yaml(text, "f"), text)
    assert [
        (Source("f", 2, 18), 2, 'Write "Hello #1"', "warning"),
        (Source("f", 6, 14), 2, 'Write "say \\"a\\" #b"', "warning"),
    ] == [(p.at, p.at.width, p.fix, p.level) for p in found]
