"""How values that cross to another process and back are pickled.

The standard library looks up the fields of a frozen, slotted dataclass anew for every object that is
written or read; measured with a document's items, that costs more than all the rest of their way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

T = TypeVar("T")

_SETTERS: dict[type[Any], tuple[Callable[[object, object], None], ...]] = {}


def quickly_pickled(cls: type[T]) -> type[T]:
    """A class decorator, above ``@dataclass(frozen=True, slots=True)`` with at least two fields: its
    objects are pickled as a tuple of their values."""
    names = [field.name for field in fields(cls)]  # type: ignore[arg-type]
    values = attrgetter(*names)
    _SETTERS[cls] = tuple(cls.__dict__[name].__set__ for name in names)
    cls.__reduce__ = lambda self: (_revived, (cls, values(self)))  # type: ignore[method-assign]
    return cls


def _revived(cls: type[Any], values: Sequence[object]) -> object:
    one = object.__new__(cls)
    for put, value in zip(_SETTERS[cls], values, strict=True):
        put(one, value)
    return one
