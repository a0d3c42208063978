"""Feeds of payloads in every format: one with all of them, and small ones whose every field is a payload."""

from __future__ import annotations

import json
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from tests.browser.payloads import PAYLOADS, PICTURES

_XHTML = "http://www.w3.org/1999/xhtml"
# What XML cannot say goes in as a reference of the HTML in it.
_AS_REFERENCE = {code: f"&#{code};" for code in (*range(9), 11, 12, *range(14, 32))}


def _markup(payload: str) -> str:
    return escape(payload.translate(_AS_REFERENCE))


def _value(payload: str) -> str:
    return quoteattr(payload.translate(_AS_REFERENCE))


def rss(title: str, payloads: Sequence[tuple[int, str]]) -> bytes:
    items = "".join(
        f"<item><guid isPermaLink='false'>{number}-{_markup(one)}</guid><title>{_markup(one)}</title>"
        f"<link>{_markup(one) if number % 2 else f'http://site.example/{number}'}</link>"
        f"<description>{_markup(one)}</description><content:encoded>{_markup(one)}</content:encoded>"
        f"<author>{_markup(one)}</author><dc:creator>{_markup(one)}</dc:creator>"
        f"<category domain={_value(one)}>{_markup(one)}</category><comments>{_markup(one)}</comments>"
        f"<enclosure url={_value(one)} type={_value(one)} length='1'/>"
        f"<enclosure url={_value(f'{PICTURES}/{number}.mp3?{one}')} type='audio/mpeg' length='1'/>"
        f"<source url={_value(one)}>{_markup(one)}</source><media:thumbnail url={_value(one)}/></item>"
        for number, one in payloads
    )
    head = "".join(
        f"<{name}>{_markup(title)}</{name}>" for name in ("title", "link", "description", "language")
    )
    return (
        "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'"
        " xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:media='http://search.yahoo.com/mrss/'>"
        f"<channel>{head}<image><url>{_markup(title)}</url></image>{items}</channel></rss>"
    ).encode()


def atom(title: str, payloads: Sequence[tuple[int, str]]) -> bytes:
    entries = "".join(
        f"<entry><id>{number}-{_markup(one)}</id><title type='html'>{_markup(one)}</title>"
        f"<link href={_value(one)}/><link rel='enclosure' href={_value(one)} title={_value(one)}/>"
        f"<link rel='enclosure' href='{PICTURES}/{number}.ogg' title={_value(one)}/>"
        f"<author><name>{_markup(one)}</name><uri>{_markup(one)}</uri></author>"
        f"<category term={_value(one)} label={_value(one)} scheme={_value(one)}/>"
        f"<summary>{_markup(one)}</summary>{_content(one)}</entry>"
        for number, one in payloads
    )
    head = f"<title type='html'>{_markup(title)}</title><subtitle>{_markup(title)}</subtitle>"
    return f"<feed xmlns='http://www.w3.org/2005/Atom'>{head}<id>x</id>{entries}</feed>".encode()


def _content(payload: str) -> str:
    """As XHTML where the payload is well-formed, which gives its elements real namespaces."""
    named = payload.replace(
        "<svg", "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'"
    )
    inside = f"<div xmlns='{_XHTML}'>{named}</div>"
    try:
        etree.fromstring(inside)
    except etree.XMLSyntaxError:
        return f"<content type='html'>{_markup(payload)}</content>"
    return f"<content type='xhtml'>{inside}</content>"


def json_feed(title: str, payloads: Sequence[tuple[int, str]]) -> bytes:
    items = [
        {
            "id": f"{number}-{one}",
            "title": one,
            "url": one,
            "external_url": one,
            "summary": one,
            "content_html": one,
            "image": one,
            "authors": [{"name": one, "url": one, "avatar": one}],
            "tags": [one],
            "attachments": [
                {"url": one, "mime_type": one, "title": one},
                {"url": f"{PICTURES}/{number}.mp4", "mime_type": "video/mp4", "title": one},
            ],
        }
        for number, one in payloads
    ]
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "description": title,
        "icon": title,
    }
    return json.dumps({**head, "home_page_url": title, "items": items}).encode()


def documents() -> dict[str, bytes]:
    """Source names to documents."""
    numbered = tuple(enumerate(PAYLOADS))
    formats = {"rss": rss, "atom": atom, "json": json_feed}
    found = {f"every-{name}": made(f"All as {name}", numbered) for name, made in formats.items()}
    for number, one in numbered:
        name, made = list(formats.items())[number % 3]
        found[f"{name}-{number}"] = made(one, [(number, one)])
    return found
