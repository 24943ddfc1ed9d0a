"""Records sorted: which cmdlet each is of, and what becomes of every one of its keys.

    kept           a setting that decides, under its own name
    default        what the cmdlet has anyway; left out of the lab
    no effect      metadata, type annotations
    not modelled   it decides at the service, and not here; kept as a comment
    unknown        nobody here knows it; kept as a comment
    refused        a value that the cmdlet would not take; kept as a comment
    guessed        it was needed and is not there

A key is in exactly one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from simulator.importing.found import Found, Note, Object, Record
from simulator.importing.values import told
from simulator.policy.settings import BadValue, Field, is_usual
from simulator.products.registry import PRODUCTS
from simulator.products.shape import METADATA, Shape
from simulator.source import Node, ProblemList, Scalar

__all__ = ["recognised", "sort_record", "sort_records"]

_SPACE = re.compile(r"smtp:(.*);1\Z", re.I)
_TYPE_NOTE = re.compile(r"@(?:odata|data)\.", re.I)


def recognised(record: Record) -> list[tuple[str, Shape]]:
    """The shapes that a record may have, likeliest first: what the file says, then by the keys that only they have."""
    keys = {entry.key.casefold() for entry in record.node.entries}
    hint = re.sub(r"\AGet-", "", record.hint, flags=re.I).casefold().removesuffix("s")
    scored: list[tuple[int, int, str, Shape]] = []
    for kind, product in PRODUCTS.items():
        for place, shape in enumerate(product.shapes):
            names = {word.casefold().removesuffix("s") for word in (shape.noun, shape.section, *shape.resources)}
            score = sum(1 for tell in shape.tells if tell.casefold() in keys)
            score += 100 if hint in names else 0
            if score:
                scored.append((-score, place, kind, shape))
    best = min((s for s, *_ in scored), default=0)
    return [(kind, shape) for score, _, kind, shape in scored if score == best]


def sort_records(found: Found) -> list[Object]:
    """Every record that could be told; what could not has a note."""
    sorted_: list[Object] = []
    told_apart = [(record, recognised(record)) for record in found.records]
    sure = {(record.node.at.file, shapes[0][0]) for record, shapes in told_apart if len(shapes) == 1}
    wondered: set[tuple[str, str]] = set()
    for record, shapes in told_apart:
        if not shapes:
            keys = ", ".join(entry.key for entry in record.node.entries[:5])
            why = "this is a record of nothing that is known here"
            found.notes.append(Note("not read", "", record.hint or keys, why=why, at=record.node.at))
            continue
        kind, shape, certain = _whose(record, shapes, sure)
        if not certain and (record.node.at.file, shape.plural) not in wondered:
            wondered.add((record.node.at.file, shape.plural))
            why = f"records of {' or '.join(PRODUCTS[k].title for k, _ in shapes)}; taken for {PRODUCTS[kind].title}"
            found.notes.append(Note("guessed", shape.plural, "", why=why, at=record.node.at))
        made = sort_record(record.node, kind, shape, found)
        if made:
            sorted_.append(made)
    return _merged(sorted_, found)


def _whose(record: Record, shapes: list[tuple[str, Shape]], sure: set[tuple[str, str]]) -> tuple[str, Shape, bool]:
    """Which of two products a record is of: what only one has, then the company it keeps in its file, then in all files."""
    if len(shapes) == 1:
        return (*shapes[0], True)
    kinds = [kind for kind, _ in shapes]
    domain_type = record.node.get("DomainType")
    if domain_type is not None and domain_type.text.casefold() == "externalrelay":  # Exchange Online has none
        return (*shapes[-1], True)
    here = {kind for file, kind in sure if file == record.node.at.file and kind in kinds}
    anywhere = {kind for _, kind in sure if kind in kinds}
    for known in (here, anywhere):
        if len(known) == 1:
            return (*next(one for one in shapes if one[0] in known), True)
    return (*shapes[0], not sure)


def _merged(objects: list[Object], found: Found) -> list[Object]:
    """Records of one object from several cmdlets (Get-Recipient, Get-Mailbox) are one object."""
    made: dict[tuple[str, str, str], Object] = {}
    for one in objects:
        key = (one.kind, one.shape.section, one.name.casefold())
        was = made.get(key)
        if was is None:
            made[key] = one
            continue
        for setting, node in one.settings.items():
            old = was.settings.get(setting)
            if old is not None and old.plain() != node.plain():
                why = f"another record of it says {_shown(old)}; this one counts"
                found.notes.append(Note("guessed", one.title, setting, _shown(node), why, node.at))
        made[key] = Object(
            one.kind, was.shape, was.name, {**was.settings, **one.settings}, (*was.aside, *one.aside), was.at
        )
    return list(made.values())


def sort_record(record: Node, kind: str, shape: Shape, found: Found) -> Object | None:
    """One record as an object, with a note for every key."""
    name = _name(record, shape)
    if not name and not shape.single:
        why = f"it has no {' or '.join(shape.names)}"
        found.notes.append(Note("not read", shape.plural, "", why=why, at=record.at))
        return None
    if shape.single.strip() and not _is_default(record):
        other = _name(record, replace(shape, single=""))
        found.notes.append(
            Note("not read", shape.plural, other, why="only the default policy counts here", at=record.at)
        )
        return None
    where = Object(kind, shape, name, {}).title
    fields = {
        (field.label or key).casefold(): (field.label or key, field) for key, field in shape.settings.__fields__.items()
    }
    settings: dict[str, Node] = {}
    notes: list[Note] = []
    for key, node in _flat(record, fields, shape):
        folded = key.casefold()
        setting, field = fields.get(shape.renamed.get(folded, key).casefold(), ("", None))
        value = _finer(record, _worded(told(node), setting, shape), setting, field, shape)
        note = _judged(key, setting, field, value, shape, settings)
        shown = "(not shown)" if "password" in folded and _shown(value) not in ("", "null") else _shown(value)
        notes.append(Note(note[0], where, setting or key, shown, note[1], node.at))
        settable = field is not None and (field.effect or setting in shape.remarks)
        if (note[0] == "kept" and settable) or (note[0] == "not modelled" and shape.keeps_not_modelled and setting):
            settings[setting] = value
            doubt = shape.doubtful.get(value.text)
            if doubt:
                notes.append(Note("guessed", where, setting, value.text, doubt, node.at))
    for setting, word in shape.guessed.items():
        if setting not in settings:
            settings[setting] = Node(Scalar(word), record.at)
            notes.append(Note("guessed", where, setting, word, "the record lacks it", record.at))
    found.notes += notes
    aside = tuple(n for n in notes if n.kind in ("not modelled", "unknown", "refused") and n.key not in settings)
    return Object(kind, shape, name, settings, aside, record.at)


def _is_default(record: Node) -> bool:
    """Whether a policy is the one that is for everybody."""
    marks = [
        node.text.casefold() for key in ("Identity", "Name") if (node := record.get(key)) is not None and node.text
    ]
    flag = record.get("IsDefault")
    return (
        not marks
        or any(mark.endswith("default") for mark in marks)
        or (flag is not None and flag.text.casefold() == "true")
    )


def _flat(record: Node, fields: dict[str, tuple[str, Field]], shape: Shape) -> Iterable[tuple[str, Node]]:
    """The keys of a record, with those of a mapping inside it that holds settings (`domainData`)."""
    for entry in record.entries:
        if _holds(entry.node, shape) and entry.key.casefold() not in fields:
            yield from _flat(entry.node, fields, shape)
        else:
            yield entry.key, entry.node


def _holds(node: Node, shape: Shape) -> bool:
    return any(e.key.casefold() in shape.renamed or _holds(e.node, shape) for e in node.entries)


def _judged(
    key: str, setting: str, field: Field | None, value: Node, shape: Shape, so_far: dict[str, Node]
) -> tuple[str, str]:
    """What becomes of one key, and why."""
    folded = key.casefold()
    names = {word.casefold() for word in shape.names}
    if setting in shape.not_modelled or key in shape.not_modelled:
        return (
            ("default", "")
            if _is_empty(value)
            else ("not modelled", field.doc if field else "what it means is not documented")
        )
    if (
        field is not None
        and field.effect
        and (folded not in names or setting not in ("Name", "Identity", "DomainName"))
    ):
        return _read(setting, field, value, shape)
    if folded in names:
        return "kept", "its name"
    if setting in shape.remarks and not _is_empty(value):
        return "kept", "a remark"
    if field is not None:
        if field.modelled or _is_empty(value) or is_usual(field, value):
            return "no effect", field.doc
        return "not modelled", field.doc
    if _TYPE_NOTE.search(key) or folded in METADATA or folded in {word.casefold() for word in shape.silent}:
        return "no effect", "metadata"
    if _is_empty(value):
        return "no effect", "nothing stands there"
    return "unknown", "not a setting that is known here"


def _read(setting: str, field: Field, value: Node, shape: Shape) -> tuple[str, str]:
    if value.is_null or (value.is_scalar and not value.text) or (value.is_list and not value.items):
        return "default", ""
    try:
        found = field.read(value, ProblemList()) if field.children else field.read(value)
    except BadValue as bad:
        return "refused", f"{bad.says}. {bad.fix}".strip()
    except ValueError as bad:
        return "refused", f"{bad}"
    if found == field.default and setting not in shape.always:
        return "default", ""
    return "kept", ""


def _finer(record: Node, value: Node, setting: str, field: Field | None, shape: Shape) -> Node:
    """What another key of the record says more exactly, where the setting takes it."""
    other = record.get(shape.finer.get(setting, ""))
    if other is None or field is None:
        return value
    better = _worded(other, setting, shape)
    try:
        field.read(better)
    except ValueError:
        return value
    return better


def _is_empty(value: Node) -> bool:
    words = ("", "false", "$false")
    return value.is_null or value.value in ((), {}) or (value.is_scalar and value.text.casefold() in words)


def _worded(value: Node, setting: str, shape: Shape) -> Node:
    """A value in the setting's own words, address spaces without what does not count."""
    words = shape.words.get(setting, {})
    if value.is_scalar and value.text.casefold() in words:
        return Node(Scalar(words[value.text.casefold()], quoted=True), value.at)
    if setting in shape.spaces:
        bare = (Node(Scalar(_SPACE.sub(r"\1", item.text), quoted=True), item.at) for item in value.items)
        return Node(tuple(bare), value.at)
    return value


def _name(record: Node, shape: Shape) -> str:
    found = [
        node.text.strip()
        for key in shape.names
        for place in (record, *(e.node for e in record.entries if e.node.is_map and _holds(e.node, shape)))
        if (node := place.get(key)) is not None and node.is_scalar and node.text.strip() and not node.is_null
    ]
    if shape.section == "Recipients":
        found = [text.removeprefix("SMTP:").removeprefix("smtp:") for text in found]
        found.sort(key=lambda text: "@" not in text)
    name = found[0] if found else ""
    if shape.section in ("SendConnectors", "ReceiveConnectors"):
        name = name.rpartition("\\")[2]  # an identity is SERVER\NAME
    return "" if shape.single else name


def _shown(node: Node) -> str:
    if node.is_list:
        return ", ".join(_shown(item) for item in node.items)
    if node.is_map:
        return "{" + ", ".join(f"{e.key}: {_shown(e.node)}" for e in node.entries) + "}"
    return node.text
