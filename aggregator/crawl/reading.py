"""Bytes to a Document, choosing how: here, in a killable worker, or salvaged there.

What is read here, and then judged and stored, must hold nobody up, whatever it is made of. So the limits
are on what takes the time; they were measured with the worst documents that we could think of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.crawl.bounds import bounded
from aggregator.crawl.crawler import Body
from aggregator.crawl.lanes import Lanes
from aggregator.crawl.seats import Pace, Seat, Seats
from aggregator.errors import Unparsable
from aggregator.model.document import Document, Entry, Extension
from aggregator.parse import feed, salvage
from aggregator.parse.dates_spoken import TakesTime, quickly
from aggregator.process import identity
from aggregator.process.sanitize import heavy

INLINE_BYTES = 256 * 1024
INLINE_MARKS = {
    b"<": 5_000,  # tags
    b"=": 10_000,  # attributes
    b"&": 15_000,  # references
    b"{": 1_000,  # objects, of which each may be an entry, or none and a drop
    b",": 10_000,  # values
    b'"': 20_000,  # strings
}
HEAVY_PARTS = 30_000  # characters of an entry beside its texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A document, within bounds, and what is worked out where it is read: the identities that each of its
    entries shows, and which entries (by index) are to be cleaned by a worker."""

    document: Document
    shown: tuple[identity.Keys, ...]
    apart: frozenset[int]


async def read(seats: Seats, lanes: Lanes, seat: Seat, body: Body, url: str) -> Read:
    """The document. Raises NotAFeed, Unparsable and TooCostly, each with the reason.

    What costs the strict reader too much is not salvaged: that takes ten times as long. Broken JSON never can
    be, and shall not wait for a worker to hear so."""
    try:
        return await _parsed(seats, lanes, seat, body, url)
    except Unparsable as refusal:
        if refusal.format == "json":
            raise
        try:
            return await lanes.run(seat, salvaged, body.data, body.content_type, url)
        except Unparsable as error:
            raise Unparsable(f"{refusal}; {error}", format=refusal.format, offset=refusal.offset) from error


async def _parsed(seats: Seats, lanes: Lanes, seat: Seat, body: Body, url: str) -> Read:
    if not takes_time(body.data):
        await seat.take(Pace.QUICK)
        try:
            async with seats.turn():
                with quickly():
                    return parsed(body.data, body.content_type, url)
        except TakesTime:
            pass  # told by a date in words only
    return await lanes.run(seat, parsed, body.data, body.content_type, url)


def takes_time(data: bytes) -> bool:
    """Whether reading a document here could hold everybody up."""
    return len(data) > INLINE_BYTES or any(data.count(mark) > most for mark, most in INLINE_MARKS.items())


def parsed(data: bytes, content_type: str | None, url: str) -> Read:
    """Here or in a worker: `feed.parse`, bounded where it is read."""
    return looked_at(feed.parse(data, content_type, url))


def salvaged(data: bytes, content_type: str | None, url: str) -> Read:
    """In a worker: `salvage.salvage`, bounded likewise."""
    return looked_at(salvage.salvage(data, content_type, url))


def looked_at(document: Document) -> Read:
    """Here or in a worker: all that can be said of a document without knowing more."""
    document = bounded(document)
    return Read(
        document=document,
        shown=tuple(identity.all_keys(document.entries)),
        apart=frozenset(index for index, entry in enumerate(document.entries) if is_heavy(entry)),
    )


def is_heavy(entry: Entry) -> bool:
    """Whether cleaning the entry could hold everybody up: for its markup, or for sheer size."""
    return (
        any(text is not None and heavy(text.value) for text in (entry.content, entry.summary, entry.title))
        or _size(entry) > HEAVY_PARTS
    )


def _size(entry: Entry) -> int:
    """Characters of all that is cleaned of an entry beside its texts."""
    words = [
        entry.guid,
        entry.link,
        entry.comments,
        entry.language,
        entry.rights,
        entry.publisher,
        entry.article,
    ]
    for person in (*entry.authors, *entry.contributors):
        words += (person.name, person.url, person.email, person.avatar)
    for tag in entry.tags:
        words += (tag.term, tag.scheme, tag.label)
    for link in entry.links:
        words += (link.rel, link.href, link.media_type, link.title, link.language)
    for file in entry.enclosures:
        words += (file.url, file.media_type, file.title)
    if entry.image is not None:
        words += (entry.image.url, entry.image.title, entry.image.link)
    if entry.source is not None:
        words += (entry.source.title, entry.source.url, entry.source.link, entry.source.id)
    return sum([len(word) for word in words if word]) + _size_of(entry.extensions)


def _size_of(elements: Sequence[Extension]) -> int:
    total = 0
    for one in elements:
        total += len(one.text) + sum([len(name) + len(value) for name, value in one.attributes])
        if one.children:
            total += _size_of(one.children)
    return total
