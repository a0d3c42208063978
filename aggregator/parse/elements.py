"""Names, scopes and addresses: what every XML format needs before it can be mapped.

Feeds spell namespaces in many ways (http or https, with and without a final slash, other letter
case, dead mirrors) and elements in any case and with any prefix. Here a tag becomes one short name,
``prefix:local`` in lower case with a prefix of ours, so that each format is a flat table of names.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from html.entities import html5
from typing import TypeVar, cast
from urllib.parse import urljoin

from lxml import etree

Element = etree._Element
T = TypeVar("T")

XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

# Our prefix -> the canonical URI, first, and then other spellings that occur. Letter case, http or
# https, a final "/" or "#" make no difference (see `_normal`).
_NAMESPACES: dict[str, tuple[str, ...]] = {
    "rss": (
        "http://purl.org/rss/1.0/",
        "http://my.netscape.com/rdf/simple/0.9/",
        "http://channel.netscape.com/rdf/simple/0.9/",
        "http://my.netscape.com/publish/formats/rss-0.91.dtd",
        "http://purl.org/net/rss1.1#",
        "http://purl.org/rss/1.1/",
        "http://purl.org/rss/2.0/",
        "http://backend.userland.com/rss",
        "http://backend.userland.com/rss2",
        "http://backend.userland.com/rss091",
        "http://backend.userland.com/rss092",
        "http://backend.userland.com/RSS20",
        "http://blogs.law.harvard.edu/tech/rss",
        "http://cyber.law.harvard.edu/rss",
    ),
    "atom": (
        "http://www.w3.org/2005/Atom",
        "http://purl.org/atom/ns#",
        "http://purl.org/net/atom#",
        "http://w3.org/2005/Atom",
    ),
    "rdf": ("http://www.w3.org/1999/02/22-rdf-syntax-ns#",),
    "xhtml": ("http://www.w3.org/1999/xhtml",),
    "content": ("http://purl.org/rss/1.0/modules/content/",),
    "dc": (
        "http://purl.org/dc/elements/1.1/",
        "http://purl.org/dc/elements/1.0/",
        "http://purl.org/rss/1.0/modules/dc/",
    ),
    "dcterms": ("http://purl.org/dc/terms/", "http://purl.org/rss/1.0/modules/dcterms/"),
    "sy": ("http://purl.org/rss/1.0/modules/syndication/",),
    "itunes": (
        "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "http://itunes.com/dtds/podcast-1.0.dtd",
        "http://www.itunes.com/dtds/podcast-1.0",
        "http://example.com/dtds/podcast-1.0.dtd",
    ),
    "podcast": (
        "https://podcastindex.org/namespace/1.0",
        "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md",
    ),
    "media": (
        "http://search.yahoo.com/mrss/",
        "http://search.yahoo.com/rss",
        "http://search.yahoo.com/searchmonkey/media/",
        "http://video.search.yahoo.com/mrss",
        "http://tools.search.yahoo.com/mrss/",
        "http://www.rssboard.org/media-rss",
    ),
    "georss": ("http://www.georss.org/georss", "http://www.georss.org/georss/10"),
    "geo": ("http://www.w3.org/2003/01/geo/wgs84_pos#",),
    "gml": ("http://www.opengis.net/gml", "http://www.opengis.net/gml/3.2"),
    "thr": ("http://purl.org/syndication/thread/1.0",),
    "slash": ("http://purl.org/rss/1.0/modules/slash/",),
    "wfw": ("http://wellformedweb.org/CommentAPI/",),
    "creativeCommons": (
        "http://backend.userland.com/creativeCommonsRssModule",
        "http://cyber.law.harvard.edu/rss/creativeCommonsRssModule.html",
    ),
    "cc": ("http://web.resource.org/cc/", "http://creativecommons.org/ns#"),
    "psc": ("http://podlove.org/simple-chapters", "http://podlove.de/simple-chapters"),
    "yt": ("http://www.youtube.com/xml/schemas/2015", "http://gdata.youtube.com/schemas/2007"),
    "googleplay": ("http://www.google.com/schemas/play-podcasts/1.0",),
    "prism": (
        "http://prismstandard.org/namespaces/basic/2.0/",
        "http://prismstandard.org/namespaces/1.2/basic/",
        "http://purl.org/rss/1.0/modules/prism/",
    ),
    "admin": ("http://webns.net/mvcb/",),
    "feedburner": ("http://rssnamespace.org/feedburner/ext/1.0",),
    "webfeeds": ("http://webfeeds.org/rss/1.0",),
    "yandex": ("http://news.yandex.ru",),
}

CANONICAL: dict[str, str] = {prefix: uris[0] for prefix, uris in _NAMESPACES.items()}


def _normal(uri: str) -> str:
    """A namespace URI without the differences that never mean anything."""
    uri = uri.strip().lower().rstrip("/#")
    return "http" + uri[5:] if uri.startswith("https:") else uri


_PREFIXES: dict[str, str] = {_normal(uri): prefix for prefix, uris in _NAMESPACES.items() for uri in uris}
_PREFIXES.update({f"urn:undeclared:{prefix}".lower(): prefix for prefix in _NAMESPACES})


def split_tag(tag: str) -> tuple[str, str]:
    """``{uri}local`` or ``local`` as (uri, local)."""
    if tag.startswith("{"):
        uri, _, local = tag[1:].rpartition("}")
        return uri, local
    return "", tag


class Names(dict[object, str]):
    """Tag, as lxml gives it, to short name; filled as tags are met.

    ``home`` is the prefix for elements without a namespace. ``adopted`` is a namespace URI that a
    document wrongly uses for its own elements: those in ``vocabulary`` belong to ``home`` as well.
    Comments and processing instructions, whose "tag" is a function, are named "". A namespace that
    is not known has the prefix "?".
    """

    _LIMIT = 4096  # the shared tables live as long as the process: no feed may make them grow for ever

    def __init__(self, home: str, adopted: str | None = None, vocabulary: Collection[str] = ()) -> None:
        super().__init__()
        self._home = home
        self._adopted = None if adopted is None else _normal(adopted)
        self._vocabulary = vocabulary

    def __missing__(self, tag: object) -> str:
        if not isinstance(tag, str):
            return ""
        uri, local = split_tag(tag)
        local = local.lower()
        key = _normal(uri)
        if not key or (key == self._adopted and local in self._vocabulary):
            prefix = self._home
        elif key.startswith("http://purl.org/atom/"):  # the drafts each had one of their own
            prefix = "atom"
        else:
            prefix = _PREFIXES.get(key, "?")
        if len(self) >= self._LIMIT:
            self.clear()
        name = self[tag] = f"{prefix}:{local}"
        return name


_SHARED: dict[str, Names] = {}


def names_for(root: Element, home: str, structure: Collection[str], vocabulary: Collection[str]) -> Names:
    """The names for one document. ``structure`` are the local names that show which namespace the
    document's own elements are in, should that be an unknown or a wrong one."""
    for element in (root, *root):
        if not isinstance(element.tag, str):
            continue
        uri, local = split_tag(element.tag)
        prefix = _PREFIXES.get(_normal(uri), "?") if uri else home
        if local.lower() in structure and prefix not in (home, "rdf"):
            return Names(home, uri, vocabulary)
    return _SHARED.setdefault(home, Names(home))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an element inherits: the absolute address that relative ones resolve against, and the
    language (``xml:base``, ``xml:lang``)."""

    base: str | None = None
    language: str | None = None

    def within(self, element: Element) -> Scope:
        """The scope inside ``element``: this one, unless it has attributes of its own."""
        if not element.keys():  # the rule, and asked often
            return self
        base, language = element.get(XML_BASE), element.get(XML_LANG)
        if base is None and language is None:
            return self
        return Scope(
            base=(absolute(base, self.base) or self.base) if base else self.base,
            language=self.language if language is None else language.strip() or None,
        )

    def at(self, element: Element) -> Scope:
        """The scope inside ``element`` where this is the scope outside the document's root."""
        scope = self
        for ancestor in (*reversed([*element.iterancestors()]), element):
            scope = scope.within(ancestor)
        return scope


