"""The report of an import: what was read, and what became of every setting. Short for the screen, whole for a file.

read 2 outbound connectors, 1 inbound connector, 3 accepted domains
  kept          31 settings, names unchanged
  default       20 as the cmdlet has it anyway: left out
  no effect     4 (Guid, IsValid, WhenChangedUTC, ...)
  not modelled  1
    in.json:12:3  inbound connector Own: TrustedOrganizations: fabrikam.example (other tenants whose mail is trusted)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from simulator.importing.found import KINDS, Found, Note, Object, singular

__all__ = ["mapping_json", "mapping_lines", "mapping_text", "what_was_read"]

_SHORT = {"kept": "settings, names unchanged", "default": "as the cmdlet has them anyway: left out"}
_ABOUT = {
    "not modelled": "they decide at the service and not here: kept as comments",
    "unknown": "no setting that is known here: kept as comments",
    "refused": "the cmdlet would not take them: kept as comments",
    "guessed": "no record says it",
    "not read": "",
}
_LATER = {"flow": 0, "people": 2, "dns": 3}
"""What a reader looks for first: the flows that do not arrive."""
_FEW, _MANY = 4, 20


def what_was_read(objects: Iterable[Object], found: Found) -> str:
    """`2 outbound connectors, 1 inbound connector`."""
    counted = Counter(one.shape.plural for one in objects)
    words = [f"{count} {plural if count != 1 else singular(plural)}" for plural, count in counted.items()]
    if found.zones:
        words.append(f"{len(found.zones)} zone{'s' if len(found.zones) > 1 else ''}")
    if found.addresses:
        words.append(f"{len(found.addresses)} address{'es' if len(found.addresses) > 1 else ''}")
    return ", ".join(words) or "nothing"


def mapping_text(objects: list[Object], found: Found) -> str:
    """For the screen: what is as expected is counted, everything else is told."""
    lines = [f"read {what_was_read(objects, found)}"]
    for kind in KINDS:
        notes = sorted((n for n in found.notes if n.kind == kind), key=lambda n: _LATER.get(n.where, 1))
        if not notes:
            continue
        if kind in _SHORT:
            lines.append(f"  {kind:<12}  {len(notes)} {_SHORT[kind]}")
        elif kind == "no effect":
            names = list(dict.fromkeys(n.key for n in notes))
            more = ", ..." if len(names) > _FEW else ""
            lines.append(f"  {kind:<12}  {len(notes)} ({', '.join(names[:_FEW])}{more})")
        else:
            lines.append(f"  {kind:<12}  {len(notes)}{f'  {_ABOUT[kind]}' if _ABOUT[kind] else ''}")
            lines += [f"    {_told(note)}" for note in notes[:_MANY]]
            if len(notes) > _MANY:
                lines.append(f"    and {len(notes) - _MANY} more, in import-report.txt")
    return "\n".join(lines)


def mapping_lines(found: Found) -> str:
    """For the file: one line for everything, by what became of it."""
    lines: list[str] = []
    for kind in KINDS:
        notes = [n for n in found.notes if n.kind == kind]
        if notes:
            lines += [f"{kind}: {len(notes)}", *(f"  {_told(note)}" for note in notes), ""]
    return "\n".join(lines)


def _told(note: Note) -> str:
    where = f"{note.at}  " if note.at else ""
    what = ": ".join(part for part in (note.where, note.key, note.value) if part)
    text = f"{where}{what}{f'  ({note.why})' if note.why else ''}"
    return "".join(c if c.isprintable() else " " for c in text)


def mapping_json(objects: list[Object], found: Found) -> dict[str, object]:
    """`read` counts objects; `notes` has everything."""
    counted = Counter(one.shape.plural for one in objects)
    return {
        "read": dict(counted),
        "notes": [
            {
                "kind": n.kind,
                "object": n.where,
                "key": n.key,
                "value": n.value,
                "why": n.why,
                "at": str(n.at) if n.at else None,
            }
            for n in found.notes
        ],
    }
