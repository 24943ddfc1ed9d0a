"""What an internet host finds out about a sender after the final dot: SPF, DKIM, DMARC.

    SPF     of MAIL FROM at the client's address, of the HELO name for the null sender      RFC 7208
    DKIM    every signature                                                                 RFC 6376
    DMARC   of the domain in From                                                           RFC 9989, 7489

Results are facts of the message (`spf`, `dkim`, `dmarc`, `ip`, ...). They are written into Authentication-Results (RFC 8601),
where a field that claims to be this host's own is taken out first, since anybody can write one (RFC 8601 5).

    Authentication-Results: mx.customer.example; spf=pass smtp.mailfrom=contoso.com; dkim=pass header.d=contoso.com
     header.s=selector1; dmarc=pass header.from=contoso.com

What people of this host hand in is not judged: they logged in.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.mail.address import Address
from simulator.mail.envelope import Envelope
from simulator.mail.mailboxes import author_of
from simulator.mail.message import Message
from simulator.mail.session import Session
from simulator.policy import dkim, dmarc, spf
from simulator.policy.asking import Asking
from simulator.policy.decision import Candidate, Step
from simulator.policy.dmarc import Discovery, DmarcVerdict
from simulator.policy.moment import Moment
from simulator.policy.rules import rule
from simulator.products.internet.settings import InternetSettings
from simulator.value import value

__all__ = ["RESULTS_FIELD", "Findings", "judged", "with_results"]

_TEST = "tests/products/internet/test_judging.py"
JUDGE = rule(
    "NET-AUTH-1", "SPF is judged at the client's address, each DKIM signature and DMARC at the end of the message",
    fidelity="documented", source="RFC 7208 2.3, RFC 6376 6, RFC 9989 5", test=_TEST,
)  # fmt: skip
RESULTS = rule(
    "NET-AUTH-2", "Results stand in Authentication-Results, and fields that claim to be this host's own are taken out",
    fidelity="documented", source="RFC 8601 2, 5", test=_TEST,
)  # fmt: skip
RESULTS_FIELD = "Authentication-Results"


@value
class Findings:
    """Facts for the log, the header and expectations; `author` is who wrote the message, as From says."""

    facts: Mapping[str, str]
    steps: tuple[Step, ...]
    author: Address | None
    asked: DmarcVerdict


def judged(
    session: Session, envelope: Envelope, message: Message, settings: InternetSettings, fqdn: str, at: Moment
) -> Asking[Findings]:
    """Asks DNS about the sender of a message from outside."""
    sent_by = yield from spf.check(session.peer, envelope.sender, session.helo, receiver=fqdn, now=at.now)
    signatures = yield from dkim.verify(message, at.keys, at.now)
    author = author_of(message)
    asked = yield from _dmarc(author, sent_by, signatures, settings, at)
    dkim_result = dkim.overall(signatures)
    dmarc_result = "none" if asked.result == "bestguesspass" else asked.result  # no result of RFC 8601
    facts = {
        "spf": sent_by.result, "dkim": dkim_result, "dmarc": dmarc_result, "ip": session.peer, "helo": session.helo,
        "author": author.domain if author else "", "authenticated": _field(fqdn, sent_by, signatures, dmarc_result, author),
    }  # fmt: skip
    return Findings(facts, (_spf_step(sent_by), _dkim_step(signatures, dkim_result), _dmarc_step(asked)), author, asked)


def _dmarc(
    author: Address | None, sent_by: spf.SpfVerdict, signatures: tuple[dkim.Signature, ...], settings: InternetSettings,
    at: Moment,
) -> Asking[DmarcVerdict]:  # fmt: skip
    if author is None:
        return DmarcVerdict("none", says="there is no author whose domain could publish a policy")
    way: Discovery = "organizational" if settings.knobs.dmarc_discovery == "organizational" else "tree-walk"
    return (yield from dmarc.judge(author.domain, sent_by, signatures, discovery=way, sample=at.draw("dmarc pct", 100)))


def _field(
    fqdn: str,
    sent_by: spf.SpfVerdict,
    signatures: tuple[dkim.Signature, ...],
    dmarc_result: str,
    author: Address | None,
) -> str:
    """The value of Authentication-Results (RFC 8601 2.2, 2.7); DKIM's results are each signature's own."""
    which = "smtp.mailfrom" if sent_by.identity == "mailfrom" else "smtp.helo"
    lines = [fqdn, f"spf={sent_by.result} {which}={sent_by.domain}" if sent_by.domain else f"spf={sent_by.result}"]
    for one in signatures:
        told = {"header.d": one.domain, "header.s": one.selector}
        reason = f" ({one.reason})" if one.result != "pass" and one.reason else ""
        lines.append(f"dkim={one.result}{reason}" + "".join(f" {k}={v}" for k, v in told.items() if v))
    if not signatures:
        lines.append("dkim=none")
    lines.append(f"dmarc={dmarc_result}" + (f" header.from={author.domain}" if author else ""))
    return ";\n".join(lines)


def with_results(message: Message, facts: Mapping[str, str], fqdn: str) -> Message:
    """The message with this host's results on top, and without results that others wrote in its name."""
    theirs = RESULTS_FIELD.lower()
    own = tuple(
        (name, raw) for name, raw in message.fields if name.lower() != theirs or _writer(raw) != fqdn.lower()
    )  # fmt: skip
    cleaned = message if len(own) == len(message.fields) else Message(own, message.rest)
    written = facts.get("authenticated")
    return cleaned.prepend(RESULTS_FIELD, written) if written else cleaned


def _writer(raw: bytes) -> str:
    """The host that a field of results says it is from (RFC 8601 2.2, authserv-id)."""
    words = raw.decode("utf-8", "replace").partition(":")[2].partition(";")[0].split()
    return words[0].lower() if words else ""


def _spf_step(found: spf.SpfVerdict) -> Step:
    candidates = tuple(Candidate(line.strip(), found.result == "pass", found.result, line) for line in found.steps)
    return Step("SPF", JUDGE, found.result, f"SPF {found.result}: {found.says}", candidates)


def _dkim_step(signatures: tuple[dkim.Signature, ...], result: str) -> Step:
    candidates = tuple(
        Candidate(f"{s.domain} {s.selector}", s.result == "pass", s.reason or s.result, s.says) for s in signatures
    )
    says = "; ".join(f"{s.domain}: {s.says}" for s in signatures) or "the message is not signed"
    return Step("DKIM", JUDGE, result, f"DKIM {result}: {says}", candidates)


def _dmarc_step(asked: DmarcVerdict) -> Step:
    why = Candidate(asked.domain or "DMARC", asked.result == "pass", asked.result, asked.says)
    return Step("DMARC", JUDGE, asked.result, f"DMARC {asked.result}: {asked.says}", (why,))
