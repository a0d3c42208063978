"""The only maker of items: an entry of a stranger's goes in, an `Item` that keeps its promises comes out.

A bad field is dropped, never the item; an item is dropped only when there is nothing to read in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import TypeVar
from urllib.parse import unquote

from aggregator.model.document import Drop, Entry, FeedDate, Text
from aggregator.model.item import Item, KnownItem
from aggregator.model.secrecy import without_query
from aggregator.model.source import Clean
from aggregator.process import dates, fields, sanitize, text
from aggregator.process.digest import item_digest
from aggregator.process.furniture import without_furniture
from aggregator.process.links import absolute, without_tracking
from aggregator.process.publisher import RULE, name_of, publisher

MAX_GUID_BYTES = 1024
MAX_RIGHTS = 1000
TITLE_FROM_TEXT = 80
UNTITLED = "Untitled"
_SURELY_SMALL = 50_000

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmitContext:
    """What admitting needs to know besides the entry.

    ``timezone`` (IANA) is for dates that name no zone, ``language`` for entries that name none.
    ``first_seen_at`` overrides ``now`` as the time when a new entry was first seen. ``clean`` says what
    is taken out of texts before they are cleaned. ``publishers`` is the
    rule by which a publisher's name is found (`publisher.name_of`), ``publisher_aliases`` map normalised
    names to those to use instead; a plain dict, for a context crosses to other processes.
    """

    document_url: str | None
    home_url: str | None
    timezone: str | None
    language: str | None
    now: datetime
    first_seen_at: datetime | None = None
    clean: Clean | None = None
    publishers: tuple[str, ...] = RULE
    publisher_aliases: Mapping[str, str] = field(default_factory=dict)
    publisher_slugs: Mapping[str, str] = field(default_factory=dict)


def admit(
    entry: Entry,
    *,
    uid: str,
    context: AdmitContext,
    rank: int = 0,
    known: KnownItem | None = None,
    left_out: list[Drop] | None = None,
) -> Item | Drop:
    """The trusted item that ``entry`` becomes, or why there is none ("empty").

    ``rank`` is the entry's place in its document, for people to find it. For a ``known`` item, when
    and where it stands in feeds stays as it was. What is left out of an admitted item (reduced
    markup, tags and enclosures above the limits, dates) is appended to ``left_out``.
    """
    notes: list[tuple[str, str]] = []
    asked = context.document_url
    base = without_query(asked, asked) if asked else context.home_url
    link = _link(entry, base, asked)
    files = fields.enclosures(entry.enclosures, base)
    content, summary = _texts(entry, link or base, context, notes)
    title = _title(entry, content or summary, files[0].url if files else None, link)
    if title is None:
        return Drop(stage="admit", reason="empty", ref=_ref(entry), detail=f"entry {rank + 1}")

    published_at = _date(entry.published, context, notes)
    updated_at = _date(entry.updated, context, notes)
    tags = _at_most(fields.MAX_TAGS, fields.tags(entry.tags), "tags", notes)
    files = _at_most(fields.MAX_ENCLOSURES, files, "enclosures", notes)
    if len(files) < len(entry.enclosures) <= fields.MAX_ENCLOSURES:
        notes.append(("enclosure-address", ""))
    first_seen_at = known.first_seen_at if known else context.first_seen_at or context.now
    item = Item(
        uid=uid,
        guid=_guid(entry.guid),
        guid_is_permalink=bool(entry.guid_is_permalink),
        link=link,
        title=title,
        summary_html=summary,
        content_html=content,
        published_at=published_at,
        updated_at=updated_at,
        first_seen_at=first_seen_at,
        sorted_at=known.sorted_at if known else published_at or updated_at or first_seen_at,
        authors=fields.people(entry.authors, base),
        contributors=fields.people(entry.contributors, base),
        tags=tags,
        links=_at_most(fields.MAX_LINKS, fields.other_links(entry.links, base), "links", notes),
        comments=absolute(entry.comments, base),
        enclosures=files,
        image=fields.image(entry.image, base),
        source=fields.entry_source(entry.source, base),
        language=_language(entry, context),
        rights=text.line(entry.rights or "", MAX_RIGHTS) or None,
        extensions=fields.extensions(entry.extensions),
        publisher=publisher(
            name_of(entry, context.publishers),
            aliases=context.publisher_aliases,
            slugs=context.publisher_slugs,
        ),
    )
    if left_out is not None:
        ref = _ref(entry)
        left_out += (Drop(stage="admit", reason=reason, ref=ref, detail=detail) for reason, detail in notes)
    object.__setattr__(item, "digest", item_digest(item))  # nobody has it yet; `replace` would make another
    return item


def _at_most(limit: int, found: tuple[_T, ...], what: str, notes: list[tuple[str, str]]) -> tuple[_T, ...]:
    """The first ``limit``; that there were more is noted."""
    if len(found) > limit:
        notes.append((f"too-many-{what}", str(len(found) - limit)))
    return found[:limit]


def _date(found: FeedDate | None, context: AdmitContext, notes: list[tuple[str, str]]) -> datetime | None:
    """The date if it can be believed; noted if not."""
    at = dates.trusted(found, context.timezone, context.now)
    if found is not None and at is None:
        notes.append(("date", found.at.isoformat()))
    return at


def _link(entry: Entry, base: str | None, asked: str | None) -> str | None:
    """Where to read the entry: its link, a guid that is a permalink, or its comments. A key in the address
    that was ``asked`` is for nobody."""
    permalink = entry.guid if entry.guid_is_permalink else None
    found = absolute(entry.link, base) or absolute(permalink, None) or absolute(entry.comments, base)
    return without_tracking(without_query(found, asked)) if found else None


def _guid(guid: str | None) -> str | None:
    """The guid as the source wrote it, scrubbed; one above 1 KiB as its digest."""
    if not guid or not guid.strip():
        return None
    raw = guid.encode("utf-8", "surrogatepass")
    if len(raw) > MAX_GUID_BYTES:
        return f"blake2b:{blake2b(raw, digest_size=16).hexdigest()}"
    return text.scrub(guid).strip() or None


def _texts(
    entry: Entry, base: str | None, context: AdmitContext, notes: list[tuple[str, str]]
) -> tuple[str, str]:
    """(content, summary) as trusted HTML. One text alone, or the same text twice, is the content."""
    content = _html(entry.content, base, context, notes)
    summary = _html(entry.summary, base, context, notes)
    if not content:
        return summary, ""
    if summary and (summary == content or _same_text(summary, content)):
        return content, ""
    return content, summary


def _same_text(one: str, other: str) -> bool:
    """Whether two pieces of HTML read the same (and neither has pictures that the other lacks)."""
    if abs(len(one) - len(other)) > 1000 or one.count("<img") != other.count("<img"):
        return False
    return text.visible_text(one) == text.visible_text(other)


def _html(
    construct: Text | None, base: str | None, context: AdmitContext, notes: list[tuple[str, str]]
) -> str:
    """A text construct as trusted HTML; "" if nothing can be seen in it."""
    if construct is None or not construct.value.strip():
        return ""
    markup, at = construct.value, construct.base or base
    at = without_query(at, context.document_url) if at else None
    if construct.type == "text":
        markup, at = text.as_html(markup), None
        if len(markup) < _SURELY_SMALL:
            return markup  # made of nothing but escaped text: there is nothing to clean
    elif context.clean is not None:
        markup = without_furniture(markup, context.clean)
    cleaned = sanitize.cleaned(markup, at)
    if cleaned.note:
        notes.append(("markup-" + cleaned.note.replace(" ", "-"), ""))
    return cleaned.html if sanitize.shows_something(cleaned.html) else ""


def _title(entry: Entry, markup: str, file_url: str | None, link: str | None) -> str | None:
    """The title, or the best stand-in for it; None if the entry has nothing at all."""
    title = text.shorten(fields.plain(entry.title), fields.MAX_TITLE)
    if title:
        return title
    seen = sanitize.visible_text(markup[: 50 * TITLE_FROM_TEXT]) if markup else ""
    if seen:
        return text.shorten(seen, TITLE_FROM_TEXT)
    for address in (file_url, link):
        if address is not None:
            return text.line(_last_part(address), fields.MAX_TITLE) or UNTITLED
    return UNTITLED if markup else None


def _last_part(address: str) -> str:
    """The last part of an address's path, or its host, as people would read it."""
    path = address.partition("://")[2].partition("#")[0].partition("?")[0].rstrip("/")
    return unquote(path.rpartition("/")[2] or path, errors="replace")


def _language(entry: Entry, context: AdmitContext) -> str | None:
    texts = (entry.content, entry.title, entry.summary)
    named = (construct.language for construct in texts if construct is not None)
    return fields.language(entry.language, *named, context.language)


def _ref(entry: Entry) -> str:
    """How people recognise the entry."""
    return text.line(entry.guid or entry.link or fields.plain(entry.title), 200)
