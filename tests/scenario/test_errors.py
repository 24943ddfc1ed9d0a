"""Problems as their reader sees them."""

from __future__ import annotations

import pytest

from simulator.scenario.errors import ScenarioError, near_miss, render
from simulator.source import NOWHERE, Problem, Source

LAB = "OutboundConnectors:\n       Connector 3:\n         RecipientDomains: *.contoso.com\n"


def shown(text: str, at: Source, says: str = "wrong", fix: str = "", level: str = "error") -> list[str]:
    return render([Problem(at, says, fix, level)], {at.file: text}).splitlines()


def test_a_problem_has_place_line_caret_and_fix() -> None:
    at = Source("labs/contoso.yaml", 3, 28, 13)
    fix = 'YAML reads * as a reference. Write "*.contoso.com"'
    assert [
        "labs/contoso.yaml:3:28  wildcard needs quotes",
        "    2 |        Connector 3:",
        "    3 |          RecipientDomains: *.contoso.com",
        '      |                            ^^^^^^^^^^^^^ YAML reads * as a reference. Write "*.contoso.com"',
    ] == shown(LAB, at, "wildcard needs quotes", fix)


def test_line_numbers_keep_their_column() -> None:
    assert [
        "f:120:1  wrong",
        "  119 | x",
        "  120 | x",
        "      | ^",
    ] == shown("x\n" * 120, Source("f", 120, 1))


def test_the_first_line_has_none_before_it() -> None:
    assert ["f:1:4  wrong", "    1 | a: b", "      |    ^"] == shown("a: b\n", Source("f", 1, 4))


def test_a_warning_says_so() -> None:
    assert "f:1:1  warning: wrong" == shown("a", Source("f", 1, 1), level="warning")[0]


@pytest.mark.parametrize(
    ("line", "column", "width", "caret_line"),
    [
        ("\ta:\tb", 5, 1, "            ^"),
        ("\t\tx", 1, 2, "    ^^^^^^^^"),
        ("ab", 3, 1, "      ^"),  # behind the end of the line
        ("ab", 30, 4, "      ^"),
        ("ab", 1, 90, "    ^^"),
        ("邮件: x", 5, 1, "          ^"),  # wide characters take two columns
        ("e\u0301: x", 5, 1, "       ^"),  # a combining accent takes none
        ("\ufeffa: x", 4, 1, "       ^"),  # the mark at the beginning of a file is not counted
    ],
)
def test_the_caret_stands_below_the_word(line: str, column: int, width: int, caret_line: str) -> None:
    carets = shown(line, Source("f", 1, column, width))[-1]
    assert caret_line == carets.replace("      | ", "    ", 1)


def test_a_very_long_line_is_cut_around_the_caret() -> None:
    lines = shown("a: " + "x" * 5000 + "!" + "y" * 5000, Source("f", 1, 5004, 1))
    assert "!" == lines[1][lines[2].index("^")]
    assert max(map(len, lines)) < 170


def test_a_caret_never_leaves_the_part_that_is_shown() -> None:
    lines = shown("a: " + "x" * 5000, Source("f", 1, 4, 5000))
    assert max(map(len, lines)) < 170


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    assert "    1 | a: �[31m" == shown("a: \x1b[31m", Source("f", 1, 4))[1]


def test_without_the_text_the_fix_follows_in_the_line() -> None:
    problems = [Problem(Source("f", 3, 1), "no server x", "Write y"), Problem(NOWHERE, "really?", "Yes")]
    assert "(default)  really? Yes\nf:3:1  no server x. Write y" == render(problems, {})
    assert "f:3:1  no server x" == render([Problem(Source("f", 3, 1), "no server x")], {})


def test_problems_come_by_file_and_line() -> None:
    places = [Source("b", 1, 1), Source("a", 10, 1), Source("a", 2, 1), Source("a", 2, 0)]
    assert ["a:2:0", "a:2:1", "a:10:1", "b:1:1"] == render([Problem(p, "") for p in places], {}).split()


def test_blocks_are_kept_apart() -> None:
    problems = [Problem(Source("f", line, 1), "wrong") for line in (1, 2)]
    assert "f:1:1  wrong\n    1 | a\n      | ^\n\nf:2:1  wrong\n    1 | a\n    2 | b\n      | ^" == render(
        problems, {"f": "a\nb"}
    )


def test_the_exception_carries_its_problems_and_reads_well() -> None:
    one, two = Problem(Source("f", 1, 1), "a"), Problem(Source("f", 2, 1), "b", "Write c")
    assert (one, two) == ScenarioError([one, two]).problems
    assert (one,) == ScenarioError(one).problems
    assert "f:1:1  a\nf:2:1  b. Write c" == str(ScenarioError([two, one]))


@pytest.mark.parametrize(
    ("word", "known", "says"),
    [
        ("SmartHost", ["SmartHosts", "SenderDomains"], " Did you mean SmartHosts?"),
        ("smarthosts", ["SmartHosts"], " Did you mean SmartHosts?"),
        ("exchange_online", ["exchange-online", "exchange-server"], " Did you mean exchange-online?"),
        ("exchange", ["m365", "onprem", "internet"], " Known: m365, onprem, internet"),
        ("x", [f"name {n}" for n in range(50)], ""),
        ("x", [], ""),
        ("-", ["_"], " Known: _"),
    ],
)
def test_a_near_miss_is_named(word: str, known: list[str], says: str) -> None:
    assert says == near_miss(word, known)


def test_a_near_miss_can_be_worded() -> None:
    assert " Perhaps Bob?" == near_miss("Bobb", iter(["Bob"]), "Perhaps")
