"""Bytes to a Document, choosing how: inline, in a killable worker, or salvaged there.

The limits were measured: below them the strict reader and its repairs take milliseconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from aggregator.crawl.worker import Workers
from aggregator.errors import Unparsable
from aggregator.model.document import Document
from aggregator.parse import feed, salvage

INLINE_BYTES = 1024 * 1024


QUICK_SEATS = 24  # documents in memory between being read and being stored; more gain no speed
SLOW_SEATS = 2


class Seat:
    """A crawl's place among those that hold a read document in memory, from reading to storing.

    Documents that take their time (large, hostile, broken) sit apart, so that however many of them
    there are, the others never wait for them.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._taken: asyncio.Semaphore | None = None

    async def take(self, *, slow: bool) -> None:
        """Wait for a place of the kind, leaving the one that was taken before."""
        wanted = self._reader.slow if slow else self._reader.quick
        if wanted is self._taken:
            return
        self.leave()
        self._reader.present += 1
        try:
            await wanted.acquire()
        except asyncio.CancelledError:
            self._reader.present -= 1
            raise
        self._taken = wanted

    def leave(self) -> None:
        if self._taken is not None:
            self._taken.release()
            self._reader.present -= 1
            self._taken = None


class Reader:
    """Reads documents one at a time, at most one a turn of the event loop: a cached feed is served
    within milliseconds even while a thousand documents wait to be read.

    ``present`` counts the documents that are being read or stored, or wait for it."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._pace = asyncio.Lock()
        self.quick = asyncio.Semaphore(QUICK_SEATS)
        self.slow = asyncio.Semaphore(SLOW_SEATS)
        self.present = 0

    @contextmanager
    def seat(self) -> Iterator[Seat]:
        """A crawl's seat, left at the end whatever happens."""
        seat = Seat(self)
        try:
            yield seat
        finally:
            seat.leave()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn to use the processor for some milliseconds, after everybody else had theirs."""
        async with self._pace:
            await asyncio.sleep(0)
            yield

    async def read(self, seat: Seat, body: bytes, content_type: str | None, url: str) -> Document:
        """Raises NotAFeed and Unparsable, each with the reason."""
        large = len(body) > INLINE_BYTES
        await seat.take(slow=large)
        try:
            if large:
                return await self._workers.run(feed.parse, body, content_type, url)
            async with self.turn():
                return feed.parse(body, content_type, url)
        except Unparsable as refusal:
            await seat.take(slow=True)
            try:
                return await self._workers.run(salvage.salvage, body, content_type, url)
            except Unparsable as error:
                raise Unparsable(
                    f"{refusal}; {error}", format=refusal.format, offset=refusal.offset
                ) from error
