"""Bytes to a Document, choosing how: inline, in a killable worker, or salvaged there.

The limits were measured: below them the strict reader and its repairs take milliseconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aggregator.crawl.worker import Workers
from aggregator.errors import Unparsable
from aggregator.model.document import Document
from aggregator.parse import feed, salvage

INLINE_BYTES = 1024 * 1024


class Reader:
    """Reads documents one at a time, at most one a turn of the event loop: a cached feed is served
    within milliseconds even while a thousand documents wait to be read."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._pace = asyncio.Lock()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn to use the processor for some milliseconds, after everybody else had theirs."""
        async with self._pace:
            await asyncio.sleep(0)
            yield

    async def read(self, body: bytes, content_type: str | None, url: str) -> Document:
        """Raises NotAFeed and Unparsable, each with the reason."""
        try:
            if len(body) > INLINE_BYTES:
                return await self._workers.run(feed.parse, body, content_type, url)
            async with self.turn():
                return feed.parse(body, content_type, url)
        except Unparsable as refusal:
            try:
                return await self._workers.run(salvage.salvage, body, content_type, url)
            except Unparsable as error:
                raise Unparsable(
                    f"{refusal}; {error}", format=refusal.format, offset=refusal.offset
                ) from error
