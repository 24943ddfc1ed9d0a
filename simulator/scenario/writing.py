"""YAML as the project's own files have it: short things on one line, long ones below each other, comments in place."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from simulator.source import Node

__all__ = ["Page", "comment", "inline", "scalar"]

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ @./+=()'\-\[\]]*\Z")
_PLAIN_INSIDE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ @./+=()'\-]*\Z")
_WIDE = 118


def scalar(text: str, *, inside: bool = False) -> str:
    """A text that YAML reads back as it is; in quotes where it would not. `inside` brackets or braces."""
    plain = _PLAIN_INSIDE if inside else _PLAIN
    if plain.match(text) and text == text.strip() and text.casefold() not in ("null", "remove", "like"):
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in json.dumps(text, ensure_ascii=False))


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def inline(value: object) -> str:
    """A value on one line."""
    value = value.plain() if isinstance(value, Node) else value
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(k), inside=True)}: {inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(inline(v) for v in value) + "]"
    return "null" if value is None else scalar(str(value), inside=True)


def comment(text: str) -> str:
    """Text for behind a `#`: one line, nothing that a terminal or YAML would obey."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))


class Page:
    """Lines of a file, one after the other."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @property
    def next(self) -> int:
        """The number of the line that comes next."""
        return len(self.lines) + 1

    def line(self, depth: int, text: str, note: str = "") -> None:
        indent = "  " * depth
        behind = f"{indent}{text} # {comment(note)}" if note else f"{indent}{text}"
        if note and len(behind) > _WIDE and text:
            self.lines += [f"{indent}# {comment(note)}", f"{indent}{text}"]
        else:
            self.lines.append(behind.rstrip())

    def say(self, depth: int, text: str) -> None:
        """A line that is a comment."""
        self.lines.append(f"{'  ' * depth}# {comment(text)}")

    def entry(self, depth: int, key: str, value: object, note: str = "") -> None:
        """`key: value`, mappings below each other where they are long or hold mappings."""
        value = value.plain() if isinstance(value, Node) else value
        name = scalar(key)
        if isinstance(value, Mapping):
            short = f"{name}: {inline(value)}"
            nested = any(isinstance(v, Mapping) for v in value.values())
            if value and (nested or len(value) > 3 or len(short) + 2 * depth > _WIDE):
                self.line(depth, f"{name}:", note)
                for inner, held in value.items():
                    self.entry(depth + 1, str(inner), held)
                return
            self.line(depth, short, note)
            return
        if isinstance(value, Sequence) and not isinstance(value, str):
            short = f"{name}: {inline(value)}"
            if len(short) + 2 * depth <= _WIDE or not value:
                self.line(depth, short, note)
                return
            self.line(depth, f"{name}:", note)
            for item in value:
                self.line(depth + 1, f"- {inline(item)}")
            return
        self.line(depth, f"{name}: {'null' if value is None else scalar(str(value))}", note)

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"
