"""Reading of reports, those of other programs among them, and of what is none."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.mail.dsn import ACTIONS, RecipientReport, Report, read_report
from simulator.mail.message import Message

HEAD = 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
FIELDS = """\
Reporting-MTA: dns; mx.example
Original-Envelope-Id: order 7
Arrival-Date: Mon, 2 Mar 2026 09:00:00 +0000
Received-From-MTA: dns; client.example

Original-Recipient: rfc822;sales@contoso.com
Final-Recipient: rfc822; bob@contoso.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.contoso.com
Diagnostic-Code: smtp; 550 5.1.1
 no such user
Last-Attempt-Date: Mon, 2 Mar 2026 09:01:00 +0000

Final-Recipient: rfc822; sun@customer.example
Action: delayed
Status: 4.4.1
Will-Retry-Until: Tue, 3 Mar 2026 09:00:00 +0000
"""


def a_report(
    fields: str = FIELDS, head: str = HEAD, back: str = "text/rfc822-headers", kind: str = "message/delivery-status"
) -> Message:
    parts = [
        "--b\nContent-Type: text/plain\n\nSorry.\n", f"--b\nContent-Type: {kind}\n\n{fields}\n",
        f"--b\nContent-Type: {back}\n\nSubject: Hello\n" if back else "", "--b--\n",
    ]  # fmt: skip
    return Message.parse((head + "\n".join(parts)).replace("\n", "\r\n").encode())


def read(message: Message) -> Report:
    found = read_report(message)
    assert found is not None
    return found


def test_a_report_tells_of_the_message_and_of_every_recipient() -> None:
    report = read(a_report())
    bob, sun = report.recipients
    assert ("mx.example", "order 7", "Mon, 2 Mar 2026 09:00:00 +0000", "client.example", "Sorry.", "headers") == (
        report.reporting_mta, report.envelope_id, report.arrival, report.received_from, report.words, report.returned
    )  # fmt: skip
    assert ("bob@contoso.com", "sales@contoso.com", "failed", "5.1.1") == (
        bob.final,
        bob.original,
        bob.action,
        bob.status,
    )
    assert ("mail.contoso.com", "550 5.1.1 no such user") == (bob.remote_mta, bob.diagnostic)
    assert "Mon, 2 Mar 2026 09:01:00 +0000" == bob.last_attempt
    assert ("delayed", "4.4.1", "Tue, 3 Mar 2026 09:00:00 +0000") == (sun.action, sun.status, sun.retry_until)


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        ("message/rfc822", "full"),
        ("text/rfc822-headers", "headers"),
        ("message/global", "full"),
        ("message/global-headers", "headers"),
        ("text/plain", ""),
        ("", ""),
    ],
)
def test_how_much_of_the_message_came_back(back: str, expected: str) -> None:
    assert expected == read(a_report(back=back)).returned


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        # Those of real programs, which are not always as RFC 3464 has them.
        ("\n\nReporting-MTA: dns;x\n\n\n\nFinal-Recipient: bob@contoso.com\nAction: Failed\n", ("bob@contoso.com", "failed", "")),
        ("Final-Recipient: RFC822; <bob@contoso.com>\nAction: failed (user unknown)\nStatus: 5.1.1 (bad)\n",
         ("bob@contoso.com", "failed", "5.1.1")),
        ("Reporting-MTA: dns; x\n\nfinal-recipient:rfc822;bob@contoso.com\nSTATUS:5.0.0\nAction:\n", ("bob@contoso.com", "", "5.0.0")),
        ("Reporting-MTA: dns; x\n\nnonsense\n more\nFinal-Recipient: rfc822; bob@contoso.com\nFinal-Recipient: rfc822; x@y.z\n",
         ("bob@contoso.com", "", "")),
        ("X: 1\n\n: empty\nAction : relayed\nStatus: 2.0.0;\n", ("", "relayed", "2.0.0")),
    ],
)  # fmt: skip
def test_reports_that_are_not_quite_right_are_read(fields: str, expected: tuple[str, str, str]) -> None:
    (one,) = read(a_report(fields)).recipients
    assert expected == (one.final, one.action, one.status)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"Subject: Hello\r\n\r\nHello.\r\n",
        b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\nno boundary\r\n",
        b'Content-Type: multipart/report; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nFinal-Recipient: x\r\n--b--\r\n',
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n",
    ],
)
def test_other_mail_is_no_report(message: bytes) -> None:
    assert read_report(Message.parse(message)) is None


def test_a_report_about_a_report_is_read_from_the_outside() -> None:
    inner = a_report("Reporting-MTA: dns; inner\n\nFinal-Recipient: rfc822; x@inner.example\n")
    outer = a_report().content.replace(b"--b", b"--outer").replace(b'"b"', b'"outer"')
    outer = outer.replace(b"text/rfc822-headers\r\n\r\nSubject: Hello\r\n", b"message/rfc822\r\n\r\n" + inner.content)
    report = read(Message.parse(outer))
    assert ("mx.example", "full", 2) == (report.reporting_mta, report.returned, len(report.recipients))


def test_no_more_is_read_than_a_report_can_hold() -> None:
    fields = "Reporting-MTA: dns; x\n" + "\nFinal-Recipient: rfc822; a@b.example\n" * 3000
    assert 1000 == len(read(a_report(fields)).recipients)
    bomb = "Reporting-MTA: dns; x\n" + "".join(f"X-{n}: 1\n" for n in range(5000)) + "\nAction: failed\n"
    report = read(a_report(bomb))
    assert (100, "failed") == (len(report.fields), report.recipients[0].action)


def test_a_report_of_ten_megabytes_is_read_without_reading_them_all() -> None:
    report = read(a_report("Reporting-MTA: dns; x\n\nFinal-Recipient: a@b.example\n" + "X: " + "y" * 10 * 2**20))
    assert [RecipientReport("a@b.example", fields={"final-recipient": "a@b.example"}).final] == [
        r.final for r in report.recipients
    ]


# Pieces of reports, put together as they come: whatever it is, it is read or it is none.
PIECES = [
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b", b'Content-Type: multipart/mixed; boundary="b"',
    b"Content-Type: message/delivery-status", b"Content-Type: message/global-delivery-status; charset=nonsense",
    b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable", b"--b", b"--b--", b"--c", b"",
    b"Reporting-MTA: dns; x", b"Final-Recipient: rfc822; a@b.example", b"Action: failed", b"Status: 5.0.0", b" continued", b"\t", b":",
    b"Status", b"\xff\xfe\x00", "Action: größer".encode(), b"=ZZ=", b"Content-Type: multipart/report; boundary*0*=utf-8'';boundary*1=b",
    b"Content-Type: message/rfc822", b"Subject: =?nonsense?B?////?=", b"\r", b"Diagnostic-Code: smtp; 550 " + b"x" * 400,
]  # fmt: skip
pieces = st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=40)), max_size=40)
line_ends = st.sampled_from([b"\r\n", b"\n", b"\r", b"\r\n\r\n"])


@given(pieces, line_ends)
@example([PIECES[0], b"", b"--b", b"Content-Type: message/delivery-status", b"", b" continued"], b"\r\n")
@example([PIECES[0], b"", b"--b", b"Content-Type: message/delivery-status", b"", b"\x0bStatus: 5.0.0"], b"\r\n")
def test_whatever_comes_is_read_or_is_no_report(lines: list[bytes], end: bytes) -> None:
    found = read_report(Message.parse(end.join(lines)))
    if found:
        assert all(line.count("\n") == 0 for one in found.recipients for line in one.fields.values())
        assert all(one.action == one.action.lower() for one in found.recipients)


@given(st.binary(max_size=400))
def test_bytes_that_are_no_report_are_none(octets: bytes) -> None:
    assert read_report(Message.parse(octets)) is None or b"delivery-status" in octets.lower()


@given(st.binary(max_size=300), st.sampled_from(["7bit", "8bit", "base64", "quoted-printable", "x-none", ""]))
def test_fields_in_any_encoding_never_harm(octets: bytes, encoding: str) -> None:
    head = f"--b\r\nContent-Type: message/delivery-status\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    message = HEAD.replace("\n", "\r\n").encode() + head + octets + b"\r\n--b--\r\n"
    found = read_report(Message.parse(message))
    assert found is not None
    assert len(found.recipients) <= 1000


@given(st.integers(1, 60))
def test_depth_has_an_end(depth: int) -> None:
    inner = b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nAction: failed\r\n"
    for number in range(depth):
        mark = f"b{number}".encode()
        inner = (
            b'Content-Type: multipart/report; boundary="'
            + mark
            + b'"\r\n\r\n--'
            + mark
            + b"\r\n"
            + inner
            + b"\r\n--"
            + mark
            + b"--\r\n"
        )
    found = read_report(Message.parse(inner))
    assert (depth <= 30) is (found is not None)


@given(st.sampled_from(ACTIONS), st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=60))
def test_fields_come_back_as_they_were_written(action: str, words: str) -> None:
    (one,) = read(a_report(f"Reporting-MTA: dns; x\n\nAction: {action}\nDiagnostic-Code: smtp; {words}\n")).recipients
    assert (action, words.strip()) == (one.action, one.diagnostic)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (HEAD.encode() + b"--b\nContent-Type: message/delivery-status\n\nA: b\n" + b" c\n" * 200_000 + b"--b--\n", 400_001),
        (
            HEAD.encode() + b"--b\nContent-Type: text/html\n\n" + b"<script " * 50_000
            + b"\n--b\nContent-Type: message/delivery-status\n\nA: b", 1,
        ),
    ],
    ids=["a field of 200,000 lines", "50,000 scripts without an end"],
)  # fmt: skip
def test_what_once_took_minutes_is_read_in_one_pass(octets: bytes, expected: int) -> None:
    """Found by fuzzing: the time grew with the square of the length."""
    report = read(Message.parse(octets))
    assert expected == len(report.fields["a"])
