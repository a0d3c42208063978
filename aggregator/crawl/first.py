"""The first documents of many new sources, read whole in other processes.

Cleaning every entry of a document takes ten times as long as reading it, and a source's first document
is all new. When somebody adds a thousand sources, that is worth the way to another process and back;
later, when a few entries of a few documents are new, it is not.
"""

from __future__ import annotations

import asyncio
import os
import pickle
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from aggregator.crawl import intake, reading
from aggregator.crawl.crawler import Body
from aggregator.crawl.seats import Seats
from aggregator.crawl.worker import Workers
from aggregator.errors import NotAFeed, Unparsable
from aggregator.model.document import Document
from aggregator.model.item import Known
from aggregator.model.source import Source
from aggregator.parse.dates_spoken import TakesTime, quickly
from aggregator.process import identity

CROWD = 8  # documents being read or waiting for it, below which no process is worth its start
PROCESSES = min(2, (os.cpu_count() or 1))
TOGETHER = 4  # documents a call; more gain no speed

NOTHING_KNOWN = Known(aliases={}, items={})


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """A document without its entries and drops, and what came of them."""

    document: Document
    taken: intake.Taken


class Task(NamedTuple):
    """A document that waits to be read, and what its entries are judged with."""

    body: Body
    url: str
    source: Source
    key: str
    site: intake.Site
    now: datetime


def read_firsts(tasks: Sequence[Task]) -> list[bytes]:
    """In a worker: `read_first` of each, or what is no feed, each pickled by itself: they are taken over
    one in a turn."""
    return [pickle.dumps(_read_or_refuse(task), pickle.HIGHEST_PROTOCOL) for task in tasks]


def _read_or_refuse(task: Task) -> First | NotAFeed | None:
    try:
        return read_first(task)
    except NotAFeed as refusal:
        return refusal


def read_first(task: Task) -> First | None:
    """In a worker: read a document of which nothing is known, and admit its entries. None for what
    the strict reader refuses, and when an entry may take its time: the others waiting for this
    process must not wait for that. Raises NotAFeed."""
    body, url, source, key, site, now = task
    try:
        with quickly():
            found = reading.parsed(body.data, body.content_type, url)
    except (Unparsable, TakesTime):
        return None  # repairs and salvage are the reader's
    if found.apart:
        return None
    document, entries = found.document, found.document.entries
    resolved = identity.resolve(entries, NOTHING_KNOWN, found.shown)
    rules = intake.Rules(
        known=NOTHING_KNOWN,
        key=key,
        context=intake.context(source, document, url, site, now),
        has_articles=source.article is not None,
    )
    verdicts = [intake.judge(entries[match.entry_index], match, rules) for match in resolved.matches]
    taken = intake.taken(verdicts, resolved.shared, document.drops)
    return First(document=replace(document, entries=(), drops=()), taken=taken)


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    task: Task
    done: asyncio.Future[First | None]


class Firsts:
    """Reads first documents elsewhere while there is a crowd of them, and room in the processes.

    Whoever gets hold of a process takes along what others have waiting. A process that has answered
    does nothing until our loop, which is busy, hears of it: with one document a call, that was a
    fifth of its time.
    """

    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self._workers = Workers(PROCESSES)
        self._free = asyncio.Semaphore(PROCESSES)
        self._waiting: deque[_Job] = deque()
        self._warm = False

    async def read(self, task: Task) -> First | None:
        """None when the document is better read here. Raises NotAFeed, and ParseError when the process
        was killed over it."""
        room = self._warm or self._workers.pending < PROCESSES
        crowded = self._seats.present >= CROWD and room
        if not crowded or reading.takes_time(task.body.data):
            return None
        without_secrets = task._replace(source=replace(task.source, headers={}))
        job = _Job(without_secrets, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        async with self._free:
            if job in self._waiting:
                await self._read_some()
        return await job.done

    async def _read_some(self) -> None:
        jobs = [self._waiting.popleft() for _ in range(min(TOGETHER, len(self._waiting)))]
        try:
            await self._read_all(jobs)
        finally:  # a crawl that is cancelled leaves those that it took along to be read here
            for one in jobs:
                if not one.done.done():
                    one.done.set_result(None)

    async def _read_all(self, jobs: Sequence[_Job]) -> None:
        """Settles every job. What goes wrong for several at once is tried again for each alone, so that
        it is pinned to the one that caused it."""
        call = self._workers.run(read_firsts, [job.task for job in jobs])
        (found,) = await asyncio.gather(call, return_exceptions=True)
        self._warm = True
        if isinstance(found, BaseException):
            if len(jobs) == 1:
                _settle(jobs[0], found)
            else:
                for job in jobs:
                    await self._read_all([job])
            return
        for job, result in zip(jobs, found, strict=True):
            await asyncio.sleep(0)
            _settle(job, pickle.loads(result))


def _settle(job: _Job, result: First | BaseException | None) -> None:
    if job.done.done():  # its crawl was cancelled
        return
    if isinstance(result, BaseException):
        job.done.set_exception(result)
        job.done.exception()  # counts as read: a crawl that has gone away is no cause for complaint
    else:
        job.done.set_result(result)
