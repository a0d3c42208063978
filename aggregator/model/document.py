"""What a parsed document says: untrusted, uncleaned, but complete.

A parser turns bytes into one `Document`. Nothing here is sanitised; the only liberty taken is that
addresses are resolved against ``xml:base`` and the document's own address, because that context is
lost afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from aggregator.model.pickles import quickly_pickled

TextType = Literal["text", "html", "xhtml"]


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text construct (RFC 4287 section 3.1).

    ``value`` is plain text for "text"; markup for "html"; the serialised *children* of the div,
    without namespace prefixes, for "xhtml". ``base`` is the absolute address that relative links in
    the markup resolve against. ``language`` is the ``xml:lang`` in force.
    """

    value: str
    type: TextType = "text"
    base: str | None = None
    language: str | None = None


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDate:
    """A date as found. ``at`` is aware UTC; where the text named no zone, ``zone_known`` is False
    and ``at`` holds the wall clock labelled UTC, for `process` to move to the right zone."""

    at: datetime
    zone_known: bool = True


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An author. At least one field is non-empty. ``avatar`` is an address (JSON Feed)."""

    name: str = ""
    url: str = ""
    email: str = ""
    avatar: str = ""


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A label that the document gives an entry (its own "category"). ``scheme`` is a vocabulary address."""

    term: str
    scheme: str = ""
    label: str = ""


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Another link of an entry or document: related, via, replies, license, next, hub, self, ..."""

    rel: str
    href: str
    media_type: str = ""
    title: str = ""
    language: str = ""


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A media file. ``length_bytes`` and ``duration_s`` are None when not stated or not a number."""

    url: str
    media_type: str = ""
    length_bytes: int | None = None
    duration_s: float | None = None
    title: str = ""


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture that stands for a document or an entry."""

    url: str
    title: str = ""
    link: str = ""


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySource:
    """Where an entry came from originally (RSS ``source``, ``atom:source``)."""

    title: str = ""
    url: str = ""
    link: str = ""
    id: str = ""


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A namespaced element kept to be passed on. ``namespace`` is the canonical URI, ``name`` the
    local name, ``attributes`` sorted (name, value) pairs without namespaced attributes."""

    namespace: str
    name: str
    attributes: tuple[tuple[str, str], ...] = ()
    text: str = ""
    children: tuple[Extension, ...] = ()


def extensions(found: Iterable[Mapping[str, Any]]) -> tuple[Extension, ...]:
    """Elements as JSON has them (objects with an `Extension`'s fields), made whole again."""
    return tuple(
        Extension(
            namespace=one["namespace"],
            name=one["name"],
            attributes=tuple((name, value) for name, value in one["attributes"]),
            text=one["text"],
            children=extensions(one["children"]),
        )
        for one in found
    )


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item or entry of a document. Every field is optional; nothing is cleaned.

    ``guid`` is the upstream identifier exactly as written (white space trimmed);
    ``guid_is_permalink`` is RSS's flag, None where the format has none. ``link`` is the alternate.
    ``publisher`` is the name of who published it, where a page or an API names one; ``article`` the
    address of the whole text, where that is not the link.
    """

    guid: str | None = None
    guid_is_permalink: bool | None = None
    link: str | None = None
    links: tuple[Link, ...] = ()
    comments: str | None = None
    title: Text | None = None
    summary: Text | None = None
    content: Text | None = None
    published: FeedDate | None = None
    updated: FeedDate | None = None
    authors: tuple[Person, ...] = ()
    contributors: tuple[Person, ...] = ()
    tags: tuple[Tag, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    image: Image | None = None
    source: EntrySource | None = None
    language: str | None = None
    rights: str | None = None
    extensions: tuple[Extension, ...] = ()
    publisher: str | None = None
    article: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a document says about how often to look again."""

    interval_s: float | None = None  # RSS ttl, or sy:updatePeriod / sy:updateFrequency
    skip_hours: tuple[int, ...] = ()  # 0..23, GMT
    skip_days: tuple[int, ...] = ()  # Monday 0 .. Sunday 6, GMT


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Something that was left out: ``stage`` (parse, admit), a short stable ``reason`` for counting,
    ``ref`` to recognise it by (a guid, link or title, at most 200 characters), ``detail`` for people. Of very
    many, the last ones are one: ``count`` says for how many it stands."""

    stage: str
    reason: str
    ref: str = ""
    detail: str = ""
    count: int = 1


def counted(drops: Iterable[Drop]) -> int:
    """How many things were left out."""
    return sum(drop.count for drop in drops)


@quickly_pickled
@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A whole parsed document.

    ``format`` is one of rss0.90, rss0.91, rss0.92, rss1.0, rss2.0, atom0.3, atom1.0, cdf, json1.0,
    json1.1, page, api. ``tier`` tells how hard it was: "strict", "repaired" or "salvaged".
    ``cut_off``: its end is missing, so that there may be entries that it does not show.
    """

    format: str
    tier: str = "strict"
    encoding: str = ""
    id: str | None = None
    title: Text | None = None
    link: str | None = None
    description: Text | None = None
    language: str | None = None
    published: FeedDate | None = None
    updated: FeedDate | None = None
    authors: tuple[Person, ...] = ()
    contributors: tuple[Person, ...] = ()
    tags: tuple[Tag, ...] = ()
    links: tuple[Link, ...] = ()
    image: Image | None = None
    icon: str | None = None
    rights: str | None = None
    generator: str | None = None
    hints: Hints = Hints()
    extensions: tuple[Extension, ...] = ()
    entries: tuple[Entry, ...] = ()
    drops: tuple[Drop, ...] = ()
    cut_off: bool = False
