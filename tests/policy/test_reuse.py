"""Which messages may share a connection, and what ends one."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.reply import Reply
from simulator.policy.attempt import Open, Target, Try
from simulator.policy.dialogue import (
    Broken,
    Errand,
    Heard,
    Hello,
    Leave,
    MailFrom,
    Quit,
    Resume,
    Said,
    converse,
)
from simulator.policy.reuse import USUAL, Standing, Terms, choose, closed, messages_per_connection
from simulator.policy.route import NextHop, Relay
from simulator.policy.tls import Demand, Level
from tests.policy.builders import BOB, JOHN, MONDAY, SUN, tls

_MX = Target("mx.customer.example", "198.51.100.7")
_OK, _NEVER = Reply(250, "2.0.0", "ok"), Reply(550, "5.1.1", "no such user")
_LINE = Open(7, tls(), frozenset({"DSN", "SIZE"}))


def a_way(**changes: Any) -> Terms:
    facts: dict[str, Any] = {
        "host": "onprem", "to": NextHop(hosts=("mx.customer.example",)), "target": _MX, "source": "203.0.113.25",
        "helo": "mail.contoso.com", "tls": Demand(), "login": None,
    }  # fmt: skip
    return Terms(**{**facts, **changes})


def standing(terms: Terms, messages: int = 1, number: int = 7) -> Standing:
    return Standing(Open(number), terms, messages)


def test_messages_on_the_same_terms_share_a_connection() -> None:
    one = standing(a_way(), 3)
    chosen, step = choose([one], a_way())
    assert one is chosen
    assert step is not None
    assert ("shared", True) == (step.outcome, "message 4" in step.says)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"to": NextHop(domain="customer.example")}, "another-next-hop"),
        ({"to": NextHop(hosts=("mx.customer.example", "mx2.customer.example"))}, "another-next-hop"),
        ({"to": NextHop(hosts=("mx.customer.example",), port=2525)}, "another-next-hop"),
        ({"target": Target("mx.customer.example", "198.51.100.8")}, "another-target"),
        ({"source": "203.0.113.26"}, "another-source"),
        ({"helo": "mail2.contoso.com"}, "another-ehlo-name"),
        ({"tls": Demand(Level.ENCRYPTION)}, "another-tls-demand"),
        ({"tls": Demand(certificate=False)}, "another-tls-demand"),
        ({"tls": Demand(shows="another of its certificates")}, "another-tls-demand"),
        ({"login": ("john@contoso.com", "lab")}, "another-login"),
    ],
)
def test_what_differs_needs_another_connection_and_is_named(change: dict[str, Any], why: str) -> None:
    chosen, step = choose([standing(a_way())], a_way(**change))
    assert chosen is None
    assert step is not None
    assert ("own", [(False, why)]) == (step.outcome, [(c.chosen, c.reason) for c in step.candidates])


def test_nobody_uses_the_connection_of_another_host() -> None:
    assert (None, None) == choose([standing(a_way(host="m365"))], a_way())


def test_the_first_that_fits_is_taken_and_the_others_are_told() -> None:
    one, two, three = standing(a_way(helo="x")), standing(a_way(), number=8), standing(a_way(), number=9)
    chosen, step = choose([one, two, three], a_way())
    assert two is chosen
    assert step is not None
    assert ["another-ehlo-name", "shared", "not-needed"] == [c.reason for c in step.candidates]


def test_a_connection_that_is_closed_says_so() -> None:
    step = closed(standing(a_way(), 2), "421 4.3.2 enough")
    assert ("closed", "421 4.3.2 enough") == (step.outcome, step.candidates[0].says)
    assert "2 messages" in step.says


def test_the_number_is_the_products() -> None:
    class Once:
        def messages_per_connection(self, relay: Relay) -> int:
            return 1

    relay = Relay(NextHop())
    assert (1, USUAL) == (messages_per_connection(Once(), relay), messages_per_connection(object(), relay))


def talk(*heard: Heard | Reply, line: Open | None = None, leaves: int = 7) -> tuple[Try, list[Any]]:
    """A conversation in which the actions are answered in turn, and with 250 when that is over."""
    errand = Errand("203.0.113.25", "mail.contoso.com", JOHN, (SUN, BOB), b"x", leaves=leaves, passage="ticket")
    talking = converse(_MX, errand, MONDAY, line)
    said: list[Any] = []
    left, told = list(heard), None
    while True:
        try:
            action = talking.send(told)  # type: ignore[arg-type]
        except StopIteration as done:
            return done.value, said
        said.append(action)
        silent = isinstance(action, Leave | Resume)
        answer = _OK if silent or not left else left.pop(0)
        told = Said(answer, ("SIZE",) if isinstance(action, Hello) else ()) if isinstance(answer, Reply) else answer


def verbs(said: list[Any]) -> list[str]:
    return [type(action).__name__ for action in said]


def test_a_connection_that_is_left_open_hears_no_quit() -> None:
    one, said = talk()
    assert ["Connect", "Hello", "MailFrom", "RcptTo", "RcptTo", "Data", "Leave"] == verbs(said)
    assert Open(7, None, frozenset({"SIZE"})) == one.open


def test_the_next_message_begins_with_mail_and_knows_what_the_first_heard() -> None:
    one, said = talk(line=_LINE, leaves=0)
    assert ["Resume", "MailFrom", "RcptTo", "RcptTo", "Data", "Quit"] == verbs(said)
    assert (Resume(7), MailFrom(JOHN, {"SIZE": "1"})) == tuple(said[:2])
    assert "ticket" == said[1].passage
    assert (_LINE.tls, True, None) == (one.tls, one.dsn, one.open)


@pytest.mark.parametrize(
    ("heard", "last"),
    [
        ((_NEVER,), ["Reset", "Leave"]),  # the sender is refused
        ((_OK, _NEVER, _NEVER), ["Reset", "Leave"]),  # everybody is
        ((_OK, _OK, _OK, _NEVER), ["Reset", "Leave"]),  # the content is
        ((_OK, _OK, _NEVER), ["Data", "Leave"]),  # one of two is
        ((Reply(421, "4.3.2", "closing"),), ["MailFrom", "Quit"]),
        ((_OK, Reply(421, "4.3.2", "closing")), ["RcptTo", "Quit"]),
        ((_OK, _OK, _OK, Reply(421, "4.3.2", "closing")), ["Data", "Quit"]),
        ((Reply(503, "5.5.1", "bad sequence"),), ["MailFrom", "Quit"]),
        ((_OK, Reply(501, "5.1.3", "bad address")), ["Data", "Quit"]),  # one of two
        ((_NEVER, Reply(500, "5.5.1", "what is RSET?")), ["Reset", "Quit"]),
        ((_NEVER, Broken("reset")), ["Reset", "Quit"]),
        ((Broken("reset"),), ["Resume", "MailFrom"]),
        ((_OK, _OK, _OK, Broken("timeout")), ["RcptTo", "Data"]),
    ],
)
def test_a_refusal_of_the_message_leaves_the_connection_open_and_what_breaks_it_does_not(
    heard: tuple[Heard | Reply, ...], last: list[str]
) -> None:
    one, said = talk(*heard, line=_LINE)
    assert last == verbs(said)[-2:]
    assert (Leave in map(type, said)) == (one.open is not None)


def test_tls_that_is_not_good_enough_ends_the_connection() -> None:
    errand = Errand("203.0.113.25", "x.example", JOHN, (SUN,), b"x", Demand(Level.ENCRYPTION), leaves=7)
    talking = converse(_MX, errand, MONDAY)
    said = [next(talking), talking.send(Said(_OK)), talking.send(Said(_OK))]
    assert isinstance(said[-1], Quit)
