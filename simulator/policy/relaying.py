"""What an attempt means for each recipient: handed on, refused, or in trouble that may pass (RFC 5321 4.2.1, 5.1).

Hosts differ in their words and in their patience, not in this. `settle` reads the outcome of an attempt, and asks the
host for two things only: when the next attempt would be due, and how it puts a `Trouble` into words.

| what happened | kind | may it pass |
| --- | --- | --- |
| 5xx at MAIL, RCPT, DATA, or after the final dot | refused | no |
| 552 at RCPT without a reason of its own, others accepted | deferred | yes, too many recipients (RFC 5321 4.5.3.1.10) |
| 4xx at any verb | deferred | yes |
| 5xx at banner, EHLO, STARTTLS, AUTH: nothing said of the recipient | closed | yes, save 521 and 554 at the banner |
| no connection, connection lost | unreachable, lost | yes |
| TLS not good enough | tls | yes |
| DNS: no such domain, null MX, self-MX, no address | dns | no |
| DNS: no answer | dns | yes |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from simulator.mail.address import Address
from simulator.mail.reply import Reply
from simulator.policy.attempt import Outcome, Try
from simulator.policy.dialogue import NO_SMTPUTF8, NO_SMTPUTF8_HEADER
from simulator.policy.host import Held
from simulator.policy.route import Bounce, Fate, HandedOn, Keep, Relay
from simulator.policy.rules import rule
from simulator.value import value

__all__ = ["RELAY_FATE", "Trouble", "settle", "trouble", "without_smtputf8"]

RELAY_FATE = rule(
    "RELAY-FATE", "4xx and broken connections are tried again, 5xx for a recipient is final", fidelity="documented",
    source="RFC 5321 4.2.1 and 4.5.4.1", test="tests/policy/test_relaying.py",
)  # fmt: skip

_UTF8_CODES = {NO_SMTPUTF8: "5.6.7", NO_SMTPUTF8_HEADER: "5.6.9"}  # RFC 6531 3.5 and 3.6

_BROKEN = {
    "refused": "the connection was refused",
    "timeout": "the host did not answer",
    "reset": "the connection was lost",
    "handshake": "the TLS handshake failed",
}
_ABOUT_RECIPIENT = ("MAIL", "RCPT", "DATA", "END", "")


@value
class Trouble:
    """Why a recipient was not handed on. `says` is a neutral sentence; the host finds its own words."""

    kind: str  # "refused", "deferred", "closed", "unreachable", "lost", "tls", or a reason of `Unroutable`
    permanent: bool
    says: str
    host: str = ""  # the name that was tried or asked for
    address: str = ""
    remote: Reply | None = None
    reason: str = ""  # slug of the TLS verdict, how the connection broke, or "dnssec-bogus"

    @property
    def dns(self) -> bool:
        """DNS gave no target."""
        return not self.address


def settle(
    held: Held, relay: Relay, outcome: Outcome, *, due: datetime | None, word: Callable[[Trouble, bool], Reply],
    patience: Callable[[Trouble], bool] = lambda _: False,
) -> dict[Address, Fate]:  # fmt: skip
    """The fate of every recipient after an attempt.

    `due` is None when the message has expired. `word(trouble, gave_up)` is the queue's own text, or the report's when
    the host gave up by itself. `patience` may keep a recipient in spite of a permanent trouble in DNS.
    """
    fates: dict[Address, Fate] = {}
    for recipient in held.recipients:
        found = trouble(outcome, recipient, relay.recipient or recipient)
        if isinstance(found, Reply):
            fates[recipient] = HandedOn(found)
        elif found.permanent and found.remote:
            fates[recipient] = Bounce(found.remote, found.remote, refused=True)
        elif due is None or (found.permanent and not patience(found)):
            fates[recipient] = Bounce(word(found, True), found.remote, refused=False, loop=found.kind == "self-mx")
        else:
            fates[recipient] = Keep(word(found, False), due, found.remote)
    return fates


def without_smtputf8(outcome: Outcome, fates: Mapping[Address, Fate]) -> Mapping[Address, Fate]:
    """The fates after an attempt that ended because a target does not offer SMTPUTF8 (RFC 6531 3.2).

    The sending host itself cannot go on and waiting changes nothing, so whoever was not handed on before is returned.
    """
    last = outcome.last
    code = _UTF8_CODES.get(last.verdict.reason) if last and last.verdict else None
    if last is None or last.verdict is None or code is None:
        return fates
    returned = Bounce(Reply(550, code, last.verdict.says), refused=False)
    return {r: fate if isinstance(fate, HandedOn) else returned for r, fate in fates.items()}


def trouble(outcome: Outcome, recipient: Address, wire: Address) -> Reply | Trouble:
    """The reply with which the next host took a recipient, or why it did not. `wire` is its address on the way."""
    missing = outcome.unroutable
    if missing:
        why = "dnssec-bogus" if missing.bogus else ""
        return Trouble(missing.reason, missing.permanent, missing.says, missing.name, reason=why)
    for one in outcome.tries:
        answer = one.recipients.get(wire)
        if not one.stage and answer and answer.ok:
            return answer
    last = outcome.last
    if last is None:
        return Trouble("no-address", True, "there is no host to send to")
    # The last word about the recipient counts, but a session that broke down later takes an "ok" back.
    told = outcome.replies.get(recipient)
    if told and not told.ok:
        by = next((t for t in reversed(outcome.tries) if t.recipients.get(wire) == told or t.reply == told), last)
        permanent = told.permanent and not _too_many(told, by)
        kind = "refused" if permanent else "deferred"
        return Trouble(kind, permanent, f"{by.target.name} said {told}", by.target.name, by.target.address, told)
    return _failed(last)


def _failed(last: Try) -> Trouble:
    """A session that ended before it was about the recipient, or in the middle."""
    host, address = last.target.name, last.target.address
    if last.verdict:
        return Trouble("tls", False, f"{host}: {last.verdict.says}", host, address, reason=last.verdict.reason)
    if last.broken:
        kind = "unreachable" if last.stage == "CONNECT" else "lost"
        how = _BROKEN.get(last.broken, f"the connection failed ({last.broken})")
        return Trouble(kind, False, f"{host}: {how}", host, address, reason=last.broken)
    reply = last.reply
    if reply is None:
        return Trouble("lost", False, f"{host}: {_BROKEN['reset']}", host, address, reason="reset")
    says = f"{host} said {reply}"
    if last.stage not in _ABOUT_RECIPIENT and reply.permanent:
        # RFC 7504: 521 "does not accept mail". RFC 5321 3.1: 554 in place of the banner says the same.
        final = reply.code == 521 or (last.stage == "BANNER" and reply.code == 554)
        return Trouble("refused" if final else "closed", final, says, host, address, reply)
    return Trouble("refused" if reply.permanent else "deferred", reply.permanent, says, host, address, reply)


def _too_many(reply: Reply, one: Try) -> bool:
    others = any(answer.ok for answer in one.recipients.values())
    return reply.code == 552 and reply.enhanced in ("", "5.5.3") and others
