"""Who may hold a read document in memory, and whose turn it is to use the processor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

QUICK_SEATS = 48  # documents in memory between being read and being stored; more gain no speed
SLOW_SEATS = 2


class Seat:
    """A crawl's place among those that hold a read document in memory, from reading to storing.

    Documents that take their time (large, hostile, broken) sit apart, so that however many of them
    there are, the others never wait for them.
    """

    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self._taken: asyncio.Semaphore | None = None

    async def take(self, *, slow: bool) -> None:
        """Wait for a place of the kind, leaving the one that was taken before."""
        wanted = self._seats.slow if slow else self._seats.quick
        if wanted is self._taken:
            return
        self.leave()
        self._seats.present += 1
        try:
            await wanted.acquire()
        except asyncio.CancelledError:
            self._seats.present -= 1
            raise
        self._taken = wanted

    def leave(self) -> None:
        if self._taken is not None:
            self._taken.release()
            self._seats.present -= 1
            self._taken = None


class Seats:
    """Documents are read one at a time, at most one a turn of the event loop: a cached feed is served
    within milliseconds even while a thousand documents wait to be read.

    ``present`` counts the documents that are being read or stored, or wait for it."""

    def __init__(self) -> None:
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
