"""Inbox rules: what a mailbox does by itself with mail that is delivered to it.

    in the order of Priority, for every enabled rule whose conditions all hold and whose exceptions do not:
        RedirectTo                         a copy goes on as it is
        ForwardTo, ForwardAsAttachmentTo   a copy goes on in the mailbox's own name, "FW:" before the subject
        MoveToFolder, DeleteMessage        where the mailbox keeps it, or that it does not
        StopProcessingRules                no further rules

A rule without conditions is for all mail. The conditions that are modelled are From, FromAddressContainsWords,
SubjectContainsWords, HeaderContainsWords, and their ExceptIf... twins.

Names are unique within a mailbox at the service; here they are unique within the tenant (CMD New-InboxRule).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from simulator.mail.address import Address
from simulator.mail.message import Message
from simulator.policy.host import Held
from simulator.policy.settings import Settings, custom, flag, ignored, number, text, texts
from simulator.products.exchange_notation import recipient
from simulator.products.exchange_online.notation import address_of
from simulator.source import ProblemList
from simulator.value import value

__all__ = ["InboxRule", "Verdict", "evaluated"]

_ADDRESS = {"type": "string"}


def _folder(words: str) -> str:
    """`Bob:\\Archive`, `:\\Archive` or `Archive`."""
    return words.rpartition(":")[2].lstrip("\\/") or words


class InboxRule(Settings):
    """What New-InboxRule takes."""

    noun = "an inbox rule"
    cmdlet = "New-InboxRule"

    Mailbox: Address | None = custom(address_of, None, "whose rule it is, by address", _ADDRESS)
    Enabled: bool = flag(True, "a disabled rule does nothing")
    Priority: int = number("rules with lower numbers come first; equals in the order of the file", 1)
    From: tuple[Address, ...] = texts("mail from these senders", read=recipient)
    ExceptIfFrom: tuple[Address, ...] = texts("but not from these", read=recipient)
    FromAddressContainsWords: tuple[str, ...] = texts("mail whose sender has one of these in the address")
    ExceptIfFromAddressContainsWords: tuple[str, ...] = texts("but not with one of these")
    SubjectContainsWords: tuple[str, ...] = texts("mail with one of these in the subject")
    ExceptIfSubjectContainsWords: tuple[str, ...] = texts("but not with one of these")
    HeaderContainsWords: tuple[str, ...] = texts("mail with one of these in its header")
    ExceptIfHeaderContainsWords: tuple[str, ...] = texts("but not with one of these")
    BodyContainsWords: object = ignored("the body is not read")
    SubjectOrBodyContainsWords: object = ignored("the body is not read")
    SentTo: object = ignored("whom the header names")
    MyNameInToBox: object = ignored("whom the header names")
    MyNameInToOrCcBox: object = ignored("whom the header names")
    HasAttachment: object = ignored("attachments are not looked at")
    RedirectTo: tuple[Address, ...] = texts("whom a copy goes to as it is", read=recipient)
    ForwardTo: tuple[Address, ...] = texts("whom a copy goes to in the mailbox's name", read=recipient)
    ForwardAsAttachmentTo: tuple[Address, ...] = texts("the same, the message attached", read=recipient)
    MoveToFolder: str = text("the folder that it is kept in", read=_folder)
    DeleteMessage: bool = flag(False, "the mailbox keeps nothing in its Inbox")
    StopProcessingRules: bool = flag(False, "no further rules after this one")
    CopyToFolder: object = ignored("a second copy in the mailbox")
    SendTextMessageNotificationTo: object = ignored("notices to telephones")
    MarkAsRead: object = ignored("flags in the mailbox", silent=True)
    MarkImportance: object = ignored("flags in the mailbox", silent=True)
    AlwaysDeleteOutlookRulesBlob: object = ignored("a switch", silent=True)
    Force: object = ignored("a switch", silent=True)
    Identity: object = ignored("the name; here it is the key of the map", silent=True)
    Name: object = ignored("the name again", silent=True)

    def check(self, problems: ProblemList) -> None:
        if self.Mailbox is None and not self.written("Mailbox"):
            problems.error(
                self.place, f"inbox rule {self.name} does not say whose it is.", "Add Mailbox: bob@contoso.com"
            )

    @property
    def sends_to(self) -> tuple[tuple[str, tuple[Address, ...]], ...]:
        """The parameters that send copies, and to whom."""
        every = ("RedirectTo", "ForwardTo", "ForwardAsAttachmentTo")
        return tuple((name, found) for name in every if (found := getattr(self, name)))

    def holds(self, held: Held) -> bool:
        """Whether all conditions hold and no exception does."""
        subject = (held.message.get("Subject") or "").casefold()
        header = "\n".join(_header(held.message)).casefold()
        sender = str(held.sender or "").casefold()
        asked = (
            (self.From, self.ExceptIfFrom, lambda a: a == held.sender),
            (self.FromAddressContainsWords, self.ExceptIfFromAddressContainsWords, lambda w: w.casefold() in sender),
            (self.SubjectContainsWords, self.ExceptIfSubjectContainsWords, lambda w: w.casefold() in subject),
            (self.HeaderContainsWords, self.ExceptIfHeaderContainsWords, lambda w: w.casefold() in header),
        )
        return all(
            (not wanted or any(map(test, wanted))) and not any(map(test, unwanted)) for wanted, unwanted, test in asked
        )


def _header(message: Message) -> Iterable[str]:
    return (raw.decode("utf-8", "replace") for _, raw in message.fields)


@value
class Verdict:
    """What the rules of a mailbox come to for one message. `sends` are (rule, parameter, to whom)."""

    sends: tuple[tuple[InboxRule, str, tuple[Address, ...]], ...] = ()
    folder: str = "Inbox"
    deleted_by: InboxRule | None = None
    ran: tuple[InboxRule, ...] = ()


def evaluated(addresses: Collection[Address], held: Held, rules: Mapping[str, InboxRule]) -> Verdict:
    """The rules of the mailbox that has these addresses, applied to a message that is about to be delivered to it."""
    mine = sorted((r for r in rules.values() if r.Mailbox in addresses and r.Enabled), key=lambda r: r.Priority)
    sends: list[tuple[InboxRule, str, tuple[Address, ...]]] = []
    ran: list[InboxRule] = []
    folder, deleted_by = "Inbox", None
    for one in mine:
        if not one.holds(held):
            continue
        ran.append(one)
        sends += [(one, parameter, to) for parameter, to in one.sends_to]
        folder = one.MoveToFolder or folder
        deleted_by = deleted_by or (one if one.DeleteMessage else None)
        if one.StopProcessingRules:
            break
    return Verdict(tuple(sends), folder, deleted_by, tuple(ran))
