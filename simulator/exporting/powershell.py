"""Values and command lines as PowerShell takes them.

    a word of letters        OnPremises               other text     'O365 to own servers', 'it''s'
    true, false              $true, $false            a list         'a','b'
    nothing, an empty list   $null                    a mapping      @{...} is not used: no cmdlet here takes one

Single quotes keep everything as it is; a quote inside is doubled, the typographic ones too, which PowerShell takes for quotes.
A text with a line break stays one argument.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from simulator.source import Node

__all__ = ["command", "guarded", "quoted", "shown"]

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,8})\Z")
_QUOTES = re.compile(r"['\u2018\u2019\u201a\u201b]")
_TRUE, _FALSE = ("true", "$true", "on", "yes"), ("false", "$false", "off", "no")


def quoted(text: str) -> str:
    """A text as one argument."""
    if _WORD.match(text) or _NUMBER.match(text):
        return text
    return "'" + _QUOTES.sub(lambda match: match[0] * 2, text) + "'"


def shown(value: Node, *, boolean: bool = False) -> str:
    """A setting's value. `boolean` settings take on, yes and true alike."""
    if value.is_null or (value.is_list and not value.items):
        return "$null"
    if value.is_list:
        return ",".join(quoted(item.text) for item in value.items)
    word = value.text.casefold().strip()
    if boolean and word in _TRUE + _FALSE:
        return "$true" if word in _TRUE else "$false"
    return quoted(value.text) if value.text else "$null"


def command(name: str, parameters: Iterable[tuple[str, str]]) -> str:
    """`Set-X -Identity 'a' -Enabled $true`; a parameter whose value begins with a colon is a switch with its value."""
    return " ".join(
        [name, *(f"-{key}{value}" if value.startswith(":") else f"-{key} {value}" for key, value in parameters)]
    )


def guarded(noun: str, identity: str, line: str, *, there: bool) -> str:
    """A command that can be run twice: it is left out where the object is there already, or is gone."""
    test = f"Get-{noun} -Identity {identity} -ErrorAction SilentlyContinue"
    return f"if ({test}) {{ {line} }}" if there else f"if (-not ({test})) {{ {line} }}"
