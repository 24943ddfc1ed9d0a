"""What a lab's tree says of the objects that cmdlets know, without what the cmdlets have anyway.

Two labs are the same to a script where their objects are: names without regard to case, settings by their value (a domain
in another spelling is the same domain), rules in the same order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from simulator.policy.priority import in_order
from simulator.policy.settings import Field
from simulator.products.registry import PRODUCTS
from simulator.products.shape import METADATA, Shape
from simulator.source import Entry, Node, ProblemList, Scalar

__all__ = ["Thing", "default_of", "differs", "is_boolean", "kind_of", "shapes_of", "things", "value_of"]


@dataclass(frozen=True)
class Thing:
    """One object of a server: its settings as written, by the cmdlet's names, and what they mean."""

    name: str
    settings: dict[str, Node]
    values: dict[str, Any]
    noun: str
    kind: str = ""  # of a recipient
    own: Mapping[str, Node] = field(default_factory=dict)  # of a recipient: what is no parameter, such as Members


def kind_of(server: Node) -> str:
    kind = server.get("is")
    return kind.text.strip().casefold() if kind is not None else ""


def things(server: Node | None, shape: Shape) -> list[Thing]:
    """The objects of one shape, in their order."""
    section = server.get(shape.section) if server is not None else None
    if section is None:
        return []
    if shape.single:
        inner = section
        for entry in section.entries:  # a policy under its name
            if entry.key.casefold() in (shape.single.casefold(), "default") and entry.node.is_map:
                inner = entry.node
        found = _thing("", inner, shape)
        return [found] if found.settings else []
    entries = list(section.entries)
    if shape.ranked:
        entries = in_order([(entry, _rank(entry)) for entry in entries])
    return [_thing(entry.key, entry.node, shape) for entry in entries]


def _rank(entry: Entry) -> int | None:
    node = entry.node.get("Priority")
    word = node.text.strip() if node is not None else ""
    return int(word) if word.isascii() and word.isdecimal() else None


def _thing(name: str, node: Node, shape: Shape) -> Thing:
    if shape.short and node.is_scalar and not node.is_null:
        node = Node.of({shape.short: node})
    fields = {(f.label or key).casefold(): (f.label or key, f) for key, f in shape.settings.__fields__.items()}
    hidden = {word.casefold() for word in shape.parameters_not}
    settings: dict[str, Node] = {}
    values: dict[str, Any] = {}
    own: dict[str, Node] = {}
    for entry in node.entries:
        key, field_ = fields.get(entry.key.casefold(), ("", None))
        if field_ is None:
            continue
        if shape.ranked and key == "State":
            key, field_ = fields["enabled"]
            entry = Entry(
                key,
                entry.key_at,
                Node(Scalar("false" if entry.node.text.casefold() == "disabled" else "true"), entry.node.at),
            )
        if key.casefold() in hidden:
            own[key] = entry.node
            continue
        if key == "Priority" and shape.ranked:
            continue
        if key.casefold() in METADATA or (not field_.effect and _is_empty(entry.node)):
            continue
        value = value_of(field_, entry.node)
        if value == field_.default and not (key in shape.always or not field_.effect):
            continue
        settings[key], values[key] = entry.node, value
    return Thing(name, settings, values, *_noun(name, node, shape), own)


def _noun(name: str, node: Node, shape: Shape) -> tuple[str, str]:
    """The noun of the object's cmdlets, and a recipient's kind."""
    if not shape.kinds:
        return shape.noun, ""
    read: Any = shape.settings.read(node, ProblemList(), name=name)
    by_kind = {
        "mailbox": "UserMailbox",
        "external": "MailUser",
        "group": "DistributionGroup",
        "remote": "RemoteUserMailbox",
    }
    written = read.RecipientType or by_kind.get(read.kind, "PublicFolder")
    return shape.kinds.get(written, "Mailbox"), read.kind


def _is_empty(node: Node) -> bool:
    return node.is_null or node.value in ((), {}) or (node.is_scalar and node.text == "")


def value_of(field_: Field, node: Node) -> Any:
    """What a setting means; its text where it cannot be read."""
    if node.is_null:
        return field_.default
    try:
        return field_.read(node, ProblemList()) if field_.children else field_.read(node)
    except ValueError:
        return node.plain()


def differs(field_: Field, before: Thing, after: Thing, key: str) -> bool:
    return bool(before.values.get(key, field_.default) != after.values.get(key, field_.default))


def is_boolean(field_: Field) -> bool:
    return field_.schema.get("type") == ["boolean", "string"]


def default_of(field_: Field) -> Node:
    """The cmdlet's default, for a setting that is taken out."""
    found = field_.default
    if found is None or found in ((), {}, ""):
        return Node(Scalar("null"))
    if isinstance(found, timedelta):
        minutes, seconds = divmod(found.seconds, 60)
        return Node(Scalar(f"{found.days}.{minutes // 60:02}:{minutes % 60:02}:{seconds:02}", quoted=True))
    if isinstance(found, (tuple, list)):
        return Node(tuple(Node(Scalar(str(item), quoted=True)) for item in found))
    return Node.of(found)


def shapes_of(kind: str) -> tuple[Shape, ...]:
    product = PRODUCTS.get(kind)
    return product.shapes if product is not None and product.is_built else ()
