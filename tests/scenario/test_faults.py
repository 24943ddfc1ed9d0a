"""Faults as they are written: what each comes to, and what is said of those that cannot be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulator.faults import Fault
from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.scenario.faults import AS_IT_WAS
from tests.scenario.labs import flow_of, scenario_errors, scenario_of

TEN = timedelta(minutes=10)


def fault(text: str) -> Fault:
    flow = flow_of(f"flows: {{x: {{path: Bob -> m365 -> Bob, faults: [{text}]}}}}")
    (found,) = flow.lab.faults
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{at: onprem, down: 10m}", {"kind": "down", "at": "onprem", "how": "refused", "lasts": TEN}),
        ("{at: OnPrem, down: forever, how: silent}", {"at": "onprem", "how": "silent", "lasts": None}),
        ("{link: m365 -> onprem, down: 10m, from: 10m}", {"link": ("m365", "onprem"), "begins": TEN}),
        ("{at: onprem, reply: 452 4.5.3 too many, to: RCPT TO, nth: 3}",
         {"reply": Reply(452, "4.5.3", "too many"), "verb": "RCPT", "nth": 3, "times": 1}),
        ("{at: onprem, reply: 421 busy, to: connect, nth: 2, times: 4}", {"verb": "CONNECT", "nth": 2, "times": 4}),
        ("{at: onprem, cut: before MAIL FROM}", {"how": "before", "verb": "MAIL"}),
        ("{at: onprem, cut: during DATA}", {"how": "during", "verb": "DATA"}),
        ("{at: onprem, cut: after DATA}", {"how": "after", "verb": "END"}),
        ("{at: onprem, cut: during RCPT}", {"how": "before", "verb": "RCPT"}),
        ("{link: m365 -> onprem, strip: starttls}", {"kind": "strip", "how": "STARTTLS"}),
        ("{at: onprem, cert: Expired, for: 10m}", {"kind": "cert", "how": "expired", "lasts": TEN}),
        ("{at: onprem, slow: 30s, to: END}", {"span": timedelta(seconds=30), "verb": "END"}),
        ("{dns: Customer.Example. mx, answer: SERVFAIL}", {"dns": ("customer.example", "MX"), "how": "servfail"}),
        ("{dns: customer.example, at: m365, answer: timeout}", {"dns": ("customer.example", "*"), "at": "m365"}),
        ("{dns: mx.customer.example A, answer: wrong address}", {"how": "forged", "records": ("192.0.2.254",)}),
        ("{dns: mx.customer.example AAAA, answer: 2001:DB8::1}", {"how": "forged", "records": ("2001:db8::1",)}),
        ("{dns: customer.example MX, answer: stale}", {"how": "records", "records": ("10 mx.customer.example",)}),
        ("{dns: nowhere.example MX, answer: stale}", {"how": "records", "records": ()}),
        ("{at: onprem, full: disk}", {"how": "disk", "verb": "MAIL"}),
        ("{at: onprem, full: mailbox}", {"how": "mailbox", "mailboxes": frozenset()}),
        ("{at: John, full: mailbox}", {"at": "onprem", "mailboxes": frozenset({Address.parse("john@contoso.com")})}),
        ("{at: m365, clock: -2h}", {"span": timedelta(hours=-2)}),
        ("{at: m365, clock: +2h}", {"span": timedelta(hours=2)}),
        ("{at: onprem, reply: 450 x, to: MAIL, chance: 20%, name: flaky}", {"chance": 20, "name": "flaky"}),
    ],
)  # fmt: skip
def test_a_fault_is_read(text: str, expected: dict[str, Any]) -> None:
    found = fault(text)
    assert expected == {name: getattr(found, name) for name in expected}


def test_a_fault_knows_its_place_and_how_it_was_written() -> None:
    found = fault("{at: onprem, down: 10m}")
    assert ("scenario.yaml:2:48", "at: onprem, down: 10m") == (str(found.source), found.text)
    assert AS_IT_WAS not in fault("{dns: customer.example MX, answer: stale}").text


WRONG = [
    ("onprem", "a fault is a map. | Write  - {at: SERVER, down: 10m}"),
    ("{down: 10m}", "down needs one place where it happens. | Write  at: SERVER or link: SERVER -> SERVER"),
    ("{at: onprem, link: m365 -> onprem, down: 10m}",
     "down needs one place where it happens. | Write  at: SERVER or link: SERVER -> SERVER"),
    ("{at: onprem, answer: SERVFAIL}", "answer needs one place where it happens. | Write  dns: NAME TYPE"),
    ("{link: m365 -> onprem, full: disk}", "full needs one place where it happens. | Write  at: SERVER"),
    ("{at: onprem, down: 10m, cut: after DATA}",
     "a fault is one thing, not down and cut. | Write one of down, reply, cut, strip, cert, slow, answer, full, clock."),
    ("{at: onprm, down: 10m}", 'at: no server "onprm" in the lab. | Did you mean onprem?'),
    ("{at: John, down: 10m}", 'at: no server "John" in the lab. | Known: m365, onprem, internet'),
    ("{link: m365, down: 10m}", "link: a link has two ends. | Write  link: m365 -> onprem"),
    ("{at: onprem, down: soon}", "down: 'soon' is not a span of time; write 30s, 10m, 22h30m or 60d."),
    ("{at: onprem, down: 10m, for: 5m}", "down: it already says how long. | Leave out for."),
    ("{at: onprem, down: 10m, how: silnt}", "how: 'silnt' is not known here. | Did you mean silent?"),
    ("{at: onprem, reply: 250 fine, to: RCPT}",
     "reply: 250 refuses nothing. | Write a 4xx or 5xx reply, such as 452 4.5.3 too many recipients."),
    ("{at: onprem, reply: no, to: RCPT}", "reply: 'no' is not an SMTP reply."),
    ("{at: onprem, reply: 450 later, to: VRFY}",
     "to: 'VRFY' is no verb. | Write one of CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, END."),
    ("{at: onprem, cut: DATA}",
     "cut: 'DATA' does not say when. | Write  cut: before, during or after VERB, such as  cut: after DATA"),
    ("{at: onprem, down: 10m, to: RCPT}", "to: says nothing about down. | Leave it out."),
    ("{at: onprem, cert: expird}", "cert: 'expird' is not known here. | Did you mean expired?"),
    ("{at: internet, cert: expired}", "cert: internet has no certificate. | Give it one: cert internet: good"),
    ("{dns: customer.example MX, answer: SERVFIAL}", "answer: 'SERVFIAL' is not known here. | Did you mean servfail?"),
    ("{dns: customer.example MX, answer: wrong address}",
     "answer: the answer to MX is no address. | Write  dns: customer.example A"),
    ("{dns: customer.example, answer: stale}", "answer: a stale answer is one to a question. | Write  dns: customer.example MX"),
    ("{dns: customer.example FOO, answer: timeout}",
     "dns: 'customer.example FOO' is no question. | Write  dns: customer.example MX"),
    ("{at: John, full: disk}", "full: a person has a mailbox, a server has a disk. | Write  at: SERVER"),
    ("{at: onprem, strip: STARTLS}", "strip: 'STARTLS' is no keyword of EHLO. | Did you mean STARTTLS?"),
    ("{at: onprem, slow: 0s}", "slow for no time is no fault."),
    ("{at: onprem, clock: 1h, times: 2}", "a clock is wrong for a time, not a number of times. | Use from and for."),
    ("{at: onprem, down: 10m, nth: 0}", "nth: '0' is not a number from 1 on."),
    ("{at: onprem, reply: 450 x, to: MAIL, chance: 120%}", "chance: a chance is from 1% to 100%."),
    ("{at: onprem, down: 10m, tmies: 2}", "unknown key tmies in a fault. | Did you mean times?"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "error"), WRONG)
def test_what_is_wrong_with_a_fault_is_said_with_what_to_write(text: str, error: str) -> None:
    found = scenario_errors(f"flows: {{x: {{path: Bob -> m365 -> Bob, faults: [{text}]}}}}")
    assert [error] == [f.partition(" ")[2] for f in found]


def test_file_stage_and_flow_add_their_faults_and_a_step_mends_one() -> None:
    scenario = scenario_of("""\
