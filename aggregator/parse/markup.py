"""Text constructs: telling markup from text, and writing XML children as HTML.

XHTML inside a feed is part of the feed's own tree, with prefixes, ``<div/>`` and nested ``xml:base``;
a browser reads none of these in HTML. So it is written anew, as HTML that means the same.
"""

from __future__ import annotations

import html
import re

from aggregator.model.document import Text, TextType
from aggregator.parse.elements import Element, Names, Scope, absolute, is_entity, own_text, pairs, split_tag

_VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr".split()  # noqa: SIM905
)
_ADDRESSES = frozenset(["action", "cite", "data", "href", "longdesc", "poster", "src"])
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?/?>")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|([A-Za-z][A-Za-z0-9]{1,31}));")
_ANY_TAG = re.compile(r"<[!/?A-Za-z][^<>]*>")
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big blink center cite code del dfn div em font h1 h2 h3 h4 h5 h6 i ins "  # noqa: SIM905
    "kbd li mark nobr ol p q rp rt ruby s samp small span strike strong sub sup time tt u ul var".split()
)


def looks_like_markup(text: str) -> bool:
    """Whether a line of text that may be either is HTML: it holds an entity that HTML knows, a void
    element, or an inline element that is also closed. "A < B", "AT&T" and "the <b> tag" are text."""
    if "&" in text:
        for match in _REFERENCE.finditer(text):
            if match[1] is None or is_entity(match[1]):
                return True
    if "<" not in text:
        return False
    opened: set[str] = set()
    for match in _TAG.finditer(text):
        closing, name = match[1], match[2].lower()
        if name in ("br", "img", "wbr", "hr") or (closing and name in opened):
            return True
        if not closing and name in _INLINE:
            opened.add(name)
    return False


def plain(text: Text | None) -> str | None:
    """The words of a short text (rights, a source's title): tags removed, entities resolved."""
    if text is None:
        return None
    value = text.value
    if text.type != "text":
        value = html.unescape(_ANY_TAG.sub("", value))
    return value.strip() or None


def plain_words(value: str | None) -> str | None:
    """The same for a string of which nobody says whether it is HTML."""
    if value is None or not looks_like_markup(value):
        return value
    return html.unescape(_ANY_TAG.sub("", value)).strip() or None


def text_or_html(element: Element, scope: Scope, names: Names) -> Text | None:
    """A short construct whose format does not say what it is, such as RSS's title: "html" only if
    it looks like it."""
    if len(element):
        return inner(element, scope, names)
    value = own_text(element)
    if value is None:
        return None
    scope = scope.within(element)
    kind: TextType = "html" if looks_like_markup(value) else "text"
    return Text(value=value, type=kind, base=scope.base, language=scope.language)


def html_of(element: Element, scope: Scope, names: Names) -> Text | None:
    """A long construct that is HTML by its format's rules: escaped (the rule), as elements, or as a
    mixture of the two."""
    if len(element):
        return inner(element, scope, names, mixed=True)
    value = own_text(element)
    if value is None:
        return None
    scope = scope.within(element)
    return Text(value=value, type="html", base=scope.base, language=scope.language)


def plain_of(element: Element, scope: Scope) -> Text | None:
    """A construct that is plain text, line breaks kept."""
    value = own_text(element)
    if value is None:
        return None
    scope = scope.within(element)
    return Text(value=value, base=scope.base, language=scope.language)


def inner(element: Element, scope: Scope, names: Names, *, mixed: bool = False) -> Text | None:
    """The children of ``element`` as HTML, type "xhtml". Relative addresses stay so, except under
    an ``xml:base`` of an inner element, which the markup cannot carry. Feed items that broken nesting
    put here are left out: they are entries of their own. With ``mixed``, text beside the outermost
    elements is markup that somebody escaped, if it looks like it."""
    scope = scope.within(element)
    parts: list[str] = []
    _children(element, scope, scope.base, names, parts, mixed)
    value = "".join(parts).strip()
    if not value:
        return None
    return Text(value=value, type="xhtml", base=scope.base, language=scope.language)


def _children(
    element: Element, scope: Scope, base: str | None, names: Names, parts: list[str], mixed: bool = False
) -> None:
    if element.text:
        parts.append(_characters(element.text, mixed))
    for child in element:
        name = names[child.tag]
        if name and name not in ("rss:item", "atom:entry"):
            _element(child, name, scope.within(child), base, names, parts)
        if child.tail:
            parts.append(_characters(child.tail, mixed))


def _characters(text: str, mixed: bool) -> str:
    return text if mixed and looks_like_markup(text) else html.escape(text, quote=False)


def _element(
    element: Element, name: str, scope: Scope, base: str | None, names: Names, parts: list[str]
) -> None:
    local = name.partition(":")[2]
    parts.append(f"<{local}")
    for key, value in pairs(element):
        uri, attribute = split_tag(key)
        if uri:
            if not key.endswith("}lang") or element.get("lang") is not None:
                continue  # xml:base is applied below; others mean nothing in HTML
        elif scope.base != base and attribute.lower() in _ADDRESSES:
            value = absolute(value, scope.base) or value
        parts.append(f' {attribute}="{html.escape(value)}"')
    parts.append(">")
    if local in _VOID and not len(element) and not element.text:
        return
    _children(element, scope, base, names, parts)
    parts.append(f"</{local}>")
