"""Add-ADPermission and Remove-ADPermission on a Receive connector: the rights of the anonymous logon, a list of its settings.

- Add-ADPermission: {Identity: Anonymous Relay, User: NT AUTHORITY\\ANONYMOUS LOGON, ExtendedRights: Ms-Exch-SMTP-Accept-Any-Recipient}
"""

from __future__ import annotations

from simulator.source import Node, ProblemList, Scalar, Source

__all__ = ["changed"]

_SETTING = "ExtendedRights"


def changed(connector: Node, parameters: Node, *, add: bool, at: Source, problems: ProblemList) -> Node:
    """The connector with rights given or taken; the same one where the step is wrong, or is about another user."""
    user, rights = parameters.get("User"), parameters.get(_SETTING)
    verb = "Add" if add else "Remove"
    if user is None or rights is None or not rights.items:
        says = f"{verb}-ADPermission needs User and ExtendedRights."
        fix = r"Write  {Identity: NAME, User: NT AUTHORITY\ANONYMOUS LOGON, ExtendedRights: Ms-Exch-SMTP-Accept-Any-Recipient}"
        problems.error(at, says, fix)
        return connector
    if "anonymous" not in user.text.casefold():
        problems.warn(user.at, f"rights of {user.text} are understood but not modelled; they change nothing here")
        return connector
    have = _rights(connector.get(_SETTING))
    named = {name.casefold(): node for name, node in _rights(rights).items()}
    if add:
        now = {**{name.casefold(): node for name, node in have.items()}, **named}
    else:
        now = {name: node for name, node in have.items() if name.casefold() not in named}
    return connector.with_entry(_SETTING, Node(tuple(now.values()), at), at)


def _rights(node: Node | None) -> dict[str, Node]:
    """Every right by name; of a map by user, those of the anonymous logon."""
    if node is None:
        return {}
    if node.is_map:
        mine = next((e.node for e in node.entries if "anonymous" in e.key.casefold()), None)
        return _rights(mine)
    found: dict[str, Node] = {}
    for item in node.items:
        for word in item.text.split(","):
            found[word.strip()] = Node(Scalar(word.strip(), quoted=True), item.at)
    return found
