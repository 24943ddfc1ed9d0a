"""Who sends a flow's mail, to whom and where it is handed in, when `send:` leaves that open.

* A name of the form "Sun to Bob and John" says both, if the people are known and the sentence begins with the first.
* Otherwise the sentence does: it begins with the sender, and ends with the recipient or says `for` whom it was meant.
* People hand in mail at their own server. A stranger has none: the first server of the sentence is called.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.mail.address import Address
from simulator.scenario.asking import by_recipient
from simulator.scenario.model import Send
from simulator.scenario.names import Names
from simulator.scenario.send import Draft
from simulator.scenario.sentence import ELLIPSIS, Sentence
from simulator.source import ProblemList, Source
from simulator.topology import Lab

__all__ = ["finished"]

_FROM_TO = re.compile(r"(.+?)\s+to\s+(.+)\Z")


@dataclass(frozen=True, slots=True)
class _Said:
    """What name and sentences say, as names: sender, recipients, first server; and where to point."""

    sender: str
    recipients: tuple[str, ...]
    server: str
    at: Source


def finished(
    drafts: Sequence[Draft], paths: Sequence[tuple[Sentence, ...]], name: str, at: Source, names: Names, lab: Lab,
    problems: ProblemList,
) -> tuple[Send, ...]:  # fmt: skip
    """The messages, complete; what cannot be known is an error. `name` and `at` are the flow's."""
    said = _said(paths, name, at, names)
    return tuple(_finished(draft, said, names, lab, problems) for draft in drafts)


def _finished(draft: Draft, said: _Said, names: Names, lab: Lab, problems: ProblemList) -> Send:
    values, at = dict(draft.values), draft.at or said.at
    sender, person = draft.sender, draft.person
    if not draft.says_from and said.sender:
        sender, person = names.address(said.sender), names.person(said.sender)
        values.setdefault("null_sender", said.sender == "<>")
    to = tuple(draft.to)
    if not draft.says_to:
        to = tuple(dict.fromkeys(address for r in said.recipients if (address := names.address(r))))
    if sender is None and not values.get("null_sender"):
        problems.error(at, "nobody sends this mail.", "Add  send: {from: PERSON}")
    elif not to:
        fix = "Add  for PERSON  to the path, or  send: {to: PERSON}"
        problems.error(at, "it is not said whom this mail is for.", fix)
    elif not values.get("server") and not _has_mailbox(sender, lab):
        values["server"] = names.server(said.server)
        if not values["server"]:
            problems.error(
                at, f"it is not said where {sender or '<>'} hands in this mail.", "Add  send: {server: NAME}"
            )
    elif values.get("server"):
        _check_host(values["server"], draft, lab, problems)
        _check_start(values["server"], sender, said, names, lab, problems)
    if draft.certificate_of:
        shown_by = lab.servers.get(draft.certificate_of)
        if shown_by is None:
            problems.error(draft.at, f"cert: there is no server {draft.certificate_of} in this lab.")
        else:
            values["certificate"] = shown_by.certificate
    if draft.asked:
        values["recipient_parameters"] = by_recipient(draft.asked, to, problems)
    return Send(sender, to, person, at=at, **values)


def _check_start(
    server: str, sender: Address | None, said: _Said, names: Names, lab: Lab, problems: ProblemList
) -> None:
    """Says so where the sentence begins at the sender's own server although the mail is handed in at another one."""
    first = names.server(said.server)
    own = {where for person in lab.people.values() for address, where in person.mailboxes if address == sender}
    if first in own and server in lab.servers and first != server:
        problems.warn(
            said.at, f"the message is handed in at {server} itself, so {first} is not on its way.",
            f"Leave out {first}, or leave out  server: {server}",
        )  # fmt: skip


def _has_mailbox(sender: Address | None, lab: Lab) -> bool:
    return any(sender == address for person in lab.people.values() for address, _ in person.mailboxes)


def _check_host(host: str, draft: Draft, lab: Lab, problems: ProblemList) -> None:
    """A host name must lead to a server of the lab: nothing is sent beyond it."""
    if host in lab.servers:
        return
    addresses = [*lab.zone.lookup(host, "A").records, *lab.zone.lookup(host, "AAAA").records]
    if not any(lab.server_at(address) for address in addresses):
        problems.error(
            draft.server_at, f"server: {host} leads to no server of the lab.", f"Known: {', '.join(lab.servers)}"
        )


def _said(paths: Sequence[tuple[Sentence, ...]], name: str, at: Source, names: Names) -> _Said:
    """By the first alternative that tells, and by the flow's name."""
    written = [s for sentences in paths for s in sentences if s is not ELLIPSIS]
    sender = written[0].start.text if written else ""
    first = next((hop.server.text for s in written for hop in s.hops[:1] if hop.server), "")
    by_path = ([s.end.person.text for s in sentences if s.end.person.text] for sentences in paths)
    recipients = next((tuple(found) for found in by_path if found), ())
    match = _FROM_TO.match(name.strip())
    if match and names.address(match[1]):
        named = tuple(word.strip() for word in re.split(r",|\s+and\s+", match[2]) if word.strip())
        same = not sender or names.address(sender) == names.address(match[1])
        if same and all(names.address(word) for word in named):
            sender, recipients = match[1], named
    return _Said(sender, recipients, first, written[0].end.at if written else at)
