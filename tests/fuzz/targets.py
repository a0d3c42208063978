"""What is fuzzed: each target reads some bytes as its function would get them, and checks what comes out.

A target may raise the documented errors of its function only; `Broken` says which promise did not hold.
"""

# ruff: noqa: E501 (seeds stand as they are read)
from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aggregator.errors import ParseError
from aggregator.fetch.headers import retry_after_s as held_s
from aggregator.fetch.robots import MAX_GAP_S
from aggregator.fetch.robots import kept_s as robots_kept_s
from aggregator.fetch.robots import read as read_robots
from aggregator.model.document import Document
from aggregator.model.source import Select
from aggregator.parse import api, page
from aggregator.parse.dates import parse_date
from aggregator.parse.decode import decode
from aggregator.parse.feed import parse
from aggregator.parse.opml import read as read_opml
from aggregator.parse.salvage import salvage
from aggregator.process.cadence import freshness_s, retry_after_s
from aggregator.process.sanitize import cleaned, heavy, visible_text

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
URL = "https://e.example/d/feed"
DOCUMENTS = Path(__file__).parents[1] / "parse" / "documents"
ON_PAGE = Select(items="li", title="a", link="a@href", published="time", summary="p", content="div", tags="b")
IN_JSON = Select(
    items="items", id="id", title="title", link="url", published="at", content="html", tags="tags"
)


class Broken(AssertionError):
    """A promise about a result does not hold."""


@dataclass(frozen=True, slots=True)
class Target:
    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]


def _is_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Broken("half a character") from error


def _check(document: Document) -> None:
    for entry in document.entries:
        for text in (entry.title, entry.summary, entry.content):
            if text is not None:
                visible_text(text.value)


def feed(data: bytes) -> None:
    """The two strict tiers, of XML and of JSON."""
    with suppress(ParseError):
        _check(parse(data, None, URL))


def salvaged(data: bytes) -> None:
    with suppress(ParseError):
        _check(salvage(data, None, URL))


def listing_in_json(data: bytes) -> None:
    with suppress(ParseError):
        _check(api.listing(data, None, URL, IN_JSON, now=NOW, timezone="Asia/Shanghai", next="next").document)


def listing_on_page(data: bytes) -> None:
    with suppress(ParseError):
        _check(page.listing(data, None, URL, ON_PAGE, now=NOW, timezone="Asia/Shanghai").document)


def opml(data: bytes) -> None:
    with suppress(ParseError):
        read_opml(data)


def date(data: bytes) -> None:
    text = data.decode("utf-8", "surrogatepass" if data[:1] == b"\xed" else "replace")
    for base in (None, NOW):
        found = parse_date(text, base=base)
        if found is not None and found.at.utcoffset() is None:
            raise Broken("a date without a zone")


def html(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    if heavy(text):
        return  # a worker with a deadline cleans these
    once = cleaned(text, URL).html
    _is_text(once)
    again = cleaned(once, URL).html
    if again != once:
        raise Broken(f"cleaned twice: {once!r} becomes {again!r}")
    lower = once.lower()
    if any(
        f"<{name}" in lower for name in ("script", "style", "svg", "math", "object", "embed", "form", "base")
    ):
        raise Broken(f"an element that is not allowed: {once!r}")


def encoding(data: bytes) -> None:
    label, _, body = data.partition(b"\n")
    for kind in ("xml", "html", "json"):
        _is_text(decode(body, f"text/x; charset={label.decode('latin-1')}", kind=kind).text)


def header(data: bytes) -> None:
    value = data.decode("latin-1")
    told = [
        held_s(value, NOW),
        retry_after_s({"Retry-After": value}, NOW),
        freshness_s({"Cache-Control": value}, NOW),
        freshness_s({"Expires": value, "Date": value}, NOW),
        freshness_s({"Cache-Control": "max-age=9", "Age": value}, NOW),
        robots_kept_s({"cache-control": value}),
    ]
    if any(one is not None and not 0 <= one < float("inf") for one in told):
        raise Broken(f"a wait that is none: {told}")


def robots(data: bytes) -> None:
    rules = read_robots(data)
    if not 0 <= rules.gap_s <= MAX_GAP_S:
        raise Broken(f"a gap that is none: {rules.gap_s}")
    rules.allow(URL)
    rules.allow("http://h.example/" + data[-200:].hex())


def _files(*names: str) -> Callable[[], Iterable[bytes]]:
    return lambda: (file.read_bytes() for name in names for file in sorted(DOCUMENTS.glob(name)))


def _pages() -> Iterable[bytes]:
    yield (
        b"<html lang=zh><title>t</title><base href=/x/><ul><li><a href=1.html>A</a><time>05-30 10:00</time><p>s</p>"
        b"<div><b>t</b>c</div><li><a href=2>B</a><time>3\xe5\xb0\x8f\xe6\x97\xb6\xe5\x89\x8d</time></ul>"
    )


def _listings() -> Iterable[bytes]:
    record = {
        "id": 1,
        "title": "A",
        "url": "/a",
        "at": "2026-08-01 10:00",
        "html": "<p>a",
        "tags": ["t", {"name": 1}],
    }
    yield json.dumps({"items": [record, {**record, "id": "2", "at": 1753000000}], "next": "?p=2"}).encode()
    yield b'cb({"items": []});'


def _markup() -> Iterable[bytes]:
    from tests.process.test_sanitize import CASES

    return (given.encode("utf-8", "surrogatepass") for given, _ in CASES)


def _dates() -> Iterable[bytes]:
    said = (
        "Sat, 01 Aug 2026 10:00:00 GMT", "2026-08-01T10:00:00.123+08:00", "2026年8月1日 下午3:16", "3小时前", "yesterday 8:30",
        "1 août 2026", "01/08/2026", "Aug 1, 2026 3 PM PST", "20260801", "令和8年8月1日", "昨天 08:30", "08-01", "๑ ส.ค. 2569",
    )  # fmt: skip
    return (one.encode() for one in said)


def _encodings() -> Iterable[bytes]:
    yield b"gbk\n\xc4\xe3\xba\xc3"
    yield b"utf-16\n\xff\xfeh\x00"
    yield b"x\n<?xml version='1.0' encoding='shift_jis'?>\x82\xa0"
    yield b"\n<meta charset=big5>\xa7A"


def _robots() -> Iterable[bytes]:
    yield b"User-agent: a\nUser-agent: *\nDisallow: /*.php$\nAllow: /%e6%96\nCrawl-delay: 2\nRequest-rate: 1/5s 0400-0845"
    yield b"user agent aggregator/2\rdisalow /x?y\rSitemap: http://e.example/s\rVisit-time: 0600-0845"


def _headers() -> Iterable[bytes]:
    yield from (
        b"120",
        b"Sat, 01 Aug 2026 10:00:00 GMT",
        b"public, max-age=60",
        b'max-age="5", no-cache',
        b"1e9",
        b"-1",
    )


TARGETS: dict[str, Target] = {
    "feed": Target(feed, _files("*")),
    "salvaged": Target(salvaged, _files("*.xml", "*.atom")),
    "api": Target(listing_in_json, _listings),
    "page": Target(listing_on_page, _pages),
    "opml": Target(opml, lambda: [b"<opml><body><outline text='a'><outline xmlUrl='http://e.example/f' text='b'/></outline></body></opml>"]),
    "date": Target(date, _dates),
    "html": Target(html, _markup),
    "encoding": Target(encoding, _encodings),
    "header": Target(header, _headers),
    "robots": Target(robots, _robots),
}  # fmt: skip
