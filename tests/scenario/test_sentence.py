"""The path sentence: what it says, where its words stand, and what is said about one that is none."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.mail.path import End, Leg, Path, printed
from simulator.scenario.errors import ScenarioError
from simulator.scenario.load import read_yaml
from simulator.scenario.sentence import (
    ELLIPSIS,
    Link,
    Sentence,
    connectors_named,
    name_fault,
    parse,
    people_named,
    print_path,
    servers_named,
)
from simulator.source import NOWHERE, Problem, Source
from tests.scenario.strategies import paths


def link_shown(link: Link) -> str:
    return " + ".join(word.text for word in link.connectors) or link.kind


def hops(text: str) -> list[tuple[str, str]]:
    """Every hop as (connectors, server)."""
    return [(link_shown(h.link), h.server.text if h.server else "...") for h in parse(text).hops]


def ending(text: str, people: tuple[str, ...] = ()) -> dict[str, str]:
    """What is written of the ending."""
    end = parse(f"Bob -> m365 -> {text}", people=people).end
    words = {"code": end.code, "person": end.person, "folder": end.folder, "to": end.to, "reason": end.reason}
    return {"word": end.word} | {name: word.text for name, word in words.items() if word.text}


def fault(text: str, at: Source | None = None) -> tuple[int, int, str, str]:
    """The problem as (column, width, text, fix)."""
    with pytest.raises(ScenarioError) as caught:
        parse(text, at or Source("f", 1, 1, len(text)))
    (problem,) = caught.value.problems
    return problem.at.column, problem.at.width, problem.says, problem.fix


# --- hops --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bob -> m365 -> John", [("any", "m365")]),
        ("Bob->m365->John", [("any", "m365")]),
        ("Bob -[A]-> m365 -> John", [("A", "m365")]),
        ("Bob -[ O365 to own servers ]-> on prem -> John", [("O365 to own servers", "on prem")]),
        ("Bob -[A | B]-> m365 -> John", [("A + B", "m365")]),
        ("Bob -[A|B]-> m365 -> John", [("A + B", "m365")]),
        ("Bob -[none]-> m365 -> John", [("none", "m365")]),
        ("Bob -[None]-> m365 -> John", [("none", "m365")]),
        ("Bob -[*]-> m365 -> John", [("some", "m365")]),
        ("Bob -[A] -> m365 -> John", [("A", "m365")]),
        ("Bob -[own/servers (to) O-365 #1 -> x.]-> m365 -> John", [("own/servers (to) O-365 #1 -> x.", "m365")]),
        (r"Bob -[a\]b \| c\\ | d\e]-> m365 -> John", [("a]b | c\\ + d\\e", "m365")]),
        (r"Bob -[old \[a\] servers]-> m365 -> John", [("old [a] servers", "m365")]),
        ("Bob -> ... -> John", [("any", "...")]),
        ("Bob -> m365 -> ... -[A]-> onprem -> John", [("any", "m365"), ("any", "..."), ("A", "onprem")]),
        ("Bob -> a -> b -> a -> LOOP", [("any", "a"), ("any", "b"), ("any", "a")]),
        ("Bob -> EX-01 (old) -> John", [("any", "EX-01 (old)")]),
        ("Bob -> John", []),
    ],
)
def test_hops(text: str, expected: list[tuple[str, str]]) -> None:
    assert expected == hops(text)


def test_the_link_before_an_ending_belongs_to_it() -> None:
    assert "To barn" == link_shown(parse("Bob -> m365 -[To barn]-> DEFERRED 450 4.4.317").end.link)


@pytest.mark.parametrize("text", ["...", "  ... "])
def test_an_ellipsis_alone_stands_for_further_copies(text: str) -> None:
    assert parse(text) is ELLIPSIS


# --- endings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("John", {"word": "delivered", "person": "John"}),
        ("John Smith (Sales)", {"word": "delivered", "person": "John Smith (Sales)"}),
        ("john@contoso.com", {"word": "delivered", "person": "john@contoso.com"}),
        ("Bob in Junk", {"word": "delivered", "person": "Bob", "folder": "Junk"}),
        ("Bob in *", {"word": "delivered", "person": "Bob", "folder": "*"}),
        ("Jan in 't Veld in Junk Email", {"word": "delivered", "person": "Jan in 't Veld", "folder": "Junk Email"}),
        ("Held", {"word": "delivered", "person": "Held"}),
        ("Ndrew", {"word": "delivered", "person": "Ndrew"}),
        ("in Wonderland", {"word": "delivered", "person": "in Wonderland"}),
        ("REJECTED", {"word": "REJECTED"}),
        ("REJECTED 550", {"word": "REJECTED", "code": "550"}),
        ("REJECTED 550 5.7.64", {"word": "REJECTED", "code": "550 5.7.64"}),
        ("REJECTED 5.7.64", {"word": "REJECTED", "code": "5.7.64"}),
        ("REJECTED 550 5.7.*", {"word": "REJECTED", "code": "550 5.7.*"}),
        ("REJECTED 5.*", {"word": "REJECTED", "code": "5.*"}),
        ("REJECTED 5.7.5xx", {"word": "REJECTED", "code": "5.7.5xx"}),
        ("REJECTED 4xx for Sun", {"word": "REJECTED", "code": "4xx", "person": "Sun"}),
        ("REJECTED * for Sun", {"word": "REJECTED", "code": "*", "person": "Sun"}),
        ("REJECTED 550 * for Sun", {"word": "REJECTED", "code": "550 *", "person": "Sun"}),
        ("REJECTED for Waiting for Godot", {"word": "REJECTED", "person": "Waiting for Godot"}),
        ("NDR", {"word": "NDR"}),
        ("NDR 4.4.7 to Sun for John", {"word": "NDR", "code": "4.4.7", "to": "Sun", "person": "John"}),
        ("NDR to Sun", {"word": "NDR", "to": "Sun"}),
        ("NDR 550 5.1.1 for John", {"word": "NDR", "code": "550 5.1.1", "person": "John"}),
        ("NDR to A for B for C", {"word": "NDR", "to": "A for B", "person": "C"}),
        ("DEFERRED 450 4.4.317", {"word": "DEFERRED", "code": "450 4.4.317"}),
        ("DEFERRED for John", {"word": "DEFERRED", "person": "John"}),
        ("LOOP", {"word": "LOOP"}),
        ("LOOP 5.4.14 for John", {"word": "LOOP", "code": "5.4.14", "person": "John"}),
        ("HELD *", {"word": "HELD", "reason": "*"}),
        ("HELD spam > 5 for John", {"word": "HELD", "reason": "spam > 5", "person": "John"}),
        ("HELD waiting for review for John", {"word": "HELD", "reason": "waiting for review", "person": "John"}),
        ("HELD waiting for", {"word": "HELD", "reason": "waiting for"}),
        ("DROPPED", {"word": "DROPPED"}),
        ("DROPPED for John", {"word": "DROPPED", "person": "John"}),
    ],
)
def test_endings(text: str, expected: dict[str, str]) -> None:
    assert expected == ending(text)


@pytest.mark.parametrize(
    ("text", "people", "expected"),
    [
        ("Jan in 't Veld", ("jan in 't veld",), {"word": "delivered", "person": "Jan in 't Veld"}),
        ("Bob in Mail in Transit", ("Bob",), {"word": "delivered", "person": "Bob", "folder": "Mail in Transit"}),
        ("loop", ("Loop",), {"word": "delivered", "person": "loop"}),
        ("NDR to A for B", ("A for B",), {"word": "NDR", "to": "A for B"}),
        ("NDR to A for B for C", ("A", "B for C"), {"word": "NDR", "to": "A", "person": "B for C"}),
        ("HELD x for A for B", ("A for B",), {"word": "HELD", "reason": "x", "person": "A for B"}),
    ],
)
def test_known_people_decide_how_an_ending_is_read(
    text: str, people: tuple[str, ...], expected: dict[str, str]
) -> None:
    assert expected == ending(text, people)


# --- positions ---------------------------------------------------------------------------------------------------

LONG = r"Bob Smith  -[ A b|C]-> on prem -> ... -> m365 -[D]-> NDR 550 5.1.* to Sun  for bob@x.example"


def named(sentence: Sentence) -> list[str]:
    words = people_named(sentence) + servers_named(sentence) + connectors_named(sentence)
    return [word.text for word in words]


def test_names_are_told_apart() -> None:
    assert ["Bob Smith", "Sun", "bob@x.example", "on prem", "m365", "A b", "C", "D"] == named(parse(LONG))


def test_a_sentence_under_also_begins_with_a_server() -> None:
    sentence = parse("m365 -> internet -> Sun")
    assert ["m365", "internet"] == [word.text for word in servers_named(sentence, also=True)]
    assert ["Sun"] == [word.text for word in people_named(sentence, also=True)]
    assert ["Bob", "John"] == [word.text for word in people_named(parse("Bob -> m -> REJECTED for John"))]


def test_every_word_keeps_its_place() -> None:
    sentence = parse(LONG, Source("f", 7, 11, len(LONG)))
    end = sentence.end
    words = [*people_named(sentence), *servers_named(sentence), *connectors_named(sentence), end.code]
    for word in words:
        assert ("f", 7) == (word.at.file, word.at.line)
        assert word.text == LONG[word.at.column - 11 :][: word.at.width] == LONG[word.offset : word.stop]
    assert ["-[ A b|C]->", "->", "->"] == [LONG[h.link.at.column - 11 :][: h.link.at.width] for h in sentence.hops]
    assert ("NDR", "-[D]->") == tuple(LONG[at.column - 11 :][: at.width] for at in (end.at, end.link.at))


@pytest.mark.parametrize(
    ("yaml", "place"),
    [
        ("p: Bob -> m365 -> John", (1, 11, 4)),
        ("p: 'Bob -> m365 -> John'", (1, 12, 4)),
        ("p: |\n  Bob -> m365 -> John", (2, 10, 4)),
        ("p: Bob -> m365\n  -> John", (1, 11, 4)),
        ("p: Bob\n  -> m365 -> John", (1, 4, 3)),  # on which line is not known: the whole sentence
    ],
)
def test_places_reach_into_the_file(yaml: str, place: tuple[int, int, int]) -> None:
    node = read_yaml(yaml, "f").get("p")
    assert node is not None
    (server,) = servers_named(parse(node.text, node.text_at))
    assert place == (server.at.line, server.at.column, server.at.width)


def test_without_a_place_there_is_none() -> None:
    assert NOWHERE == parse("Bob -> m365 -> John").start.at


def test_a_place_of_unknown_width_is_trusted() -> None:
    (server,) = servers_named(parse("Bob -> m365 -> John", Source("f", 3, 8)))
    assert Source("f", 3, 15) == server.at


# --- faults ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "marked", "says"),
    [
        ("Bob", "Bob", 'a path needs "->"'),
        ("", "", 'a path needs "->"'),
        ("Bob -> ", "->", "a name is missing behind this link"),
        ("-> John", "->", "a name is missing before this link"),
        ("Bob -> -[A]-> John", "->", "a name is missing behind this link"),
        ("Bob -[A -> m365", "-[A", "this link is not closed"),
        ("Bob -[A] m365 -> John", "-[A] m365", "this link is not closed"),
        ("Bob -> m365 -[Connector ", "-[Connector", "this link is not closed"),
        ("Bob -> m -> REJECTED -[", "-[", "this link is not closed"),
        ("Bob --> m365 -> John", "-", "this is not a link"),
        ("Bob => m365 -> John", "=>", "this is not a link"),
        ("Bob > m365 -> John", ">", "this is not a link"),
        ("Bob → m365 → John", "→", "this is not a link"),
        ("Bob -> m365 –> John", "–>", "this is not a link"),
        ("Bob [A]-> m365 -> John", "[A]", "a link begins with a hyphen"),
        ("Bob -> m365 [A -> John", "[A", "a link begins with a hyphen"),
        ("Bob -> REJECTED 550 -> John", "REJECTED 550", "REJECTED ends a path"),
        ("Bob -> m365 -> ...", "...", "a path needs an ending"),
        ("... -> m365 -> John", "...", "a path begins with a person"),
        ("Bob -[A]-> ... -> John", "-[A]->", "a connector cannot lead to ..."),
        ("Bob -> * -> John", "*", "* is not a server"),
        ("Bob -[]-> m365 -> John", "-[]->", "a connector's name is missing"),
        ("Bob -[A | ]-> m365 -> John", "-[A | ]->", "a connector's name is missing"),
        ("Bob -[A | none]-> m365 -> John", "-[A | none]->", "none stands alone in a link"),
        ("Bob -[* | A]-> m365 -> John", "-[* | A]->", "* stands alone in a link"),
        ("Bob -> m365 -> rejected", "rejected", '"rejected" is not a person'),
        ("Bob -> m365 -> Rejected 550", "Rejected", '"Rejected" is not a person'),
        ("Bob -> m365 -> Ndr 5.1.1", "Ndr", '"Ndr" is not a person'),
        ("Bob -> m365 -> Bob in", "Bob in", "a folder is missing after in"),
        ("Bob -> m365 -> REJECTED 5507", "5507", '"5507" is not a code'),
        ("Bob -> m365 -> REJECTED 650", "650", '"650" is not a code'),
        ("Bob -> m365 -> REJECTED 550 5.7.64.", "5.7.64.", '"5.7.64." is not a code'),
        ("Bob -> m365 -> REJECTED foo", "foo", '"foo" does not belong behind REJECTED'),
        ("Bob -> m365 -> REJECTED 550 to Bob", "to", '"to" does not belong behind REJECTED'),
        ("Bob -> m365 -> NDR 5.1.1 bar", "bar", '"bar" does not belong behind NDR'),
        ("Bob -> m365 -> DROPPED 550", "550", '"550" does not belong behind DROPPED'),
        ("Bob -> m365 -> REJECTED 550 for", "for", "a person is missing after for"),
        ("Bob -> m365 -> NDR 5.1.1 to", "to", "a person is missing after to"),
        ("Bob -> m365 -> NDR to Sun for", "to Sun for", "a person is missing after for"),
        ("Bob -> m365 -> HELD", "HELD", "HELD needs a reason"),
        ("Bob -> m365 -> HELD for John", "for John", "HELD needs a reason"),
        ("Bob -> " + "x" * 30_000, "B", "this is too long for a path"),
    ],
)
def test_faults_are_marked_at_the_word(text: str, marked: str, says: str) -> None:
    column, width, told, _ = fault(text)
    assert (marked or " ", says) == ((text or " ")[column - 1 :][:width], told)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("Bob -> m365 -> rejected", "Write REJECTED"),
        ("Bob -> * -> John", "Write ... for any hops"),
        ("Bob -> m365 -> HELD", "Write HELD * for any reason"),
        ("Bob -> m365 -> REJECTED 5507", "Write 550, 550 5.7.64, 5.7.64, 5.7.*, 4xx or *, or leave it out"),
        ("Bob -> m365 -> NDR x", "Behind it stand a code, to a person, for a person"),
        ("Bob -> m365 -[Connector ", "Write -[name]->. If the name holds a blank and #, put the whole path in quotes"),
    ],
)
def test_faults_say_what_to_write(text: str, fix: str) -> None:
    assert fix == fault(text)[3]


def test_a_long_row_of_open_links_is_refused_quickly() -> None:
    assert "this link is not closed" == fault("-[" * 9_999)[2]


@given(
    st.lists(st.sampled_from([*"aB-[]|>.* \\5", "->", " in ", " for ", " to ", "NDR ", "HELD ", "REJECTED "])).map(
        "".join
    )
)
def test_whatever_is_typed_is_read_or_refused_with_a_place(text: str) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        parse(text, Source("f", 1, 1, max(1, len(text))))
    except ScenarioError as error:
        problems = error.problems
    assert all(1 <= p.at.column <= len(text) + 1 for p in problems)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Bob", ""),
        ("Jan in 't Veld", ""),
        ("Held", ""),
        ("EX-01 (old) / DAG", ""),
        ("<>", ""),
        (" ", "this is not a name"),
        ("...", "this is not a name"),
        ("*", "this is not a name"),
        ("a->b", "a name that looks like a link cannot stand in a path"),
        (">", "a name that looks like a link cannot stand in a path"),
        ("a -[b", "a name that looks like a link cannot stand in a path"),
        ("a [b]", "a name that looks like a link cannot stand in a path"),
        ("NDR", "NDR begins the ending of a path"),
        ("loop", "loop begins the ending of a path"),
        ("HELD up", "HELD begins the ending of a path"),
        ("Bob in", "a name cannot end in in"),
    ],
)
def test_names_that_no_sentence_could_hold(name: str, says: str) -> None:
    assert says == name_fault(name)


# --- printing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            Path("Bob", (Leg("m365"), Leg("onprem", ("O365 to own servers",), True)), End("delivered", person="John")),
            "Bob -> m365 -[O365 to own servers]-> onprem -> John",
        ),
        (Path("Bob", (Leg("m365", (), True),), End("delivered", person="Bob", folder="Junk")), "Bob -[none]-> m365 -> Bob in Junk"),
        (Path("J", (Leg("m", ("A", "B"), True),), End("REJECTED", "550 5.7.64", "Sun")), "J -[A | B]-> m -> REJECTED 550 5.7.64 for Sun"),
        (Path("J", (Leg("m"),), End("NDR", "4.4.7", "John", to="Sun")), "J -> m -> NDR 4.4.7 to Sun for John"),
        (Path("J", (Leg("m"),), End("DEFERRED", "450 4.4.317", attempted=("To barn",))), "J -> m -[To barn]-> DEFERRED 450 4.4.317"),
        (Path("J", (Leg("m"),), End("LOOP")), "J -> m -> LOOP"),
        (Path("J", (Leg("m"),), End("HELD")), "J -> m -> HELD *"),
        (Path("J", (Leg("m"),), End("HELD", reason="rule A->B", person="Sun")), "J -> m -> HELD rule A>B for Sun"),
        (Path("J", (Leg("m"),), End("DROPPED", "550", "Sun")), "J -> m -> DROPPED for Sun"),
        (Path("J", (Leg("m", ("a|b]c\\d",)),), End("LOOP", "5.4.14")), r"J -[a\|b\]c\\d]-> m -> LOOP 5.4.14"),
    ],
)  # fmt: skip
def test_printing(path: Path, text: str) -> None:
    assert text == print_path(path)


@given(paths)
def test_every_part_of_a_printed_path_can_be_pointed_at(path: Path) -> None:
    text, spans = printed(path)
    assert all(text[s.start : s.stop].strip() == text[s.start : s.stop] != "" for s in spans)
    assert [leg.server for leg in path.legs] == [text[s.start : s.stop] for s in spans if s.part == "server"]
    assert sorted(spans, key=lambda s: s.start) == list(spans)


@given(paths)
@example(Path("Bob", (Leg("m", ("A | B", "C]"), True),), End("NDR", person="c", to="a for b")))
def test_a_printed_path_is_read_with_the_same_names(path: Path) -> None:
    sentence = parse(print_path(path))
    assert path.start == sentence.start.text
    assert [leg.server for leg in path.legs] == [h.server.text for h in sentence.hops if h.server]
    used = [name for leg in path.legs for name in leg.connectors] + list(path.end.attempted)
    assert used == [word.text for word in connectors_named(sentence)]
    assert path.end.word == sentence.end.word
    if path.end.word not in ("delivered", "DROPPED", "HELD"):
        assert path.end.code == sentence.end.code.text


@given(paths)
def test_what_is_printed_prints_the_same_again(path: Path) -> None:
    text = print_path(path)
    assert text == parse(text).text


def test_the_ellipsis_is_still_itself_in_another_process() -> None:
    told = pickle.loads(pickle.dumps((ELLIPSIS, parse("Bob -> m365 -> John"))))
    assert told[0] is ELLIPSIS
    assert parse("Bob -> m365 -> John") == told[1]
