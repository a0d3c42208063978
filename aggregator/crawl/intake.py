"""A document's entries become changes to be stored: known or new, changed or not, admitted or dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from aggregator.crawl.seats import Seat, Seats
from aggregator.crawl.worker import Workers
from aggregator.errors import ParseError
from aggregator.model.document import Document, Drop, Entry
from aggregator.model.item import Alias, Item, ItemChange, Known, KnownItem
from aggregator.model.source import Source
from aggregator.process import identity, raw
from aggregator.process.admit import AdmitContext, admit
from aggregator.process.links import absolute
from aggregator.process.sanitize import heavy

MAX_ENTRIES = 2000  # a fetch; the rest is counted as dropped
NAMED_DROPS = 500  # told apart; the trail keeps fewer
BATCH = 32  # entries cleaned in one turn of the event loop: some 4 ms


Verdict = ItemChange | Drop | None  # to be stored, left out, or known already


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of a document's entries: changes + unchanged + drops = entries."""

    changes: tuple[ItemChange, ...]
    shared: tuple[Alias, ...]
    unchanged: int
    drops: tuple[Drop, ...]


def bounded(document: Document) -> Document:
    """``document`` with its newest entries, as many as are read, and each of the others counted. Feeds stand
    newest first; one whose dates say the opposite is read from its end, or its news would never be seen.

    Whatever a stranger sends, what comes of it is small: a worker's answer is taken over in one go, and for a
    million entries that took seconds.
    """
    entries = document.entries
    if len(entries) <= MAX_ENTRIES and len(document.drops) <= NAMED_DROPS:
        return document
    start = len(entries) - MAX_ENTRIES if len(entries) > MAX_ENTRIES and _rises(entries) else 0
    over = (*entries[:start], *entries[start + MAX_ENTRIES :])
    drops = (*document.drops, *(Drop(stage="admit", reason="too-many", ref=reference(one)) for one in over))
    return replace(document, entries=entries[start : start + MAX_ENTRIES], drops=_folded(drops))


def _folded(drops: Sequence[Drop]) -> tuple[Drop, ...]:
    """The first `NAMED_DROPS`; of the others one a reason, which says how many there are."""
    rest: Counter[tuple[str, str]] = Counter()
    for drop in drops[NAMED_DROPS:]:
        rest[drop.stage, drop.reason] += drop.count
    more = (
        Drop(stage=stage, reason=reason, detail=f"and {count} more", count=count)
        for (stage, reason), count in rest.items()
    )
    return (*drops[:NAMED_DROPS], *more)


def _rises(entries: Sequence[Entry]) -> bool:
    """Whether more entries are newer than the one before than are older."""
    dates = [found.at for entry in entries if (found := entry.published or entry.updated) is not None]
    return sum((late > early) - (late < early) for early, late in pairwise(dates)) > 0


def reference(entry: Entry) -> str:
    """How people recognise an entry: its guid, link or title, shortened."""
    title = entry.title.value if entry.title else ""
    return (entry.guid or entry.link or title)[:200]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is the same for all sources: the zone of dates that name none, and the names of publishers
    (normalised) that others stand for."""

    timezone: str | None = None
    publisher_aliases: Mapping[str, str] = field(default_factory=dict)
    publisher_slugs: Mapping[str, str] = field(default_factory=dict)


def context(
    source: Source, document: Document | None, url: str | None, site: Site, now: datetime
) -> AdmitContext:
    """What admitting needs to know besides the entry; without ``document`` that is less."""
    return AdmitContext(
        document_url=url,
        home_url=document.link if document else None,
        timezone=source.timezone or site.timezone,
        language=source.language or (document.language if document else None),
        now=now,
        publishers=source.publisher,
        publisher_aliases=site.publisher_aliases,
        publisher_slugs=site.publisher_slugs,
        clean=source.clean,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What every entry of one document is judged with."""

    known: Known
    key: str
    context: AdmitContext
    has_articles: bool = False  # whether items' texts are asked for apart
    local_articles: bool = False  # and are files, by the source's own template (`Source.local_articles`)
    full_text: bool = False  # and an entry's own may have been the better one


