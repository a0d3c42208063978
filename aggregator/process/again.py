"""A stored item as today's rules would have it: cleaning once more what older rules let through.

An allow-list that became stricter takes effect on what is stored. What older rules dropped does not come
back: of an item whose text came from its article, only the cleaned text was kept.
"""

from __future__ import annotations

from dataclasses import replace

from aggregator.model.document import Entry, Text
from aggregator.model.item import Item
from aggregator.process.admit import UNTITLED, AdmitContext, admit
from aggregator.process.digest import item_digest
from aggregator.process.measure import heavy
from aggregator.process.sanitize import as_text


def is_heavy(item: Item) -> bool:
    """Whether cleaning the item may take long enough to belong into a worker that can be killed."""
    return heavy(item.content_html) or heavy(item.summary_html)


def cleaned_again(item: Item) -> Item:
    """``item``, admitted as if it were the entry of a stranger's. Identity, dates, place and publisher stay
    as they are. Where the rules have nothing against it, it is equal to ``item``."""
    entry = Entry(
        guid=item.guid,
        guid_is_permalink=item.guid_is_permalink,
        link=item.link,
        links=item.links,
        comments=item.comments,
        title=Text(type="text", value=item.title),
        summary=Text(type="html", value=item.summary_html),
        content=Text(type="html", value=item.content_html),
        authors=item.authors,
        contributors=item.contributors,
        tags=item.tags,
        enclosures=item.enclosures,
        image=item.image,
        source=item.source,
        language=item.language,
        rights=item.rights,
        extensions=item.extensions,
    )
    context = AdmitContext(
        document_url=None, home_url=None, timezone=None, language=None, now=item.first_seen_at
    )
    found = admit(entry, uid=item.uid, context=context)
    if not isinstance(found, Item):  # nothing was left but its place
        found = replace(item, title=UNTITLED, summary_html="", content_html="", link=None)
    found = replace(
        found,
        guid=item.guid,
        published_at=item.published_at,
        updated_at=item.updated_at,
        first_seen_at=item.first_seen_at,
        sorted_at=item.sorted_at,
        publisher=item.publisher,
    )
    return replace(found, digest=_digest(item, found))


def as_plain_text(item: Item) -> Item:
    """``item`` with the plain text of its texts instead of their markup, for markup that cannot be cleaned;
    the rest of it cleaned again. Takes no time to speak of."""
    plain = replace(item, content_html=as_text(item.content_html), summary_html=as_text(item.summary_html))
    return replace(cleaned_again(plain), digest=_digest(item, plain))


def _digest(before: Item, after: Item) -> bytes:
    """By which the next poll tells whether the item has changed. Where a text of an article was kept, the
    digest is that of the item as its entry alone would make it, and says nothing about the text."""
    return item_digest(after) if before.digest == item_digest(before) else before.digest
