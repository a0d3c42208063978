"""Modules: the namespaces that any XML format may mix in.

Those with a meaning of ours (Dublin Core, syndication, parts of iTunes) are mapped; those that a
republisher should pass on are kept as `Extension` trees, under one canonical URI each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aggregator.model.document import Extension, Person
from aggregator.parse import media
from aggregator.parse.draft import (
    ATOM,
    DUBLIN_CORE,
    LAST,
    MODULE,
    STAND_IN,
    TERMS,
    Draft,
)
from aggregator.parse.elements import (
    CANONICAL,
    Element,
    Scope,
    absolute,
    attribute,
    offer,
    own_text,
    pairs,
    split_tag,
)
from aggregator.parse.markup import html_of, plain_of, plain_words, text_or_html
from aggregator.parse.numbers import duration, whole
from aggregator.parse.people import person, person_element

Handler = Callable[[Draft, Element, Scope], None]

KEPT = frozenset(
    "creativeCommons dc dcterms geo georss gml googleplay itunes media podcast prism psc slash thr "  # noqa: SIM905
    "wfw yt".split()
)
# Passing these on would send our subscribers elsewhere, or claim to be the upstream feed.
_NOT_KEPT = frozenset({"itunes:new-feed-url"})
_ADDRESSES = frozenset({"url", "href", "src", "img"})
_PERIODS = {
    "hourly": 3600.0,
    "daily": 86400.0,
    "weekly": 604800.0,
    "monthly": 2592000.0,
    "yearly": 31536000.0,
}


def read_children(draft: Draft, element: Element, scope: Scope, handlers: Mapping[str, Handler]) -> None:
    """Reads every child of ``element`` into ``draft``: by its handler, or as an extension, or not."""
    names = draft.names
    for child in element:
        name = names[child.tag]
        handler = handlers.get(name)
        if handler is not None:
            handler(draft, child, scope)
        else:
            keep(draft, child, scope)


def keep(draft: Draft, element: Element, scope: Scope) -> None:
    """Keeps ``element`` to be passed on, if its namespace is one of those."""
    name = draft.names[element.tag]
    if name.partition(":")[0] in KEPT and name not in _NOT_KEPT:
        draft.extensions.append(_tree(draft, element, scope))


def _tree(draft: Draft, element: Element, scope: Scope) -> Extension:
    tag = element.tag
    scope = scope.within(element)
    uri, local = split_tag(tag)
    children = tuple(_tree(draft, child, scope) for child in element if isinstance(child.tag, str))
    return Extension(
        namespace=uri and CANONICAL.get(draft.names[tag].partition(":")[0], uri),
        name=local,
        attributes=tuple(sorted(_attributes(element, scope))),
        text=(element.text or "").strip(),
        children=children,
    )


def _attributes(element: Element, scope: Scope) -> list[tuple[str, str]]:
    """Attributes without a namespace; addresses made absolute, since the base is lost afterwards."""
    return [
        (key, (absolute(value, scope.base) or value) if key in _ADDRESSES else value)
        for key, value in pairs(element)
        if not key.startswith("{")
    ]


def _and_kept(handler: Handler) -> Handler:
    """A handler for what is both mapped and passed on."""

    def both(draft: Draft, element: Element, scope: Scope) -> None:
        handler(draft, element, scope)
        keep(draft, element, scope)

    return both


def date(field: str, rank: int) -> Handler:
    """A handler for a date."""

    def read(draft: Draft, element: Element, scope: Scope) -> None:
        draft.date(field, rank, own_text(element))

    return read


def word(field: str, rank: int) -> Handler:
    """A handler for a short plain field."""

    def read(draft: Draft, element: Element, scope: Scope) -> None:
        offer(draft.words, field, rank, plain_words(own_text(element)))

    return read


def address(field: str, rank: int) -> Handler:
    """A handler for an address that is an element's text."""

    def read(draft: Draft, element: Element, scope: Scope) -> None:
        offer(draft.words, field, rank, absolute(own_text(element), scope.within(element).base))

    return read


def label(field: str, rank: int) -> Handler:
    """A handler for a short text of unknown kind."""

    def read(draft: Draft, element: Element, scope: Scope) -> None:
        offer(draft.texts, field, rank, text_or_html(element, scope, draft.names))

    return read


