"""What is done about a judged message: refused, put aside, or taken.

    first of these that applies
      a provider's requirements    behaves like                              [provider]
      a result of `refuses`        its reply, else the code of RFC 7372
      a null MX at the sender      550 5.7.27                                knob refuse_null_mx_sender
      DMARC, the domain asks for   reject 550 5.7.1, quarantine Junk         knob dmarc: follow

| refused without `with`       | reply          | source                                   |
| ---------------------------- | -------------- | ---------------------------------------- |
| spf fail, softfail, ...      | 550 5.7.23     | RFC 7372 3.2                              |
| spf permerror                | 550 5.7.24     | RFC 7372 3.2                              |
| dkim none, fail              | 550 5.7.20     | RFC 7372 3.1                              |
| dmarc fail                   | 550 5.7.1      | RFC 7489 10.3                             |
| several together             | 550 5.7.26     | RFC 7372 3.4                              |
| any temperror                | 451 4.7.24, 4.7.20, 4.7.1, 4.7.26         | the same, as a failure that may pass |
"""

from __future__ import annotations

from simulator.mail.address import Sender
from simulator.mail.reply import Reply
from simulator.policy.asking import Asking
from simulator.policy.decision import Candidate, Step
from simulator.policy.rules import rule
from simulator.products.internet.judging import Findings
from simulator.products.internet.settings import InternetSettings
from simulator.products.internet.values import Refusal
from simulator.products.internet.wording import say
from simulator.value import value
from simulator.zone import Question

__all__ = ["Consequence", "dmarc_outcome", "null_mx_sender", "refused"]

_TEST = "tests/products/internet/test_verdict.py"
REFUSES = rule(
    "NET-AUTH-3", "A host refuses only the results that `refuses` names, with the codes of RFC 7372 unless told otherwise",
    fidelity="documented", source="RFC 7208 8, RFC 6376 6.3: what is done about a result is the receiver's choice; RFC 7372", test=_TEST,
)  # fmt: skip
FOLLOWS = rule(
    "NET-AUTH-4", "Mail that fails DMARC is refused or goes to Junk, as the author's domain asks", fidelity="documented",
    source="RFC 9989 5.4, RFC 7489 6.6 and 10.3; a receiver may do otherwise: knob dmarc", test=_TEST,
)  # fmt: skip
NULL_MX = rule(
    "NET-AUTH-5", "Mail from a domain that takes none may be refused with 5.7.27", fidelity="documented",
    source="RFC 7505 4.2; knob refuse_null_mx_sender", test=_TEST,
)  # fmt: skip

JUNK = "Junk"
_DETAILS = {"spf": "23", "dkim": "20", "dmarc": "1"}


@value
class Consequence:
    """A refusal, or the folder that the message goes to."""

    step: Step
    reply: Reply | None = None
    folder: str = ""


def refused(found: Findings, settings: InternetSettings) -> Consequence | None:
    """The first of `refuses` whose results are all there."""
    facts = found.facts
    for refusal in settings.refuses:
        if all(facts[key] in results for key, results in refusal.results.items()):
            told = ", ".join(f"{key} {facts[key]}" for key in refusal.results)
            why = Candidate("refuses", False, "refused-result", f"{told} is refused here", refusal.at)
            step = Step("REFUSES", REFUSES, "refused", why.says, (why,), refusal.at)
            return Consequence(step, refusal.reply or _usual(refusal, found))
    return None


def _usual(refusal: Refusal, found: Findings) -> Reply:
    keys = list(refusal.results)
    temporary = any(found.facts[key] == "temperror" for key in keys)
    detail = "26" if len(keys) > 1 else _DETAILS[keys[0]]
    if keys == ["spf"] and found.facts["spf"].endswith("error"):
        detail = "24"
    told = ", ".join(f"{key.upper()} {found.facts[key]}" for key in keys)
    return Reply(451 if temporary else 550, f"{'4' if temporary else '5'}.7.{detail}", f"Message refused: {told}")


def dmarc_outcome(found: Findings, settings: InternetSettings) -> Consequence | None:
    """What the author's domain asks for; None where it asks for nothing."""
    asked, at = found.asked, settings.knobs.at("dmarc")
    if asked.result != "fail" or asked.disposition == "none":
        return None
    follows = settings.knobs.dmarc == "follow"
    says = f"{asked.domain} asks for {asked.disposition}"
    if not follows:
        why = Candidate("dmarc", False, "only-marked", f"{says}, and mail is only marked here", at)
        return Consequence(Step("DMARC POLICY", FOLLOWS, "marked", why.says, (why,), at))
    why = Candidate("dmarc", True, asked.disposition, says, at)
    step = Step("DMARC POLICY", FOLLOWS, asked.disposition, says, (why,), at)
    if asked.disposition == "reject":
        return Consequence(step, say("dmarc", domain=asked.domain))
    return Consequence(step, folder=JUNK)


def null_mx_sender(sender: Sender, settings: InternetSettings) -> Asking[Consequence | None]:
    """A refusal where the sender's domain says that it takes no mail: nobody could answer."""
    if sender is None or not settings.knobs.refuse_null_mx_sender:
        return None
    answer = yield Question(sender.domain, "MX")
    hosts = [record.split()[-1] for record in answer.records if record.split()]
    if hosts != ["."]:
        return None
    at = settings.knobs.at("refuse_null_mx_sender")
    why = Candidate("refuse_null_mx_sender", False, "null-mx", f"{sender.domain} takes no mail (null MX)", at)
    step = Step("SENDER", NULL_MX, "null-mx", why.says, (why,), at)
    return Consequence(step, say("null-mx-sender", domain=sender.domain))
