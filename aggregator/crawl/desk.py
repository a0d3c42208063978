"""Where a crawled body becomes what is to be stored. Imported with the first document: a refresh in
which nothing has changed reads nothing, and is over before the readers would have been loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from aggregator.crawl import intake
from aggregator.crawl.crawler import Crawled
from aggregator.crawl.first import NOTHING_KNOWN, Firsts, Task
from aggregator.crawl.lanes import Lanes
from aggregator.crawl.reading import INLINE_BYTES, Read, looked_at, read
from aggregator.crawl.seats import Pace, Seat, Seats
from aggregator.model.document import Document
from aggregator.model.source import Claim, Source, SourceMeta
from aggregator.parse.dates_spoken import TakesTime, quickly
from aggregator.process import identity
from aggregator.process.admit import AdmitContext
from aggregator.process.meta import source_meta
from aggregator.store.base import Store

T = TypeVar("T")


class Desk:
    """Reads documents and judges their entries. ``store`` None knows nothing (a preview)."""

    def __init__(
        self, store: Store | None, seats: Seats, *, now: Callable[[], datetime], site: intake.Site
    ) -> None:
        self._store = store
        self._seats = seats
        self._lanes = Lanes()
        self._firsts = Firsts(seats)
        self._now = now
        self._site = site

    async def take(
        self, claim: Claim, seat: Seat, crawled: Crawled
    ) -> tuple[Document, SourceMeta, intake.Taken]:
        """The document, what it says of its source, and what came of its entries. Raises ParseError."""
        await seat.take(Pace.QUICK)
        document, taken = await self._taken(claim, seat, crawled)
        return document, source_meta(document, crawled.url, claim.source.url), taken

    async def work(
        self, size: int, function: Callable[..., T], *arguments: object, owner: int | None = None
    ) -> T:
        """See `crawler.Work`; ``owner`` is the source, where its seat is not known."""
        if size <= INLINE_BYTES:
            try:
                async with self._seats.turn():
                    with quickly():
                        return function(*arguments)
            except TakesTime:
                pass  # told by a date in words only
        with self._seats.seat(owner) as seat:
            return await self._lanes.run(seat, function, *arguments)

    def context(self, source: Source, now: datetime) -> AdmitContext:
        """What admitting needs to know of a source, where there is no document of its own."""
        return intake.context(source, None, source.url, self._site, now)

    async def _taken(self, claim: Claim, seat: Seat, crawled: Crawled) -> tuple[Document, intake.Taken]:
        source, body, url, now = claim.source, crawled.body, crawled.url, self._now()
        never_read = self._store is None or claim.state.last_ok_at is None
        if body is not None and never_read:
            first = await self._firsts.read(Task(body, url, source, claim.key, self._site, now))
            if first is not None:
                return first.document, first.taken
        if crawled.document is not None:
            found = await self._looked_at(crawled.document, seat)
        else:
            assert body is not None
            found = await read(self._seats, self._lanes, seat, body, url)
        document = found.document
        known = NOTHING_KNOWN
        if self._store is not None and not never_read:
            wanted = identity.wanted(document.entries, found.shown)
            known = await self._store.known(claim.source_id, wanted)
        rules = intake.Rules(
            known=known,
            key=claim.key,
            context=intake.context(source, document, url, self._site, now),
            has_articles=source.article is not None,
            local_articles=source.local_articles,
            full_text=source.full_text,
            anew=claim.anew,
        )
        taken = await intake.take(found, rules, self._seats, seat, self._lanes)
        self._lanes.done(seat)
        return document, replace(taken, drops=(*document.drops, *taken.drops))

    async def _looked_at(self, document: Document, seat: Seat) -> Read:
        """What a crawler has read."""
        texts = (text for entry in document.entries for text in (entry.content, entry.summary, entry.title))
        if sum(len(text.value) for text in texts if text is not None) > INLINE_BYTES:
            return await self._lanes.run(seat, looked_at, document)
        async with self._seats.turn():
            return looked_at(document)
