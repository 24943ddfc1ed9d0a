"""`docs/dispositions.md`: every way in which one copy of a message can end, exactly when, and a flow that ends so.

A table of values; a test plays each example and asks for the same ending and the same word in `run --json`.
"""

from __future__ import annotations

from simulator.value import value

__all__ = ["ENDS", "LAB", "End", "page", "scenario"]

LAB = "scenarios/labs/contoso.yaml"


@value
class End:
    """One ending. `word` begins the end of a sentence (a person's name: delivered); `status` is what `run --json` calls it."""

    word: str
    status: str
    when: str
    sender: str  # what the sender hears
    counts: str  # in the balance of the summary line
    flow: str  # an example, as it stands under `flows:`


ENDS: tuple[End, ...] = (
    End(
        "PERSON", "delivered",
        "The last server put the copy into that person's mailbox, into the Inbox unless the sentence says `in FOLDER`. After a forward or "
        "a move the person may be another than the one written to.",
        "nothing", "delivered",
        """\
  It arrives:
    send: {from: Sun, to: Bob}
    path: Sun -> internet -> m365 -> Bob
""",
    ),
    End(
        "REJECTED", "refused",
        "The last server named refused in the SMTP session, and the client that heard it keeps no queue: a program or a device that "
        "connects for itself. A 4xx counts too, because nobody tries again.",
        "the reply, in its own session", "nothing was accepted, so nothing is counted",
        """\
  A stranger may not relay:
    send: {from: eve@evil.example, to: Sun, server: m365, as: 192.0.2.66}
    path: eve -> m365 -> REJECTED 550 5.7.64
""",
    ),
    End(
        "REJECTED", "bounced",
        "The last server named refused in the SMTP session for good (5xx), and the server before it had accepted the copy: it returns it. "
        "What the report says is asserted with `ndr`.",
        "a report (NDR) by the server before the last", "bounced",
        """\
  Nobody of that name is there:
    send: {from: Sun, to: nobody@contoso.onmicrosoft.com}
    path: Sun -> internet -> m365 -> REJECTED 550 5.4.1
    ndr: {to: Sun, by: internet}
""",
    ),
    End(
        "NDR", "bounced",
        "The last server named had accepted the copy, and returned it by its own decision: nobody is there, a rule says so, or it was "
        "tried until it expired. The code is the Status of the report.",
        "a report (NDR) by the last server", "bounced",
        """\
  Tried for a day:
    send: {from: Sun, to: John}
    faults: [{at: onprem, down: 3d}]
    path: Sun -> internet -> m365 -> NDR for John
""",
    ),
    End(
        "LOOP", "refused or bounced",
        "As REJECTED or NDR, where a loop detector was the cause: too many Received fields, or the service's own count of passes. Each "
        "pass prints its server again.",
        "a report (NDR) by the server that gave up", "bounced",
        """\
  The MX leads back:
    send: {from: Bob, to: John}
    do: [Set-OutboundConnector -Identity "O365 to own servers" -Enabled $false]
    path: Bob -> m365 -> ... -> LOOP 5.4.14
""",
    ),
    End(
        "DEFERRED", "queued",
        "The last server named still holds the copy when the flow is looked at: after its first attempt at every target has failed, or at "
        "the mail time of `until`.",
        "nothing yet; later a delay notice, in the end the message or a report", "queued",
        """\
  The server is off:
    send: {from: Sun, to: John}
    faults: [{at: onprem, down: 3d}]
    path: Sun -> internet -> m365 -> DEFERRED for John
""",
    ),
    End(
        "HELD", "held",
        "The last server named keeps the copy where an administrator can release it: quarantine.",
        "nothing", "held",
        """\
  A rule quarantines it:
    send: {from: Sun, to: Bob, subject: Offer}
    do: [New-TransportRule -Name Offers -SubjectContainsWords Offer -Quarantine $true]
    path: Sun -> internet -> m365 -> HELD * for Bob
""",
    ),
    End(
        "DROPPED", "dropped",
        "The last server named accepted the copy and discarded it, because a rule or a setting says so. Nobody is told.",
        "nothing", "dropped",
        """\
  A rule deletes it:
    send: {from: Sun, to: Bob, subject: Offer}
    do: [New-TransportRule -Name Offers -SubjectContainsWords Offer -DeleteMessage $true]
    path: Sun -> internet -> m365 -> DROPPED for Bob
""",
    ),
)  # fmt: skip


def scenario(lab: str) -> str:
    """All examples as one scenario file."""
    return f"scenario: Every way to end\nlab: {lab}\nflows:\n{''.join(end.flow for end in ENDS)}"


def page() -> str:
    """The whole page."""
    lines = [
        "# How a message ends", "", "Made by `mailflow about --dispositions`; do not edit.", "",
        "A sentence is about one copy of a message, from who sent it to what became of it. Every copy that a server accepted has exactly one "
        "ending; the invariant `nothing lost` asks for that in every flow, and the summary line of a run adds them up.", "",
        "| the sentence ends with | `run --json` says | the sender hears |", "| --- | --- | --- |",
        *(f"| `{end.word}` | {end.status} | {end.sender} |" for end in ENDS),
    ]  # fmt: skip
    for end in ENDS:
        lines += [
            "", f"## {end.word}: {end.status}", "", end.when, "", f"Counted as: {end.counts}.", "",
            "<!-- flows of scenarios/labs/contoso.yaml -->", "", "```yaml", f"flows:\n{end.flow}```",
        ]  # fmt: skip
    lines += [
        "", "## More than one copy", "",
        "A message to several people, a group, a forward or a rule that adds recipients has a copy for each; a list of sentences has one for "
        "the fate of every copy. A copy that a server turned into others (a group into its members) has no ending of its own. Reports, delay "
        "notices and journal reports are messages of their own; `also:` asserts on them.",
    ]  # fmt: skip
    return "\n".join(lines)
