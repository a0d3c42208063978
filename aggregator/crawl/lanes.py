"""Who waits for whom among the documents that take a worker.

Most of them are large or broken and read within a second; a few are made to take as long as they may.
So everybody's first look is short. What takes longer is stopped and looked at again, by a worker for
which nobody but such documents waits, and the source's next one goes there at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

from aggregator.crawl.seats import Pace, Seat
from aggregator.crawl.worker import Workers
from aggregator.errors import ReaderDied, TooCostly

T = TypeVar("T")

FIRST_LOOKS = min(3, max(2, os.cpu_count() or 1))  # at once; each may take 512 MiB
# Seconds of the processor: a busy machine makes nobody suspect.
FIRST_LOOK_S = 2.0
DOCUMENT_S = 30.0  # for all of a document's entries, however many have to be cleaned by a worker


class Lanes:
    """The workers of one process. Those of whom ``slowest`` says so had a document that took too long."""

    def __init__(self, first_look_s: float = FIRST_LOOK_S) -> None:
        self._first_look_s = first_look_s
        self._first = Workers(FIRST_LOOKS, cpu_s=first_look_s)
        self._second = Workers()
        self.slowest: set[int] = set()

    async def run(self, seat: Seat, function: Callable[..., T], *arguments: object) -> T:
        """See `Workers.run`. Whoever has a ``seat`` gets one of its kind."""
        if seat.worked_s > DOCUMENT_S:
            raise TooCostly(f"the document took longer than {DOCUMENT_S:g} s in all")
        if seat.owner not in self.slowest and seat.worked_s <= self._first_look_s:
            await seat.take(Pace.SLOW)
            try:
                return await self._run(seat, self._first, function, arguments)
            except ReaderDied:  # for its time, or a crash: that comes again, and then it counts
                seat.worked_s += self._first_look_s
                if seat.owner is not None:
                    self.slowest.add(seat.owner)
        await seat.take(Pace.SLOWEST)
        return await self._run(seat, self._second, function, arguments)

    async def _run(
        self, seat: Seat, workers: Workers, function: Callable[..., T], arguments: tuple[object, ...]
    ) -> T:
        result, seconds = await workers.timed(function, *arguments)
        seat.worked_s += seconds
        return result

    def done(self, seat: Seat) -> None:
        """The document is read and its entries are taken: its source is judged by it."""
        if seat.owner is not None and seat.worked_s <= self._first_look_s:
            self.slowest.discard(seat.owner)
