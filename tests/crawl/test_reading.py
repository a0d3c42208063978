"""Which documents are read where, and which are given up."""

from __future__ import annotations

import json
from html import escape

import pytest

from aggregator.crawl.crawler import Body
from aggregator.crawl.lanes import Lanes
from aggregator.crawl.reading import HEAVY_PARTS, INLINE_BYTES, INLINE_MARKS, Read, is_heavy, read, takes_time
from aggregator.crawl.seats import Seats
from aggregator.errors import TooCostly, Unparsable
from aggregator.model.document import Entry, Extension, Tag, Text
from tests.program import rss

URL = "http://site.example/feed"
ONE = rss(("a", "A"))
DATED = ONE.replace(b"<item>", b"<item><pubDate>7. M\xc3\xa4rz 2021</pubDate>")


class Asked(Lanes):
    """Lanes that keep a list of what they are asked for, and do it here; too costly if so told."""

    def __init__(self, *, costly: bool = False) -> None:
        super().__init__()
        self.calls: list[str] = []
        self._costly = costly

    async def run(self, seat, function, *arguments):  # type: ignore[no-untyped-def]
        self.calls.append(function.__name__)
        if self._costly:
            raise TooCostly("reading took longer than 10 s")
        return function(*arguments)


async def reading(data: bytes, lanes: Lanes) -> Read:
    seats = Seats()
    with seats.seat() as seat:
        return await read(seats, lanes, seat, Body(data=data, content_type=None), URL)


def among(more: str) -> bytes:
    """A feed with ``more`` in its channel."""
    return ONE.replace(b"</channel>", more.encode() + b"</channel>")


@pytest.mark.parametrize(
    ("data", "calls"),
    [
        (ONE, []),
        (ONE.replace(b"<rss", b" " * INLINE_BYTES + b"<rss"), ["parsed"]),
        (among("<a/>" * 5_000), ["parsed"]),
        (ONE.replace(b"<item>", b"<item " + b" x=''" * 10_001 + b">"), ["parsed"]),
        (ONE.replace(b"Text", b"&amp;" * 15_001), ["parsed"]),
        (DATED, ["parsed"]),
        (ONE[:-5] + b"<a><b></a>", ["salvaged"]),
    ],
)
async def test_small_documents_are_read_here_and_large_or_broken_ones_elsewhere(
    data: bytes, calls: list[str]
) -> None:
    lanes = Asked()
    found = await reading(data, lanes)
    assert len(found.document.entries) == len(found.shown) == 1
    assert lanes.calls == calls


@pytest.mark.parametrize("mark", INLINE_MARKS)
def test_of_no_mark_are_there_many_in_what_is_read_here(mark: bytes) -> None:
    most = INLINE_MARKS[mark]
    assert not takes_time(b"<rss/>"[:6].replace(mark, b"") + mark * most)
    assert takes_time(mark * (most + 1))


@pytest.mark.parametrize(
    "data",
    [
        among("<item/>" * 5_000),
        among("<item><category/>" * 5_000),
        among("<a/>".join(f"<link href='{n}'/>" for n in range(5_000))),
        b'{"version": "https://jsonfeed.org/version/1", "items": [' + b"{}," * 3_000 + b"{}]}",
        b'{"items": [' + b"1," * 20_000 + b"1]}",
        json.dumps({"items": [{f"_{number}": "" for number in range(6_000)}]}).encode(),
    ],
    ids=["empty items", "items", "links", "empty objects", "numbers", "strings"],
)
def test_what_is_made_of_very_many_small_things_is_read_elsewhere(data: bytes) -> None:
    assert len(data) < INLINE_BYTES
    assert takes_time(data)


def html(value: str) -> Text:
    return Text(value=value, type="html")


@pytest.mark.parametrize(
    "entry",
    [
        Entry(content=html("<p>" * 4_000)),
        Entry(summary=html("<img srcset='a 1x, b 2x'>" * 1_000)),
        Entry(title=html("&amp;" * 20_000)),
        Entry(content=html("<p>" + "x" * 200_000)),
        Entry(guid="x" * (HEAVY_PARTS + 1)),
        Entry(tags=(Tag(term="x" * HEAVY_PARTS, label="y"),)),
        Entry(extensions=(Extension(namespace="n", name="n", text=escape("<b>" * HEAVY_PARTS)),)),
        Entry(extensions=(Extension(namespace="n", name="n", attributes=(("url", "x" * HEAVY_PARTS),)),)),
    ],
    ids=["tags", "pictures", "references", "characters", "guid", "label", "extension", "attribute"],
)
def test_an_entry_that_takes_long_to_clean_is_told_beforehand(entry: Entry) -> None:
    assert is_heavy(entry)


def test_an_ordinary_entry_is_cleaned_here() -> None:
    text = html("<p>Some words and <a href='http://site.example/x'>a link</a>.</p>" * 100)
    assert not is_heavy(Entry(guid="g", title=html("T"), content=text, tags=(Tag(term="t"),) * 20))


async def test_what_costs_too_much_is_not_salvaged() -> None:
    lanes = Asked(costly=True)
    with pytest.raises(TooCostly, match="longer"):
        await reading(b" " * INLINE_BYTES + ONE, lanes)
    assert lanes.calls == ["parsed"]


async def test_broken_json_waits_for_nobody_to_be_refused() -> None:
    lanes = Asked()
    with pytest.raises(Unparsable, match="no JSON"):
        await reading(b'{"version": "https://jsonfeed.org/version/1", "items": [}', lanes)
    assert lanes.calls == []
