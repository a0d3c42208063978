"""HTML and text that stand inside a Markdown file which a site generator runs through its template
language: nothing in them may be read as Markdown, Liquid or Nunjucks.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from aggregator.publish.mend import scrub_text

# Quotes are matched as wholes, since an attribute value may hold ">"; possessive, so linear.
_TOKEN = re.compile(r"""(<!--.*?-->|<(?:[^"'<>]|"[^"]*"|'[^']*')*+>)""", re.DOTALL)
_KEPT = re.compile(r"</?(pre|textarea)\b", re.IGNORECASE)
_BLANKS_AROUND_BREAK = re.compile(r"[ \t\r\f]*\n[ \t\r\f\n]*")
_BLANK_LINE = re.compile(r"\n([ \t\r\f]*)\n")
_INDENT = "\u3000\u3000"
_BRACE = re.compile(r"\{(?=[{%#]|\Z)")
_FENCE = re.compile(r"`{3,}|~{3,}")
_OPENING = re.compile(r"\s*<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")

# What Markdown leaves alone up to its end when a line begins with it. <pre> is not among them: to
# CommonMark what follows it is Markdown again.
_BLOCK = re.compile(
    r"address|article|aside|blockquote|center|details|div|dl|fieldset|figure|footer|form|h[1-6]|header|hr|main"
    r"|nav|ol|p|section|table|ul"
)
_VOID = re.compile(r"area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr")


def article(html: str, *, boxed: bool = False) -> str:
    """Trusted HTML in a form that Markdown passes on as it is: no blank line, which would end the HTML
    block, no indented line, which would be code, and no text outside a block. The full-width indent of
    Chinese paragraphs is removed, since themes indent. As HTML it means the same. ``boxed`` puts it in a
    <div> even where it needs none."""
    lines = _without_blank_lines(scrub_text(html).replace(_INDENT, "")).strip()
    return lines if not boxed and _all_in_blocks(lines) else f"<div>\n{lines}\n</div>"


def neutral(html: str) -> str:
    """`html` so that Liquid and Nunjucks find nothing of theirs in it. "{{", "{%" and "{#" get a character
    reference, which is the same to HTML, inside a raw block. The block alone would not do: Jekyll counts
    tags inside it too, when it cuts an excerpt, and a text may hold an end of the block. So do the fences
    of Markdown's code, which Hexo looks for before anything else, also within <pre>."""
    html = _FENCE.sub(_references, html)
    if not _BRACE.search(html):
        return html
    return f"{{% raw %}}{_BRACE.sub('&#123;', html)}{{% endraw %}}"


def words(text: str) -> str:
    """Plain text as Markdown text on one line: every character that any of the three languages might
    take for its own is a character reference."""
    return _PUNCTUATION.sub(_references, " ".join(scrub_text(text).split()))


def address(url: str) -> str:
    """A trusted absolute address as it may stand in Markdown's ``<…>``."""
    return quote(scrub_text(url), safe="%:/?#[]@!$&'()*+,;=~-._")


def _references(found: re.Match[str]) -> str:
    return "".join(f"&#{ord(character)};" for character in found.group())


def _without_blank_lines(html: str) -> str:
    parts: list[str] = []
    kept = 0
    for n, token in enumerate(_TOKEN.split(html)):
        if n % 2:
            parts.append(token.replace("\r", "&#13;").replace("\n", "&#10;"))
            if _KEPT.match(token):
                kept = max(0, kept + (-1 if token.startswith("</") else 1))
        elif kept:
            parts.append(_BLANK_LINE.sub(r"\n\1&#10;", token))
        else:
            parts.append(_BLANKS_AROUND_BREAK.sub("\n", token))
    return "".join(parts)


def _all_in_blocks(html: str) -> bool:
    """Whether each top-level node is a block that begins a line of its own or follows another one."""
    depth = 0
    for n, token in enumerate(_TOKEN.split(html)):
        if not n % 2:
            if not depth and token.strip():
                return False
            continue
        found = _OPENING.match(token)
        if not found:
            if not depth:
                return False
            continue
        closing, name = found.group(1), found.group(2).lower()
        if not depth and (closing or not _BLOCK.fullmatch(name)):
            return False
        if not _VOID.fullmatch(name):
            depth += -1 if closing else 1
    return depth == 0 and bool(html)
