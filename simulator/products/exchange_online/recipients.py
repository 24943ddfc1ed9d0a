"""What a tenant's directory says of a recipient, under the names of the cmdlets that set it.

| kind | RecipientType | what becomes of mail for it |
| --- | --- | --- |
| mailbox | UserMailbox, SharedMailbox, RoomMailbox, EquipmentMailbox | kept here, forwarded, sent on by inbox rules |
| external | MailUser, MailContact | its ExternalEmailAddress takes its place |
| group | DistributionGroup, security groups, DynamicDistributionGroup, GroupMailbox (Microsoft 365) | its members take its place |
| public folder | PublicFolder | kept here |

The members of a dynamic group are written like those of any other: nothing here evaluates a RecipientFilter.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.mail.address import Address, AddressError
from simulator.policy.settings import BadValue, choice, custom, flag, ignored, text, texts
from simulator.products.exchange_notation import lacks, proxies, recipient
from simulator.products.exchange_online.attributes import Attributes
from simulator.products.exchange_online.notation import address_of, count_or_unlimited, octets
from simulator.source import Node, ProblemList

__all__ = ["EXTERNALS", "GROUPS", "MAILBOXES", "UNIFIED_GROUP", "RecipientObject"]

UNIFIED_GROUP = "GroupMailbox"
GROUPS = (
    "DistributionGroup", "MailUniversalDistributionGroup", "MailUniversalSecurityGroup", "DynamicDistributionGroup",
    UNIFIED_GROUP,
)  # fmt: skip
MAILBOXES = ("UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox")
EXTERNALS = ("MailUser", "MailContact")
PUBLIC_FOLDERS = ("PublicFolder",)

_TEXT = {"type": "string"}
_TEXTS = {"type": ["array", "string"], "items": {"type": "string"}}
_SEND_AS = "SendAs"


def _rights(node: Node) -> Mapping[Address, str]:
    """`{amy@contoso.com: SendAs}`."""
    if not node.is_map:
        raise BadValue("a mapping from trustees to rights is expected", "Write {amy@contoso.com: SendAs}.")
    for entry in node.entries:
        if entry.node.text.strip().casefold() != _SEND_AS.casefold():
            says = f"{entry.node.text} is not a value of Add-RecipientPermission -AccessRights"
            raise BadValue(says, "Write SendAs.")
    return {recipient(entry.key): _SEND_AS for entry in node.entries}


class RecipientObject(Attributes):
    """A recipient of the tenant's directory: a mailbox's properties, a mail user, a contact, a group, a public folder."""

    noun = "a recipient"
    cmdlet = "Get-Recipient"

    RecipientType: str | None = choice(
        "what it is; left out: a mailbox, or what its other properties say",
        *MAILBOXES,
        *EXTERNALS,
        *GROUPS,
        *PUBLIC_FOLDERS,
        of="Get-Recipient",
    )
    RecipientTypeDetails: object = ignored("the finer kind, in a Get- record", silent=True)
    ExternalEmailAddress: Address | None = custom(address_of, None, "where a mail user or contact really is", _TEXT)
    Members: tuple[Address, ...] = texts("who is in a group", read=recipient)
    RecipientFilter: object = ignored("who is in a dynamic group; write Members")
    ForwardingSmtpAddress: Address | None = custom(address_of, None, "where a mailbox forwards to", _TEXT)
    ForwardingAddress: Address | None = custom(
        address_of,
        None,
        "the recipient of this tenant that a mailbox forwards to; goes before ForwardingSmtpAddress",
        _TEXT,
    )
    DeliverToMailboxAndForward: bool = flag(False, "a forwarding mailbox keeps a copy")
    EmailAddresses: tuple[Address, ...] = custom(proxies, (), "further addresses (proxy addresses)", _TEXTS)

    # who may send to it
    RequireSenderAuthenticationEnabled: bool | None = flag(
        None, "mail from anonymous senders is returned; left out: true for groups, false for others"
    )
    AcceptMessagesOnlyFrom: tuple[Address, ...] = texts("the recipients that alone may send to it", read=recipient)
    AcceptMessagesOnlyFromDLMembers: tuple[Address, ...] = texts(
        "the groups whose members alone may send to it", read=recipient
    )
    AcceptMessagesOnlyFromSendersOrMembers: tuple[Address, ...] = texts(
        "the recipients, and groups whose members, alone may send to it", read=recipient
    )
    RejectMessagesFrom: tuple[Address, ...] = texts("the recipients that may not send to it", read=recipient)
    RejectMessagesFromDLMembers: tuple[Address, ...] = texts(
        "the groups whose members may not send to it", read=recipient
    )
    RejectMessagesFromSendersOrMembers: tuple[Address, ...] = texts(
        "the recipients, and groups whose members, may not send to it", read=recipient
    )
    ModerationEnabled: object = ignored("a moderator decides")

    # what it holds
    MaxReceiveSize: int | None = custom(octets, None, "the largest message it takes, such as 25MB", _TEXT)
    ProhibitSendReceiveQuota: int | None = custom(
        octets, None, "the mailbox takes nothing beyond it, such as 50GB", _TEXT
    )
    ProhibitSendQuota: int | None = custom(octets, None, "the mailbox sends nothing beyond it, such as 49.5GB", _TEXT)
    IssueWarningQuota: object = ignored("the mailbox's owner is warned", silent=True)
    TotalItemSize: int | None = custom(
        octets,
        None,
        "how much is in the mailbox at the beginning (Get-MailboxStatistics); mail that comes adds to it",
        _TEXT,
    )
    IsMailboxEnabled: bool = flag(True, "a mailbox that is disabled returns its mail")

    # what it may send
    MaxSendSize: int | None = custom(octets, None, "the largest message it sends", _TEXT)
    RecipientLimits: int | None = custom(
        count_or_unlimited,
        500,
        "the most recipients of one message that the mailbox sends; Unlimited: as the organisation",
        _TEXT,
    )
    RecipientPermission: Mapping[Address, str] = custom(
        _rights,
        {},
        "who may send as it: {TRUSTEE: SendAs} (Add-RecipientPermission)",
        {"type": "object"},
    )
    GrantSendOnBehalfTo: tuple[Address, ...] = texts(
        "who may send on its behalf, naming themselves in Sender", read=recipient
    )
    SmtpClientAuthenticationDisabled: bool | None = flag(
        None, "the mailbox may not submit with SMTP AUTH; left out: as TransportConfig says"
    )
    AuthenticationPolicy: str = text("the authentication policy of the user; left out: the default one")

    PrimarySmtpAddress: object = ignored("the address; here it is the key of the map", silent=True)
    WindowsEmailAddress: object = ignored("the address again", silent=True)
    MicrosoftOnlineServicesID: object = ignored("the sign-in name", silent=True)
    Name: object = ignored("metadata", silent=True)
    Alias: object = ignored("metadata", silent=True)
    Password: object = ignored("passwords are the lab's", silent=True)
    HiddenFromAddressListsEnabled: object = ignored("address lists play no part", silent=True)
    Type: object = ignored("Distribution or Security", silent=True)
    Shared: object = ignored("a switch of New-Mailbox", silent=True)
    Room: object = ignored("a switch of New-Mailbox", silent=True)
    MemberJoinRestriction: object = ignored("who may join a group", silent=True)
    AutoSubscribeNewMembers: object = ignored("whether members of a Microsoft 365 group get copies", silent=True)
    AccessType: object = ignored("whether a Microsoft 365 group is public", silent=True)

    @property
    def kind(self) -> str:
        """`mailbox`, `external`, `group` or `public folder`."""
        found = self.RecipientType
        if found is None:
            found = "MailUser" if self.ExternalEmailAddress else "DistributionGroup" if self.Members else "UserMailbox"
        kinds = {
            **dict.fromkeys(GROUPS, "group"),
            **dict.fromkeys(EXTERNALS, "external"),
            "PublicFolder": "public folder",
        }
        return kinds.get(found, "mailbox")

    def check(self, problems: ProblemList) -> None:
        try:
            Address.parse(self.name)
        except AddressError as bad:
            problems.error(self.place, f"{bad}.", "Recipients is a map by address.")
        if self.kind == "external" and lacks(self, "ExternalEmailAddress", problems):
            says = f"{self.name} is a {self.RecipientType} and lacks ExternalEmailAddress."
            problems.error(self.at("RecipientType"), says, "Add ExternalEmailAddress: the address where it really is.")
        for parameter, kind in (
            ("ExternalEmailAddress", "external"), ("Members", "group"), ("ProhibitSendReceiveQuota", "mailbox"),
            ("IsMailboxEnabled", "mailbox"),
        ):  # fmt: skip
            if self.written(parameter) and self.kind != kind:
                problems.warn(self.at(parameter), f"{parameter} has no effect on a {self.RecipientType}")
        for parameter in ("ForwardingSmtpAddress", "ForwardingAddress"):
            if getattr(self, parameter) and self.kind != "mailbox":
                problems.warn(self.at(parameter), f"{parameter} has no effect on a {self.RecipientType}")
