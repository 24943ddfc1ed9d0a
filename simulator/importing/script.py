"""Scripts: a Microsoft365DSC configuration, and the cmdlets that `mailflow export --powershell` writes.

    EXOInboundConnector "EXOInboundConnector-Own"        New-InboundConnector -Name 'Own' -ConnectorType OnPremises
    {                                                    if (-not (Get-... 'Own')) { New-... }       read as the New- in it
        SenderDomains = @("smtp:*;1");                   Set-InboundConnector -Identity 'Own' ...    adds to the same object
        Ensure        = "Present";                       Enable-, Disable-TransportRule              Enabled
    }

What is neither is told: one line for each, with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.importing.found import Found, Note, Record
from simulator.scenario.cmdlets import Cmdlet, find
from simulator.scenario.powershell import as_step, is_command
from simulator.scenario.shorthand import SHORTHAND
from simulator.source import Entry, Node, ProblemList, Scalar, Source

__all__ = ["commands", "is_script", "read_script"]

_RESOURCE = re.compile(r"^[ \t]*((?:EXO|AAD|SPO|O365)\w+)[ \t]+[\"']?([^\"'{\r\n]*)[\"']?[ \t]*\r?\n?[ \t]*\{", re.M)
_CMDLET = re.compile(r"^\s*(?:if \(.*?\) \{\s*)?((?:New|Set|Add|Remove|Enable|Disable|Update)-[A-Za-z0-9]+)\b", re.M)
_TOKEN = re.compile(
    r"""(?P<space>[\s;,]+|\#[^\n]*)|(?P<close>\})|(?P<end>\))|(?P<list>@\()|(?P<equals>=)
      |"(?P<double>(?:[^"`]|`.|"")*)"|'(?P<single>(?:[^']|'')*)'|(?P<bare>[^\s;,=(){}"'\#]+|[({])""",
    re.X | re.S,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_IDENTITY = ("Identity", "Name", "DomainName", "Domain")


def is_script(text: str) -> bool:
    return bool(_RESOURCE.search(text) or _CMDLET.search(text))


def read_script(text: str, file: str, found: Found, problems: ProblemList) -> None:
    """Adds a record for every resource, and for every object that cmdlets make or change."""
    resources = list(_RESOURCE.finditer(text))
    for match in resources:
        node = _block(text, match.end(), file)
        ensure = node.get("Ensure")
        if ensure is not None and ensure.text.casefold() == "absent":
            found.notes.append(
                Note(
                    "not read",
                    match[1],
                    match[2].strip(),
                    why="Ensure is Absent",
                    at=_place(text, match.start(1), file),
                )
            )
            continue
        found.records.append(Record(node, match[1]))
    if not resources:
        _cmdlets(text, file, found, problems)


# Microsoft365DSC


def _block(text: str, position: int, file: str) -> Node:
    """`Key = value;` until the brace that closes."""
    entries: dict[str, Entry] = {}
    key: tuple[str, Source] | None = None
    items: list[Node] | None = None
    for token in _tokens(text, position):
        at = _place(text, token.start, file, token.stop - token.start)
        if token.kind == "close":
            break
        if token.kind == "list":
            items = []
        elif token.kind == "end":
            if key and items is not None:
                entries[key[0].casefold()] = Entry(key[0], key[1], Node(tuple(items), key[1]))
            key, items = None, None
        elif token.kind == "value":
            if items is not None:
                items.append(Node(Scalar(token.text, token.quoted), at))
            elif key is None:
                key = (token.text, at)
            else:
                word = (
                    token.text.lower().removeprefix("$") if token.text.casefold() in ("$true", "$false") else token.text
                )
                value = Node(Scalar(word, token.quoted), at)
                if not token.quoted and word.startswith("$"):
                    value = Node(Scalar("null"), at)  # a variable: credentials and the like
                entries[key[0].casefold()] = Entry(key[0], key[1], value)
                key = None
    return Node(entries, _place(text, position, file))


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    stop: int
    quoted: bool = False


def _tokens(text: str, position: int) -> Iterator[_Token]:
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            position += 1
            continue
        kind = str(match.lastgroup)
        start, position = position, match.end()
        if kind in ("space", "equals"):
            continue
        if kind == "double":
            inner = re.sub(r"`(.)", lambda m: _ESCAPES.get(m[1], m[1]), match["double"].replace('""', '"'), flags=re.S)
            yield _Token("value", inner, start, position, quoted=True)
        elif kind == "single":
            yield _Token("value", match["single"].replace("''", "'"), start, position, quoted=True)
        else:
            yield _Token("value" if kind == "bare" else kind, match[0], start, position)


