"""The story of a failure: where the path left the sentence, which setting decided, and every candidate that lost.

Quiet when right, a story when wrong: a flow that passed is one line. Failures with the same cause (the same setting, by
file:line:column) are told once, with the others named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from simulator.mail.path import folded, print_path
from simulator.paths import Ending, copies
from simulator.played import Played
from simulator.policy.rules import all_rules
from simulator.runner import FlowResult
from simulator.scenario.wire import Difference
from simulator.source import Source
from simulator.trace import Event
from simulator.value import value

__all__ = ["Culprit", "cause_of", "culprit", "difference_lines", "flow_line", "full_name", "story"]

_ROUTINE = ("logged-in", "within-limit", "submitted")  # outcomes that never explain a failure
_LINK = re.compile(r"-\[([^\]]*)\]->")
_MARGIN = 6
_LABEL = 10


def full_name(result: FlowResult) -> str:
    """A flow's name with the stage in which it is played."""
    flow = result.flow
    note = " (old DNS)" if flow.meanwhile else " (on the way)" if flow.back else ""
    return f"{flow.stage}: {flow.name}{note}" if flow.stage else flow.name


def flow_line(result: FlowResult, width: int) -> str:
    """`  pass  Bob to Sun     Bob -> m365 -[none]-> internet -> Sun     2 hops`."""
    name = full_name(result)
    if result.status != "pass":
        return f"  {'FAIL' if result.status == 'fail' else 'ERROR'}  {name}"
    ends = result.played.endings
    if not ends:
        steps = [f"validate {v.connector}: {'fails' if v.fails else 'succeeds'}" for v in result.flow.validations]
        return f"  pass  {name:<{width}}  {', '.join(steps)}".rstrip()
    if len(ends) > 1:
        words = [e.path.end.word for e in ends]
        told = ", ".join(f"{words.count(w)} {w}" for w in dict.fromkeys(words))
        return f"  pass  {name:<{width}}  {told}"
    return f"  pass  {name:<{width}}  {print_path(ends[0].path)}"


def cause_of(result: FlowResult) -> tuple[str, ...]:
    """What a failure is grouped by; empty where no cause can be named.

    The same setting by the same rule, and the same wrong end in the same way: a sentence that merely expects
    something else has a story of its own.
    """
    for difference in result.differences:
        if difference.ending is not None:
            end = difference.ending.path.end
            found = culprit(difference, result.played)
            if end.word != "delivered" and found and found.at:
                return found.at, found.rule, difference.says, end.word, end.code
    return ()


@value
class Culprit:
    """What made a path leave its sentence: at which host and hop, in words, by which setting and rule."""

    host: str
    hop: int
    says: str
    at: str = ""
    rule: str = ""


def culprit(difference: Difference, played: Played) -> Culprit | None:
    """A connector that the sentence names and that lost; else the attempt that failed; else the decision at that place."""
    ending = difference.ending
    if ending is None:
        return None
    events = _decisions(difference, played)
    named = {folded(n) for link in _LINK.findall(difference.expected) for n in link.split("|")}
    for event in events:
        for lost in event["candidates"]:
            if not lost["chosen"] and folded(lost["name"]) in named:
                return _by_candidate(event, lost)
    if ending.path.end.word in ("NDR", "DEFERRED"):
        tried = [e for e in played.log.of("attempt") if e.msg == ending.msg and e.host == ending.event.host]
        if tried and tried[-1]["stage"]:
            last = tried[-1]
            how = last["says"] or last["reply"] or last["broken"]
            return Culprit(last.host, last.hop, f"{last['to']}, {last['stage']}: {how}", _at(last.at))
    decisive = _decisive(events)
    if decisive is None:
        return None
    weighed = [c for c in decisive["candidates"] if not c["chosen"] and c["at"]]
    found = _by_candidate(decisive, weighed[0]) if weighed else None
    if found and not decisive.at:
        return found
    says = found.says if found else decisive["says"]
    return Culprit(decisive.host, decisive.hop, says, _at(decisive.at), decisive.because)


def _by_candidate(event: Event, lost: Mapping[str, Any]) -> Culprit:
    says = f"{lost['name']}: {lost['says'] or lost['reason']}"
    return Culprit(event.host, event.hop, says, lost["at"] or _at(event.at), event.because)


def _at(place: Source) -> str:
    return str(place) if place else ""


def story(result: FlowResult, others: Iterable[FlowResult] = ()) -> str:
    """The failure of one flow; `others` failed for the same cause."""
    flow = result.flow
    head = f"FAIL  {full_name(result)}"
    lines = [f"{head}{' ' * max(2, 90 - len(head) - len(str(flow.at)))}{flow.at}"]
    for number, difference in enumerate(result.differences):
        if number:
            lines.append("")
        lines += difference_lines(difference, result.played, told=number > 0)
    if result.status != "pass" and (command := _look(result)):
        lines.append(_labelled("look", command))
    for other in others:
        lines.append(_labelled("also", f"{full_name(other)} failed for the same cause ({other.flow.at})"))
        for difference in other.differences:
            if difference.ending is not None:
                lines.append(_labelled("", f"expected  {difference.expected}"))
                lines.append(_labelled("", f"got       {difference.got}"))
    return "\n".join(lines)


def _look(result: FlowResult) -> str:
    """The command that tells all about this flow's message, where one message to one person was sent."""
    sends, lab = result.flow.send, result.flow.lab
    if len(sends) != 1 or len(sends[0].to) != 1 or not sends[0].sender or sends[0].server:
        return ""
    people = [lab.person_of(sends[0].sender), lab.person_of(sends[0].to[0])]
    words = [f'"{p}"' if " " in p else p for p in people]
    file = result.flow.at.file
    stage = f' --at "{result.flow.stage}"' if result.flow.stage else ""
    return f'mailflow explain {" ".join(words)} --lab {file}{stage} --flow "{result.flow.name}"'


