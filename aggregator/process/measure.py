"""How costly markup would be to parse: counted beforehand, in linear time, without parsing it.

HTML parsers do not only read elements, they make them: every block after an unclosed ``<font>``
gets one of its own, so 100 KB can become hundreds of megabytes, and deep nesting is quadratic.
The estimate errs on the side of too much, but by less than one would notice in honest markup.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aggregator.process.text import words

MAX_DEPTH = 256
MAX_ELEMENTS = 50_000

_HEAVY_CHARACTERS = 200_000
_HEAVY_TAGS = 3_000
_HEAVY_ATTRIBUTES = 3_000
_HEAVY_REFERENCES = 10_000
_HEAVY_PICTURES = 50  # with a srcset: twenty addresses, each to be looked at
_HEAVY_DEPTH = 200
_FEW = 250  # so few tags, in so few characters, can be neither deep nor multiply
_SHORT = 50_000
# Word processors leave hundreds of elements in comments. What looks like a comment need not be one
# (in a style sheet, in an attribute), so they are only believed where little depends on it.
_STILL_FEW = 1000
_COMMENT_END = re.compile(r"--!?>")
_MAX_ATTRIBUTES = 2000  # of one tag: duplicates are searched for pair by pair

# The name may not hold "<", so that every character is looked at once.
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/<>]{0,20})([^<>]*)")
_VOID = words("area base br col embed hr img input link meta param source track wbr")
_CLOSED_BY_ITSELF = words("p li dt dd tr td th thead tbody tfoot colgroup option optgroup rt rp rb rtc")
_FORMATTING = words("a b big code em font i nobr s small strike strong tt u")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """``elements``: those written and those a parser would add. ``depth``: the deepest nesting."""

    elements: int
    depth: int


def size(html: str) -> Size:
    """Estimates `Size` of ``html``. Markup with few tags is not looked at: it cannot be large."""
    tags = html.count("<")
    if tags <= _FEW and len(html) <= _SHORT:
        return Size(elements=tags, depth=0)
    if tags <= _STILL_FEW and "<!--" in html:
        html = _without_comments(html)
    open_: dict[str, int] = {}
    elements = depth = deepest = formatting = added = 0
    for end, raw, rest in _TAG.findall(html):
        name = raw.lower()
        if end:
            if open_.get(name):
                open_[name] -= 1
                depth -= 1
                formatting -= name in _FORMATTING
            continue
        elements += 1
        if len(rest) > 2 * _MAX_ATTRIBUTES and rest.count("=") + rest.count(" ") > 2 * _MAX_ATTRIBUTES:
            elements += MAX_ELEMENTS
        if name in _VOID:
            continue
        if name in _FORMATTING:
            formatting += 1
        else:
            added += formatting  # a parser opens them anew inside of this element
        if name not in _CLOSED_BY_ITSELF:
            open_[name] = open_.get(name, 0) + 1
            depth += 1
            deepest = max(deepest, depth)
    return Size(elements=elements + max(0, added - elements), depth=deepest)


def _without_comments(html: str) -> str:
    """``html`` without its comments (HTML 13.2.5.43); the rest stays where one has no end."""
    kept: list[str] = []
    at = 0
    while (start := html.find("<!--", at)) >= 0:
        end = _COMMENT_END.search(html, start + 2)  # "<!-->" is a whole comment
        if end is None:
            break
        kept.append(html[at:start])
        at = end.end()
    kept.append(html[at:])
    return "".join(kept)


def heavy(html: str) -> bool:
    """Whether cleaning ``html`` may take long enough to belong into a worker that can be killed.

    True above 200 000 characters, 3000 tags or attributes, 10 000 references, 50 pictures in several sizes,
    a nesting of about 200, or when a parser would add more elements than there are.
    """
    tags = html.count("<")
    if tags > _HEAVY_PICTURES and html.lower().count("srcset") > _HEAVY_PICTURES:
        return True
    if tags <= _FEW and len(html) <= _SHORT:
        return False
    if len(html) > _HEAVY_CHARACTERS or tags > _HEAVY_TAGS:
        return True
    if html.count("=") > _HEAVY_ATTRIBUTES or html.count("&") > _HEAVY_REFERENCES:
        return True
    measured = size(html)
    return measured.depth > _HEAVY_DEPTH or measured.elements > _HEAVY_TAGS
