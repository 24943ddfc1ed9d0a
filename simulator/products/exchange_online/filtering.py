"""The filter's verdict on a message: SCL, what it was taken for, and what is done with it.

| # | message                                                       | SCL | SFV  | CAT   | done                             |
| - | ------------------------------------------------------------- | --- | ---- | ----- | -------------------------------- |
| 1 | a mailbox's own, or counted as internal, for colleagues       | -1  | SKI  | NONE  | Inbox                            |
| 2 | the same for somebody outside                                 | 1   | NSPM | NONE  | sent                             |
| 3 | the test virus in the body                                    |     | SPM  | AMP   | quarantine: malware              |
| 4 | DMARC failed under reject, followed, DmarcRejectAction Reject |     |      |       | refused, 550 5.7.509             |
| 5 | ... under reject or quarantine, followed, action Quarantine   | 5   | SPM  | SPOOF | quarantine: spoof                |
| 6 | ... under quarantine, followed, action MoveToJmf              | 5   | SPM  | SPOOF | Junk                             |
| 7 | from an address in IPAllowList                                | -1  | SKI  | NONE  | Inbox (IPV:CAL)                  |
| 8 | author in AllowedSenders, AllowedSenderDomains                | -1  | SKA  | NONE  | Inbox                            |
| 9 | author in BlockedSenders, BlockedSenderDomains                | 6   | SKB  | SPM   | SpamAction                       |
| 10 | SPF fail, MarkAsSpamSpfRecordHardFail On                     | 9   | SPM  | HSPM  | HighConfidenceSpamAction         |
| 11 | GTUBE in the body                                            | 9   | SPM  | HSPM  | HighConfidenceSpamAction         |
| 12 | composite authentication failed, EnableSpoofIntelligence     | 5   | SPM  | SPOOF | AuthenticationFailAction         |
| 13 | everything else                                              | 1   | NSPM | NONE  | Inbox                            |

A mail flow rule that sets the SCL comes later and goes before all of this but lines 3 and 4: -1 is SKN and Inbox, 5 to 9 SKS
and the action of that level, 0 and 1 Inbox [placement].

Documented: SFV, CAT and SCL of 1, 7 to 10; that spam goes to Junk and honoured policies to quarantine; 12's action. Observed: SCL 5
of 5, 6 and 12 (knob `spoof_scl`). Inferred: the order of the lines, 11 (nothing here reads content, so the test text stands for spam).
Whether the domain's policy is followed is in [honour].
"""

from __future__ import annotations

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.policy.decision import Candidate, Step
from simulator.policy.dmarc import DmarcVerdict
from simulator.policy.rules import rule
from simulator.policy.settings import Settings
from simulator.products.exchange_online.composite import EXPLICIT_FAILURES, INSIDE_FAILURES, Composite
from simulator.products.exchange_online.ip_list import listed
from simulator.products.exchange_online.settings import TenantSettings
from simulator.source import NOWHERE, Source
from simulator.value import value

__all__ = ["REJECTED", "FilterVerdict", "Suspect", "filtered", "internal"]

_TEST = "tests/products/exchange_online/test_filtering.py"
_SCL = "learn: Spam confidence level; Anti-spam message headers"
INTERNAL = rule(
    "EXO-FLT-1", "Mail of a mailbox, or counted as internal, is not filtered: SKI and SCL -1 between colleagues",
    fidelity="observed", source=f"captured headers; {_SCL}", test=_TEST,
)  # fmt: skip
DMARC_ACTION = rule(
    "EXO-FLT-2", "Mail that fails DMARC is refused or quarantined as its domain asks, where HonorDmarcPolicy says so",
    fidelity="documented", source="learn: Anti-phishing policies; CMD Set-AntiPhishPolicy", test=_TEST,
)  # fmt: skip
SPOOF = rule(
    "EXO-FLT-3", "Mail that fails composite authentication gets SCL 5 and goes to Junk, or where AuthenticationFailAction says",
    fidelity="observed", source="captured headers; learn: Anti-spoofing protection; knob spoof_scl", test=_TEST,
)  # fmt: skip
LISTS = rule(
    "EXO-FLT-4", "Allowed addresses and senders are never spam, blocked senders always are", fidelity="documented",
    source=f"CMD Set-HostedContentFilterPolicy; learn: Configure connection filtering; {_SCL}", test=_TEST,
)  # fmt: skip
HARD_FAIL = rule(
    "EXO-FLT-5", "MarkAsSpamSpfRecordHardFail makes mail that fails SPF high confidence spam", fidelity="documented",
    source="CMD Set-HostedContentFilterPolicy", test=_TEST,
)  # fmt: skip
CONTENT = rule(
    "EXO-FLT-6", "Content is not looked at, but for the test texts of spam (GTUBE) and viruses (EICAR)", fidelity="not modelled",
    source="the service's filters are not known", test=_TEST,
)  # fmt: skip

_GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
_EICAR = b"-".join((b"EICAR", b"STANDARD", b"ANTIVIRUS", b"TEST", b"FILE!$H+H*"))  # apart, or scanners find it here

REJECTED = "Reject"


@value
class Suspect:
    """What is known of a message from outside when the filter looks at it."""

    message: Message
    ip: str
    author: Address | None
    spf: str
    dmarc: DmarcVerdict
    composite: Composite
    followed: bool  # the domain's DMARC policy is followed here


@value
class FilterVerdict:
    """`action` is Inbox, MoveToJmf, Quarantine, Delete, AddXHeader, ModifySubject, NoAction or Reject."""

    scl: int
    sfv: str
    cat: str
    action: str
    step: Step
    ipv: str = "NLI"
    sfty: str = ""
    custom: str = ""  # value of X-CustomSpam
    reason: str = ""  # of quarantine


def internal(outside: bool) -> FilterVerdict:
    """Lines 1 and 2: mail of the tenant's own people."""
    if outside:
        return FilterVerdict(
            1, "NSPM", "NONE", "Inbox", _step(INTERNAL, "outbound", "the tenant's own mail for others", "SKI")
        )
    return FilterVerdict(
        -1, "SKI", "NONE", "Inbox", _step(INTERNAL, "internal", "mail between colleagues is not filtered", "SKI")
    )


def filtered(suspect: Suspect, settings: TenantSettings) -> FilterVerdict:
    """Lines 3 to 13."""
    for line in (_virus, _dmarc, _allowed_address, _listed_sender, _hard_fail, _test_spam, _spoof):
        if (found := line(suspect, settings)) is not None:
            return found
    says = f"nothing speaks against it (compauth {suspect.composite})"
    return FilterVerdict(1, "NSPM", "NONE", "Inbox", _step(SPOOF, "clean", says, "NSPM"))


def _step(by: str, outcome: str, says: str, name: str, at: Source = NOWHERE) -> Step:
    return Step("FILTER", by, outcome, says, (Candidate(name, True, outcome, says, at),), at)


def _at(settings: TenantSettings, policy: Settings, key: str) -> Source:
    """Where a policy's setting stands; the tenant where it says nothing about it."""
    return policy.at(key) or settings.place


def _virus(suspect: Suspect, settings: TenantSettings) -> FilterVerdict | None:
    if _EICAR not in suspect.message.rest:
        return None
    step = _step(CONTENT, "malware", "the body has the test virus", "EICAR")
    return FilterVerdict(9, "SPM", "AMP", "Quarantine", step, reason="malware")


def _dmarc(suspect: Suspect, settings: TenantSettings) -> FilterVerdict | None:
    """What pct spares is delivered (learn: Anti-spam message headers, pct.quarantine and pct.reject)."""
    policy, dmarc = settings.AntiPhishPolicy, suspect.dmarc
    asks = dmarc.policy
    if suspect.composite.reason not in EXPLICIT_FAILURES or not suspect.followed:
        return None
    setting = "DmarcRejectAction" if asks == "reject" else "DmarcQuarantineAction"
    action = getattr(policy, setting)
    says = f"{dmarc.domain} asks for {asks} of what fails DMARC, and {setting} is {action}"
    step = _step(DMARC_ACTION, action.lower(), says, setting, _at(settings, policy, setting))
    return _spoofed(suspect, settings, action, step)


