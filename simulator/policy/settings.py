"""Product settings as classes: one declaration gives the checked value, its position, its documentation.

A settings class lists a product's settings under the product's own names. Names are matched without regard to
case; an unknown one is an error with the nearest known name; one that is understood but not modelled is a
warning. `at("Enabled")` is the place of a setting in the lab file, so that a decision can point at it.

    class Connector(Settings):
        Enabled: bool = flag(True, "a disabled connector takes no part")
        SmartHosts: tuple[str, ...] = texts("names or addresses, tried in turn")
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast, dataclass_transform

from simulator.source import NOWHERE, Node, ProblemList, Source

__all__ = [
    "BadValue", "Field", "Settings", "choice", "custom", "flag", "ignored", "is_usual", "mapping", "nearest", "number", "read_bool",
    "section", "text", "texts",
]  # fmt: skip


class BadValue(ValueError):
    """A value that a setting does not take. `fix` says what to write instead."""

    def __init__(self, says: str, fix: str = "") -> None:
        super().__init__(says)
        self.says, self.fix = says, fix


@dataclass(frozen=True, slots=True)
class Field:
    """How one setting is read. `schema` is its JSON Schema; `modelled` False warns when it is written."""

    read: Callable[..., Any]  # (node), or (node, problems) where `children` is true
    default: Any
    doc: str
    schema: Mapping[str, Any]
    required: bool = False
    modelled: bool = True
    label: str = ""  # the name in a lab file, where it is no Python identifier
    children: bool = False  # reports its own problems
    effect: bool = True  # false: what stands here changes nothing, modelled or not
    usual: tuple[str, ...] = ()  # of a setting that is not modelled: the product's own defaults, which need no warning


_TRUE = frozenset({"true", "$true", "on", "yes"})
_FALSE = frozenset({"false", "$false", "off", "no"})


def read_bool(node: Node) -> bool:
    """on/off, yes/no, true/false and `$true`/`$false`."""
    word = node.text.casefold()
    if not node.is_scalar or word not in _TRUE | _FALSE:
        raise BadValue(f"{_shown(node)} is neither true nor false", "Write true or false.")
    return word in _TRUE


def _read_text(node: Node) -> str:
    if not node.is_scalar:
        raise BadValue("one value is expected, not a list or a mapping")
    return node.text.strip()


def _shown(node: Node) -> str:
    return repr(node.text) if node.is_scalar else "a list" if node.is_list else "a mapping"


def flag(default: bool | None, doc: str, *, label: str = "") -> Any:
    """A boolean; the default None tells "left out" from false."""
    return Field(read_bool, default, doc, {"type": ["boolean", "string"]}, label=label)


def text(
    doc: str, default: str = "", *, read: Callable[[str], Any] | None = None, required: bool = False, label: str = ""
) -> Any:
    """A word or line; `read` turns it into a value and raises `ValueError` with the reason."""
    return Field(lambda n: (read or str)(_read_text(n)), default, doc, {"type": "string"}, required, label=label)


def texts(doc: str, default: tuple[Any, ...] = (), *, read: Callable[[str], Any] | None = None, label: str = "") -> Any:
    """A list; a single value counts as a list of one. PowerShell's `smtp:d;1` forms are for `read` to take."""

    def each(node: Node) -> tuple[Any, ...]:
        if node.is_map:
            raise BadValue("a list is expected, not a mapping", "Write [ONE, ANOTHER].")
        return tuple((read or str)(_read_text(item)) for item in node.items)

    return Field(each, default, doc, {"type": ["array", "string"], "items": {"type": "string"}}, label=label)


def choice(
    doc: str, *values: str, default: str | None = None, required: bool = False, label: str = "", of: str = ""
) -> Any:
    """One of the product's words, kept in the product's spelling. `of` names what takes it, for the error."""

    def read(node: Node) -> str:
        if not node.is_scalar:
            raise BadValue("one value is expected, not a list or a mapping", f"Use one of {', '.join(values)}.")
        word = _read_text(node)
        for value in values:
            if value.casefold() == word.casefold():
                return value
        raise BadValue(
            f"{word or 'nothing'} is not a value of {of}" if of else f"{_shown(node)} is not known here",
            f"Use {', '.join(values)}{'' if required else ' or leave it out'}.",
        )

    return Field(read, default, doc, {"enum": list(values)}, required, label=label)


def number(doc: str, default: int, *, low: int = 0, high: int = 2**31, label: str = "") -> Any:
    """A whole number within bounds."""

    def read(node: Node) -> int:
        word = _read_text(node)
        if not word.isascii() or not word.isdecimal() or not low <= int(word) <= high:
            raise BadValue(f"{_shown(node)} is not a whole number from {low} to {high}")
        return int(word)

    return Field(read, default, doc, {"type": ["integer", "string"]}, label=label)


def custom(
    read: Callable[[Node], Any], default: Any, doc: str, schema: Mapping[str, Any] | None = None, *, label: str = "",
    required: bool = False,
) -> Any:  # fmt: skip
    """Anything else: `read` gets the node and raises `BadValue`."""
    return Field(read, default, doc, schema or {}, required, label=label)


def mapping(item: type[Settings] | Callable[[str, Node, ProblemList], Any], doc: str, *, label: str = "") -> Any:
    """A map by name. `item` is a settings class, or reads (name, node, problems)."""

    inner = cast("type[Settings]", item) if isinstance(item, type) else None

    def read(node: Node, problems: ProblemList) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if not node.is_map and not node.is_null:
            problems.error(node.at, "a mapping by name is expected", "Write  NAME: {...}")
        for entry in node.entries:
            if inner:
                found[entry.key] = inner.read(entry.node, problems, name=entry.key, at=entry.key_at)
            else:
                found[entry.key] = item(entry.key, entry.node, problems)  # type: ignore[call-arg]
        return found

    schema = inner.json_schema() if inner else {}
    return Field(read, {}, doc, {"type": "object", "additionalProperties": schema}, children=True, label=label)


