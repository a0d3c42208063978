"""Declares the namespace prefixes that a document uses without having declared them."""

from __future__ import annotations

from aggregator.parse.scan import ATTRIBUTE, MARKUP, chunks

_NAMESPACES = {
    "admin": "http://webns.net/mvcb/",
    "app": "http://www.w3.org/2007/app",
    "atom": "http://www.w3.org/2005/Atom",
    "atom10": "http://www.w3.org/2005/Atom",
    "cc": "http://web.resource.org/cc/",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "fh": "http://purl.org/syndication/history/1.0",
    "gd": "http://schemas.google.com/g/2005",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "georss": "http://www.georss.org/georss",
    "gml": "http://www.opengis.net/gml",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "openSearch": "http://a9.com/-/spec/opensearch/1.1/",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "psc": "http://podlove.org/simple-chapters",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "source": "http://source.scripting.com/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "taxo": "http://purl.org/rss/1.0/modules/taxonomy/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "trackback": "http://madskills.com/public/xml/rss/module/trackback/",
    "webfeeds": "http://webfeeds.org/rss/1.0",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "xhtml": "http://www.w3.org/1999/xhtml",
    "xlink": "http://www.w3.org/1999/xlink",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "yt": "http://www.youtube.com/xml/schemas/2015",
}


def declare_prefixes(text: str) -> str:
    """``text``, which starts with its root's tag, with every used prefix declared there: under its
    usual address, or ``urn:undeclared:PREFIX``. Declarations further in keep their scope."""
    tag = MARKUP.match(text)
    if tag is None or tag[2] is None:
        return text
    own = {found[1] for found in ATTRIBUTE.finditer(tag[3])}
    missing = [prefix for prefix in _used(text) if f"xmlns:{prefix}" not in own]
    written = "".join(
        f' xmlns:{prefix}="{_NAMESPACES.get(prefix, f"urn:undeclared:{prefix}")}"' for prefix in missing
    )
    at = tag.end(2)
    return text[:at] + written + text[at:]


def _used(text: str) -> list[str]:
    names: dict[str, None] = {}
    for opener, start, end in chunks(text):
        if opener:
            continue
        for tag in MARKUP.finditer(text, start, end):
            if tag[2]:
                names[tag[2]] = None
                if ":" in tag[3]:
                    names.update((found[1], None) for found in ATTRIBUTE.finditer(tag[3]))
    prefixes = dict.fromkeys(name.partition(":")[0] for name in names if ":" in name)
    return [prefix for prefix in prefixes if prefix and prefix not in ("xml", "xmlns")]
