"""Users and aliases of a SmarterMail domain, as its administration API writes them: they are settings of their domain here.

    {"userData": {"userName": "bob", "fullName": ...}, "userMailSettings": {"enableMailForwarding": true},
     "forwardList": {"forwardList": ["bob@contoso.onmicrosoft.com"], "deleteOnForward": true}}       Forwarding: {bob: ...}
    {"name": "sales", "aliasTargetList": ["bob", "john"]}                                               Aliases: {sales: [bob, john]}
    {"results": [{"userName": "bob", "emailAddress": "bob@contoso.com", "isEnabled": true}]}            a list of users

Field names are those that provisioning modules use (`domain/user-put`, `domain/alias-put`, `domain/account-list-search`);
what they do is taken from the labels of the pages (inferred).
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.policy.settings import Settings, choice, flag, ignored, text, texts
from simulator.products.shape import Shape
from simulator.products.smartermail.user_settings import DISABLED, ENABLED
from simulator.source import Node

__all__ = ["SHAPES"]


class UserRecord(Settings):
    """A user, as a record has one."""

    noun = "a SmarterMail user"

    full_name: str = text("the name that is shown", label="Full Name")
    status: str = choice("a disabled user's mail comes back", ENABLED, DISABLED, default=ENABLED, label="Status")
    disabled: bool = flag(False, "the same, the other way round", label="Disabled")
    forwards: bool = flag(True, "whether the forwarding addresses count", label="Enable Forwarding")
    to: tuple[str, ...] = texts("where the user's mail goes", label="Forwarding Address")
    delete: bool = flag(False, "the mailbox keeps no copy", label="Delete messages when forwarded")
    receives: bool = flag(True, "whether the user gets mail at all", label="Can Receive Mail")
    method: object = ignored("how a forwarded message is wrapped", label="Forward Method")


class AliasRecord(Settings):
    """An alias, as a record has one."""

    noun = "a SmarterMail alias"

    targets: tuple[str, ...] = texts("who gets its mail", label="Targets")
    enabled: bool = flag(True, "a disabled alias takes nothing", label="Enabled")
    internal: object = ignored("whether only users of the server may write to it", label="Internal Only")


def _of_user(local: str, settings: Mapping[str, Node]) -> dict[str, object]:
    found: dict[str, object] = {}
    targets = settings.get("Forwarding Address")
    named = [item.text.strip() for item in targets.items if item.text.strip()] if targets is not None else []
    if named and not _says(settings, "Enable Forwarding", "false"):
        gone = (
            {"Delete messages when forwarded": "true"}
            if _says(settings, "Delete messages when forwarded", "true")
            else {}
        )
        found["Forwarding"] = {local: {"Forwarding Address": named, **gone}}
    if _says(settings, "Status", DISABLED.casefold()) or _says(settings, "Disabled", "true"):
        found["Users"] = {local: {"Status": DISABLED}}
    return found


def _of_alias(local: str, settings: Mapping[str, Node]) -> dict[str, object]:
    targets = settings.get("Targets")
    if targets is None or _says(settings, "Enabled", "false"):
        return {}
    return {"Aliases": {local: [item.text.strip() for item in targets.items]}}


def _gets_mail(settings: Mapping[str, Node]) -> bool:
    return not _says(settings, "Can Receive Mail", "false")


def _says(settings: Mapping[str, Node], key: str, word: str) -> bool:
    node = settings.get(key)
    return node is not None and node.is_scalar and node.text.strip().casefold() == word


SHAPES = (
    Shape(
        "user", "UserRecords", UserRecord, ("userName", "userMailSettings", "forwardList", "enableMailForwarding", "accountType", "emailAddress", "fullName"),
        "SmarterMail users", ("emailAddress", "userName"), folded=_of_user, resident=_gets_mail, resources=("userData",),
        words={"Status": {"true": ENABLED, "false": DISABLED}}, doubtful={DISABLED: "isEnabled false is taken for it: mail for the user comes back"},
        renamed={
            "fullname": "Full Name", "displayname": "Full Name", "isenabled": "Status", "isdisabled": "Disabled",
            "enablemailforwarding": "Enable Forwarding", "forwardlist": "Forwarding Address",
            "deleteonforward": "Delete messages when forwarded", "canreceivemail": "Can Receive Mail", "username": "User Name",
        },
        silent=(
            "lastLogin", "accountType", "totalMailboxSize", "password", "isPasswordExpired", "authType", "authenticatingWindowsDomain",
            "isDomainAdmin", "replyToAddress", "maxSize", "isPrimaryAdmin", "keepRecipients",
        ),
    ),
    Shape(
        "alias", "AliasRecords", AliasRecord, ("aliasTargetList",), "SmarterMail aliases", ("emailAddress", "name"), folded=_of_alias,
        renamed={"aliastargetlist": "Targets", "isenabled": "Enabled", "internalonly": "Internal Only"},
        silent=("displayName", "description", "allowSending", "hideFromGAL", "idGuid"),
    ),
)  # fmt: skip
