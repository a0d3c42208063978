"""Plain text: what may stand in it, how markup becomes it, and how it is cut and shown as HTML.

Every function is linear in its input, because all of them run on whatever a stranger sent.
"""

from __future__ import annotations

import html
import re
import unicodedata

# XML 1.0 section 2.2 forbids most C0 controls and surrogates. Noncharacters and C1 controls are
# "discouraged" there, and some readers refuse the whole document for one of them.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane << 16 | 0xFFFE) + chr(plane << 16 | 0xFFFF) for plane in range(1, 17))
    + "]"
)
# The same in UTF-8, for a look at bytes that is thirty times quicker than the set above.
_CONTROLS = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0D, 0x20), 0x7F])
_C1 = re.compile(rb"\xc2[\x80-\x84\x86-\x9f]")
_NONCHARACTER = re.compile(rb"\xef\xb7[\x90-\xaf]")
_PLANE_END = re.compile(rb"\xbf[\xbe\xbf]")
_CARRIAGE_RETURN = re.compile("\r\n?")
_BREAKS = {0x0B: " ", 0x0C: " "}

# No piece may cross a "<", so that a document of nothing but "<a" costs one pass. A ">" inside
# quotes is rare; it is blunted beforehand, so that these two stay simple and quick.
_QUOTED_END = re.compile(r"""="[^"<>]*>[^"<]*"|='[^'<>]*>[^'<]*'""")
_TAG_REST = r"[^<>]*>"
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|bdo|big|cite|code|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|tt|u"
    r"|var|wbr)(?=[\s/>])" + _TAG_REST,
    re.IGNORECASE,
)
_ANY_TAG = re.compile(r"<[a-zA-Z/!?]" + _TAG_REST)
_UNSEEN = re.compile(r"<!--|<(script|style|template|noscript|title|textarea)(?=[\s/>])", re.IGNORECASE)
_COMBINING = ("Mn", "Me", "Mc")
_JOINERS = "\u200d\ufe0e\ufe0f"


def words(text: str) -> frozenset[str]:
    """The set of the words in ``text``: long tables of names read better without quotes."""
    return frozenset(text.split())


def scrub(text: str) -> str:
    """``text`` without the characters that XML 1.0 forbids, surrogates, noncharacters and controls.

    A carriage return becomes a line feed, as any XML parser would read it; a vertical tab and a form
    feed, which part words in what word processors wrote, become spaces.
    """
    if text.isprintable() or _is_clean(text):  # what is printable is none of these; the quickest look
        return text
    if "\x0b" in text or "\x0c" in text:
        text = text.translate(_BREAKS)
    if "\r" in text:
        text = _CARRIAGE_RETURN.sub("\n", text)
    return _FORBIDDEN.sub("", text)


def _is_clean(text: str) -> bool:
    """Whether there is surely nothing to scrub."""
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        return False
    if len(raw.translate(None, _CONTROLS)) != len(raw):
        return False
    return len(raw) == len(text) or not (
        _C1.search(raw) or _NONCHARACTER.search(raw) or _PLANE_END.search(raw)
    )


def fold(text: str) -> str:
    """``text`` with every run of white space as one space, and none at its ends."""
    return " ".join(text.split())


def line(text: str, limit: int) -> str:
    """One scrubbed and folded line of at most ``limit`` characters."""
    return shorten(fold(scrub(text)), limit) if text else ""


def shorten(text: str, limit: int) -> str:
    """``text``, or its beginning and an ellipsis: at most ``limit`` characters (at least 1) in all.

    Cut at a space where one stands in the last third; never inside a combined character.
    """
    if len(text) <= limit:
        return text
    end = limit - 1
    space = text.rfind(" ", 0, end + 1)
    if space > end * 2 // 3:
        end = space
    while end > 1 and (
        text[end] in _JOINERS or text[end - 1] == "\u200d" or unicodedata.category(text[end]) in _COMBINING
    ):
        end -= 1
    return text[:end].rstrip() + "…"


def visible_text(markup: str) -> str:
    """What a reader of ``markup`` (HTML) sees, roughly: folded, entities decoded once, not scrubbed.

    Linear and tolerant, not a parser: for titles, identity and comparing, never for security.
    """
    if "<" in markup:
        markup = _without_tags(markup, " ")
    if "&" in markup:
        markup = html.unescape(markup)
    return " ".join(markup.split())


def rough_text(markup: str) -> str:
    """As `visible_text`, four times as quick and less careful: for telling entries apart."""
    if "<" in markup:
        markup = _ANY_TAG.sub(" ", markup)
    if "&" in markup:
        markup = html.unescape(markup)
    return " ".join(markup.split())


def lines_of(markup: str) -> str:
    """As `visible_text`, but each block on a line of its own: what is left where HTML is refused."""
    text = _without_tags(markup, "\n")
    folded = (fold(part) for part in html.unescape(text).splitlines())
    return "\n".join(part for part in folded if part)


def _without_tags(markup: str, block: str) -> str:
    """``markup`` with nothing in place of inline tags and ``block`` in place of the others."""
    markup = _without_unseen(markup)
    if _QUOTED_END.search(markup):
        markup = _QUOTED_END.sub("", markup)
    return _ANY_TAG.sub(block, _INLINE_TAG.sub("", markup))


def _without_unseen(markup: str) -> str:
    """``markup`` without comments and elements whose content nobody sees."""
    found = _UNSEEN.search(markup)
    if found is None:
        return markup
    kept: list[str] = []
    at = 0
    lower = markup.lower() if markup.isascii() else None
    missing: set[str] = set()  # ends that were looked for in vain are not looked for again
    while found is not None:
        name = (found[1] or "").lower()
        end = f"</{name}" if name else "-->"
        close = -1 if end in missing else (lower or markup).find(end, found.end())
        kept.append(markup[at : found.start()])
        kept.append(" ")
        if close < 0:
            missing.add(end)
            at = found.start()
        else:
            at = close + (len(end) if end == "-->" else 0)
        found = _UNSEEN.search(markup, max(at, found.end()))
    kept.append(markup[at:])
    return "".join(kept)


def as_html(text: str) -> str:
    """Plain ``text`` as HTML: escaped; a blank line parts paragraphs, a line end is ``<br>``."""
    paragraphs = re.split(r"\n[ \t]*\n\s*", scrub(text).strip())
    return "".join(
        "<p>" + "<br>".join(escape(row.strip()) for row in paragraph.split("\n")) + "</p>"
        for paragraph in paragraphs
        if paragraph.strip()
    )


def escape(text: str) -> str:
    """``text`` for use between tags, written exactly as the sanitiser writes it (quotes stay)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\xa0", "&nbsp;")
