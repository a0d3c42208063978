"""HTML from strangers, made harmless: an allow-list, absolute addresses, nothing that runs or spies.

nh3 parses and filters; what it cannot do (pictures behind "lazy loading" attributes, srcset, video
frames, counting pixels) is done on its output, which is canonical: names in lower case, values in
double quotes, ``<`` and ``>`` escaped everywhere else, so that a pattern per tag is exact there.

Cleaning is idempotent: a result is cleaned again until it stays, unless its structure alone shows
that reading it again gives the same tree (see `_settled`).

Links get ``rel="noopener noreferrer"``: the page opened can neither reach its opener nor learn which
reader its visitor uses. Not ``nofollow``: that is for strangers' comments, and the operator chose
these publishers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import nh3

from aggregator.process import embeds, links, text
from aggregator.process.measure import MAX_DEPTH, MAX_ELEMENTS, heavy, size
from aggregator.process.text import words

__all__ = ["Cleaned", "clean", "cleaned", "heavy", "shows_something", "visible_text"]

RULES_VERSION = 1  # of the cleaning rules: stored items of an older one may be cleaned again
MAX_CLEAN_BYTES = 512 * 1024
MAX_GROWTH = 4
_SMALL = 4 * 1024  # short markup may grow by more: one relative link becomes a long absolute one
_MAX_PASSES = 6

_TAGS = words(
    "a abbr address article aside audio b bdi bdo blockquote br caption cite code col colgroup dd del details"
    " dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i iframe img ins kbd li main mark"
    " ol p picture pre q rp rt ruby s samp section small source span strong sub summary sup table tbody td"
    " tfoot th thead time tr track u ul var video wbr"
)
_DROPPED_WITH_CONTENT = words(
    "script style template title textarea select noembed noframes xmp plaintext object applet embed"
)
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-actualsrc", "data-srcset", "data-lazy-srcset")
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"dir", "lang", "title"},
    "a": {"href", "hreflang", "type"},
    "audio": {"src", "controls", "loop", "muted", "preload"},
    "blockquote": {"cite"},
    "code": {"class"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "iframe": {"src", "data-src", "width", "height", "sandbox", "allowfullscreen", "loading"},
    "img": {"src", "srcset", "sizes", "alt", "width", "height", *_LAZY},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "pre": {"class"},
    "q": {"cite"},
    "source": {"src", "srcset", "sizes", "type", "media", "width", "height", "data-srcset"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope", "abbr"},
    "time": {"datetime"},
    "track": {"src", "kind", "srclang", "label", "default"},
    "video": {"src", "poster", "width", "height", "controls", "loop", "muted", "preload", "playsinline"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_ADDRESSES = words("src poster cite data-src data-original data-lazy-src data-actualsrc")
_SRCSETS = frozenset(("srcset", "data-srcset", "data-lazy-srcset"))
_LANGUAGE_CLASS = re.compile(r"(?:^|\s)(?:language|lang)-([\w+#.\-]{1,40})(?=\s|$)")
_SEPARATORS = re.compile(r"[\s,]*")
_ADDRESS = re.compile(r"\S+")
_DESCRIPTOR = re.compile(r"\s*([0-9.]+[wxh])?[^,]*")
_SHOWN = re.compile(r"<(?:img|video|audio|iframe)[ >]|>[^<\s&]")
_OPENS_OTHERWISE = re.compile(r"\s*(?:mailto|tel):", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """Trusted HTML. ``note`` is "" or why only the plain text was kept: "too deep", "too large",
    "unstable"."""

    html: str
    note: str = ""


def clean(html: str, base: str | None) -> str:
    """`cleaned` without its note."""
    return cleaned(html, base).html


def cleaned(html: str, base: str | None) -> Cleaned:
    """``html`` as allow-listed, balanced HTML with absolute addresses (resolved against ``base``).

    Relative addresses are dropped where ``base`` is None. Markup nested deeper than 256, of more
    than 50 000 elements (counting those that a browser would add), or growing beyond 512 KiB or four
    times its source is replaced by (the beginning of) its text, never by a broken tag.
    """
    html = text.scrub(html)
    if "<" not in html and "&" not in html:
        return (
            _as_text(html, "")
            if len(html) > MAX_CLEAN_BYTES // 8
            else Cleaned(html=text.escape(html.strip()))
        )
    measured = size(html)
    if measured.depth > MAX_DEPTH or measured.elements > MAX_ELEMENTS:
        return _as_text(html, "too deep")
    limit = min(max(MAX_GROWTH * len(html.encode()), _SMALL), MAX_CLEAN_BYTES)
    cleaner = _cleaner(base)
    result = _once(embeds.without_noscript(html), cleaner)
    for _ in range(_MAX_PASSES):
        if len(result) > limit or len(result.encode()) > limit:
            return _as_text(html, "too large")
        if _settled(result):
            return Cleaned(html=result)
        before, result = result, _once(result, cleaner)
        if before == result:
            return Cleaned(html=result)
    return _as_text(html, "unstable")


def visible_text(html: str) -> str:
    """What a reader of ``html`` sees, as one folded and scrubbed line of plain text. Linear."""
    return text.fold(text.scrub(text.visible_text(html)))


def shows_something(html: str) -> bool:
    """Whether trusted ``html`` has text or media in it, or is only empty paragraphs."""
    return bool(_SHOWN.search(html) or text.visible_text(html))


def _as_text(html: str, note: str) -> Cleaned:
    """The plain text of ``html`` as paragraphs, cut so that it stays within `MAX_CLEAN_BYTES`."""
    plain = text.shorten(text.lines_of(html), MAX_CLEAN_BYTES // 8)
    rows: list[str] = []
    left = MAX_CLEAN_BYTES - 64
    for row in plain.split("\n"):
        markup = f"<p>{text.escape(row)}</p>"
        left -= len(markup.encode())
        if left < 0:
            note = note or "too large"
            break
        rows.append(markup)
    return Cleaned(html="".join(rows), note=note)


def _once(html: str, cleaner: nh3.Cleaner) -> str:
    """One pass of the sanitiser and of what follows it."""
    result = text.scrub(cleaner.clean(html))
    if "<img" in result:
        result = embeds.settle_images(result)
    if "<iframe" in result:
        result = embeds.settle_frames(result)
    return result.strip()


@lru_cache(maxsize=64)
def _cleaner(base: str | None) -> nh3.Cleaner:
    """The sanitiser for one base address; making one costs about a quarter of a cleaning."""
    return nh3.Cleaner(
        tags=set(_TAGS),
        clean_content_tags=set(_DROPPED_WITH_CONTENT),
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute_filter(base),
        link_rel="noopener noreferrer",
        url_schemes=_SCHEMES,
    )


def _attribute_filter(base: str | None) -> Callable[[str, str, str], str | None]:
    """The rule for one attribute: its value to publish, or None to drop it."""

    def keep(element: str, name: str, value: str) -> str | None:
        if name == "href":
            if _OPENS_OTHERWISE.match(value):
                return value.strip()
            return links.absolute(value, base)
        if name in _ADDRESSES:
            return links.absolute(value, base)
        if name in _SRCSETS:
            return _srcset(value, base)
        if name == "class":
            found = _LANGUAGE_CLASS.search(value)
            return f"language-{found[1]}" if found else None
        return value

    return keep


def _srcset(value: str, base: str | None) -> str | None:
    """A srcset with every candidate absolute; None when no candidate is left (HTML 4.8.4.2.1)."""
    kept: list[str] = []
    at = 0
    while True:
        at = _end(_SEPARATORS, value, at)
        found = _ADDRESS.match(value, at)
        if found is None:
            break
        address, at = found[0].rstrip(","), found.end()
        descriptor = ""
        if address == found[0]:  # no comma at its end: a descriptor may follow
            follows = _DESCRIPTOR.match(value, at)
            if follows is not None:
                descriptor, at = follows[1] or "", follows.end()
        url = links.absolute(address, base)
        if url is not None:
            # A comma at either end of an address would be taken for a separator.
            url = url.replace(",", "%2C")
            kept.append(f"{url} {descriptor}" if descriptor else url)
    return ", ".join(kept) or None


def _end(pattern: re.Pattern[str], value: str, at: int) -> int:
    """Where ``pattern``, which also matches nothing, ends when it starts at ``at``."""
    found = pattern.match(value, at)
    return found.end() if found else at


_OUT_TAG = re.compile(r"<(/?)([a-z0-9]+)")
_VOID = frozenset(("br", "hr", "img", "wbr"))
_ANYWHERE = words(
    "abbr b bdi bdo cite code del dfn em i ins kbd mark q s samp small span strong sub sup time u var"
)
_BLOCKS = words(
    "p h1 h2 h3 h4 h5 h6 div ul ol blockquote figure figcaption section article aside header footer main"
    " address"
)
_LEAVES = words("p h1 h2 h3 h4 h5 h6")  # blocks that may not hold another block


def _settled(result: str) -> bool:
    """Whether reading ``result`` again surely gives the same tree.

    True for the plain structures that nearly all markup has: no block inside a paragraph, heading or
    inline element, no link inside a link, list items directly in lists. Whatever else there is
    (tables, preformatted text, ruby, media) is answered False, which costs a second pass, no more.
    """
    stack: list[str] = []
    for slash, name in _OUT_TAG.findall(result):
        if slash:
            if not stack or stack.pop() != name:
                return False
        elif name in _VOID:
            if name == "hr" and stack and stack[-1] not in ("div", "section", "article"):
                return False
        elif name in _ANYWHERE:
            stack.append(name)
        elif name == "a":
            if "a" in stack:
                return False
            stack.append(name)
        elif name == "li":
            if not stack or stack[-1] not in ("ul", "ol"):
                return False
            stack.append(name)
        elif name in _BLOCKS:
            if stack and (stack[-1] in _LEAVES or stack[-1] in _ANYWHERE or stack[-1] == "a"):
                return False
            stack.append(name)
        else:
            return False
    return not stack
