"""Cmdlets that say in their own words what is a setting of another object here: their parameters, as those of Set-.

| cmdlet | is |
| --- | --- |
| Add-RecipientPermission {Identity, Trustee, AccessRights} | Set-Mailbox {Identity, RecipientPermission: {TRUSTEE: SendAs}} |
| Remove-RecipientPermission | the same, `remove` |
| Set-CASMailbox | Set-Mailbox |
| Set-User, Set-Contact | Set-Mailbox |
| Update-DistributionGroupMember {Identity, Members} | Set-DistributionGroup |
| Add-, Remove-DistributionGroupMember {Identity, Member} | Set-DistributionGroup {Identity, Members: {Add or Remove: ...}} |
| New-, Set-InboxRule {Mailbox: PERSON} | the same with the mailbox's address, at its server |
| Enable-, Disable-IPv6ForAcceptedDomain {Domain} | Set-AcceptedDomain {Identity, IPv6Status: Enabled or Disabled} |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from simulator.scenario.people import find_mailbox, mailbox_of
from simulator.source import Node, ProblemList, Scalar

__all__ = ["SHORTHAND", "Shorthand", "rewritten"]

_Rewrite = Callable[[Node, Node, ProblemList], Node | None]


@dataclass(frozen=True, slots=True)
class Shorthand:
    """What a cmdlet stands for: verb and noun, and how its parameters are written there."""

    name: str
    verb: str
    noun: str
    rewrite: _Rewrite


def rewritten(tree: Node, name: str, parameters: Node, problems: ProblemList) -> Node | None:
    """The parameters as the cmdlet takes them that `name` stands for, or is; None where they are refused."""
    if name.partition("-")[2] == "InboxRule":
        return _of_mailbox(tree, parameters, problems)
    short = SHORTHAND.get(name.casefold())
    return short.rewrite(tree, parameters, problems) if short else parameters


def _same(tree: Node, parameters: Node, problems: ProblemList) -> Node:
    return parameters


def _without_confirm(tree: Node, parameters: Node, problems: ProblemList) -> Node:
    return parameters.without("Confirm")


def _member(word: str) -> _Rewrite:
    def rewrite(tree: Node, parameters: Node, problems: ProblemList) -> Node | None:
        member = parameters.get("Member")
        if member is None:
            problems.error(parameters.at, "it is not said who the member is.", "Add  Member: amy@contoso.com")
            return None
        box = mailbox_of(tree, member.text, member.at, problems) if "@" not in member.text else None
        if box is None and "@" not in member.text:
            return None
        who = Node(Scalar(box.address, quoted=True), member.at) if box else member
        kept = parameters.without("Member").without("Confirm").without("BypassSecurityGroupManagerCheck")
        return kept.with_entry("Members", Node({}, member.at).with_entry(word, who), member.at)

    return rewrite


def _permission(remove: bool) -> _Rewrite:
    def rewrite(tree: Node, parameters: Node, problems: ProblemList) -> Node | None:
        trustee = parameters.get("Trustee")
        if trustee is None:
            problems.error(parameters.at, "it is not said who gets the permission.", "Add  Trustee: amy@contoso.com")
            return None
        name, right = trustee.text.strip(), parameters.get("AccessRights")
        if "@" not in name:
            box = mailbox_of(tree, name, trustee.at, problems)
            if box is None:
                return None
            name = box.address
        given = (
            Node(Scalar("remove"), trustee.at) if remove else right or Node(Scalar("SendAs", quoted=True), trustee.at)
        )
        permission = Node({}, parameters.at).with_entry(name, given, trustee.at)
        kept = parameters.without("Trustee").without("AccessRights").without("Confirm")
        return kept.with_entry("RecipientPermission", permission, parameters.at)

    return rewrite


def _of_mailbox(tree: Node, parameters: Node, problems: ProblemList) -> Node | None:
    """An inbox rule is at its mailbox's server, and the mailbox may be named by the person."""
    who = parameters.get("Mailbox")
    if who is None:
        return parameters
    name = who.text.strip()
    box = find_mailbox(tree, name) if "@" in name else mailbox_of(tree, name, who.at, problems)
    if box is None:
        return parameters if "@" in name else None
    parameters = parameters.with_entry("Mailbox", Node(Scalar(box.address, quoted=True), who.at))
    if parameters.entry("server"):
        return parameters
    return parameters.with_entry("server", Node(Scalar(box.server, quoted=True), who.at))


def _ipv6(status: str) -> _Rewrite:
    def rewrite(tree: Node, parameters: Node, problems: ProblemList) -> Node:
        domain = parameters if not parameters.is_map else parameters.get("Domain") or parameters.get("Identity")
        made = Node.of({"IPv6Status": status}, parameters.at)
        return made.with_entry("Identity", domain, domain.at) if domain is not None else made

    return rewrite


_EVERY = (
    Shorthand("Add-RecipientPermission", "Set", "Mailbox", _permission(remove=False)),
    Shorthand("Remove-RecipientPermission", "Set", "Mailbox", _permission(remove=True)),
    Shorthand("Set-CASMailbox", "Set", "Mailbox", _same),
    Shorthand("Set-User", "Set", "Mailbox", _same),
    Shorthand("Set-Contact", "Set", "MailContact", _same),
    Shorthand("Update-DistributionGroupMember", "Set", "DistributionGroup", _without_confirm),
    Shorthand("Add-DistributionGroupMember", "Set", "DistributionGroup", _member("Add")),
    Shorthand("Remove-DistributionGroupMember", "Set", "DistributionGroup", _member("Remove")),
    Shorthand("Enable-IPv6ForAcceptedDomain", "Set", "AcceptedDomain", _ipv6("Enabled")),
    Shorthand("Disable-IPv6ForAcceptedDomain", "Set", "AcceptedDomain", _ipv6("Disabled")),
)
SHORTHAND: Final[Mapping[str, Shorthand]] = {short.name.casefold(): short for short in _EVERY}
"""By folded name."""
