"""Recipients: how they come and go, and what is set with cmdlets of its own.

    a person's mailbox     it is there; only its settings are set
    another mailbox        New-Mailbox -Shared, -Room, -Equipment
    a group's members      New-DistributionGroup -Members, then Update-DistributionGroupMember
    Send As                Add-RecipientPermission, Remove-RecipientPermission

Commands ask nothing: those that would have -Confirm:$false.
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.exporting.objects import Thing
from simulator.exporting.powershell import command, guarded, quoted, shown
from simulator.source import Node

__all__ = ["beside", "made", "removed"]

_SURE = ("Confirm", ":$false")
_SWITCHES = {"sharedmailbox": "Shared", "roommailbox": "Room", "equipmentmailbox": "Equipment"}
_FIELDS_OF_SIMULATOR = ("TotalItemSize", "IsMailboxEnabled", "RecipientFilter")


def made(thing: Thing, parameters: list[tuple[str, str]], mailboxes: frozenset[str]) -> Iterator[tuple[str, str]]:
    """How a recipient comes to be, and its undo; nothing for the mailbox of a person."""
    identity = quoted(thing.name)
    if thing.noun == "Mailbox":
        kind = thing.own.get("RecipientType")
        word = kind.text.casefold() if kind is not None else ""
        if thing.name.casefold() in mailboxes:
            if word in _SWITCHES:
                back = command("Set-Mailbox", [("Identity", identity), ("Type", "Regular")])
                yield command("Set-Mailbox", [("Identity", identity), ("Type", _SWITCHES[word])]), back
            return
        parameters = []
    local = thing.name.partition("@")[0]
    lead = [("Name", quoted(local)), ("PrimarySmtpAddress", identity)]
    switch = [(_SWITCHES[word], ":$true")] if thing.noun == "Mailbox" and word in _SWITCHES else []
    members = thing.own.get("Members")
    more = [("Members", shown(members))] if members is not None and members.items else []
    line = command(f"New-{thing.noun}", [*lead, *switch, *parameters, *more])
    yield (
        guarded(_get(thing), identity, line, there=False),
        command(f"Remove-{thing.noun}", [("Identity", identity), _SURE]),
    )


def _get(thing: Thing) -> str:
    return thing.noun


def removed(old: Thing, taken: list[tuple[str, str]], others: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """How a recipient goes, and its undo: New- with what it takes, Set- with the others."""
    identity = quoted(old.name)
    line = command(f"Remove-{old.noun}", [("Identity", identity), _SURE])
    back = [line for line, _ in made(old, taken, frozenset())]
    rest = [command(f"Set-{old.noun}", [("Identity", identity), *others])] if others else []
    yield guarded(_get(old), identity, line, there=True), "; ".join([*back, *rest])


def beside(thing: Thing, old: Thing | None) -> Iterator[tuple[str, str, str]]:
    """Members that change, permissions, and what only the simulator knows: command, undo, remark."""
    identity = ("Identity", quoted(thing.name))
    now, was = _words(thing.own.get("Members")), _words(old.own.get("Members")) if old else None
    if was is not None and sorted(now) != sorted(was) and thing.noun == "DistributionGroup":
        lines = [
            command(
                "Update-DistributionGroupMember", [identity, ("Members", ",".join(map(quoted, who)) or "$null"), _SURE]
            )
            for who in (now, was)
        ]
        yield lines[0], lines[1], ""
    granted, had = _trustees(thing), _trustees(old) if old else set()
    for trustee in sorted(granted ^ had):
        pair = [
            command(
                f"{verb}-RecipientPermission",
                [identity, ("Trustee", quoted(trustee)), ("AccessRights", "SendAs"), _SURE],
            )
            for verb in ("Remove", "Add")
        ]
        yield pair[trustee in granted], pair[trustee not in granted], ""
    for key in _FIELDS_OF_SIMULATOR:
        if key in thing.own and (old is None or key not in old.own or old.own[key].plain() != thing.own[key].plain()):
            yield "", "", f"{thing.name}: {key} {thing.own[key].text} is the lab's; no cmdlet sets it"


def _words(node: Node | None) -> list[str]:
    return [item.text.strip().lower() for item in node.items] if node is not None else []


def _trustees(thing: Thing) -> set[str]:
    node = thing.own.get("RecipientPermission")
    return {entry.key.lower() for entry in node.entries} if node is not None else set()
