"""Mail that arrives and should not look so, or does not arrive and nobody is refused at the door.

MF080   an alias, a list or a mail user leads to nobody
MF019   a report for an address that nobody has goes to whoever stands in MAIL FROM
MF047   somebody's mail lands in Junk, or is held
MF055   mail waits for a server that does not answer
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simulator.check.ground import Asked, LabGround
from simulator.findings import Finding, kind
from simulator.mail.address import Address
from simulator.paths import Ending
from simulator.source import Source
from simulator.trace import Event

__all__ = ["backscatter", "dead_ends", "junk", "unanswered"]

_TEST = "tests/check/test_arrivals.py"
DEAD_END = kind(
    "MF080", "warning", "an address that a server knows leads to nobody",
    about="An alias, a list, a group or a mail user stands for this address, and mail for it is refused or returned, whoever writes: "
    "its target has moved, or never was.",
    fix="Let it name an address that exists: for somebody who has moved to Microsoft 365 the routing address.",
    test=_TEST,
)  # fmt: skip
BACKSCATTER = kind(
    "MF019", "note", "reports for unknown addresses go to forged senders",
    about="A server takes mail for the domain from outside before anybody knows whether the address exists. What is then "
    "refused is reported to MAIL FROM, which in spam is somebody who never wrote. Senders of such reports land on block lists.",
    fix="Let the first server know the addresses (the second variant of a coexistence), or point the MX to the one that does.",
    test=_TEST,
)  # fmt: skip
JUNK = kind(
    "MF047", "warning", "somebody's mail lands in Junk",
    about="Both have a mailbox in the lab, and mail from the one to the other is delivered into Junk or held: the server in between has an "
    "address that SPF does not list, and no connector vouches for it.",
    fix="Make a connector for the server in between, with Enhanced Filtering where it forwards for others.",
    test=_TEST,
)  # fmt: skip
WAITS = kind(
    "MF055", "error", "mail waits for a server that does not answer",
    about="The next server is stopped or nothing answers at its address. Mail waits in the queue and is returned when it expires; a device "
    "drops it.",
    fix="Name a server that runs: let devices send to the tenant, and remove connectors and mail users that lead to the old server.",
    test=_TEST,
)  # fmt: skip
_FORWARDS = ("alias", "forward", "forwards", "forwarded", "external", "list", "group")


def dead_ends(ground: LabGround) -> Iterator[Finding]:
    """MF080."""
    boxes = {a for p in ground.lab.people.values() for a, s in p.mailboxes if not ground.lab.hosts[s].submission.direct}
    by_address: dict[Address, list[Asked]] = {}
    for asked in ground.asked:
        if asked.is_known and asked.to not in boxes:
            by_address.setdefault(asked.to, []).append(asked)
    for address, some in by_address.items():
        ends = [_failed(one) for one in some]
        if all(ends) and ends[0] and ends[0].path.end.word != "LOOP":
            server = ends[0].path.legs[-1].server
            says = f"mail for {address} reaches nobody: {server} says {ends[0].event.get('reply', '') or ends[0].path.end.code}"
            yield Finding(DEAD_END, ground.known[address], says, DEAD_END.fix)


def _failed(asked: Asked) -> Ending | None:
    """How a message ended for good, where no copy of it arrived anywhere."""
    ends = asked.played.endings
    if any(e.status == "delivered" for e in ends):
        return None
    return next(
        (e for e in ends if e.path.end.word in ("REJECTED", "NDR", "LOOP") and e.path.end.code.startswith("5")), None
    )


def backscatter(ground: LabGround) -> Iterator[Finding]:
    """MF019: for each domain and the server that let the message in."""
    told: set[tuple[str, str]] = set()
    for asked in ground.asked:
        if asked.is_known or not ground.lab.hosts[asked.sender.server].submission.anybody:
            continue
        if any(e.path.end.word == "LOOP" for e in asked.played.endings):
            continue  # MF010 and MF012
        bounced = next((e for e in asked.played.log.of("bounced") if e["report"] and not e["loop"]), None)
        first = next((e for e in asked.played.log.of("accepted") if e["client"] == asked.sender.server), None)
        if (
            bounced is None
            or first is None
            or bounced.host == asked.sender.server
            or (first.host, asked.to.domain) in told
        ):
            continue
        told.add((first.host, asked.to.domain))
        says = (
            f"{first.host} takes mail from outside for addresses of {asked.to.domain} that nobody has; {bounced.host} reports to the "
            f"sender that stands in it: {bounced['codes']}"
        )
        yield Finding(
            BACKSCATTER,
            _decided(asked, first.host, ("DOMAIN",)) or ground.lab.servers[first.host].at,
            says,
            BACKSCATTER.fix,
        )


def junk(ground: LabGround, others: Iterable[Finding]) -> Iterator[Finding]:
    """MF047, where no finding about the sender's SPF has said it already. `others` is what has been told."""
    spf = " ".join(f.says for f in others if f.kind.id in ("MF040", "MF041", "MF042", "MF046"))
    told: set[tuple[str, str]] = set()
    for asked in ground.asked:
        domain = asked.sender.address.domain
        for event in asked.played.log.of("delivered", "held"):
            if event.type == "delivered" and event["folder"] != "Junk":
                continue
            before = _before(asked, event.host)
            if (event.host, before) in told or domain in spf or not asked.is_known:
                continue
            told.add((event.host, before))
            why = _why(asked, event.host)
            where = "is held" if event.type == "held" else "lands in Junk"
            says = f"mail from {asked.sender.name} to {asked.to} {where} at {event.host}, which has it from {before}: {why}"
            yield Finding(
                JUNK,
                _decided(asked, before, ("MAILBOX",), _FORWARDS) or ground.lab.servers[event.host].at,
                says,
                JUNK.fix,
            )


