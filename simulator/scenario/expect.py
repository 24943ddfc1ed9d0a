"""Compares what a flow came to with what its file expects, and says where they part.

Every key of the long form has its function in a table; each returns the differences it finds, with the place in the
file of the value that was not met. A key that nothing can answer yet is a difference too: nothing passes unasserted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from simulator.mail.address import Address
from simulator.mail.path import folded, print_path
from simulator.played import Played
from simulator.scenario.authenticated import check_auth
from simulator.scenario.compare import alternatives, is_text, says_fits, shown, text_fits
from simulator.scenario.match import code_fits
from simulator.scenario.measures import (
    attempts,
    check_not_before,
    check_status,
    check_within,
    copies,
    measured,
    retries,
)
from simulator.scenario.reports import check_ndr
from simulator.scenario.rules import check_rules
from simulator.scenario.wire import Difference, check_headers, check_session, check_tls, is_about
from simulator.source import Entry, Node
from simulator.trace import Event

__all__ = ["CHECKS", "Difference", "check_values"]


Check = Callable[[Node, Played], Iterable[Difference]]


def check_values(expectations: Mapping[str, Node], played: Played) -> list[Difference]:
    """The differences of all keys beside the path."""
    found: list[Difference] = []
    for key, node in expectations.items():
        check = CHECKS.get(key)
        if check:
            tried = [list(check(choice, played)) for choice in alternatives(node)]
            found += sorted(tried, key=len)[0]
    return found


def _reply(node: Node, played: Played) -> Iterable[Difference]:
    def facts(event: Event) -> dict[str, str]:
        return {"at": event["verb"], "code": event["codes"], "says": event["reply"]}

    yield from _each(node, played, played.of("refused"), facts, "reply", "no refusal")


def _deferred(node: Node, played: Played) -> Iterable[Difference]:
    def facts(event: Event) -> dict[str, str]:
        return {"at": event.host, "code": event["codes"], "says": event["reply"], "remote": event["remote"]}

    yield from _each(node, played, played.of("kept"), facts, "deferred", "never deferred")


_FACTS = ("at", "code", "says", "remote")


def _each(
    node: Node, played: Played, events: list[Event], facts: Callable[[Event], dict[str, str]], name: str, nothing: str
) -> Iterable[Difference]:
    """One map of facts that some event must meet as a whole, or one such map per person, server or link."""
    if not all(e.key.casefold() in _FACTS for e in node.entries):
        for entry in node.entries:
            mine = [e for e in events if is_about(e, entry.key, played)]
            yield from _each(entry.node, played, mine, facts, f"{name} {entry.key}", nothing)
        return
    wrong = [_facts_differ(node, facts(event), name) for event in events]
    if not wrong:
        yield Difference(name, node.at, shown(node), nothing)
    elif all(wrong):
        yield from min(wrong, key=len)


def _facts_differ(node: Node, have: Mapping[str, str], name: str) -> list[Difference]:
    return [
        Difference(f"{name} {e.key}", e.node.at, shown(e.node), have.get(e.key.casefold(), ""))
        for e in node.entries
        if not _fact_fits(e, have.get(e.key.casefold(), ""))
    ]


def _fact_fits(entry: Entry, value: str) -> bool:
    if entry.key.casefold() == "code":
        return text_fits(entry.node, lambda want: code_fits(want, value))
    if entry.key.casefold() == "at":  # what is refused after the final dot is refused at DATA, or at its END
        said = (folded(value), "end") if value == "DATA" else (folded(value),)
        return text_fits(entry.node, lambda want: folded(want) in said)
    return text_fits(entry.node, lambda want: says_fits(want, value))


def _nothing_written(node: Node, played: Played) -> Iterable[Difference]:
    """`also: none`."""
    for ending in played.reports[:1]:
        yield Difference("also", node.at, "none", print_path(ending.path))


def _person(address: str, played: Played) -> str:
    return played.lab.person_of(Address.parse(address))


def _because(node: Node, played: Played) -> Iterable[Difference]:
    for entry in node.entries:
        reasons = _reasons(entry.key, played)
        if not any(says_fits(choice.text, reason) for choice in alternatives(entry.node) for reason in reasons):
            got = "; ".join(dict.fromkeys(reasons)) or f"nothing was decided about {entry.key}"
            yield Difference(f"because {entry.key}", entry.node.at, shown(entry.node), got)


def _reasons(name: str, played: Played) -> list[str]:
    """Why a candidate lost (or won), or all that a server decided."""
    found: list[str] = []
    for event in played.of("decision"):
        for candidate in event["candidates"]:
            if folded(candidate["name"]) == folded(name):
                found.append(f"{candidate['reason']}: {candidate['says']}")
        if folded(event.host) == folded(name):
            found.append(f"{event['outcome']}: {event['says']}")
    for event in played.of("attempt", "kept", "refused", "bounced"):
        if folded(event.host) == folded(name):
            found.append(f"{event.get('verdict', '')} {event.get('says', '')} {event.get('reply', '')}".strip())
    return [r for r in found if r]


def _attributed(node: Node, played: Played) -> Iterable[Difference]:
    seen: list[dict[str, str]] = []
    for event in played.of("accepted", "refused"):
        facts = event["facts"]
        if facts.get("direction") or facts.get("tenant"):
            inbound = event["inbound"] or "none"
            seen.append({"tenant": event.host, "direction": facts.get("direction", ""), "connector": inbound})
    wrong = [_attribution_differs(node, have) for have in seen]
    if not wrong:
        yield Difference("attributed", node.at, shown(node), "no tenant took it")
    elif all(wrong):
        yield from min(wrong, key=len)


def _attribution_differs(node: Node, have: Mapping[str, str]) -> list[Difference]:
    found: list[Difference] = []
    for entry in node.entries:
        got = have.get(entry.key.casefold(), "(no such fact)")
        if not is_text(entry.node, got):
            found.append(Difference(f"attributed {entry.key}", entry.node.at, shown(entry.node), got))
    return found


def _loop(node: Node, played: Played) -> Iterable[Difference]:
    loops = [e for e in (*played.endings, *played.reports) if e.path.end.word == "LOOP"]
    if node.is_scalar and folded(node.text) == "none":
        if loops:
            yield Difference("loop", node.at, "none", "a loop detector stopped it")
        return
    if not loops:
        yield Difference("loop", node.at, shown(node), "no loop detector stopped it")
        return
    servers = [leg.server for leg in loops[0].path.legs]
    repeated = [s for s in dict.fromkeys(servers) if servers.count(s) > 1] or servers[-1:]
    between, by = node.get("between"), node.get("by")
    if between and sorted(folded(n.text) for n in between.items) != sorted(folded(s) for s in repeated):
        yield Difference("loop between", between.at, shown(between), ", ".join(repeated))
    if by and not is_text(by, servers[-1]):
        yield Difference("loop by", by.at, shown(by), servers[-1])


def _never(node: Node, played: Played) -> Iterable[Difference]:
    took = {folded(e.host) for e in played.of("accepted")}
    got = {folded(_person(e["mailbox"], played)) for e in played.of("delivered")}
    got |= {folded(e["mailbox"]) for e in played.of("delivered")}
    for item in node.items:
        if folded(item.text) in took | got:
            yield Difference("never", item.at, f"never {item.text}", f"{item.text} took the message")


CHECKS: Mapping[str, Check] = {
    "reply": _reply,
    "deferred": _deferred,
    "also": _nothing_written,
    "ndr": check_ndr,
    "tls": check_tls,
    "headers": check_headers,
    "auth": check_auth,
    "because": _because,
    "attributed": _attributed,
    "session": check_session,
    "loop": _loop,
    "never": _never,
    "rules": check_rules,
    "retries": measured("retries", retries),
    "attempts": measured("attempts", attempts),
    "within": check_within,
    "not before": check_not_before,
    "copies": measured("copies", copies),
    "status": check_status,
}
"""The keys of the long form that are asserted beside the path."""
