"""The rows of a validation: what the sessions and the test messages came to, as tasks with their sub-steps.

| task | sub-steps, the first failure ends them |
| ---- | -------------------------------------- |
| Check connectivity to '<host>' | resolve, connect, banner, EHLO, STARTTLS, certificate (as TlsSettings asks) |
| Send test email | route (this connector or another way), then MAIL, RCPT, DATA or where the session ended; hop count |

The sub-steps are what the service's own failures are named after; their words, and `TaskDetail`, are this simulator's.
"""

from __future__ import annotations

from datetime import timedelta

from simulator.policy.attempt import Try
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.policy.tls import Level
from simulator.policy.validation import Look, Order, Sent, Substep, Task

__all__ = ["ROUTED_OUT", "tasks"]

_TEST = "tests/products/exchange_online/test_validation.py"
_PAGE = "learn: Validate connectors in Exchange Online; CMD Validate-OutboundConnector"
TWO_TESTS = rule(
    "EXO-VAL-1", "A validation looks at every smart host and sends a test message to every recipient",
    fidelity="documented", source=_PAGE, test=_TEST,
)  # fmt: skip
OTHER_WAY = rule(
    "EXO-VAL-4", "The test message is routed like any other, and fails where another connector, the MX or a mailbox wins",
    fidelity="observed", source="field notes on connector validation", test=_TEST,
)  # fmt: skip
MUST_LEAVE = rule(
    "EXO-VAL-5", "A test message that waits after its first attempt has failed, and both tests are made whatever the other says",
    fidelity="inferred", source="no page says how long the service waits", test=_TEST,
)  # fmt: skip

ROUTED_OUT = "The test email was routed out from O365 without using any connector"
_HOP_COUNT = "Hop count exceeded: the test email came back to Office 365"


def tasks(asked: Order, looks: tuple[Look, ...], sent: tuple[Sent, ...], at: Moment) -> tuple[Task, ...]:
    """The rows: connectivity of each host, then the test message of each recipient."""
    return (*(_connectivity(asked, look, at) for look in looks), *(_email(asked, one) for one in sent))


def _connectivity(asked: Order, look: Look, at: Moment) -> Task:
    steps = tuple(_looked(asked, look, at))
    failed = next((s for s in steps if not s.ok), None)
    detail = f"{failed.name}: {failed.says}" if failed else "connected"
    return Task(f"Check connectivity to '{look.name}'", failed is None, detail, steps, TWO_TESTS, look.name)


def _looked(asked: Order, look: Look, at: Moment) -> list[Substep]:
    if look.unroutable:
        return [Substep("resolve", False, look.unroutable.says, asked.places[0].to.at)]
    found = [Substep("resolve", True, ", ".join(look.addresses[:4]))]
    one = next((t for t in look.tries if not t.stage), look.tries[-1])
    if one.stage == "CONNECT":
        return [*found, Substep("connect", False, f"{one.target.address} port 25: {_BROKEN[one.broken]}")]
    found.append(Substep("connect", True, f"{one.target.address} port 25"))
    if one.stage == "BANNER":
        return [*found, Substep("banner", False, str(one.reply))]
    found.append(Substep("banner", True, str(one.banner)))
    if one.stage == "EHLO":
        return [*found, Substep("EHLO", False, _how(one))]
    found.append(Substep("EHLO", True, f"said as {asked.helo}"))
    return [*found, *_secured(asked, one, at)]


_BROKEN = {
    "refused": "connection refused", "timeout": "no answer", "reset": "the connection was closed", "handshake": "no TLS came of it",
}  # fmt: skip
_DAY = timedelta(days=1)
_WORDS = {
    Level.OPPORTUNISTIC: "nothing",
    Level.ENCRYPTION: "EncryptionOnly",
    Level.CERTIFICATE: "CertificateValidation",
    Level.DOMAIN: "DomainValidation",
}


