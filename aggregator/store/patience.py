"""What cannot be written for want of room is tried again, until it can be, and is not thrown away.

A daemon whose disk is full, or whose database somebody else holds, has nothing to gain from ending: it still
has all that it serves, and in its memory what it has just fetched. So its writes wait. Other programs fail at
once, and say why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

import structlog

from aggregator.errors import StoreBusy, StoreOutage
from aggregator.store.base import Outage

T = TypeVar("T")

log = structlog.get_logger()

FIRST_S = 1.0  # to the second try
LONGEST_S = 60.0  # between two tries


def pause_s(tries: int, error: StoreOutage) -> float:
    """How long to wait after so many tries in vain: twice as long each time, within bounds. For who holds the
    database, a try is a wait already, and costs nobody anything."""
    if isinstance(error, StoreBusy):
        return FIRST_S
    return min(FIRST_S * 2.0 ** min(tries - 1, 32), LONGEST_S)


class Patience:
    """Tries again, once it is told to. ``now`` is for telling people since when; waiting goes by the
    loop's clock, which nobody sets."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._over = asyncio.Event()
        self._over.set()
        self._waiting = 0
        self._ended = False
        self.outage: Outage | None = None

    @property
    def in_haste(self) -> bool:
        """Whether to spend as little time as may be on a try: another one follows, or the program ends."""
        return self.outage is not None or self._ended

    def set(self, patient: bool) -> None:
        """Whether to try again. Whoever waits when this ends has one more try, at once."""
        if patient:
            self._over.clear()
        else:
            self._ended = self._ended or not self._over.is_set()
            self._over.set()

    async def lasting(self, work: Callable[[], Awaitable[T]]) -> T:
        """The result of ``work``, which is called until it raises no `StoreOutage`. An outage is told when
        it begins and when nobody waits any more, and not in between."""
        tries = 0
        try:
            while True:
                try:
                    return await work()
                except StoreOutage as error:
                    if self._over.is_set():
                        raise
                    tries += 1
                    if tries == 1:
                        self._begin(error)
                    pause = pause_s(tries, error)
                    log.debug("store.tried", tries=tries, again_s=pause, error=str(error))
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._over.wait()
        finally:
            if tries:
                self._end()

    def _begin(self, error: StoreOutage) -> None:
        self._waiting += 1
        if self.outage is None:
            self.outage = Outage(since_at=self._now(), reason=str(error))
            log.error("store.outage", error=str(error), note="nothing is polled until it can be stored")

    def _end(self) -> None:
        self._waiting -= 1
        if self.outage is not None and not self._waiting:
            outage, self.outage = self.outage, None
            if not self._over.is_set():
                log.info("store.recovered", since=outage.since_at.isoformat(timespec="seconds"))
