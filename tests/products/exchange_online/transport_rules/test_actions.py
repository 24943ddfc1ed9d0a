"""What rules do to a message, to whom it is for, and to its way."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.mime import decoded
from simulator.policy.route import Discard, Hold, Return
from simulator.products.exchange_online.transport_rules.actions import LOOP, Done
from tests.products.exchange_online.builders import message
from tests.products.exchange_online.transport_rules.asking import AMY, BOB, SUN, ask_rules, internal


def done(*actions: dict[str, Any], **circumstances: Any) -> Done:
    return ask_rules({f"r{n}": action for n, action in enumerate(actions)}, **circumstances).done


def addresses(*texts: str) -> tuple[Address, ...]:
    return tuple(map(Address.parse, texts))


@pytest.mark.parametrize(
    ("action", "field", "value"),
    [
        ({"SetSCL": -1}, "X-MS-Exchange-Organization-SCL", "-1"),
        ({"SetHeaderName": "X-New", "SetHeaderValue": "a: b"}, "X-New", "a: b"),
        ({"SetHeaderName": "Subject", "SetHeaderValue": "other"}, "Subject", "other"),
        ({"RemoveHeader": "subject"}, "Subject", None),
        ({"PrependSubject": "[EXT] "}, "Subject", "[EXT] hello"),
        ({"AddToRecipients": AMY}, "To", "<b@x.test>, <amy@contoso.com>"),
        ({"CopyTo": [AMY, "x@gmail.test"]}, "Cc", "<amy@contoso.com>, <x@gmail.test>"),
        ({"BlindCopyTo": AMY}, "Bcc", None),
        ({"RedirectMessageTo": AMY}, LOOP, "1"),
    ],
)
def test_a_rule_changes_the_header(action: dict[str, Any], field: str, value: str | None) -> None:
    assert value == done(action, content=message(To="<b@x.test>")).message.get(field)


def test_a_subject_beyond_ascii_stays_readable_and_in_ascii() -> None:
    subject = done(
        {"PrependSubject": "Vorsicht, außen: "}, content=message(Subject="=?utf-8?B?R2Vow6RsdGVy?=")
    ).message.get("Subject")

    assert subject is not None
    assert (True, "Vorsicht, außen: Gehälter") == (subject.isascii(), decoded(subject))


@pytest.mark.parametrize(
    ("actions", "also"),
    [
        ([{"BlindCopyTo": AMY}], [AMY]),
        ([{"BlindCopyTo": BOB}], []),
        ([{"BlindCopyTo": AMY}, {"CopyTo": [AMY, SUN]}], [AMY, SUN]),
        ([{"BlindCopyTo": AMY, "Mode": "Audit"}], []),
    ],
)
def test_a_rule_adds_recipients_once(actions: list[dict[str, Any]], also: list[str]) -> None:
    found = done(*actions)

    assert (addresses(*also), None) == (found.also, found.instead)


@pytest.mark.parametrize(
    ("how", "instead", "also", "field"),
    [("To", None, (AMY,), "To"), ("Cc", None, (AMY,), "Cc"), ("Bcc", None, (AMY,), ""), ("Redirect", (AMY,), (), "")],
)
def test_the_senders_manager_gets_it(
    how: str, instead: tuple[str, ...] | None, also: tuple[str, ...], field: str
) -> None:
    found = done({"AddManagerAsRecipientType": how}, to="x@gmail.test", sender=BOB, content=internal(From=f"<{BOB}>"))

    assert (instead and addresses(*instead), addresses(*also)) == (found.instead, found.also)
    assert not field or f"<{AMY}>" == found.message.get(field)


def test_a_sender_without_a_manager_has_none_to_add() -> None:
    assert () == done({"AddManagerAsRecipientType": "To"}).also


def test_a_redirection_takes_the_recipients_place_and_leaves_its_mark() -> None:
    found = done({"RedirectMessageTo": [AMY, SUN]})

    assert (addresses(AMY, SUN), None) == (found.instead, found.end)


def test_a_redirection_to_the_recipient_alone_is_none() -> None:
    found = done({"RedirectMessageTo": BOB})

    assert (None, None) == (found.instead, found.message.get(LOOP))


def test_who_is_among_those_it_is_redirected_to_keeps_it() -> None:
    found = done({"RedirectMessageTo": [BOB, AMY]})

    assert (None, addresses(AMY)) == (found.instead, found.also)


def test_two_rules_that_redirect_one_message_send_it_to_both() -> None:
    found = done({"RedirectMessageTo": AMY}, {"RedirectMessageTo": SUN})

    assert (addresses(AMY, SUN), None) == (found.instead, found.end)


@pytest.mark.parametrize("action", [{"RemoveHeader": LOOP}, {"SetHeaderName": LOOP, "SetHeaderValue": "0"}])
def test_the_marks_against_loops_stay(action: dict[str, Any]) -> None:
    found = done(action, content=message().prepend(LOOP, "1").prepend("X-LD-Processed", "x"))

    assert ("1", "x") == (found.message.get(LOOP), found.message.get("X-LD-Processed"))


def test_the_second_redirection_of_a_message_is_a_loop() -> None:
    end = done({"RedirectMessageTo": AMY}, content=message().prepend(LOOP, "1")).end

    assert isinstance(end, Return)
    text = "550 5.7.128 TRANSPORT.RULES.RejectMessage; Transport rules loop count exceeded and message rejected"
    assert (text, True) == (str(end.reply), end.loop)


def test_a_text_of_several_lines_is_one_line_of_the_report() -> None:
    end = done({"RejectMessageReasonText": "Not so.\nAsk us."}).end

    assert isinstance(end, Return)
    assert end.reply.text.endswith("; Not so. Ask us.")


_ORDINARY = "TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy"
_NO_REASON = "Delivery not authorized, message refused"


@pytest.mark.parametrize(
    ("code", "text", "combination", "expected"),
    [
        ("", "Not so", "both", f"550 5.7.1 {_ORDINARY}; Not so"),
        ("5.7.901", "", "both", f"550 5.7.901 {_ORDINARY}; {_NO_REASON}"),
        ("5.7.901", "Not so", "both", f"550 5.7.901 {_ORDINARY}; Not so"),
        ("5.7.901", "Not so", "separate", f"550 5.7.1 {_ORDINARY}; {_NO_REASON}"),
        ("5.7.901", "", "separate", f"550 5.7.901 {_ORDINARY}; {_NO_REASON}"),
        ("", "Not so", "separate", f"550 5.7.1 {_ORDINARY}; Not so"),
    ],
)
def test_mail_is_returned_with_code_and_text(code: str, text: str, combination: str, expected: str) -> None:
    action = {"RejectMessageEnhancedStatusCode": code or None, "RejectMessageReasonText": text or None}
    end = done(action, knobs={"rule_reject_combination": combination}).end

    assert isinstance(end, Return)
    assert (expected, False) == (str(end.reply), end.loop)


def test_mail_is_dropped_or_kept_in_quarantine() -> None:
    assert Discard("mail flow rule r0") == done({"DeleteMessage": True}).end
    assert Hold("transport rule") == done({"Quarantine": True}).end


def test_of_several_connectors_the_last_one_counts() -> None:
    found = done({"RouteMessageOutboundConnector": "a"}, {"RouteMessageOutboundConnector": "b"})

    assert ("b", "") == (found.connector, found.tls)
    assert "r0" == done({"RouteMessageOutboundRequireTls": True}).tls


def test_everything_a_rule_did_is_told() -> None:
    actions = {
        "PrependSubject": "[x] ",
        "BlindCopyTo": AMY,
        "RouteMessageOutboundConnector": "gate",
        "RouteMessageOutboundRequireTls": True,
    }
    (candidate,) = ask_rules({"r": actions}).step.candidates

    says = "it is for all messages; puts [x] before the subject; adds amy@contoso.com as Bcc; routes it over gate; requires TLS"
    assert says == candidate.says
