"""Rendered feeds, kept for as long as they are true: bounded in bytes, least recently used out first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from aggregator.model.feed import Rendered


class Cache:
    """Maps (feed, format, encoding) to the rendering of one revision. A lookup with another revision
    misses and forgets the old one."""

    def __init__(self, max_bytes: int = 64 * 1024 * 1024) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[Hashable, tuple[object, Rendered]] = OrderedDict()
        self.size_bytes = 0

    def get(self, key: Hashable, revision: object) -> Rendered | None:
        found = self._kept.get(key)
        if found is None:
            return None
        if found[0] != revision:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return found[1]

    def put(self, key: Hashable, revision: object, rendered: Rendered) -> None:
        if key in self._kept:
            self._drop(key)
        if len(rendered.body) > self._max_bytes:
            return
        self._kept[key] = (revision, rendered)
        self.size_bytes += len(rendered.body)
        while self.size_bytes > self._max_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        _revision, rendered = self._kept.pop(key)
        self.size_bytes -= len(rendered.body)
