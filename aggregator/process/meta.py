"""What a source's document says of itself, made trustworthy: plain text and absolute addresses only."""

from __future__ import annotations

from collections.abc import Iterable

from aggregator.model.document import Document, Extension, Image
from aggregator.model.secrecy import discreet
from aggregator.model.source import SourceMeta
from aggregator.process import fields, text
from aggregator.process.links import absolute, without_tracking

MAX_DESCRIPTION = 2000
MAX_RIGHTS = 1000
MAX_AUTHORS = 20

_ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
_PODCAST = "https://podcastindex.org/namespace/1.0"
# A copy that said these would claim to be the upstream's feed, or send its subscribers there.
_UPSTREAM_ALONE = frozenset({(_ITUNES, "new-feed-url"), (_PODCAST, "guid"), (_PODCAST, "locked")})


def source_meta(document: Document, document_url: str | None, asked: str | None = None) -> SourceMeta:
    """The trusted self-description of ``document``, read from ``document_url`` when ``asked`` was asked for.

    What is missing or unusable is "" or None, as is an address that gives away a key of ours; nothing is
    invented.
    """
    link = absolute(document.link, document_url)
    image = document.image
    address = absolute(image.url, document_url) if image is not None else None
    names = (text.line(person.name or person.email, fields.MAX_NAME) for person in document.authors)
    meta = SourceMeta(
        title=text.shorten(fields.plain(document.title), fields.MAX_TITLE),
        link=without_tracking(link) if link else None,
        description=text.shorten(fields.plain(document.description), MAX_DESCRIPTION),
        language=fields.language(document.language),
        image=Image(
            url=address,
            title=text.line(image.title, fields.MAX_TITLE),
            link=absolute(image.link, document_url) or "",
        )
        if image is not None and address is not None
        else None,
        icon=absolute(document.icon, document_url),
        rights=text.line(document.rights or "", MAX_RIGHTS) or None,
        authors=tuple(dict.fromkeys(name for name in names if name))[:MAX_AUTHORS],
        extensions=fields.extensions(_ours_to_say(document.extensions)),
    )
    return discreet(meta, (asked, document_url))


def _ours_to_say(found: Iterable[Extension]) -> tuple[Extension, ...]:
    """What a feed of ours may say too. Apple takes each element of a channel once, categories apart;
    of several, the first."""
    kept: list[Extension] = []
    seen: set[str] = set()
    for extension in found:
        name = extension.name.lower()
        if (extension.namespace, name) in _UPSTREAM_ALONE:
            continue
        if extension.namespace == _ITUNES and name != "category":
            if name in seen:
                continue
            seen.add(name)
        kept.append(extension)
    return tuple(kept)
