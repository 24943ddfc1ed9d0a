"""The macro language of SPF (RFC 7208 7): what a domain-spec may hold, and the name that it expands to.

    %{s} sender           %{l} its local part    %{o} its domain     %{d} domain whose record is read
    %{i} address, dotted  %{v} in-addr or ip6    %{h} HELO name      %{p} validated name of the address
    %{c} address as read  %{r} receiving host    %{t} time           these three in explanations only
    %%  percent sign      %_  blank              %-  %20

A letter may be followed by a number (so many parts from the right), `r` (reversed first) and the characters that
part the value (the dot unless written); parts are joined with dots. A capital letter escapes the value for a URL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

__all__ = ["expand", "is_domain_spec", "is_explanation", "is_macro_string", "is_name", "letters", "name_of"]

_FLAGS = re.ASCII | re.IGNORECASE  # ASCII, or a long s would count as the letter s

_MACRO = re.compile(
    r"%(?:(?P<sign>[%_-])|\{(?P<letter>[a-z])(?P<parts>[0-9]*)(?P<turned>r?)(?P<delimiters>[-.+,/_=]*)\})", _FLAGS
)
_SIGNS = {"%": "%", "_": " ", "-": "%20"}


def _expansion(allowed: str) -> str:
    # RFC 7208 7.3: the number of parts is not zero.
    return rf"%(?:[%_-]|\{{[{allowed}](?:0*[1-9][0-9]*)?r?[-.+,/_=]*\}})"


_EXPANSION = _expansion("slodiphv")
_LITERAL = "[!-$&-~]"
# A label of letters, digits and inner hyphens that is not all digits.
_TOP_LABEL = "(?=[a-z0-9-]*[a-z-])[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_MACRO_STRING = re.compile(rf"(?:{_EXPANSION}|{_LITERAL})*\Z", _FLAGS)
_DOMAIN_SPEC = re.compile(rf"(?:{_EXPANSION}|{_LITERAL})*(?:\.{_TOP_LABEL}\.?|{_EXPANSION})\Z", _FLAGS)
_EXPLANATION = re.compile(rf"(?:{_expansion('slodiphvcrt')}|{_LITERAL}| )*\Z", _FLAGS)


def is_macro_string(text: str) -> bool:
    """`macro-string` of RFC 7208 7.1: visible ASCII in which every percent sign begins a macro."""
    return _MACRO_STRING.match(text) is not None


def is_domain_spec(text: str) -> bool:
    """`domain-spec` of RFC 7208 7.1: a macro-string that ends in a macro, or in a top label behind a dot."""
    return _DOMAIN_SPEC.match(text) is not None


def is_explanation(text: str) -> bool:
    """`explain-string` of RFC 7208 6.2: blanks and the letters c, r and t are allowed too."""
    return _EXPLANATION.match(text) is not None


def letters(text: str) -> frozenset[str]:
    """The macro letters in a text, in lower case."""
    return frozenset(m["letter"].lower() for m in _MACRO.finditer(text) if m["letter"])


def expand(text: str, values: Mapping[str, str]) -> str:
    """The text with its macros replaced. `values` holds every letter of `letters(text)`."""
    return _MACRO.sub(lambda macro: _SIGNS[macro["sign"]] if macro["sign"] else _value(macro, values), text)


def _value(macro: re.Match[str], values: Mapping[str, str]) -> str:
    value = values[macro["letter"].lower()]
    if macro["parts"] or macro["turned"] or macro["delimiters"]:
        parts = re.split(f"[{re.escape(macro['delimiters'] or '.')}]", value)
        if macro["turned"]:
            parts.reverse()
        if macro["parts"]:
            # The first four digits are enough: there are never a thousand parts, and text may hold any number.
            parts = parts[-int(macro["parts"].lstrip("0")[:4]) :]
        value = ".".join(parts)
    return quote(value, safe="", errors="surrogateescape") if macro["letter"].isupper() else value


def name_of(expanded: str) -> str:
    """The name to ask for: without final dot, and without its first labels where it is too long (RFC 7208 7.3)."""
    name = expanded.removesuffix(".").lower()
    while len(name) > 253 and "." in name:
        name = name.partition(".")[2]
    return name


def is_name(name: str) -> bool:
    """Whether this name can be asked for: no empty label, none over 63 octets, 253 in all (RFC 1035 2.3.4)."""
    if not name.isprintable():
        return False  # octets that no zone here has
    sizes = [len(label.encode("utf-8", "surrogateescape")) for label in name.split(".")]
    return all(0 < size <= 63 for size in sizes) and sum(sizes) + len(sizes) - 1 <= 253
