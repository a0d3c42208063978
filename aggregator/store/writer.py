"""The one writer task: whatever is queued goes into one transaction.

A commit costs a sync of the disk, so outcomes that wait for it together share it. Everything that
writes goes through here, and callers only wait: cancelling one of them never interrupts a statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.errors import StoreBusy, StoreError
from aggregator.model.source import Outcome, Saved
from aggregator.store import connect
from aggregator.store.patience import Patience
from aggregator.store.trouble import OutcomeRefused, translated
from aggregator.store.write import pin_failure, save_group

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

QUEUE = 256  # a slow disk slows crawling, instead of filling the memory
GROUP = 128  # outcomes a commit
GATHER_S = 0.06  # to wait for more outcomes with items: one commit of many costs far less than many of one
GROUP_CHANGES = 2000  # items after which a commit takes no more outcomes


@dataclass(slots=True, eq=False)
class _Save:
    outcome: Outcome
    done: asyncio.Future[Saved]


@dataclass(slots=True, eq=False)
class _Call:
    work: Work[Any]
    done: asyncio.Future[Any]


class _Stop:
    """Behind the last job of a writer that is closed."""


class Writer:
    """Owns the one connection that writes. ``now`` gives the time of a commit, aware UTC. While a
    transaction waits by ``patience``, all others wait behind it, in their order."""

    def __init__(self, connection: AsyncConnection, now: Callable[[], datetime], patience: Patience) -> None:
        self._connection = connection
        self._now = now
        self._patience = patience
        self._busy_s = connect.BUSY_S  # what the connection was opened with
        self._queue: asyncio.Queue[_Save | _Call | _Stop] = asyncio.Queue(QUEUE)
        self._held: _Save | _Call | _Stop | None = None  # taken from the queue while grouping
        self._closed = False
        self._task = asyncio.create_task(self._run(), name="store writer")

    async def save(self, outcome: Outcome) -> Saved:
        """Returns when the outcome is durable. Raises `StoreError` when the store takes nothing."""
        done: asyncio.Future[Saved] = asyncio.get_running_loop().create_future()
        await self._put(_Save(outcome, done))
        return await asyncio.shield(done)

    async def call(self, work: Work[T]) -> T:
        """Runs ``work`` in a transaction of its own and gives its result once it is durable."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        await self._put(_Call(work, done))
        return await asyncio.shield(done)

    async def close(self) -> None:
        """Finishes what is queued, then stops. May be called twice."""
        if not self._closed:
            self._closed = True
            await self._queue.put(_Stop())
        await asyncio.wait({self._task})
        self._task.result()

    async def _put(self, job: _Save | _Call) -> None:
        if self._closed or self._task.done():
            raise StoreError("the store is closed")
        await self._queue.put(job)
        if self._task.done():  # it ended while we waited for room
            raise StoreError("the store is closed")

    async def _run(self) -> None:
        try:
            while True:
                job = self._held or await self._queue.get()
                self._held = None
                if isinstance(job, _Stop):
                    return
                if isinstance(job, _Call):
                    await self._run_call(job)
                else:
                    if job.outcome.changes:
                        await asyncio.sleep(GATHER_S)
                    await self._save(self._group(job))
        finally:
            self._closed = True
            self._refuse_rest()

    def _group(self, first: _Save) -> list[_Save]:
        """``first`` and the outcomes queued behind it, as many as one commit takes."""
        group, changes = [first], len(first.outcome.changes)
        while len(group) < GROUP and changes < GROUP_CHANGES and not self._queue.empty():
            job = self._queue.get_nowait()
            if not isinstance(job, _Save):
                self._held = job  # its turn comes next
                break
            group.append(job)
            changes += len(job.outcome.changes)
        return group

    async def _run_call(self, job: _Call) -> None:
        result, error = await self._attempt(job.work)
        if error is None:
            _settle(job.done, result)
        else:
            _fail(job.done, error)

    async def _save(self, group: list[_Save]) -> None:
        outcomes = [job.outcome for job in group]
        saved, error = await self._attempt(lambda c: save_group(c, outcomes, self._now()))
        if saved is not None:
            for job, result in zip(group, saved, strict=True):
                _settle(job.done, result)
        elif isinstance(error, StoreBusy):  # has waited long enough already
            for job in group:
                _fail(job.done, error)
        elif len(group) > 1:
            for job in group:
                await self._save([job])
        elif isinstance(error, OutcomeRefused):
            await self._pin(group[0], error)
        elif error is not None:
            _fail(group[0].done, error)

    async def _pin(self, job: _Save, refusal: OutcomeRefused) -> None:
        held, error = await self._attempt(lambda c: pin_failure(c, job.outcome, refusal, self._now()))
        if error is None:
            _settle(job.done, Saved(error=str(refusal)) if held else Saved(lost=True))
        else:
            _fail(job.done, error)

    async def _attempt(self, work: Work[T]) -> tuple[T | None, BaseException | None]:
        """Runs ``work`` in a transaction: its result, or what went wrong, a bug included, which is the
        caller's to see and must not end the writer. A task of its own carries the exception."""
        lasting = self._patience.lasting(lambda: self._transaction(work))
        task = asyncio.create_task(lasting, name="store transaction")
        await asyncio.wait({task})
        error = task.exception()
        return (task.result(), None) if error is None else (None, error)

    async def _transaction(self, work: Work[T]) -> T:
        with translated():
            await self._wait_at_most(connect.BUSY_AGAIN_S if self._patience.in_haste else connect.BUSY_S)
            async with self._connection.begin():
                return await work(self._connection)

    async def _wait_at_most(self, seconds: float) -> None:
        """How long SQLite waits for another process that holds the database."""
        if seconds != self._busy_s:
            driver = (await self._connection.get_raw_connection()).driver_connection
            assert driver is not None
            await driver.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
            self._busy_s = seconds

    def _refuse_rest(self) -> None:
        jobs = [self._held] if self._held else []
        while not self._queue.empty():
            jobs.append(self._queue.get_nowait())
        for job in jobs:
            if not isinstance(job, _Stop):
                _fail(job.done, StoreError("the store is closed"))


def _settle(done: asyncio.Future[T], result: T) -> None:
    if not done.done():
        done.set_result(result)


def _fail(done: asyncio.Future[Any], error: BaseException) -> None:
    if not done.done():
        done.set_exception(error)
        done.exception()  # counts as read: a caller that has gone away is no cause for complaint
