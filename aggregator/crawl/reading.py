"""Bytes to a Document, choosing how: inline, in a killable worker, or salvaged there.

The limits were measured: below them the strict reader and its repairs take milliseconds, or a tenth of a
second where somebody means it badly. Real feeds of 1 MiB stay below all of them.
"""

from __future__ import annotations

from aggregator.crawl.crawler import Body
from aggregator.crawl.intake import bounded
from aggregator.crawl.seats import Seat, Seats
from aggregator.crawl.worker import Workers
from aggregator.errors import Unparsable
from aggregator.model.document import Document
from aggregator.parse import feed, salvage

INLINE_BYTES = 1024 * 1024
INLINE_MARKS = {
    b"<": 30_000,
    b"=": 30_000,
    b"&": 150_000,
}  # tags, attributes, references: what takes the time


async def read(seats: Seats, workers: Workers, seat: Seat, body: Body, url: str) -> Document:
    """The document. Raises NotAFeed, Unparsable and TooCostly, each with the reason.

    What costs the strict reader too much is not salvaged: that takes ten times as long. Broken JSON never can
    be, and shall not wait for a worker to hear so."""
    large = takes_time(body.data)
    await seat.take(slow=large)
    try:
        if large:
            return await workers.run(parsed, body.data, body.content_type, url)
        async with seats.turn():
            return parsed(body.data, body.content_type, url)
    except Unparsable as refusal:
        if refusal.format == "json":
            raise
        await seat.take(slow=True)
        try:
            return await workers.run(salvaged, body.data, body.content_type, url)
        except Unparsable as error:
            raise Unparsable(f"{refusal}; {error}", format=refusal.format, offset=refusal.offset) from error


def takes_time(data: bytes) -> bool:
    """Whether reading a document here could hold everybody up."""
    return len(data) > INLINE_BYTES or any(data.count(mark) > most for mark, most in INLINE_MARKS.items())


def parsed(data: bytes, content_type: str | None, url: str) -> Document:
    """Here or in a worker: `feed.parse`, bounded where it is read."""
    return bounded(feed.parse(data, content_type, url))


def salvaged(data: bytes, content_type: str | None, url: str) -> Document:
    """In a worker: `salvage.salvage`, bounded likewise."""
    return bounded(salvage.salvage(data, content_type, url))
