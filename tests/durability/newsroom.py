"""Made-up publishers for tests that disturb a refresh.

Their feeds have what makes losing or doubling an item easy: shared guids, none at all, repetitions,
undated items, several formats and encodings, answers with and without validators, a body that is never
the same twice. Version 2 of each is a later edition: news, a correction, renewed guids, one item gone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tests.origin import Request, Response, ThreadedOrigin
from tests.program import HEAD, configuration

ITEMS = 15
NEWEST = datetime(2025, 11, 3, 12, tzinfo=UTC)
CATEGORIES = ("", "news", "news/asia", "podcasts", "science/physics")
SAYINGS = (
    "千里之行，始于足下。",
    "今天的天气很好，我们去公园。",
    "數據庫與網絡",
    "Rain is likely, says Łukasz & co.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """An item as its publisher has it; ``at`` is None for an undated one."""

    guid: str | None
    link: str | None
    title: str
    text: str
    at: datetime | None
    audio: str | None = None


def is_restless(number: int) -> bool:
    """A publisher whose document differs on every request, though its items do not."""
    return number % 10 == 3


def stories(number: int, version: int) -> list[Story]:
    """The items of a publisher, newest first. No two dates in all feeds are equal."""
    found = [_story(number, place, version) for place in range(ITEMS)]
    if number % 6 == 4:
        found.append(found[3])  # once more, to be dropped
    if version == 2:
        del found[7]
        found[5] = _changed(found[5])
        found = [_story(number, place, version) for place in (-2, -1)] + found
    return found


def _story(number: int, place: int, version: int) -> Story:
    said = SAYINGS[(number + place) % len(SAYINGS)]
    dated = not (place in (2, 9) and number % 3 == 0)
    at = NEWEST - timedelta(minutes=(place + 2) * 1000 + number) if dated else None
    guid: str | None = f"urn:story:{number}:{place}"
    link: str | None = f"http://site{number}.example/story/{place}"
    if number % 4 == 1 and place in (4, 11):
        guid = f"urn:story:{number}:both"
    if number % 4 == 2:
        guid = None
        if number % 8 == 6:
            link = None
    if version == 2 and number % 9 == 0 and guid:
        guid = guid.replace("urn:story", "urn:renewed")
    return Story(
        guid=guid,
        link=link,
        title=f"{number}/{place}: {said[:12]}",
        text=f"<p>{said} <b>{number}</b> and {place}, <a href='/more/{place}'>more of it</a></p>" * 3,
        at=at,
        audio=f"http://site{number}.example/{place}.mp3" if number % 3 == 1 else None,
    )


def _changed(story: Story) -> Story:
    return Story(
        guid=story.guid,
        link=story.link,
        title=f"{story.title} (corrected)" if story.link else story.title,
        text=story.text if story.link else story.text + " ",
        at=story.at,
        audio=story.audio,
    )


def document(number: int, version: int, request: int = 0) -> bytes:
    """The publisher's feed; ``request`` shows in it only where the publisher is restless."""
    mark = f"<!-- made for request {request} -->" if is_restless(number) else ""
    found = stories(number, version)
    if is_restless(number) or number % 5 < 3:
        text = _rss(number, found, mark)
        if number % 10 == 2:
            return f"<?xml version='1.0' encoding='gb18030'?>{text}".encode("gb18030")
        return text.encode()
    return _atom(number, found).encode() if number % 5 == 3 else _json(number, found)


def _rss(number: int, found: list[Story], mark: str) -> str:
    items = []
    for one in found:
        parts = [f"<title>{escape(one.title)}</title><description>{escape(one.text)}</description>"]
        if one.guid:
            parts.append(f"<guid isPermaLink='false'>{one.guid}</guid>")
        if one.link:
            parts.append(f"<link>{one.link}</link>")
        if one.at:
            parts.append(f"<pubDate>{format_datetime(one.at)}</pubDate>")
        if one.audio:
            parts.append(f"<enclosure url={quoteattr(one.audio)} length='12345' type='audio/mpeg'/>")
        items.append(f"<item>{''.join(parts)}</item>")
    head = f"<title>Publisher {number}</title><link>http://site{number}.example/</link><description>新聞</description>"
    return f"<rss version='2.0'><channel>{head}{mark}{''.join(items)}</channel></rss>"


def _atom(number: int, found: list[Story]) -> str:
    entries = []
    for one in found:
        at = f"<published>{one.at.isoformat()}</published>" if one.at else ""
        guid = f"<id>{one.guid}</id>" if one.guid else ""
        link = f"<link href={quoteattr(one.link)}/>" if one.link else ""
        content = f"<content type='html'>{escape(one.text)}</content>"
        entries.append(f"<entry>{guid}<title>{escape(one.title)}</title>{link}{at}{content}</entry>")
    head = f"<title>Publisher {number}</title><id>urn:publisher:{number}</id>"
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{head}{''.join(entries)}</feed>"


def _json(number: int, found: list[Story]) -> bytes:
    items = []
    for one in found:
        item: dict[str, Any] = {"title": one.title, "content_html": one.text}
        item |= {"id": one.guid} if one.guid else {}
        item |= {"url": one.link} if one.link else {}
        item |= {"date_published": one.at.isoformat()} if one.at else {}
        if one.audio:
            item["attachments"] = [{"url": one.audio, "mime_type": "audio/mpeg"}]
        items.append(item)
    return json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "title": f"Publisher {number}", "items": items}
    ).encode()


@dataclass(frozen=True, slots=True)
class Newsroom:
    """``size`` publishers behind one origin."""

    origin: ThreadedOrigin
    size: int = 60

    def open(self, version: int = 1, *, hold: Any = None, held: range = range(0)) -> None:
        """Publish an edition; publishers in ``held`` answer only when the event ``hold`` is set."""
        for number in range(self.size):
            waiting = hold if number in held else None
            if is_restless(number):
                self.origin.serve(path(number), _Restless(number, version, waiting))
                continue
            self.origin.serve(
                path(number), document(number, version), hold=waiting, **_validators(number, version)
            )

    def configuration(self, head: str = HEAD, **keys: str) -> str:
        sources = [
            {
                "name": name(number),
                "url": self.origin.url(path(number)),
                "category": CATEGORIES[number % len(CATEGORIES)],
                **keys,
            }
            for number in range(self.size)
        ]
        return configuration(
            [{key: value for key, value in one.items() if value} for one in sources], head=head
        )


@dataclass(frozen=True, slots=True)
class _Restless:
    number: int
    version: int
    hold: Any

    def __call__(self, request: Request) -> Response:
        return Response(body=document(self.number, self.version, request.index), hold=self.hold)


def name(number: int) -> str:
    return f"publisher-{number:03}"


def path(number: int) -> str:
    return f"/feed/{number}"


def _validators(number: int, version: int) -> dict[str, str]:
    if number % 10 == 7:
        return {}
    found = {}
    if number % 10 != 8:
        found["etag"] = f'"{number}-{version}"'
    if number % 2 == 0:
        found["last_modified"] = f"Mon, 0{version} Sep 2025 10:00:00 GMT"
    return found
