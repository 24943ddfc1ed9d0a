"""Where faults meet mail: each occasion that a fault may have, asked in one place for both engines, and noted in the log.

    a connection is opened     connecting        down, cut at CONNECT
    a verb is said             Wire              slow, cut, reply
    EHLO, STARTTLS             Wire              strip, cert
    a question is asked        zone_for          answer; and what a cache has from before a change
    a recipient is taken       no_room           full: mailbox
    MAIL is said               Wire.before       full: disk; clock, by which the host judges what comes
    a host works on its mail   parks, tells_time down, clock

What strikes becomes an event `fault` at the server that it strikes, with the message that it befalls. The plan engine turns
the answers into what a client would hear; the live engine carries them out on the wire, and its client hears it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

from simulator.faults import CutOff, Fault, Strike
from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.policy.host import SaysMailboxFull
from simulator.queue import Work
from simulator.topology import CertificateSpec
from simulator.world import Passage, World
from simulator.zone import Question, Zone

__all__ = ["Wire", "connecting", "full_mailbox", "no_room", "parks", "shown_by", "tells_time", "zone_for"]

DISK_FULL = Reply(452, "4.3.1", "Insufficient system storage")  # RFC 5321 4.2.3, RFC 3463 3.4
MAILBOX_FULL = Reply(452, "4.2.2", "Mailbox full")  # RFC 3463 3.3; RFC 5321 4.2.3 has 452 for it
_RETURNED = Reply(552, "5.2.2", "Mailbox full")
_PATIENCE = {"DATA": timedelta(minutes=2), "END": timedelta(minutes=10)}  # RFC 5321 4.5.3.2, else
_MOST = timedelta(minutes=5)


def connecting(world: World, server: str, passage: Passage | None) -> str:
    """What comes of opening a connection: "" where the listener is reached, else refused, timeout or reset."""
    if not world.faults:
        return ""
    client = passage.client if passage else ""
    if struck := world.faults.strike("down", world.now, lambda f: f.meets(server, client)):
        _note(world, struck, server, passage, verb="CONNECT")
        return "timeout" if struck.fault.how == "silent" else struck.fault.how

    def is_cut(fault: Fault) -> bool:
        return (fault.verb, fault.how) == ("CONNECT", "before") and fault.meets(server, client)

    if struck := world.faults.strike("cut", world.now, is_cut):
        _note(world, struck, server, passage, verb="CONNECT")
        return "reset"
    return ""


class Wire:
    """One connection to a listener, and what may go wrong with it at each verb."""

    def __init__(self, world: World, server: str) -> None:
        self.world, self.server = world, server
        self._too_late = False
        self.waited = timedelta(0)
        """The mail time that replies took since somebody set this to nothing."""

    def before(self, verb: str, passage: Passage | None, copies: Iterable[str] = ()) -> Reply | None:
        """A verb has come: a reply to give instead of the host's; raises `CutOff` where the host never sees it."""
        if not self.world.faults:
            return None
        if verb == "MAIL" and passage:
            tells_time(self.world, self.server, passage.msg, passage.hop + 1)
        self._wait(verb, passage, copies)
        if verb != "CONNECT":
            self._cut("before", verb, passage)
        if self._strikes("full", passage, lambda f: f.how == "disk" and f.verb == verb, verb=verb):
            return DISK_FULL
        struck = self._strikes("reply", passage, lambda f: f.verb == verb, verb=verb)
        return struck.fault.reply if struck else None

    def during(self, verb: str, passage: Passage | None) -> None:
        """Between the go-ahead and what was to follow. Raises `CutOff`."""
        if self.world.faults:
            self._cut("during", verb, passage)

    def after(self, verb: str, passage: Passage | None, copies: Iterable[str] = ()) -> None:
        """The host has acted; raises `CutOff` where its reply is lost. `copies` are the sender's that it took."""
        if self.world.faults:
            if self._too_late:
                raise CutOff("timeout")
            self._cut("after", verb, passage, copies)

    def announced(self, keywords: tuple[str, ...], passage: Passage | None) -> tuple[str, ...]:
        """What of the keywords arrives."""
        if not self.world.faults:
            return keywords
        return tuple(keyword for keyword in keywords if not self._is_stripped(keyword, passage))

    def _is_stripped(self, keyword: str, passage: Passage | None) -> bool:
        name = keyword.partition(" ")[0].upper()
        return self._strikes("strip", passage, lambda f: f.how == name, verb="EHLO") is not None

    def shown(self, spec: CertificateSpec | None, passage: Passage | None) -> CertificateSpec | None:
        """The certificate that STARTTLS shows. A bad one of the client's is noted as well: both are shown now."""
        if not self.world.faults or spec is None:
            return spec
        client = passage.client if passage else ""
        if client and (bad := self.world.faults.strike("cert", self.world.now, lambda f: f.at == client)):
            _note(self.world, bad, client, passage, verb="STARTTLS")
        struck = self._strikes("cert", passage, lambda _: True, verb="STARTTLS")
        return replace(spec, defect=struck.fault.how) if struck else spec

    def _wait(self, verb: str, passage: Passage | None, copies: Iterable[str]) -> None:
        client, patience = passage.client if passage else "", _PATIENCE.get(verb, _MOST)

        def fits(fault: Fault) -> bool:
            return fault.meets(self.server, client) and fault.verb in ("", verb)

        struck = self.world.faults.strike("slow", self.world.now, fits)
        if struck is None:
            return
        too_late = struck.fault.span > patience
        # Only a reply that nobody waited for explains that the message is sent again.
        _note(self.world, struck, self.server, passage, verb=verb, copies=copies if too_late else ())
        self.world.elapse(min(struck.fault.span, patience))
        self.waited += min(struck.fault.span, patience)
        if not too_late:
            return
        if verb != "END":
            raise CutOff("timeout")
        self._too_late = True  # RFC 1047: the host takes the message, and its client has gone

    def _cut(self, when: str, verb: str, passage: Passage | None, copies: Iterable[str] = ()) -> None:
        def fits(fault: Fault) -> bool:
            return (fault.verb, fault.how) == (verb, when)

        if self._strikes("cut", passage, fits, verb=verb, copies=copies):
            raise CutOff("handshake" if (verb, when) == ("STARTTLS", "during") else "reset")

    def _strikes(
        self, kind: str, passage: Passage | None, fits: Callable[[Fault], bool], *, verb: str = "",
        copies: Iterable[str] = (),
    ) -> Strike | None:  # fmt: skip
        client = passage.client if passage else ""
        struck = self.world.faults.strike(kind, self.world.now, lambda f: f.meets(self.server, client) and fits(f))
        if struck:
            _note(self.world, struck, self.server, passage, verb=verb, copies=copies)
        return struck


