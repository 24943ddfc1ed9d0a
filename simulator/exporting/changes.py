"""What leads from one lab to another on a server with cmdlets: commands in a safe order, each with its undo.

    1  what is new or changes, in the order of the product's shapes: what is named by others before what names it,
       inbound before outbound, domains after the connectors that lead on, rules last
    2  what goes, the other way round: rules before the connectors that they name

| change | command | undo |
| --- | --- | --- |
| an object is new | New-, unless it is there | Remove- |
| a setting is another | Set- with that setting alone | Set- with what it was |
| a setting is gone | Set- with the cmdlet's default | Set- with what it was |
| a rule is switched | Enable-, Disable- | the other |
| a rule moves | Set- -Priority with its place at that moment | Set- -Priority with the one it had |
| an object goes | Remove-, if it is there | New- with all it had |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from simulator.exporting.objects import Thing, default_of, differs, is_boolean, kind_of, shapes_of, things
from simulator.exporting.powershell import command, guarded, quoted, shown
from simulator.exporting.recipients import beside, made, removed
from simulator.policy.settings import Field
from simulator.products.shape import Shape
from simulator.source import Node

__all__ = ["Change", "changes"]


@dataclass(frozen=True)
class Homes:
    """The mailboxes of people, which no script makes or deletes: their content comes from somewhere and goes somewhere."""

    now: frozenset[str]
    before: frozenset[str]


@dataclass(frozen=True)
class Change:
    """One command, or one remark, of a script."""

    section: str  # the heading: "inbound connectors"
    line: str  # empty: only a remark
    undo: str = ""
    remark: str = ""


def changes(
    before: Node | None, after: Node, mailboxes: frozenset[str], had: frozenset[str] = frozenset()
) -> list[Change]:
    """From a server as it was (None: nothing is there) to a server as it is to be.

    `mailboxes` are the people's, `had` those that they had before.
    """
    homes = Homes(mailboxes, had)
    shapes = shapes_of(kind_of(after))
    made_: list[Change] = []
    gone: list[list[Change]] = []
    for shape in shapes:
        was = {thing.name.casefold(): thing for thing in things(before, shape)}
        now = things(after, shape)
        order = list(was)  # of rules, as each command leaves it
        place = -1
        for thing in now:
            name = thing.name.casefold()
            old = was.get(name)
            if old is None:
                place += 1
                order.insert(place, name)
                made_ += _new(shape, thing, place, homes)
                continue
            made_ += _changed(shape, old, thing, homes)
            there = order.index(name)
            if shape.ranked and there < place:
                order.remove(name)
                order.insert(place, name)
                made_.append(_moved(shape, thing, there, place))
            else:
                place = there
        names = {thing.name.casefold() for thing in now}
        going = [thing for name, thing in reversed(was.items()) if name not in names]
        found: list[Change] = []
        for thing in going:
            found += _removed(shape, thing, order.index(thing.name.casefold()), homes)
            order.remove(thing.name.casefold())
        gone.append(found)
    return [*made_, *(change for part in reversed(gone) for change in part)]


# The parameters of an object


def _parameters(shape: Shape, settings: Mapping[str, Node], keys: set[str] | None = None) -> Iterator[tuple[str, str]]:
    fields = {(f.label or key): f for key, f in shape.settings.__fields__.items()}
    for key in fields:
        if key in settings and (keys is None or key in keys):
            yield key, shown(settings[key], boolean=is_boolean(fields[key]))


def _named(shape: Shape, thing: Thing) -> list[tuple[str, str]]:
    identity = shape.single.strip() if shape.single else thing.name
    beside_ = [(key, shown(thing.settings[key])) for key in shape.named_with if key in thing.settings]
    return [*([("Identity", quoted(identity))] if identity else []), *beside_]


def _is_set_apart(shape: Shape, thing: Thing) -> set[str]:
    return {key for key in thing.settings if key in shape.other_cmdlets}


def _sets(shape: Shape, thing: Thing, keys: set[str], settings: Mapping[str, Node]) -> list[str]:
    """Set- of some settings, by the cmdlets that set them."""
    cmdlets: dict[str, set[str]] = {}
    for key in keys:
        cmdlets.setdefault(shape.other_cmdlets.get(key, f"Set-{thing.noun}"), set()).add(key)
    lines: list[str] = []
    for cmdlet in sorted(cmdlets, key=lambda name: name != f"Set-{thing.noun}"):
        if cmdlet == "Add-ADPermission":
            lines += _rights(thing.name, settings.get("ExtendedRights"))
            continue
        lines.append(command(cmdlet, [*_named(shape, thing), *_parameters(shape, settings, cmdlets[cmdlet])]))
    return lines


def _rights(name: str, rights: Node | None) -> list[str]:
    who = quoted("NT AUTHORITY\\ANONYMOUS LOGON")
    if rights is None or not rights.items:
        return []
    return [command("Add-ADPermission", [("Identity", quoted(name)), ("User", who), ("ExtendedRights", shown(rights))])]


# Changes


def _new(shape: Shape, thing: Thing, number: int, homes: Homes) -> list[Change]:
    if shape.single:
        return _of_sets(shape, thing, None)
    if shape.kinds:
        return _recipient(shape, thing, None, homes)
    if any(thing.name.casefold().startswith(known.casefold()) for known in shape.always_there):
        return _of_sets(shape, thing, None)
    if not shape.new:
        remark = f"{thing.name}: {shape.made_by} first"
        fields = {(f.label or key): f for key, f in shape.settings.__fields__.items()}
        always = {key: default_of(fields[key]) for key in shape.always if key not in thing.settings}
        thing = replace(thing, settings={**thing.settings, **always})
        return [Change(shape.plural, "", remark=remark), *_of_sets(shape, thing, None)]
    apart = _is_set_apart(shape, thing)
    taken = {k for k in thing.settings if k not in apart and (not shape.new_takes or k in shape.new_takes)}
    key = shape.names[0] if shape.names[0] != "Name" or "DomainName" not in shape.names else "Name"
    lead = (
        [("Name", quoted(thing.name))]
        if "Name" in shape.names and key != "Domain"
        else [("DomainName", quoted(thing.name))]
    )
    if "DomainName" in shape.names and key == "DomainName":
        lead.append(("DomainName", quoted(thing.name)))
    rank = [("Priority", str(number))] if shape.ranked else []
    line = command(f"New-{shape.noun}", [*lead, *_parameters(shape, thing.settings, taken), *rank])
    undo = command(f"Remove-{shape.noun}", [*_named(shape, thing), ("Confirm", ":$false")])
    if shape.names[0] == "Domain":
        undo = command(f"Set-{shape.noun}", [*_named(shape, thing), ("Enabled", "$false")])
    found = [Change(shape.plural, guarded(shape.noun, quoted(thing.name), line, there=False), undo)]
    rest = set(thing.settings) - taken
    return found + [
        Change(shape.plural, line, "") for line in (_sets(shape, thing, rest, thing.settings) if rest else [])
    ]


def _of_sets(shape: Shape, thing: Thing, old: Thing | None) -> list[Change]:
    """Set- for whatever differs from what was, or from the defaults."""
    base = old or Thing(thing.name, {}, {}, thing.noun)
    fields = {(f.label or key): f for key, f in shape.settings.__fields__.items()}
    keys = {key for key in {*thing.settings, *base.settings} if differs(fields[key], base, thing, key)}
    if old is None:
        keys |= {key for key in thing.settings if key in shape.always}
    found: list[Change] = []
    if shape.ranked and "Enabled" in keys:
        keys.discard("Enabled")
        on = thing.values.get("Enabled", True)
        pair = [
            command(f"{verb}-{shape.noun}", [*_named(shape, thing), ("Confirm", ":$false")])
            for verb in ("Disable", "Enable")
        ]
        found.append(Change(shape.plural, pair[on], pair[not on]))
    keys -= set(shape.named_with)
    after = {key: thing.settings.get(key, _unset(fields[key], key, thing)) for key in keys}
    was = {key: base.settings.get(key, _unset(fields[key], key, thing)) for key in keys}
    lines, undos = _sets(shape, thing, keys, after), _sets(shape, thing, keys, was)
    for place, line in enumerate(lines):
        undo = undos[place] if place < len(undos) else ""
        found.append(Change(shape.plural, line, undo if undo != line else ""))
    return found


def _unset(field_: Field, key: str, thing: Thing) -> Node:
    """What a setting has where nothing says anything; a recipient always has its own address."""
    return Node.of([f"SMTP:{thing.name}"]) if key == "EmailAddresses" else default_of(field_)


def _changed(shape: Shape, old: Thing, thing: Thing, homes: Homes) -> list[Change]:
    if shape.kinds:
        return _recipient(shape, thing, old, homes)
    return _of_sets(shape, thing, old)


def _removed(shape: Shape, old: Thing, place: int, homes: Homes) -> list[Change]:
    if shape.kinds:
        if old.noun == "Mailbox" and old.name.casefold() in homes.now:
            return _of_sets(shape, Thing(old.name, {}, {}, old.noun, old.kind), old)
        if old.noun == "Mailbox" and old.name.casefold() in homes.before:
            says = f"{old.name}: the mailbox goes when its content has moved; nothing here deletes it"
            return [Change(shape.plural, "", remark=says)]
        had = _with_primary(old)
        new = {key for key in had.settings if key in shape.new_takes and old.noun != "Mailbox"}
        parameters = [list(_parameters(shape, had.settings, keys)) for keys in (new, set(had.settings) - new)]
        gone = [Change(shape.plural, line, undo) for line, undo in removed(old, *parameters)]
        return [*gone, *_arrives(shape, old, homes)]
    if shape.single or any(old.name.casefold().startswith(known.casefold()) for known in shape.always_there):
        return _of_sets(shape, Thing(old.name, {}, {}, old.noun), old)
    if not shape.new:
        return [
            Change(
                shape.plural,
                "",
                remark=f"{old.name} goes: remove the domain in the admin centre when nothing uses it any more",
            )
        ]
    line = command(f"Remove-{shape.noun}", [*_named(shape, old), ("Confirm", ":$false")])
    back = _new(shape, old, place, homes)
    undo = "; ".join(change.line for change in back if change.line)
    return [Change(shape.plural, guarded(shape.noun, quoted(old.name), line, there=True), undo)]


def _arrives(shape: Shape, old: Thing, homes: Homes) -> list[Change]:
    """Where a mail user has made room for a mailbox."""
    if old.name.casefold() not in homes.now - homes.before:
        return []
    says = (
        f"{old.name}: the mailbox is made now (a licence, New-MoveRequest, New-MigrationBatch), before the next command"
    )
    return [Change(shape.plural, "", remark=says)]


def _moved(shape: Shape, thing: Thing, was: int, now: int) -> Change:
    """A rule that has another place among the rules."""
    line, undo = (
        command(f"Set-{shape.noun}", [*_named(shape, thing), ("Priority", str(place))]) for place in (now, was)
    )
    return Change(shape.plural, line, undo)


def _recipient(shape: Shape, thing: Thing, old: Thing | None, homes: Homes) -> list[Change]:
    found: list[Change] = []
    base = old
    if old is not None and old.noun != thing.noun:
        found += _removed(shape, old, 0, homes)
        base = None
    taken: set[str] = set()
    if base is None:
        taken = {key for key in thing.settings if key in shape.new_takes and key not in shape.other_cmdlets}
        found += [
            Change(shape.plural, line, undo)
            for line, undo in made(thing, list(_parameters(shape, thing.settings, taken)), homes.now)
        ]
        if thing.noun == "Mailbox":
            taken = set()
    rest = Thing(
        thing.name,
        {k: v for k, v in thing.settings.items() if k not in taken},
        thing.values,
        thing.noun,
        thing.kind,
        thing.own,
    )
    fields = {k: v for k, v in rest.values.items() if k not in taken}
    rest = Thing(rest.name, rest.settings, fields, rest.noun, rest.kind, rest.own)
    found += _of_sets(shape, _with_primary(rest), _with_primary(base) if base else None)
    return found + [Change(shape.plural, line, undo, remark) for line, undo, remark in beside(thing, base)]


def _with_primary(thing: Thing) -> Thing:
    """Set- -EmailAddresses replaces them all, the primary one too."""
    every = thing.settings.get("EmailAddresses")
    if every is None:
        return thing
    items = [item for item in every.items if item.text.removeprefix("SMTP:").casefold() != thing.name.casefold()]
    primary = Node.of(f"SMTP:{thing.name}")
    settings = {**thing.settings, "EmailAddresses": Node((primary, *items), every.at)}
    return Thing(thing.name, settings, thing.values, thing.noun, thing.kind, thing.own)