faults: [{at: onprem, down: 1h, name: one}]
stages:
  - stage: first
    faults: [{at: internet, down: 1h, name: two}]
    flows: {x: {path: Bob -> m365 -> Bob, faults: [{at: m365, slow: 1s, name: own}]}}
  - stage: second
    do: [{fault: {remove: One}}]
    flows: {y: Bob -> m365 -> Bob}
  - stage: third
    do: [{fault: {at: m365, slow: 1s, name: three}}, {fault: {remove: all}}]
    flows: {z: Bob -> m365 -> Bob}
""")
    assert [["one", "two", "own"], ["two"], []] == [[f.name for f in flow.lab.faults] for flow in scenario.flows]


def test_a_name_is_given_once() -> None:
    text = "flows: {x: {path: Bob -> m365 -> Bob, faults: [{at: onprem, down: 1h, name: a}, {at: m365, slow: 1s, name: A}]}}"
    assert ['2:81 a fault "A" is there already. | Choose another name.'] == scenario_errors(text)


@pytest.mark.parametrize(
    ("reply", "at"), [("450 4.2.1 busy", "RCPT"), ("550 5.1.1 unknown", "RCPT"), ("421 4.3.2 closing", "CONNECT")]
)
def test_a_reply_without_a_verb_is_that_of_most_such_replies(reply: str, at: str) -> None:
    flow = flow_of(f"flows: {{x: {{path: Bob -> m365 -> Bob, faults: [{{at: onprem, reply: {reply}}}]}}}}")
    assert [at] == [fault.verb for fault in flow.lab.faults]