def _labelled(label: str, text: str) -> str:
    return f"{'':<{_MARGIN}}{label:<{_LABEL}}{text}"


def difference_lines(difference: Difference, played: Played, *, told: bool = False) -> list[str]:
    """One expectation that was not met; `told`: the reasons have been said."""
    what = "" if difference.key == "path" else f"{difference.key}: "
    lines = [_labelled("expected", f"{what}{difference.expected}"), _labelled("got", difference.got)]
    if difference.offset >= 0:
        caret = " " * (_MARGIN + _LABEL + difference.offset) + "^" * max(1, difference.width)
        event = difference.ending.event if difference.ending else None
        where = f"hop {max(difference.hop, 0) + 1}" + (f", event {event.seq}" if event else "")
        lines.append(f"{caret} left the expected path here: {difference.says} ({where})")
    if difference.at:
        lines.append(_labelled("at", str(difference.at)))
    if difference.ending is not None and not told:
        lines += _why(difference, played)
    return lines


def _why(difference: Difference, played: Played) -> list[str]:
    events = _decisions(difference, played)
    lines: list[str] = []
    for event in events:
        place = f"    {event.at}" if event.at else ""
        lines.append(_labelled("why" if not lines else "", f"{event.host}: {event['says']}{place}"))
        for candidate in event["candidates"]:
            verdict = "chosen" if candidate["chosen"] else "not"
            at = f"    {candidate['at']}" if candidate["at"] else ""
            text = f"  {verdict:<7} {candidate['name']:<24} {candidate['says'] or candidate['reason']}{at}"
            lines.append(_labelled("", text))
    lines += _faults(difference, played, "fault" if lines else "why")
    ending = difference.ending
    if not lines and ending is not None and ending.event.at:  # nothing had to be decided where the paths part
        gave_up = (
            f"the client gave up at {ending.event['stage']}: {broken}" if (broken := ending.event.get("broken")) else ""
        )
        says = (
            ending.event.get("why")
            or ending.event.get("says")
            or gave_up
            or f"the message ended at {ending.event.host}"
        )
        lines.append(_labelled("why", f"{ending.event.host}: {says}    {ending.event.at}"))
    if ending is not None and ending.event.get("reply"):
        lines.append(_labelled("reply", f"{ending.event.host}: {ending.event['reply']}"))
    if found := culprit(difference, played):
        known = {r.id: r for r in all_rules()}.get(found.rule)
        if known:
            lines.append(_labelled("rule", f"{known.id} {known.fidelity}: {known.says}"))
    return lines


def _faults(difference: Difference, played: Played, label: str) -> list[str]:
    """The planned faults that the message met, each once, and how often."""
    msg = difference.ending.msg if difference.ending else ""
    met: dict[tuple[str, str], int] = {}
    for event in played.log.of("fault"):
        if event.msg == msg:
            key = (f"{event['where']}: {event['says']}", str(event.at) if event.at else "")
            met[key] = met.get(key, 0) + 1
    return [
        _labelled("" if number else label, f"{says}{f', {count} times' if count > 1 else ''}    {at}".rstrip())
        for number, ((says, at), count) in enumerate(met.items())
    ]


def _decisions(difference: Difference, played: Played) -> list[Event]:
    """What was decided where the paths part: how the host before routed, and how the host there received.

    How the next host received matters only where the path ends in its refusal, or where a connector was expected.
    """
    ending = difference.ending
    assert ending is not None
    legs = ending.path.legs
    names = {"", ending.rcpt, *_names(ending, played)}
    hop = min(max(difference.hop, 0), len(legs))
    mine = [
        e for e in played.log.of("decision")
        if e.msg == ending.msg and e["rcpt"] in names and e["outcome"] not in _ROUTINE
    ]  # fmt: skip
    # Other recipients of the message may have been taken later, with the next attempt.
    taken = {(e.host, e.hop): e.seq for e in played.log.of("accepted") if e.msg == ending.msg and e["rcpt"] in names}
    found: list[Event] = []
    if hop:
        holder = (legs[hop - 1].server, hop)
        found += [e for e in mine if (e.host, e.hop) == holder and e.seq > taken.get(holder, 0)]
    refused = ending.path.end.word in ("REJECTED", "LOOP")
    at = min(hop, len(legs) - 1)
    if legs and (difference.says == "connector" or (refused and at == len(legs) - 1)):
        receiver = (legs[at].server, at + 1)
        found += [e for e in mine if (e.host, e.hop) == receiver and e.seq < taken.get(receiver, e.seq + 1)]
    unique: dict[tuple[str, str, str], Event] = {}
    for event in found:
        unique.setdefault((event.host, event["step"], event["says"]), event)
    return list(unique.values())


def _names(ending: Ending, played: Played) -> set[str]:
    """The addresses that the copy had on its way: groups, forwards and contacts replace them."""
    known, found = copies(played.log), {str(ending.event.get("rcpt") or "")}  # as the host that refused it heard it
    copy = known.get(ending.copy)
    while copy is not None:
        found.add(copy.event["rcpt"])
        copy = known.get(copy.parent)
    return found


def _decisive(events: list[Event]) -> Event | None:
    """The first decision in which a setting made a candidate lose, or else the first that a setting brought about."""
    weighed = [e for e in events if any(not c["chosen"] and c["at"] for c in e["candidates"])]
    placed = [e for e in events if e.at]
    return next(iter(weighed or placed), None)
