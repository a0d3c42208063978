"""Whose article may be asked for now: one a host, in the order in which they came, and so many in all.

Whoever waits for its host holds none of the places in all, or a slow host would stop the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Line:
    """Those who ask one host: the one at its head holds ``head``; ``users`` counts all."""

    head: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Turns:
    """Gives a turn to one at a time of those who name the same host, and to ``at_once`` in all."""

    def __init__(self, at_once: int) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def turn(self, host: str | None) -> AsyncIterator[None]:
        """Wait for a turn and hold it. None is no host: its files keep nobody waiting."""
        if host is None:
            async with self._all:
                yield
            return
        line = self._lines.setdefault(host, _Line())
        line.users += 1
        try:
            async with line.head, self._all:
                yield
        finally:
            line.users -= 1
            if not line.users:
                del self._lines[host]
