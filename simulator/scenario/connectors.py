"""A connector made, changed, switched or removed in a lab's tree: a tree in, a tree and what is wrong out.

It is the cmdlet that does it: New-, Set- and Remove- of the connector's noun [cmdlets], with the parameters' names and
objections. Nothing here reads or writes a file; who has a running lab applies the same change to the tree that it has.

| command | cmdlet |
| --- | --- |
| new KIND NAME | New-OutboundConnector, New-InboundConnector, New-SendConnector, New-ReceiveConnector |
| set NAME | Set-... with the settings given; `SETTING=remove` takes one out |
| on, off NAME | Set-... -Enabled true, false |
| remove NAME | Remove-... |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from simulator.policy.settings import Field, Settings, read_bool
from simulator.products.registry import PRODUCTS
from simulator.scenario.cmdlets import NOUNS
from simulator.scenario.errors import ScenarioError, near_miss
from simulator.scenario.lab import build_lab
from simulator.scenario.load import read_yaml
from simulator.scenario.steps import apply_step
from simulator.scenario.writing import inline
from simulator.source import Entry, Node, Problem, ProblemList, Scalar, Source
from simulator.value import value

__all__ = [
    "KINDS",
    "Connector",
    "Refused",
    "Wanted",
    "after",
    "connectors_in",
    "default_text",
    "find",
    "objections",
    "step_text",
]

KINDS: Final[Mapping[str, str]] = {
    "outbound": "OutboundConnector", "inbound": "InboundConnector", "send": "SendConnector", "receive": "ReceiveConnector",
}  # fmt: skip
"""What a command line calls a connector, and the noun of its cmdlets."""

TYPED = Source("command line", 1, 1)


class Refused(ValueError):
    """Why a change is not made, in words for who asked for it."""


@value
class Connector:
    """A connector as it stands in a tree. `fields` are the product's settings of such connectors."""

    server: str
    kind: str
    name: str
    entry: Entry
    settings: type[Settings]

    @property
    def node(self) -> Node:
        return self.entry.node

    @property
    def fields(self) -> Mapping[str, Field]:
        return _fields(self.settings)

    @property
    def enabled(self) -> bool:
        node = self.node.get("Enabled")
        try:
            return node is None or node.is_null or read_bool(node)
        except ValueError:
            return False


@value
class Wanted:
    """What is asked for. `verb` is New, Set or Remove; `settings` are texts as typed: `SmartHosts=a.example,b.example`."""

    verb: str
    name: str
    settings: tuple[tuple[str, str], ...] = ()
    kind: str = ""  # a key of KINDS; of New it must be said, else the name tells it
    server: str = ""


def connectors_in(tree: Node) -> list[Connector]:
    """Every connector of a lab's tree, server by server."""
    found: list[Connector] = []
    servers = tree.get("servers")
    for server in servers.entries if servers else ():
        for kind, settings in _kinds(server).items():
            held = server.node.get(f"{KINDS[kind]}s")
            found += [Connector(server.key, kind, e.key, e, settings) for e in (held.entries if held else ())]
    return found


def find(tree: Node, name: str, kind: str = "", server: str = "") -> Connector:
    """The connector of that name. Raises `Refused` where there is none, or more than one."""
    every = [c for c in connectors_in(tree) if kind in ("", c.kind) and server.casefold() in ("", c.server.casefold())]
    meant = [c for c in every if c.name.casefold() == name.strip().casefold()]
    if not meant:
        meant = _unwritten(tree, name.strip(), kind, server)
    if not meant:
        what = f"{kind} connector" if kind else "connector"
        raise Refused(f'no {what} "{name}".{near_miss(name, [c.name for c in every])}')
    if len(meant) > 1:
        raise Refused(
            f'there are several connectors "{name}": {" and ".join(f"{c.kind} at {c.server}" for c in meant)}. '
            "Say  --kind KIND  or  --server NAME."
        )
    return meant[0]


def _unwritten(tree: Node, name: str, kind: str, server: str) -> list[Connector]:
    """Connectors of that name that servers have without its being written."""
    servers = tree.get("servers")
    return [
        Connector(s.key, k, name, Entry(name, s.key_at, Node({}, s.key_at)), settings)
        for s in (servers.entries if servers else ()) if server.casefold() in ("", s.key.casefold())
        for k, settings in _kinds(s).items()
        if kind in ("", k) and name.casefold().startswith(tuple(a.casefold() for a in NOUNS[KINDS[k].casefold()].always) or "\0")
    ]  # fmt: skip


def after(tree: Node, wanted: Wanted) -> Node:
    """The tree after the change. Raises `Refused` with every reason; the products' own objections are `objections`."""
    problems = ProblemList()
    done = apply_step(tree, _step(tree, wanted), problems)
    _refuse(problems.errors)
    return done


def step_text(tree: Node, wanted: Wanted) -> str:
    """The same change as a step in YAML, for whoever has another tree than the file says: a lab that runs."""
    step = _step(tree, wanted)
    first, server = step.entries
    inside = ", ".join(f"{e.key}: {_bare(e.node)}" for e in first.node.entries)
    return f"[{{{first.key}: {{{inside}}}, server: {inline(server.node)}}}]"


def _bare(node: Node) -> str:
    return node.text or "null" if isinstance(node.value, Scalar) and not node.value.quoted else inline(node)


