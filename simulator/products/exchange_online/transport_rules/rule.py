"""One mail flow rule: what New-TransportRule takes, and what the cmdlet objects to.

State, Mode                  Enabled or Disabled; Enforce, or Audit and AuditAndNotify, which change nothing
Priority                     its place among the rules, 0 first; left out: as the file has it   [order]
conditions, exceptions       who, whom, what                                                   [conditions]
actions                      what is done                                                      [actions]
StopRuleProcessing           no later rule is asked
ActivationDate, ExpiryDate   when it is in force; mail time
SenderAddressLocation        where sender conditions look: Header, Envelope, HeaderOrEnvelope
RecipientAddressType         what recipient conditions look at: Resolved (the primary address) or Original
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from simulator.mail.address import Address
from simulator.policy.settings import BadValue, Settings, choice, custom, flag, ignored, text, texts
from simulator.products.exchange_notation import lacks, recipient
from simulator.products.exchange_online.transport_rules import conditions
from simulator.products.exchange_online.transport_rules.conditions import EXCEPT_IF, NOT_MODELLED, PAIRS
from simulator.products.exchange_online.transport_rules.notation import date, header_name, scl, status_code
from simulator.source import Node, ProblemList

__all__ = ["ACTIONS", "NOT_MODELLED_ACTIONS", "TransportRule"]

_CMDLET = "New-TransportRule"
_LONGEST_NAME, _LONGEST_REASON, _LONGEST_DISCLAIMER, _MOST_REDIRECTS = 64, 1024, 5000, 10


def _bounded(most: int) -> Any:
    def read(said: str) -> str:
        if len(said) > most:
            raise BadValue(f"{len(said)} characters are more than the {most} that {_CMDLET} takes")
        return said

    return read


def _date(doc: str) -> Any:
    return custom(lambda node: date(node.text), None, doc, {"type": "string"})


def _prefix(node: Node) -> str:
    return node.text  # a blank at its end counts


class TransportRule(Settings):
    """What New-TransportRule takes. The conditions are added from their table, below."""

    noun = "a mail flow rule"
    cmdlet = _CMDLET

    Priority: int | None = custom(
        lambda node: _number(node), None, "its place among the rules, 0 first", {"type": ["integer", "string"]}
    )
    State: str | None = choice("whether the rule is in force", "Enabled", "Disabled", of=_CMDLET)
    Enabled: bool = flag(True, "the same, as New-TransportRule has it")
    Mode: str = choice(
        "Enforce, or only noting what would have been done: Audit, AuditAndNotify", "Audit", "AuditAndNotify", "Enforce",
        default="Enforce", of=_CMDLET,
    )  # fmt: skip
    StopRuleProcessing: bool = flag(False, "no later rule is asked")
    RuleErrorAction: str = choice(
        "what becomes of mail when rules cannot be processed, which does not happen here", "Ignore", "Defer",
        default="Ignore", of=_CMDLET,
    )  # fmt: skip
    ActivationDate: datetime | None = _date("from when on the rule is in force")
    ExpiryDate: datetime | None = _date("until when the rule is in force")
    SenderAddressLocation: str = choice(
        "where sender conditions look", "Header", "Envelope", "HeaderOrEnvelope", default="Header", of=_CMDLET
    )
    RecipientAddressType: str = choice(
        "what recipient conditions look at: the primary address, or the one that was written", "Resolved", "Original",
        default="Resolved", of=_CMDLET,
    )  # fmt: skip

    RouteMessageOutboundConnector: str = text("the outbound connector that mail takes")
    RouteMessageOutboundRequireTls: bool = flag(False, "mail leaves over TLS or not at all")
    RedirectMessageTo: tuple[Address, ...] = texts("who gets the message instead", read=recipient)
    BlindCopyTo: tuple[Address, ...] = texts("who gets it too, unseen", read=recipient)
    CopyTo: tuple[Address, ...] = texts("who gets it too, and stands in Cc", read=recipient)
    AddToRecipients: tuple[Address, ...] = texts("who gets it too, and stands in To", read=recipient)
    AddManagerAsRecipientType: str | None = choice(
        "how the sender's manager gets it", "To", "Cc", "Bcc", "Redirect", of=_CMDLET
    )
    RejectMessageReasonText: str = text("why it is returned", read=_bounded(_LONGEST_REASON))
    RejectMessageEnhancedStatusCode: str = text("the code with which it is returned", read=status_code)
    DeleteMessage: bool = flag(False, "it is dropped, and nobody is told")
    Quarantine: bool = flag(False, "it is kept in quarantine")
    SetSCL: int | None = custom(lambda n: scl(n.text.strip()), None, "a spam confidence level, -1 to 9", {"type": ["integer", "string"]})  # fmt: skip
    SetHeaderName: str = text("the header field that is written ...", read=header_name)
    SetHeaderValue: str = text("... and what is written there")
    RemoveHeader: str = text("the header field that is taken out", read=header_name)
    PrependSubject: str = custom(_prefix, "", "what the subject begins with from now on", {"type": "string"})
    ApplyHtmlDisclaimerText: str = text("what is added to the body", read=_bounded(_LONGEST_DISCLAIMER))
    ApplyHtmlDisclaimerLocation: str | None = choice("at its end or its beginning", "Append", "Prepend", of=_CMDLET)
    ApplyHtmlDisclaimerFallbackAction: str | None = choice(
        "what is done where nothing can be added", "Wrap", "Ignore", "Reject", of=_CMDLET
    )
    SetAuditSeverity: object = ignored("for reports: DoNotAudit, Low, Medium, High", silent=True)
    ApplyClassification: object = ignored("a message classification")
    ApplyOME: object = ignored("encryption of the message")
    ApplyRightsProtectionTemplate: object = ignored("rights management")
    ApplyRightsProtectionCustomizationTemplate: object = ignored("rights management")
    RemoveOME: object = ignored("encryption of the message")
    RemoveOMEv2: object = ignored("encryption of the message")
    RemoveRMSAttachmentEncryption: object = ignored("rights management")
    GenerateIncidentReport: object = ignored("a report to somebody")
    IncidentReportContent: object = ignored("what stands in the report", silent=True)
    GenerateNotification: object = ignored("a notice to the recipients")
    ModerateMessageByUser: object = ignored("approval by somebody")
    ModerateMessageByManager: object = ignored("approval by the sender's manager")
    NotifySender: object = ignored("data loss prevention, on-premises only")
    SmtpRejectMessageRejectText: object = ignored("Edge Transport servers only")
    SmtpRejectMessageRejectStatusCode: object = ignored("Edge Transport servers only")
    Disconnect: object = ignored("Edge Transport servers only")
    LogEventText: object = ignored("on-premises only")

    Comments: object = ignored("a remark", silent=True)
    UseLegacyRegex: object = ignored("the syntax of Exchange 2010")
    DlpPolicy: object = ignored("data loss prevention, on-premises only", silent=True)
    RuleSubType: object = ignored("None or Dlp", silent=True)
    Name: object = ignored("the name; here it is the key of the map", silent=True)
    Identity: object = ignored("the name again, in a Get- record", silent=True)
    Confirm: object = ignored("a switch of the cmdlet", silent=True)
    WhatIf: object = ignored("a switch of the cmdlet", silent=True)
    Guid: object = ignored("metadata of a Get- record", silent=True)
    ImmutableId: object = ignored("metadata of a Get- record", silent=True)
    DistinguishedName: object = ignored("metadata of a Get- record", silent=True)
    OrganizationId: object = ignored("metadata of a Get- record", silent=True)
    Description: object = ignored("the rule in words, in a Get- record", silent=True)
    Conditions: object = ignored("the conditions again, in a Get- record", silent=True)
    Exceptions: object = ignored("the exceptions again, in a Get- record", silent=True)
    Actions: object = ignored("the actions again, in a Get- record", silent=True)
    RuleVersion: object = ignored("metadata of a Get- record", silent=True)
    Size: object = ignored("metadata of a Get- record", silent=True)
    CreatedBy: object = ignored("metadata of a Get- record", silent=True)
    LastModifiedBy: object = ignored("metadata of a Get- record", silent=True)
    WhenChanged: object = ignored("metadata of a Get- record", silent=True)
    IsValid: object = ignored("metadata of a Get- record", silent=True)
    ManuallyModified: object = ignored("metadata of a Get- record", silent=True)
    IsRuleConfigurationSupported: object = ignored("metadata of a Get- record", silent=True)

    @property
    def enabled(self) -> bool:
        return self.Enabled if self.State is None else self.State == "Enabled"

    @property
    def enforced(self) -> bool:
        return self.Mode == "Enforce"

    @property
    def rejects(self) -> bool:
        return bool(self.RejectMessageReasonText or self.RejectMessageEnhancedStatusCode)

    def check(self, problems: ProblemList) -> None:
        if len(self.name) > _LONGEST_NAME:
            problems.error(self.place, f"Name: {self.name[:20]}... is longer than {_LONGEST_NAME} characters.")
        self._check_pairs(problems)
        self._check_actions(problems)
        if self.ActivationDate and self.ExpiryDate and self.ExpiryDate <= self.ActivationDate:
            problems.error(self.at("ExpiryDate"), "ExpiryDate is not after ActivationDate.", "Swap them.")
        if self.State and self.written("Enabled") and self.Enabled != (self.State == "Enabled"):
            problems.warn(self.at("State"), f"State {self.State} contradicts Enabled; State counts")
        for name in NOT_MODELLED:
            if name in conditions.written(self):
                says = f"{name} is understood but not modelled; {self.name} does not run here"
                problems.warn(self.at(name), says)
            if name in conditions.written(self, EXCEPT_IF):
                says = f"{EXCEPT_IF}{name} is understood but not modelled; it exempts nothing here"
                problems.warn(self.at(EXCEPT_IF + name), says)

    def _check_pairs(self, problems: ProblemList) -> None:
        pairs = [(p + a, p + b) for p in ("", EXCEPT_IF) for a, b in PAIRS] + [("SetHeaderName", "SetHeaderValue")]
        for one, other in (*pairs, *((b, a) for a, b in pairs)):
            if getattr(self, one) and lacks(self, other, problems):
                problems.error(self.at(one), f"{one} needs {other}.", f"Add {other}, or take {one} out.")
        for one, other in (
            ("ADComparisonOperator", "ADComparisonAttribute"), (f"{EXCEPT_IF}ADComparisonOperator", f"{EXCEPT_IF}ADComparisonAttribute"),
            ("ApplyHtmlDisclaimerLocation", "ApplyHtmlDisclaimerText"), ("ApplyHtmlDisclaimerFallbackAction", "ApplyHtmlDisclaimerText"),
        ):  # fmt: skip
            if getattr(self, one) and lacks(self, other, problems):
                problems.error(self.at(one), f"{one} needs {other}.", f"Add {other}, or take {one} out.")

    def _check_actions(self, problems: ProblemList) -> None:
        if len(self.RedirectMessageTo) > _MOST_REDIRECTS:
            says = f"RedirectMessageTo: {len(self.RedirectMessageTo)} recipients are more than {_MOST_REDIRECTS}."
            problems.error(self.at("RedirectMessageTo"), says)
        written = {key.casefold() for key in self.places}
        refused = any(p.at in self.places.values() for p in problems.errors)
        if not refused and not any(action.casefold() in written for action in (*ACTIONS, *NOT_MODELLED_ACTIONS)):
            problems.error(self.place, f"{self.name} has no action.", "Add one, such as StopRuleProcessing: true.")


def _number(node: Node) -> int:
    word = node.text.strip()
    if not node.is_scalar or not word.isascii() or not word.isdecimal():
        raise BadValue(f"{word or 'nothing'} is no priority", "Write 0 or a higher number.")
    return int(word)


ACTIONS: Final = (
    "RouteMessageOutboundConnector", "RouteMessageOutboundRequireTls", "RedirectMessageTo", "BlindCopyTo", "CopyTo",
    "AddToRecipients", "AddManagerAsRecipientType", "RejectMessageReasonText", "RejectMessageEnhancedStatusCode",
    "DeleteMessage", "Quarantine", "SetSCL", "SetHeaderName", "RemoveHeader", "PrependSubject", "ApplyHtmlDisclaimerText",
    "StopRuleProcessing", "SetAuditSeverity",
)  # fmt: skip
"""What a rule can do here, in the order in which it is done."""

NOT_MODELLED_ACTIONS: Final = (
    "ApplyClassification", "ApplyOME", "ApplyRightsProtectionTemplate", "RemoveOME", "RemoveOMEv2",
    "RemoveRMSAttachmentEncryption", "GenerateIncidentReport", "GenerateNotification", "ModerateMessageByUser",
    "ModerateMessageByManager", "NotifySender", "SmtpRejectMessageRejectText", "Disconnect", "LogEventText",
)  # fmt: skip
"""What a rule can do at the service, and not here."""

TransportRule.__fields__ = {**TransportRule.__fields__, **conditions.fields()}
