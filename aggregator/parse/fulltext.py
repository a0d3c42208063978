"""The article in a page that nobody wrote a selector for, found by trafilatura.

trafilatura is an extra, and takes a sixth of a second to import: deferred, because few configurations
need it. It is slow (20 ms and more a page) and not ours, so it is only ever called in a killable process.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from lxml.etree import LxmlError

from aggregator.errors import NotAFeed, Unparsable
from aggregator.model.document import Text
from aggregator.parse.page import base_of, parsed, remove_from, root_of

RESET_EVERY = 100  # calls

_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body|main|article|div|p)\b", re.IGNORECASE)
_OTHER_TYPE = re.compile(r"\s*(?:image|audio|video|font)/|\s*application/(?:pdf|json|zip)\b", re.IGNORECASE)
_LOOK = 64 * 1024  # characters within which a page shows that it is one
_BLOCK = re.compile(r"\s*<pre>.*</pre>\s*")
_INLINE = re.compile(r"<pre>(.*?)</pre>")

# What its code, or lxml below it, raises over pages that it was not made for.
_DEFECTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)

_calls = itertools.count(1)


def extract(data: bytes, content_type: str | None, url: str, remove: Sequence[str] = ()) -> Text | None:
    """The article of the page ``data``, as HTML whose relative addresses stay so; None if none is found.

    ``url`` is the page's address; nothing is asked for there. ``remove`` are selectors of what goes before
    the article is looked for. Raises `NotAFeed` for what is no page, `Unparsable` for one that would take
    too long or that trafilatura fails over, `SelectorError` for a selector that is none, and ImportError
    without the extra.
    """
    import trafilatura
    import trafilatura.meta

    decoded, tree = parsed(data, content_type)
    if not _is_page(decoded.text, content_type):
        raise NotAFeed("not a page", format="page")
    root = root_of(tree)
    base = base_of(root, url)
    html: str | None = decoded.text
    if remove:
        for selector in remove:
            remove_from(root, selector)
        html = root.html
    if next(_calls) % RESET_EVERY == 0:
        trafilatura.meta.reset_caches()
    # Without url: it would be joined to the host alone, and "b.html" on the page "/a/" lead to "/b.html".
    try:
        found = trafilatura.extract(
            html or "",
            output_format="html",
            include_images=True,
            include_links=True,
            include_formatting=True,
            include_tables=True,
            include_comments=False,
        )
    except (LxmlError, *_DEFECTS) as error:
        raise Unparsable(f"no article: {type(error).__name__}: {error}", format="page") from error
    value = _body(found or "")
    return Text(value=value, type="html", base=base) if value else None


def _is_page(text: str, content_type: str | None) -> bool:
    """Whether this is HTML: other data would be searched for words, too, and some found."""
    if content_type is not None and _OTHER_TYPE.match(content_type):
        return False
    return text.lstrip()[:1] not in ("{", "[", "%") and _PAGE.search(text, 0, _LOOK) is not None


def _body(html: str) -> str:
    """What is in the body. A piece of code within a line comes as ``<pre>``, which would break the line."""
    _, body, rest = html.partition("<body>")
    inner = rest.rpartition("</body>")[0] if body else html
    lines = (
        line if _BLOCK.fullmatch(line) else _INLINE.sub(r"<code>\1</code>", line)
        for line in inner.split("\n")
    )
    return "\n".join(lines).strip()