def _step(tree: Node, wanted: Wanted) -> Node:
    if wanted.verb == "New":
        server = _server_for(tree, wanted.kind, wanted.server)
        name, kind, settings = wanted.name.strip(), wanted.kind, _kinds(server)[wanted.kind]
        if not name or not name.isprintable():
            raise Refused("a connector needs a name, on one line.")
        where = server.key
    else:
        found = find(tree, wanted.name, wanted.kind, wanted.server)
        new_name = next((text for key, text in wanted.settings if key.casefold() == "name"), found.name).strip()
        if not new_name or not new_name.isprintable():
            raise Refused("a connector needs a name, on one line.")
        name, kind, settings, where = found.name, found.kind, found.settings, found.server
    parameters = _parameters(wanted.settings, _fields(settings), KINDS[kind], allows_name=wanted.verb == "Set")
    identity = Node(Scalar(name, quoted=True), TYPED)
    first = "Name" if wanted.verb == "New" else "Identity"
    call = Node({first.casefold(): Entry(first, TYPED, identity), **parameters}, TYPED)
    cmdlet, at = f"{wanted.verb}-{KINDS[kind]}", Node(Scalar(where, quoted=True), TYPED)
    return Node({cmdlet.casefold(): Entry(cmdlet, TYPED, call), "server": Entry("server", TYPED, at)}, TYPED)


def objections(before: Node, changed: Node, file: str) -> tuple[list[Problem], list[Problem]]:
    """What the lab says against the change: errors and warnings that it did not have before."""
    known, found = ProblemList(), ProblemList()
    build_lab(before, known, file=file)
    build_lab(changed, found, file=file)
    had = {(p.says, p.at) for p in known.items}
    return (
        [p for p in found.errors if (p.says, p.at) not in had],
        [p for p in found.warnings if (p.says, p.at) not in had],
    )


def default_text(field_: Field) -> str:
    """A setting's default as it would be written."""
    default = field_.default
    if isinstance(default, bool):
        return "true" if default else "false"
    if isinstance(default, (tuple, list, dict)):
        return ", ".join(map(str, default))
    return "" if default is None else str(default)


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise Refused("\n".join(f"{p.says} {p.fix}".strip() for p in problems))


def _fields(settings: type[Settings]) -> dict[str, Field]:
    return {field_.label or key: field_ for key, field_ in settings.__fields__.items()}


def _kinds(server: Entry) -> dict[str, type[Settings]]:
    """The kinds of connectors that a server's product has, with their settings."""
    is_ = server.node.get("is")
    product = PRODUCTS.get(is_.text.strip().casefold()) if is_ else None
    shapes = {shape.noun: shape.settings for shape in product.shapes} if product and product.is_built else {}
    return {kind: shapes[noun] for kind, noun in KINDS.items() if noun in shapes}


def _server_for(tree: Node, kind: str, wanted: str) -> Entry:
    servers = tree.get("servers")
    every = servers.entries if servers else ()
    having = [s for s in every if kind in _kinds(s)]
    if wanted:
        named = [s for s in having if s.key.casefold() == wanted.casefold()]
        if not named:
            raise Refused(f"{wanted} has no {kind} connectors.{near_miss(wanted, [s.key for s in having])}")
        return named[0]
    if len(having) == 1:
        return having[0]
    if not having:
        others = dict.fromkeys(k for s in every for k in _kinds(s))
        there = f" There are: {', '.join(others)}." if others else ""
        raise Refused(f"no server of this lab has {kind} connectors.{there}")
    raise Refused(f"{' and '.join(s.key for s in having)} have {kind} connectors. Say  --server {having[0].key}")


def _parameters(
    settings: Iterable[tuple[str, str]], fields: Mapping[str, Field], noun: str, *, allows_name: bool
) -> dict[str, Entry]:
    """The settings as a step has them, under the product's own spelling; all that is wrong with them at once."""
    known = {name.casefold(): name for name in fields if name not in ("Identity", "Name")}
    found: dict[str, Entry] = {}
    wrong: list[str] = []
    for word, text in settings:
        name = known.get(word.casefold(), "Name" if allows_name and word.casefold() == "name" else "")
        if not name:
            wrong.append(f"{noun} has no setting {word}.{near_miss(word, known.values())}")
        elif name.casefold() in found:
            wrong.append(f"{name} is given twice.")
        else:
            try:
                found[name.casefold()] = Entry(name, TYPED, _typed(name, text, fields.get(name)))
            except ScenarioError as bad:
                wrong.append(f"{name}: {bad.problems[0].says}. {bad.problems[0].fix}".strip())
    if wrong:
        raise Refused("\n".join(wrong))
    return found


def _typed(name: str, text: str, field_: Field | None) -> Node:
    """A value as typed: commas make a list where the setting is one; brackets are read as in a file."""
    is_list = field_ is not None and "array" in field_.schema.get("type", ())
    if is_list and text.lstrip().startswith("["):
        entry = read_yaml(f"{{{name}: {text.strip()}}}", TYPED.file).entry(name)
        assert entry is not None
        return entry.node
    if is_list and "," in text:
        return Node(tuple(Node(Scalar(t.strip(), quoted=True), TYPED) for t in text.split(",") if t.strip()), TYPED)
    bare = text.strip().casefold() in ("remove", "null", "$null", "~", "")
    node = Node(Scalar(text.strip().casefold() if bare else text, quoted=not bare), TYPED)
    return Node((node,), TYPED) if is_list and not bare else node
