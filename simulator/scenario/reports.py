"""`ndr:` of a flow: the reports that hosts wrote about its mail, each compared with what the report itself says.

    ndr: none                                     no report of failure or success
    ndr: {to: Sun, by: m365, code: 5.1.10}        some report of failure meets all of these
    ndr: {action: delivered, about: Bob}          one of another kind: delivered, relayed, expanded or delayed
    ndr: [{about: Bob}, {about: John}]            each of them

| fact | of the report |
| --- | --- |
| to, by | who gets it, which server wrote it |
| remote, remote says | who refused, and with which words |
| code | Status; or the codes of the reply that is reported |
| says, lacks | words anywhere in it |
| headers | its own header |
| action, about, original, envid | Action, Final-Recipient, Original-Recipient, Original-Envelope-Id |
| returned | full, headers or none: how much of the message came back |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from simulator.mail.address import Address
from simulator.mail.dsn import RecipientReport, Report, read_report
from simulator.mail.message import Message
from simulator.mail.path import folded
from simulator.played import Played
from simulator.scenario.compare import says_fits, shown, text_fits
from simulator.scenario.match import code_fits
from simulator.scenario.wire import Difference, header_differences
from simulator.source import Node
from simulator.trace import Event
from simulator.value import value

__all__ = ["check_ndr"]


@value
class _Written:
    """A report, the event that tells of it, and what it says."""

    event: Event
    message: Message
    says: Report
    about: RecipientReport

    @property
    def action(self) -> str:
        return "failed" if self.event.type == "bounced" else str(self.event["action"])


def check_ndr(node: Node, played: Played) -> Iterable[Difference]:
    """The differences of one `ndr`."""
    written = [_written(e, played) for e in played.of("bounced", "reported") if e["report"]]
    if node.is_scalar and folded(node.text) == "none":
        for one in [w for w in written if w.action != "delayed"][:1]:
            what = one.event["reply"] if one.action == "failed" else f"{one.event['rcpt']}: {one.action}"
            yield Difference("ndr", node.at, "none", f"{one.event.host} told {one.event['to']}: {what}")
        return
    for wanted in node.items:
        yield from _some(wanted, written, played)


def _some(node: Node, written: list[_Written], played: Played) -> Iterable[Difference]:
    if node.get("action") is None:
        written = [w for w in written if w.action == "failed"]
    if not written:
        clients = played.of("refused") and not played.of("bounced")
        refused = "the client was refused and got no report" if clients else "no report"
        yield Difference("ndr", node.at, shown(node), refused)
        return
    results = [list(_differs(node, one, played)) for one in written]
    if all(results):
        yield from min(results, key=len)


def _differs(node: Node, one: _Written, played: Played) -> Iterable[Difference]:
    event = one.event
    failed = event.type == "bounced"
    text = one.message.content.decode("utf-8", "replace")
    codes, reply = (event["codes"], event["reply"]) if failed else (one.about.status, one.about.diagnostic)
    remote, remote_says = (event["by"], event["remote"]) if failed else (one.about.remote_mta, one.about.diagnostic)
    returned = one.says.returned or "none"
    facts: dict[str, tuple[str, Callable[[str], bool]]] = {
        "to": (event["to"], lambda want: _is_person(want, event["to"], played)),
        "by": (event.host, lambda want: folded(want) == folded(event.host)),
        "remote": (remote, lambda want: folded(want) == folded(remote)),
        "code": (
            codes, lambda want: code_fits(want, codes) or want in codes.split() or code_fits(want, one.about.status)
        ),
        "says": (reply, lambda want: says_fits(want, text) or says_fits(want, reply)),
        "remote says": (remote_says, lambda want: says_fits(want, remote_says)),
        "action": (one.action, lambda want: folded(want) == one.action == (one.about.action or one.action)),
        "about": (event["rcpt"], lambda want: _is_person(want, one.about.final or event["rcpt"], played)),
        "original": (one.about.original, lambda want: folded(want) == folded(one.about.original)),
        "envid": (one.says.envelope_id, lambda want: want == one.says.envelope_id),
        "returned": (returned, lambda want: folded(want) == returned),
    }  # fmt: skip
    for entry in node.entries:
        key = entry.key.casefold()
        if key == "headers":
            yield from header_differences(entry.node, one.message, "ndr headers")
        elif key == "lacks":
            if any(says_fits(item.text, text) for item in entry.node.items):
                yield Difference("ndr lacks", entry.node.at, shown(entry.node), "it is there")
        elif key not in facts:
            yield Difference(f"ndr {entry.key}", entry.key_at, shown(entry.node), "there is no such fact of a report")
        elif not text_fits(entry.node, facts[key][1]):
            yield Difference(f"ndr {key}", entry.node.at, shown(entry.node), facts[key][0])


def _written(event: Event, played: Played) -> _Written:
    message = _message(event["report"], played)
    says = read_report(message) or Report()
    mine = [r for r in says.recipients if folded(r.final) == folded(event["rcpt"])] or [*says.recipients]
    return _Written(event, message, says, mine[0] if mine else RecipientReport())


def _message(report: str, played: Played) -> Message:
    """The report as its mailbox has it, or as it was written."""
    found = next((d.message for d in played.deliveries if d.msg == report), None)
    if found is None:
        taken = (e for e in played.log.of("accepted") if e.msg == report)
        found = next((m for e in taken if isinstance(m := e.fields["headers"], Message)), None)
    return found or Message.parse(b"")


def _is_person(want: str, address: str, played: Played) -> bool:
    return folded(want) in (folded(address), folded(_name(address, played)))


def _name(address: str, played: Played) -> str:
    try:
        return played.lab.person_of(Address.parse(address))
    except ValueError:
        return address
