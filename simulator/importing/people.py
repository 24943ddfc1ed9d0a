"""Who is in an imported lab: mailboxes of the records, addresses of a CSV file, and one person wherever nobody is.

a mailbox of the tenant, a user of SmarterMail      a person there
a mail user whose address is the organisation's    a person at the own server, where there is one
an address of a CSV file                           a person: at the own server for a shared domain, else in the tenant
a remote mailbox of Exchange Server                a person in the tenant, where the tenant's records have nobody
nobody at the tenant, the own server, a partner    one is made up: Bob, John, Pat
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simulator.importing.folding import residents_of
from simulator.importing.found import Found, Note, Object
from simulator.mail.address import Address, AddressError
from simulator.products.places import Place
from simulator.products.registry import PRODUCTS
from simulator.products.surroundings import Surroundings
from simulator.scenario.sentence import name_fault
from simulator.source import NOWHERE, Node, ProblemList, Scalar, Source

__all__ = ["Resident", "residents", "stand_ins", "without_primary"]

REMOTE = "the own server has a remote mailbox that leads here"
MADE_UP = "made up, so that there is somebody"
_INVENTED = {"m365": "Bob", "onprem": "John", "internet": "Sun"}


@dataclass(frozen=True)
class Resident:
    name: str
    address: str
    place: Place
    guessed: str = ""
    at: Source = NOWHERE


def residents(objects: list[Object], found: Found, around: Surroundings) -> list[Resident]:
    """All people of the lab, in the order of its servers."""
    made: dict[tuple[str, str], Resident] = {}
    names: set[str] = {place.name.casefold() for place in around.places}
    own_domains = {domain.lower() for domain in around.own_domains}
    shown = {address.casefold(): name for address, name, _ in found.addresses if name}
    known: set[str] = set()

    def add(address: Address, name: str, place: Place, guessed: str, at: Source) -> None:
        key = (address.key, place.name)
        if key not in made:
            made[key] = Resident(_free(name or address.local, names), str(address), place, guessed, at)

    for one in objects:
        if one.shape.section != "Recipients":
            continue
        address = _address(one.name)
        home = next((place for place in around.places if place.kind == one.kind), None)
        if address is None or home is None:
            continue
        read = one.shape.settings.read(Node.of(one.settings), ProblemList(), name=one.name)
        kind = getattr(read, "kind", "")
        name = getattr(read, "DisplayName", None) or shown.get(str(address).casefold(), "")
        known.add(address.key)
        if kind == "group" and not getattr(read, "Members", ()):
            found.notes.append(
                Note("guessed", one.title, "Members", "nobody", "a record of a group does not list them", one.at)
            )
        if kind == "mailbox":
            add(address, str(name), home, "", one.at)
        elif (
            around.cloud
            and home is around.own
            and _routing(one, around)
            and all(_key(o) != _key(one) for o in objects if o.kind == around.cloud.kind)
        ):
            add(address, str(name), around.cloud, REMOTE, one.at)
        elif kind == "external" and home is around.cloud and around.own and address.domain in own_domains:
            if not _elsewhere(read, own_domains):
                add(
                    address, str(name), around.own, "a mail user of the tenant; the mailbox is taken to be here", one.at
                )
    for address, name, one in residents_of(objects, found):
        home = next((place for place in around.places if place.kind == one.kind), None)
        known.add(address.key)
        if home is not None:
            add(address, name, home, "", one.at)
    for word, name, at in found.addresses:
        address = Address.parse(word)
        place = _home(address, around, own_domains)
        if address.key not in known and place is not None:
            add(address, name, place, "", at)
            if around.own and around.cloud and address.domain in own_domains:
                found.notes.append(
                    Note(
                        "guessed",
                        "people",
                        word,
                        place.name,
                        "the file does not say at which server the mailbox is",
                        at,
                    )
                )
        elif place is None:
            found.notes.append(Note("not read", "", word, why="its domain belongs to nobody here", at=at))
    _invented(around, made, names, found)
    outside = next(place for place in around.places if place.name == "internet")
    for address in around.strangers:
        add(address, shown.get(str(address).casefold(), ""), outside, "a recipient of the tenant leads there", NOWHERE)
    order = [place.name for place in around.places]
    return sorted(made.values(), key=lambda r: order.index(r.place.name))


def _home(address: Address, around: Surroundings, own_domains: set[str]) -> Place | None:
    if address.domain in own_domains:
        if around.own and (not around.cloud or around.relays(address.domain)):
            return around.own
        return around.cloud or around.own
    return next((place for place in around.places if address.domain in place.domains), None)


def _elsewhere(read: object, own_domains: set[str]) -> bool:
    """Whether a mail user's mailbox is with somebody else altogether."""
    external = getattr(read, "ExternalEmailAddress", None)
    return external is not None and external.domain not in own_domains


