"""The store over SQLite: one writer task, a few readers, one method a use case.

Each method hands a function of `claims`, `sync`, `write`, `reads` or `upkeep` a connection; the rules
are there. Files beside the database: ``.owners/`` and ``.daemon`` (locks of living processes) and
``.opening`` (held while the schema is looked at); ``.new`` is a new database that is not in its place yet.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from aggregator.errors import StoreOutage
from aggregator.model.item import Alias, Item, Known, Publisher
from aggregator.model.settings import Category, StoreSettings
from aggregator.model.source import Claim, Outcome, Saved, Source
from aggregator.store import again, articles, claims, holds, publishers, reads, rows, sync, upkeep
from aggregator.store.answers import Answers
from aggregator.store.base import (
    Due,
    FirstCheck,
    Outage,
    Outdated,
    Owed,
    Owing,
    Recleaned,
    Selected,
    SyncResult,
)
from aggregator.store.connect import bring_up_to_date, look, reader_engine, writer_engine
from aggregator.store.owners import Lock, Owner, daemon_lock, opening_lock
from aggregator.store.patience import Patience
from aggregator.store.reader import Reader
from aggregator.store.tables import source
from aggregator.store.trouble import StoreUnusable, translated
from aggregator.store.writer import Work, Writer

T = TypeVar("T")
Role = Literal["crawler", "reader", "daemon"]
_LOOK_FOR_DEAD = timedelta(seconds=5)


async def open_store(settings: StoreSettings, *, now: Callable[[], datetime], role: Role) -> Database:
    """Opens the store, making or upgrading its file as needed. ``now`` is the clock of commits.

    Raises `StoreTaken` for a second "daemon" on one file, `StoreNewer` for a file of a newer version,
    `StoreError` for one that is damaged, no database, or cannot be written.
    """
    if settings.path == ":memory:":
        raise StoreUnusable("the store must be a file")
    path = Path(settings.path)
    async with AsyncExitStack() as undo:
        with translated():
            path.parent.mkdir(parents=True, exist_ok=True)
            daemon = daemon_lock(path) if role == "daemon" else None
            if daemon:
                undo.callback(daemon.release)
            opening = await opening_lock(path)
            undo.callback(opening.release)
            ready = await asyncio.to_thread(look, path)
            engine = writer_engine(path)
            undo.push_async_callback(engine.dispose)
            connection = await engine.connect()
            undo.push_async_callback(connection.close)
            if not ready:
                await bring_up_to_date(connection)
            opening.release()
        undo.pop_all()
    return Database(path, engine, connection, daemon, now)


class Database(Answers):
    """An open store; see `base.Store` for what each method promises."""

    def __init__(
        self,
        path: Path,
        engine: AsyncEngine,
        connection: AsyncConnection,
        daemon: Lock | None,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(Reader(reader_engine(path)))
        self.path = path
        self._now = now
        self._engine = engine
        self._connection = connection
        self._patience = Patience(now)
        self._writer = Writer(connection, now, self._patience)
        self._owner = Owner(path)
        self._daemon = daemon
        self._sources: dict[int, Source] = {}
        self._looked_at: datetime | None = None
        self._closing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Whoever is cancelled while closing still waits for the end: what is queued must be stored."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="store close")
        try:
            await asyncio.shield(self._closing)
        except asyncio.CancelledError:
            await asyncio.wait({self._closing})
            raise

    @property
    def outage(self) -> Outage | None:
        return self._patience.outage

    def patient(self, patient: bool) -> None:
        self._patience.set(patient)

    async def _close(self) -> None:
        self.patient(False)
        try:
            await self._writer.close()
        finally:
            await self._reader.close()
            await self._connection.close()
            await self._engine.dispose()
            self._owner.vanish()  # with it go our leases, if any are left
            if self._daemon:
                self._daemon.release()

    # Configuration

    async def sync_sources(
        self,
        sources: Sequence[Source],
        categories: Sequence[Category],
        site_title: str,
        now: datetime,
        first_check: FirstCheck,
    ) -> SyncResult:
        by_name = {one.name: one for one in sources}

        async def work(connection: AsyncConnection) -> tuple[SyncResult, dict[int, Source]]:
            await upkeep.right_clock(connection, now)
            result = await sync.sync_sources(connection, sources, categories, site_title, now, first_check)
            found = await connection.execute(select(source.c.id, source.c.name).where(source.c.configured))
            return result, {row.id: by_name[row.name] for row in found}

        result, self._sources = await self._writer.call(work)
        return result

    async def merge_publishers(self, aliases: Mapping[str, Publisher]) -> tuple[str, ...]:
        if not aliases:
            return ()
        at = rows.to_us(self._now())
        return await self._writer.call(lambda connection: publishers.merge(connection, aliases, at))

    # Claims

    async def claim_due(
        self,
        now: datetime,
        *,
        category: str | None,
        limit: int,
        lease_s: float,
        per_host: int,
        one_host: Sequence[str] = (),
    ) -> list[Claim]:
        await self._forget_dead(now)

        async def work(connection: AsyncConnection) -> list[Claim]:
            return await claims.claim_due(
                connection,
                self._sources,
                self._owner,
                max(now, self._now()),  # it may have waited for room: a lease counts from when it is given
                category=category,
                limit=limit,
                lease_s=lease_s,
                per_host=per_host,
                one_host=one_host,
            )

        return await self._own(work)

    async def selected(
        self,
        names: Sequence[str] | None,
        *,
        category: str | None,
        since: datetime,
        now: datetime,
        force: bool,
        due: bool,
        one_host: Sequence[str] = (),
    ) -> tuple[list[str], list[Selected]]:
        reason = claims.skip_reason(now, since, force=force, due=due)
        return await self._reader.call(lambda c: claims.selected(c, names, category, reason, one_host))

    async def claim_named(
        self,
        names: Sequence[str],
        *,
        since: datetime,
        now: datetime,
        force: bool,
        due: bool,
        lease_s: float,
    ) -> list[Claim]:
        reason = claims.skip_reason(now, since, force=force, due=due)

        await self._forget_dead(now)

        async def work(connection: AsyncConnection) -> list[Claim]:
            return await claims.claim_named(
                connection, self._sources, self._owner, names, reason, now, lease_s
            )

        return await self._own(work)

    async def release(self, claimed: Iterable[Claim]) -> None:
        given = list(claimed)
        if given:
            await self._writer.call(lambda connection: claims.release(connection, given))

    async def begin_run(self, now: datetime) -> datetime:
        async def work(connection: AsyncConnection) -> datetime:
            await claims.forget_owners(connection, await claims.dead_owners(connection, self._owner))
            return await claims.begin_run(connection, self._owner, now)

        return await self._own(work)

    async def end_run(self) -> None:
        await self._writer.call(lambda connection: claims.forget_owners(connection, [self._owner.id]))

    async def due_count(self, now: datetime, *, category: str | None = None) -> int:
        await self._forget_dead(now)
        return await self._reader.call(lambda c: reads.due_count(c, now, category))

    async def _own(self, work: Work[T]) -> T:
        async def owned(connection: AsyncConnection) -> T:
            self._owner.appear()
            return await work(connection)

        return await self._writer.call(owned)

    async def _forget_dead(self, now: datetime) -> None:
        """Frees what killed processes have left behind; looks for it every few seconds at most. Who
        asks what is due has to look, too: what a dead process holds does not count as due. Whoever only
        asks must not wait for room, though."""
        if self.outage is not None:
            return
        if self._looked_at is not None and abs(now - self._looked_at) < _LOOK_FOR_DEAD:
            return
        self._looked_at = now
        try:
            dead = await self._reader.call(lambda c: claims.dead_owners(c, self._owner))
        except StoreOutage:
            return  # there is another look in a few seconds
        if dead:
            await self._writer.call(lambda connection: claims.forget_owners(connection, dead))

    # Crawling

    async def hold_host(self, host: str, until: datetime) -> None:
        await self._writer.call(lambda c: holds.hold(c, host, until, self._now()))

    async def known(self, source_id: int, aliases: Iterable[Alias]) -> Known:
        some = list(aliases)
        return await self._patience.lasting(
            lambda: self._reader.call(lambda c: reads.known(c, source_id, some))
        )

    async def save(self, outcome: Outcome) -> Saved:
        return await self._writer.save(outcome)

    async def owing(self, now: datetime) -> list[Owing]:
        await self._forget_dead(now)
        ids = await self._reader.call(lambda c: articles.owing(c, now))
        found = [(one, self._sources[one]) for one in ids if one in self._sources]
        return [Owing(source_id=one, source=its) for one, its in found if its.article is not None]

    async def next_article(self, source_id: int, now: datetime) -> Due | None:
        return await self._reader.call(lambda c: articles.following(c, source_id, now))

    async def take_article(self, due: Due, now: datetime, *, lease: timedelta) -> Owed | None:
        async def work(connection: AsyncConnection) -> Owed | None:
            at = max(now, self._now())  # as with claims
            return await articles.take(connection, due, at, lease)

        return await self._writer.call(work)

    async def save_article(self, owed: Owed, item: Item) -> bool:
        return await self._writer.call(lambda c: articles.save(c, owed, item, self._now()))

    async def article_failed(
        self,
        owed: Owed,
        *,
        stage: str,
        reason: str,
        detail: str,
        again_at: datetime | None,
        counted: bool = True,
    ) -> None:
        await self._writer.call(
            lambda c: articles.fail(c, owed, stage, reason, detail, again_at, self._now(), counted)
        )

    async def publish_waiting(self, source_id: int, before: datetime) -> int:
        return await self._writer.call(lambda c: articles.publish_waiting(c, source_id, before, self._now()))

    # Upkeep

    async def prune(self, now: datetime, keep_items: int, feed_items: int) -> int:
        await self._writer.call(partial(upkeep.right_clock, now=now))
        keep = max(keep_items, feed_items)
        beyond = await self._reader.call(partial(upkeep.beyond, keep=keep, shown=feed_items))
        gone = 0
        for start in range(0, len(beyond), upkeep.PRUNE_BATCH):
            some = beyond[start : start + upkeep.PRUNE_BATCH]
            gone += await self._writer.call(partial(upkeep.prune_some, ids=some, shown=feed_items, now=now))
        return gone

    async def housekeeping(self) -> None:
        await self._writer.call(upkeep.trim_trail)
        # Readers may hold the end of the log back; what they leave is folded in the next time.
        await self._reader.call(upkeep.fold_log)

    async def outdated(self, limit: int, skip: Collection[int] = ()) -> list[Outdated]:
        return await self._reader.call(lambda c: again.outdated(c, limit, skip))

    async def clean_again(self, done: Sequence[Recleaned]) -> int:
        return await self._writer.call(lambda c: again.clean_again(c, done, self._now()))