_NO_BREAKS = str.maketrans("", "", "\t\r\n")


def absolute(href: str | None, base: str | None) -> str | None:
    """``href`` resolved against ``base`` (RFC 3986 section 5). None when empty or impossible; as it
    is when there is nothing to resolve it against."""
    if href is None or not (href := href.strip()):
        return None
    if not href.isprintable():
        href = href.translate(_NO_BREAKS)  # as every browser does with a broken line
    if base is None or is_http(href):
        return href
    try:
        return urljoin(base, href)
    except ValueError:  # such as "http://[": no address at all
        return None


def is_http(href: str | None) -> bool:
    """Whether an address is an absolute one of the web."""
    return href is not None and href[:8].lower().startswith(("http://", "https://"))


def outer_scope(url: str | None, link: str | None) -> Scope:
    """The scope outside the root: the document's own address or, where that is not on the web (a
    file), its site's ``link``."""
    if is_http(url):
        return Scope(base=url)
    return Scope(base=link if is_http(link) else None)


def own_text(element: Element) -> str | None:
    """All text inside ``element``, trimmed; None where there is none."""
    text = "".join(cast("list[str]", [*element.itertext()])) if len(element) else element.text
    return (text and text.strip()) or None


def attribute(element: Element, name: str) -> str | None:
    """An attribute by its lower-case name, however the document spells its case, trimmed. None when
    absent or blank. Namespaced attributes are found by their local name."""
    value = element.get(name)
    if value is None:
        for key in cast("list[str]", element.keys()):
            if key.rpartition("}")[2].lower() == name:
                value = element.get(key)
                break
    return (value and value.strip()) or None


MAX_ATTRIBUTES = 500


def pairs(element: Element) -> list[tuple[str, str]]:
    """Name and value of each attribute, of the first `MAX_ATTRIBUTES`: lxml looks up every value from the
    first attribute on, so that a tag of 1 MB would take it most of a minute."""
    names = cast("list[str]", element.keys())
    if len(names) <= MAX_ATTRIBUTES:
        return cast("list[tuple[str, str]]", element.items())
    return [(name, element.get(name) or "") for name in names[:MAX_ATTRIBUTES]]


def attributes(element: Element) -> dict[str, str]:
    """All attributes that are not blank, as `attribute` would find each: for readers of several."""
    found: dict[str, str] = {}
    for key, value in pairs(element):
        name = key.rpartition("}")[2].lower()
        if (value := value.strip()) and (key == name or name not in found):
            found[name] = value
    return found


def is_entity(name: str) -> bool:
    """Whether HTML knows the named entity ``name`` (without "&" and ";")."""
    return f"{name};" in html5


def offer(held: dict[str, tuple[int, T]], field: str, rank: int, value: T | None) -> None:
    """Keeps ``value`` for ``field`` unless one of a better (lower) or the same rank is held."""
    if value is not None and (field not in held or rank < held[field][0]):
        held[field] = (rank, value)


def best(held: dict[str, tuple[int, T]], field: str) -> T | None:
    """The value of the best rank that was offered for ``field``."""
    found = held.get(field)
    return None if found is None else found[1]
