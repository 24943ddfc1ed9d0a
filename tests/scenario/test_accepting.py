"""Accepted sentences replace the old ones, and nothing else of the text is touched."""

from __future__ import annotations

import pytest

from simulator.scenario.accepting import Change, Refused, rewritten
from simulator.source import Source

TEXT = """\
flows: # all of them
  plain: A -> b -> C    # why
  long: {path: "A -> b -> C", send: {from: A}}
  lines:
    path:
      # the first
      - 'A -> b -> C'  # here
      - A -> b -> D
  brackets: [A -> b -> C, A -> b -> D] # two
  either: {any of: [A -> b -> C, A -> b -> D]}
  first: {path: &same A -> b -> C}
  second: {path: *same}
"""
NEW = "A -> b -[x, y]-> E"


def _at(line: int, column: int) -> Source:
    return Source("f", line, column)


@pytest.mark.parametrize(("change", "line", "becomes"), [
    (Change(_at(2, 3), ((_at(2, 10), NEW),)), 2, "  plain: A -> b -[x, y]-> E    # why"),
    (Change(_at(2, 3), add=(NEW,)), 2, '  plain: ["A -> b -> C", "A -> b -[x, y]-> E"]    # why'),
    (Change(_at(2, 3), ((_at(2, 10), "A -> F"),), (NEW,)), 2, '  plain: ["A -> F", "A -> b -[x, y]-> E"]    # why'),
    (Change(_at(3, 3), ((_at(3, 17), NEW),)), 3, '  long: {path: "A -> b -[x, y]-> E", send: {from: A}}'),
    (Change(_at(4, 3), ((_at(7, 10), "A -> O'Hara"),)), 7, "      - 'A -> O''Hara'  # here"),
    (Change(_at(4, 3), ((_at(8, 9), NEW),)), 8, "      - A -> b -[x, y]-> E"),
    (Change(_at(4, 3), add=(NEW,)), 9, "      - A -> b -[x, y]-> E"),
    (Change(_at(4, 3), remove=(_at(7, 10),)), 7, "      - A -> b -> D"),
    (Change(_at(9, 3), ((_at(9, 14), NEW),)), 9, '  brackets: ["A -> b -[x, y]-> E", A -> b -> D] # two'),
    (Change(_at(9, 3), add=(NEW,)), 9, '  brackets: [A -> b -> C, A -> b -> D, "A -> b -[x, y]-> E"] # two'),
    (Change(_at(9, 3), remove=(_at(9, 14),)), 9, "  brackets: [A -> b -> D] # two"),
    (Change(_at(9, 3), remove=(_at(9, 27),)), 9, "  brackets: [A -> b -> C] # two"),
])  # fmt: skip
def test_a_sentence_is_rewritten_where_it_stands(change: Change, line: int, becomes: str) -> None:
    for ends in ("\n", "\r\n"):
        old, new = TEXT.replace("\n", ends).split(ends), rewritten(TEXT.replace("\n", ends), [change]).split(ends)
        assert becomes == new[line - 1]
        assert set(old) - set(new) <= {old[line - 1]}, "only that line went"


@pytest.mark.parametrize(("changes", "why"), [
    ([Change(_at(10, 3), ((_at(10, 21), NEW),))], "alternatives"),
    ([Change(_at(30, 3), ((_at(30, 9), NEW),))], "repeats the sentence of an earlier stage"),
    ([Change(_at(2, 3), remove=(_at(2, 10),))], "no sentence would be left"),
    ([Change(_at(4, 3), ((_at(2, 10), NEW),))], "stands elsewhere"),
    ([Change(_at(11, 3), ((_at(11, 17), NEW),)), Change(_at(12, 3), ((_at(11, 17), "A -> F"),))], "stands in several flows"),
])  # fmt: skip
def test_what_cannot_be_rewritten_is_refused(changes: list[Change], why: str) -> None:
    with pytest.raises(Refused, match=why):
        rewritten(TEXT, changes)


def test_two_flows_that_come_to_the_same_share_the_sentence() -> None:
    both = [Change(_at(11, 3), ((_at(11, 17), "A -> F"),)), Change(_at(12, 3), ((_at(11, 17), "A -> F"),))]
    found = rewritten(TEXT, both)
    assert "{path: &same A -> F}" in found or '{path: "A -> F"}' in found
