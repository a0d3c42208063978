"""Where a feed that is no XML begins its items, and whether it ends as it should or was cut off."""

from __future__ import annotations

import re

from aggregator.parse.scan import chunks, first_tag

_ITEM = re.compile(r"<(?:[\w.-]{1,40}:)?(?:item|entry)(?=[\s>/])", re.IGNORECASE)
_ITEM_END = re.compile(r"</(?:[\w.-]{1,40}:)?(?:item|entry)\s*+>", re.IGNORECASE)
_LIST_END = re.compile(r"</(?:[\w.-]{1,40}:)?(?:rss|rdf|feed|channel)\s*+>", re.IGNORECASE)
_LAST = re.compile(rf"{_LIST_END.pattern}\s*$", re.IGNORECASE)


def closed(text: str) -> str:
    """The text, ended where it was cut off in CDATA."""
    return f"{text}]]>" if text.rfind("<![CDATA[") > text.rfind("]]>") else text


def _markup(text: str) -> list[tuple[int, int]]:
    """Where the parts of the text are that are neither CDATA, comments nor processing instructions."""
    return [(start, end) for opener, start, end in chunks(text) if not opener]


def begun(text: str) -> int:
    """How many items the text begins, those named inside CDATA left out."""
    return sum(len(_ITEM.findall(text, start, end)) for start, end in _markup(text))


def ends_with_list(text: str) -> bool:
    """Whether the end of the list stands last, be it in CDATA that was left open."""
    return _LAST.search(text, max(0, len(text) - 200)) is not None


def ends_within_item(text: str) -> bool:
    """Whether an item that the text begins is followed by no end, neither its own nor that of the list."""
    last_begun = last_ended = -1
    for start, end in _markup(text):
        last_begun = max([last_begun, *(match.start() for match in _ITEM.finditer(text, start, end))])
        for ending in (_ITEM_END, _LIST_END):
            last_ended = max([last_ended, *(match.start() for match in ending.finditer(text, start, end))])
    return last_begun > last_ended


def has_end(text: str) -> bool:
    """Whether the root element is closed: without that, items may be missing of which nothing was begun."""
    root = first_tag(text)
    if root is None:
        return False
    closing = re.compile(rf"</{re.escape(root[2])}\s*+>", re.IGNORECASE)
    return any(closing.search(text, start, end) for start, end in _markup(text))
