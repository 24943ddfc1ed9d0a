"""One flow of a scenario file: a sentence, a list of sentences, or the long form.

    Bob to Sun: Bob -> m365 -[none]-> internet -> Sun
    One mail to both:
      send: {from: Sun, to: [Bob, John]}
      path: [Sun -> internet -> m365 -> Bob, "..."]

A flow is read once; `play_in` then gives it the lab of a stage, so that `still` can repeat it in a later one. Its own
`given` and `do` are applied to that lab and never leak out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, product
from typing import Final

from simulator.mail.path import folded
from simulator.scenario.compare import alternatives
from simulator.scenario.errors import ScenarioError, near_miss
from simulator.scenario.expectations import check_expectation, invariants
from simulator.scenario.faultsteps import with_faults
from simulator.scenario.model import HOW_PLAYED, Change, Flow, Pause, Validate
from simulator.scenario.names import Names
from simulator.scenario.patch import apply_patch
from simulator.scenario.schema import FLOW_WORDS
from simulator.scenario.send import drafts
from simulator.scenario.sender import finished
from simulator.scenario.sentence import ELLIPSIS, Sentence, parse
from simulator.scenario.steps import apply_steps
from simulator.scenario.validate import Asked
from simulator.scenario.values import duration, moment
from simulator.scenario.waiting import Waited, read_later
from simulator.scenario.zonefile import dns_as_map
from simulator.source import Entry, Node, ProblemList, Source
from simulator.topology import Lab

__all__ = ["Ground", "always_words", "changed", "play_in", "with_tags"]

_TAG: Final = re.compile(r"[^\W\d][\w-]*")
_MOST_ALTERNATIVES: Final = 200
_NOT_ASSERTED: Final = frozenset(
    {"path", "send", "given", "do", "faults", "later", "always", "about", "note", "source", "also", "tags"}
)


@dataclass(frozen=True)
class Ground:
    """What a flow is played on: the lab as file and stage leave it, and what is needed to read and build."""

    tree: Node
    lab_file: str
    stage: str | None
    always: Mapping[str, Source]
    start: datetime
    build: Callable[[Node], Lab | None]  # remembers labs that it has built
    read_file: Callable[[str], bytes | str]
    base: str  # the folder of the scenario file
    validations: tuple[Validate, ...] = ()  # of the steps that lead to this ground
    pauses: tuple[Pause, ...] = ()  # likewise
    tags: tuple[str, ...] = ()

    def validates(self, asked: list[Asked]) -> tuple[Validate, ...]:
        """What steps ask for, with the lab of their moment; a lab that is wrong is reported when it is built."""
        return tuple(
            Validate(lab, a.server, a.connector, a.recipients, a.fails, a.says, a.at)
            for a in asked
            if (lab := self.build(a.tree))
        )

    def paused(self, waits: list[Waited]) -> tuple[Pause, ...]:
        """What steps wait, with the lab of their moment."""
        return tuple(Pause(lab, wait.span, wait.at) for wait in waits if (lab := self.build(wait.tree)))


def changed(
    tree: Node, holder: Node, problems: ProblemList, asked: list[Asked] | None = None, waits: list[Waited] | None = None
) -> Node:
    """The tree after the `faults`, the `given` and then the `do` of a file, a stage or a flow.

    `asked` collects validations, `waits` the waits.
    """
    tree = with_faults(tree, holder.get("faults"), problems)
    given = holder.get("given")
    if given is not None and not given.is_null:
        if given.is_map:
            tree = apply_patch(tree, dns_as_map(given, problems), problems)
        else:
            fix = "Write  servers: {NAME: {...}}, or use do: for a list of steps"
            problems.error(given.at, "given has the shape of the lab file.", fix)
    return apply_steps(tree, holder.get("do"), problems, asked, waits)


def always_words(node: Node | None, problems: ProblemList) -> dict[str, Source]:
    """The invariants of an `always`, each with its place."""
    if node is None:
        return {}
    return {folded(item.text): item.at for item in invariants("always", node, problems)}


def with_tags(tags: tuple[str, ...], node: Node | None, problems: ProblemList) -> tuple[str, ...]:
    """These tags and those that `node` adds."""
    found = list(tags)
    for item in node.items if node else ():
        if item.is_scalar and _TAG.fullmatch(item.text):
            found.append(item.text)
        else:
            problems.error(item.at, f"{item.text!r} cannot be a tag.", "Use letters, digits, hyphen and underscore.")
    return tuple(dict.fromkeys(found))


def play_in(ground: Ground, entry: Entry, problems: ProblemList, *, repeats: bool = False) -> Flow | None:
    """The flow on this ground; None where anything is wrong with it or with its lab."""
    own = ProblemList()
    flow = _flow(ground, entry, own, repeats)
    problems.take(own.items)
    return None if own.errors else flow


def _flow(ground: Ground, entry: Entry, problems: ProblemList, repeats: bool) -> Flow | None:
    long = _long_form(entry, problems)
    asked: list[Asked] = []
    waits: list[Waited] = []
    tree = changed(ground.tree, long, problems, asked, waits)

    def apply(before: Node, steps: Node | None, more: list[Waited]) -> Node:
        return apply_steps(before, steps, problems, asked, more)

    moved = read_later(long.get("later"), tree, apply, problems)
    always = {**ground.always, **always_words(long.get("always"), problems)}
    names = Names.of(tree, ground.lab_file)
    found = drafts(
        long.get("send"), names, problems, start=ground.start, read_file=ground.read_file, base=ground.base,
    )  # fmt: skip
    names = names.with_strangers(dict.fromkeys(a for draft in found for a in draft.addresses))
    paths = _paths(long.get("path"), names, problems)
    also = _also(long.get("also"), names, problems)
    expectations = {folded(e.key): e.node for e in long.entries if folded(e.key) not in _NOT_ASSERTED}
    for key, node in expectations.items():
        check_expectation(key, node, names, problems)
    if (own := long.get("also")) and not also:
        expectations["also"] = own  # none, or an empty list: no host writes anything itself
    only_validates = bool(asked) and not (paths or also or expectations or long.get("send"))
    if not paths and not problems.errors and not expectations and not only_validates:
        problems.error(entry.key_at, f"flow {entry.key!r} expects nothing.", "Write  path: ... or never: [...]")
    lab = ground.build(tree)
    later = [Change(change.after, made) for change in moved if (made := ground.build(change.tree))]
    if lab is None or len(later) < len(moved) or problems.errors:
        return None
    if repeats:  # `still` repeats the sentence and how it is played, not what else was true at that stage
        expectations = {key: node for key, node in expectations.items() if key in HOW_PLAYED}
    sends = () if only_validates else finished(found, paths, entry.key, entry.key_at, names, lab, problems)
    return Flow(
        entry.key, entry.key_at, ground.stage, lab, tree, sends, paths, also, expectations,
        always, {folded(n.text): n.at for n in (expectations["violates"].items if "violates" in expectations else ())},
        _date(expectations.get("date")), _until(expectations.get("until")), repeats, _text(long, "note"), _text(long, "source"),
        (*ground.validations, *ground.validates(asked)), pauses=(*ground.pauses, *ground.paused(waits)),
        later=tuple(later), tags=with_tags(ground.tags, long.get("tags"), problems),
    )  # fmt: skip


def _long_form(entry: Entry, problems: ProblemList) -> Node:
    """A sentence or list as `path:` of the long form; keys that are not known taken out."""
    node = entry.node
    if not node.is_map or (len(node.entries) == 1 and node.entry("any of")):
        return Node({"path": Entry("path", entry.key_at, node)}, node.at)
    for key in node.entries:
        word = FLOW_WORDS.get(folded(key.key))
        if word is None:
            problems.error(key.key_at, f"unknown key {key.key} in a flow.", near_miss(key.key, FLOW_WORDS).strip())
            node = node.without(key.key)
        elif not word.built and not key.node.is_null:
            problems.error(key.key_at, f"{key.key} is not built yet in this version.")
    return node


def _paths(node: Node | None, names: Names, problems: ProblemList) -> tuple[tuple[Sentence, ...], ...]:
    """The alternatives of `path`, each a list of sentences."""
    if node is None:
        return ()
    found: list[tuple[Sentence, ...]] = []
    choices = alternatives(node)
    for choice in choices or (Node((), node.at),):
        if not choice.items:
            problems.error(choice.at, "a path is missing.", "Write it like Bob -> m365 -> John")
        entries = [_sentences(item, names, problems) for item in choice.items]
        for number, options in enumerate(entries[:-1]):
            if ELLIPSIS in options:
                problems.error(
                    choice.items[number].at, "... stands last in a list of sentences.", "Move it to the end."
                )
        if all(entries):
            found += islice(product(*entries), _MOST_ALTERNATIVES)
    return tuple(found)


def _sentences(node: Node, names: Names, problems: ProblemList) -> tuple[Sentence, ...]:
    """An entry of the list: one sentence, or several that will do."""
    options = alternatives(node) or (Node((), node.at),)
    return tuple(s for option in options if (s := _sentence(option, names, problems)))


def _sentence(node: Node, names: Names, problems: ProblemList, *, also: bool = False) -> Sentence | None:
    if not node.is_scalar or node.is_null:
        problems.error(node.at, "a path is one sentence.", "Write it like Bob -> m365 -> John")
        return None
    try:
        sentence = parse(node.text, node.text_at, people=names.every)
    except ScenarioError as error:
        problems.take(error.problems)
        return None
    names.check_sentence(sentence, problems, also=also)
    return sentence


def _also(node: Node | None, names: Names, problems: ProblemList) -> tuple[Sentence, ...]:
    if node is None or (node.is_scalar and folded(node.text) == "none"):
        return ()
    return tuple(s for n in node.items if (s := _sentence(n, names, problems, also=True)))


def _date(node: Node | None) -> datetime | None:
    return moment(node.text) if node else None


def _until(node: Node | None) -> timedelta | None:
    return duration(node.text) if node else None


def _text(node: Node, key: str) -> str:
    value = node.get(key)
    return value.text.strip() if value else ""
