"""docs/elements.md, row by row: a document that has the element goes all the way through, and each
output says its value where the row says that it does, or nowhere."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from aggregator.model.document import Document
from aggregator.model.feed import Feed, FeedKey, FeedView, PublishedItem
from aggregator.model.item import Item
from aggregator.parse import feed as documents
from aggregator.process.admit import AdmitContext, admit
from aggregator.process.meta import source_meta
from aggregator.publish.render import render
from tests.publish.element_cases import CASES, DECLARED, NOT_SAID, Case
from tests.publish.element_places import (
    OUR_POLLS,
    PLACES,
    THE_SAME_ELEMENT,
    THE_SAME_OF_THE_FEED,
    Published,
    same_element,
)

PAGE = Path(__file__).parents[2] / "docs" / "elements.md"
ROWS = {
    cells[0]: cells
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| [a-z]+\.", line)
    for cells in [[cell.strip() for cell in line.strip().strip("|").split("|")]]
}
URL = "https://doc.example/feed"
NOW = datetime(2026, 1, 1, tzinfo=UTC)

# What an entry has beside the element in question, so that there is one at all.
BASES = {
    "rss": {
        "link": "<link>https://doc.example/1</link>",
        "title": "<title>Base title</title>",
        "content": "<content:encoded>Base content</content:encoded>",
        "summary": "<description>Base summary</description>",
        "published": "<pubDate>Sat, 01 Mar 2025 08:00:00 GMT</pubDate>",
    },
    "atom": {
        "link": '<link href="https://doc.example/1"/>',
        "title": "<title>Base title</title>",
        "content": "<content>Base content</content>",
        "summary": "<summary>Base summary</summary>",
        "published": "<published>2025-03-01T08:00:00Z</published>",
    },
    "cdf": {
        "link": '<A HREF="https://doc.example/1"/>',
        "title": "<TITLE>Base title</TITLE>",
        "content": "<content:encoded>Base content</content:encoded>",
    },
    "json": {
        "link": {"url": "https://doc.example/1"},
        "title": {"title": "Base title"},
        "content": {"content_html": "Base content"},
        "summary": {"summary": "Base summary"},
        "published": {"date_published": "2025-03-01T08:00:00Z"},
    },
}
WHOLES = {
    "rss": "<rss version='2.0'{declared}><channel{feed_attributes}>{feed}"
    "<item{attributes}>{entry}</item></channel></rss>",
    "atom": "<feed xmlns='http://www.w3.org/2005/Atom'{declared}{feed_attributes}>{feed}"
    "<entry{attributes}>{entry}</entry></feed>",
    "cdf": "<CHANNEL BASE='https://doc.example/'{declared}{feed_attributes}>{feed}<ITEM{attributes}>{entry}</ITEM></CHANNEL>",
}


def written(row: str, case: Case) -> bytes:
    """The document of a case."""
    if case.document:
        return case.document.encode()
    format_name = row.partition(".")[0].replace("module", "rss")
    about_feed = ".feed." in row or ".channel." in row
    bases = BASES[format_name]
    base = [bases[name] for name in (["link", "title"] if about_feed else case.base.split())]
    if format_name == "json":
        item: dict[str, Any] = {} if about_feed else dict(case.put)
        for members in base:
            item = members | item
        found = {"version": "https://jsonfeed.org/version/1.1", "title": "D"} | (
            case.put if about_feed else {}
        )
        return json.dumps(found | {"items": [item]}).encode()
    entry = "".join(base) if about_feed else case.put + "".join(base)
    values = {
        "declared": DECLARED,
        "feed": case.put if about_feed else "",
        "entry": entry,
        "feed_attributes": case.attributes if about_feed else "",
        "attributes": "" if about_feed else case.attributes,
    }
    return WHOLES[format_name].format(**values).encode()


def published(data: bytes) -> Published:
    """The whole way of a document, from bytes to the three formats of its source's feed."""
    document = documents.parse(data, None, URL)
    items = admitted(document)
    meta = source_meta(document, URL)
    feed = Feed(
        key=FeedKey(kind="source", name="doc"),
        title=meta.title or "doc",
        revision=1,
        updated_at=NOW,
        description=meta.description,
        link=meta.link,
        language=meta.language,
        image=meta.image,
        rights=meta.rights,
        icon=meta.icon,
        authors=meta.authors,
        extensions=meta.extensions,
    )
    view = FeedView(
        feed=feed,
        items=tuple(PublishedItem(item=item, source_name="doc", source_title=feed.title) for item in items),
        base_url="https://feeds.example",
        site_title="Wire",
    )
    bodies = {name: render(name, view).body for name in PLACES}
    return Published(
        items=items,
        hints=document.hints,
        atom=etree.fromstring(bodies["atom"]),
        rss=etree.fromstring(bodies["rss"]),
        json=json.loads(bodies["json"]),
        bodies=bodies,
    )


def admitted(document: Document) -> tuple[Item, ...]:
    context = AdmitContext(
        document_url=URL, home_url=document.link, timezone=None, language=document.language, now=NOW
    )
    made = (
        admit(entry, uid=f"00000000-0000-4000-8000-{n:012}", context=context, rank=n)
        for n, entry in enumerate(document.entries)
    )
    return tuple(item for item in made if isinstance(item, Item))


def test_every_row_has_a_case_and_every_case_a_row() -> None:
    assert CASES.keys() == ROWS.keys()


ALL = [
    pytest.param(row, case, id=f"{row}-{n}" if n else row)
    for row, cases in CASES.items()
    for n, case in enumerate(cases if isinstance(cases, tuple) else (cases,))
]


@pytest.mark.parametrize(("row", "case"), ALL)
def test_a_row_is_true(row: str, case: Case) -> None:
    found = published(written(row, case))
    for of, cell in zip(PLACES, ROWS[row][3:], strict=True):
        fate, _, places = cell.partition(": ")
        if fate == "dropped" or case.sought(of) is NOT_SAID:
            assert case.absent.encode() not in found.bodies[of], (of, cell)
            continue
        if OUR_POLLS in places:
            assert case.absent.encode() not in found.bodies[of], (of, cell)
        for place in places.split("; and "):
            if place in (THE_SAME_ELEMENT, THE_SAME_OF_THE_FEED):
                same = same_element(of, case.name, of_feed=place == THE_SAME_OF_THE_FEED)
                assert case.said in same(found), (of, cell)
            else:
                values = PLACES[of][place](found)
                assert case.sought(of) in values, (of, place, values)


@pytest.mark.parametrize(("row", "case"), ALL)
def test_what_is_dropped_was_there(row: str, case: Case) -> None:
    """Or nothing would be shown by its absence."""
    if any(cell.startswith("dropped") for cell in ROWS[row][3:]):
        assert case.absent in written(row, case).decode()


@pytest.mark.parametrize(
    ("attribute", "kept"), [("", True), (' isPermaLink="true"', True), (' isPermaLink="false"', False)]
)
def test_whether_a_guid_is_a_permalink_stays_in_the_store(attribute: str, kept: bool) -> None:
    case = Case(put=f"<guid{attribute}>https://doc.example/1</guid>")
    assert published(written("rss.item.guid", case)).items[0].guid_is_permalink is kept
