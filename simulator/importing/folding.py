"""Records that are settings of another object: a user's forwarding and an alias belong to their domain.

Whose domain it is says the address; a bare name is of the only domain that there is. What belongs nowhere has a note.
"""

from __future__ import annotations

from dataclasses import replace

from simulator.importing.found import Found, Note, Object
from simulator.mail.address import Address, AddressError
from simulator.products.registry import PRODUCTS
from simulator.products.shape import Shape
from simulator.source import Node

__all__ = ["folded_in", "residents_of"]


def folded_in(objects: list[Object], found: Found) -> list[Object]:
    """The objects, each part with its whole address for a name and its settings in its domain."""
    parts = [one for one in objects if one.shape.folded is not None]
    made = [one for one in objects if one.shape.folded is None]
    wholes = {
        (one.kind, one.name.casefold()): place for place, one in enumerate(made) if one.shape.section == "Domains"
    }
    for one in parts:
        address = _address(one, [made[place] for place in wholes.values()])
        if address is None:
            found.notes.append(Note("not read", one.title, "", why="it does not say of which domain it is", at=one.at))
            continue
        adds = one.shape.folded(address.local, one.settings) if one.shape.folded else {}
        if adds:
            key = (one.kind, address.domain)
            if key not in wholes:
                wholes[key] = len(made)
                made.append(_domain(one, address.domain, found))
            made[wholes[key]] = _with(made[wholes[key]], adds)
        made.append(replace(one, name=str(address)))
    return made


def residents_of(objects: list[Object], found: Found) -> list[tuple[Address, str, Object]]:
    """Who has a mailbox by such a record: address, name, record."""
    there = []
    for one in objects:
        if one.shape.resident is None:
            continue
        if not one.shape.resident(one.settings):
            found.notes.append(
                Note("not modelled", one.title, "", why="it gets no mail, so nobody is there", at=one.at)
            )
            continue
        shown = next((one.settings[key].text for key in ("Full Name", "DisplayName") if key in one.settings), "")
        there.append((Address.parse(one.name), shown, one))
    return there


def _address(one: Object, domains: list[Object]) -> Address | None:
    mine = [domain.name for domain in domains if domain.kind == one.kind]
    text = one.name if "@" in one.name else f"{one.name}@{mine[0]}" if len(mine) == 1 else ""
    try:
        return Address.parse(text)
    except AddressError:
        return None


def _domain(one: Object, name: str, found: Found) -> Object:
    """A domain of which there is no record."""
    shape: Shape = next(s for s in PRODUCTS[one.kind].shapes if s.section == "Domains")
    found.notes.append(
        Note("guessed", f"domain {name}", "its settings", "the page's defaults", "no record of it", one.at)
    )
    return Object(one.kind, shape, name, {}, at=one.at)


def _with(domain: Object, adds: dict[str, object]) -> Object:
    settings = dict(domain.settings)
    for key, more in adds.items():
        merged = settings.get(key) or Node({}, domain.at)
        for entry in Node.of(more, domain.at).entries:
            merged = merged.with_entry(entry.key, entry.node)
        settings[key] = merged
    return replace(domain, settings=settings)
