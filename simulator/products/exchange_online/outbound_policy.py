"""The outbound spam policy, as far as it decides about mail: whether mailboxes may forward to outside by themselves.

    HostedOutboundSpamFilterPolicy: {AutoForwardingMode: On}
    HostedOutboundSpamFilterPolicy: {Default: {AutoForwardingMode: On}}

are the same: every tenant has the policy `Default`. Further policies are for the senders that a rule of their own names;
they are not modelled. Where both forms come together, as after `Set-HostedOutboundSpamFilterPolicy`, the short one counts.
"""

from __future__ import annotations

from typing import Self

from simulator.policy.settings import Settings, choice, ignored
from simulator.source import NOWHERE, Node, ProblemList, Source

__all__ = ["HostedOutboundSpamFilterPolicy"]

_CMDLET = "Set-HostedOutboundSpamFilterPolicy"
_DEFAULT = "Default"


class HostedOutboundSpamFilterPolicy(Settings):
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

    @classmethod
    def read(cls, node: Node, problems: ProblemList, *, name: str = "", at: Source = NOWHERE) -> Self:
        """The settings of the policy Default, written directly or by its name."""
        own = {setting.casefold() for setting in cls.__fields__}
        short = node
        for entry in node.entries:
            if entry.key.casefold() in own or not (entry.node.is_map or entry.node.is_null):
                continue
            short = short.without(entry.key)
            if entry.key.casefold() != _DEFAULT.casefold():
                says = (
                    f"policy {entry.key}: a rule says for whom it is, which is not modelled; only Default counts here"
                )
                problems.warn(entry.key_at, says)
                continue
            for setting in entry.node.entries:
                if not node.entry(setting.key):
                    short = short.with_entry(setting.key, setting.node, setting.key_at)
        return super().read(short, problems, name=name, at=at)

    @classmethod
    def json_schema(cls) -> dict[str, object]:
        own = super().json_schema()
        return {"anyOf": [own, {"type": "object", "additionalProperties": own}]}
