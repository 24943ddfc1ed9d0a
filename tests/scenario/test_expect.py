"""Every key of the long form: what it passes, and what it says when it does not hold."""

from __future__ import annotations

import textwrap

import pytest

from tests.playing import difference, play, run

DELIVERED = "path: Bob -> m365 -[O365 to own servers]-> onprem -> John"
REFUSED = """\
send: {from: Sun, to: Sun, as: 192.0.2.66, server: m365}
path: Sun -> m365 -> REJECTED 550 5.7.64"""
DEFERRED = """\
do: [cert onprem: none]
path: Bob -> m365 -[O365 to own servers]-> DEFERRED 450 4.4.317 for John"""
UNKNOWN = """\
do: [Set-AcceptedDomain: {Identity: contoso.com, DomainType: Authoritative}]
send: {from: Sun, to: nobody@contoso.com}
path: Sun -> internet -> m365 -> REJECTED 550 5.4.1"""
LOOPING = """\
do: [Set-OutboundConnector: {Identity: O365 to own servers, Enabled: false}]
path: Sun -> internet -> ... -> m365 -> LOOP 554 5.4.14 for John"""

ASKED = "send: {from: Bob, to: Sun, notify: success, envid: a b}\npath: Bob -> m365 -> internet -> Sun"

HOLDS = [
    (ASKED, "ndr: {action: delivered, about: Sun, to: Bob, by: internet, code: 2.1.5, envid: a b, returned: headers}"),
    (ASKED, "ndr: [{action: delivered}, {about: Sun, action: delivered}]"),
    (ASKED, "also: [internet -> m365 -> Bob]"),
    (UNKNOWN, "ndr: {action: failed, about: nobody@contoso.com, original: {any of: ['', x]}}"),
    (DELIVERED, "also: none"),
    (REFUSED, "reply: {at: RCPT, code: 5.7.64, says: relay access denied}"),
    (REFUSED, "reply: {m365: {code: 550}}"),
    (REFUSED, "reply: {code: {any of: [554, 550]}}"),
    (REFUSED, "reply: {any of: [{code: 551}, {code: 550}]}"),
    (REFUSED, "reply: {Sun: {code: 550}}"),
    (REFUSED, "attempts: 0"),
    (REFUSED, "status: Failed"),
    (REFUSED, "because: {own servers to O365: no certificate}"),
    (REFUSED, "because: {m365: not-accepted}"),
    (REFUSED, "ndr: none"),
    (DEFERRED, "deferred: {at: m365, code: 450 4.4.317, says: STARTTLS is required}"),
    (DEFERRED, "deferred: {m365 -> onprem: {code: 450 4.4.317}}"),
    (DEFERRED, "deferred: {John: {code: 450}, m365: {says: STARTTLS}}"),
    (DEFERRED, "status: Pending"),
    (DEFERRED, "retries: 1"),
    (UNKNOWN, "ndr: {to: Sun, by: internet, remote: m365, code: 5.4.1, says: Recipient address rejected}"),
    (UNKNOWN, "ndr: {remote says: Access denied, lacks: [no such words], headers: {From: present}}"),
    (UNKNOWN, "also: [internet -> Sun]"),
    (REFUSED, "also: none"),
    (REFUSED, "also: []"),
    (UNKNOWN, "attributed: {tenant: m365, direction: Incoming, connector: none}"),
    (LOOPING, "loop: {between: [m365], by: m365}"),
    (LOOPING, "ndr: {to: Sun, by: m365}"),
    (DELIVERED, "tls: {m365 -> onprem: trusted, Bob -> m365: at least encrypted}"),
    (DELIVERED, "tls: {m365 -> onprem: any}"),
    (DELIVERED, "headers: {Received: 3 hops, From: bob@contoso.com, X-None: absent, Subject: /^test/}"),
    (DELIVERED, "headers: {John: {Subject: present}}"),
    (DELIVERED, "session: {m365 -> onprem: {ehlo has: [SIZE], ehlo lacks: CHUNKING, commands: [MAIL], count: 1}}"),
    (DELIVERED, "session: {m365 -> onprem: {never: [AUTH], replies: [250]}}"),
    (DELIVERED, "session: {onprem -> m365: {count: 0}}"),
    (DELIVERED, "never: [internet, Sun]"),
    (DELIVERED, "retries: 0"),
    (DELIVERED, "attempts: 1..2"),
    (DELIVERED, "copies: 1"),
    (DELIVERED, "status: Delivered"),
    (DELIVERED, "within: 10s"),
    (DELIVERED, "loop: none"),
    (DELIVERED, "because: {O365 to own servers: chosen}"),
]

