"""A listening host's side of one connection, without a socket: verb in, reply out, everything noted in the log.

The live listener calls it with what its parser read; the plan engine calls it directly. It keeps the transaction
(who, for whom), asks the host's policy at each verb, and after the final dot hands the message to whichever host
owns each recipient (the tenants of one service share a front door).

A planned fault may take the word from the host at any verb, or end the connection: then a method raises `CutOff`.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from simulator.inquiry import inquire
from simulator.mail.address import Address, Sender, sender_text
from simulator.mail.envelope import Envelope, Parameters, announced_size, told
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.mail.tls import TlsFacts
from simulator.mishaps import Wire, no_room
from simulator.mistakes import Mistakes
from simulator.outside import come_back, handed_on, refused
from simulator.policy.asking import Asking
from simulator.policy.decision import Decision
from simulator.policy.dialogue import NO_EHLO, Action
from simulator.policy.host import AsksNext, Held, chooses_certificate, speaks_plainly
from simulator.policy.moment import Moment
from simulator.topology import CertificateSpec
from simulator.world import Passage, World
from simulator.zone import Question

__all__ = ["Reception"]

_GO_AHEAD_TLS = Reply(220, "2.0.0", "SMTP server ready")
_GO_AHEAD_DATA = Reply(354, "", "Start mail input; end with <CRLF>.<CRLF>")
_BYE = Reply(221, "2.0.0", "Service closing transmission channel")
_TOO_LARGE = Reply(552, "5.3.4", "Message size exceeds fixed maximum message size")  # RFC 1870 6.1
_TLS_FIRST = Reply(538, "5.7.11", "Encryption required for requested authentication mechanism")  # RFC 4954 6


class Reception:
    """One connection to `session.server`. `passage` is what comes now: None for a client from outside the lab."""

    def __init__(self, world: World, session: Session, passage: Passage | None) -> None:
        self.world, self.session = world, session
        self.host = world.host(session.server)
        self._lab_client = passage
        self.passage = passage
        self._wire = Wire(world, session.server)
        self._envelope: Envelope | None = None
        self._taken: dict[Address, Decision] = {}
        self._told_tls = False
        self.number = world.new_session()
        self.mistakes = Mistakes(self.host)
        self.limit: int | None = None  # octets that EHLO announced with SIZE (RFC 1870); 0 there means no limit

    @property
    def envelope(self) -> Envelope | None:
        return self._envelope

    @property
    def certificate(self) -> CertificateSpec | None:
        """What STARTTLS shows in this session; None where there is nothing to show."""
        if chooses_certificate(self.host):
            chosen = self.host.certificate_for(self.session)
            return chosen if isinstance(chosen, CertificateSpec) else None
        return self.world.lab.servers[self.session.server].certificate

    def waited(self) -> timedelta:
        """The mail time that faults made replies take since this was asked last."""
        waited, self._wire.waited = self._wire.waited, timedelta(0)
        return waited

    def open(self) -> Reply:
        """The banner, or a refusal of the connection."""
        passage = self.passage
        self._note(
            "session.open", peer=self.session.peer, client=passage.client if passage else "", port=self.session.port
        )
        instead = self._wire.before("CONNECT", passage)
        decision = Decision(instead) if instead else self.host.connect(self.session, self._moment())
        reply = self._answer("CONNECT", "", decision)
        self._wire.after("CONNECT", passage)
        return reply

    def starttls(self) -> Reply:
        """The go-ahead for a handshake, or why there is none."""
        reply = self._wire.before("STARTTLS", self.passage) or self._own(_GO_AHEAD_TLS)
        self._say("STARTTLS", reply)
        self._wire.after("STARTTLS", self.passage)
        return reply

    def shakes_hands(self) -> CertificateSpec | None:
        """After the go-ahead: the certificate that is shown now."""
        self._wire.during("STARTTLS", self.passage)
        return self._wire.shown(self.certificate, self.passage)

    def ready(self) -> Reply:
        """The go-ahead for content, or why there is none."""
        reply = self._wire.before("DATA", self.passage)
        if reply is None:
            return self._say("DATA", _GO_AHEAD_DATA)
        self._answer("DATA", "", Decision(reply), self._envelope.recipients if self._envelope else ())
        self.reset()
        return reply

    def receives(self) -> None:
        """After the go-ahead, content is coming in."""
        self._wire.during("DATA", self.passage)

    def quit(self) -> Reply:
        return self._say("QUIT", self._own(_BYE))

    def _say(self, verb: str, reply: Reply) -> Reply:
        self._note("smtp", verb=verb, line="", reply=str(reply))
        return reply

    def counted(self, reply: Reply) -> Reply:
        """What is said in place of a reply to a client that has made too many mistakes. Only a socket's client makes them."""
        ends = self.mistakes.after(reply, self.session)
        if ends is None:
            return reply
        self._steps(ends)
        return self._say("", ends.reply)

    def secured(self, tls: TlsFacts) -> None:
        """After a handshake: what was known before is forgotten (RFC 3207 4.2). Told to the log at the next EHLO."""
        self.session = self.session.with_(tls=tls, helo="", auth=None)
        self._told_tls = False
        self.reset()

    def hello(self, name: str, *, extended: bool = True) -> tuple[Reply, tuple[str, ...]]:
        """EHLO or HELO: the greeting and the keywords."""
        self.session = self.session.with_(helo=name)
        self.reset()
        tls = self.session.tls
        if tls and not self._told_tls:
            self._told_tls = True
            shown = tls.certificate
            self._note(
                "tls", version=tls.version, subject=shown.subject if shown else "", names=shown.all_names if shown else (),
                issuer=shown.issuer if shown else "", flaw=shown.flaw if shown else "", side="server",
            )  # fmt: skip
        verb = "EHLO" if extended else "HELO"
        if refusal := self._wire.before(verb, self.passage):
            if refusal.code in NO_EHLO and extended:  # HELO comes next: nothing is refused yet
                return self._say(verb, refusal), ()
            return self._answer(verb, name, Decision(refusal)), ()
        keywords = self._wire.announced(self.host.keywords(self.session), self.passage)
        self.limit = announced_size(keywords)
        reply = Reply(250, "", f"{self.host.fqdn} Hello [{self.session.peer}]")
        self._note("smtp", verb=verb, line=name, reply=str(reply), keywords=list(keywords) if extended else [])
        self._wire.after(verb, self.passage)
        return reply, keywords

    def login(self, user: str, password: str) -> Reply:
        if instead := self._wire.before("AUTH", self.passage):
            return self._answer("AUTH", user, Decision(instead))
        decision = self.host.login(self.session, user, password, self._moment())
        if decision.ok and self.host.submission.tls and not self.session.tls:
            decision = replace(decision, reply=self._own(_TLS_FIRST))
        if decision.ok:
            self.session = self.session.with_(auth=Address.parse(user))
        reply = self._answer("AUTH", user, decision)
        self._wire.after("AUTH", self.passage)
        return reply

    def mail(self, sender: Sender, parameters: Parameters) -> Reply:
        if self._lab_client is None:
            client = self.world.lab.server_at(self.session.peer)
            is_outsider = client is not None and client.runs_at
            self.passage = (
                come_back(self.world, client, sender)
                if client and is_outsider
                else Passage(self.world.new_message(), 0, "")
            )
        envelope = Envelope(sender, (), parameters)
        instead = self._wire.before("MAIL", self.passage)
        decision = Decision(instead) if instead else self.host.mail(self.session, envelope, self._moment())
        if decision.ok and self._is_over(int(parameters.get("SIZE") or 0)):
            decision = replace(decision, reply=self._own(_TOO_LARGE))
        if decision.ok:
            self._envelope = envelope
        reply = self._answer("MAIL", f"FROM:<{sender or ''}>{told(parameters)}", decision)
        self._wire.after("MAIL", self.passage)
        return reply

    def rcpt(self, recipient: Address, parameters: Parameters) -> Generator[Question | Action, Any, Reply]:
        """RCPT; a host may ask the next one before it answers."""
        assert self._envelope is not None
        instead = self._wire.before("RCPT", self.passage)
        decision = (
            Decision(instead) if instead
            else self.host.rcpt(self.session, self._envelope, recipient, self._moment())
        )  # fmt: skip
        if decision.ok and decision.asks is not None and isinstance(self.host, AsksNext):
            name, sender = self.host.name, self._envelope.sender
            outcome = yield from inquire(self.world, name, decision.asks, sender, recipient, self.passage)
            decision = self.host.next_said(decision, recipient, outcome, self._moment())
        if decision.ok and (full := no_room(self.world, decision.owner or self.host.name, recipient, self.passage)):
            decision = replace(decision, reply=full)
        if decision.ok:
            self._envelope = self._envelope.plus(recipient, parameters)
            self._taken[recipient] = decision
        reply = self._answer("RCPT", f"TO:<{recipient}>{told(parameters)}", decision, (recipient,))
        self._wire.after("RCPT", self.passage)
        return reply

    def content(self, content: bytes | Message) -> Asking[Reply]:
        """After the final dot. Either every owner takes its recipients, or nobody does and nothing is queued.

        Whatever has to be asked is asked before the first of them takes the message.

        The wire has octets; the plan hands the message across, which is read as its octets would be.
        """
        assert self._envelope is not None and self.passage is not None
        message = content.received() if isinstance(content, Message) else Message.parse(content)
        envelope, size = self._envelope, message.size
        shares = self._shares()
        copies = [self.passage.copies.get(recipient, "") for recipient in envelope.recipients]
        if instead := self._wire.before("END", self.passage, copies):
            self._answer("DATA", f"{size} octets", Decision(instead), envelope.recipients)
            self.reset()
            return instead
        replies: list[tuple[Held, Decision]] = []
        for recipients, taken in shares:
            owner = self.world.host(taken.owner or self.host.name)
            part = envelope.only(recipients)
            examining = owner.content(self.session, part, message, self.world.moment(owner.name), taken.facts)
            decision = yield from self._noting(examining)
            decision = replace(decision, facts={**taken.facts, **decision.facts})
            if decision.ok and self._is_over(size):
                decision = replace(decision, reply=self._own(_TOO_LARGE))
            if not decision.ok:
                decision = replace(decision, owner=owner.name, connector=decision.connector or taken.connector)
                reply = self._answer("DATA", f"{size} octets", decision, envelope.recipients)
                self.reset()
                self._wire.after("END", self.passage)
                return reply
            session = self.session if owner is self.host else self.session.with_(server=owner.name)
            held = Held(
                message, envelope.sender, recipients, session, self.world.clock(owner.name), taken.connector, decision.facts,
                envelope.parameters, part.recipient_parameters,
            )  # fmt: skip
            replies.append((held, decision))
        for held, decision in replies:
            owner = self.world.host(held.session.server)
            self._steps(decision)
            kept = held.with_message(owner.stamp(held, self.world.moment(owner.name)))
            self.world.take_in(kept, owner, self.passage)
            handed_on(self.world, self.passage, held.recipients, decision.reply)
        final = replies[0][1].reply
        self._note("smtp", verb="DATA", line=f"{size} octets", reply=str(final))
        self.reset()
        self._wire.after("END", self.passage, copies)
        return final

    def _noting(self, asking: Asking[Decision]) -> Asking[Decision]:
        """The same questions, every answer noted."""
        try:
            question = next(asking)
            while True:
                answer = yield question
                self._note("dns", question=str(question), status=answer.status, answer=answer.told)
                question = asking.send(answer)
        except StopIteration as done:
            decision: Decision = done.value
            return decision

    def too_large(self, octets: int) -> Reply:
        """After the final dot of a message so large that the listener kept nothing of it."""
        assert self._envelope is not None
        reply = self._answer("DATA", f"{octets} octets", Decision(self._own(_TOO_LARGE)), self._envelope.recipients)
        self.reset()
        return reply

    def _own(self, reply: Reply) -> Reply:
        """What a listener says by itself, without its enhanced code where the host has none in its own replies."""
        plain = speaks_plainly(self.host) and not self.host.enhanced_codes
        return replace(reply, enhanced="") if plain else reply

    def _is_over(self, octets: int) -> bool:
        return self.limit is not None and octets > self.limit

    def reset(self) -> None:
        """RSET, EHLO, or the end of a transaction."""
        self._envelope = None
        self._taken = {}

    def _shares(self) -> list[tuple[tuple[Address, ...], Decision]]:
        """Recipients that the same host takes in the same way, in the order in which they came."""
        shares: list[tuple[list[Address], Decision]] = []
        for recipient, taken in self._taken.items():
            for members, known in shares:
                if (known.owner, known.connector, known.facts) == (taken.owner, taken.connector, taken.facts):
                    members.append(recipient)
                    break
            else:
                shares.append(([recipient], taken))
        return [(tuple(members), taken) for members, taken in shares]

    def _answer(self, verb: str, line: str, decision: Decision, rcpts: tuple[Address, ...] | None = None) -> Reply:
        self._steps(decision, str(rcpts[0]) if rcpts and verb == "RCPT" else "")
        reply = decision.reply
        self._note("smtp", verb=verb, line=line, reply=str(reply))
        if not decision.ok:
            self._refuse(verb, decision, rcpts)
        return reply

    def _refuse(self, verb: str, decision: Decision, rcpts: tuple[Address, ...] | None) -> None:
        passage = self.passage
        if passage is None:
            return
        connectors = [c.name for c in (passage.connector, decision.connector) if c]
        called = decision.owner or self.host.name
        wired = not self.session.auth and (passage.connectors or self.host.has_connectors)
        at = next((s.at for s in reversed(decision.steps) if s.at), None)
        for recipient in passage.copies if rcpts is None else rcpts:
            self.world.log.add(
                "refused", now=self.world.now, host=called, msg=passage.msg, hop=passage.hop + 1, verb=verb,
                rcpt=str(recipient), parent=passage.copies.get(recipient, ""), client=passage.client,
                reply=str(decision.reply), codes=decision.reply.codes, loop=decision.loop, connectors=connectors,
                inbound=decision.connector.name if decision.connector else "",
                any_connectors=bool(connectors) or wired, facts=dict(decision.facts),
                sender=sender_text(self._envelope.sender) if self._envelope else "",
                because=decision.steps[-1].rule if decision.steps else "",
                at=at or (decision.connector.at if decision.connector else self.world.lab.servers[called].at),
            )  # fmt: skip
            refused(self.world, passage, (recipient,), decision.reply, called, loop=decision.loop)

    def _steps(self, decision: Decision, rcpt: str = "") -> None:
        passage = self.passage
        self.world.log.steps(
            decision.steps, now=self.world.now, host=decision.owner or self.host.name, rcpt=rcpt,
            msg=passage.msg if passage else "", hop=passage.hop + 1 if passage else 0,
        )  # fmt: skip

    def _note(self, type: str, **fields: Any) -> None:
        passage = self.passage
        self.world.log.write(
            type, self.world.now, self.host.name, passage.msg if passage else "", passage.hop + 1 if passage else 0,
            {"session": self.number, **fields},
        )  # fmt: skip

    def _moment(self) -> Moment:
        return self.world.moment(self.host.name)
