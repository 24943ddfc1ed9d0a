"""`behaves like`: what large providers ask of everybody who sends to them, as far as they say so in public.

| asked                                                  | gmail           | gmail for bulk senders | where it fails                     |
| ------------------------------------------------------ | --------------- | ---------------------- | ---------------------------------- |
| TLS                                                    | yes             | yes                    | 421 4.7.29                          |
| a PTR name, and an address record back to the address  | yes             | yes                    | 550 5.7.25                          |
| SPF or DKIM passes                                     | yes             |                        | 550 5.7.26                          |
| SPF and DKIM pass                                      |                 | yes                    | 550 5.7.27 (SPF), 5.7.30 (DKIM)     |
| From is aligned with one of them, DMARC is published   |                 | yes                    | 550 5.7.32, 5.7.40                  |
| the author's DMARC policy of reject                    | yes             | yes                    | 550 5.7.26                          |

Codes are those of the provider's page of SMTP errors; texts are this simulator's own. The page has most of them also as a 421
that slows a sender down while it fails for some of its mail only; here the 550 stands for what is never put right (inferred).
TLS is asked only of a host that has a certificate to offer it with. Bulk senders are those of 5,000 messages a day and more;
nothing here counts a day, so a lab says which of the two it means. Complaints, reputation and unsubscribing are left out.
"""

from __future__ import annotations

from simulator.mail.reply import Reply
from simulator.mail.session import Session
from simulator.policy.asking import Asking
from simulator.policy.decision import Candidate, Step
from simulator.policy.rules import rule
from simulator.products.internet.judging import Findings
from simulator.products.internet.settings import GMAIL_BULK, InternetSettings
from simulator.products.internet.verdict import Consequence
from simulator.products.service_names import reverse_name
from simulator.zone import Question

__all__ = ["required"]

PROVIDER = rule(
    "NET-LIKE-1", "A large provider asks for TLS, a name of the address, and SPF or DKIM; of bulk senders for SPF, DKIM and DMARC",
    fidelity="observed", source="Google: Email sender guidelines; Gmail SMTP errors and codes",
    test="tests/products/internet/test_provider.py",
)  # fmt: skip
rule(
    "NET-LIKE-2", "What a large provider asks for is refused for good (550) where it is missing, save TLS (421)", fidelity="inferred",
    source="Google: Gmail SMTP errors and codes, which has a 421 and a 550 for most", test="tests/products/internet/test_provider.py",
)  # fmt: skip


def required(
    session: Session, found: Findings, settings: InternetSettings, *, has_tls: bool
) -> Asking[Consequence | None]:
    """The first requirement that a message does not meet; None where all are, or none is asked."""
    if not settings.behaves_like:
        return None
    facts = found.facts
    bulk = settings.behaves_like == GMAIL_BULK
    passes = {key: facts[key] == "pass" for key in ("spf", "dkim")}
    checks: list[tuple[str, bool, str, str]] = [
        ("TLS", session.tls is not None or not has_tls, "421 4.7.29", "the message came in clear text"),
    ]
    named, says = (yield from _named(session.peer)) if checks[0][1] else (True, "")
    checks.append(("PTR", named, "550 5.7.25", says))
    if bulk:
        checks += [
            ("SPF", passes["spf"], "550 5.7.27", f"SPF {facts['spf']}"),
            ("DKIM", passes["dkim"], "550 5.7.30", f"DKIM {facts['dkim']}"),
            ("DMARC", found.asked.record is not None, "550 5.7.40", "the author's domain publishes no DMARC policy"),
            ("alignment", facts["dmarc"] == "pass", "550 5.7.32", f"DMARC {facts['dmarc']}: From agrees with nothing that passed"),
        ]  # fmt: skip
    else:
        says = f"neither passes: SPF {facts['spf']}, DKIM {facts['dkim']}"
        checks.append(("SPF or DKIM", any(passes.values()), "550 5.7.26", says))
    asks = found.asked
    rejected = asks.result == "fail" and asks.disposition == "reject" and settings.knobs.dmarc == "follow"
    checks.append(("DMARC policy", not rejected, "550 5.7.26", f"{asks.domain} asks for reject"))
    at = settings.at("behaves_like")
    candidates = tuple(
        Candidate(name, met, "met" if met else "not-met", "met" if met else f"{says} ({codes})", at)
        for name, met, codes, says in checks
    )
    missed = next(((name, codes, says) for name, met, codes, says in checks if not met), None)
    if missed is None:
        return Consequence(
            Step("REQUIREMENTS", PROVIDER, "met", f"all that {settings.behaves_like} asks", candidates, at)
        )
    name, codes, says = missed
    step = Step("REQUIREMENTS", PROVIDER, "not-met", f"{settings.behaves_like} asks for {name}: {says}", candidates, at)
    code, enhanced = codes.split()
    return Consequence(step, Reply(int(code), enhanced, f"Message refused: {says}"))


def _named(ip: str) -> Asking[tuple[bool, str]]:
    """Whether a name of the address leads back to it. What DNS cannot say is held against nobody."""
    pointer = yield Question(reverse_name(ip), "PTR")
    if pointer.failed:
        return True, ""
    family = "AAAA" if ":" in ip else "A"
    for name in pointer.records[:3]:
        there = yield Question(name.removesuffix("."), family)
        if there.failed or ip in there.records:
            return True, ""
    return False, f"{ip} has no name that leads back to it" if pointer.records else f"{ip} has no PTR record"
