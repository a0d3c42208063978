"""The first documents of many new sources, read whole in other processes.

Cleaning every entry of a document takes ten times as long as reading it, and a source's first document
is all new. When somebody adds a thousand sources, that is worth the way to another process and back;
later, when a few entries of a few documents are new, it is not.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.crawl import intake
from aggregator.crawl.crawler import Body
from aggregator.crawl.reading import INLINE_BYTES
from aggregator.crawl.seats import Seats
from aggregator.crawl.worker import Workers
from aggregator.errors import Unparsable
from aggregator.model.document import Document
from aggregator.model.item import Known
from aggregator.model.source import Source
from aggregator.parse import feed
from aggregator.process import identity

CROWD = 8  # documents being read or waiting for it, below which no process is worth its start
PROCESSES = min(2, (os.cpu_count() or 1))

NOTHING_KNOWN = Known(aliases={}, items={})


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """A document without its entries and drops, and what came of them."""

    document: Document
    taken: intake.Taken


def read_first(
    body: Body, url: str, source: Source, key: str, site_timezone: str | None, now: datetime
) -> First | None:
    """In a worker: read a document of which nothing is known, and admit its entries. None when one of
    them may take its time: the others waiting for this process must not wait for that. Raises
    NotAFeed, and Unparsable for what the strict reader refuses."""
    document = feed.parse(body.data, body.content_type, url)
    entries, over = intake.capped(document)
    if any(intake.is_heavy(entry) for entry in entries):
        return None
    shown = identity.all_keys(entries)
    resolved = identity.resolve(entries, NOTHING_KNOWN, shown)
    rules = intake.Rules(
        known=NOTHING_KNOWN,
        key=key,
        context=intake.context(source, document, url, site_timezone, now),
    )
    found = [intake.judge(entries[match.entry_index], match, rules) for match in resolved.matches]
    taken = intake.taken(found, resolved.shared, (*document.drops, *over))
    return First(document=replace(document, entries=(), drops=()), taken=taken)


class Firsts:
    """Reads first documents elsewhere while there is a crowd of them, and room in the processes."""

    def __init__(self, seats: Seats) -> None:
        self._seats = seats
        self._workers = Workers(PROCESSES)
        self._warm = False

    async def read(
        self, body: Body, url: str, source: Source, key: str, site_timezone: str | None, now: datetime
    ) -> First | None:
        """None when the document is better read here. Raises NotAFeed."""
        room = self._warm or self._workers.pending < PROCESSES
        crowded = self._seats.present >= CROWD and room
        if not crowded or len(body.data) > INLINE_BYTES:
            return None
        without_secrets = replace(source, headers={})
        try:
            first = await self._workers.run(read_first, body, url, without_secrets, key, site_timezone, now)
        except Unparsable:
            first = None  # repairs and salvage are the reader's
        self._warm = True
        return first
