"""Values that are read-only by type: what a decision gets and gives is made once and never changed.

`@value` is `dataclass(frozen=True, slots=True)` to the type checker and to whoever compares or hashes one. At run time
nothing stands in the way of a change, because that guard costs a call for every field of every value that is made, and a
flow makes some hundreds of them. `make lint` is what refuses an assignment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, dataclass_transform, overload

__all__ = ["value"]

T = TypeVar("T")


@overload
def value(cls: type[T], /) -> type[T]: ...
@overload
def value(*, order: bool = False) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[Any] | None = None, /, *, order: bool = False) -> Any:
    """A slotted dataclass that is equal by its fields, hashes by them, and is read-only to the type checker."""

    def made(plain: type[Any]) -> type[Any]:
        return dataclass(slots=True, unsafe_hash=True, order=order)(plain)

    return made if cls is None else made(cls)
