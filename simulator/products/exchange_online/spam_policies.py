"""The policies that say what becomes of suspicious mail, as far as they decide here.

    HostedConnectionFilterPolicy   by address: never spam (IPAllowList), never taken (IPBlockList)
    HostedContentFilterPolicy      by verdict: what is done with spam; by sender: never spam, always spam
    AntiPhishPolicy                forged senders: whether the domain's DMARC policy is followed, what else is done
    ArcConfig                      whose word counts about mail that they changed on its way

Each is the tenant's default one. Sources: CMD Set- of the same names.
"""

from __future__ import annotations

from typing import ClassVar

from simulator.mail.address import Address, parse_domain
from simulator.policy.settings import Settings, choice, custom, flag, ignored, text, texts
from simulator.products.exchange_notation import recipient
from simulator.products.exchange_online.default_policy import DefaultPolicy
from simulator.products.exchange_online.ip_list import AddressRange, filter_entry
from simulator.source import Node, ProblemList

__all__ = ["AntiPhishPolicy", "ArcConfig", "HostedConnectionFilterPolicy", "HostedContentFilterPolicy"]

_CONTENT = "Set-HostedContentFilterPolicy"
_PHISH = "Set-AntiPhishPolicy"
_ACTIONS = ("MoveToJmf", "AddXHeader", "ModifySubject", "Redirect", "Delete", "Quarantine", "NoAction")


class _Metadata(DefaultPolicy):
    AdminDisplayName: object = ignored("metadata", silent=True)
    Identity: object = ignored("the name; here it is the key of the map", silent=True)
    Name: object = ignored("the name again, in a Get- record", silent=True)
    MakeDefault: object = ignored("a switch of the cmdlet", silent=True)


class HostedConnectionFilterPolicy(_Metadata):
    """What Set-HostedConnectionFilterPolicy takes."""

    noun = "HostedConnectionFilterPolicy"
    cmdlet = "Set-HostedConnectionFilterPolicy"

    IPAllowList: tuple[AddressRange, ...] = texts(
        "mail from these addresses is not spam: single, a-b, or /24 to /32", read=filter_entry
    )
    IPBlockList: tuple[AddressRange, ...] = texts(
        "mail from these addresses is refused, unless they are in IPAllowList too", read=filter_entry
    )
    EnableSafeList: object = ignored("a list of good senders that the service keeps")


def _action(doc: str, default: str = "MoveToJmf") -> str:
    made: str = choice(doc, *_ACTIONS, default=default, of=_CONTENT)
    return made


def _onoff(doc: str) -> str:
    made: str = choice(doc, "Off", "On", "Test", default="Off", of=_CONTENT)
    return made


class HostedContentFilterPolicy(_Metadata):
    """What Set-HostedContentFilterPolicy takes."""

    noun = "HostedContentFilterPolicy"
    cmdlet = _CONTENT

    SpamAction: str = _action("what is done with spam: SCL 5 and 6")
    HighConfidenceSpamAction: str = _action("what is done with high confidence spam: SCL 7 to 9")
    AllowedSenders: tuple[Address, ...] = texts("mail from these authors is not spam", read=recipient)
    AllowedSenderDomains: tuple[str, ...] = texts("mail from authors in these domains is not spam", read=parse_domain)
    BlockedSenders: tuple[Address, ...] = texts("mail from these authors is spam", read=recipient)
    BlockedSenderDomains: tuple[str, ...] = texts("mail from authors in these domains is spam", read=parse_domain)
    MarkAsSpamSpfRecordHardFail: str = _onoff("mail that fails SPF is high confidence spam")
    AddXHeaderValue: str = text("the name of the header field that AddXHeader adds", "X-This-Is-Spam")
    ModifySubjectValue: str = text("what ModifySubject puts in front of the subject")
    RedirectToRecipients: object = ignored("where Redirect sends spam")
    PhishSpamAction: object = ignored("what is done with phishing: nothing here looks for it")
    HighConfidencePhishAction: object = ignored("what is done with high confidence phishing: nothing here looks for it")
    BulkSpamAction: object = ignored("what is done with bulk mail: nothing here looks for it")
    BulkThreshold: object = ignored("which bulk mail is spam")
    MarkAsSpamBulkMail: object = ignored("whether bulk mail is spam")
    MarkAsSpamFromAddressAuthFail: object = ignored("mail that fails Sender ID is spam")
    MarkAsSpamNdrBackscatter: object = ignored("reports to forged senders are spam")
    EnableLanguageBlockList: object = ignored("mail in some languages is spam")
    LanguageBlockList: object = ignored("the languages")
    EnableRegionBlockList: object = ignored("mail from some countries is spam")
    RegionBlockList: object = ignored("the countries")
    IntraOrgFilterState: object = ignored("mail between colleagues is filtered too")
    TestModeAction: object = ignored("what is done in test mode", silent=True)
    QuarantineRetentionPeriod: object = ignored("how long quarantine keeps", silent=True)
    SpamQuarantineTag: object = ignored("who may release", silent=True)
    HighConfidenceSpamQuarantineTag: object = ignored("who may release", silent=True)
    PhishQuarantineTag: object = ignored("who may release", silent=True)
    HighConfidencePhishQuarantineTag: object = ignored("who may release", silent=True)
    BulkQuarantineTag: object = ignored("who may release", silent=True)
    InlineSafetyTipsEnabled: object = ignored("tips to readers", silent=True)
    SpamZapEnabled: object = ignored("what is done after delivery", silent=True)
    PhishZapEnabled: object = ignored("what is done after delivery", silent=True)

    def check(self, problems: ProblemList) -> None:
        for parameter in ("SpamAction", "HighConfidenceSpamAction"):
            if getattr(self, parameter) == "Redirect":
                problems.warn(self.at(parameter), f"{parameter} Redirect is not modelled; MoveToJmf is done here")
        if self.MarkAsSpamSpfRecordHardFail == "Test":
            says = "MarkAsSpamSpfRecordHardFail has no test mode; Test is Off."
            problems.warn(self.at("MarkAsSpamSpfRecordHardFail"), says)


