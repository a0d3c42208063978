"""Namespaced elements that an entry brought along, written on as they came, in Atom and in RSS.

Every namespace gets its customary prefix, declared once at the root and only when used: readers exist
that know "itunes:" by its prefix rather than by its namespace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from lxml import etree

from aggregator.model.document import Extension

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
MEDIA = "http://search.yahoo.com/mrss/"
XML = "http://www.w3.org/XML/1998/namespace"

_PREFIXES = {
    ATOM: "atom",
    CONTENT: "content",
    DC: "dc",
    ITUNES: "itunes",
    MEDIA: "media",
    "https://podcastindex.org/namespace/1.0": "podcast",
    "http://www.georss.org/georss": "georss",
    "http://www.opengis.net/gml": "gml",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "geo",
    "http://purl.org/syndication/thread/1.0": "thr",
    "http://purl.org/rss/1.0/modules/slash/": "slash",
    "http://wellformedweb.org/CommentAPI/": "wfw",
    "http://backend.userland.com/creativeCommonsRssModule": "creativeCommons",
    "http://podlove.org/simple-chapters": "psc",
    "http://www.youtube.com/xml/schemas/2015": "yt",
    "http://purl.org/dc/terms/": "dcterms",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
}

# Elements of these would pass for our own words (Atom's, RSS's content), or cannot be declared.
_OURS = frozenset({"", ATOM, CONTENT, XML, "http://www.w3.org/2000/xmlns/"})


def prefixes(namespaces: Iterable[str]) -> dict[str, str]:
    """Prefix to namespace for the document's root; unknown ones are ns0, ns1, ... in order of address.
    Namespaces that cannot be written are left out."""
    wanted = sorted({namespace for namespace in namespaces if _writable(namespace)})
    known = {_PREFIXES[namespace]: namespace for namespace in wanted if namespace in _PREFIXES}
    unknown = [namespace for namespace in wanted if namespace not in _PREFIXES]
    return dict(sorted(known.items())) | {f"ns{n}": namespace for n, namespace in enumerate(unknown)}


def namespaces_of(extensions: Iterable[Extension]) -> set[str]:
    """Every namespace, at any depth, that `write` will use for these."""
    return {used for extension in _ours_apart(extensions) for used in _within(extension)}


def write(parent: etree._Element, extensions: Iterable[Extension]) -> None:
    """Append `extensions` to `parent`. One that cannot be written is left out whole: half a
    ``media:group`` could say something else than the whole did."""
    for extension in _ours_apart(extensions):
        try:
            element = _element(extension)
        except (ValueError, TypeError):  # a name, address or character that XML does not have
            continue
        parent.append(element)


def _ours_apart(extensions: Iterable[Extension]) -> Iterator[Extension]:
    return (extension for extension in extensions if extension.namespace not in _OURS)


def _within(extension: Extension) -> Iterator[str]:
    yield extension.namespace
    for child in extension.children:
        yield from _within(child)


def _element(extension: Extension) -> etree._Element:
    element = etree.Element(f"{{{extension.namespace}}}{extension.name}")
    for name, value in extension.attributes:
        if name != "xmlns":  # lxml would write it as a declaration
            element.set(name, value)
    if extension.text:
        element.text = extension.text
    for child in extension.children:
        element.append(_element(child))
    return element


@lru_cache(maxsize=256)
def _writable(namespace: str) -> bool:
    if namespace in _PREFIXES:
        return True
    if namespace in _OURS:
        return False
    try:
        etree.Element(f"{{{namespace}}}x", nsmap={"x": namespace})
    except ValueError:
        return False
    return True
