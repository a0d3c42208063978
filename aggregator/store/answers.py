"""What an open store answers without changing anything, and without waiting for whoever does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aggregator.model.feed import Feed, PublishedItem
from aggregator.store import articles, changes, holds, reads, upkeep
from aggregator.store.base import Contents, ItemRecord, SourceStatus, TrailEntry
from aggregator.store.reader import Reader


class Answers:
    """See `base.Store` for what each method promises."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def feed(self, key: str) -> Feed | None:
        return await self._reader.call(lambda c: reads.feed_row(c, key))

    async def feeds(self, *kinds: str) -> list[Feed]:
        return await self._reader.call(lambda c: reads.feeds(c, kinds))

    async def newest_feeds(self, kind: str, limit: int) -> list[Feed]:
        return await self._reader.call(lambda c: reads.newest_feeds(c, kind, limit))

    async def revision(self, key: str) -> tuple[int, bool] | None:
        return await self._reader.revision(key)

    async def view(self, key: str, limit: int) -> tuple[Feed, list[PublishedItem]] | None:
        return await self._reader.call(lambda c: reads.view(c, key, limit), snapshot=True)

    async def view_items(self, key: str, limit: int, before: str | None = None) -> list[PublishedItem]:
        return await self._reader.call(lambda c: reads.view_items(c, key, limit, before))

    async def contents(self, key: str, since: int) -> Contents:
        return await self._reader.call(lambda c: changes.contents(c, key, since), snapshot=True)

    async def items(self, ids: Sequence[int]) -> dict[int, PublishedItem]:
        return await self._reader.call(lambda c: changes.items(c, ids))

    async def item(self, uid: str) -> ItemRecord | None:
        return await self._reader.call(lambda c: reads.item_record(c, uid), snapshot=True)

    async def trail(self, source_name: str, limit: int) -> list[TrailEntry]:
        return await self._reader.call(lambda c: reads.trail_of(c, source_name, limit))

    async def states(self) -> list[SourceStatus]:
        return await self._reader.call(reads.states)

    async def item_count(self) -> int:
        return await self._reader.call(reads.item_count)

    async def owed_count(self) -> int:
        return await self._reader.call(articles.owed_count)

    async def waiting_sources(self) -> list[tuple[int, str]]:
        return await self._reader.call(articles.waiting_sources)

    async def held_hosts(self, now: datetime) -> dict[str, datetime]:
        return await self._reader.call(lambda c: holds.held(c, now))

    async def next_due_at(self) -> datetime | None:
        return await self._reader.call(reads.next_due_at)

    async def integrity(self) -> list[str]:
        return await self._reader.call(upkeep.integrity, snapshot=True)
