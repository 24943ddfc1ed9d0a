"""Journal rules: which mail is reported, to whom, and what the report holds."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.policy.host import Held, Notice
from simulator.products.exchange_journal import JournalRule, journal
from simulator.source import Node, ProblemList
from tests.policy.builders import JOHN, SUN, a_held, a_message, a_moment

AMY = Address.parse("amy@contoso.com")
ARCHIVE = "archive@vault.example"


def a_rule(**settings: Any) -> JournalRule:
    problems = ProblemList()
    found = JournalRule.read(Node.of({"JournalEmailAddress": ARCHIVE, **settings}), problems, name="All")
    assert [] == problems.items
    return found


def reports(held: Held, *rules: JournalRule) -> tuple[Notice, ...]:
    return journal(
        rules,
        held,
        lambda domain: domain == "contoso.com",
        a_moment(),
        by="m365",
        fqdn="m.example",
        author="x@y.example",
    )


@pytest.mark.parametrize(
    ("settings", "sender", "recipients", "expected"),
    [
        ({}, JOHN, (AMY,), 1),
        ({"Scope": "Internal"}, JOHN, (AMY,), 1),
        ({"Scope": "Internal"}, JOHN, (AMY, SUN), 1),
        ({"Scope": "Internal"}, JOHN, (SUN,), 0),
        ({"Scope": "Internal"}, SUN, (AMY,), 0),
        ({"Scope": "External"}, JOHN, (AMY,), 0),
        ({"Scope": "external"}, JOHN, (AMY, SUN), 1),
        ({"Scope": "External"}, SUN, (AMY,), 1),
        ({"Scope": "External"}, None, (AMY,), 1),
        ({"Recipient": "amy@contoso.com"}, SUN, (JOHN,), 0),
        ({"Recipient": "AMY@contoso.com"}, SUN, (JOHN, AMY), 1),
        ({"Recipient": "john@contoso.com"}, JOHN, (SUN,), 1),
        ({"Enabled": "$false"}, JOHN, (AMY,), 0),
    ],
)
def test_which_mail_is_reported(
    settings: dict[str, Any], sender: Address | None, recipients: tuple[Address, ...], expected: int
) -> None:
    assert expected == len(reports(a_held(*recipients, sender=sender), a_rule(**settings)))


def test_two_rules_with_one_archive_make_one_report() -> None:
    found = reports(a_held(AMY), a_rule(), a_rule(Scope="Internal"), a_rule(JournalEmailAddress="other@vault.example"))
    assert [ARCHIVE, "other@vault.example"] == [str(one.to) for one in found]


def test_the_report_names_the_envelope_and_encloses_the_message() -> None:
    original = a_message(Subject="Preise für Müller", Message_ID="<1@contoso.com>")
    (found,) = reports(a_held(AMY, SUN, message=original), a_rule())
    read = message_from_bytes(b"".join([*(raw for _, raw in found.message.fields), found.message.rest]), policy=default)
    words, enclosed = read.iter_parts()
    lines = words.get_content().splitlines()
    assert ["Sender: john@contoso.com", "Subject: Preise für Müller", "Message-Id: <1@contoso.com>"] == lines[:3]
    assert ["Recipient: amy@contoso.com", f"Recipient: {SUN}"] == lines[3:]
    assert "<1@contoso.com>" == enclosed.get_content()["Message-ID"]


def test_reports_are_not_reported() -> None:
    (found,) = reports(a_held(AMY), a_rule())
    assert () == reports(a_held(AMY, sender=None, message=found.message), a_rule())
    assert () == reports(
        a_held(AMY, sender=None, generated=True, message=Message.parse(b"Subject: x\r\n\r\n")), a_rule()
    )
