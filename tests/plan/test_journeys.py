"""What becomes of accepted mail, whatever the product: every route and fate, walked by the plan engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from simulator.mail.address import Address
from simulator.mail.path import print_path
from simulator.mail.reply import Reply
from simulator.paths import balance, copies, endings
from simulator.plan.compare import first_difference
from simulator.plan.walk import PlanEngine
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Deliver, Discard, Expand, Hold, NextHop, Relay, Return, Route, Routing
from simulator.topology import Lab
from simulator.transport import submit
from simulator.world import World
from simulator.zone import Zone
from tests.live.tinyhost import START, TinyHost, a_lab, a_world, an_errand, certificate, target

BOB = Address.parse("bob@west.test")
AMY, JO = Address.parse("amy@west.test"), Address.parse("jo@west.test")


@dataclass(frozen=True)
class Signpost(TinyHost):
    """Routes by the local part as the test says, otherwise as the tiny host does."""

    routes: Mapping[str, Route] = field(default_factory=dict)

    def route(self, held: Held, recipient: Address, at: Moment) -> Routing:
        known = self.routes.get(recipient.local)
        return Routing(known) if known else super().route(held, recipient, at)


def west(**routes: Route) -> Lab:
    host = Signpost("west", "west.test", "mx.west.test", routes=routes)
    return a_lab(TinyHost("east", "east.test", "mx.east.test"), host)


def played(lab: Lab, *to: str, server: str = "east", first_attempts_only: bool = False) -> World:
    world = a_world(lab)
    errand = an_errand(world, " ".join(to or ("bob@west.test",)))
    engine = PlanEngine(world, START)
    engine.submit(submit(world, errand, target(lab, server), person="Ann", server=server))
    engine.run(first_attempts_only=first_attempts_only)
    return world


def sentences(world: World) -> list[str]:
    return [print_path(e.path) for e in endings(world.log, world.lab)]


def statuses(world: World) -> list[str]:
    return [e.status for e in endings(world.log, world.lab)]


def sums(world: World) -> tuple[int, int, int, int, int, int, bool]:
    queued = [c for work in world.queue for c in work.copies.values()]
    b = balance(world.log, queued)
    return b.accepted, b.delivered, b.bounced, b.queued, b.dropped, b.held, b.holds


START_OF = "Ann -> east -> west -> "


@pytest.mark.parametrize(
    ("route", "expected", "counted"),
    [
        (Deliver(BOB, "Junk"), ["Bob in Junk"], (1, 1, 0, 0, 0, 0, True)),
        (Discard("a rule"), ["DROPPED for Bob"], (1, 0, 0, 0, 1, 0, True)),
        (Hold("phishing"), ["HELD phishing for Bob"], (1, 0, 0, 0, 0, 1, True)),
        (Expand((AMY, JO), "group"), ["amy@west.test", "jo@west.test"], (2, 2, 0, 0, 0, 0, True)),
        (Expand((AMY,), "forward", keep=True), ["Bob", "amy@west.test"], (2, 2, 0, 0, 0, 0, True)),
    ],
)
def test_every_route_has_its_ending_and_is_counted(
    route: Route, expected: list[str], counted: tuple[int, int, int, int, int, int, bool]
) -> None:
    world = played(west(bob=route))
    assert [START_OF + e for e in expected] == sentences(world)
    assert counted == sums(world)


def test_what_cannot_be_delivered_is_returned_and_the_report_is_a_message_of_its_own() -> None:
    world = played(west(bob=Return(Reply(550, "5.1.10", "not found"))))
    got = sentences(world)
    assert START_OF + "NDR 550 5.1.10 to Ann for Bob" == got[0]
    assert "west -> east -> Ann" == got[1]
    assert (2, 1, 1, 0, 0, 0, True) == sums(world)


def test_a_loop_that_a_host_finds_itself_ends_as_one() -> None:
    world = played(west(bob=Return(Reply(554, "5.4.6", "too many hops"), loop=True)))
    assert START_OF + "LOOP 554 5.4.6 for Bob" == sentences(world)[0]


def test_forwards_that_point_at_each_other_are_returned_as_a_loop() -> None:
    world = played(west(bob=Expand((AMY,), "forward"), amy=Expand((BOB,), "forward")))
    assert START_OF + "LOOP 554 5.4.6 for Bob" == sentences(world)[0]
    assert sums(world)[-1]


def test_groups_that_contain_each_other_are_visited_once() -> None:
    world = played(west(bob=Expand((AMY, JO), "group"), amy=Expand((BOB,), "group")))
    assert [START_OF + "DROPPED for Bob", START_OF + "jo@west.test"] == sorted(sentences(world))
    assert sums(world)[-1]


def test_a_member_of_two_groups_gets_the_message_once() -> None:
    world = played(west(bob=Expand((AMY, JO), "group"), amy=Expand((JO,), "group")), "bob@west.test", "jo@west.test")
    assert ([START_OF + "jo@west.test"], (1, 1, 0, 0, 0, 0, True)) == (sentences(world), sums(world))


def test_mail_for_an_empty_group_is_dropped_and_counted() -> None:
    world = played(west(bob=Expand((), "group")))
    assert ([START_OF + "DROPPED for Bob"], (1, 0, 0, 0, 1, 0, True)) == (sentences(world), sums(world))


def test_a_copy_without_a_fate_breaks_the_conservation_law() -> None:
    world = played(a_lab(down=["west"]), first_attempts_only=True)
    forgotten = balance(world.log, queued=[])
    assert (False, ("m-1.1",)) == (forgotten.holds, forgotten.lost)


def test_members_elsewhere_are_relayed() -> None:
    ann = Address.parse("ann@east.test")
    world = played(west(bob=Expand((ann, AMY), "group")))
    assert sorted([START_OF + "east -> Ann", START_OF + "amy@west.test"]) == sorted(sentences(world))


def test_a_mail_user_is_sent_on_under_the_other_address() -> None:
    relay = Relay(NextHop("east.test"), recipient=Address.parse("ann@east.test"))
    world = played(west(bob=relay), server="west")
    assert ["Ann -> west -> east -> Ann"] == sentences(world)


def test_a_host_that_is_down_keeps_the_mail_waiting_and_then_returns_it() -> None:
    lab = a_lab(down=["west"])
    waiting = played(lab, first_attempts_only=True)
    assert (["queued"], 1) == (statuses(waiting), len(waiting.queue))
    assert "Ann -> east -> DEFERRED 451 4.4.1 for Bob" == sentences(waiting)[0]
    given_up = played(lab)
    assert ["bounced", "delivered"] == statuses(given_up)
    assert 3 == len([e for e in given_up.log if e.type == "attempt"])


def test_an_address_that_nobody_owns_is_silent() -> None:
    lab = a_lab(
        Signpost("east", "east.test", "mx.east.test", routes={"bob": Relay(NextHop(hosts=("203.0.113.99",)))}),
        TinyHost("west", "west.test", "mx.west.test"),
    )
    world = played(lab, first_attempts_only=True)
    (attempt,) = [e for e in world.log if e.type == "attempt"]
    assert ("CONNECT", "timeout") == (attempt["stage"], attempt["broken"])


@pytest.mark.parametrize(
    ("answers", "ending", "status"),
    [
        ({"CONNECT": Reply(554, "5.7.1", "go away")}, "DEFERRED 451 4.4.1", "queued"),
        ({"MAIL": Reply(550, "5.7.1", "no")}, "west -> REJECTED 550 5.7.1", "bounced"),
        ({"bob": Reply(550, "5.1.1", "no such user")}, "west -> REJECTED 550 5.1.1", "bounced"),
        ({"bob": Reply(451, "4.3.0", "later")}, "DEFERRED 451 4.3.0", "queued"),
        ({"DATA": Reply(554, "5.6.0", "no")}, "west -> REJECTED 554 5.6.0", "bounced"),
        ({"DATA": Reply(452, "4.3.1", "full")}, "DEFERRED 452 4.3.1", "queued"),
        ({"bob": Reply(421, "4.3.2", "closing")}, "DEFERRED 421 4.3.2", "queued"),
    ],
)
def test_a_refusal_at_any_verb_has_its_ending(answers: dict[str, Reply], ending: str, status: str) -> None:
    lab = a_lab(
        TinyHost("east", "east.test", "mx.east.test"), TinyHost("west", "west.test", "mx.west.test", answers=answers)
    )
    world = played(lab, first_attempts_only=True)
    assert (f"Ann -> east -> {ending} for Bob", status) == (sentences(world)[0], statuses(world)[0])


def test_a_client_has_no_queue_so_that_a_4xx_is_a_refusal() -> None:
    lab = a_lab(
        TinyHost("east", "east.test", "mx.east.test", answers={"bob": Reply(451, "4.7.500", "busy")}),
        TinyHost("west", "west.test", "mx.west.test"),
    )
    assert ["Ann -> east -> REJECTED 451 4.7.500 for Bob"] == sentences(played(lab))


def test_one_refused_recipient_does_not_stop_the_others() -> None:
    lab = a_lab(
        TinyHost("east", "east.test", "mx.east.test"),
        TinyHost("west", "west.test", "mx.west.test", answers={"jo": Reply(550, "5.1.1", "no")}),
    )
    world = played(lab, "bob@west.test", "jo@west.test")
    assert [START_OF + "Bob", START_OF + "REJECTED 550 5.1.1 for jo@west.test"] == sentences(world)[:2]


def test_the_way_of_a_copy_can_be_followed_back() -> None:
    world = played(west())
    known = copies(world.log)
    assert {"m-1.1": "", "m-1.2": "m-1.1"} == {c.id: c.parent for c in known.values()}


def test_outlines_that_agree_differ_in_nothing_and_others_say_where() -> None:
    same = first_difference(played(west()).log, played(west()).log)
    other = first_difference(played(west()).log, played(west(bob=Discard("a rule"))).log)
    shorter = first_difference(played(west()).log, played(west(), server="west").log)
    assert ("", True, True) == (same, "delivered at west" in other and "dropped at west" in other, bool(shorter))


def test_a_certificate_is_what_both_sides_know_of_a_handshake() -> None:
    shown = {"west": certificate("mx.west.test"), "east": certificate("mx.east.test")}
    lab = a_lab(
        TinyHost("east", "east.test", "mx.east.test", starttls=True),
        TinyHost("west", "west.test", "mx.west.test", starttls=True),
        certificates=shown,
    )
    world = played(lab)
    (seen,) = [e for e in world.log if e.type == "tls" and e.host == "west"]
    (tried,) = [e for e in world.log if e.type == "attempt"]
    assert ("mx.east.test", "mx.west.test", "encrypted") == (seen["subject"], tried["subject"], tried["grade"])


def test_two_contacts_of_one_person_are_one_message() -> None:
    ann = Address.parse("ann@east.test")
    contact = Relay(NextHop("east.test"), recipient=ann)
    world = played(west(bob=contact, amy=contact), "bob@west.test", "amy@west.test", server="west")
    assert (["Ann -> west -> east -> Ann"], (1, 1, 0, 0, 0, 0, True)) == (sentences(world), sums(world))


def test_a_contact_and_the_person_behind_it_are_one_message() -> None:
    contact = Relay(NextHop("east.test"), recipient=Address.parse("ann@east.test"))
    world = played(west(bob=contact), "bob@west.test", "ann@east.test", server="west")
    assert (["Ann -> west -> east -> Ann"], (1, 1, 0, 0, 0, 0, True)) == (sentences(world), sums(world))


def test_a_report_names_the_server_that_refused_its_recipient() -> None:
    first = TinyHost(
        "first", "west.test", "mx1.west.test",
        answers={"nobody": Reply(550, "5.1.1", "no"), "kim": Reply(451, "4.7.1", "later")},
    )  # fmt: skip
    second = TinyHost("second", "west.test", "mx2.west.test", answers={"kim": Reply(550, "5.7.1", "no")})
    lab = a_lab(TinyHost("east", "east.test", "mx.east.test"), first, second)
    zone = {**lab.zone.records, ("west.test", "MX"): ("10 mx1.west.test", "20 mx2.west.test")}
    world = played(replace(lab, zone=Zone(zone)), "nobody@west.test", "kim@west.test")
    bounced = {e["rcpt"]: e["by"] for e in world.log if e.type == "bounced"}
    assert {"nobody@west.test": "first", "kim@west.test": "second"} == bounced


def test_a_recipient_named_twice_gets_the_message_once() -> None:
    world = played(west(), "bob@west.test", "bob@west.test")
    assert [START_OF + "Bob"] == sentences(world)


def test_a_neighbour_outside_ascii_does_not_stop_the_others() -> None:
    plain = TinyHost("west", "west.test", "mx.west.test", keyword_list=("SIZE 1000000",))
    world = played(a_lab(TinyHost("east", "east.test", "mx.east.test"), plain), "bob@west.test", "jürgen@west.test")
    expected = [START_OF + "Bob", "Ann -> east -> NDR 550 5.6.7 to Ann for jürgen@west.test"]
    assert (expected, True) == (sentences(world)[:2], sums(world)[-1])


def test_who_was_handed_on_is_not_returned_when_the_next_target_lacks_smtputf8() -> None:
    first = TinyHost("first", "west.test", "mx1.west.test", answers={"jürgen": Reply(451, "4.7.1", "later")})
    second = TinyHost("second", "west.test", "mx2.west.test", keyword_list=("SIZE 1000000",))
    lab = a_lab(TinyHost("east", "east.test", "mx.east.test"), first, second)
    zone = {**lab.zone.records, ("west.test", "MX"): ("10 mx1.west.test", "20 mx2.west.test")}
    world = played(replace(lab, zone=Zone(zone)), "jörg@west.test", "jürgen@west.test")
    expected = ["Ann -> east -> first -> jörg@west.test", "Ann -> east -> NDR 550 5.6.7 to Ann for jürgen@west.test"]
    assert (expected, True) == (sentences(world)[:2], sums(world)[-1])