FAILS = [
    (REFUSED, "reply: {at: DATA}", ("reply at", "DATA", "RCPT")),
    (REFUSED, "reply: {onprem: {code: 550}}", ("reply onprem", "code: 550", "no refusal")),
    (REFUSED, "because: {own servers to O365: disabled}", None),
    (REFUSED, "because: {nobody: disabled}", ("because nobody", "disabled", "nothing was decided about nobody")),
    (REFUSED, "ndr: {to: Sun}", ("ndr", "to: Sun", "the client was refused and got no report")),
    (REFUSED, "attributed: {tenant: onprem}", None),
    (DEFERRED, "deferred: {code: 450 4.4.316}", None),
    (DEFERRED, "deferred: {onprem -> m365: {code: 450}}", None),
    (DEFERRED, "within: 2h", ("within", "2h", "inf s of mail time")),
    (DEFERRED, "retries: 2..3", ("retries", "2..3", "1")),
    (DEFERRED, "within: 10s", ("within", "10s", "inf s of mail time")),
    (DEFERRED, "headers: {Subject: present}", ("headers", "Subject: present", "nothing was delivered")),
    (UNKNOWN, "ndr: none", None),
    (UNKNOWN, "ndr: {by: m365}", ("ndr by", "m365", "internet")),
    (UNKNOWN, "ndr: {lacks: Access denied}", ("ndr lacks", "Access denied", "it is there")),
    (UNKNOWN, "ndr: {headers: {From: absent}}", None),
    (UNKNOWN, "also: [m365 -> Sun]", ("also", "m365 -> Sun", "internet -> Sun")),
    (UNKNOWN, "also: none", ("also", "none", "internet -> Sun")),
    (UNKNOWN, "also: []", ("also", "none", "internet -> Sun")),
    (LOOPING, "loop: none", ("loop", "none", "a loop detector stopped it")),
    (LOOPING, "loop: {by: onprem}", ("loop by", "onprem", "m365")),
    (LOOPING, "loop: {between: [m365, onprem]}", ("loop between", "m365, onprem", "m365")),
    (DELIVERED, "tls: {m365 -> onprem: verified}", ("tls m365 -> onprem", "verified", "trusted")),
    (DELIVERED, "tls: {m365 -> internet: none}", ("tls m365 -> internet", "none", "no message went that way")),
    (DELIVERED, "headers: {Received: 2 hops}", None),
    (DELIVERED, "headers: {Bob: {Subject: present}}", ("headers Bob", "Subject: present", "got no message")),
    (DELIVERED, "session: {m365 -> onprem: {ehlo has: [CHUNKING]}}", None),
    (DELIVERED, "session: {m365 -> onprem: {commands: [BDAT]}}", None),
    (DELIVERED, "session: {m365 -> onprem: {count: 2}}", ("session m365 -> onprem count", "2", "1")),
    (DELIVERED, "session: {m365 -> onprem: {replies: [451]}}", None),
    (DELIVERED, "session: {onprem -> m365: {commands: [MAIL]}}", None),
    (DELIVERED, "never: [onprem]", ("never", "never onprem", "onprem took the message")),
    (DELIVERED, "never: [John]", ("never", "never John", "John took the message")),
    (DELIVERED, "copies: 2", ("copies", "2", "1")),
    (DELIVERED, "status: Failed", ("status", "Failed", "Delivered")),
    (DELIVERED, "not before: 1h", None),
    (DELIVERED, "within: 0s", None),
    (DELIVERED, "loop: {by: m365}", ("loop", "by: m365", "no loop detector stopped it")),
    (DELIVERED, "attributed: {direction: Incoming}", ("attributed direction", "Incoming", "Originating")),
    (ASKED, "ndr: none", ("ndr", "none", "internet told bob@contoso.com: sun@customer.example: delivered")),
    (ASKED, "ndr: {by: internet}", ("ndr", "by: internet", "no report")),  # it is none of failure
    (ASKED, "ndr: {action: relayed}", ("ndr action", "relayed", "delivered")),
    (ASKED, "ndr: {action: delivered, about: Bob}", ("ndr about", "Bob", "sun@customer.example")),
    (ASKED, "ndr: {action: delivered, envid: b}", ("ndr envid", "b", "a b")),
    (ASKED, "ndr: {action: delivered, returned: full}", ("ndr returned", "full", "headers")),
    (ASKED, "ndr: [{action: delivered}, {action: failed}]", ("ndr action", "failed", "delivered")),
    (ASKED, "also: none", None),
    (ASKED, "also: [internet -> m365 -> Bob, internet -> m365 -> Bob]", None),
    (DELIVERED, "ndr: {to: Bob}", ("ndr", "to: Bob", "no report")),
    (DELIVERED, "reply: {code: 550}", ("reply", "code: 550", "no refusal")),
    (DELIVERED, "deferred: {at: m365}", ("deferred", "at: m365", "never deferred")),
]


def a_flow(base: str, more: str) -> str:
    return "flow:\n" + textwrap.indent(f"{base}\n{more}", "  ")


@pytest.mark.parametrize(("base", "expectation"), HOLDS)
def test_what_came_true_passes(base: str, expectation: str) -> None:
    assert ("", "", "") == difference(a_flow(base, expectation))


@pytest.mark.parametrize(("base", "expectation", "told"), FAILS)
def test_what_did_not_come_true_is_told_with_what_came_instead(
    base: str, expectation: str, told: tuple[str, str, str] | None
) -> None:
    found = difference(a_flow(base, expectation))
    assert found[0], "the flow passed"
    if told:
        assert told == found


def test_a_difference_points_at_the_value_that_was_not_met() -> None:
    (found,) = play(a_flow(DELIVERED, "retries: 3")).differences
    assert "test.yaml:7:14" == str(found.at)


def test_copies_count_within_one_message() -> None:
    twice = "send:\n  - {from: Bob, to: Sun}\n  - {from: Bob, to: Sun, after: 10m}\n"
    path = "path:\n  - Bob -> m365 -> internet -> Sun\n  - Bob -> m365 -> internet -> Sun\ncopies: 1"
    assert ("", "", "") == difference(a_flow(twice, path))


def test_what_an_earlier_flow_left_waiting_is_not_this_flows_mail() -> None:
    flows = """\
first:
  send: {from: Bob, to: John}
  do: [cert onprem: none]
  path: Bob -> m365 -> DEFERRED for John
second:
  path: Bob -> m365 -> onprem -> John
  copies: 1
"""
    result = run(flows, more="state: kept")
    assert ["pass", "pass"] == [f.status for f in result.flows()]
