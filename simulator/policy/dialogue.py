"""What a sending host says next: one SMTP client session as a generator, without a socket.

The engine carries out each action and sends back what it heard. The live engine does it with a socket, the plan
engine by asking the other host's policy; neither knows the order of verbs, which stands only here:

    Connect -> Hello -> [StartTls -> Hello] -> [Login] -> MailFrom -> RcptTo... -> Data -> Quit

    [Resume ->] MailFrom -> RcptTo... -> Data -> Quit, or Leave where another message may follow (`policy.reuse`)

An errand without recipients only looks whether the other side would do: it quits once TLS has been judged.

TLS (RFC 3207): opportunistic senders try STARTTLS where it is offered and go on in clear text on a new connection
when the handshake fails; a demand that TLS does not meet ends the session before MAIL, so the message waits.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from simulator.mail.address import Address, Sender
from simulator.mail.envelope import Parameters
from simulator.mail.message import Message
from simulator.mail.reply import Reply
from simulator.mail.tls import TlsFacts
from simulator.policy.attempt import Open, Target, Try
from simulator.policy.tls import Demand, Level, Verdict, judge
from simulator.value import value

__all__ = [
    "NO_EHLO", "NO_SMTPUTF8", "NO_SMTPUTF8_HEADER", "Action", "Broken", "Connect", "Data", "Errand", "Heard", "Hello", "Leave", "Login", "MailFrom", "Quit", "RcptTo", "Reset",
    "Resume", "Said", "Secured", "StartTls", "converse",
]  # fmt: skip

NO_EHLO = (500, 502, 504)
"""Replies to EHLO after which HELO is tried (RFC 5321 4.1.4)."""

NO_SMTPUTF8 = "no-smtputf8"
"""The reason of a session that ended because an address outside ASCII cannot go to a host without SMTPUTF8."""


NO_SMTPUTF8_HEADER = "no-smtputf8-header"
"""The same of a message that came with SMTPUTF8 because of what stands in its header (RFC 6531 3.2)."""


@value
class Connect:
    """Open a connection from `source` (a public address of the sender) and hear the banner."""

    target: Target
    source: str
    port: int = 25
    passage: object = None  # what the session carries, for the engine to pass on to a listener of the lab


@value
class Hello:
    name: str


@value
class StartTls:
    """STARTTLS and the handshake: `Secured`, or `Said` when refused, or `Broken("handshake")`."""

    server_name: str
    certificate: bool = True  # whether the client shows its own certificate when asked
    version: str = ""  # the only one it speaks
    shows: object = None  # which of its certificates, for the engine


@value
class Login:
    user: str
    password: str


@value
class MailFrom:
    sender: Sender
    parameters: Parameters = field(default_factory=dict)
    passage: object = field(default=None, compare=False)  # what this transaction carries, as `Connect` has it


@value
class RcptTo:
    recipient: Address
    parameters: Parameters = field(default_factory=dict)


@value
class Data:
    """DATA, and the content after 354. Heard: the final reply, or the refusal of DATA."""

    content: bytes | Message

    @property
    def octets(self) -> bytes:
        """What a wire carries."""
        return self.content.content if isinstance(self.content, Message) else self.content


@value
class Quit:
    """QUIT and close. The answer does not matter."""


@value
class Reset:
    """RSET: nothing is left of the transaction."""


@value
class Leave:
    """Leave the connection open under this number. Nothing is said, and nothing heard."""

    number: int


@value
class Resume:
    """Go on with the connection that was left open under this number. Nothing is said, and nothing heard."""

    number: int


Action = Connect | Hello | StartTls | Login | MailFrom | RcptTo | Data | Reset | Leave | Resume | Quit


@value
class Said:
    """A reply; after Hello with the announced keywords in upper case ("SIZE 157286400")."""

    reply: Reply
    keywords: tuple[str, ...] = ()


@value
class Secured:
    tls: TlsFacts


@value
class Broken:
    """No reply came: "refused", "timeout", "reset" or "handshake"."""

    how: str


Heard = Said | Secured | Broken


@value
class Errand:
    """What the client wants done in one session."""

    source: str  # the public address it comes from
    helo: str
    sender: Sender
    recipients: tuple[Address, ...]
    content: bytes | Message
    tls: Demand = field(default_factory=Demand)
    port: int = 25
    parameters: Parameters = field(default_factory=dict)
    recipient_parameters: dict[Address, Parameters] = field(default_factory=dict)
    login: tuple[str, str] | None = None
    passage: Any = None  # passed on with `Connect`; policy does not look into it
    asks_only: bool = False  # leaves after RCPT: only what is said of the recipients matters
    leaves: int = 0  # the number under which the connection is to stay open afterwards; 0 says QUIT

    @property
    def has_plain_header(self) -> bool:
        message = self.content if isinstance(self.content, Message) else Message.parse(self.content)
        return all(raw.isascii() for _, raw in message.fields)

    @property
    def size(self) -> int:
        """Octets of the content."""
        return self.content.size if isinstance(self.content, Message) else len(self.content)


_EXTENSIONS = {"BODY": "8BITMIME", "RET": "DSN", "ENVID": "DSN", "NOTIFY": "DSN", "ORCPT": "DSN"}
"""The keyword that announces a parameter, where it is not the parameter's own name (RFC 6152, RFC 3461)."""