def _secured(asked: Order, one: Try, at: Moment) -> list[Substep]:
    """STARTTLS and the certificate, as TlsSettings asks."""
    wanted = f"TlsSettings asks for {_WORDS[asked.tls.level]}"
    if one.stage == "STARTTLS":
        return [Substep("STARTTLS", False, _how(one), asked.tls.at)]
    if one.tls is None:
        return [Substep("STARTTLS", not one.verdict, f"no TLS; {wanted}", asked.tls.at)]
    found = [Substep("STARTTLS", True, one.tls.version.replace("TLSv", "TLS "))]
    shown = one.tls.certificate
    if shown is None:
        return found if not one.verdict else [*found, Substep("certificate", False, one.verdict.says, asked.tls.at)]
    days = round((shown.not_after - at.now) / _DAY)
    who = f"CN={shown.subject}, issued by {shown.issuer}, {f'{days} days left' if days >= 0 else 'expired'}"
    if one.verdict:
        return [*found, Substep("certificate", False, f"{who}; {wanted}: {one.verdict.says}", asked.tls.at)]
    checked = "met" if asked.tls.level >= Level.CERTIFICATE else "not checked"
    return [*found, Substep("certificate", True, f"{who}; {wanted}: {checked}", asked.tls.at)]


def _how(one: Try) -> str:
    return str(one.reply) if one.reply else _BROKEN.get(one.broken, one.broken)


def _email(asked: Order, sent: Sent) -> Task:
    steps = tuple(_went(asked, sent))
    failed = next((s for s in steps if not s.ok), None)
    detail, by = sent.reply or "sent", TWO_TESTS
    if sent.loop:
        detail, by = f"{_HOP_COUNT} ({sent.loop})", OTHER_WAY
    elif failed and failed.name == "route":
        detail, by = ROUTED_OUT, OTHER_WAY
    elif failed:
        detail, by = f"{failed.name}: {failed.says}", MUST_LEAVE if sent.fate == "kept" else TWO_TESTS
    return Task("Send test email", failed is None, detail, steps, by, str(sent.recipient))


_VERBS = ("MAIL", "RCPT", "DATA")
_SESSION = {"CONNECT": "connect", "BANNER": "banner", "TLS": "certificate", "END": "DATA"}


def _went(asked: Order, sent: Sent) -> list[Substep]:
    name = asked.connector.name
    if set(sent.ways) != {name}:
        return [Substep("route", False, _way(sent, name)), *_looped(sent)]
    found = [Substep("route", True, f'over "{name}"', asked.connector.at)]
    if not sent.target:
        return [*found, Substep("resolve", False, sent.says or sent.reply), *_looped(sent)]
    for verb in _VERBS if sent.stage in (*_VERBS, "") else ():
        if verb == sent.stage:
            break
        said = {"MAIL": f"<{asked.sender}> accepted", "RCPT": f"<{sent.recipient}> accepted", "DATA": sent.reply}[verb]
        found.append(Substep(verb, True, said))
    if sent.stage:
        says = _BROKEN.get(sent.says, sent.says) or sent.reply
        found.append(Substep(_SESSION.get(sent.stage, sent.stage), False, f"{sent.target}: {says}"))
        found += [Substep("why", False, sent.why)] if sent.why else []
    elif sent.fate != "handed on" and not sent.loop:
        found.append(Substep("DATA", False, sent.reply or sent.fate))
    return [*found, *_looped(sent)]


def _looped(sent: Sent) -> list[Substep]:
    return [Substep("hop count", False, sent.loop)] if sent.loop else []


def _way(sent: Sent, wanted: str) -> str:
    """Which way the message went instead."""
    others = [way for way in sent.ways if way != wanted]
    if others and others[0]:
        return f'over another connector, "{others[0]}"'
    if others:
        return f"to the MX of {sent.recipient.domain}, over no connector"
    if sent.fate == "delivered":
        return f"{sent.recipient} has a mailbox in Office 365, so the message does not leave"
    return f"it did not leave Office 365: {sent.reply or sent.fate}"
