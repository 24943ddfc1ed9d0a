"""The cmdlets that a step may run, as a table: which objects they are about and what the verb does.

| verb | on an object of a map (connectors, domains, rules, recipients) | on a single object (OrganizationConfig) |
| --- | --- | --- |
| New- | adds it; refuses one that is there | |
| Set- | patches it; refuses one that is not there; `Name` beside `Identity` renames it | patches it |
| Remove- | takes it out; refuses one that is not there | |
| Enable-, Disable- | sets `Enabled`; of a remote mailbox New- and Remove- | |
| Add-, Remove-ADPermission | rights at a Receive connector [permissions] | |

Of objects with an order (mail flow rules) the map is the order once a step names a `Priority`: the object moves there,
and the others close up [ranks].

Parameters are the product's settings under their own names; `Identity` (or `Name`) picks the object. Which servers have
such objects follows from the products' settings classes. Recipients are known by their address, and a mailbox also by
its person: `Set-Mailbox: {Identity: Bob, ForwardingSmtpAddress: amy@contoso.com}`. Some objects exist unwritten: Set- takes
them as they are, and Remove- refuses them. Cmdlets that only set what another object has are in `simulator.scenario.shorthand`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from simulator.products.registry import PRODUCTS
from simulator.scenario.errors import near_miss
from simulator.scenario.multivalued import with_whole_lists
from simulator.scenario.patch import apply_patch
from simulator.scenario.people import Mailbox, find_mailbox, mailbox_of, recipient_called, without_mailbox
from simulator.scenario.permissions import changed
from simulator.scenario.ranks import at_rank, renamed, without_rank
from simulator.scenario.shorthand import SHORTHAND, rewritten
from simulator.source import Entry, Node, ProblemList, Scalar, Source

__all__ = ["NOUNS", "Cmdlet", "Noun", "find", "names", "run"]


@dataclass(frozen=True, slots=True)
class Noun:
    """What cmdlets are about. `section` is the server's key; `by` are the parameters that can name the object, best
    first; those of `names_only` are no settings."""

    noun: str
    section: str
    verbs: tuple[str, ...]
    by: tuple[str, ...] = ("Identity", "Name")
    names_only: tuple[str, ...] = ("Identity", "Name")
    recipient_type: str = ""
    single: bool = False
    ranked: bool = False  # has a Priority
    built_in: str = ""  # the object that every server has without being written
    beside: str = ""  # another section that the servers with such objects have
    always: tuple[str, ...] = ()  # how the names of such objects begin, where their end is the server's

    @property
    def words(self) -> str:
        """`outbound connector`, for messages."""
        noun = "ReceiveConnector" if self.section == "ReceiveConnectors" else self.noun  # rights are a connector's
        return "".join(f" {c.lower()}" if c.isupper() else c for c in noun).strip()

    @property
    def renames(self) -> bool:
        return not self.single and self.by == ("Identity", "Name")


_CHANGE = ("New", "Set", "Remove")
_SWITCH = ("Enable", "Disable")
_ADDRESSES = ("Identity", "PrimarySmtpAddress", "WindowsEmailAddress", "MicrosoftOnlineServicesID", "Name")
_FRONTENDS = ("Default Frontend", "Client Frontend")
_RECIPIENTS: Final = {
    "Mailbox": "UserMailbox", "MailUser": "MailUser", "MailContact": "MailContact", "DistributionGroup": "DistributionGroup",
    "DynamicDistributionGroup": "DynamicDistributionGroup", "UnifiedGroup": "GroupMailbox", "MailPublicFolder": "PublicFolder",
}  # fmt: skip

_SINGLE = (
    "OrganizationConfig", "TransportConfig", "TransportService", "HostedOutboundSpamFilterPolicy", "HostedContentFilterPolicy",
    "HostedConnectionFilterPolicy", "AntiPhishPolicy", "ArcConfig",
)  # fmt: skip

NOUNS: Final[Mapping[str, Noun]] = {
    noun.noun.casefold(): noun
    for noun in (
        *(Noun(n, f"{n}s", _CHANGE) for n in ("InboundConnector", "OutboundConnector", "SendConnector")),
        Noun("ReceiveConnector", "ReceiveConnectors", _CHANGE, always=_FRONTENDS),
        Noun("ADPermission", "ReceiveConnectors", ("Add", "Remove"), always=_FRONTENDS),
        Noun("AcceptedDomain", "AcceptedDomains", _CHANGE, ("Identity", "DomainName", "Name"), ("Identity", "DomainName", "Name")),
        Noun("RemoteDomain", "RemoteDomains", _CHANGE, built_in="Default"),
        Noun("DkimSigningConfig", "DkimSigningConfig", ("New", "Set"), ("Identity", "DomainName"), ("Identity", "DomainName")),
        Noun("AuthenticationPolicy", "AuthenticationPolicies", _CHANGE),
        Noun("InboxRule", "InboxRules", (*_CHANGE, *_SWITCH)),
        Noun("TransportRule", "TransportRules", (*_CHANGE, *_SWITCH), ranked=True),
        Noun("JournalRule", "JournalRules", (*_CHANGE, *_SWITCH)),
        *(Noun(n, "Recipients", _CHANGE, (*_ADDRESSES, "ExternalEmailAddress"), _ADDRESSES, t) for n, t in _RECIPIENTS.items()),
        Noun(
            "RemoteMailbox", "Recipients", (*_CHANGE, "Enable", "Disable"), (*_ADDRESSES, "UserPrincipalName"), _ADDRESSES,
            "RemoteUserMailbox", beside="SendConnectors",
        ),
        *(
            Noun(n, n, ("Set",), names_only=("Identity",), single=True)
            for n in _SINGLE
        ),
    )
}  # fmt: skip
"""Every noun, by folded name."""


@dataclass(frozen=True, slots=True)
class Cmdlet:
    verb: str
    noun: Noun
    written: str = ""  # as the step has it, where that is short for this cmdlet

    def __str__(self) -> str:
        return self.written or f"{self.verb}-{self.noun.noun}"


@dataclass(frozen=True, slots=True)
class _Call:
    """One cmdlet of one step: where it stands, the servers that it may mean, where problems go."""

    cmdlet: Cmdlet
    at: Source
    servers: tuple[Entry, ...]
    problems: ProblemList

    @property
    def noun(self) -> Noun:
        return self.cmdlet.noun

    def one(self, servers: tuple[Entry, ...]) -> Entry | None:
        """The only server; an error that lists them where there are several."""
        if len(servers) == 1:
            return servers[0]
        several = " or ".join(s.key for s in servers)
        self.problems.error(self.at, f"{self.cmdlet}: is {several} meant?", f"Add  server: {servers[0].key}")
        return None


def find(text: str) -> Cmdlet | None:
    """The cmdlet of that name, whatever its case."""
    if (short := SHORTHAND.get(text.casefold())) is not None:
        return Cmdlet(short.verb, NOUNS[short.noun.casefold()], short.name)
    verb, _, noun = text.partition("-")
    found = NOUNS.get(noun.casefold())
    known = next((v for v in found.verbs if v.casefold() == verb.casefold()), None) if found else None
    return Cmdlet(known, found) if found and known else None


def names() -> tuple[str, ...]:
    """All cmdlets, for near misses and the reference."""
    every = tuple(f"{verb}-{noun.noun}" for noun in NOUNS.values() for verb in noun.verbs)
    return (*every, *(short.name for short in SHORTHAND.values()))


def run(tree: Node, cmdlet: Cmdlet, step: Entry, server: Node | None, problems: ProblemList) -> Node:
    """The tree after one cmdlet; the same tree where it is refused."""
    parameters = rewritten(tree, str(cmdlet), step.node, problems)
    if parameters is None:
        return tree
    if parameters.is_map and parameters.entry("server"):
        server, parameters = parameters.get("server"), parameters.without("server")
    call = _Call(cmdlet, step.key_at, _servers(tree, cmdlet, step, server, problems), problems)
    needed = f"{{{'NAME: value' if cmdlet.noun.single else f'{cmdlet.noun.by[0]}: NAME, ...'}}}"
    if not call.servers:
        return tree
    if not parameters.is_map and (cmdlet.verb in ("New", "Set") or not parameters.items):
        problems.error(parameters.at, f"{cmdlet} needs parameters.", f"Write  {cmdlet}: {needed}")
        return tree
    if cmdlet.noun.single:
        return _set_single(tree, call, parameters)
    if not parameters.is_map:
        for item in parameters.items:  # Remove-OutboundConnector: O365 to own servers
            tree = _on_object(tree, call, item, Node({}, item.at))
        return tree
    identity = _identity(cmdlet.noun, parameters)
    if identity is None:
        problems.error(step.key_at, f"{cmdlet} does not say which.", f"Write  {cmdlet}: {needed}")
        return tree
    return _on_object(tree, call, identity, parameters)


def _identity(noun: Noun, parameters: Node) -> Node | None:
    given = [node for by in noun.by if (node := parameters.get(by)) and node.text.strip()]
    if noun.recipient_type:  # a display name does not tell who it is where an address stands beside it
        given.sort(key=lambda node: "@" not in node.text)
    return given[0] if given else None


def _servers(tree: Node, cmdlet: Cmdlet, step: Entry, wanted: Node | None, problems: ProblemList) -> tuple[Entry, ...]:
    """The servers that have such objects; the one that `server:` names."""
    section, every = cmdlet.noun.section, _entries(tree, "servers")
    beside = cmdlet.noun.beside or section
    found = tuple(entry for entry in every if _has(entry, section) and _has(entry, beside))
    if wanted is None:
        if not found:
            problems.error(step.key_at, f"no server of the lab has {section}.")
        return found
    name = wanted.text.strip().casefold()
    named = tuple(entry for entry in found if entry.key.casefold() == name)
    if not named:
        there = any(entry.key.casefold() == name for entry in every)
        says = f'server "{wanted.text}" has no {section}.' if there else f'no server "{wanted.text}" in the lab.'
        problems.error(wanted.at, says, near_miss(wanted.text, [e.key for e in found]).strip())
    return named


def _has(server: Entry, section: str) -> bool:
    if server.node.entry(section):
        return True
    kind = server.node.get("is")
    product = PRODUCTS.get(kind.text.strip().casefold()) if kind else None
    if product is None or not product.is_built:
        return False
    fields = product.settings.__fields__
    return any((field.label or key).casefold() == section.casefold() for key, field in fields.items())


def _set_single(tree: Node, call: _Call, parameters: Node) -> Node:
    server = call.one(call.servers)
    if server is None:
        return tree
    section = call.noun.section
    was = server.node.get(section) or Node({}, call.at)
    patch = with_whole_lists(was, parameters.without("Identity"))
    return _with_section(tree, server, section, apply_patch(was, patch, call.problems), call.at)


def _on_object(tree: Node, call: _Call, identity: Node, parameters: Node) -> Node:
    noun, box = call.noun, None
    name = identity.text.strip()
    if noun.recipient_type:
        name = name.removeprefix("SMTP:").removeprefix("smtp:")
        if noun.noun in ("Mailbox", "RemoteMailbox") and "@" not in name:
            box = mailbox_of(tree, name, identity.at, call.problems)
            if box is None:
                return tree
            name = box.address
        elif "@" not in name and call.cmdlet.verb != "New" and (address := recipient_called(call.servers, name)):
            name = address
        elif "@" not in name:
            call.problems.error(
                identity.at, f"{call.cmdlet}: {name!r} is not an address.", f"Write  {noun.by[0]}: amy@contoso.com"
            )
            return tree
        elif noun.noun in ("Mailbox", "RemoteMailbox"):
            box = find_mailbox(tree, name)
    elif noun.section in ("SendConnectors", "ReceiveConnectors"):
        name = name.rpartition("\\")[2]  # an identity is SERVER\\NAME
    if call.cmdlet.verb == "New" or (noun.recipient_type and call.cmdlet.verb == "Enable"):
        return _new(tree, call, name, identity, parameters, box)
    if noun.noun == "RemoteMailbox":
        box = None  # a mailbox that is here is none
    there = _is_built_in(noun, name)
    if there and call.cmdlet.verb == "Remove" and noun.noun != "ADPermission":
        call.problems.error(identity.at, f"the {noun.words} {name} cannot be removed.")
        return tree
    having = tuple(s for s in call.servers if there or _object(s, noun, name) or (box and box.server == s.key))
    if not having:
        known = [e.key for s in call.servers for e in _entries(s.node, noun.section)]
        says = f'no {noun.words} "{name}" at {" or ".join(s.key for s in call.servers)}.'
        call.problems.error(identity.at, says, near_miss(name, known).strip())
        return tree
    server = call.one(having)
    if server is None:
        return tree
    section = server.node.get(noun.section) or Node({}, call.at)
    if noun.noun == "ADPermission":
        was = section.get(name) or Node({}, call.at)
        made = changed(was, parameters, add=call.cmdlet.verb == "Add", at=call.at, problems=call.problems)
        return _with_section(tree, server, noun.section, section.with_entry(name, made), call.at)
    if call.cmdlet.verb == "Remove" or (noun.recipient_type and call.cmdlet.verb == "Disable"):
        if section.entry(name):
            left = without_rank(section, name) if noun.ranked else section.without(name)
            tree = _with_section(tree, server, noun.section, left, call.at)
        return without_mailbox(tree, box) if box and box.server == server.key else tree
    return _set(tree, call, server, section, name, parameters)


def _is_built_in(noun: Noun, name: str) -> bool:
    """Whether every server has the object without its being written."""
    folded = name.casefold()
    return folded == noun.built_in.casefold() != "" or any(folded.startswith(known.casefold()) for known in noun.always)


def _set(tree: Node, call: _Call, server: Entry, section: Node, name: str, parameters: Node) -> Node:
    """Set-, Enable- and Disable-: patches an object, in its place."""
    noun = call.noun
    patch = _settings(noun, parameters)
    if call.cmdlet.verb in _SWITCH:
        patch = Node.of({"Enabled": call.cmdlet.verb == "Enable"}, call.at)
    path = ("servers", server.key, noun.section, name)
    was = section.get(name) or Node({}, call.at)
    if call.cmdlet.verb in _SWITCH:
        was = was.without("State")  # the same, as a Get- record has it
    made = apply_patch(was, with_whole_lists(was, patch), call.problems, path=path)
    new_name = parameters.get("Name") if noun.renames and parameters.entry("Identity") else None
    if new_name and new_name.text.strip().casefold() != name.casefold():
        section, name = renamed(section, name, new_name.text.strip()), new_name.text.strip()
    section = section.with_entry(name, made)
    ranked = at_rank(section, name, call.problems) if noun.ranked and patch.entry("Priority") else section
    return _with_section(tree, server, noun.section, ranked, call.at) if ranked else tree


def _new(tree: Node, call: _Call, name: str, identity: Node, parameters: Node, box: Mailbox | None) -> Node:
    noun = call.noun
    server = call.one(call.servers)
    if server is None:
        return tree
    was = _object(server, noun, name)
    place = was.key_at if was else box.entry.key_at if box and box.server == server.key else None
    if place is not None:
        fix = f"It is at {place}. Use Set-{noun.noun} to change it." if place else f"Use Set-{noun.noun} to change it."
        call.problems.error(identity.at, f'{server.key} already has the {noun.words} "{name}".', fix)
        return tree
    made = _settings(noun, parameters)
    if noun.recipient_type:
        made = made.with_entry("RecipientType", Node(Scalar(noun.recipient_type, quoted=True), call.at))
    section = server.node.get(noun.section) or Node({}, call.at)
    section = section.with_entry(name, made, identity.at)
    ranked = at_rank(section, name, call.problems) if noun.ranked and made.entry("Priority") else section
    return _with_section(tree, server, noun.section, ranked, call.at) if ranked else tree


def _settings(noun: Noun, parameters: Node) -> Node:
    """The parameters that are settings of the object and not its name."""
    for name in noun.names_only:
        parameters = parameters.without(name)
    return parameters


def _object(server: Entry, noun: Noun, name: str) -> Entry | None:
    node = server.node.get(noun.section)
    return node.entry(name) if node else None


def _entries(node: Node, key: str) -> tuple[Entry, ...]:
    inner = node.get(key)
    return inner.entries if inner else ()


def _with_section(tree: Node, server: Entry, section: str, node: Node, at: Source) -> Node:
    servers = tree.get("servers") or Node({})
    changed = server.node.with_entry(section, node, None if server.node.entry(section) else at)
    return tree.with_entry("servers", servers.with_entry(server.key, changed))
