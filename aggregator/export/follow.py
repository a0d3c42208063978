"""Exports that follow a daemon's crawls."""

from __future__ import annotations

import asyncio

from aggregator.export import child
from aggregator.model.settings import Config

SETTLE_S = 5.0  # from a change to the export: crawls come in crowds, and one export does for all


class Follower:
    """Exports once at the start, and after every change, several changes in a row at once."""

    def __init__(self, config: Config, *, generator: str) -> None:
        self._config = config
        self._generator = generator
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Something that is published may have changed."""
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled. The first export looks at every file: while nobody was here, somebody may have
        edited them."""
        look = True
        while True:
            await child.run(self._config, generator=self._generator, look=look)
            look = False
            await self._changed.wait()
            await asyncio.sleep(SETTLE_S)
            self._changed.clear()
