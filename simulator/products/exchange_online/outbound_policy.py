"""The outbound spam policy, as far as it decides about mail: whether mailboxes may forward to outside by themselves.

    HostedOutboundSpamFilterPolicy: {AutoForwardingMode: On}

Every tenant has the policy `Default` [default_policy].
"""

from __future__ import annotations

from simulator.policy.settings import choice, ignored
from simulator.products.exchange_online.default_policy import DefaultPolicy

__all__ = ["HostedOutboundSpamFilterPolicy"]

_CMDLET = "Set-HostedOutboundSpamFilterPolicy"


class HostedOutboundSpamFilterPolicy(DefaultPolicy):
    """What Set-HostedOutboundSpamFilterPolicy takes."""

    noun = "HostedOutboundSpamFilterPolicy"
    cmdlet = _CMDLET

    AutoForwardingMode: str = choice(
        "whether mailboxes may forward to outside by themselves: On; Off and Automatic return such mail", "Automatic", "Off",
        "On", default="Automatic", of=_CMDLET,
    )  # fmt: skip
    RecipientLimitExternalPerHour: object = ignored("how many recipients outside a sender may have")
    RecipientLimitInternalPerHour: object = ignored("how many recipients inside a sender may have")
    RecipientLimitPerDay: object = ignored("how many recipients a sender may have")
    ActionWhenThresholdReached: object = ignored("what happens to a sender over the limits")
    BccSuspiciousOutboundMail: object = ignored("copies of suspicious mail")
    BccSuspiciousOutboundAdditionalRecipients: object = ignored("who gets copies of suspicious mail")
    NotifyOutboundSpam: object = ignored("somebody is told when a sender is blocked", silent=True)
    NotifyOutboundSpamRecipients: object = ignored("who is told when a sender is blocked", silent=True)
    RecommendedPolicyType: object = ignored("metadata", silent=True)
    AdminDisplayName: object = ignored("metadata", silent=True)
    Identity: object = ignored("the name; here it is the key of the map", silent=True)
    Name: object = ignored("the name again, in a Get- record", silent=True)

    @property
    def forwarding_allowed(self) -> bool:
        # learn: Configuring and controlling external email forwarding: Automatic was made the same as Off.
        return self.AutoForwardingMode == "On"