_ENDING = (421, *range(500, 505))
"""Replies after which no further message is tried on a connection (RFC 5321 4.2.3)."""


@dataclass(slots=True)
class _Ended(Exception):
    """Leaves the session at a stage; carried as a value, never seen outside this module."""

    stage: str
    reply: Reply | None = None
    broken: str = ""
    verdict: Verdict | None = None


def converse(
    target: Target, errand: Errand, now: datetime, line: Open | None = None
) -> Generator[Action, Heard, Try]:  # fmt: skip
    """One session with one target, or another transaction on `line`; ends with what came of it, never with an exception."""
    clear_only = errand.tls.never
    while True:
        attempt = yield from _session(target, errand, now, clear_only, line)
        # RFC 3207 4.1 leaves it to the client: opportunistic senders deliver in clear text rather than not at all.
        if attempt.broken != "handshake" or errand.tls.level != Level.OPPORTUNISTIC or clear_only:
            return attempt
        clear_only = True


def _session(
    target: Target, errand: Errand, now: datetime, clear_only: bool, line: Open | None
) -> Generator[Action, Heard, Try]:  # fmt: skip
    tls = line.tls if line else None
    offered = line.offered if line else frozenset()
    banner: Reply | None = None
    answers: dict[Address, Reply] = {}
    try:
        if line:
            yield Resume(line.number)
        else:
            greeting = _said((yield Connect(target, errand.source, errand.port, errand.passage)), "CONNECT").reply
            banner = None if errand.recipients else greeting
            offered = _names(_said((yield Hello(errand.helo)), "EHLO").keywords)
            if "STARTTLS" in offered and not clear_only:
                tls = yield from _secure(target, errand.tls)
                if tls:
                    offered = _names(_said((yield Hello(errand.helo)), "EHLO").keywords)
        verdict = judge(errand.tls, tls, now, target.name)
        if not verdict.ok:
            raise _Ended("TLS", verdict=verdict)
        if not errand.recipients:
            yield Quit()
            return Try(target, tls=tls, banner=banner)
        if errand.login and not line:
            _said((yield Login(*errand.login)), "AUTH")
        declared = _understood(_declared(errand, offered), offered)
        _said((yield MailFrom(errand.sender, declared, errand.passage)), "MAIL")
        for recipient in errand.recipients:
            told = _understood(errand.recipient_parameters.get(recipient, {}), offered)
            heard = yield RcptTo(recipient, told)
            if not isinstance(heard, Said):
                raise _Ended("RCPT", broken=heard.how if isinstance(heard, Broken) else "reset")
            answers[recipient] = heard.reply
            if heard.reply.code == 421:  # RFC 5321 3.8: the other side is closing
                raise _Ended("RCPT", reply=heard.reply)
        if errand.asks_only:
            yield Quit()
            return Try(target, tls=tls, recipients=answers)
        accepted = [r for r, reply in answers.items() if reply.ok]
        if not accepted:
            raise _Ended("RCPT", reply=answers[errand.recipients[-1]])
        final = _said((yield Data(errand.content)), "DATA")
        answers.update(dict.fromkeys(accepted, final.reply))
        left = yield from _parted(errand, Open(errand.leaves, tls, offered), answers)
        return Try(target, tls=tls, recipients=answers, reply=final.reply, dsn="DSN" in offered, open=left)
    except _Ended as end:
        left = None if end.broken else (yield from _parted(errand, Open(errand.leaves, tls, offered), answers, end))
        return Try(target, end.stage, end.reply, end.broken, end.verdict, tls, answers, banner, open=left)


