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
from dataclasses import dataclass

import nh3

from aggregator.process import embeds, formulas, text
from aggregator.process.attributes import settle_attributes
from aggregator.process.measure import MAX_DEPTH, MAX_ELEMENTS, heavy, size
from aggregator.process.text import words

__all__ = ["Cleaned", "as_text", "clean", "cleaned", "heavy", "shows_something", "visible_text"]

# Of the cleaning rules: stored items of an older version are cleaned again, so it rises with every change
# that should reach them. `store.plan` has the same number.
RULES_VERSION = 3
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
# What is out of use, or of use to a whole page only, is said in words that readers know: without it a
# struck word would count again, and the words of two blocks would run together.
_SAID_AS = {
    **dict.fromkeys(words("center fieldset hgroup legend nav search"), "div"),
    **dict.fromkeys(words("dir menu"), "ul"),
    "acronym": "abbr",
    "strike": "s",
    "tt": "code",
}
_TO_SAY = re.compile(rf"<(/?)({'|'.join(sorted(_SAID_AS))})(?=[ >])")
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
_SHOWN = re.compile(r"<(?:img|video|audio|iframe)[ >]|>[^<\s&]")
# Only url_schemes is left to it: what an address becomes is decided in `attributes`.
_CLEANER = nh3.Cleaner(
    tags=set(_TAGS) | set(_SAID_AS),
    clean_content_tags=set(_DROPPED_WITH_CONTENT),
    attributes=_ATTRIBUTES,
    link_rel="noopener noreferrer",
    url_schemes={"http", "https", "mailto", "tel"},
)


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
    if "math" in html or "MATH" in html:
        html = formulas.as_text(html)
    measured = size(html)
    if measured.depth > MAX_DEPTH or measured.elements > MAX_ELEMENTS:
        return _as_text(html, "too deep")
    result = _once(embeds.without_noscript(html), base)
    for _ in range(_MAX_PASSES):
        if _has_grown(result, html):
            return _as_text(html, "too large")
        if _settled(result):
            return Cleaned(html=result)
        before, result = result, _once(result, base)
        if before == result:
            return Cleaned(html=result)
    return _as_text(html, "unstable")


def visible_text(html: str) -> str:
    """What a reader of ``html`` sees, as one folded and scrubbed line of plain text. Linear."""
    return text.fold(text.scrub(text.visible_text(html)))


def shows_something(html: str) -> bool:
    """Whether trusted ``html`` has text or media in it, or is only empty paragraphs."""
    return bool(_SHOWN.search(html) or text.visible_text(html))


def as_text(html: str) -> str:
    """The plain text of ``html`` as trusted HTML, without parsing it. Linear."""
    return _as_text(text.scrub(html), "").html


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


def _has_grown(result: str, html: str) -> bool:
    """Whether ``result`` is too large, in all or for what was made of ``html``. Mostly a look is enough."""
    most = 4 * len(result)  # octets
    if most <= _SMALL or (len(result) <= len(html) and most <= MAX_CLEAN_BYTES):
        return False
    limit = min(max(MAX_GROWTH * len(html.encode()), _SMALL), MAX_CLEAN_BYTES)
    return len(result) > limit or len(result.encode()) > limit


def _once(html: str, base: str | None) -> str:
    """One pass of the sanitiser and of what follows it. ``html`` is scrubbed."""
    result = _TO_SAY.sub(lambda tag: f"<{tag[1]}{_SAID_AS[tag[2]]}", _CLEANER.clean(html))
    if '="' in result:
        result = settle_attributes(result, base)
    if "&#" in html:  # only a reference can bring back what was scrubbed
        result = text.scrub(result)
    if "<img" in result or "<source" in result:
        result = embeds.settle_images(result)
    if "<iframe" in result:
        result = embeds.settle_frames(result)
    return result.strip()


_OUT_TAG = re.compile(r"<(/?[a-z0-9]+)")
_VOID = words("br hr img wbr")
_INLINE = words(
    "a abbr b bdi bdo cite code del dfn em i ins kbd mark q s samp small span strong sub sup time u var"
)
_LEAVES = words("p h1 h2 h3 h4 h5 h6 pre")  # blocks that may not hold another block
_BOXES = words("div blockquote figure figcaption section article aside header footer main address")
_LISTS = words("ul ol")
_SECTIONS = words("thead tbody tfoot")
_FLOWS = _BOXES | words("li dd dt td th") | {""}  # what holds blocks and text; "" is the whole
_TEXTS = _FLOWS | _LEAVES | _INLINE | _LISTS | {"dl"}
_MAY_STAND_IN: dict[str, frozenset[str]] = (
    dict.fromkeys(_INLINE | words("br img wbr"), _TEXTS)
    | dict.fromkeys(_BOXES | _LEAVES | _LISTS | words("dl table"), _FLOWS | _LISTS)
    | dict.fromkeys(_SECTIONS, words("table"))
    | {"hr": words("div section article") | {""}, "li": _LISTS, "tr": _SECTIONS}
    | {"dt": words("dl"), "dd": words("dl"), "td": words("tr"), "th": words("tr")}
)
_INSIDE = {name: frozenset("/" + one for one in outer) for name, outer in _MAY_STAND_IN.items()}
_NOWHERE: frozenset[str] = frozenset()
# Text right in a table goes in front of it; the first line end in preformatted text goes away.
_LOOSE = re.compile(
    r"<(?:table|/?(?:thead|tbody|tfoot|tr))(?: [^>]*)?>\s*[^<\s]|</t[dh]>\s*[^<\s]|<pre[^>]*>\n"
)


def _settled(result: str) -> bool:
    """Whether reading ``result`` again surely gives the same tree.

    True for the plain structures that nearly all markup has: no block inside a paragraph, heading or
    inline element, no link inside a link, list items and cells directly where they belong. Whatever
    else there is (ruby, media, frames) is answered False, which costs a second pass, no more.
    """
    stack = ["/"]
    end = "/"  # the end tag that is awaited, which tells what we are in
    tags = _OUT_TAG.findall(result)
    for tag in tags:
        if tag == end:
            stack.pop()
            end = stack[-1]
        elif end not in _INSIDE.get(tag, _NOWHERE) or (tag == "a" and "/a" in stack):
            return False
        elif tag not in _VOID:
            end = "/" + tag
            stack.append(end)
    if "table" in tags or "pre" in tags:
        return end == "/" and not _LOOSE.search(result)
    return end == "/"
