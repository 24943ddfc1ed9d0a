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
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from simulator.importing.found import Found, Note, Record
from simulator.products.shape import METADATA
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
_ASSIGNED = re.compile(r"""^[ \t]*\$(\w+)[ \t]*=[ \t]*["']([^"'$\r\n]*)["'][ \t]*;?[ \t]*\r?$""", re.M)
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)(?:\.\w+)*\}?")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_IDENTITY = ("Identity", "Name", "DomainName", "Domain")


def is_script(text: str) -> bool:
    return bool(_RESOURCE.search(text) or _CMDLET.search(text))


def read_script(text: str, file: str, found: Found, problems: ProblemList) -> None:
    """Adds a record for every resource, and for every object that cmdlets make or change."""
    resources = list(_RESOURCE.finditer(text))
    here = _Here(text, file, found)
    for match in resources:
        node = _block(_tokens(text, match.end()), here)
        ensure = node.get("Ensure")
        if ensure is not None and ensure.text.casefold() == "absent":
            found.notes.append(
                Note(
                    "not read",
                    match[1],
                    match[2].strip(),
                    why="Ensure is Absent",
                    at=here.place(match.start(1)),
                )
            )
            continue
        found.records.append(Record(node, match[1]))
    if not resources:
        _cmdlets(text, file, found, problems)


# Microsoft365DSC


def _block(tokens: Iterator[_Token], here: _Here) -> Node:
    """`Key = value;` until the brace that closes; a value may be a block of its own, with its class before it."""
    entries: dict[str, Entry] = {}
    key: tuple[str, Source] | None = None
    last: tuple[str, Source] | None = None
    items: list[Node] | None = None
    begin: Source | None = None
    for token in tokens:
        at = here.place(token.start, token.stop - token.start)
        begin = begin or at
        if token.kind == "close":
            break
        if token.text == "{" and not token.quoted:
            inner = _block(tokens, here)
            if items is not None:
                items[-1:] = [inner]
            elif last is not None:
                entries[last[0].casefold()] = Entry(*last, inner)
        elif token.kind == "list":
            items = []
        elif token.kind == "end":
            if key and items is not None:
                entries[key[0].casefold()] = Entry(*key, Node(tuple(items), key[1]))
            key, items = None, None
        elif token.kind == "value" and (key is not None or items is not None):
            value = here.value(token, at, (key or ("", at))[0])
            if items is not None:
                items.append(value)
            elif key is not None:
                entries[key[0].casefold()] = Entry(*key, value)
                key, last = None, key
        elif token.kind == "value":
            key = (token.text, at)
    return Node(entries, begin or here.place(0))


class _Here:
    """A script: where its characters stand, and what its variables are."""

    def __init__(self, text: str, file: str, found: Found | None = None) -> None:
        self.file, self.found = file, found or Found()
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.variables = {name.casefold(): said for name, said in _ASSIGNED.findall(text)}
        self._told: set[str] = set()

    def place(self, position: int, width: int = 1) -> Source:
        line = bisect_right(self._starts, position)
        return Source(self.file, line, position - self._starts[line - 1] + 1, max(1, width))

    def value(self, token: _Token, at: Source, key: str) -> Node:
        if not token.quoted and token.text.casefold() in ("$true", "$false", "$null"):
            return Node(Scalar(token.text.lower().removeprefix("$")), at)
        if not token.expands:
            return Node(Scalar(token.text, token.quoted), at)
        text = _VARIABLE.sub(lambda match: self.variables.get(match[1].casefold(), match[0]), token.text)
        unknown = _VARIABLE.search(text)
        if unknown is None:
            return Node(Scalar(text, True), at)
        if key.casefold() not in METADATA:
            why = f"the file does not say what the variable {unknown[0]} is"
            self.found.notes.append(Note("not read", "", key, token.text, why, at))
        return Node(Scalar(text, True), at) if token.quoted else Node(Scalar("null"), at)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    start: int
    stop: int
    quoted: bool = False
    expands: bool = False  # variables in it are meant as such


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
            yield _Token("value", inner, start, position, True, "$" in match["double"] and "`$" not in match["double"])
        elif kind == "single":
            yield _Token("value", match["single"].replace("''", "'"), start, position, quoted=True)
        else:
            yield _Token(
                "value" if kind == "bare" else kind, match[0], start, position, expands=match[0].startswith("$")
            )


# Cmdlets


def commands(text: str, file: str) -> Iterator[Node]:
    """The command lines of a script: comments gone, an `if (...) { }` around one taken off, quoted text over lines kept."""
    position, here = 0, _Here(text, file)
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
            yield Node(Scalar(bare, quoted=True), here.place(start + line.index(bare), len(bare)))


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