def _parted(
    errand: Errand, line: Open, answers: dict[Address, Reply], end: _Ended | None = None
) -> Generator[Action, Heard, Open | None]:
    """The end of a transaction: the connection is left open where the errand says so and it may be, else QUIT."""
    leaves = bool(errand.leaves) and all(reply.code not in _ENDING for reply in answers.values())
    if leaves and end:  # a refusal of the message says nothing about the connection; 421 and a wrong command do
        says = end.reply if end.stage in ("MAIL", "RCPT", "DATA") else None
        leaves = says is not None and says.code not in _ENDING
        if leaves:
            heard = yield Reset()
            leaves = isinstance(heard, Said) and heard.reply.ok
    yield Leave(errand.leaves) if leaves else Quit()
    return line if leaves else None


def _said(heard: Heard, stage: str) -> Said:
    """A reply that lets the session go on."""
    if isinstance(heard, Broken):
        raise _Ended(stage, broken=heard.how)
    if not isinstance(heard, Said):
        raise _Ended(stage, broken="reset")
    if not heard.reply.ok:
        raise _Ended("BANNER" if stage == "CONNECT" else stage, reply=heard.reply)
    return heard


def _declared(errand: Errand, offered: frozenset[str]) -> Parameters:
    """The parameters of MAIL as they are true of the message now."""
    # RFC 1870 6.4: a relay declares the size that the message has now.
    declared: dict[str, str | None] = {**errand.parameters, "SIZE": str(errand.size)}
    if not all(str(a or "").isascii() for a in (errand.sender, *errand.recipients)):
        if "SMTPUTF8" not in offered:  # RFC 6531 3.2: such an address cannot go to a host without it
            raise _Ended(
                "MAIL", verdict=Verdict(False, NO_SMTPUTF8, "the address needs SMTPUTF8, which is not offered")
            )
        declared["SMTPUTF8"] = None
    elif "SMTPUTF8" in declared and "SMTPUTF8" not in offered and not errand.has_plain_header:
        raise _Ended(
            "MAIL", verdict=Verdict(False, NO_SMTPUTF8_HEADER, "the header needs SMTPUTF8, which is not offered")
        )
    return declared


def _understood(parameters: Parameters, offered: frozenset[str]) -> Parameters:
    # RFC 5321 4.1.1.11: a client must not send parameters of extensions that the server did not announce.
    return {k: v for k, v in parameters.items() if _EXTENSIONS.get(k, k) in offered}


@lru_cache(256)
def _names(keywords: tuple[str, ...]) -> frozenset[str]:
    return frozenset(keyword.partition(" ")[0].upper() for keyword in keywords)


def _secure(target: Target, demand: Demand) -> Generator[Action, Heard, TlsFacts | None]:
    heard = yield StartTls(target.name, demand.certificate, demand.version, demand.shows)
    if isinstance(heard, Secured):
        return heard.tls
    if isinstance(heard, Broken):
        raise _Ended("STARTTLS", broken=heard.how)
    return None  # offered, then refused (454): the demand decides whether clear text will do