def _before(asked: Asked, host: str) -> str:
    """The server that handed the message to a host."""
    taken = [str(e["client"]) for e in asked.played.log.of("accepted") if e.host == host and e["client"]]
    return taken[-1] if taken else asked.sender.server


def _why(asked: Asked, host: str) -> str:
    said = [
        e["says"] for e in asked.played.log.of("decision") if e.host == host and e["step"] in ("SPF", "DMARC", "FILTER")
    ]
    return "; ".join(dict.fromkeys(said)) or "it is taken for spam"


def _decided(asked: Asked, host: str, steps: tuple[str, ...], outcomes: tuple[str, ...] = ()) -> Source | None:
    """The setting behind a step of a host."""
    for event in asked.played.log.of("decision"):
        if (
            event.host == host
            and event["step"] in steps
            and event.at
            and (not outcomes or event["outcome"] in outcomes)
        ):
            return event.at
    return None


def unanswered(ground: LabGround) -> Iterator[Finding]:
    """MF055, one for each pair of servers."""
    told: set[tuple[str, str]] = set()
    for asked in ground.asked:
        if not asked.is_known or any(e.status == "delivered" for e in asked.played.endings):
            continue
        last = _last_attempt(asked)
        if last is None or last["stage"] != "CONNECT" or (last.host, last["to"]) in told:
            continue
        if _by_mx(asked, last.host):
            continue  # that is MF043
        told.add((last.host, last["to"]))
        stopped = last["server"] in ground.lab.down
        state = f"{last['server']} is stopped" if stopped else f"nothing answers at {last['address']}"
        says = f"mail from {asked.sender.name} to {asked.to} waits at {last.host} for {last['to']}: {state}"
        yield Finding(WAITS, last.at or ground.lab.servers[last.host].at, says, WAITS.fix)


def _last_attempt(asked: Asked) -> Event | None:
    found: Event | None = None
    for event in asked.played.log.of("attempt"):
        found = event
    return found


def _by_mx(asked: Asked, host: str) -> bool:
    routes = [e["outcome"] for e in asked.played.log.of("decision") if e.host == host and e["step"] == "ROUTE"]
    return bool(routes) and routes[-1] == "mx"
