"""Where filtered mail goes: Inbox, Junk, quarantine, nowhere.

| action                                   | a mailbox here                       | a recipient elsewhere |
| ---------------------------------------- | ------------------------------------ | --------------------- |
| Inbox, NoAction                          | Inbox                                | sent on               |
| MoveToJmf, Redirect (not modelled)       | Junk                                 | sent on               |
| ModifySubject                            | Junk, ModifySubjectValue in front of the subject | sent on   |
| AddXHeader                               | Inbox, one header field more         | sent on               |
| Quarantine                               | held                                 | held                  |
| Delete                                   | dropped                              | dropped               |

The action is the filter's [filtering], unless a mail flow rule set the SCL (fact `rule scl`) and the message is not malware:

    -1       SKN, Inbox            5, 6    SKS, SpamAction            7 to 9    SKS, HighConfidenceSpamAction
    0 to 4   the filter's word stands (learn: Configure connection filtering, where 0 means that mail is filtered)
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.policy.decision import Step
from simulator.policy.host import Held
from simulator.policy.moment import Moment
from simulator.policy.route import Deliver, Discard, Hold
from simulator.policy.rules import rule
from simulator.products.exchange_online.directory import Entry
from simulator.products.exchange_online.forest import Profile
from simulator.products.exchange_online.headers import delivered
from simulator.products.exchange_online.steps import single
from simulator.source import Source

__all__ = ["placed", "withheld"]

_TEST = "tests/products/exchange_online/test_placement.py"
FOLDER = rule(
    "EXO-FLT-7", "Spam goes to Junk, to quarantine or nowhere, as SpamAction and HighConfidenceSpamAction say",
    fidelity="documented", source="CMD Set-HostedContentFilterPolicy; learn: Spam confidence level", test=_TEST,
)  # fmt: skip
RULE_SCL = rule(
    "EXO-FLT-8", "A mail flow rule's SCL goes before the filter's: -1 to the Inbox, 5 to 9 as spam of that level",
    fidelity="documented", source="learn: Use mail flow rules to set the SCL; Anti-spam message headers", test=_TEST,
)  # fmt: skip

_JUNK = "Junk"


def withheld(held: Held, tenant: Profile) -> tuple[Hold | Discard, tuple[Step, ...]] | None:
    """What is done with a message that goes to nobody; None where it goes on."""
    facts = _facts(held, tenant)
    action = facts.get("spam action", "")
    if action not in ("Quarantine", "Delete"):
        return None
    reason = facts.get("spam reason") or "spam"
    says = f"{reason}: {'quarantine' if action == 'Quarantine' else 'deleted'} (SCL {facts['scl']})"
    step = single("FOLDER", _by(held), action.lower(), says, name=action, at=_at(facts, tenant))
    return (Hold(reason) if action == "Quarantine" else Discard(f"deleted as {reason}")), (step,)


def placed(held: Held, entry: Entry, chosen: str, tenant: Profile, at: Moment) -> tuple[Deliver, tuple[Step, ...]]:
    """Into a mailbox: which folder, `chosen` by its own rules unless it is spam, and the message as it is kept there."""
    facts = _facts(held, tenant)
    action, policy = facts.get("spam action", "Inbox"), tenant.settings.HostedContentFilterPolicy
    folder = _JUNK if action in ("MoveToJmf", "ModifySubject", "Redirect") else chosen
    message = delivered(held, facts, folder, tenant, at)
    if action == "ModifySubject":
        message = message.replaced("Subject", f"{policy.ModifySubjectValue} {message.get('Subject') or ''}".strip())
    if action == "AddXHeader":
        name = policy.AddXHeaderValue
        usable = name and not set(name) & set(" :")  # CMD: others are ignored, and the default is added
        message = message.topped((name if usable else "X-This-Is-Spam", "This message appears to be spam."))
    steps: tuple[Step, ...] = ()
    if action not in ("Inbox", "") or held.facts.get("rule scl"):
        says = f"{facts.get('spam reason') or 'not spam'} (SCL {facts.get('scl', '')}): into {folder}"
        steps = (single("FOLDER", _by(held), folder.lower(), says, name=action, at=_at(facts, tenant)),)
    return Deliver(entry.address, folder, message), steps


def _facts(held: Held, tenant: Profile) -> Mapping[str, str]:
    """The facts of a message after its mail flow rules."""
    facts, wanted = held.facts, held.facts.get("rule scl", "")
    if not wanted or facts.get("spam reason") == "malware":
        return facts
    level = int(wanted)
    policy = tenant.settings.HostedContentFilterPolicy
    if level < 0:
        return {
            **facts,
            "scl": "-1",
            "sfv": "SKN",
            "cat": "NONE",
            "sfty": "",
            "spam action": "Inbox",
            "spam reason": "",
        }
    if level < 5:
        return facts
    high = level > 6
    return {
        **facts, "scl": str(level), "sfv": "SKS", "cat": "HSPM" if high else "SPM", "sfty": "",
        "spam action": policy.HighConfidenceSpamAction if high else policy.SpamAction,
        "spam reason": "high confidence spam" if high else "spam",
    }  # fmt: skip


def _by(held: Held) -> str:
    return RULE_SCL if held.facts.get("rule scl") else FOLDER


def _at(facts: Mapping[str, str], tenant: Profile) -> Source:
    """The setting that said what is done."""
    reason, content = facts.get("spam reason"), tenant.settings.HostedContentFilterPolicy
    if reason == "spoof":
        return tenant.settings.AntiPhishPolicy.place or tenant.settings.place
    action = "HighConfidenceSpamAction" if reason == "high confidence spam" else "SpamAction"
    return content.at(action) or tenant.settings.place
