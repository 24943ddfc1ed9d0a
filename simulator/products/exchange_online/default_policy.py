"""A tenant's default policy: one object, written directly or under its name.

    HostedContentFilterPolicy: {SpamAction: Quarantine}
    HostedContentFilterPolicy: {Default: {SpamAction: Quarantine}}

are the same. Further policies are for the recipients that a rule of their own names; they are not modelled. Where both forms
come together, as after a `Set-` cmdlet, the short one counts.
"""

from __future__ import annotations

from typing import ClassVar, Self

from simulator.policy.settings import Settings
from simulator.source import NOWHERE, Node, ProblemList, Source

__all__ = ["DefaultPolicy"]


class DefaultPolicy(Settings):
    """Base of the policies of which a tenant has one that is for everybody."""

    default_names: ClassVar[tuple[str, ...]] = ("Default",)

    @classmethod
    def read(cls, node: Node, problems: ProblemList, *, name: str = "", at: Source = NOWHERE) -> Self:
        own = {setting.casefold() for setting in cls.__fields__}
        short = node
        for entry in node.entries:
            if entry.key.casefold() in own or not (entry.node.is_map or entry.node.is_null):
                continue
            short = short.without(entry.key)
            if entry.key.casefold() not in map(str.casefold, cls.default_names):
                says = f"policy {entry.key}: a rule says for whom it is, which is not modelled; only {cls.default_names[0]} counts here"
                problems.warn(entry.key_at, says)
                continue
            for setting in entry.node.entries:
                if not node.entry(setting.key):
                    short = short.with_entry(setting.key, setting.node, setting.key_at)
        return super().read(short, problems, name=name, at=at)

    @classmethod
    def json_schema(cls) -> dict[str, object]:
        own = super().json_schema()
        return {"anyOf": [own, {"type": "object", "additionalProperties": own}]}
