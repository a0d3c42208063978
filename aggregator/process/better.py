"""The better of two texts of one item: what its feed says, and what was found in its page.

What is found in a page may be anything: the article, its first paragraph, a notice about cookies. The
feed's text is what its publisher wanted to be read. So it stays, unless the page says clearly more.
"""

from __future__ import annotations

import re

from aggregator.model.document import Text
from aggregator.process import text

MORE = 4 / 3  # the page's text has at least a third more characters

_MEDIA = re.compile(r"<(?:img|picture|video|audio|iframe|object|embed)\b", re.IGNORECASE)


def better(feed: Text | None, page: Text) -> Text:
    """``feed`` or ``page``, by the characters that a reader sees, white space apart.

    The page's wins if it has at least `MORE` times as many, or if the feed's has none and no pictures
    or the like either. Where there is nothing in the feed but those, the page's must have some as well.
    Where neither has anything, ``feed`` stays.
    """
    if feed is None:
        return page
    said, found = _seen(feed), _seen(page)
    if not said and _MEDIA.search(feed.value) and not _MEDIA.search(page.value):
        return feed
    return page if found and found >= MORE * said else feed


def _seen(construct: Text) -> int:
    """How many characters a reader sees."""
    plain = construct.value if construct.type == "text" else text.visible_text(construct.value)
    return len("".join(plain.split()))