def zone_for(world: World, zone: Zone, question: Question, host: str, msg: str = "", hop: int = 0) -> Zone:
    """What DNS has to say to a question of `host`, where `zone` is what it would say to one without a cache."""
    if world.lab.caches and question.type != "TLSA":  # the name of a certificate means one of the lab that runs
        zone = world.remembered(host) or zone
    if not world.faults:
        return zone
    name = question.name.lower().removesuffix(".")

    def fits(fault: Fault) -> bool:
        return fault.dns[0] == name and fault.dns[1] in ("*", question.type) and fault.at in ("", host)

    struck = world.faults.strike("answer", world.now, fits)
    if struck is None:
        return zone
    fault = struck.fault
    _noted(world, fault, struck.nth, host, msg, hop)
    if fault.how not in ("records", "forged"):
        return replace(zone, failures={**zone.failures, (name, question.type): fault.how})
    records = {key: data for key, data in zone.records.items() if key != (name, question.type)}
    if fault.records:
        records[name, question.type] = fault.records
    # Who validates finds a forged answer out; one that is merely old was signed as well.
    bogus = {name: "bogus"} if fault.how == "forged" and zone.signature(name) == "signed" else {}
    return replace(zone, records=records, signed={**zone.signed, **bogus})


def no_room(world: World, server: str, recipient: Address, passage: Passage | None) -> Reply | None:
    """At RCPT: the refusal of a mailbox that is full, for hosts that look before they take a message."""
    if not world.faults:
        return None
    host = world.host(server)
    if isinstance(host, SaysMailboxFull) or not host.owns(recipient):
        return None
    struck = world.faults.strike("full", world.now, lambda f: _holds(f, server, recipient))
    if struck:
        _note(world, struck, server, passage, verb="RCPT")
    return MAILBOX_FULL if struck else None


def full_mailbox(world: World, work: Work, mailbox: Address) -> Reply | None:
    """At delivery: what a mailbox that is full returns. Mail that was taken is not asked to wait any more."""
    if not world.faults:
        return None
    host = world.host(work.host)
    struck = world.faults.strike("full", world.now, lambda f: _holds(f, work.host, mailbox))
    if struck is None:
        return None
    _note(world, struck, work.host, Passage(work.msg, work.hop - 1, ""), verb="")
    return host.mailbox_full(mailbox) if isinstance(host, SaysMailboxFull) else _RETURNED


def _holds(fault: Fault, server: str, mailbox: Address) -> bool:
    return fault.how == "mailbox" and fault.at == server and (not fault.mailboxes or mailbox in fault.mailboxes)


def shown_by(world: World, client: str, spec: CertificateSpec | None) -> CertificateSpec | None:
    """What a server shows when it is the client and would show `spec`."""
    if spec is None or not world.faults:
        return spec
    bad = next((f for f in world.faults.active("cert", world.now) if f.at == client), None)
    return replace(spec, defect=bad.how) if bad else spec


def parks(world: World, work: Work) -> bool:
    """Puts work of a host that is down aside until it is up again; False where it may go on."""
    until = world.down_until(work.host)
    if until is not None:
        world.queue.put(replace(work, due=until))
    return until is not None


def tells_time(world: World, host: str, msg: str, hop: int) -> None:
    """Notes that a host works by a wrong clock."""
    for fault in world.faults.active("clock", world.now) if world.faults else ():
        if fault.at == host:
            _noted(world, fault, 1, host, msg, hop)


def _note(
    world: World, struck: Strike, server: str, passage: Passage | None, *, verb: str, copies: Iterable[str] = ()
) -> None:
    msg, hop = (passage.msg, passage.hop + 1) if passage else ("", 0)
    _noted(world, struck.fault, struck.nth, server, msg, hop, verb, copies)


def _noted(
    world: World, fault: Fault, nth: int, host: str, msg: str, hop: int, verb: str = "", copies: Iterable[str] = ()
) -> None:
    world.log.add(
        "fault", now=world.now, host=host, msg=msg, hop=hop, at=fault.source, kind=fault.kind, name=fault.name,
        where=fault.where, says=fault.says, nth=nth, verb=verb, copies=list(copies),
    )  # fmt: skip
