"""Circles, and addresses with two mailboxes.

The loop theorem: of two sides that share a domain, at most one may send on what it does not know.

    one side            other side          unknown addresses
    refuses             refuses             a clean refusal
    sends on            refuses             safe
    refuses             sends on            safe
    sends on            sends on            a circle, until somebody counts hops

It holds for each address by itself: one that the first side lacks and the second holds as a mail user pointing back goes
round, although the domain is safe. So everything is asked: every known address, and nobody in every domain, from everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from simulator.check.ground import Asked, LabGround
from simulator.findings import Finding, kind
from simulator.mail.address import Address
from simulator.paths import Ending
from simulator.played import Played
from simulator.policy.decision import Candidate
from simulator.scenario.lab import build_lab
from simulator.source import NOWHERE, Entry, Node, ProblemList, Scalar, Source
from simulator.trace import Event

__all__ = ["loops", "split_brain"]

_TEST = "tests/check/test_loops.py"
UNKNOWN = kind(
    "MF010", "warning", "both sides send on what they do not know",
    about="Mail for an address that nobody has goes back and forth between two servers until one of them counts too many "
    "hops (5.4.14, 5.4.6). Known addresses arrive; typing errors and harvesters make the circles.",
    fix="Let one side refuse: make the domain Authoritative and everybody elsewhere a mail user, or make it local on the other "
    "side and let those who have moved stand there as forwards.",
    test=_TEST,
)  # fmt: skip
KNOWN = kind(
    "MF011", "error", "a known address goes in circles between servers",
    about="Each of two servers believes that the other one has this mailbox. Mail for it ends at a hop limit, and its sender "
    "gets a report (5.4.14, 5.4.6).",
    fix="Give one of them the mailbox: turn the mail user into a mailbox, or create the user again where it was.",
    test=_TEST,
)  # fmt: skip
SELF = kind(
    "MF012", "error", "a server sends mail back to itself",
    about="The domain is one that the server sends on, no connector says where to, and the MX leads to the same server. Mail comes "
    "back to it until it notices (5.4.14).",
    fix="Enable or add the connector to the other server, or make the domain Authoritative.",
    test=_TEST,
)  # fmt: skip
SPLIT = kind(
    "MF013", "error", "one address has mailboxes on two servers",
    about="Where a message ends depends on where it comes in: each server delivers to its own mailbox, and nobody gets an error.",
    fix="Remove one of the two mailboxes, or make it a forward to the other.",
    test=_TEST,
)  # fmt: skip

_DECIDED = ("DIRECTORY", "RECIPIENT", "DOMAIN", "MAILBOX", "CONNECTOR", "ROUTE")
"""The steps that send a message on, the one that matters most first."""
_WITHIN = ("ROUTE", "MAILBOX", "CONNECTOR", "DIRECTORY", "RECIPIENT", "DOMAIN")
"""The same, for a server that calls itself because a connector or an alias says so."""
_CLIENT, _SENDER = "192.0.0.9", Address.parse("someone@relay-probe.invalid")


def loops(ground: LabGround) -> Iterator[Finding]:
    """MF010, MF011, MF012: one finding for each address and circle."""
    told: set[tuple[str, frozenset[str]]] = set()
    for asked in ground.asked:
        if any(e["reason"] == "self-mx" for e in asked.played.log.of("unroutable")):
            continue  # that is MF016
        for ending in asked.played.endings:
            circle = _circle(ending) if ending.path.end.word == "LOOP" else frozenset()
            key = (str(asked.to), circle)
            if circle and key not in told:
                told.add(key)
                yield _loop(ground, asked, ending, circle)


def _circle(ending: Ending) -> frozenset[str]:
    counts = Counter(leg.server for leg in ending.path.legs)
    return frozenset(server for server, times in counts.items() if times > 1) or frozenset(
        {ending.path.legs[-1].server}
    )


def _loop(ground: LabGround, asked: Asked, ending: Ending, circle: frozenset[str]) -> Finding:
    own = len(circle) == 1
    which = SELF if own else KNOWN if asked.is_known else UNKNOWN
    whom = f"{asked.to}" if asked.is_known else f"an address that nobody has at {asked.to.domain}"
    way = "back to itself" if own else f"between {' and '.join(sorted(circle))}"
    reasons = [_why(asked, ending, server, own and _by_setting(asked, ending, server)) for server in sorted(circle)]
    at = next((place for _, place in reasons if place), NOWHERE) or ground.domains.get(asked.to.domain, NOWHERE)
    why = "; ".join(says for says, _ in reasons if says)
    server = f"{next(iter(circle))} sends " if own else ""
    off = _switched_off(ground, asked, ending, circle)
    if off:
        at, why = off.at or at, f"{why}; {off.name} is not used: {off.says}"
    says = f"{server}mail for {whom} {'' if own else 'goes '}{way}: {why}. It ends with {ending.path.end.code or 'a hop limit'}"
    severity = "error" if asked.is_known else "warning"
    return Finding(which, at, says, f"Enable {off.name}" if off else which.fix, severity)


def _switched_off(ground: LabGround, asked: Asked, ending: Ending, circle: frozenset[str]) -> Candidate | None:
    """A disabled connector of a server that turns in circles by itself, if mail arrives once it is enabled."""
    taken = False
    for event in asked.played.log.of("accepted", "decision") if len(circle) == 1 and asked.is_known else ():
        if event.host not in circle or event.msg != ending.msg:
            continue
        taken = taken or event.type == "accepted"
        for one in event.fields.get("candidates", ()) if taken else ():
            if one.reason == "disabled" and _leads_out(ground, asked, one.at):
                return one  # type: ignore[no-any-return]
    return None


def _leads_out(ground: LabGround, asked: Asked, switch: Source) -> bool:
    tree = _with(ground.tree, switch, "true") if switch else None
    lab = build_lab(tree, ProblemList(), ground.start, file=ground.lab.file) if tree else None
    played = (
        LabGround(lab, tree, start=ground.start, keys=ground.keys).mail(asked.sender, asked.to)
        if lab and tree
        else None
    )
    return played is not None and any(e.status == "delivered" for e in played.endings)


def _with(node: Node, at: Source, text: str) -> Node:
    """A tree with another scalar at one place."""
    if node.is_scalar:
        return Node(Scalar(text), node.at) if node.at == at else node
    if node.is_list:
        return Node(tuple(_with(item, at, text) for item in node.items), node.at)
    return Node({e.key.casefold(): Entry(e.key, e.key_at, _with(e.node, at, text)) for e in node.entries}, node.at)


def _by_setting(asked: Asked, ending: Ending, server: str) -> bool:
    """Whether a connector or an alias leads a server back to itself, and not the lack of one."""
    return any(
        e["step"] in ("CONNECTOR", "MAILBOX") and e["outcome"] in ("chosen", "alias", "forward")
        for e in asked.played.log.of("decision")
        if e.host == server and e.msg == ending.msg
    )


def _why(asked: Asked, ending: Ending, server: str, own: bool = False) -> tuple[str, Source]:
    """What that server decided when it first sent the message on, and the setting behind it."""
    steps: list[Event] = []
    taken = False
    for event in asked.played.log:
        if event.host != server or event.msg != ending.msg:
            continue
        if event.type == "accepted":
            taken = True
        elif event.type == "decision" and taken and event["step"] in _DECIDED:
            steps.append(event)
        elif steps and event.type in ("session.open", "dns", "attempt", "unroutable"):
            break
    order = _WITHIN if own else _DECIDED
    first = min((e for e in steps if e.at), key=lambda e: (order.index(e["step"]), e.seq), default=None)
    texts = dict.fromkeys(e["says"] for e in (*([first] if first else []), *steps[-1:]))
    told = ", ".join(texts).replace(f"{asked.to}", "it") if not asked.is_known else ", ".join(texts)
    return f"{server}: {told}" if told else "", first.at if first else NOWHERE


def split_brain(ground: LabGround) -> Iterator[Finding]:
    """MF013: for addresses with two mailboxes, where mail from everywhere ends."""
    homes: dict[Address, dict[str, Source]] = {}
    for person in ground.lab.people.values():
        for address, server in person.mailboxes:
            homes.setdefault(address, {})[server] = person.at
    for address, servers in homes.items():
        if len(servers) < 2:
            continue
        ends: dict[str, str] = {}
        for sender in ground.lab.people.values():
            if sender.address != address and (played := ground.mail(sender, address)):
                _note(ends, address, played, f"mail from {sender.name} at {sender.server}")
        severity = "error" if len(ends) > 1 else "warning"
        for server in servers:
            # Who still has an old MX in mind, and devices, hand mail to a server without asking the MX.
            if played := ground.stranger(server, _CLIENT, _SENDER, address):
                _note(ends, address, played, f"what is handed to {server}")
        if len(ends) > 1:
            where = " and ".join(f"{host} ({what})" for host, what in sorted(ends.items()))
            says = f"{address} has two mailboxes, and mail for it ends in both: {where}"
            yield Finding(SPLIT, list(servers.values())[-1], says, SPLIT.fix, severity)


def _note(ends: dict[str, str], address: Address, played: Played, what: str) -> None:
    for delivery in played.deliveries:
        if delivery.mailbox == address:
            ends.setdefault(delivery.host, what)
