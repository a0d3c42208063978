"""A document's entries become changes to be stored: known or new, changed or not, admitted or dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from aggregator.crawl.bounds import reference
from aggregator.crawl.lanes import Lanes
from aggregator.crawl.reading import Read
from aggregator.crawl.seats import Seat, Seats
from aggregator.errors import ParseError
from aggregator.model.document import Document, Drop, Entry
from aggregator.model.item import Alias, Item, ItemChange, Known, KnownItem
from aggregator.model.source import Source
from aggregator.process import identity, raw
from aggregator.process.admit import AdmitContext, admit
from aggregator.process.links import absolute

Verdict = ItemChange | Drop | None  # to be stored, left out, or known already


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of a document's entries: changes + unchanged + drops = entries."""

    changes: tuple[ItemChange, ...]
    shared: tuple[Alias, ...]
    unchanged: int
    drops: tuple[Drop, ...]


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
    anew: bool = False  # what is known was read by other rules of the configuration


async def take(read: Read, rules: Rules, seats: Seats, seat: Seat, lanes: Lanes) -> Taken:
    """Resolve every entry, by the identities that it shows, against what is known, and clean only those
    that are new or changed.

    Entries whose markup could hold us up are cleaned in a killable worker, outside of everybody
    else's turn.
    """
    entries = read.document.entries
    async with seats.turn():
        resolved = identity.resolve(entries, rules.known, read.shown)
    found: list[Verdict] = []
    while len(found) < len(resolved.matches):
        async with seats.turn() as turn:
            for match in resolved.matches[len(found) :]:
                here = match.entry_index not in read.apart
                found.append(judge(entries[match.entry_index], match, rules) if here else None)
                if turn.is_over():
                    break
    for index in sorted(read.apart):
        found[index] = await _judge_apart(entries[index], resolved.matches[index], rules, lanes, seat)
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
    if _is_settled(entry, match, rules):
        return None
    return _change(entry, match, rules)


def _is_settled(entry: Entry, match: identity.Match, rules: Rules) -> bool:
    """Whether the entry is known and says nothing new, so that cleaning it would be work thrown away."""
    if match.item_id is None or match.new_aliases:
        return False
    before = rules.known.items[match.item_id]
    return before.pruned or (not rules.anew and before.entry_digest == identity.entry_digest(entry))


async def _judge_apart(
    entry: Entry, match: identity.Match, rules: Rules, lanes: Lanes, seat: Seat
) -> Verdict:
    before = {match.item_id: rules.known.items[match.item_id]} if match.item_id is not None else {}
    own = replace(rules, known=Known(aliases={}, items=before))  # of the others' there may be thousands
    try:
        return await lanes.run(seat, judge, entry, match, own)
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
        # What the operator's new rules change is no edit of a source's that edits without end.
        silent=before is not None and not rules.anew and not _says_updated(item, before),
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
