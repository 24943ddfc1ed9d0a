"""When a fault strikes: its time, its occasions, its chance; and what a server that is down does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from simulator.faults import Fault, Faults
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.policy.host import Held
from simulator.queue import NEVER, Queue, Work

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
RCPT = Fault("reply", at="west", verb="RCPT", text="a fault")


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def struck(fault: Fault, occasions: int, *, seed: int = 0) -> list[int]:
    """The occasions, counted from 1, at which it strikes."""
    faults = Faults((fault,), NOON, seed)
    return [n for n in range(1, occasions + 1) if faults.strike(fault.kind, NOON, lambda f: True)]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (RCPT, [1, 2, 3, 4, 5, 6]),
        (replace(RCPT, nth=3), [3, 4, 5, 6]),
        (replace(RCPT, nth=3, times=1), [3]),
        (replace(RCPT, times=2), [1, 2]),
        (replace(RCPT, nth=2, times=3), [2, 3, 4]),
    ],
)
def test_a_fault_strikes_from_its_nth_occasion_on_and_as_often_as_it_says(fault: Fault, expected: list[int]) -> None:
    assert expected == struck(fault, 6)


def test_chance_is_drawn_by_the_seed() -> None:
    rare = replace(RCPT, chance=20)
    assert struck(rare, 200) == struck(rare, 200)
    assert struck(rare, 200) != struck(rare, 200, seed=1)
    assert 20 < len(struck(rare, 200)) < 60


def test_an_occasion_that_the_draw_spares_uses_up_no_times() -> None:
    assert 3 == len(struck(replace(RCPT, chance=20, times=3), 200))


@pytest.mark.parametrize(("at", "expected"), [(4.9, False), (5, True), (14.9, True), (15, False)])
def test_a_fault_has_its_time(at: float, expected: bool) -> None:
    faults = Faults((replace(RCPT, begins=minutes(5), lasts=minutes(10)),), NOON)
    assert expected == bool(faults.strike("reply", NOON + minutes(at), lambda f: True))


def test_what_does_not_fit_is_no_occasion() -> None:
    faults = Faults((replace(RCPT, nth=2),), NOON)
    assert faults.strike("reply", NOON, lambda f: False) is None
    assert faults.strike("reply", NOON, lambda f: True) is None
    assert faults.strike("reply", NOON, lambda f: True) is not None


def test_all_that_fit_count_an_occasion_and_the_first_strikes() -> None:
    second, first = replace(RCPT, nth=2, text="second"), replace(RCPT, times=1, text="first")
    faults = Faults((second, first), NOON)
    found = [faults.strike("reply", NOON, lambda f: True) for _ in range(2)]
    assert ["first", "second"] == [strike.fault.text if strike else "" for strike in found]


def test_a_session_is_met_at_its_server_or_on_its_link() -> None:
    here, link = Fault("down", at="west"), Fault("down", link=("east", "west"))
    assert [True, True, False] == [here.meets(*s) for s in (("west", "east"), ("west", ""), ("east", "west"))]
    assert [True, False, False] == [link.meets(*s) for s in (("west", "east"), ("west", ""), ("east", "west"))]


def test_a_server_that_is_down_is_up_again_when_the_last_of_its_faults_is_over() -> None:
    ten, twenty = Fault("down", at="west", lasts=minutes(10)), Fault("down", at="west", lasts=minutes(20))
    assert NOON + minutes(20) == Faults((twenty, ten), NOON).down_until("west", NOON)
    assert Faults((ten,), NOON).down_until("west", NOON + minutes(10)) is None
    assert Faults((ten,), NOON).down_until("east", NOON) is None
    assert NEVER == Faults((Fault("down", at="west"),), NOON).down_until("west", NOON)


@pytest.mark.parametrize("single", [{"times": 1}, {"nth": 2}, {"chance": 50}])
def test_a_server_that_only_loses_single_connections_goes_on(single: dict[str, int]) -> None:
    fault = Fault("down", at="west", **single)  # type: ignore[arg-type]
    assert Faults((fault,), NOON).down_until("west", NOON) is None


def test_a_fault_that_stays_is_as_old_as_it_was_and_one_that_comes_begins() -> None:
    old, new = Fault("down", at="west", lasts=minutes(10)), Fault("down", at="east", lasts=minutes(10))
    faults = Faults((old,), NOON)
    faults.change((old, new), NOON + minutes(5))
    at = NOON + minutes(12)
    assert (None, NOON + minutes(15)) == (faults.down_until("west", at), faults.down_until("east", at))


def test_a_later_flow_carries_on_what_it_shares_with_the_one_before() -> None:
    shared, own = replace(RCPT, times=1, text="shared"), replace(RCPT, text="own")
    before = Faults((shared,), NOON)
    assert before.strike("reply", NOON, lambda f: True)
    faults = Faults((shared, own), NOON + minutes(1))
    faults.carry_on(before)
    found = faults.strike("reply", NOON + minutes(1), lambda f: True)
    assert own == (found.fault if found else None)


def test_clocks_add_up() -> None:
    fast, slow = Fault("clock", at="west", span=minutes(60)), Fault("clock", at="west", span=-minutes(20))
    assert minutes(40) == Faults((fast, slow), NOON).skew("west", NOON)
    assert minutes(0) == Faults((fast,), NOON).skew("east", NOON)


def work(due: datetime, held: Held) -> Work:
    return Work(due, "west", held, "m-1", 1, {})


def test_what_is_never_due_waits_until_it_is_woken(a_held: Held) -> None:
    queue = Queue()
    queue.put(work(NEVER, a_held))
    assert queue.take() is None
    assert queue.take(first_attempts_only=True) is None
    assert queue.take(until=NOON) is None
    assert 1 == len(queue)
    queue.wake(NOON)
    found = queue.take()
    assert NOON == (found.due if found else None)


@pytest.fixture
def a_held() -> Held:
    return Held(Message.parse(b"Subject: x\r\n\r\n"), None, (), Session("192.0.2.1", "west"), NOON)


# what is told of faults while mail moves


def test_a_fault_says_when_it_ends_and_how_often_it_struck() -> None:
    later = replace(RCPT, begins=minutes(5), lasts=minutes(10), text="later")
    twice = replace(RCPT, times=2, text="twice")
    faults = Faults((later, twice), NOON)
    for _ in range(3):
        faults.strike("reply", NOON, lambda f: f is twice)
    told = list(faults.standing(NOON))
    assert [(later, False, 0), (twice, False, 2)] == [(s.fault, s.active, s.strikes) for s in told]
    assert [NOON + minutes(15), None] == [s.ends for s in told]
    assert [True, False] == [s.active for s in faults.standing(NOON + minutes(6))]


def test_only_a_server_that_refuses_everybody_is_shut() -> None:
    down = Fault("down", at="west", how="refused", lasts=minutes(10))
    for fault, expected in (
        (down, True), (replace(down, how="silent"), False), (replace(down, at="", link=("east", "west")), False),
        (replace(down, times=1), False), (replace(down, begins=minutes(1)), False),
    ):  # fmt: skip
        assert expected == Faults((fault,), NOON).is_shut("west", NOON)
    assert not Faults((down,), NOON).is_shut("west", NOON + minutes(10))


def test_work_of_hosts_that_are_back_is_due_and_other_work_keeps_its_time(a_held: Held) -> None:
    queue, until = Queue(), NOON + minutes(10)
    for host, due in (("west", until), ("west", NOON + minutes(15)), ("east", until)):
        queue.put(replace(work(due, a_held), host=host))
    queue.wake(NOON, {"west": until})
    assert [("west", NOON), ("east", until), ("west", NOON + minutes(15))] == [(w.host, w.due) for w in queue]