def long_text(field: str, rank: int) -> Handler:
    """A handler for HTML."""

    def read(draft: Draft, element: Element, scope: Scope) -> None:
        offer(draft.texts, field, rank, html_of(element, scope, draft.names))

    return read


def author(rank: int) -> Handler:
    """A handler for an author, in whatever form."""

    def read(draft: Draft, element: Element, scope: Scope) -> None:
        draft.person(rank, person_element(element, scope, draft.names))

    return read


def _creator(draft: Draft, element: Element, scope: Scope) -> None:
    draft.person(ATOM, person(own_text(element)))


def _contributor(draft: Draft, element: Element, scope: Scope) -> None:
    found = person(own_text(element))
    if found is not None:
        draft.contributors.append((ATOM, found))


def _subject(draft: Draft, element: Element, scope: Scope) -> None:
    draft.tag(own_text(element))


def _licence(draft: Draft, element: Element, scope: Scope) -> None:
    href = attribute(element, "resource") or own_text(element)
    draft.link("license", absolute(href, scope.within(element).base))


def _generator_agent(draft: Draft, element: Element, scope: Scope) -> None:
    offer(draft.words, "generator", MODULE, attribute(element, "resource") or own_text(element))


def _itunes_duration(draft: Draft, element: Element, scope: Scope) -> None:
    if draft.duration_s is None:
        draft.duration_s = duration(own_text(element))


def _itunes_image(draft: Draft, element: Element, scope: Scope) -> None:
    href = attribute(element, "href") or attribute(element, "url") or own_text(element)
    draft.image(MODULE, absolute(href, scope.within(element).base))


def _itunes_author(draft: Draft, element: Element, scope: Scope) -> None:
    name = own_text(element)
    if name is not None:
        draft.person(STAND_IN, Person(name=name))


def _plain_fallback(rank: int) -> Handler:
    def read(draft: Draft, element: Element, scope: Scope) -> None:
        offer(draft.texts, "fallback", rank, plain_of(element, scope))

    return read


def _original_link(draft: Draft, element: Element, scope: Scope) -> None:
    draft.link("canonical", absolute(own_text(element), scope.within(element).base))


def _period(draft: Draft, element: Element, scope: Scope) -> None:
    draft.period_s = _PERIODS.get((own_text(element) or "").lower(), draft.period_s)


def _frequency(draft: Draft, element: Element, scope: Scope) -> None:
    draft.frequency = whole(own_text(element)) or draft.frequency


MODULES: dict[str, Handler] = {
    "dc:title": label("title", DUBLIN_CORE),
    "dc:creator": _creator,
    "dc:author": _creator,
    "dc:contributor": _contributor,
    "dc:subject": _subject,
    "dc:date": date("published", DUBLIN_CORE),
    "dc:language": word("language", DUBLIN_CORE),
    "dc:rights": word("rights", DUBLIN_CORE),
    "dc:description": long_text("summary", DUBLIN_CORE),
    "dcterms:created": date("published", MODULE),
    "dcterms:issued": date("published", TERMS),
    "dcterms:modified": date("updated", TERMS),
    "dcterms:abstract": long_text("summary", TERMS),
    "content:encoded": long_text("content", 0),
    "xhtml:body": long_text("content", DUBLIN_CORE),
    "xhtml:div": long_text("content", DUBLIN_CORE),
    "yandex:full-text": long_text("content", MODULE),
    "?:fullitem": long_text("content", MODULE),
    "cc:license": _licence,
    "admin:generatoragent": _generator_agent,
    "feedburner:origlink": _original_link,
    "webfeeds:icon": address("icon", MODULE),
    "sy:updateperiod": _period,
    "sy:updatefrequency": _frequency,
    "itunes:title": _and_kept(label("title", LAST)),
    "itunes:author": _and_kept(_itunes_author),
    "itunes:image": _and_kept(_itunes_image),
    "itunes:duration": _and_kept(_itunes_duration),
    "itunes:summary": _and_kept(_plain_fallback(0)),
    "itunes:subtitle": _and_kept(_plain_fallback(1)),
    "googleplay:image": _and_kept(_itunes_image),
    "media:content": _and_kept(media.content),
    "media:group": _and_kept(media.group),
    "media:thumbnail": _and_kept(media.thumbnail),
    "media:title": _and_kept(media.title),
    "media:description": _and_kept(media.description),
}
