"""What a document may hold. Whatever a stranger sends, what is taken over of it is small: each part of an
entry costs microseconds several times on its way to the store, and a document has room for a million.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeVar

from aggregator.model.document import Document, Drop, Entry, Extension
from aggregator.process import fields

MAX_ENTRIES = 2000  # a fetch; the rest is counted as dropped
NAMED_DROPS = 500  # told apart; the trail keeps fewer
SPARE = 4  # times as many parts are read as may be published, because doubles among them do not count
MAX_PARTS = {
    "tags": SPARE * fields.MAX_TAGS,
    "enclosures": SPARE * fields.MAX_ENCLOSURES,
    "links": SPARE * fields.MAX_LINKS,
    "authors": SPARE * fields.MAX_PEOPLE,
    "contributors": SPARE * fields.MAX_PEOPLE,
}
MAX_EXTENSIONS = SPARE * fields.MAX_ELEMENTS  # with those inside of others

T = TypeVar("T", Document, Entry)


def bounded(document: Document) -> Document:
    """``document`` with its newest entries, as many as are read, and each of the others counted; likewise
    with the first parts of each entry. Feeds stand newest first; one whose dates say the opposite is read
    from its end, or its news would never be seen."""
    return _with_few_parts(_with_few_entries(document))


def _with_few_entries(document: Document) -> Document:
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


def _with_few_parts(document: Document) -> Document:
    """``document`` with no more parts, in itself and in an entry, than are read. Where there were more is
    a drop."""
    drops: list[Drop] = []
    whole = _cut(document, "", drops)
    entries = tuple([_cut(entry, reference(entry), drops) for entry in document.entries])
    if not drops:
        return document
    return replace(whole, entries=entries, drops=_folded((*document.drops, *drops)))


def _cut(of: T, ref: str, drops: list[Drop]) -> T:
    kept: dict[str, Any] = {}
    over: dict[str, int] = {}
    for name, most in MAX_PARTS.items():
        parts = getattr(of, name, ())  # a document has no enclosures
        if len(parts) > most:
            kept[name], over[name] = parts[:most], len(parts) - most
    if of.extensions and (count := _count(of.extensions)) > MAX_EXTENSIONS:
        kept["extensions"] = _first(of.extensions, [MAX_EXTENSIONS])
        over["extensions"] = count - MAX_EXTENSIONS
    if not kept:
        return of
    drops += (
        Drop(stage="parse", reason=f"too-many-{name}", ref=ref, detail=f"{more} more")
        for name, more in over.items()
    )
    return replace(of, **kept)


def _count(elements: Sequence[Extension]) -> int:
    return len(elements) + sum([_count(one.children) for one in elements if one.children])


def _first(elements: Sequence[Extension], left: list[int]) -> tuple[Extension, ...]:
    """The first elements in document order, as many as are ``left``, which it takes them off."""
    kept: list[Extension] = []
    for one in elements:
        if left[0] <= 0:
            break
        left[0] -= 1
        kept.append(replace(one, children=_first(one.children, left)) if one.children else one)
    return tuple(kept)
