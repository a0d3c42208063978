"""Which documents are read where, and which are given up."""

from __future__ import annotations

import pytest

from aggregator.crawl.crawler import Body
from aggregator.crawl.reading import INLINE_BYTES, read
from aggregator.crawl.seats import Seats
from aggregator.crawl.worker import Workers
from aggregator.errors import TooCostly, Unparsable
from aggregator.model.document import Document
from tests.program import rss

URL = "http://site.example/feed"


class Asked(Workers):
    """Workers that keep a list of what they are asked for; the first call is too costly if so told."""

    def __init__(self, *, costly: bool = False) -> None:
        super().__init__()
        self.calls: list[str] = []
        self._costly = costly

    async def run(self, function, *arguments):  # type: ignore[no-untyped-def]
        self.calls.append(function.__name__)
        if self._costly:
            raise TooCostly("reading took longer than 10 s")
        return function(*arguments)


async def reading(data: bytes, workers: Workers) -> Document:
    seats = Seats()
    with seats.seat() as seat:
        return await read(seats, workers, seat, Body(data=data, content_type=None), URL)


@pytest.mark.parametrize(
    ("data", "calls"),
    [
        (rss(("a", "A")), []),
        (rss(("a", "A")).replace(b"<rss", b" " * INLINE_BYTES + b"<rss"), ["parsed"]),
        (rss(("a", "A")).replace(b"</channel>", b"<a/>" * 40_000 + b"</channel>"), ["parsed"]),
        (rss(("a", "A")).replace(b"<item>", b"<item " + b" x=''" * 40_000 + b">"), ["parsed"]),
        (rss(("a", "A")).replace(b"Text", b"&amp;" * 200_000), ["parsed"]),
        (rss(("a", "A"))[:-5] + b"<a><b></a>", ["salvaged"]),
    ],
)
async def test_small_documents_are_read_here_and_large_or_broken_ones_elsewhere(
    data: bytes, calls: list[str]
) -> None:
    workers = Asked()
    assert len((await reading(data, workers)).entries) == 1
    assert workers.calls == calls


async def test_what_costs_too_much_is_not_salvaged() -> None:
    workers = Asked(costly=True)
    with pytest.raises(TooCostly, match="longer"):
        await reading(b" " * INLINE_BYTES + rss(("a", "A")), workers)
    assert workers.calls == ["parsed"]


async def test_broken_json_waits_for_nobody_to_be_refused() -> None:
    workers = Asked()
    with pytest.raises(Unparsable, match="no JSON"):
        await reading(b'{"version": "https://jsonfeed.org/version/1", "items": [}', workers)
    assert workers.calls == []
