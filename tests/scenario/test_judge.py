"""Paths against sentences: complete lists, leftovers, alternatives, and where the paths part."""

from __future__ import annotations

import textwrap

import pytest

from tests.playing import difference, play

BOTH = "send: {from: Sun, to: [Bob, John]}"
TO_BOB = "Sun -> internet -> m365 -> Bob"
TO_JOHN = "Sun -> internet -> m365 -> onprem -> John"


def a_flow(text: str) -> str:
    return "flow:\n" + textwrap.indent(text, "  ")


def test_a_list_of_sentences_is_unordered() -> None:
    assert ("", "", "") == difference(a_flow(f"{BOTH}\npath:\n  - {TO_JOHN}\n  - {TO_BOB}"))


def test_a_list_of_sentences_is_complete() -> None:
    found = difference(a_flow(f"{BOTH}\npath:\n  - {TO_BOB}"))
    got = "Sun -> internet -[none]-> m365 -[O365 to own servers]-> onprem -> John"
    assert ("path", "no further copy", got) == found


def test_three_dots_allow_further_copies() -> None:
    assert ("", "", "") == difference(a_flow(f"{BOTH}\npath:\n  - {TO_BOB}\n  - ..."))


@pytest.mark.parametrize(
    ("second", "expected"),
    [("Bob", ("", "", "")), ("John", ("path", "no further copy", "Sun -> internet -[none]-> m365 -[O365 to own servers]-> onprem -> John"))],
)  # fmt: skip
def test_one_sentence_alone_is_what_every_message_of_a_list_does(second: str, expected: tuple[str, ...]) -> None:
    sends = f"send:\n  - {{from: Sun, to: Bob}}\n  - {{from: Sun, to: {second}, after: 10m}}"
    assert expected == difference(a_flow(f"{sends}\npath: {TO_BOB}"))


def test_a_sentence_without_a_copy_is_told() -> None:
    found = difference(a_flow(f"send: {{from: Sun, to: Bob}}\npath:\n  - {TO_BOB}\n  - {TO_JOHN}"))
    assert ("path", TO_JOHN, "no such copy") == found


def test_one_of_several_paths_is_enough() -> None:
    several = "path: {any of: [Sun -> internet -> onprem -> Bob, Sun -> internet -> m365 -> Bob]}"
    assert ("", "", "") == difference(a_flow(f"send: {{from: Sun, to: Bob}}\n{several}"))


def test_a_path_says_where_it_left_the_sentence() -> None:
    (found,) = play("Sun to John: Sun -> internet -> onprem -> John").differences
    assert "Sun -> internet -[none]-> m365 -[O365 to own servers]-> onprem -> John" == found.got
    assert ("different server", 1, "m365") == (
        found.says,
        found.hop,
        found.got[found.offset : found.offset + found.width],
    )
    assert "test.yaml:5:35" == str(found.at)


def test_the_copy_for_the_same_person_is_the_one_compared() -> None:
    found = play(a_flow(f"{BOTH}\npath:\n  - {TO_BOB}\n  - Sun -> internet -> onprem -> John")).differences
    assert ["Sun -> internet -[none]-> m365 -[O365 to own servers]-> onprem -> John"] == [d.got for d in found]


def test_a_flow_may_say_only_what_must_never_happen() -> None:
    assert ("", "", "") == difference("Bob to John: {never: [internet]}")
