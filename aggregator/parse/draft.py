"""An entry or document while it is being read.

One thing is said in several vocabularies at once (``pubDate`` and ``dc:date``, ``description`` and
``content:encoded``). Readers offer what they meet, with a rank; the best (lowest) rank that could be
read wins, whatever the order of elements.
"""

from __future__ import annotations

from aggregator.model.document import (
    Document,
    Drop,
    Enclosure,
    Entry,
    EntrySource,
    Extension,
    FeedDate,
    Hints,
    Image,
    Link,
    Person,
    Tag,
    Text,
)
from aggregator.parse.dates import parse_date
from aggregator.parse.elements import Names, Scope, best, offer
from aggregator.parse.people import united

# Ranks, for every field: the format's own element, then Atom's, then the modules', then stand-ins.
NATIVE, ATOM, ATOM_OLD, DUBLIN_CORE, TERMS, MODULE, STAND_IN, LAST = range(8)

# Languages whose dates are worth a try where a document says that it is written in one of them.
_DATE_LANGUAGES = frozenset(
    "bg cs da de el es fi fr hr hu id it ja ko nl pl pt ro ru sk sl sv th tr uk vi".split()  # noqa: SIM905
)


class Draft:
    """Collects the fields of one entry, or of one document. ``names`` are the document's.

    ``words`` holds guid, link, comments, language, rights, icon, generator; ``texts`` title, summary,
    content, fallback (a text that counts only where there is no other); ``dates`` published, updated;
    ``images`` image.
    """

    __slots__ = (
        "authors",
        "contributors",
        "date_languages",
        "dates",
        "duration_s",
        "enclosures",
        "extensions",
        "frequency",
        "guid_is_permalink",
        "images",
        "links",
        "names",
        "period_s",
        "skip_days",
        "skip_hours",
        "source",
        "tags",
        "texts",
        "ttl_s",
        "words",
    )

    def __init__(self, names: Names, date_languages: tuple[str, ...] = ("zh", "en")) -> None:
        self.names = names
        self.date_languages = date_languages
        self.words: dict[str, tuple[int, str]] = {}
        self.texts: dict[str, tuple[int, Text]] = {}
        self.dates: dict[str, tuple[int, FeedDate]] = {}
        self.images: dict[str, tuple[int, Image]] = {}
        self.guid_is_permalink: bool | None = None
        self.links: dict[Link, None] = {}
        self.authors: list[tuple[int, Person]] = []
        self.contributors: list[tuple[int, Person]] = []
        self.tags: dict[tuple[str, str], Tag] = {}
        self.enclosures: dict[str, Enclosure] = {}
        self.duration_s: float | None = None
        self.source: EntrySource | None = None
        self.extensions: list[Extension] = []
        self.ttl_s: float | None = None
        self.period_s: float | None = None
        self.frequency: int | None = None
        self.skip_hours: set[int] = set()
        self.skip_days: set[int] = set()

    def date(self, field: str, rank: int, text: str | None) -> None:
        """Offers a date, if it can be read."""
        if text:
            offer(self.dates, field, rank, parse_date(text, languages=self.date_languages))

    def image(self, rank: int, url: str | None, *, title: str = "", link: str = "") -> None:
        """Offers a picture by its absolute address."""
        if url is not None:
            offer(self.images, "image", rank, Image(url=url, title=title, link=link))

    def link(self, rel: str, href: str | None, media_type: str = "", title: str = "", lang: str = "") -> None:
        """Adds another link, by its absolute address."""
        if href is not None:
            link = Link(rel=rel, href=href, media_type=media_type, title=title, language=lang)
            self.links[link] = None

    def person(self, rank: int, person: Person | None) -> None:
        """Adds an author. Authors of a worse rank count only where there is no better one."""
        if person is not None:
            self.authors.append((rank, person))

    def tag(self, term: str | None, scheme: str | None = None, label: str | None = None) -> None:
        """Adds a tag; the same term of the same scheme counts once."""
        if term:
            scheme = scheme or ""
            self.tags.setdefault((term, scheme), Tag(term=term, scheme=scheme, label=label or ""))

    def enclosure(
        self,
        url: str | None,
        media_type: str | None,
        length_bytes: int | None = None,
        duration_s: float | None = None,
        title: str = "",
    ) -> None:
        """Adds a media file by its absolute address. A second mention adds what the first left open."""
        if url is None:
            return
        known = self.enclosures.get(url)
        if known is not None:
            media_type = known.media_type or media_type
            length_bytes = known.length_bytes or length_bytes
            duration_s = known.duration_s if known.duration_s is not None else duration_s
            title = known.title or title
        self.enclosures[url] = Enclosure(
            url=url,
            media_type=media_type or "",
            length_bytes=length_bytes,
            duration_s=duration_s,
            title=title,
        )

    def entry(self, scope: Scope) -> Entry | None:
        """The finished entry; ``scope`` is the one inside its element. None where it holds nothing
        that could be shown: no guid, link, title, text or enclosure."""
        link = best(self.words, "link")
        guid = best(self.words, "guid")
        title, summary, content = (best(self.texts, field) for field in ("title", "summary", "content"))
        if summary is None and content is None:
            summary = best(self.texts, "fallback")
        if not (guid or link or title or summary or content or self.enclosures):
            return None
        offer(self.words, "language", LAST, scope.language)
        return Entry(
            guid=guid,
            guid_is_permalink=self.guid_is_permalink,
            link=link,
            links=self._other_links(link),
            comments=best(self.words, "comments"),
            title=title,
            summary=summary,
            content=content,
            published=best(self.dates, "published"),
            updated=best(self.dates, "updated"),
            authors=united(self.authors),
            contributors=united(self.contributors),
            tags=tuple(self.tags.values()),
            enclosures=self._timed_enclosures(),
            image=best(self.images, "image"),
            source=self.source,
            language=best(self.words, "language"),
            rights=best(self.words, "rights"),
            extensions=tuple(self.extensions),
        )

    def document(
        self, format: str, scope: Scope, entries: tuple[Entry, ...], drops: tuple[Drop, ...]
    ) -> Document:
        """The finished document; ``scope`` is the one inside its root or channel."""
        link = best(self.words, "link")
        offer(self.words, "language", LAST, scope.language)
        return Document(
            format=format,
            id=best(self.words, "guid"),
            title=best(self.texts, "title"),
            link=link,
            description=best(self.texts, "summary") or best(self.texts, "fallback"),
            language=best(self.words, "language"),
            published=best(self.dates, "published"),
            updated=best(self.dates, "updated"),
            authors=united(self.authors),
            contributors=united(self.contributors),
            tags=tuple(self.tags.values()),
            links=self._other_links(link),
            image=best(self.images, "image"),
            icon=best(self.words, "icon"),
            rights=best(self.words, "rights"),
            generator=best(self.words, "generator"),
            hints=self._hints(),
            extensions=tuple(self.extensions),
            entries=entries,
            drops=drops,
        )

    def _other_links(self, link: str | None) -> tuple[Link, ...]:
        return tuple(one for one in self.links if one.rel != "alternate" or one.href != link)

    def _timed_enclosures(self) -> tuple[Enclosure, ...]:
        """The enclosures; the entry's own duration is that of the first sound or film."""
        if self.duration_s is not None:
            for one in self.enclosures.values():
                if one.media_type.startswith(("audio/", "video/")):
                    if one.duration_s is None:
                        self.enclosure(one.url, None, duration_s=self.duration_s)
                    break
        return tuple(self.enclosures.values())

    def _hints(self) -> Hints:
        waits = [] if self.ttl_s is None else [self.ttl_s]
        if self.period_s is not None or self.frequency is not None:
            # The syndication module's defaults: once a day.
            waits.append((self.period_s or 86400.0) / (self.frequency or 1))
        return Hints(
            interval_s=max(waits, default=None),
            skip_hours=tuple(sorted(self.skip_hours)),
            skip_days=tuple(sorted(self.skip_days)),
        )


def date_languages(language: str | None) -> tuple[str, ...]:
    """The languages to try a document's dates in, given the one it says it is written in."""
    primary = (language or "").replace("_", "-").partition("-")[0].lower()
    return (primary, "zh", "en") if primary in _DATE_LANGUAGES else ("zh", "en")


def empty(element_name: str, number: int, ref: str = "") -> Drop:
    """The drop of an entry that holds nothing; ``number`` counts from 1 in document order."""
    return Drop(stage="parse", reason="empty", ref=ref[:200], detail=f"{element_name} {number} holds nothing")
