"""Who may hand something in here at all, and what recipients are told whoever asks: the questions before the mailbox.

    MAIL   demands tls           clear text                                          530 5.7.0 (or 451 5.7.3)
           demands certificate   no good client certificate of that name             550 5.7.1
    RCPT   answers               the reply written for the recipient, or for *
           accepts from          an address that is not listed                       550 5.7.1
           retry after           a client, sender and recipient not seen before      451 4.7.1 until the time has passed
    .      accepts from          a name whose addresses in DNS are not the client's  550 5.7.1

Names of `accepts from` are looked up at the end of the message, where a host may ask DNS. Whoever logged in is not asked any of
this but `demands tls`. A public MX must not demand TLS (RFC 3207 4): it is for hosts of partners who agreed on it.
"""

from __future__ import annotations

from datetime import timedelta

from simulator.mail.address import Address, Sender
from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.asking import Asking
from simulator.policy.decision import Candidate, Decision, Step
from simulator.policy.moment import Moment
from simulator.policy.patience import left_to_wait
from simulator.policy.ranges import contains
from simulator.policy.rules import rule
from simulator.policy.tls import chain_verdict, name_verdict
from simulator.products.internet.settings import InternetSettings
from simulator.products.internet.values import Answered
from simulator.products.internet.wording import say
from simulator.zone import Question

__all__ = ["by_address", "by_name", "come_back_later", "demanded", "written_answer"]

_TEST = "tests/products/internet/test_access.py"
DEMAND = rule(
    "NET-TLS-1", "A partner's host takes nothing in clear text, or from a client without the agreed certificate", fidelity="documented",
    source="RFC 3207 4; who demands what is the partners' agreement", test=_TEST,
)  # fmt: skip
ANSWERS = rule(
    "NET-RCPT-2", "A recipient that `answers` names is told what stands there, whoever asks", fidelity="inferred",
    source="stands for a mailbox that is full, busy or closed: RFC 5321 4.2, RFC 3463 3.3", test=_TEST,
)  # fmt: skip
ACCEPTS = rule(
    "NET-FROM-1", "A host with `accepts from` takes mail from the listed clients only", fidelity="inferred",
    source="stands for a host behind a gateway, whose firewall or policy knows its address", test=_TEST,
)  # fmt: skip
LATER = rule(
    "NET-GREY-1", "With `retry after` every client, sender and recipient is refused until the time has passed", fidelity="documented",
    source="RFC 6647 2.4", test=_TEST,
)  # fmt: skip


def demanded(session: Session, settings: InternetSettings, at: Moment) -> Decision | None:
    """The refusal of a session that is not secured as agreed."""
    name = settings.demands_certificate
    if not (settings.demands_tls or name):
        return None
    place = settings.at("demands_certificate" if name else "demands_tls")
    if session.tls is None:
        code, enhanced = settings.knobs.tls_refusal.split()
        why = Candidate("demands tls", False, "no-tls", "the client speaks in clear text", place)
        step = Step("TLS", DEMAND, "no-tls", why.says, (why,), place)
        return Decision(Reply(int(code), enhanced, "Must issue a STARTTLS command first"), (step,))
    if not name or session.auth:
        return None
    shown = session.tls.certificate
    verdict = chain_verdict(shown, at.now, purpose="client")
    if verdict.ok:
        verdict = name_verdict(shown, (name,))
    if verdict.ok:
        return None
    why = Candidate("demands certificate", False, verdict.reason, verdict.says, place)
    return Decision(
        say("no-certificate", name=name), (Step("TLS", DEMAND, verdict.reason, verdict.says, (why,), place),)
    )


def written_answer(answer: Answered | None, recipient: Address) -> Decision | None:
    """What `answers` says to a recipient."""
    if answer is None:
        return None
    says = f"{recipient} is answered {answer.reply.codes}"
    why = Candidate("answers", False, "answered", says, answer.at)
    return Decision(answer.reply, (Step("ANSWER", ANSWERS, "answered", says, (why,), answer.at),))


def by_address(session: Session, settings: InternetSettings) -> Decision | None:
    """The refusal of a client that is not listed; names are left for the end of the message."""
    clients = settings.accepts_from
    if not clients.ranges or clients.names or contains(clients.ranges, session.peer):
        return None
    return _stranger(session, settings, f"{session.peer} is not in accepts from")


def by_name(session: Session, settings: InternetSettings) -> Asking[Decision | None]:
    """The same for names: the addresses that they have in DNS are listed."""
    clients = settings.accepts_from
    if not clients.names or contains(clients.ranges, session.peer):
        return None
    unsure = ""
    for name in clients.names:
        answer = yield Question(name, "AAAA" if ":" in session.peer else "A")
        if session.peer in answer.records:
            return None
        unsure = unsure or (name if answer.failed else "")
    if unsure:
        return _stranger(session, settings, f"the addresses of {unsure} could not be had", now_or_never=False)
    return _stranger(session, settings, f"{session.peer} is no address of {', '.join(clients.names)}")


def _stranger(session: Session, settings: InternetSettings, says: str, *, now_or_never: bool = True) -> Decision:
    place = settings.at("accepts_from")
    why = Candidate("accepts from", False, "not-listed" if now_or_never else "not-known", says, place)
    reply = say("not-accepted" if now_or_never else "not-known", address=session.peer)
    return Decision(reply, (Step("CLIENT", ACCEPTS, why.reason, says, (why,), place),))


def come_back_later(
    session: Session, sender: Sender, recipient: Address, settings: InternetSettings, at: Moment
) -> tuple[Step | None, timedelta]:
    """How long the client has to wait still, nothing to let it go on; remembers when it came first."""
    wait = settings.retry_after
    if not wait:
        return None, timedelta(0)
    left, says = left_to_wait(session, sender, recipient, wait, at)
    place = settings.at("retry_after")
    why = Candidate("retry after", not left, "waited" if not left else "too-early", says, place)
    return Step("RETRY AFTER", LATER, why.reason, says, (why,), place), left
