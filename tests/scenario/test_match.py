"""Whether a path is the expected one, and where the two part."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simulator.mail.path import End, Leg, Path, print_path
from simulator.scenario.match import code_fits, matches
from simulator.scenario.sentence import ELLIPSIS, parse
from simulator.source import Source
from tests.scenario.strategies import paths

NAMES = {
    "Bob": "bob@contoso.com",
    "bob@contoso.com": "bob@contoso.com",
    "robert@contoso.com": "bob@contoso.com",
    "John": "john@contoso.com",
    "john@contoso.com": "john@contoso.com",
    "Sun": "sun@customer.example",
    "sun@customer.example": "sun@customer.example",
}
TO_JOHN = Path("Bob", (Leg("m365"), Leg("onprem", ("To own",), True)), End("delivered", person="John"))
BOTH = Path("John", (Leg("onprem", (), True), Leg("m365", ("Out", "In"), True)), End("delivered", person="Bob"))
REFUSED = Path("Sun", (Leg("internet"), Leg("m365", (), True)), End("REJECTED", "550 5.7.64", "Sun"))
DEFERRED = Path("Bob", (Leg("m365"),), End("DEFERRED", "450 4.4.317", "John", attempted=("To barn",)))
RETURNED = Path("Bob", (Leg("m365"),), End("NDR", "5.1.1", "John", to="Bob"))
LOOPED = Path("Sun", (Leg("a"), Leg("b"), Leg("a"), Leg("b"), Leg("a")), End("LOOP", "5.4.14", "John"))
HELD = Path("Sun", (Leg("m365"),), End("HELD", person="Bob", reason="high confidence spam"))
DROPPED = Path("Sun", (Leg("m365"),), End("DROPPED", person="Bob"))
JUNK = Path("Sun", (Leg("m365"),), End("delivered", person="Bob", folder="Junk"))


def verdict(sentence: str, path: Path) -> tuple[str, str]:
    """("", "") if it holds, else what differs and the part of the printed path under the carets."""
    result = matches(parse(sentence, Source("f", 1, 1, len(sentence))), path, NAMES)
    assert print_path(path) == result.got
    if result:
        return "", ""
    assert result.at, "a word of the sentence is named"
    return result.phrase, result.got[result.offset :][: result.width]


@pytest.mark.parametrize(
    ("sentence", "path"),
    [
        ("Bob -> m365 -> onprem -> John", TO_JOHN),
        ("bob -> M365 -[to  OWN]-> OnPrem -> JOHN", TO_JOHN),
        ("robert@contoso.com -> m365 -[*]-> onprem -> john@contoso.com", TO_JOHN),
        ("Bob -[none]-> m365 -[To own]-> onprem -> John in Inbox", TO_JOHN),
        ("Bob -> ... -> John", TO_JOHN),
        ("Bob -> ... -> onprem -> John", TO_JOHN),
        ("Bob -> ... -[To own]-> onprem -> ... -> John in *", TO_JOHN),
        ("Bob -> m365 -> ... -> onprem -> ... -> ... -> John", TO_JOHN),
        ("Bob -> m365 -> onprem -[none]-> John", TO_JOHN),
        ("John -[none]-> onprem -[In]-> m365 -> Bob", BOTH),
        ("John -> onprem -[Out]-> m365 -> Bob", BOTH),
        ("John -> onprem -[In | Out]-> m365 -> Bob", BOTH),
        ("Sun -> internet -> m365 -> REJECTED", REFUSED),
        ("Sun -> internet -> m365 -> REJECTED 550 5.7.* for sun@customer.example", REFUSED),
        ("Bob -> m365 -> DEFERRED", DEFERRED),
        ("Bob -> m365 -[To barn]-> DEFERRED 450", DEFERRED),
        ("Bob -> m365 -[*]-> DEFERRED 4xx for John", DEFERRED),
        ("Bob -> m365 -> NDR to Bob", RETURNED),
        ("Sun -> a -> b -> a -> b -> a -> REJECTED", LOOPED),
        ("Sun -> a -> b -> a -> b -> a -> NDR", LOOPED),
        ("Bob -> m365 -> NDR 5.1.1 to robert@contoso.com for John", RETURNED),
        ("Sun -> a -> b -> a -> b -> a -> LOOP", LOOPED),
        ("Sun -> a -> ... -> a -> LOOP *", LOOPED),
        ("Sun -> ... -> LOOP 5.4.14", LOOPED),
        ("Sun -> m365 -> HELD *", HELD),
        ("Sun -> m365 -> HELD Confidence  SPAM for Bob", HELD),
        ("Sun -> m365 -> DROPPED", DROPPED),
        ("Sun -> m365 -> Bob in junk", JUNK),
        ("Sun -> m365 -> Bob in *", JUNK),
        ("m365 -> internet -> Sun", Path("M365", (Leg("internet"),), End("delivered", person="Sun"))),
        ("eve -> m365 -> Bob", Path("eve@fabrikam.com", (Leg("m365"),), End("delivered", person="Bob"))),
        ("Sun -[none]-> m -> Bob", Path("Sun", (Leg("m", ("none",)),), End("delivered", person="Bob"))),
    ],
)
def test_a_sentence_holds(sentence: str, path: Path) -> None:
    assert ("", "") == verdict(sentence, path)


@pytest.mark.parametrize(
    ("sentence", "path", "phrase", "part"),
    [
        ("John -> m365 -> onprem -> John", TO_JOHN, "different start", "Bob"),
        ("Bob -> exchange -> onprem -> John", TO_JOHN, "different server", "m365"),
        ("Bob -> m365 -> internet -> John", TO_JOHN, "different server", "onprem"),
        ("Bob -> m365 -> John", TO_JOHN, "goes on", "onprem"),
        ("Bob -> John", TO_JOHN, "goes on", "m365"),
        ("Bob -> m365 -> onprem -> internet -> John", TO_JOHN, "ending", "John"),
        ("Bob -> m365 -> onprem -> Sun", TO_JOHN, "person", "John"),
        ("Bob -> m365 -[none]-> onprem -> John", TO_JOHN, "connector", "-[To own]->"),
        ("Bob -> m365 -[Other]-> onprem -> John", TO_JOHN, "connector", "-[To own]->"),
        ("Bob -> m365 -[To own | Other]-> onprem -> John", TO_JOHN, "connector", "-[To own]->"),
        ("Bob -[*]-> m365 -> onprem -> John", TO_JOHN, "connector", "->"),
        ("John -[Out]-> onprem -> m365 -> Bob", BOTH, "connector", "-[none]->"),
        ("Bob -> m365 -> onprem -[A]-> John", TO_JOHN, "connector", "->"),
        ("Bob -> m365 -> onprem -> REJECTED", TO_JOHN, "ending", "John"),
        ("Bob -> ... -> Sun", TO_JOHN, "person", "John"),
        ("Bob -> ... -> internet -> John", TO_JOHN, "ending", "John"),
        ("Bob -> ... -[none]-> onprem -> John", TO_JOHN, "connector", "-[To own]->"),
        ("Bob -> m365 -> ... -> m365 -> onprem -> John", TO_JOHN, "ending", "John"),
        ("Sun -> internet -> m365 -> REJECTED 550 5.7.1", REFUSED, "code", "550 5.7.64"),
        ("Sun -> internet -> m365 -> REJECTED 4xx", REFUSED, "code", "550 5.7.64"),
        ("Sun -> internet -> m365 -> REJECTED for Bob", REFUSED, "person", "Sun"),
        ("Sun -> internet -> m365 -> NDR 550 5.7.64", REFUSED, "ending", "REJECTED"),
        ("Sun -> internet -> m365 -> LOOP", REFUSED, "ending", "REJECTED"),
        ("Sun -> internet -> m365 -> Sun", REFUSED, "ending", "REJECTED"),
        ("Sun -> internet -> REJECTED", REFUSED, "goes on", "m365"),
        ("Bob -> m365 -[none]-> DEFERRED", DEFERRED, "connector", "-[To barn]->"),
        ("Bob -> m365 -[Other]-> DEFERRED", DEFERRED, "connector", "-[To barn]->"),
        ("Bob -> m365 -> NDR to Sun", RETURNED, "person", "Bob"),
        ("Bob -> m365 -> NDR for Bob", RETURNED, "person", "John"),
        ("Bob -> m365 -> NDR 5.1.10", RETURNED, "code", "5.1.1"),
        ("Sun -> a -> b -> a -> LOOP", LOOPED, "goes on", "b"),
        ("Sun -> m365 -> HELD phish", HELD, "reason", "high confidence spam"),
        ("Sun -> m365 -> DROPPED for Sun", DROPPED, "person", "Bob"),
        ("Sun -> m365 -> Bob", JUNK, "folder", "Junk"),
        ("Sun -> m365 -> Bob in Archive", JUNK, "folder", "Junk"),
        ("Bob -> m365 -> onprem -> John in Junk", TO_JOHN, "folder", "John"),
        ("Sun -> m -> REJECTED for Bob", Path("Sun", (Leg("m"),), End("REJECTED")), "person", "REJECTED"),
        ("Sun -> m -> REJECTED 550", Path("Sun", (Leg("m"),), End("REJECTED")), "code", "REJECTED"),
        ("eve@x.example -> m365 -> Bob", Path("eve@y.example", (Leg("m365"),), End("LOOP")), "different start", "eve@y.example"),
        ("contoso -> m365 -> Bob", Path("Bob", (Leg("m365"),), End("delivered", person="Bob")), "different start", "Bob"),
    ],
)  # fmt: skip
def test_a_sentence_fails_where_the_path_parts_from_it(sentence: str, path: Path, phrase: str, part: str) -> None:
    assert (phrase, part) == verdict(sentence, path)


def test_a_verdict_names_the_leg_and_the_word_in_the_file() -> None:
    sentence = parse("Bob -> m365 -> internet -> John", Source("f", 4, 9, 31))
    result = matches(sentence, TO_JOHN, NAMES)
    assert (False, 1, 24, 6, "different server") == (
        result.holds, result.hop, result.offset, result.width, result.phrase
    )  # fmt: skip
    assert (Source("f", 4, 24), 8) == (result.at, result.at.width)
    assert "Bob -> m365 -[To own]-> onprem -> John" == result.got


@pytest.mark.parametrize(("sentence", "hop"), [("Sun -> m365 -> onprem -> John", -1), ("Bob -> ... -> LOOP", 2)])
def test_start_and_ending_count_as_hops(sentence: str, hop: int) -> None:
    assert hop == matches(parse(sentence), TO_JOHN, NAMES).hop


def test_the_ellipsis_matches_every_path() -> None:
    assert matches(ELLIPSIS, LOOPED, {}).holds


# --- codes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "covered", "not_covered"),
    [
        ("", ["550 5.7.64", "550", "5.4.14", ""], []),
        ("*", ["550 5.7.64", "550", "5.4.14", ""], []),
        ("550", ["550 5.7.64", "550"], ["551 5.7.64", "5.7.64", ""]),
        ("450", ["450 4.7.320"], ["451 4.5.0", "4.5.0"]),
        ("5.7.64", ["550 5.7.64", "5.7.64"], ["550", "550 5.7.6", "550 5.7.640", ""]),
        ("550 5.7.64", ["550 5.7.64"], ["550", "5.7.64", "554 5.7.64", "550 5.7.1"]),
        ("550 5.7.*", ["550 5.7.64", "550 5.7.1"], ["550 5.1.1", "550", "5.7.1"]),
        ("550 *", ["550 5.7.64", "550"], ["554"]),
        ("5.7.*", ["550 5.7.64", "5.7.1"], ["5.1.1", "550"]),
        ("5.7", ["5.7.64"], ["5.77.1"]),
        ("5.*", ["550 5.7.64", "5.4.14", "550"], ["450 4.7.1", "450"]),
        ("5.x.x", ["550 5.7.64"], ["4.7.1"]),
        ("5.7.5xx", ["5.7.501"], ["5.7.64"]),
        ("55x", ["550 5.7.64"], ["540"]),
        ("4xx", ["450 4.4.317", "421", "451 5.7.1", "4.4.7"], ["550 4.4.7", "550", "5.4.7", ""]),
        ("5XX", ["550 5.7.1", "550 4.7.1", "5.1.1"], ["450 5.7.1", "4.4.7"]),
        ("4xx 4.7.*", ["451 4.7.500"], ["451 4.4.1", "551 4.7.500"]),
        ("4.*.*", ["451", "451 4.7.1"], ["554"]),
        ("5.7.*", ["550 5.7.1"], ["550", "550 5.1.1"]),
    ],
)
def test_codes(wanted: str, covered: list[str], not_covered: list[str]) -> None:
    assert covered == [code for code in covered + not_covered if code_fits(wanted, code)]


# --- properties --------------------------------------------------------------------------------------------------


@given(paths)
def test_got_can_be_pasted_as_expected(path: Path) -> None:
    assert "" == matches(parse(print_path(path)), path, {}).phrase


@given(paths, st.data())
def test_another_server_is_found_at_its_hop(path: Path, data: st.DataObject) -> None:
    assume(path.legs)
    hop = data.draw(st.integers(0, len(path.legs) - 1))
    other = replace(path, legs=(*path.legs[:hop], replace(path.legs[hop], server="zz"), *path.legs[hop + 1 :]))
    result = matches(parse(print_path(path)), other, {})
    assert (hop, "zz", "different server") == (result.hop, result.got[result.offset :][: result.width], result.phrase)


@given(paths)
def test_a_sentence_that_leaves_connectors_out_still_holds(path: Path) -> None:
    bare = replace(path, legs=tuple(Leg(leg.server) for leg in path.legs), end=replace(path.end, attempted=()))
    assert matches(parse(print_path(bare)), path, {}).holds


@given(paths, st.data())
def test_any_hops_stand_for_any_hops(path: Path, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(path.legs)))
    last = data.draw(st.integers(first, len(path.legs)))
    kept = [(leg.server, "->") for leg in path.legs[:first]] + [("...", "->")]
    kept += [(leg.server, "->") for leg in path.legs[last:]]
    hops = " ".join(f"{link} {server}" for server, link in kept)
    end = print_path(Path("x", (), replace(path.end, attempted=()))).removeprefix("x ")
    assert matches(parse(f"{path.start} {hops} {end}"), path, {}).holds


@pytest.mark.parametrize(("to", "expected"), [("", True), ("Sun", False)])
def test_what_is_returned_to_nobody_is_dropped(to: str, expected: bool) -> None:
    failed = Path("Sun", (Leg("m365"),), End("NDR", "554 5.2.2", "Bob", to=to))
    assert expected == matches(parse("Sun -> m365 -> DROPPED for Bob"), failed, {}).holds


@given(paths)
def test_every_other_ending_fails(path: Path) -> None:
    other = "LOOP" if path.end.word != "LOOP" else "DEFERRED"
    sentence = parse(print_path(replace(path, end=End(other))))  # type: ignore[arg-type]
    result = matches(sentence, path, {})
    assert (False, len(path.legs), "ending") == (result.holds, result.hop, result.phrase)
