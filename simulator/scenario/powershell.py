"""A cmdlet as it stands in a page or a shell, read as the step that it is.

    - New-SendConnector -Name "My company to Office 365" -AddressSpaces * -RequireTLS $true -SmartHosts a.example,b.example
    - New-SendConnector: {Name: My company to Office 365, AddressSpaces: "*", RequireTLS: $true, SmartHosts: [a.example, b.example]}

A word without a parameter in front is the `Identity`; a parameter without a value is a switch and true; commas make lists;
quotes of both kinds keep blanks, `-Confirm:$false` is read too, @("a", "b") is a list and @{Add="a"; Remove="b"} a map; #
begins a comment. Bare words beside each other are one name, which a shell would refuse. Variables and pipelines are not read.
"""

from __future__ import annotations

import re
from dataclasses import replace

from simulator.source import Entry, Node, ProblemList, Scalar, Source

__all__ = ["as_step", "is_command"]

_DOUBLED = re.compile("(['\u2018\u2019\u201a\u201b])\\1")  # PowerShell takes typographic quotes for quotes
_COMMAND = re.compile(r"([A-Za-z]+-[A-Za-z0-9]+)(?=\s|\Z)")
_TOKEN = re.compile(
    r"""(?P<name>-[A-Za-z][A-Za-z0-9]*)(?P<colon>:?)(?=[\s$"']|\Z)
      |(?P<comma>,)
      |"(?P<double>(?:[^"]|"")*)"
      |'(?P<single>(?:[^']|'')*)'
      |(?P<bare>[^\s,"']+)""",
    re.X,
)
_IN_BRACKETS = re.compile(_TOKEN.pattern.replace(r"""[^\s,"']+""", r"""[^\s,"')]+"""), re.X)
_PAIR = re.compile(r"""\s*(?P<key>[A-Za-z]+)\s*=\s*(?P<values>(?:"[^"]*"|'[^']*'|[^;"'{}])*)(?:;|\Z)""")


def is_command(step: Node) -> bool:
    """Whether a step is a command line with parameters."""
    return step.is_scalar and bool(_COMMAND.match(step.text.strip())) and len(step.text.split()) > 1


def as_step(step: Node, problems: ProblemList) -> Node | None:
    """The mapping that a command line stands for; None where it cannot be read."""
    text, at = step.text.strip(), step.text_at
    match = _COMMAND.match(text)
    assert match is not None
    name, position = match[1], match.end()
    values: dict[str, Entry] = {}
    parameter: tuple[str, Source] | None = None
    items: list[Node] = []
    joined, listed, within = False, False, 0

    def finish() -> None:
        nonlocal parameter, items, listed
        if parameter is None and not items:
            return
        key, where = parameter or ("Identity", items[0].at)
        alone = Node(()) if listed else Node(Scalar("true"), where)
        node = Node(tuple(items), items[0].at) if len(items) > 1 else items[0] if items else replace(alone, at=where)
        values[key.casefold()] = Entry(key, where, node)
        parameter, items, listed = None, [], False

    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        if text[position] == "#":
            break
        if text.startswith("@{", position):
            table, position = _table(text, position, at)
            if table is not None:
                items.append(table)
                joined = False
                continue
        if text.startswith("@(", position):
            position, joined, within, listed = position + 2, True, within + 1, True
            continue
        if within and text[position] == ")":
            position, within = position + 1, within - 1
            continue
        token = (_IN_BRACKETS if within else _TOKEN).match(text, position)
        place = _place(at, position, (token.end() if token else len(text)) - position)
        if token is None or (token["bare"] or "").startswith(("|", "@", "(", "{")) or _is_variable(token["bare"]):
            problems.error(place, f"{text[position:].split()[0]} cannot be read here.", "Write the parameters out.")
            return None
        position = token.end()
        if token["name"]:
            finish()
            parameter, joined = (token["name"][1:], place), True
        elif token["comma"]:
            joined = True
        else:
            if items and not joined and token["bare"] and _is_word(items[-1]):
                items[-1] = _with_word(items[-1], token["bare"])  # a name with blanks that nobody put in quotes
                continue
            if items and not joined:
                finish()
            items.append(_value(token, place))
            joined = False
    finish()
    inner = Node(values, _place(at, match.end(), max(1, len(text) - match.end())))
    return Node({name.casefold(): Entry(name, _place(at, 0, len(name)), inner)}, at)


def _table(text: str, position: int, at: Source) -> tuple[Node | None, int]:
    """`@{Add="a","b"; Remove="c"}` and where it ends; None where it is no such table."""
    end = text.find("}", position)
    inner = text[position + 2 : end] if end > 0 else ""
    found: dict[str, Entry] = {}
    start = 0
    while start < len(inner.rstrip()):
        pair = _PAIR.match(inner, start)
        if pair is None:
            return None, position
        place = _place(at, position + 2 + pair.start("key"), len(pair["key"]))
        words = [word.strip().strip("\"'") for word in pair["values"].strip().removeprefix("@(").rstrip(")").split(",")]
        values = tuple(Node(Scalar(word, quoted=True), place) for word in words if word)
        found[pair["key"].casefold()] = Entry(pair["key"], place, Node(values, place))
        start = pair.end()
    return (Node(found, _place(at, position, end + 1 - position)), end + 1) if found else (None, position)


def _value(token: re.Match[str], place: Source) -> Node:
    quoted = token["double"] is not None or token["single"] is not None
    if token["double"] is not None:
        text = token["double"].replace('""', '"')
    elif token["single"] is not None:
        text = _DOUBLED.sub(r"\1", token["single"])
    else:
        text = token["bare"]
    return Node(Scalar(text, quoted), place)


def _is_word(node: Node) -> bool:
    return isinstance(node.value, Scalar) and not node.value.quoted and not node.text.startswith("$")


def _with_word(node: Node, word: str) -> Node:
    width = len(node.text) + 1 + len(word)
    return Node(Scalar(f"{node.text} {word}"), _place(node.at, 0, width))


def _is_variable(word: str | None) -> bool:
    return bool(word) and str(word).startswith("$") and str(word).casefold() not in ("$true", "$false", "$null")


def _place(at: Source, offset: int, width: int) -> Source:
    return Source(at.file, at.line, at.column + offset, max(1, width)) if at else at