def section(item: type[Settings], doc: str, *, label: str = "") -> Any:
    """Settings of their own under one name (`knobs`, `Greylisting`)."""

    def read(node: Node, problems: ProblemList) -> Settings:
        return item.read(node, problems, name=label)

    return Field(read, item(), doc, item.json_schema(), children=True, label=label)


def ignored(doc: str, *, silent: bool = False, label: str = "", usual: tuple[str, ...] = ()) -> Any:
    """Understood, not modelled: accepted, with a warning that names it (`silent` for mere metadata).

    The `usual` values are those that the product has anyway: who writes one of them gets what is written.
    """
    return Field(lambda node: node.plain(), None, doc, {}, modelled=silent, label=label, effect=False, usual=usual)


def is_usual(field: Field, node: Node) -> bool:
    """Whether a setting that is not modelled has the value that it has anyway."""
    return node.is_scalar and node.text.strip().casefold().removeprefix("$") in map(str.casefold, field.usual)


def nearest(word: str, known: list[str]) -> str:
    """` Did you mean X?` or the list of what is known, for the end of an error."""
    by_fold = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(word.casefold(), list(by_fold), 1, 0.6)
    if close:
        return f"Did you mean {by_fold[close[0]]}?"
    return f"Known: {', '.join(known)}" if len(known) <= 12 else ""


@dataclass_transform(
    field_specifiers=(flag, text, texts, choice, number, custom, mapping, section, ignored), kw_only_default=True
)
class Settings:
    """Base of every settings class. Instances are read-only by convention and compare by identity."""

    __fields__: ClassVar[dict[str, Field]] = {}
    noun: ClassVar[str] = ""  # what it is, for errors: "an outbound connector"
    cmdlet: ClassVar[str] = ""  # where its values are documented
    name: str
    places: dict[str, Source]
    place: Source

    def __init_subclass__(cls, **_: Any) -> None:
        own = {k: v for k, v in vars(cls).items() if isinstance(v, Field)}
        cls.__fields__ = {**cls.__fields__, **own}

    def __init__(self, **values: Any) -> None:
        self.name = values.pop("name", "")
        self.places = values.pop("places", {})
        self.place = values.pop("place", NOWHERE)
        for key, field in self.__fields__.items():
            setattr(self, key, values.pop(key, field.default))
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(values)}")

    @classmethod
    def read(cls, node: Node, problems: ProblemList, *, name: str = "", at: Source = NOWHERE) -> Self:
        """From a mapping; every fault goes to `problems`, and the rest is read all the same."""
        names = {(f.label or key).casefold(): key for key, f in cls.__fields__.items()}
        values: dict[str, Any] = {}
        places: dict[str, Source] = {}
        if not node.is_map and not node.is_null:
            problems.error(node.at, f"{cls.noun or 'this'} is a mapping of settings")
        for entry in node.entries:
            key = names.get(entry.key.casefold())
            if key is None:
                known = [f.label or k for k, f in cls.__fields__.items()]
                fix = cls._deeper(entry.key) or nearest(entry.key, known)
                problems.error(entry.key_at, f"unknown setting {entry.key} in {cls.noun or name}.", fix)
                continue
            field = cls.__fields__[key]
            places[key] = entry.node.at or entry.key_at
            asks = entry.node.value not in ((), {}) and not is_usual(
                field, entry.node
            )  # an empty list asks for nothing
            if not field.modelled and asks:
                problems.warn(entry.key_at, f"{entry.key} is understood but not modelled; it changes nothing here")
            if entry.node.is_null and not field.children:
                values[key] = field.default
                continue
            try:
                values[key] = field.read(entry.node, problems) if field.children else field.read(entry.node)
            except BadValue as bad:
                problems.error(entry.node.at, f"{entry.key}: {bad.says}.", bad.fix)
            except OverflowError:
                problems.error(entry.node.at, f"{entry.key}: {_shown(entry.node)} is too large.")
            except ValueError as bad:
                problems.error(entry.node.at, f"{entry.key}: {bad}.")
        for key, field in cls.__fields__.items():
            if field.required and key not in places:
                problems.error(at or node.at, f"{cls.noun or name} {name!r} lacks {field.label or key}.", field.doc)
        made = cls(name=name, places=places, place=at or node.at, **values)
        made.check(problems)
        return made

    @classmethod
    def _deeper(cls, word: str) -> str:
        """Where a setting belongs that stands one level too high; nothing where no object has it."""
        for key, field in cls.__fields__.items():
            inner = field.schema.get("additionalProperties")
            names = inner.get("properties", {}) if isinstance(inner, Mapping) else {}
            found = next((name for name in names if name.casefold() == word.casefold()), None)
            if found:
                return f"Write it under a name: {field.label or key}: {{NAME: {{{found}: ...}}}}."
        return ""

    def check(self, problems: ProblemList) -> None:
        """Combinations that the product itself refuses; overridden where there are any."""

    def at(self, key: str) -> Source:
        """Where a setting stands; the object's own place where it was left out."""
        return self.places.get(key) or self.place

    def written(self, key: str) -> bool:
        """Whether the file gives the setting at all."""
        return key in self.places

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """For editors: every setting with its documentation."""
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {(f.label or k): _described(f) for k, f in cls.__fields__.items()},
        }


def _described(field: Field) -> dict[str, Any]:
    """A setting's schema; `$comment` says which ones are taken and decide nothing."""
    return {**field.schema, "description": field.doc, **({} if field.effect else {"$comment": "no effect"})}
