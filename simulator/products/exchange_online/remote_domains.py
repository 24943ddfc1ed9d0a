"""Remote domains: what may be sent to other organisations by itself.

| setting | false means |
| --- | --- |
| AutoForwardEnabled | mail that was forwarded automatically to the domain is dropped; nobody is told |
| NDREnabled | senders of the domain get no non-delivery reports |
| DeliveryReportEnabled | they get no reports of success |

The entry that names a domain most exactly counts: `contoso.com`, then `*.contoso.com` (which covers contoso.com too), then
`*`. The entry `Default` is `*`, exists in every tenant and cannot be removed (CMD New-RemoteDomain, Set-RemoteDomain).

Whether AutoForwardEnabled reaches forwarding that an administrator has set on a mailbox is a contradiction between two
pages: "Remote domains" says that it does not, the blog on automatic forwarding lists ForwardingSmtpAddress among what is
blocked. Knob `remote_domain_blocks_admin_forwarding`.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.mail.address import Address, covers
from simulator.policy.decision import Step
from simulator.policy.rules import rule
from simulator.policy.settings import Settings, flag, ignored, text
from simulator.products.exchange_online.notation import domain_pattern, exactness
from simulator.products.exchange_online.steps import single
from simulator.source import ProblemList

__all__ = ["BUILT_IN", "RemoteDomain", "confirmations_dropped", "remote_domain", "reports_dropped", "stops_forward"]

_TEST = "tests/products/exchange_online/test_remote_domains.py"
AUTO_FORWARD = rule(
    "EXO-REMOTE-1", "Automatically forwarded mail for a remote domain with AutoForwardEnabled false is dropped silently",
    fidelity="documented", source="CMD Set-RemoteDomain; learn: Remote domains in Exchange Online; knob "
    "remote_domain_blocks_admin_forwarding for what administrators set", test=_TEST,
)  # fmt: skip
NO_REPORTS = rule(
    "EXO-REMOTE-2", "Senders of a remote domain with NDREnabled false get no non-delivery reports", fidelity="documented",
    source="CMD Set-RemoteDomain NDREnabled", test=_TEST,
)  # fmt: skip

NO_CONFIRMATIONS = rule(
    "EXO-REMOTE-3", "Senders of a remote domain with DeliveryReportEnabled false get no reports of success", fidelity="inferred",
    source="CMD Set-RemoteDomain DeliveryReportEnabled, as its name goes; its reach is inferred",
    test="tests/products/exchange_online/test_report.py",
)  # fmt: skip

BUILT_IN = "Default"
"""The remote domain that every tenant has; its DomainName is `*`."""


class RemoteDomain(Settings):
    """What Set-RemoteDomain takes."""

    noun = "a remote domain"
    cmdlet = "Set-RemoteDomain"

    DomainName: str = text("the domain: contoso.com, *.contoso.com or *", read=domain_pattern)
    AutoForwardEnabled: bool = flag(True, "mail that was forwarded automatically may be sent to the domain")
    NDREnabled: bool = flag(True, "senders of the domain get non-delivery reports")
    AllowedOOFType: object = ignored("which automatic replies are sent")
    AutoReplyEnabled: object = ignored("whether automatic replies are sent")
    DeliveryReportEnabled: bool = flag(True, "senders of the domain get the reports of success that they ask for")
    MeetingForwardNotificationEnabled: object = ignored("notices of forwarded meetings")
    IsInternal: bool = flag(False, "mail flow rules treat recipients of the domain as internal")
    TrustedMailInboundEnabled: object = ignored("mail from the domain skips filtering")
    TrustedMailOutboundEnabled: object = ignored("mail to the domain is trusted")
    TargetDeliveryDomain: object = ignored("the domain of cross-forest mail users", silent=True)
    TNEFEnabled: object = ignored("the form of the content", silent=True)
    CharacterSet: object = ignored("the form of the content", silent=True)
    NonMimeCharacterSet: object = ignored("the form of the content", silent=True)
    ByteEncoderTypeFor7BitCharsets: object = ignored("the form of the content", silent=True)
    PreferredInternetCodePageForShiftJis: object = ignored("the form of the content", silent=True)
    RequiredCharsetCoverage: object = ignored("the form of the content", silent=True)
    LineWrapSize: object = ignored("the form of the content", silent=True)
    ContentType: object = ignored("the form of the content", silent=True)
    DisplaySenderName: object = ignored("the form of the content", silent=True)
    UseSimpleDisplayName: object = ignored("the form of the content", silent=True)
    NDRDiagnosticInfoEnabled: object = ignored("how much a report tells")
    MessageCountThreshold: object = ignored("when the service alerts", silent=True)
    SmtpDaneMandatoryModeEnabled: object = ignored("DANE for the domain")
    Identity: object = ignored("the name; here it is the key of the map", silent=True)
    Name: object = ignored("the name again, in a Get- record", silent=True)

    def check(self, problems: ProblemList) -> None:
        if self.is_built_in:
            if self.DomainName not in ("", "*"):
                problems.error(self.at("DomainName"), "the remote domain Default is for * and stays so.")
        elif not self.DomainName and not self.written("DomainName"):
            problems.error(self.place, f"remote domain {self.name} lacks DomainName.", "Add DomainName: fabrikam.com")

    @property
    def is_built_in(self) -> bool:
        return self.name.casefold() == BUILT_IN.casefold()

    @property
    def pattern(self) -> str:
        return self.DomainName or "*"


def remote_domain(domain: str, entries: Mapping[str, RemoteDomain]) -> RemoteDomain | None:
    """The entry that counts for a domain; None where not even Default was changed."""
    found = [e for e in entries.values() if e.pattern == "*" or covers(e.pattern, domain)]
    return min(found, key=lambda e: exactness(e.pattern), default=None)


def stops_forward(target: Address, entries: Mapping[str, RemoteDomain]) -> Step | None:
    """The step that drops a forwarded copy for `target`, or None where it may go."""
    found = remote_domain(target.domain, entries)
    if found is None or found.AutoForwardEnabled:
        return None
    says = f"remote domain {found.name} ({found.pattern}) takes no automatically forwarded mail, so it is dropped"
    at = found.at("AutoForwardEnabled")
    return single("FORWARD", AUTO_FORWARD, "remote-domain", says, name=found.name, chosen=False, at=at)


def reports_dropped(sender: Address, entries: Mapping[str, RemoteDomain]) -> bool:
    """Whether a sender outside is to get no reports (rule EXO-REMOTE-2)."""
    found = remote_domain(sender.domain, entries)
    return found is not None and not found.NDREnabled


def confirmations_dropped(sender: Address, entries: Mapping[str, RemoteDomain]) -> bool:
    """Whether a sender outside is to get no reports of success (rule EXO-REMOTE-3)."""
    found = remote_domain(sender.domain, entries)
    return found is not None and not found.DeliveryReportEnabled