def _place(text: str, position: int, file: str, width: int = 1) -> Source:
    line = text.count("\n", 0, position)
    return Source(file, line + 1, position - text.rfind("\n", 0, position), max(1, width))


# Cmdlets


def commands(text: str, file: str) -> Iterator[Node]:
    """The command lines of a script: comments gone, an `if (...) { }` around one taken off, quoted text over lines kept."""
    position = 0
    while position < len(text):
        stop, quote = position, ""
        while stop < len(text) and (quote or text[stop] != "\n"):
            char = text[stop]
            if quote:
                quote = "" if char == quote else quote
            elif char == "#" and (stop == position or text[stop - 1].isspace()):
                break
            elif char in "'\"":
                quote = char
            stop += 1
        line, start = text[position:stop], position
        position = stop
        while position < len(text) and text[position] != "\n":
            position += 1  # the comment
        position += 1
        bare = line.strip().removeprefix("}").strip()
        guard = re.match(r"if \((?:[^']|'(?:[^']|'')*')*?\) \{\s*", bare)
        bare = (bare[guard.end() :] if guard else bare).strip()
        if guard or bare == "}":
            bare = bare.removesuffix("}").strip()
        if bare and bare not in ("{", "else {"):
            yield Node(Scalar(bare, quoted=True), _place(text, start + line.index(bare), file, len(bare)))


def _cmdlets(text: str, file: str, found: Found, problems: ProblemList) -> None:
    made: dict[tuple[str, str], Node] = {}
    hints: dict[tuple[str, str], str] = {}
    for command in commands(text, file):
        cmdlet = find(command.text.split()[0])
        step = as_step(command, problems) if cmdlet and is_command(command) else None
        parameters = step.entries[0].node if step else None
        if cmdlet is None or parameters is None or cmdlet.verb == "Remove":
            found.notes.append(
                Note("not read", "", command.text.split()[0], why="no object follows from it", at=command.at)
            )
            continue
        name, node = _settings(cmdlet, parameters, command)
        key = (cmdlet.noun.section.casefold(), name.casefold())
        was = made.get(key, Node({}, command.at))
        for entry in node.entries:
            was = was.with_entry(entry.key, entry.node, entry.key_at)
        made[key] = was
        hints[key] = cmdlet.noun.noun if not cmdlet.noun.recipient_type else "Recipients"
    found.records += [Record(node, hints[key]) for key, node in made.items()]


def _settings(cmdlet: Cmdlet, parameters: Node, command: Node) -> tuple[str, Node]:
    """Whose settings a command gives, and which. The object's name is among them."""
    noun = cmdlet.noun
    if cmdlet.verb in ("Enable", "Disable") and not noun.recipient_type:
        parameters = parameters.with_entry("Enabled", Node(Scalar(str(cmdlet.verb == "Enable").lower()), command.at))
    short = SHORTHAND.get(command.text.split()[0].casefold())
    if short and "IPv6" in short.name:
        parameters = parameters.with_entry("IPv6Status", Node(Scalar(f"{short.name.partition('-')[0]}d"), command.at))
    if short and short.name.casefold() == "add-recipientpermission":
        trustee = parameters.get("Trustee")
        rights = Node.of({trustee.text if trustee else "": "SendAs"}, command.at)
        parameters = parameters.without("Trustee").without("AccessRights").with_entry("RecipientPermission", rights)
    named = [node for key in (*_IDENTITY, "PrimarySmtpAddress") if (node := parameters.get(key)) and node.text]
    if noun.recipient_type:
        named.sort(key=lambda node: "@" not in node.text)
    name = named[0].text if named and not noun.single else ""
    for key in ("Identity", "Confirm", "WhatIf", *(("Name",) if noun.recipient_type or noun.single else ())):
        parameters = parameters.without(key)
    if name:
        key = "PrimarySmtpAddress" if noun.recipient_type else "Domain" if noun.noun == "DkimSigningConfig" else "Name"
        parameters = parameters.with_entry(key, Node(Scalar(name, quoted=True), named[0].at))
    if noun.recipient_type and cmdlet.verb == "New":
        parameters = parameters.with_entry("RecipientType", Node(Scalar(noun.recipient_type), command.at))
    for word in ("Shared", "Room", "Equipment"):  # New-Mailbox -Shared, Set-Mailbox -Type Shared
        said, switch = parameters.get("Type"), parameters.get(word)
        if noun.noun == "Mailbox" and (
            switch is not None or (said is not None and said.text.casefold() == word.casefold())
        ):
            parameters = parameters.without(word).without("Type")
            parameters = parameters.with_entry("RecipientType", Node(Scalar(f"{word}Mailbox"), command.at))
    return name, parameters