async def take(
    entries: Sequence[Entry],
    shown: Sequence[identity.Keys],
    rules: Rules,
    seats: Seats,
    seat: Seat,
    workers: Workers,
) -> Taken:
    """Resolve every entry, by the identities that it has ``shown``, against what is known, and clean
    only those that are new or changed.

    Entries whose markup could hold us up are cleaned in a killable worker, outside of everybody
    else's turn.
    """
    async with seats.turn():
        resolved = identity.resolve(entries, rules.known, shown)
    found: list[Verdict] = []
    for start in range(0, len(resolved.matches), BATCH):
        slow: list[identity.Match] = []
        async with seats.turn():
            for match in resolved.matches[start : start + BATCH]:
                apart = is_heavy(entries[match.entry_index])
                found.append(None if apart else judge(entries[match.entry_index], match, rules))
                if apart:
                    slow.append(match)
        if slow:
            await seat.take(slow=True)
        for match in slow:
            found[match.entry_index] = await _judge_apart(entries[match.entry_index], match, rules, workers)
    return taken(found, resolved.shared, ())


def taken(found: Sequence[Verdict], shared: Sequence[Alias], drops: Sequence[Drop]) -> Taken:
    """Verdicts, and the drops there were before, counted."""
    return Taken(
        changes=tuple(each for each in found if isinstance(each, ItemChange)),
        shared=tuple(shared),
        unchanged=sum(each is None for each in found),
        drops=(*drops, *(each for each in found if isinstance(each, Drop))),
    )


def judge(entry: Entry, match: identity.Match, rules: Rules) -> Verdict:
    """What becomes of one entry; None when it is known and says nothing new."""
    if match.duplicate_of is not None:
        return Drop(stage="admit", reason="repeated", ref=reference(entry))
    if _is_settled(entry, match, rules.known):
        return None
    return _change(entry, match, rules)


def _is_settled(entry: Entry, match: identity.Match, known: Known) -> bool:
    """Whether the entry is known and says nothing new, so that cleaning it would be work thrown away."""
    if match.item_id is None or match.new_aliases:
        return False
    before = known.items[match.item_id]
    return before.pruned or before.entry_digest == identity.entry_digest(entry)


def is_heavy(entry: Entry) -> bool:
    """Whether cleaning the entry's markup could hold everybody up."""
    return any(text is not None and heavy(text.value) for text in (entry.content, entry.summary, entry.title))


async def _judge_apart(entry: Entry, match: identity.Match, rules: Rules, workers: Workers) -> Verdict:
    try:
        return await workers.run(judge, entry, match, rules)
    except ParseError as error:
        return Drop(stage="admit", reason="too-heavy", ref=reference(entry), detail=str(error))


def _change(entry: Entry, match: identity.Match, rules: Rules) -> Verdict:
    """What is to be stored for one entry; None when cleaning shows that nothing published changed."""
    before = rules.known.items[match.item_id] if match.item_id is not None else None
    uid = before.uid if before is not None else identity.mint_uid(rules.key, match.mint or "")
    notes: list[Drop] = []
    item = admit(entry, uid=uid, context=rules.context, rank=match.entry_index, known=before, left_out=notes)
    if isinstance(item, Drop):
        return item
    same = before is not None and (before.pruned or before.digest == item.digest)
    if same and not match.new_aliases:
        return None
    return ItemChange(
        item=item,
        item_id=match.item_id,
        aliases=match.new_aliases,
        entry_digest=identity.entry_digest(entry),
        title_hash=match.keys.title_hash,
        guid_hash=match.keys.guid.hash if match.keys.guid else None,
        raw=raw.packed(entry),
        same=same,
        notes=tuple(notes),
        silent=before is not None and not _says_updated(item, before),
        article_url=_article_url(entry, item, rules) if rules.has_articles and before is None else None,
        keeps_content=rules.has_articles and not rules.full_text and before is not None,
        keeps_longer=rules.full_text and before is not None,
        keeps_publisher=rules.has_articles
        and "attribution" in rules.context.publishers
        and before is not None,
    )


def _article_url(entry: Entry, item: Item, rules: Rules) -> str | None:
    """Where the article of a new item is. Without an address there is none to wait for."""
    if rules.local_articles:
        return entry.article
    return absolute(entry.article, None) or item.link


def _says_updated(item: Item, before: KnownItem) -> bool:
    return item.updated_at is not None and (before.updated_at is None or item.updated_at > before.updated_at)
