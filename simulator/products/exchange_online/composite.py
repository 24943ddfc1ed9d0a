"""Composite authentication: what SPF, DKIM, DMARC and ARC come to together (`compauth`, with a three-digit reason).

| #  | what is known                                                         | compauth | reason | well founded |
| -- | --------------------------------------------------------------------- | -------- | ------ | ------------ |
| 1  | the tenant's own people, or mail that it counts as internal           | none     | -      | observed: not written at all |
| 2  | mail over an OnPremises connector without Enhanced Filtering          | none     | 405    | family 4xx documented, that it is this case inferred |
| 3  | no author to check                                                    | none     | 300    | family documented |
| 4  | DMARC passed                                                          | pass     | 100    | observed |
| 5  | no DMARC record, but an aligned SPF or DKIM passed (bestguesspass)    | pass     | 109    | documented |
| 6  | DMARC failed, and a trusted ARC sealer found that it had passed       | pass     | 130    | documented |
| 7  | DMARC failed under quarantine or reject; author in an accepted domain | fail     | 010    | documented |
| 8  | DMARC failed under quarantine or reject                               | fail     | 000    | documented |
| 9  | SPF denies the sender (-all), nothing aligned; author in an accepted domain | fail | 601  | family 6xx documented |
| 10 | SPF denies the sender (-all), nothing aligned                         | fail     | 001    | reason documented, that -all suffices inferred |
| 11 | the rest, reputation bad                                              | fail     | 001/601 | documented: such mail can fail |
| 12 | the rest, reputation good                                             | softpass | 201    | family 2xx documented |

The service also weighs reputation and history, which nobody can know: the knob `sender_reputation` says what they are, for
all senders alike, and `spf_fail_is_spoof` whether lines 9 and 10 stand above it. `softpass` is what ordinary mail of
domains without any record gets, and it stays in the Inbox. What pct spares its policy is judged by lines 9 to 12.
"""

from __future__ import annotations

from simulator.policy.decision import Candidate, Step
from simulator.policy.dmarc import DmarcVerdict
from simulator.policy.rules import rule
from simulator.products.exchange_online.knobs import Knobs
from simulator.source import NOWHERE
from simulator.value import value

__all__ = ["EXPLICIT_FAILURES", "INSIDE_FAILURES", "Composite", "Evidence", "composite"]

_TEST = "tests/products/exchange_online/test_composite.py"
_PAGE = "learn: Anti-spam message headers; Email authentication in cloud organizations"
EXPLICIT = rule(
    "EXO-AUTH-1", "A DMARC result decides composite authentication; a trusted ARC seal overrides its failure (reason 130)",
    fidelity="documented", source=_PAGE, test=_TEST,
)  # fmt: skip
IMPLICIT = rule(
    "EXO-AUTH-2", "Without a DMARC policy an SPF failure fails composite authentication, and other unproven mail passes softly",
    fidelity="inferred", source=f"{_PAGE}; knobs spf_fail_is_spoof, sender_reputation", test=_TEST,
)  # fmt: skip
BYPASSED = rule(
    "EXO-AUTH-3", "Mail over an OnPremises connector is not checked for forged senders unless Enhanced Filtering found its source",
    fidelity="inferred", source="captured headers; knob spoof_check_on_connector_mail", test=_TEST,
)  # fmt: skip


EXPLICIT_FAILURES = ("000", "010")
"""The author's domain has a policy, and the message fails it."""
INSIDE_FAILURES = ("010", "601")
"""The author claims to be of the tenant."""


@value
class Evidence:
    """What composite authentication is made of. `own`: the author is in an accepted domain of the tenant."""

    author: str  # domain in From; empty where there is none
    own: bool
    spf: str
    dkim: str
    dmarc: DmarcVerdict
    sealer: str = ""  # the trusted sealer whose ARC set says that the message was authentic
    bypassed: bool = False  # over an OnPremises connector


@value
class Composite:
    """The result, its reason code, and why."""

    result: str
    reason: str
    step: Step

    def __str__(self) -> str:
        return f"{self.result} reason={self.reason}"


def composite(evidence: Evidence, knobs: Knobs) -> Composite:
    """Applies the table from the top, lines 2 to 12; line 1 is not asked for."""
    result, reason, by, says = _decided(evidence, knobs)
    dmarc = evidence.dmarc
    passed = bool(dmarc.aligned)
    candidates = (
        Candidate("dmarc", dmarc.result in ("pass", "bestguesspass"), dmarc.result, dmarc.says),
        Candidate("spf", passed and any(a.startswith("spf:") for a in dmarc.aligned), evidence.spf, f"SPF: {evidence.spf}"),
        Candidate("dkim", passed and any(a.startswith("dkim:") for a in dmarc.aligned), evidence.dkim, f"DKIM: {evidence.dkim}"),
        Candidate(
            "arc", reason == "130", "trusted" if evidence.sealer else "no-trusted-sealer",
            f"{evidence.sealer} is a trusted sealer" if evidence.sealer else "no trusted sealer vouches for it",
        ),
    )  # fmt: skip
    at = knobs.at(_KNOBS[reason]) if reason in _KNOBS else NOWHERE
    return Composite(result, reason, Step("COMPAUTH", by, result, says, candidates, at))


_KNOBS = {"201": "sender_reputation", "405": "spoof_check_on_connector_mail"}


def _decided(evidence: Evidence, knobs: Knobs) -> tuple[str, str, str, str]:
    dmarc, author = evidence.dmarc, evidence.author
    if evidence.bypassed:
        return "none", "405", BYPASSED, "it came over an OnPremises connector, where authors are not checked"
    if not author:
        return "none", "300", EXPLICIT, "there is no author whose domain could be checked"
    if dmarc.result == "pass":
        return "pass", "100", EXPLICIT, f"DMARC passed: {dmarc.says}"
    if dmarc.result == "bestguesspass":
        return (
            "pass",
            "109",
            EXPLICIT,
            f"{author} publishes no DMARC, but {', '.join(dmarc.aligned)} would have passed it",
        )
    if evidence.sealer:
        return "pass", "130", EXPLICIT, f"the trusted sealer {evidence.sealer} found the message authentic"
    if dmarc.result == "fail" and dmarc.policy != "none" and not dmarc.sampled_out:
        whose = "an accepted domain" if evidence.own else "the author's domain"
        return (
            "fail",
            "010" if evidence.own else "000",
            EXPLICIT,
            f"DMARC failed, and {whose} {author} asks for {dmarc.policy}",
        )
    failed = "601" if evidence.own else "001"
    if evidence.spf == "fail" and knobs.spf_fail_is_spoof:
        return "fail", failed, IMPLICIT, f"SPF denies the sender, and nothing vouches for {author}"
    if knobs.sender_reputation == "bad":
        return "fail", failed, IMPLICIT, f"nothing vouches for {author}, and its reputation is bad"
    return "softpass", "201", IMPLICIT, f"nothing vouches for {author}, and nothing speaks against it"