def _invented(around: Surroundings, made: dict[tuple[str, str], Resident], names: set[str], found: Found) -> None:
    for place in around.places:
        if any(r.place is place for r in made.values()):
            continue
        if place in (around.cloud, around.own):
            domain = around.default
        elif place.domains:
            domain = place.domains[0]
        else:
            continue  # a gateway
        name = _free(_INVENTED.get(place.name, "Pat"), names)
        made[name, place.name] = Resident(name, f"{name.lower().replace(' ', '.')}@{domain}", place, MADE_UP)
        if place.name != "internet":
            found.notes.append(
                Note(
                    "guessed",
                    "people",
                    name,
                    made[name, place.name].address,
                    "no record has a mailbox there",
                )
            )


def _key(one: Object) -> str:
    return one.name.casefold()


def _routing(one: Object, around: Surroundings) -> str:
    """Where the own server's remote mailbox leads: an address of the tenant, or nothing."""
    node = one.settings.get("RemoteRoutingAddress")
    address = _address(node.text.rpartition(":")[2]) if node is not None else None
    return str(address) if address and address.domain in {d.lower() for d in around.own_domains} else ""


def stand_ins(objects: list[Object], people: Iterable[Resident], around: Surroundings, found: Found) -> list[Object]:
    """What the tenant has to know of people of whom it has no record: a mail user for whoever was made up at the own server,
    where it refuses whom it does not know, and the routing address of a mailbox that the own server says is here."""
    if around.cloud is None:
        return []
    shape = next(s for s in PRODUCTS[around.cloud.kind].shapes if s.section == "Recipients")
    made: list[Object] = []
    remote = {_key(one): one for one in objects if one.shape.section == "Recipients" and _routing(one, around)}
    for one in people:
        if one.guessed == REMOTE:
            record = remote[one.address.casefold()]
            proxy = Node.of([_routing(record, around)])
            made.append(Object(around.cloud.kind, shape, one.address, {"EmailAddresses": proxy}, at=record.at))
            found.notes.append(
                Note("guessed", made[-1].title, "EmailAddresses", proxy.items[0].text, REMOTE, record.at)
            )
            continue
        domain = one.address.rpartition("@")[2].lower()
        if one.guessed != MADE_UP or one.place is not around.own or around.relays(domain):
            continue
        made.append(
            Object(around.cloud.kind, shape, one.address, {
                "RecipientType": Node.of("MailUser"), "ExternalEmailAddress": Node.of(f"SMTP:{one.address}"),
            })
        )  # fmt: skip
        found.notes.append(
            Note(
                "guessed",
                made[-1].title,
                "RecipientType",
                "MailUser",
                f"the tenant has to know {one.name}, who is made up",
            )
        )
    return made


def _free(wanted: str, taken: set[str]) -> str:
    """A name that a sentence can say and nobody else has."""
    bare = " ".join("".join(c if c.isprintable() and c not in '->[]|"#{},' else " " for c in wanted).split())
    name = bare if bare and not name_fault(bare) else "Person"
    number = 1
    while (name if number == 1 else f"{name} {number}").casefold() in taken:
        number += 1
    name = name if number == 1 else f"{name} {number}"
    taken.add(name.casefold())
    return name


def _address(text: str) -> Address | None:
    try:
        return Address.parse(text)
    except AddressError:
        return None


def without_primary(one: Object) -> dict[str, Node]:
    """A recipient's settings: of its addresses those beside the one that it stands under; no type that is plain anyway."""
    settings = dict(one.settings)
    every = settings.get("EmailAddresses")
    if every is not None:
        kept = []
        for item in every.items:
            kind, colon, rest = item.text.strip().partition(":")
            if colon and kind.casefold() != "smtp":
                continue  # SIP, X500
            address = rest if colon else kind
            if address.casefold() != one.name.casefold():
                kept.append(Node(Scalar(address, quoted=True), item.at))
        settings["EmailAddresses"] = Node(tuple(kept), every.at)
        if not kept:
            del settings["EmailAddresses"]
    kind_of = settings.get("RecipientType")
    if kind_of is not None and kind_of.text.casefold() == "usermailbox":
        del settings["RecipientType"]
    return settings
