"""Ticks: when to ask the store what is due. APScheduler is known here and nowhere else.

There is one job a category and one a chore, never one a source: when a source is due is data in
the store. Jobs only pass the word on, because APScheduler 3 cancels what still runs at shutdown.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

log = structlog.get_logger()

# A chore may take longer than its period, as when it waits for room on the disk: that it is not begun a
# second time is no news.
logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)

TICK_SHORTEST_S = 0.5
TICK_LONGEST_S = 30.0
CLOCK_LOOK_S = 15.0
CLOCK_STEP_S = 5.0


def tick_period_s(every_s: float) -> float:
    """How often a category whose most frequent source is read every ``every_s`` seconds is looked at:
    often enough that nothing waits longer than a tenth of its interval, within half a second and 30 s."""
    return min(max(every_s / 10, TICK_SHORTEST_S), TICK_LONGEST_S)


def step_s(wall_s: float, steady_s: float) -> float:
    """By how many seconds a wall clock was set: ``wall_s`` seconds have passed by it, where ``steady_s`` did
    by a clock that nobody sets; 0 where it was only drawn along."""
    drift_s = wall_s - steady_s
    return drift_s if abs(drift_s) > CLOCK_STEP_S else 0.0


class ForwardTrigger(IntervalTrigger):  # type: ignore[misc]
    """Fires one interval from now, whatever the clock did since: a stock interval trigger replays
    every run that a clock set forward has skipped, and blocks the loop with it."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now if previous_fire_time is None else now + self.interval


class Ticks:
    """Calls ``on_tick(category)`` every ``periods[category]`` seconds, and every chore at its own
    period. The first ticks come at once."""

    def __init__(
        self,
        periods: Mapping[str, float],
        on_tick: Callable[[str], None],
        chores: Mapping[str, tuple[float, Callable[[], Awaitable[None]]]],
    ) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

        self._busy: set[asyncio.Task[Any]] = set()
        self._ended = False

        async def tick(category: str) -> None:
            on_tick(category)

        for category, period_s in periods.items():
            self._scheduler.add_job(
                tick, ForwardTrigger(seconds=1), args=[category], id=f"category {category}"
            ).trigger.interval = timedelta(seconds=period_s)
        for name, (period_s, chore) in chores.items():
            self._scheduler.add_job(
                self._do, ForwardTrigger(seconds=period_s), args=[chore], id=f"chore {name}"
            )

    async def _do(self, chore: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._busy.add(task)
        try:
            await chore()
        except asyncio.CancelledError:
            if not self._ended:  # else this is the end of the task, and APScheduler would call it an error
                raise
        finally:
            self._busy.discard(task)

    async def run(self) -> None:
        """Tick until cancelled; chores under way are then cancelled, too, and have ended. A clock that is
        set back would silence the jobs until it has caught up, so the wall clock is compared with the
        steady one, and the jobs are called at once: all of them, since the store, too, has times of a clock
        that ran ahead, and a chore that rights them. When a clock is set forward, or the computer slept,
        everything is due, once."""
        self._scheduler.start()
        try:
            wall, steady = time.time(), time.monotonic()
            while True:
                await asyncio.sleep(CLOCK_LOOK_S)
                by_s = step_s(time.time() - wall, time.monotonic() - steady)
                if by_s:
                    log.warning("clock.set", by_s=round(by_s))
                    wall, steady = time.time(), time.monotonic()
                if by_s < 0:
                    for job in self._scheduler.get_jobs():
                        job.modify(next_run_time=datetime.now(UTC))
        finally:
            self._ended = True
            self._scheduler.shutdown(wait=False)
            if self._busy:
                await asyncio.wait(self._busy)
