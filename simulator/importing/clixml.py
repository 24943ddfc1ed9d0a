"""CLIXML, as Export-Clixml writes it, as nodes: one list with every object of the file.

    <Obj RefId="0"><MS> or <Props>          a mapping of its properties; of an adapted property only the text is there
    <LST> <IE> <Q> <STK>                    a list; of an <Obj> that is one its items
    <S> <I32> <B> <G> <DT> ... <Nil/>       a value; an enum is its <ToString>
    <DCT><En><S N="Key"/><S N="Value"/>     a mapping
    <Ref RefId="3"/>                        the object of that number

`_x000D_` stands for a character. Document types are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

from simulator.scenario.errors import ScenarioError
from simulator.source import Entry, Node, Problem, Scalar, Source

__all__ = ["read_clixml"]

_LISTS = frozenset({"LST", "IE", "Q", "STK"})
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_WORDS = frozenset({"B", "I16", "I32", "I64", "U16", "U32", "U64", "By", "SB", "D", "Db", "Sg"})
_DEEPEST = 60


@dataclass
class _Element:
    tag: str
    name: str
    reference: str
    at: Source
    text: list[str] = field(default_factory=list)
    children: list[_Element] = field(default_factory=list)


def read_clixml(text: str, file: str) -> Node:
    """The objects of a file, as a list. Raises `ScenarioError` where it is no CLIXML."""
    return _Reader(file).read(text)


class _Reader:
    def __init__(self, file: str) -> None:
        self.file = file
        self.stack = [_Element("", "", "", Source(file, 1, 1))]
        self.known: dict[str, Node] = {}

    def read(self, text: str) -> Node:
        parser = expat.ParserCreate()

        def here() -> Source:
            return Source(self.file, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)

        def start(tag: str, attributes: dict[str, str]) -> None:
            made = _Element(tag, _unescaped(attributes.get("N", "")), attributes.get("RefId", ""), here())
            if len(self.stack) > _DEEPEST:
                raise ScenarioError(Problem(made.at, "this is nested too deeply"))
            self.stack[-1].children.append(made)
            self.stack.append(made)

        def refuse(*_: object) -> None:
            raise ScenarioError(Problem(here(), "a document type has no place in CLIXML"))

        parser.StartElementHandler = start
        parser.EndElementHandler = lambda tag: self.stack.pop()
        parser.CharacterDataHandler = lambda data: self.stack[-1].text.append(data)
        parser.StartDoctypeDeclHandler = refuse
        try:
            parser.Parse(re.sub(r"\A\s*<\?xml[^>]*\?>", "", text), True)
        except expat.ExpatError as bad:
            at = Source(self.file, bad.lineno, bad.offset + 1)
            raise ScenarioError(Problem(at, f"this is no XML: {expat.ErrorString(bad.code)}")) from None
        root = self.stack[0].children[0]
        if root.tag != "Objs":
            raise ScenarioError(
                Problem(root.at, f"<Objs> is expected, not <{root.tag}>", "Write the file with Export-Clixml.")
            )
        found = [self._node(child) for child in root.children]
        return Node(tuple(item for node in found for item in node.items), root.at)

    def _node(self, element: _Element) -> Node:
        if element.tag == "Ref":
            return self.known.get(element.reference, Node(Scalar("null"), element.at))
        if element.tag == "Nil":
            return Node(Scalar("null"), element.at)
        if element.tag == "Obj":
            made = self._object(element)
            if element.reference:
                self.known[element.reference] = made
            return made
        text = _unescaped("".join(element.text))
        return Node(Scalar(text, quoted=element.tag not in _WORDS), element.at)

    def _object(self, element: _Element) -> Node:
        parts = {child.tag: child for child in element.children}
        for tag in _LISTS & set(parts):
            return Node(tuple(self._node(child) for child in parts[tag].children), element.at)
        if "DCT" in parts:
            pairs = [{c.name: c for c in entry.children} for entry in parts["DCT"].children]
            return _map([(self._node(p["Key"]).text, p["Key"].at, self._node(p["Value"])) for p in pairs], element.at)
        properties = [c for tag in ("Props", "MS") if tag in parts for c in parts[tag].children]
        shown = parts.get("ToString")
        if not properties or (shown and element.name):  # an inner object of a record counts as what it is shown as
            text = _unescaped("".join(shown.text)) if shown else ""
            return Node(Scalar(text, quoted=True), element.at)
        return _map([(child.name, child.at, self._node(child)) for child in properties], element.at)


def _map(entries: list[tuple[str, Source, Node]], at: Source) -> Node:
    return Node({key.casefold(): Entry(key, place, node) for key, place, node in entries}, at)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