class AntiPhishPolicy(_Metadata):
    """What Set-AntiPhishPolicy takes."""

    noun = "AntiPhishPolicy"
    cmdlet = _PHISH
    default_names: ClassVar[tuple[str, ...]] = ("Office365 AntiPhish Default", "Default")

    EnableSpoofIntelligence: bool = flag(
        True, "senders that nothing vouches for are looked at (composite authentication)"
    )
    AuthenticationFailAction: str = choice(
        "what is done with mail that fails composite authentication", "MoveToJmf", "Quarantine", default="MoveToJmf", of=_PHISH,
    )  # fmt: skip
    HonorDmarcPolicy: bool = flag(True, "mail that fails DMARC is treated as its domain's policy asks")
    DmarcQuarantineAction: str = choice(
        "what is done under p=quarantine", "MoveToJmf", "Quarantine", default="Quarantine", of=_PHISH
    )
    DmarcRejectAction: str = choice("what is done under p=reject", "Quarantine", "Reject", default="Reject", of=_PHISH)
    Enabled: object = ignored("reserved", silent=True)
    EnableUnauthenticatedSender: object = ignored("a mark in the reader's window", silent=True)
    EnableViaTag: object = ignored("a mark in the reader's window", silent=True)
    EnableFirstContactSafetyTips: object = ignored("tips to readers", silent=True)
    EnableMailboxIntelligence: object = ignored("impersonation", silent=True)
    EnableMailboxIntelligenceProtection: object = ignored("impersonation")
    EnableOrganizationDomainsProtection: object = ignored("impersonation")
    EnableTargetedDomainsProtection: object = ignored("impersonation")
    EnableTargetedUserProtection: object = ignored("impersonation")
    EnableSimilarDomainsSafetyTips: object = ignored("tips to readers", silent=True)
    EnableSimilarUsersSafetyTips: object = ignored("tips to readers", silent=True)
    EnableUnusualCharactersSafetyTips: object = ignored("tips to readers", silent=True)
    ImpersonationProtectionState: object = ignored("impersonation", silent=True)
    PhishThresholdLevel: object = ignored("how strictly phishing is looked for", silent=True)
    SpoofQuarantineTag: object = ignored("who may release", silent=True)
    PolicyTag: object = ignored("reserved", silent=True)


def _domains(node: Node) -> tuple[str, ...]:
    """A list, or one text with commas as the cmdlet takes it."""
    words = [word for item in node.items for word in item.text.split(",")]
    return tuple(parse_domain(word.strip()) for word in words if word.strip())


class ArcConfig(Settings):
    """What Set-ArcConfig takes. It is single, whatever its Identity is called."""

    noun = "ArcConfig"
    cmdlet = "Set-ArcConfig"

    ArcTrustedSealers: tuple[str, ...] = custom(
        _domains, (), "domains whose ARC seals count: what they found stands for what is no longer to be seen",
        {"type": ["array", "string"], "items": {"type": "string"}},
    )  # fmt: skip
    Identity: object = ignored("the name", silent=True)
