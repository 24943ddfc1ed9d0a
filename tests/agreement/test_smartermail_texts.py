"""What SmarterMail says, to the letter, as it went over the wire and as it was planned; and that it says it without codes.

The flows are those of `scenarios/smartermail/texts.yaml`. A reply is looked up where the server refused, a report in the mailbox
that it came to.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from simulator.files import load_all
from simulator.mail.reply import Reply
from simulator.played import Played
from simulator.runner import FlowResult, Options, Runner

FILE = Path(__file__).parent.parent.parent / "scenarios" / "smartermail" / "texts.yaml"
REPLIES = {
    "Greylisted": ("RCPT", "451 Greylisted, please try again in 900 seconds"),
    "Relay without a login": ("RCPT", "550 Authentication is required for relay"),
    "A sender of the domain without a login": ("MAIL", "550 Authentication is required for relay"),
    "A sender of another domain than the login": ("MAIL", "550 From domain must match authenticated domain"),
    "Nobody of that name": ("RCPT", "550 <ghost@contoso.com> No such user here"),
    "A loop": ("DATA", "554 5.4.6 Too many hops"),
    "A message that is too large": ("MAIL", "552 Message size exceeds fixed maximum message size"),
    "More recipients than one message may have": ("RCPT", "452 Too many recipients"),
}
NO_MX = "Failed to connect to the recipients mail server. No MX records were found for the 'nowhere.example' domain."
REPORTS = {
    "The mailbox is full": ("john@contoso.com", "The mailbox is full"),
    "The domain is full": ("john@contoso.com", "The domain size limit has been exceeded"),
    "Nobody can be reached": ("ivy@shop.example", "Failed four Attempts to connect to recipients mail server"),
    "There is no such domain": ("x@nowhere.example", NO_MX),
    "The other side refuses": ("ivy@shop.example", "Remote host said: 550 5.2.1 Closed"),
    "The other side puts it off until the list is used up": ("ivy@shop.example", "Remote host said: 451 4.2.1 Later"),
    "DNS does not answer, twice": ("ivy@shop.example", "DNS lookup for shop.example failed"),
}
ENGINES = ("planned", "live")


@cache
def _results() -> dict[str, FlowResult]:
    return {f.flow.name: f for f in Runner(Options()).run(load_all([str(FILE)])).flows()}


def _played(name: str, engine: str) -> Played:
    played: Played | None = getattr(_results()[name], engine)
    assert played is not None
    return played


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", REPLIES)
def test_a_refusal_has_its_words(name: str, engine: str) -> None:
    verb, text = REPLIES[name]
    refused = [(e["verb"], e["reply"]) for e in _played(name, engine).log.of("refused") if e.host == "onprem"]
    assert [(verb, text)] == refused


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_has_its_words(name: str, engine: str) -> None:
    recipient, reason = REPORTS[name]
    report = _played(name, engine).deliveries[-1].message.content.decode()
    body = f"Could not deliver message to the following recipient(s):\r\n\r\nFailed Recipient: {recipient}\r\nReason: {reason}\r\n"
    assert body in report
    assert "Content-Type: text/plain" in report
    assert [] == [line for line in report.split("\r\n") if line.startswith("Status:")], "plain text has no fields"


def _said(played: Played) -> Iterator[Reply]:
    for event in played.log.of("smtp"):
        if event.host == "onprem":
            yield Reply.parse(event["reply"])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", sorted({*REPLIES, *REPORTS} - {"A loop"}))  # no text of a loop was ever seen
def test_nothing_that_it_says_has_an_enhanced_code(name: str, engine: str) -> None:
    said = list(_said(_played(name, engine)))
    assert len(said) > 3
    assert [] == [str(reply) for reply in said if reply.enhanced]


def test_every_flow_of_the_file_that_ends_with_its_words_is_looked_at() -> None:
    ending = {
        name
        for name, f in _results().items()
        if f.live and f.live.endings[-1].path.end.word in ("REJECTED", "LOOP", "NDR")
    }
    assert ending - {"Three attempts at DNS", "The list of a backup MX"} == {*REPLIES, *REPORTS}
