"""The records of an import as a lab: servers, people and DNS around them, written as commented text.

The text is read back and built. An object that the product refuses in this company becomes a comment, with its objection,
and the lab is written anew, until it is one. Nothing is left out without a note.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from simulator.importing.folding import folded_in
from simulator.importing.found import Found, Note, Object
from simulator.importing.people import Resident, residents, stand_ins, without_primary
from simulator.products.places import Place
from simulator.products.registry import PRODUCTS
from simulator.products.surroundings import Surroundings
from simulator.scenario.errors import ScenarioError
from simulator.scenario.lab import START, build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.records import unquoted
from simulator.scenario.writing import Page, inline
from simulator.source import NOWHERE, Node, ProblemList
from simulator.topology import Lab

__all__ = ["Assembled", "assemble"]

_HOST_TYPES = ("A", "AAAA", "CNAME", "PTR")
_MOST_ROUNDS = 200


@dataclass
class Assembled:
    """The lab that came of an import."""

    text: str
    tree: Node
    lab: Lab
    objects: list[Object]
    people: list[Resident]
    around: Surroundings
    warnings: tuple[str, ...] = ()
    dropped: list[tuple[Object, str]] = field(default_factory=list)


def assemble(
    objects: list[Object], found: Found, *, name: str, file: str, sources: Iterable[str], own: str = ""
) -> Assembled:
    """Raises `ScenarioError` where no lab comes of it."""
    objects = folded_in(objects, found)
    around = Surroundings(_by_section(objects), _plain_zone(found), own)
    people = residents(objects, found, around)
    objects = [*objects, *stand_ins(objects, people, around, found)]
    found.notes += [Note("guessed", guess.where, guess.what, why=guess.why) for guess in around.guesses]
    zone = _zone_records(found, around)
    dropped: list[tuple[Object, str]] = []
    for _ in range(_MOST_ROUNDS):
        page = _Page(name, tuple(sources), around, people, zone, [d for d, _ in dropped])
        text = page.written(objects, {id(o): why for o, why in dropped})
        problems = ProblemList()
        tree = read_yaml(text, file)
        lab = build_lab(tree, problems, START, file=file)
        if lab is not None:
            warnings = tuple(f"{w.at}  {w.says}" for w in problems.warnings)
            _note_dropped(dropped, found)
            return Assembled(text, tree, lab, objects, people, around, warnings, dropped)
        worse = False
        for problem in problems.errors:
            one = page.object_at(problem.at.line)
            if one is not None and all(one is not d for d, _ in dropped):
                dropped.append((one, f"{problem.says} {problem.fix}".strip()))
                worse = True
        if not worse:
            raise ScenarioError(problems.items)
    raise ScenarioError(problems.items)


def _note_dropped(dropped: list[tuple[Object, str]], found: Found) -> None:
    for one, why in dropped:
        found.notes = [
            replace(n, kind="refused", why=f"the {one.title} is left out as a whole")
            if n.where == one.title and n.kind == "kept"
            else n
            for n in found.notes
        ]
        found.notes.append(Note("refused", one.title, "", why=why, at=one.at))


def _by_section(objects: list[Object]) -> dict[str, dict[str, dict[str, dict[str, Node]]]]:
    made: dict[str, dict[str, dict[str, dict[str, Node]]]] = {}
    for one in objects:
        name = one.name.lower() if one.shape.short or "Domains" in one.shape.section else one.name
        made.setdefault(one.kind, {}).setdefault(one.shape.section, {})[name] = one.settings
    return made


# DNS


def _plain_zone(found: Found) -> dict[str, dict[str, tuple[str, ...]]]:
    made: dict[str, dict[str, tuple[str, ...]]] = {}
    for zone in found.zones:
        for owner in zone.entries:
            sets = made.setdefault(owner.key.lower(), {})
            for records in owner.node.entries:
                sets[records.key.upper()] = (
                    *sets.get(records.key.upper(), ()),
                    *map(_data, records.node.items),
                )
    return made


def _data(record: Node) -> str:
    """Record data as a lab has it: strings joined, without their quotes."""
    return unquoted(record.text) if '"' in record.text else record.text.strip()


def _zone_records(found: Found, around: Surroundings) -> dict[str, dict[str, tuple[str, ...]]]:
    """The records that mail asks for; others, and those that follow from the servers, have a note."""
    fqdns = {place.fqdn.lower(): place for place in around.places}
    made: dict[str, dict[str, tuple[str, ...]]] = {}
    exchangers = {d.split()[-1].lower() for sets in _plain_zone(found).values() for d in sets.get("MX", ())}
    for zone in found.zones:
        for owner in zone.entries:
            for records in owner.node.entries:
                kind, data, at = (
                    records.key.upper(),
                    tuple(map(_data, records.node.items)),
                    records.node.at or owner.key_at,
                )
                name = owner.key.lower()
                if kind in _HOST_TYPES and name in fqdns and kind != "CNAME":
                    found.notes.append(
                        Note(
                            "kept",
                            "dns",
                            f"{owner.key} {kind}",
                            ", ".join(data),
                            f"the address of {fqdns[name].name}",
                            at,
                        )
                    )
                elif (
                    kind in _HOST_TYPES
                    and name not in exchangers
                    and "_domainkey" not in name
                    and "mta-sts" not in name
                ) or kind in ("NS", "SRV"):
                    found.notes.append(
                        Note("no effect", "dns", f"{owner.key} {kind}", ", ".join(data), "no mail asks for it", at)
                    )
                else:
                    sets = made.setdefault(name, {})
                    sets[kind] = (*sets.get(kind, ()), *data)
                    found.notes.append(Note("kept", "dns", f"{owner.key} {kind}", ", ".join(data), at=at))
    for name, sets in around.dns.items():
        for kind, data in sets.items():
            made.setdefault(name, {})[kind] = data
    return {name: sets for name, sets in made.items() if sets}


# Text


class _Page:
    """The lab's text, and which lines belong to which object."""

    def __init__(
        self, name: str, sources: tuple[str, ...], around: Surroundings, people: list[Resident],
        zone: dict[str, dict[str, tuple[str, ...]]], dropped: list[Object],
    ) -> None:  # fmt: skip
        self.page, self.around, self.people, self.zone = Page(), around, people, zone
        self.name, self.sources = name, sources
        self.spans: list[tuple[int, int, Object]] = []

    def object_at(self, line: int) -> Object | None:
        return next((one for start, stop, one in self.spans if start <= line < stop), None)

    def written(self, objects: list[Object], dropped: dict[int, str]) -> str:
        page = self.page
        page.say(0, f"Made by mailflow import from {', '.join(self.sources)}.")
        page.say(0, "Settings have the names and values of the records; what no record says was guessed and says so.")
        page.line(0, "mailflow: 1")
        page.entry(0, "name", self.name)
        page.line(0, "")
        page.line(0, "people:")
        for one in self.people:
            page.line(
                1, f"{inline(one.name)}: {one.address} at {one.place.name}", one.guessed and f"guessed: {one.guessed}"
            )
        page.line(0, "")
        page.line(0, "servers:")
        for place in self.around.places:
            self._server(place, [o for o in objects if o.kind == place.kind], dropped)
            page.line(0, "")
        page.line(0, "dns:")
        for name, sets in self.zone.items():
            guessed = [kind for kind in sets if kind in self.around.dns.get(name, {})]
            page.entry(
                1,
                name,
                {kind: list(data) for kind, data in sets.items()},
                f"guessed: {', '.join(guessed)}" if guessed else "",
            )
        return page.text()

    def _server(self, place: Place, objects: list[Object], dropped: dict[int, str]) -> None:
        page = self.page
        page.line(1, f"{place.name}:", place.why)
        page.line(2, f"is: {place.kind}")
        if place.fqdn:
            page.entry(2, "fqdn", place.fqdn)
        page.entry(2, "ip", place.addresses[0] if len(place.addresses) == 1 else place.addresses)
        if place.certificate:
            names = {"subject": place.certificate[0]}
            more: dict[str, object] = {"names": place.certificate} if len(place.certificate) > 1 else {}
            page.line(2, f"cert: {inline({**names, **more})}", "guessed: that it is good")
        for key, value in place.settings.items():
            page.entry(2, key, value, "guessed")
        order = {shape.section: number for number, shape in enumerate(PRODUCTS[place.kind].shapes)}
        objects = [o for o in objects if o.shape.folded is None]
        sections = sorted({o.shape.section for o in objects}, key=lambda section: order[section])
        for section in sections:
            self._section(section, [o for o in objects if o.shape.section == section], dropped)

    def _section(self, section: str, objects: list[Object], dropped: dict[int, str]) -> None:
        page = self.page
        shape = objects[0].shape
        live = [o for o in objects if id(o) not in dropped]
        for one in objects:
            if id(one) in dropped:
                page.say(2, f"refused: {section} {one.name}: {dropped[id(one)]}")
                page.say(2, f"  {inline(one.settings)}")
        if not live:
            return
        if shape.ranked:
            live.sort(key=_priority)
        if shape.single:
            start = page.next
            page.entry(2, section, _plain(live[-1]))
            self.spans.append((start, page.next, live[-1]))
            self._aside(live[-1], 2)
            return
        header = page.next
        page.line(2, f"{section}:")
        held = False
        for one in live:
            start, settings = page.next, _plain(one)
            held = held or bool(settings) or section != "Recipients"
            if shape.short and set(settings) == {shape.short}:
                page.entry(3, one.name, settings[shape.short])
            elif settings or section != "Recipients":
                page.entry(3, one.name, settings)
            self.spans.append((start, page.next, one))
            self._aside(one, 4)
        if not held:
            del page.lines[header - 1]  # a section of comments

    def _aside(self, one: Object, depth: int) -> None:
        for note in one.aside:
            self.page.say(
                depth, f"{note.kind}: {note.key}: {note.value}{f' ({note.why})' if note.kind == 'refused' else ''}"
            )


def _priority(one: Object) -> int:
    node = one.settings.get("Priority")
    return int(node.text) if node is not None and node.text.strip().isdecimal() else 2**31


def _plain(one: Object) -> dict[str, object]:
    """An object's settings as they are written: ranked ones go by their order, a state by Enabled."""
    settings = without_primary(one) if one.shape.section == "Recipients" else dict(one.settings)
    if one.shape.ranked:
        settings.pop("Priority", None)
        state = settings.pop("State", None)
        if state is not None and state.text.casefold() == "disabled":
            settings["Enabled"] = Node.of(False, NOWHERE)
        elif state is not None:
            settings.pop("Enabled", None)
    order = {(f.label or key): place for place, (key, f) in enumerate(one.shape.settings.__fields__.items())}
    return {key: node.plain() for key, node in sorted(settings.items(), key=lambda pair: order.get(pair[0], 999))}
