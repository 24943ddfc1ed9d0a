"""One message described by the words of `send:` alone, without a flow around it: from Python, or to a lab that runs.

Beside what a scenario says, `as` may name a server. The client then is that server: its address, its name in EHLO, its
certificate; and where it is not said what it calls, it calls the mail exchanger of the first recipient, as servers do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from simulator.mail.address import Address
from simulator.scenario.errors import near_miss
from simulator.scenario.model import Send
from simulator.scenario.names import Names
from simulator.scenario.send import drafts
from simulator.scenario.sender import finished
from simulator.scenario.values import ip
from simulator.source import Node, ProblemList, Source
from simulator.topology import Lab, Server

__all__ = ["one_send"]


def one_send(
    words: Mapping[str, Any], tree: Node, file: str, lab: Lab, problems: ProblemList, *, start: datetime,
    read_file: Callable[[str], bytes | str], at: Source,
) -> Send | None:  # fmt: skip
    """The message; None where `problems` say why there is none."""
    names = Names.of(tree, file)
    words = _as_server(words, names, lab, problems, at)
    if problems.errors:
        return None
    found = drafts(Node.of(words, at), names, problems, start=start, read_file=read_file)
    (send,) = finished(found, (), "send", at, names, lab, problems) or (None,)
    return None if problems.errors else send


def _as_server(
    words: Mapping[str, Any], names: Names, lab: Lab, problems: ProblemList, at: Source
) -> Mapping[str, Any]:
    """The same words with what follows from `as: SERVER`."""
    given = str(words.get("as", ""))
    server = lab.servers.get(names.server(given))
    if server is None:
        if given and not _is_address(given):
            fix = near_miss(given, names.servers.values()).strip()
            problems.error(at, f"as: {given!r} is neither a server of the lab nor an IP address.", fix)
        return words
    found = {"helo": server.fqdn, **words, "as": server.addresses[0]}
    if server.certificate is not None:
        found.setdefault("cert", server.name)
    if not found.get("server"):
        called = _exchanger(str((words.get("to") or [""])[0]), names, lab)
        if called is None:
            problems.error(
                at, "it is not said which server takes this mail.", f"Say server: {', '.join(names.servers.values())}"
            )
        else:
            found["server"] = called.name
    return found


def _is_address(text: str) -> bool:
    try:
        return bool(ip(text))
    except ValueError:
        return False


def _exchanger(recipient: str, names: Names, lab: Lab) -> Server | None:
    """The server that the MX of a recipient leads to."""
    address = names.address(recipient)
    if not isinstance(address, Address):
        return None
    records = [record.split() for record in lab.zone.lookup(address.domain, "MX").records]
    hosts = [host for _, host in sorted((int(record[0]), record[1]) for record in records if len(record) == 2)]
    for host in hosts or [address.domain]:
        for found in lab.zone.lookup(host, "A").records:
            if server := lab.server_at(found):
                return server
    return None
