"""Who may hold a read document in memory, and whose turn it is to use the processor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import IntEnum

QUICK_SEATS = 48  # documents in memory between being read and being stored; more gain no speed
SLOW_SEATS = 4
SLOWEST_SEATS = 2
TURN_S = 0.01  # of the processor; a single entry may take two or three times as long


class Pace(IntEnum):
    """How a document is read: here; in a worker; or in one that looks at what took another too long."""

    QUICK, SLOW, SLOWEST = range(3)


class Seat:
    """A crawl's place among those that hold a read document in memory, from reading to storing.

    Documents that take their time (large, hostile, broken) sit apart, so that however many of them
    there are, the others never wait for them. ``owner`` is whose document it is, None where nobody
    remembers; ``worked_s`` how long workers have been at it.
    """

    def __init__(self, seats: Seats, owner: int | None = None) -> None:
        self.owner = owner
        self.worked_s = 0.0
        self._seats = seats
        self._taken: asyncio.Semaphore | None = None

    async def take(self, pace: Pace) -> None:
        """Wait for a place of the kind, leaving the one that was taken before."""
        wanted = self._seats.places[pace]
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
        counts = {Pace.QUICK: QUICK_SEATS, Pace.SLOW: SLOW_SEATS, Pace.SLOWEST: SLOWEST_SEATS}
        self.places = {pace: asyncio.Semaphore(count) for pace, count in counts.items()}
        self.present = 0

    @contextmanager
    def seat(self, owner: int | None = None) -> Iterator[Seat]:
        """A crawl's seat, left at the end whatever happens."""
        seat = Seat(self, owner)
        try:
            yield seat
        finally:
            seat.leave()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """A turn to use the processor for some milliseconds, after everybody else had theirs."""
        async with self._pace:
            await asyncio.sleep(0)
            loop = asyncio.get_running_loop()
            yield Turn(loop.time, loop.time() + TURN_S)


class Turn:
    """Somebody's turn, and whether it is over, so that what is left to do should wait for the next."""

    def __init__(self, clock: Callable[[], float], until: float) -> None:
        self._clock = clock
        self._until = until

    def is_over(self) -> bool:
        return self._clock() >= self._until
