"""Microsoft's Channel Definition Format (https://www.w3.org/TR/NOTE-CDFsubmit.html), older than RSS."""

from __future__ import annotations

from aggregator.errors import NotAFeed
from aggregator.model.document import Document, Drop, Entry
from aggregator.parse.draft import NATIVE, Draft, date_languages, empty
from aggregator.parse.elements import Element, Scope, absolute, attribute, names_for, offer, outer_scope
from aggregator.parse.extensions import MODULES, Handler, label, long_text, read_children
from aggregator.parse.people import person

_STRUCTURE = frozenset({"channel", "item"})


def _anchor(draft: Draft, element: Element, scope: Scope) -> None:
    offer(draft.words, "link", NATIVE + 1, absolute(attribute(element, "href"), scope.base))


def _logo(draft: Draft, element: Element, scope: Scope) -> None:
    href = absolute(attribute(element, "href"), scope.base)
    if (attribute(element, "style") or "").lower() == "icon":
        offer(draft.words, "icon", NATIVE, href)
    else:
        draft.image(NATIVE, href)


def _value(element: Element) -> str | None:
    return attribute(element, "value") or (element.text or "").strip() or None


def _author(draft: Draft, element: Element, scope: Scope) -> None:
    draft.person(NATIVE, person(_value(element)))


def _keyword(draft: Draft, element: Element, scope: Scope) -> None:
    draft.tag(_value(element))


HANDLERS: dict[str, Handler] = {
    **MODULES,
    "cdf:title": label("title", NATIVE),
    "cdf:abstract": long_text("summary", NATIVE),
    "cdf:a": _anchor,
    "cdf:logo": _logo,
    "cdf:author": _author,
    "cdf:keyword": _keyword,
}


def read(root: Element, url: str | None) -> Document:
    """A CDF channel; items of channels inside it are entries as well.

    ``url`` is the address the document came from. Raises NotAFeed if the root is no channel.
    """
    names = names_for(root, "cdf", _STRUCTURE, _STRUCTURE | {name[4:] for name in HANDLERS})
    if names[root.tag] != "cdf:channel":
        raise NotAFeed(f"the root element is {root.tag}, no CDF channel", format="cdf")
    scope = _scope(root, outer_scope(url, attribute(root, "base") or attribute(root, "href")))
    feed = Draft(names, date_languages(scope.language))
    _read(feed, root, scope)
    entries: list[Entry] = []
    drops: list[Drop] = []
    elements = [one for one in root.iter("{*}item", "{*}Item", "{*}ITEM") if names[one.tag] == "cdf:item"]
    for number, element in enumerate(elements, 1):
        here = scope
        for ancestor in (*reversed([*element.iterancestors()]), element):
            if ancestor is not root:
                here = _scope(ancestor, here)
        draft = Draft(names, feed.date_languages)
        _read(draft, element, here)
        entry = draft.entry(here)
        if entry is None:
            drops.append(empty("item", number))
        else:
            entries.append(entry)
    return feed.document("cdf", scope, tuple(entries), tuple(drops))


def _scope(element: Element, outer: Scope) -> Scope:
    """CDF has a BASE of its own beside ``xml:base``."""
    scope = outer.within(element)
    base = absolute(attribute(element, "base"), scope.base)
    return scope if base is None else Scope(base=base, language=scope.language)


def _read(draft: Draft, element: Element, scope: Scope) -> None:
    offer(draft.words, "link", NATIVE, absolute(attribute(element, "href"), scope.base))
    draft.date("updated", NATIVE, attribute(element, "lastmod"))
    read_children(draft, element, scope, HANDLERS)