def _spoofed(suspect: Suspect, settings: TenantSettings, action: str, step: Step) -> FilterVerdict:
    sfty = "9.11" if suspect.composite.reason in INSIDE_FAILURES else "9.22"  # learn: Anti-spoofing protection
    return FilterVerdict(settings.knobs.spoof_scl, "SPM", "SPOOF", action, step, sfty=sfty, reason="spoof")


def _allowed_address(suspect: Suspect, settings: TenantSettings) -> FilterVerdict | None:
    policy = settings.HostedConnectionFilterPolicy
    entry = listed(suspect.ip, policy.IPAllowList)
    if entry is None:
        return None
    step = _step(
        LISTS,
        "ip-allowed",
        f"{suspect.ip} is in IPAllowList ({entry})",
        "IPAllowList",
        _at(settings, policy, "IPAllowList"),
    )
    return FilterVerdict(-1, "SKI", "NONE", "Inbox", step, ipv="CAL")


def _listed_sender(suspect: Suspect, settings: TenantSettings) -> FilterVerdict | None:
    """inferred: the author in From counts; of two entries the allowing one."""
    policy, author = settings.HostedContentFilterPolicy, suspect.author
    if author is None:
        return None
    for setting, has in (
        ("AllowedSenders", author in policy.AllowedSenders),
        ("AllowedSenderDomains", author.domain in policy.AllowedSenderDomains),
        ("BlockedSenders", author in policy.BlockedSenders),
        ("BlockedSenderDomains", author.domain in policy.BlockedSenderDomains),
    ):
        if has:
            allowed = setting.startswith("Allowed")
            step = _step(
                LISTS,
                "allowed" if allowed else "blocked",
                f"{author} is in {setting}",
                setting,
                _at(settings, policy, setting),
            )
            if allowed:
                return FilterVerdict(-1, "SKA", "NONE", "Inbox", step)
            return FilterVerdict(6, "SKB", "SPM", policy.SpamAction, step, reason="spam")
    return None


def _hard_fail(suspect: Suspect, settings: TenantSettings) -> FilterVerdict | None:
    policy = settings.HostedContentFilterPolicy
    if suspect.spf != "fail" or policy.MarkAsSpamSpfRecordHardFail != "On":
        return None
    name = "MarkAsSpamSpfRecordHardFail"
    step = _step(HARD_FAIL, "spf-hard-fail", f"SPF failed, and {name} is On", name, _at(settings, policy, name))
    action = policy.HighConfidenceSpamAction
    return FilterVerdict(9, "SPM", "HSPM", action, step, custom="SPF Record Fail", reason="high confidence spam")


def _test_spam(suspect: Suspect, settings: TenantSettings) -> FilterVerdict | None:
    if _GTUBE not in suspect.message.rest:
        return None
    step = _step(CONTENT, "test-spam", "the body has the test text of spam", "GTUBE")
    action = settings.HostedContentFilterPolicy.HighConfidenceSpamAction
    return FilterVerdict(9, "SPM", "HSPM", action, step, reason="high confidence spam")


def _spoof(suspect: Suspect, settings: TenantSettings) -> FilterVerdict | None:
    """inferred: what fails composite authentication is also taken for ill-meant, which the service decides by more."""
    policy, composite = settings.AntiPhishPolicy, suspect.composite
    explicit = composite.reason in EXPLICIT_FAILURES
    if composite.result != "fail":
        return None
    if not policy.EnableSpoofIntelligence:
        # learn: Anti-phishing policies: without spoof intelligence implicit failures are not looked at, and explicit ones
        # are quarantined where the domain's policy is not followed.
        if not explicit:
            return None
        step = _step(SPOOF, "quarantine", f"compauth {composite}, and EnableSpoofIntelligence is off", "EnableSpoofIntelligence",
                     _at(settings, policy, "EnableSpoofIntelligence"))  # fmt: skip
        return _spoofed(suspect, settings, "Quarantine", step)
    action = policy.AuthenticationFailAction
    says = f"compauth {composite}, and AuthenticationFailAction is {action}"
    step = _step(SPOOF, "spoof", says, "AuthenticationFailAction", _at(settings, policy, "AuthenticationFailAction"))
    return _spoofed(suspect, settings, action, step)
